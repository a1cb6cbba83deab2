"""Steps back and forth through what somebody changed."""

from __future__ import annotations

from typing import Generic, TypeVar

__all__ = ["History"]

_T = TypeVar("_T")


class History(Generic[_T]):
    """What something was before each change, and what it was before each change was taken back.

    Parameters
    ----------
    kept
        Steps back that are remembered, at least 1.
    """

    def __init__(self, kept: int = 200) -> None:
        self._kept = kept
        self._done: list[_T] = []
        self._undone: list[_T] = []

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to take back."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether there is a change to do again."""
        return bool(self._undone)

    def add(self, before: _T) -> None:
        """Remember what was there before a change; what was taken back is forgotten."""
        self._done = [*self._done, before][-self._kept :]
        self._undone = []

    def undo(self, now: _T) -> _T:
        """Give what was there before the last change, given what is there now; IndexError if there is none."""
        before = self._done.pop()
        self._undone.append(now)
        return before

    def redo(self, now: _T) -> _T:
        """Give what was there before the last change was taken back; IndexError if none was."""
        after = self._undone.pop()
        self._done.append(now)
        return after
