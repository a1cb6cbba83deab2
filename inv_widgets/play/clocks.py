"""What a process remembers of players while it runs: how long their rounds have taken, and their sittings."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Clock", "Clocks", "Sittings"]

_KEPT = 20_000  # clocks of rounds that were left open


@dataclass(slots=True)
class Clock:
    """A stopwatch. It outlives a page that is loaded again, since the process keeps it."""

    passed: float = 0.0
    since: float | None = None

    def start(self, now: float) -> None:
        """Go on; nothing happens if it runs."""
        if self.since is None:
            self.since = now

    def stop(self, now: float) -> None:
        """Stop; nothing happens if it stands."""
        self.passed, self.since = self.seconds(now), None

    def seconds(self, now: float) -> float:
        """Give the seconds for which it has run."""
        return self.passed + (0.0 if self.since is None else max(0.0, now - self.since))

    @property
    def running(self) -> bool:
        """Whether it runs."""
        return self.since is not None


class Clocks:
    """A stopwatch a round; `now` is a clock that never goes back."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.now = now
        self._lock = threading.Lock()
        self._clocks: OrderedDict[str, Clock] = OrderedDict()

    def of(self, round_id: str) -> Clock:
        """Give a round's stopwatch: a new one, not running, where this process has not seen the round."""
        with self._lock:
            clock = self._clocks.setdefault(round_id, Clock())
            self._clocks.move_to_end(round_id)
            while len(self._clocks) > _KEPT:
                self._clocks.popitem(last=False)
            return clock

    def drop(self, round_id: str) -> None:
        """Forget a round that is over."""
        with self._lock:
            self._clocks.pop(round_id, None)


class Sittings:
    """How many rounds each player had finished when the sitting began."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._begun: dict[str, int] = {}

    def begun_at(self, player_id: str, finished: int) -> int:
        """Give the number at which the player's sitting began; it begins now where there is none."""
        with self._lock:
            return self._begun.setdefault(player_id, finished)

    def begin(self, player_id: str, finished: int) -> None:
        """Begin a new sitting."""
        with self._lock:
            self._begun[player_id] = finished

    def drop(self, player_id: str) -> None:
        """Forget a player."""
        with self._lock:
            self._begun.pop(player_id, None)
