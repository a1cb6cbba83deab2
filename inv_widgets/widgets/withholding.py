"""Which pictures the kernel withholds from the views of a State while a game on it is open. Never synchronised."""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["Withholding"]


class Withholding:
    """What open games withhold, by the pictures' hashes. A game that is closed or gone withholds nothing.

    What a player has answered in one game, none of the player's others withholds: a cell that is run again leaves its
    first game open, unseen.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._by_game: dict[weakref.ref[object], tuple[str, frozenset[str]]] = {}
        self._answered: dict[str, frozenset[str]] = {}
        self._watchers: list[weakref.WeakMethod[Callable[[], None]]] = []

    @property
    def active(self) -> bool:
        """Whether a game is open, whether it withholds something or not."""
        with self._lock:
            return bool(self._by_game)

    @property
    def hashes(self) -> frozenset[str]:
        """Hashes of the withheld pictures."""
        with self._lock:
            told = self._by_game.values()
            return frozenset().union(*(hashes - self._answered.get(player, frozenset()) for player, hashes in told))

    def withhold(
        self, game: object, hashes: Iterable[str], *, player: str = "", answered: frozenset[str] = frozenset()
    ) -> None:
        """Say what a game withholds from now on, instead of what it said before.

        Parameters
        ----------
        game
            The game on screen.
        hashes
            Of the pictures.
        player
            Who plays it, told from the players of other stores; empty: nobody has entered yet.
        answered
            Hashes of the pictures that this player has answered.
        """
        with self._lock:
            before = (self.active, self.hashes)
            self._by_game[weakref.ref(game, self._gone)] = (player, frozenset(hashes))
            if player:
                self._answered[player] = self._answered.get(player, frozenset()) | answered
            changed = before != (self.active, self.hashes)
        if changed:
            self._tell()

    def lift(self, game: object) -> None:
        """End what a game withholds."""
        self._gone(weakref.ref(game))

    def watch(self, changed: Callable[[], None]) -> None:
        """Call a method after each change, as long as its object is there."""
        with self._lock:
            self._watchers = [one for one in self._watchers if one() not in {None, changed}]
            self._watchers.append(weakref.WeakMethod(changed))

    def unwatch(self, changed: Callable[[], None]) -> None:
        """Call it no more."""
        with self._lock:
            self._watchers = [one for one in self._watchers if one() not in {None, changed}]

    def _gone(self, game: weakref.ref[object]) -> None:
        with self._lock:
            gone = self._by_game.pop(game, None)
        if gone is not None:
            self._tell()

    def _tell(self) -> None:
        with self._lock:
            watchers = [one() for one in self._watchers]
        for watcher in watchers:
            if watcher is not None:
                watcher()
