"""Solara without what costs most with hundreds of players: a wait at each message, and a mock.

Solara 1.58 keeps a thread a player, and hands each message over to the server's event loop and waits until it is sent.
With hundreds of players the threads do little but wait for one another. Here what a player's thread sends goes into a
queue that the event loop empties, and what comes in is put into a queue that the thread reads. Order is kept.

It also makes a ``MagicMock`` for each message, in place of IPython's events: a millisecond each.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any

import solara.server.starlette as engine
from solara.server import patch, websocket

if TYPE_CHECKING:
    import anyio.from_thread
    import starlette.websockets

__all__ = ["PlayersSocket", "quiet", "use"]

_LIMIT = 16_000_000
"""Bytes that may wait for a player whose connection does not take them; more, and the connection is given up."""


class PlayersSocket(websocket.WebsocketWrapper):
    """One player's websocket, written to from any thread and read from one.

    Parameters
    ----------
    ws
        The connection; this is called in its event loop.
    portal
        Solara's own way across; not used.
    """

    def __init__(
        self,
        ws: starlette.websockets.WebSocket,
        portal: anyio.from_thread.BlockingPortal | None = None,
    ) -> None:
        self.ws = ws
        self.portal = portal
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._out: deque[str | bytes] = deque()
        self._waiting = 0  # bytes in _out
        self._sending: asyncio.Task[None] | None = None
        self._gone = False
        self._in: asyncio.Queue[Any] | None = None
        self._reader: asyncio.AbstractEventLoop | None = None
        self._early: list[Any] = []
        self._receiving = self._loop.create_task(self._receive_all())

    def send_text(self, data: str) -> None:
        """Send a text, soon."""
        self._put(data)

    def send_bytes(self, data: bytes) -> None:
        """Send bytes, soon."""
        self._put(data)

    def close(self) -> None:
        """Close the connection, soon."""
        self._call(self._close)

    async def receive(self) -> str | bytes:
        """Give the next message; in the player's thread.

        Raises
        ------
        WebSocketDisconnect
            When the player is gone.
        """
        if self._in is None:
            self._in = asyncio.Queue()
            with self._lock:
                self._reader = asyncio.get_running_loop()
                early, self._early = self._early, []
            for message in early:
                self._in.put_nowait(message)
        message = await self._in.get()
        if message is None:
            raise websocket.WebSocketDisconnect
        return message  # type: ignore[no-any-return]

    def _put(self, data: str | bytes) -> None:
        with self._lock:
            if self._gone:
                raise websocket.WebSocketDisconnect
            idle = not self._out
            self._out.append(data)
            self._waiting += len(data)
            full = self._waiting > _LIMIT
        if full:
            self.close()
            raise websocket.WebSocketDisconnect
        if idle:
            self._call(self._start_sending)

    def _call(self, function: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(function)
        except RuntimeError:  # the server has ended
            raise websocket.WebSocketDisconnect from None

    # In the server's event loop

    def _start_sending(self) -> None:
        if self._sending is None or self._sending.done():
            self._sending = self._loop.create_task(self._send_all())

    async def _send_all(self) -> None:
        while True:
            with self._lock:
                if not self._out:
                    return
                data = self._out[0]
            try:
                if isinstance(data, str):
                    await self.ws.send_text(data)
                else:
                    await self.ws.send_bytes(data)
            except Exception:  # noqa: BLE001 (whatever it was, the player is gone)
                self._lose()
                return
            with self._lock:
                if self._gone:  # the player left meanwhile: nothing is waiting any more
                    return
                self._waiting -= len(data)
                self._out.popleft()

    async def _receive_all(self) -> None:
        try:
            while (message := await self.ws.receive())["type"] != "websocket.disconnect":
                text = message.get("text")
                self._arrived(message.get("bytes") if text is None else text)
        except Exception:  # noqa: BLE001, S110 (as above)
            pass
        finally:
            self._lose()
            self._arrived(None)

    def _arrived(self, message: Any) -> None:
        _clock.last = time.monotonic()
        with self._lock:
            reader = self._reader
            if reader is None:
                self._early.append(message)
                return
        assert self._in is not None
        try:
            reader.call_soon_threadsafe(self._in.put_nowait, message)
        except RuntimeError:  # the player's thread has ended
            self._lose()

    def _lose(self) -> None:
        with self._lock:
            self._gone = True
            self._out.clear()
            self._waiting = 0

    def _close(self) -> None:
        async def close() -> None:
            with contextlib.suppress(Exception):  # it was closed already
                await self.ws.close()

        self._closing = self._loop.create_task(close())


class _Clock:
    """When the last message came, from any player."""

    last = 0.0


_clock = _Clock()


def quiet(seconds: float) -> bool:
    """Say whether for so long no player has sent anything."""
    return time.monotonic() - _clock.last > seconds


class _NoEvents:
    """IPython's events where nobody listens."""

    def trigger(self, *_: Any, **__: Any) -> None:
        """Do nothing."""

    register = unregister = trigger


class _NoMocks:
    """Stands for ``unittest.mock`` in Solara's module: all that it takes from there are events."""

    _events = _NoEvents()

    def MagicMock(self) -> _NoEvents:  # noqa: N802 (as it is called there)
        """Give events that do nothing."""
        return self._events


def use() -> None:
    """Let Solara's server use these."""
    places: Any = (engine, patch)
    places[0].WebsocketWrapper = PlayersSocket
    places[1].mock = _NoMocks()
