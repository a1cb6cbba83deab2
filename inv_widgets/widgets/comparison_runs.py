"""Pictures that are compared while a Comparison is on screen: one after another, method by method, on one thread."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from inv_widgets.widgets.workers import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from inv_widgets.comparison.comparison_result import ComparisonResult
    from inv_widgets.widgets.comparison_rows import AddedRow

__all__ = ["ComparisonRuns"]

_TOLD_EVERY = 0.25  # seconds between two words about how far a method is


class _StoppedError(Exception):
    """Somebody pressed "stop"."""


class ComparisonRuns:
    """Works rows off.

    Parameters
    ----------
    run
        ``run(picture, target, keys)`` gives a ComparisonResult of one picture; with no keys the prediction alone.
    told
        Called, on the worker's thread too, when a row has changed.
    """

    def __init__(self, run: Callable[..., ComparisonResult], told: Callable[[], None]) -> None:
        self._run = run
        self._told = told
        self._rows: list[AddedRow] = []
        self._stopped: set[str] = set()
        self._last = 0.0
        self._worker = Worker(self._work, delay=0.0)

    def add(self, row: AddedRow) -> None:
        """Have a row filled, after those that wait."""
        self._rows.append(row)
        self._told()
        self._worker.ask()

    def stop(self, row: AddedRow) -> None:
        """End a row with what it has; where a method tells its progress, in the middle of it."""
        if row.open:
            self._stopped.add(row.key)
            if row.state == "waiting":
                row.state = "stopped"
            self._told()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until nothing is to be done."""
        return self._worker.wait(timeout)

    def close(self) -> None:
        """Do nothing more."""
        for row in self._rows:
            self.stop(row)
        self._worker.stop()

    def _work(self) -> None:
        while self._rows:
            row = self._rows.pop(0)
            if row.state != "waiting":
                continue
            row.state = "working"
            self._told()
            try:
                self._fill(row)
                row.state = "done"
            except _StoppedError:
                row.state = "stopped"
            except Exception as error:  # noqa: BLE001 (the row says it; the next one is worked off)
                row.state, row.error = "failed", str(error) or type(error).__name__
            row.method, row.steps = "", (0, 0)
            row.version += 1
            self._told()

    def _fill(self, row: AddedRow) -> None:
        self._one(row, ())
        for method in row.methods:
            row.method, row.steps = method, (0, 0)
            self._told()
            self._one(row, (method,))

    def _one(self, row: AddedRow, methods: Sequence[str]) -> None:
        self._check(row)

        def progress(_: str, done: int, total: int) -> None:
            self._check(row)
            row.steps = (done, total)
            if time.monotonic() - self._last > _TOLD_EVERY:
                self._last = time.monotonic()
                self._told()

        more: dict[str, Any] = {"progress": progress} if getattr(self._run, "tells_progress", False) else {}
        result = self._run(row.given, row.target, list(methods), **more)
        if not hasattr(result, "pictures") or len(result.pictures) != 1:
            raise TypeError(
                f"[inv-widgets] run gave {result!r:.80}: it must return the ComparisonResult of the one picture."
            )
        row.results.append(result)
        row.version += 1
        self._told()

    def _check(self, row: AddedRow) -> None:
        if row.key in self._stopped:
            raise _StoppedError
