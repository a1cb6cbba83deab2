"""The numbers on a host's desk, counted once for all desks of a game."""

from __future__ import annotations

import threading
import time
import weakref
from typing import TYPE_CHECKING, Any

from inv_widgets.store.errors import StoreError
from inv_widgets.store.exchange_fields import moment_text
from inv_widgets.store.progress import PlayersAgreement, Progress, agreement, progress
from inv_widgets.widgets.desk_coverage import coverage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inv_widgets.play.game import Game

__all__ = ["DeskNumbers", "numbers_of"]

_KEPT_SECONDS = 2.0
_AGREEMENT_SECONDS = 15.0  # it reads every label


class DeskNumbers:
    """How a game stands, as the front end wants it; asked again within 2 seconds, the same numbers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers: dict[str, Any] = {}
        self._counted = self._agreed = -float("inf")
        self._agreement: PlayersAgreement | None = None

    def of(self, game: Game, *, fresh: bool = False) -> dict[str, Any]:
        """Give the numbers. Where the store is in trouble, the last ones, and the trouble.

        Parameters
        ----------
        game
            The game that these are the numbers of.
        fresh
            Count now, whenever that was done last.
        """
        with self._lock:
            now = time.monotonic()
            if fresh or now - self._counted >= _KEPT_SECONDS:
                try:
                    self._numbers = self._count(game, now)
                except StoreError as error:
                    trouble = {"code": error.code, "message": str(error)}
                    self._numbers = (self._numbers or _base(game, {})) | {"trouble": trouble}
                self._counted = now
            return dict(self._numbers)

    def forget(self) -> None:
        """Count agreement anew at the next question, since somebody's rounds are gone."""
        with self._lock:
            self._agreed = -float("inf")

    def _count(self, game: Game, now: float) -> dict[str, Any]:
        found = progress(game.store, game.run_id)
        if self._agreement is None or now - self._agreed >= _AGREEMENT_SECONDS:
            self._agreement, self._agreed = agreement(game.store, game.run_id), now
        board = game.store.leaderboard(game.run_id)
        return {
            **_base(game, found.rounds_of),
            "status": game.store.status(game.run_id),
            "n_players": len(found.players),
            **{name: getattr(found, name) for name in _SAME},
            "n_played": game.maps.n_with(found.rounds_of, 1),
            "n_retired": _retired(game, found.quotas),
            "agreement": _agreement(found, self._agreement),
            "leaderboard": [{name: getattr(row, name) for name in _BOARD} for row in board],
            "players": [
                {"nickname": one.nickname, "rounds": one.rounds, "last_seen": moment_text(one.last_seen), "id": one.id}
                for one in found.players
            ],
        }


def numbers_of(game: Game) -> DeskNumbers:
    """Give the numbers that all desks of a game share."""
    with _LOCK:
        return _SHARED.setdefault(game, DeskNumbers())


_LOCK = threading.Lock()
_SHARED: weakref.WeakKeyDictionary[Game, DeskNumbers] = weakref.WeakKeyDictionary()

_SAME = ("n_active", "n_rounds", "won", "lost", "resigned", "skipped", "withdrawn", "labels", "median_seconds")
_BOARD = ("nickname", "points", "rounds", "wins")


def _base(game: Game, rounds_of: Mapping[str, int]) -> dict[str, Any]:
    """Give what is known of the game without the store; the numbers that the store counts are 0."""
    return {
        "title": game.title or "Deep Reveal",
        "status": "running",
        **dict.fromkeys(_SAME, 0),
        **dict.fromkeys(("n_players", "n_played", "n_retired"), 0),
        "median_seconds": None,
        "n_maps": len(game.maps),
        "retire_after": game.rules.retire_after,
        "coverage": coverage(game, rounds_of),
        "agreement": {"guess_right": None, "shared_label": None, "pairs": 0, "same_guess": None},
        "leaderboard": [],
        "players": [],
        "trouble": None,
    }


def _retired(game: Game, quotas: Mapping[str, int]) -> int:
    enough = game.rules.retire_after
    return 0 if enough is None else game.maps.n_with(quotas, enough, gold=False)


def _agreement(found: Progress, players: PlayersAgreement) -> dict[str, Any]:
    guesses = found.won + found.lost
    return {
        "guess_right": found.won / guesses if guesses else None,
        "shared_label": players.shared_label.share,
        "pairs": players.shared_label.pairs,
        "same_guess": players.same_guess.share,
    }
