"""The cores of this machine, shared out: passes take as many as torch has threads, each column takes one.

More busy threads than cores slow torch and small matrices down several times over. With all cores in torch's hands the
passes and the columns take turns; where there are more cores, or where the passes run on a GPU, they run side by side.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Cores", "count_cores"]


def count_cores() -> int:
    """Count the cores that this process may use: its affinity and its container's share count."""
    import joblib

    return int(joblib.cpu_count())


class Cores:
    """Holds back who would take more cores than there are.

    Parameters
    ----------
    number
        How many there are.
    """

    def __init__(self, number: int) -> None:
        self._free = self._number = number
        self._waiting = 0  # passes come first: columns follow from them
        self._changed = threading.Condition()

    @contextmanager
    def several(self, wanted: int) -> Iterator[None]:
        """Hold several cores, all of them at most; waits until they are free, and nobody takes one meanwhile."""
        wanted = min(wanted, self._number)
        with self._changed:
            self._waiting += 1
            try:
                self._changed.wait_for(lambda: self._free >= wanted)
                self._free -= wanted
            finally:
                self._waiting -= 1
                self._changed.notify_all()
        try:
            yield
        finally:
            self._give(wanted)

    @contextmanager
    def one(self) -> Iterator[None]:
        """Hold one core."""
        with self._changed:
            self._changed.wait_for(lambda: self._free and not self._waiting)
            self._free -= 1
        try:
            yield
        finally:
            self._give(1)

    def _give(self, number: int) -> None:
        with self._changed:
            self._free += number
            self._changed.notify_all()
