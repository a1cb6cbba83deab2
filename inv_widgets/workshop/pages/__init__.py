"""The pages of a workshop on Solara: ``/`` for players, ``/host?key=...`` for the host.

Solara imports this module as its app; :func:`open_to` has been told before what is played.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import reacton.ipywidgets
import solara as _solara
import traitlets
from starlette.responses import Response

from inv_widgets.export.front_ends import front_end
from inv_widgets.widgets.reveal_game import RevealGame
from inv_widgets.widgets.state import State

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from inv_widgets.play.game import Game
    from inv_widgets.workshop.plan import Plan

solara: Any = _solara  # its types say nothing about most of it
_component: Callable[[Callable[..., Any]], Any] = solara.component

__all__ = ["FRONT_END", "front_end_file", "open_to", "routes"]

FRONT_END = "/inv-widgets/{name}.js"
_SERVED = ("reveal_game", "host_desk")


@dataclass
class _Open:
    """What this process serves: one game, shared by all."""

    game: Game | None = None
    key: str = ""
    link: str = ""
    language: str = "en"


_open = _Open()


def open_to(game: Game, plan: Plan, link: str) -> None:
    """Say what is played; before the server starts."""
    _open.game, _open.key, _open.link, _open.language = game, plan.key, link, plan.language
    routes[:] = _routes(game.title or "Deep Reveal")


def front_end_file(request: Request) -> Response:
    """Answer with a widget's front end, so that browsers keep it and it is compressed once for all."""
    name = request.path_params["name"]
    if name not in _SERVED:
        return Response("There is no such front end.", status_code=404, media_type="text/plain")
    return Response(front_end(name, name), media_type="text/javascript")


class PlayersGame(RevealGame):
    """A RevealGame whose front end comes by HTTP."""

    @traitlets.default("_esm")
    def _fetched_front_end(self) -> str:
        return _fetching("reveal_game")


@cache
def _hosts_desk() -> type[Any]:
    """Make the HostDesk whose front end comes by HTTP; players' pages do not wait for what it imports."""
    from inv_widgets.widgets.host_desk import HostDesk

    class HostsDesk(HostDesk):
        @traitlets.default("_esm")
        def _fetched_front_end(self) -> str:
            return _fetching("host_desk")

    return HostsDesk


@cache
def _fetching(name: str) -> str:
    """Give a module that stands for the front end: some bytes a visitor instead of the whole on each visit."""
    version = hashlib.blake2b(front_end(name, name).encode(), digest_size=6).hexdigest()
    return (
        'const root = globalThis.solara?.rootPath ?? "";\n'
        f"const address = new URL(`${{root}}/inv-widgets/{name}.js?v={version}`, document.baseURI).href;\n"
        "const { default: frontEnd } = await import(address);\n"
        "export default frontEnd;\n"
    )


def _shown(make: Callable[[], list[Any]]) -> Any:
    """Show the first of the widgets that `make` gives; close them when the visitor is gone."""
    widgets = solara.use_memo(make, [])

    def close() -> None:
        for widget in widgets:
            widget.close()

    solara.use_effect(lambda: close, [])
    return reacton.ipywidgets.VBox(children=[widgets[0]])


@_component
def players_page() -> Any:
    """Show the game, alone on the page."""

    def make() -> list[Any]:
        state = State(language=_open.language)
        # No other view is on the page that could give a picture away.
        return [PlayersGame(_game(), state=state, withhold=False), state]

    return _shown(make)


@_component
def hosts_page() -> Any:
    """Show the host's desk to who has the key."""
    given = parse_qs(solara.use_router().search or "").get("key", [""])[0]
    if not _open.key or not hmac.compare_digest(given.encode(), _open.key.encode()):
        return solara.Text("This page is the host's: open the link that was printed when the workshop was opened.")
    return _shown(lambda: [_hosts_desk()(_game(), link=_open.link, language=_open.language)])


def _game() -> Game:
    assert _open.game is not None
    return _open.game


@_component
def bare(children: list[Any] | None = None) -> Any:
    """Lay out a page: nothing but what is on it."""
    return (children or [solara.Text("")])[0]


def _routes(title: str) -> list[Any]:
    return [
        solara.Route(path="/", component=players_page, layout=bare, label=title),
        solara.Route(path="host", component=hosts_page, layout=bare, label=title),
    ]


routes = _routes("Deep Reveal")
