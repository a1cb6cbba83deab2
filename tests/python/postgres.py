"""A PostgreSQL server of the tests' own, from the machine's programs: private, in a temporary folder, on no port.

A conftest.py takes the fixtures with ``from postgres import postgresql, postgresql_url``. A server starts with the
first test that wants one (one a test process).
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

_FOLDERS = ("/usr/lib/postgresql", "/usr/pgsql", "/opt/homebrew/opt", "/usr/local/opt")


@dataclass
class Server:
    """`folder` has its socket, data and log; `options` are those of the process."""

    folder: Path
    binaries: Path
    options: dict[str, Any]
    process: subprocess.Popen | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with (self.folder / "log").open("a") as log:
            self.process = subprocess.Popen(
                [
                    self.binaries / "postgres", "-D", self.folder / "data", "-k", self.folder, "-F",
                    "-c", "listen_addresses=", "-c", "full_page_writes=off", "-c", "shared_buffers=16MB",
                ],
                stdout=log, stderr=subprocess.STDOUT, **self.options,
            )  # fmt: skip
        deadline = time.monotonic() + 60
        while True:
            try:
                self.connect().close()
            except psycopg.OperationalError as error:  # noqa: PERF203
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise OSError(f"postgres did not start: {(self.folder / 'log').read_text()}") from error
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """Stop it at once, under all who use it."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGQUIT)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def url(self, database: str) -> str:
        """Give the URL of a database."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """Connect past the package, for what a test does behind its back."""
        return psycopg.connect(f"host={self.folder} user=postgres dbname={database}", autocommit=True)

    def new_database(self, template: str = "template0") -> str:
        """Make a database and give its name."""
        name = f"test_{uuid.uuid4().hex[:12]}"
        with self.connect() as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, database: str) -> None:
        """Delete a database under all who use it."""
        with self.connect() as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")


def find_binaries() -> Path | None:
    """Give the folder of `postgres` and `initdb`: on PATH, or where Debian keeps the newest."""
    on_path = shutil.which("initdb")
    found = [Path(on_path).resolve().parent] if on_path else []
    for folder in _FOLDERS:
        found += sorted(Path(folder).glob("*/bin"), key=_version, reverse=True)
    return next((one for one in found if (one / "postgres").exists() and (one / "initdb").exists()), None)


def _version(folder: Path) -> int:
    digits = "".join(letter for letter in folder.parent.name if letter.isdigit())
    return int(digits or 0)


@contextlib.contextmanager
def running(binaries: Path):
    """Start a server, and stop it."""
    # PostgreSQL refuses root; a socket's path has at most 107 bytes.
    user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    try:
        if user:
            shutil.chown(folder, "postgres", "postgres")
        plain = {"cwd": folder, "stdin": subprocess.DEVNULL, "env": {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"}}
        data = folder / "data"
        made = subprocess.run(
            [binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"],
            capture_output=True, text=True, check=False, **plain, **user,
        )  # fmt: skip
        if made.returncode:
            raise OSError(f"initdb failed: {made.stderr}")
        server = Server(folder, binaries, {**plain, **user})
        try:
            server.start()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql():
    """Give the server; skip where there is none, loudly, and fail in CI, where one must be."""
    binaries = find_binaries()
    if binaries is None:
        reason = "NO POSTGRESQL HERE: the label store was tested on SQLite only. Install PostgreSQL's server programs."
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with running(binaries) as server:
        yield server


@pytest.fixture
def postgresql_url(postgresql):
    """Give the URL of an empty database."""
    name = postgresql.new_database()
    yield postgresql.url(name)
    postgresql.drop(name)
