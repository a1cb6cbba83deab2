"""Where a workshop is found."""

import re
import socket

import pytest

from inv_widgets.workshop.addresses import QrCode, bound, own_address, web_address


def test_a_free_port_is_bound_and_a_taken_one_is_answered():
    with bound("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        assert port > 0
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            pass
        with pytest.raises(OSError, match=rf"127\.0\.0\.1:{port}: port {port} is taken.* --port"):
            bound("127.0.0.1", port)


@pytest.mark.parametrize(
    ("host", "port", "answer"),
    [("192.0.2.55", 0, "no address '192.0.2.55'"), ("127.0.0.1", 70_000, "from 0 to 65535"), ("no.such", 0, "--host")],
)
def test_what_cannot_be_bound_is_answered(host, port, answer):
    with pytest.raises(OSError, match=rf"^\[inv-widgets\] The workshop cannot open at {re.escape(host)}.*{answer}"):
        bound(host, port)


def test_links_name_an_address_that_others_can_open():
    assert web_address("127.0.0.1", 8000) == "http://127.0.0.1:8000/"
    assert web_address("::1", 8000) == "http://[::1]:8000/"
    for everywhere in ("0.0.0.0", "::", ""):
        assert web_address(everywhere, 8000) == f"http://{own_address()}:8000/"
    assert re.fullmatch(r"(\d+\.){3}\d+", own_address())
    assert own_address() != "0.0.0.0"


def test_without_a_network_the_address_is_this_machine(monkeypatch):
    class Nowhere:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def connect(self, _):
            raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(socket, "socket", lambda *_: Nowhere())
    assert own_address() == "127.0.0.1"


def test_a_qr_code_is_a_picture_and_a_text(tmp_path):
    code = QrCode("http://192.168.1.7:8765/")
    assert code._repr_svg_().startswith("<svg")
    assert "http://192.168.1.7:8765/" in code.svg
    assert "http" not in str(code)
    assert str(code).count("\n") > 10
    assert repr(code) == "QrCode('http://192.168.1.7:8765/')"
    code.save(tmp_path / "code.png")
    assert (tmp_path / "code.png").read_bytes().startswith(b"\x89PNG")


def test_without_segno_a_qr_code_is_answered(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "segno", None)
    with pytest.raises(ModuleNotFoundError, match=r'pip install "inv-widgets\[workshop\]"'):
        QrCode("http://localhost/")
