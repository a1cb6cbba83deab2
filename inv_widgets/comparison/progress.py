"""Long work that shows how far it is, and stops where it is told to with what it has."""

from __future__ import annotations

import contextlib
import warnings
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from tqdm.auto import tqdm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from typing_extensions import Self

    from inv_widgets.comparison.subject import Subject

__all__ = ["Progress", "told_to"]

_LISTENER: ContextVar[Callable[[str, int, int], None] | None] = ContextVar("listener", default=None)


@contextlib.contextmanager
def told_to(listener: Callable[[str, int, int], None]) -> Iterator[None]:
    """Tell `listener` the title, the steps done and those in all, and show no bar; what it raises ends the method."""
    before = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(before)


class Progress:
    """A context around a loop of batches: a progress bar after two seconds; Ctrl-C ends the loop, not the method.

    Once a first batch is done, Ctrl-C leaves the context with what was gathered so far, a warning, and a note
    ``"interrupted"`` in the subject (``"640 of 4000 masks"``). Before that it is raised.

    Parameters
    ----------
    subject
        What the method works on.
    title
        The method's name.
    total
        How many steps there are.
    unit
        What a step is: ``"masks"``, ``"pictures"``.
    """

    def __init__(self, subject: Subject, title: str, total: int, unit: str) -> None:
        self._subject, self._title, self._total, self._unit = subject, title, total, unit
        self.done = 0
        self._bar: Any = None
        self._listener: Callable[[str, int, int], None] | None = None

    def __enter__(self) -> Self:
        self._listener = _LISTENER.get()
        self._bar = tqdm(
            total=self._total,
            desc=self._title,
            unit=f" {self._unit}",
            delay=2,
            leave=False,
            disable=self._listener is not None,
        )
        return self

    def update(self, steps: int) -> None:
        """Say that so many more steps are done and counted in."""
        self.done += steps
        self._bar.update(steps)
        if self._listener is not None:
            self._listener(self._title, self.done, self._total)

    def extend(self, steps: int) -> None:
        """Say that there are so many more steps than was thought."""
        self._total += steps
        self._bar.total = self._total
        self._bar.refresh()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self._bar.close()
        if kind is None or not issubclass(kind, KeyboardInterrupt) or not self.done:
            return False
        came = f"{self.done} of {self._total} {self._unit}"
        self._subject.notes["interrupted"] = came
        warnings.warn(
            f"[inv-widgets] {self._title} was interrupted: the map is made of {came}.", RuntimeWarning, stacklevel=3
        )
        return True
