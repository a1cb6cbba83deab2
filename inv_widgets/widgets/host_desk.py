"""The host's desk: how a game stands, its switches, and the way out for what was collected."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

import traitlets

from inv_widgets.errors import kind_of
from inv_widgets.play.game import Game
from inv_widgets.store import exchange
from inv_widgets.store.errors import StoreError
from inv_widgets.widgets.base import Widget
from inv_widgets.widgets.desk_numbers import numbers_of
from inv_widgets.widgets.traits import Checked, number, one_of

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["HostDesk"]

_STATUSES = ("running", "paused", "ended")
_TYPES = {"csv": "text/csv", "jsonl": "application/x-ndjson", "parquet": "application/vnd.apache.parquet"}
_KEYS = {"refresh": set(), "status": {"status"}, "export": {"format"}, "forget": {"player"}}


class HostDesk(Widget):
    """See how a game stands: players, rounds, coverage, agreement; pause or end it, take the data out.

    It gives answers away (names of pictures, everybody's results) and deletes data on request: it is for the host only.

    Parameters
    ----------
    game
        The Game that is played.
    link
        Where players open it; shown with a QR code, if ``segno`` is installed.
    language
        Of the interface: ``"en"`` or ``"it"``.
    height
        At most, 280..4000 pixels.

    Raises
    ------
    TypeError
        If `game` is no Game or `link` no text, and for an unknown argument, with the closest known one.
    traitlets.TraitError
        For a value that is not possible, now or when a trait is set later.
    FileNotFoundError
        If the front end is not built.
    """

    _front_end = "host_desk"
    _arguments = ("game", "link")
    _kernel_only = ("_desk",)

    language = Checked("en", one_of(("en", "it")))
    height = Checked(680, number(280, 4000))
    _desk = traitlets.Dict().tag(sync=True)

    def __init__(self, game: Game, *, link: str | None = None, **view: Any) -> None:
        if not isinstance(game, Game):
            hint = " (a RevealGame has one: reveal_game.game)" if hasattr(game, "game") else ""
            raise TypeError(f"[inv-widgets] game={game!r:.80} is {kind_of(game)}: give an inv.Game{hint}.")
        if link is not None and not isinstance(link, str):
            raise TypeError(f"[inv-widgets] link={link!r:.80} is {kind_of(link)}: give an address, or None.")
        self._game, self._link = game, link
        self._fixed: dict[str, Any] = {"link": link, "qr": _code(link)}
        self._numbers = numbers_of(game)
        super().__init__(_desk={"turn": 1, **self._fixed, **self._numbers.of(game)}, **view)
        self.on_msg(self._on_message)

    @property
    def game(self) -> Game:
        """The game that this is the desk of."""
        return self._game

    @property
    def link(self) -> str | None:
        """Where players open the game."""
        return self._link

    def refresh(self) -> None:
        """Count again and show it; the browser asks for that by itself while somebody looks."""
        self._show(fresh=True)

    def __repr__(self) -> str:
        return f"HostDesk({self._game!r})"

    def _show(self, *, fresh: bool = False) -> None:
        with self._lock:
            shown = self._fixed | self._numbers.of(self._game, fresh=fresh)
            turn = self._desk["turn"]
            if self._desk != {"turn": turn, **shown}:
                self._desk = {"turn": turn + 1, **shown}

    def _on_message(self, _: Any, content: Any, __: list[memoryview]) -> None:
        """Answer the browser by the message's id, errors included."""
        message = dict(content) if isinstance(content, dict) else {}
        number_ = message.pop("id", None)
        kind = message.pop("kind", None)
        try:
            answers: dict[Any, Callable[..., tuple[dict[str, Any], list[bytes]]]]
            answers = {"refresh": self._refresh, "status": self._status, "export": self._export, "forget": self._forget}
            if not isinstance(kind, str) or kind not in answers or set(message) != _KEYS[kind]:
                raise _MessageError(f"[inv-widgets] The desk does not know the message {kind!r:.40}.")  # noqa: TRY301
            answer, buffers = answers[kind](**message)
            self.send({"id": number_, "ok": True, **answer}, buffers=buffers)
        except StoreError as error:
            self.send({"id": number_, "error": str(error), "code": error.code, "retry": error.retry})
        except Exception as error:  # noqa: BLE001 (whatever it was, the browser waits for an answer)
            code = "bad-message" if isinstance(error, _MessageError) else "unknown"
            words = str(error) or type(error).__name__
            self.send({"id": number_, "error": words, "code": code, "retry": False})

    def _refresh(self) -> tuple[dict[str, Any], list[bytes]]:
        self._show()
        return {}, []

    def _status(self, status: Any) -> tuple[dict[str, Any], list[bytes]]:
        if status not in _STATUSES:
            raise _MessageError(f"[inv-widgets] status={status!r:.40} is none of {', '.join(_STATUSES)}.")
        self._game.store.set_status(self._game.run_id, status)
        self._show(fresh=True)
        return {"status": status}, []

    def _export(self, format: Any) -> tuple[dict[str, Any], list[bytes]]:  # noqa: A002 (the protocol's name)
        if not isinstance(format, str) or format not in _TYPES:
            raise _MessageError(f"[inv-widgets] format={format!r:.40} is none of {', '.join(_TYPES)}.")
        content = exchange.content(self._game.store, f".{format}", self._game.run_id)
        stem = re.sub(r"[^\w]+", "-", self._desk["title"].lower()).strip("-")[:60] or "rounds"
        day = dt.datetime.now().astimezone().date().isoformat()
        return {"name": f"{stem}-{day}.{format}", "type": _TYPES[format]}, [content]

    def _forget(self, player: Any) -> tuple[dict[str, Any], list[bytes]]:
        if not isinstance(player, str) or not player:
            raise _MessageError(f"[inv-widgets] player={player!r:.40} is no nickname.")
        rounds = self._game.store.forget(player)
        self._numbers.forget()
        self._show(fresh=True)
        return {"rounds": rounds}, []


class _MessageError(ValueError):
    """A message that the protocol does not have."""


def _code(link: str | None) -> list[list[int]] | None:
    """Give the modules of a link's QR code, without the quiet zone around it."""
    if link is None:
        return None
    try:
        import segno
    except ModuleNotFoundError:
        return None
    return [[int(module) for module in row] for row in segno.make(link, micro=False).matrix]
