"""A workshop on Solara's server: one process, a thread and a kernel without a process for each player."""

from __future__ import annotations

import gc
import logging
import threading
import warnings
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import solara.server.starlette as engine
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route

from inv_widgets.workshop import pages, quicker_solara
from inv_widgets.workshop.addresses import web_address
from inv_widgets.workshop.cached_files import CachedFiles

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Callable

    from inv_widgets.play.game import Game
    from inv_widgets.workshop.plan import Plan

__all__ = ["application", "run"]

# What Solara serves beyond players' pages: figures about the server, a way to end others' kernels.
_NOT_SERVED = ("/resourcez", "/_solara/api/evict/")


def run(plan: Plan, listening: socket.socket, ready: Callable[[str], None], ended: threading.Event) -> None:
    """Serve until `ended` is set.

    Parameters
    ----------
    plan
        What is played.
    listening
        Where.
    ready
        Called with the store's name when players can join.
    ended
        Set from another thread.
    """
    game = plan.game()
    try:
        pages.open_to(game, plan, web_address(plan.host, listening.getsockname()[1]))
        server = _Server(
            uvicorn.Config(
                application(),
                log_level="warning",
                access_log=False,
                loop="asyncio",
                # Pictures are compressed already. The front end comes by HTTP, where it is compressed once for all.
                ws_per_message_deflate=False,
                ws_max_size=1_000_000,  # a round with all its actions has some kilobytes
                timeout_graceful_shutdown=5,
            ),
            lambda: ready(game.store.database.address.name),
        )
        threading.Thread(target=_end, args=(server, ended), daemon=True).start()
        threading.Thread(target=_precompute, args=(game, ended), name="masks", daemon=True).start()
        # What is here now stays to the end: the garbage collector need not look at it again and again.
        gc.collect()
        gc.freeze()
        server.run(sockets=[listening])
    finally:
        game.store.close()


def application() -> Starlette:
    """Make Solara's application with our pages."""
    # Solara warns on each visit that its cookie works only where the page is in no other page's frame.
    warnings.filterwarnings("ignore", message="Cookies with samesite=none")
    quicker_solara.use()
    logging.getLogger("solara").setLevel(logging.WARNING)
    routes = [one for one in engine.routes if not str(getattr(one, "path", "")).startswith(_NOT_SERVED)]

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with engine.lifespan(app):
            yield

    return Starlette(
        routes=[Route(pages.FRONT_END, pages.front_end_file), *routes],
        lifespan=lifespan,
        middleware=[Middleware(CachedFiles), *engine.middleware],
    )


class _Server(uvicorn.Server):
    """Says when it is open."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()


def _end(server: uvicorn.Server, ended: threading.Event) -> None:
    ended.wait()
    server.should_exit = True


def _precompute(game: Game, ended: threading.Event) -> None:
    """Make masked pictures while there is time: while people play, a fifth of it; what they need is made at once."""

    def stop() -> bool:
        return ended.wait(0.0 if quicker_solara.quiet(2.0) else _REST)

    game.precompute(stop=stop)


_REST = 0.4
"""Seconds of rest after each cluster map, which takes about 0.1 s."""
