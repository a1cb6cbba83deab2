"""What a metric says: numbers, and why some are missing."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from inv_widgets.comparison.metrics.inputs import Given

__all__ = ["Measured", "UndefinedMetricWarning", "concluded", "gathered", "warn_of"]


class UndefinedMetricWarning(UserWarning):
    """A metric has no value for some pictures; the message names them and says why."""


class Measured(NamedTuple):
    """One number a map, and the reasons where there is none.

    Attributes
    ----------
    values
        float64, shape (N,), NaN where undefined.
    reasons
        For each map why it has no value, or "".
    """

    values: NDArray[np.float64]
    reasons: tuple[str, ...]


def gathered(pairs: Iterable[tuple[float, str]]) -> Measured:
    """Put (value, reason) pairs together."""
    rows = list(pairs)
    return Measured(np.array([value for value, _ in rows], np.float64), tuple(reason for _, reason in rows))


def concluded(name: str, given: Given, measured: Measured) -> Any:
    """Warn once of all that is undefined, and give the numbers in the kind that the maps came in."""
    warn_of(name, measured.reasons, stacklevel=4)
    return given.result(measured.values)


def warn_of(name: str, reasons: tuple[str, ...], *, stacklevel: int = 3) -> None:
    """Warn once of all pictures that have a reason; name them by reason."""
    numbers: dict[str, list[int]] = {}
    for number, reason in enumerate(reasons):
        if reason:
            numbers.setdefault(reason, []).append(number)
    if numbers:
        told = "; ".join(f"{', '.join(map(str, rows))}: {reason}" for reason, rows in numbers.items())
        count = sum(map(len, numbers.values()))
        warnings.warn(
            f"[inv-widgets] {name} is undefined (NaN) for {count} of {len(reasons)} pictures, counted from 0. {told}.",
            UndefinedMetricWarning,
            stacklevel=stacklevel,
        )
