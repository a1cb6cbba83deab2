"""Where a workshop is found: this machine's address in its network, a free port, the link as a QR code."""

from __future__ import annotations

import errno
import io
import socket
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["QrCode", "bound", "own_address", "web_address"]

# Reserved for documentation (RFC 5737): connecting a datagram socket to it sends nothing, but makes the system choose
# the network that leads out.
_ELSEWHERE = ("192.0.2.1", 9)


class QrCode:
    """A link that phones read from a screen.

    Shown in a notebook it is a picture; ``print(code)`` draws it with characters.

    Raises
    ------
    ModuleNotFoundError
        If ``segno`` is not installed.
    """

    def __init__(self, link: str) -> None:
        try:
            import segno
        except ModuleNotFoundError:
            raise ModuleNotFoundError(
                '[inv-widgets] A QR code needs segno, which is not installed: pip install "inv-widgets[workshop]".'
            ) from None
        self.link = link
        self._code: Any = segno.make(link, micro=False)

    @property
    def svg(self) -> str:
        """An SVG element, black on white, as wide as the page lets it."""
        return str(self._code.svg_inline(scale=6, border=3, dark="#000", light="#fff", omitsize=False, title=self.link))

    def save(self, path: str | Path) -> None:
        """Write a picture; the name's ending chooses the format: .svg, .png, .pdf."""
        self._code.save(str(path), scale=8, border=4)

    def __str__(self) -> str:
        text = io.StringIO()
        self._code.terminal(out=text, border=2, compact=True)
        return text.getvalue()

    def __repr__(self) -> str:
        return f"QrCode({self.link!r})"

    def _repr_svg_(self) -> str:
        return self.svg


def own_address() -> str:
    """Give the address under which others in the network find this machine; 127.0.0.1 where there is no network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_ELSEWHERE)
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"


def web_address(host: str, port: int) -> str:
    """Give the link to what listens at `host` and `port`: ``http://192.168.1.7:8765/``."""
    if host in {"", "0.0.0.0", "::"}:  # noqa: S104 (compared, not bound)
        host = own_address()
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def bound(host: str, port: int) -> socket.socket:
    """Give a socket that listens at `host` and `port` (0: any free one).

    Raises
    ------
    OSError
        If something listens there, or this machine has no such address.
    """
    if not 0 <= port <= 65_535:
        raise OSError(_advice(host, port, "a port is a number from 0 to 65535"))
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            reason = f"port {port} is taken: give another one with --port, or end what listens there"
        elif error.errno == errno.EACCES:
            reason = f"port {port} needs an administrator's rights: give one above 1023 with --port"
        else:
            reason = f"this machine has no address {host!r} ({error}): give one of its own with --host, or 0.0.0.0"
        raise OSError(_advice(host, port, reason)) from None


def _advice(host: str, port: int, reason: str) -> str:
    return f"[inv-widgets] The workshop cannot open at {host}:{port}: {reason}."
