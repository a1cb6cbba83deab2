"""The last few explanations that were read, for runs whose explanations take time to read or to label."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from inv_widgets.explanation import Explanation

__all__ = ["LastRead"]

_MOST = 16  # explanations; a few MB each


class LastRead:
    """Keeps the last 16 explanations; thread-safe, since views of one run may ask from several threads."""

    def __init__(self) -> None:
        self._kept: dict[int, Explanation] = {}
        self._keeping = threading.Lock()

    def __reduce__(self) -> tuple[type[LastRead], tuple[()]]:
        return LastRead, ()  # a copy, in another process too, keeps its own

    def get(self, place: int, read: Callable[[int], Explanation]) -> Explanation:
        """Give the explanation of a place, as it was kept or as `read` gives it now."""
        with self._keeping:
            if place in self._kept:
                return self._kept[place]
        found = read(place)  # not in the lock: what one thread reads, no other should wait for
        with self._keeping:
            if place not in self._kept and len(self._kept) >= _MOST:
                self._kept.pop(next(iter(self._kept)))
            return self._kept.setdefault(place, found)
