"""Files that every visitor's browser asks for: compressed once, kept in memory, not asked for again for a day."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["CachedFiles"]

_FOLDERS = ("/_solara/cdn/", "/static/", "/jupyter/nbextensions/", "/inv-widgets/")
_LIMIT = 64_000_000
_TEXT = (b"text/", b"application/javascript", b"application/json", b"image/svg+xml")


@dataclass(frozen=True, slots=True)
class _File:
    headers: list[tuple[bytes, bytes]]
    body: bytes
    tag: bytes


class CachedFiles:
    """An ASGI middleware: 300 phones that open the page at once cost 300 copies of bytes, not 300 compressions.

    Only whole answers to GET in the folders of static files are kept, up to 64 MB; the rest goes through untouched.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._kept: dict[tuple[str, bool], _File] = {}
        self._making: dict[tuple[str, bool], asyncio.Lock] = {}
        self._size = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from memory, or let the application answer and remember it."""
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith(_FOLDERS):
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        zipped = b"gzip" in headers.get(b"accept-encoding", b"")
        key = (scope["path"], zipped)
        found: _File | list[Message] | None = self._kept.get(key)
        if found is None:
            found = await self._made(key, scope, receive)
        if isinstance(found, list):
            for message in found:
                await send(message)
            return
        if headers.get(b"if-none-match") == found.tag:
            await send({"type": "http.response.start", "status": 304, "headers": [(b"etag", found.tag)]})
            await send({"type": "http.response.body", "body": b""})
            return
        await send({"type": "http.response.start", "status": 200, "headers": found.headers})
        await send({"type": "http.response.body", "body": found.body})

    async def _made(self, key: tuple[str, bool], scope: Scope, receive: Receive) -> _File | list[Message]:
        """Have a file made, and keep it: of many who ask at once only for the first, the others wait for it."""
        async with self._making.setdefault(key, asyncio.Lock()):
            found: _File | list[Message] | None = self._kept.get(key)
            if found is None:
                found = await self._ask(scope, receive, zipped=key[1])
                if isinstance(found, _File) and self._size + len(found.body) <= _LIMIT:
                    self._size += len(found.body)
                    self._kept[key] = found
                self._making.pop(key, None)
            return found

    async def _ask(self, scope: Scope, receive: Receive, *, zipped: bool) -> _File | list[Message]:
        """Let the application answer; give a file to keep, or its messages where it has none."""
        # Plain and whole: what was cached in the browser or cut in parts would be no file.
        refused = {b"accept-encoding", b"if-none-match", b"if-modified-since", b"range"}
        plain = {**scope, "headers": [(name, value) for name, value in scope["headers"] if name not in refused]}
        messages: list[Message] = []

        async def collect(message: Message) -> None:
            messages.append(message)

        await self._app(plain, receive, collect)
        if not messages or messages[0].get("status") != 200:
            return messages
        body = b"".join(one.get("body", b"") for one in messages[1:])
        headers = dict(messages[0]["headers"])
        kind = headers.get(b"content-type", b"application/octet-stream")
        tag = b'"' + hashlib.blake2b(body, digest_size=12).hexdigest().encode() + b'"'
        kept = [
            (b"content-type", kind),
            (b"etag", tag),
            (b"cache-control", b"public, max-age=86400"),
            (b"vary", b"Accept-Encoding"),
        ]
        if zipped and kind.startswith(_TEXT):
            body = gzip.compress(body, 6, mtime=0)
            kept.append((b"content-encoding", b"gzip"))
        kept.append((b"content-length", str(len(body)).encode()))
        return _File(kept, body, tag)
