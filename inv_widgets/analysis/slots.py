"""One picture of many under way, and what other threads put in for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from inv_widgets.analysis.picture_lists import Entry
    from inv_widgets.analysis.stages import Prepared
    from inv_widgets.explanation import Explanation

__all__ = ["Box", "Made", "Read", "Slot"]


@dataclass(frozen=True)
class Read:
    """What a picture was read as: its key, and what goes through the network (None: the key is known), or an error."""

    key: str | None = None
    prepared: Prepared | None = None
    error: Exception | None = None
    fatal: Exception | None = None


class Made(NamedTuple):
    """An explanation, and what was made of its picture besides."""

    explanation: Explanation
    packed: Any = None


_T = TypeVar("_T")


class Box(Generic[_T]):
    """What another thread will put in, or the error why not.

    Unlike a future it takes no lock: Ctrl-C in the thread that looks can leave none behind.
    """

    __slots__ = ("_tell", "done", "error", "result")

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell = tell
        self.done = False
        self.result: _T | None = None
        self.error: BaseException | None = None

    def set_result(self, result: _T) -> None:
        """Put it in."""
        self.result, self.done = result, True
        self._tell()

    def set_exception(self, error: BaseException) -> None:
        """Say why not."""
        self.error, self.done = error, True
        self._tell()


@dataclass(eq=False)
class Slot:
    """One picture under way.

    Attributes
    ----------
    entry
        The picture as it was given; None where the next one could not be had.
    read, made
        What it was read as, and its explanation, while they are waited for.
    prepared
        What waits for a batch.
    key, explanation, packed, error
        What became of it.
    first
        Another picture under way with the same key: its explanation will do.
    fatal
        What ends the run.
    done
        Whether it is known what became of it.
    """

    entry: Entry | None
    read: Box[Read] | None = None
    made: Box[Made] | None = None
    prepared: Prepared | None = None
    key: str | None = None
    explanation: Explanation | None = None
    packed: Any = None
    error: Exception | None = None
    first: Slot | None = None
    fatal: BaseException | None = None
    done: bool = False

    def __post_init__(self) -> None:
        self.done = self.fatal is not None
