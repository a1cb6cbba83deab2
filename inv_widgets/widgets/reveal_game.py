"""The reveal game: one player's seat on screen. The kernel masks; the browser gets no more than may be seen."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import traitlets

from inv_widgets.errors import kind_of
from inv_widgets.play.game import Game
from inv_widgets.play.messages import MAX_NICKNAME
from inv_widgets.play.rules import Rules
from inv_widgets.play.seat import Seat
from inv_widgets.widgets.base import Widget
from inv_widgets.widgets.state import State, StateTrait
from inv_widgets.widgets.traits import Checked, number

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from inv_widgets.explanation import Explanation
    from inv_widgets.recipe import Recipe
    from inv_widgets.run import Run
    from inv_widgets.store.label_store import LabelStore
    from inv_widgets.url_files import UrlFile

__all__ = ["RevealGame"]

_RULES = tuple(field.name for field in dataclasses.fields(Rules))


class RevealGame(Widget):
    """Play Deep Reveal: guess a picture from what one cluster map shows, and name what helped.

    While it is open, an Explorer on the same State withholds each picture that this player has not answered yet.

    Parameters
    ----------
    run
        A Run, an Explanation, several, or a saved run's path; or a Game, which many players can share.
    store
        A LabelStore, or its file or URL; None: the file ``labels.db`` in the working directory.
    player
        A nickname; None: the browser asks for one.
    state
        A State that is shared with other views; by default a new one, at ``game.state``. After each result it names
        the picture and the cluster map that were played.
    recipe
        Shares, picture size and soft edge; None: those of the run.
    language
        Of the interface, such as ``"it"``; None: that of the State.
    height
        At most, 280..4000 pixels.
    withhold
        False: other views may show what is not answered yet.
    **rules
        See :class:`~inv_widgets.play.rules.Rules`: ``rounds=10``, ``seconds=60``, ``consent="..."``.

    Raises
    ------
    TypeError, ValueError
        If `run` is no run or has no cluster maps, for an unknown argument (with the closest known one), or a rule that
        is not possible.
    StoreError
        If the store cannot be opened.
    traitlets.TraitError
        For a value that is not possible, now or when a trait is set later.
    FileNotFoundError
        If a path names no saved run, or the front end is not built.
    """

    _front_end = "reveal_game"
    _arguments = ("run", "store", "player", "recipe", "language", "withhold", *_RULES)
    _kernel_only = ("_settings", "_screen")
    _own_game = False

    state = StateTrait()
    height = Checked(680, number(280, 4000))
    _settings = traitlets.Dict().tag(sync=True)
    _screen = traitlets.Dict().tag(sync=True)

    def __init__(  # noqa: PLR0913 (who plays what, where, as which view)
        self,
        run: Game | Run | Explanation | Iterable[Explanation] | str | Path | UrlFile,
        *,
        store: LabelStore | str | Path | None = None,
        player: str | None = None,
        state: State | None = None,
        recipe: Recipe | None = None,
        language: str | None = None,
        withhold: bool = True,
        **rules_and_view: Any,
    ) -> None:
        if state is not None and not isinstance(state, State):
            raise TypeError(f"[inv-widgets] state={state!r:.80} is {kind_of(state)}: give an inv.State.")
        player = _checked_player(player)
        rules = {name: rules_and_view.pop(name) for name in _RULES if name in rules_and_view}
        state = State() if state is None else state
        self._withhold = bool(withhold)
        self._told = ""
        super().__init__(state=state, **rules_and_view)
        try:
            self._game = _game(run, store, recipe, rules)
            self._own_game = not isinstance(run, Game)
            if language is not None:
                state.language = language
            self._withhold_from(state)
            self._seat = Seat(self._game, player=player, language=state.language or "en", on_change=self._on_screen)
        except BaseException:
            self.close()
            raise
        self._settings = self._seat.settings
        self.observe(self._on_state, "state")
        self.on_msg(self._on_message)

    @property
    def game(self) -> Game:
        """The game that is played: run, store and rules."""
        return self._game

    @property
    def store(self) -> LabelStore:
        """Where rounds and labels are kept."""
        return self._game.store

    @property
    def seat(self) -> Seat:
        """The player's place in the game, without a screen."""
        return self._seat

    def close(self) -> None:
        """Take the game off the screen; other views show all pictures again. A store that it opened is closed."""
        if self.trait_has_value("state"):  # what could not be made is closed too, by Python
            self.state._withholding.lift(self)  # noqa: SLF001 (the kernel-only part of a State)
        super().close()
        if self._own_game:
            self._game.close()

    def __repr__(self) -> str:
        # No picture, no class: it stands in the notebook beside the game.
        player = self._seat.player
        return (
            f"RevealGame({len(self._game.maps)} cluster maps, player={None if player is None else player.nickname!r})"
        )

    def _on_screen(self, seat: Seat) -> None:
        self._withhold_from(self.state, seat)
        self._screen = seat.screen
        one = seat.result
        if one is None or seat.screen["round"] == self._told:
            return
        self._told = seat.screen["round"]
        record = one.record
        told = {
            "picture": record.picture, "target": record.target, "layer": record.layer, "cluster_map": record.id,
        }  # fmt: skip
        for name, value in told.items():
            setattr(self.state, name, value)

    def _withhold_from(self, state: State, seat: Seat | None = None) -> None:
        if not self._withhold:
            return
        answered = frozenset() if seat is None else seat.answered_pictures
        player = "" if seat is None or seat.player is None else f"{self.store.id} {seat.player.id}"
        hashes = self._game.picture_hashes - answered
        state._withholding.withhold(self, hashes, player=player, answered=answered)  # noqa: SLF001
        if state.picture is not None and self._game.hashes_of(state.picture) & hashes:
            state.picture = state.target = state.cluster_map = None

    def _on_state(self, change: Any) -> None:
        change["old"]._withholding.lift(self)  # noqa: SLF001
        self._withhold_from(change["new"], self._seat)

    def _on_message(self, _: Any, content: Any, __: list[memoryview]) -> None:
        """Answer the browser by the message's id, errors included."""
        message = dict(content) if isinstance(content, dict) else {}
        number_ = message.pop("id", None)
        self.send({"id": number_, **self._seat.handle(message)})


def _checked_player(player: Any) -> str | None:
    if player is None:
        return None
    name = " ".join(player.split()) if isinstance(player, str) else ""
    if not 0 < len(name) <= MAX_NICKNAME:
        raise ValueError(
            f"[inv-widgets] player={player!r:.80} is not possible: give a nickname of 1 to {MAX_NICKNAME} characters, "
            "or None so that the browser asks for one."
        )
    return name


def _game(run: Any, store: Any, recipe: Any, rules: dict[str, Any]) -> Game:
    if not isinstance(run, Game):
        return Game(run, "labels.db" if store is None else store, Rules(**rules), recipe)
    given = {"store": store, "recipe": recipe, **rules}
    for name, value in given.items():
        if value is not None:
            raise TypeError(f"[inv-widgets] {name}={value!r:.80} belongs to the Game that is given: set it there.")
    return run
