"""Which pictures the kernel withholds from the views of a State while a game on it is open. Never synchronised."""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["Withholding"]


class Withholding:
    """What open games withhold, by the pictures' hashes. A game that is closed or gone withholds nothing."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._by_game: dict[weakref.ref[object], frozenset[str]] = {}
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
            return frozenset().union(*self._by_game.values())

    def withhold(self, game: object, hashes: Iterable[str]) -> None:
        """Say what a game withholds from now on, instead of what it said before."""
        hashes = frozenset(hashes)
        with self._lock:
            key = weakref.ref(game, self._gone)
            changed = self._by_game.get(key) != hashes
            self._by_game[key] = hashes
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
