"""What every Python test starts from: one thread, known seeds, no network, and hypothesis's settings."""

import os

# Before numpy and torch are imported: with more threads than free cores both slow down several times over.
for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[_name] = "1"

import ipaddress
import json
import random
import signal
import socket
import sys
import zlib

import hypothesis
import numpy as np
import pytest

# A shell's background job ignores it, and so would all that the tests start: Ctrl-C could not be tested.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

hypothesis.settings.register_profile(
    "ci", deadline=None, derandomize=True, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.register_profile(
    "here", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow], print_blob=True
)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "here")


# Test processes take whole files in this order: what takes longest is not left to one of them at the end.
LONGEST = (
    "test_notebooks.py",
    "test_package.py",
    "test_exchange.py",
    "test_server.py",
    "test_batches.py",
    "test_distributed.py",
    "test_torch_support.py",
    "test_global_chart.py",
    "test_activations.py",
    "test_batch_sizes.py",
    "test_explorer_large_runs.py",
    "test_label.py",
    "test_fashion_network.py",
    "test_compiled.py",
    "test_docs.py",
    "test_concepts.py",
    "test_model.py",
    "test_network_files.py",
    "test_tcav.py",
    "test_label_store.py",
)


def pytest_collection_modifyitems(items):
    """Put the longest files first; the others stay in order."""
    place = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.name, len(place)))


class NetworkRefusedError(OSError):
    """What a test gets that wants more than this machine; an OSError, as without a connection."""


def _is_here(host: object) -> bool:
    if host in (None, "", "localhost", b"localhost"):
        return True
    try:
        return ipaddress.ip_address(str(host).split("%")[0]).is_loopback
    except ValueError:
        return host == socket.gethostname()


@pytest.fixture(autouse=True, scope="session")
def no_network():
    """Refuse connections to, and look-ups of, anything but this machine: the package works offline or says so."""
    connect, connect_ex, getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def refuse(what):
        raise NetworkRefusedError(f"tests have no network: {what!r} was asked for")

    def guarded_connect(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_here(address[0]):
            refuse(address)
        return connect(self, address)

    def guarded_connect_ex(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_here(address[0]):
            refuse(address)
        return connect_ex(self, address)

    def guarded_getaddrinfo(host, *arguments, **options):
        if not _is_here(host.decode() if isinstance(host, bytes) else host):
            refuse(host)
        return getaddrinfo(host, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
        patch.setattr(socket, "getaddrinfo", guarded_getaddrinfo)
        yield


@pytest.fixture(autouse=True)
def seeds():
    """Start each test from the same seeds, torch's too where a test module has imported it."""
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(0)
        if torch.get_num_threads() != 1:
            torch.set_num_threads(1)


@pytest.fixture(scope="session")
def unpacked():
    """Read a kind of bytes of a picture of the explorer's payload, as its front end does."""

    def read(name, picture):
        content = zlib.decompress(picture[name], -zlib.MAX_WBITS)
        cells = np.frombuffer(content, np.uint8)
        if name == "columns":
            return json.loads(content)
        if name == "thumbnails":
            return np.cumsum(cells, dtype=np.uint8)
        if name == "maps":
            return cells
        numbers = np.ascontiguousarray(cells.reshape(4, -1).T).view("<i4").ravel()
        return numbers / 100 if name == "channel_weights" else numbers

    return read


@pytest.fixture
def drawn(unpacked):
    """Read one map of a picture of the explorer's payload, h x w of 0..255, as its front end does."""

    def read(picture, column, offset):
        h, w = column["map_height"], column["map_width"]
        told = unpacked("maps", picture)[offset : offset + h * w].reshape(h, w).astype(int)
        levels = np.zeros((h, w), int)
        for y, x in np.ndindex(h, w):
            near = ([levels[y, x - 1]] if x else []) + ([levels[y - 1, x]] if y else [])
            levels[y, x] = (told[y, x] + (sum(near) // len(near) if near else 0)) % 256
        return np.minimum(255, picture["map_step"] * levels)

    return read
