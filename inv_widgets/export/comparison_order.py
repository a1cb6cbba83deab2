"""In which order a comparison's methods and pictures stand: as asked for, or by a measure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from inv_widgets.comparison.comparison_frames import COSTS
from inv_widgets.comparison.metrics.registry import METRICS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from inv_widgets.comparison.comparison_result import ComparedMap, ComparisonResult

__all__ = ["BY", "method_order", "picture_order", "value_of"]

BY = (*METRICS, *COSTS)
"""What methods can be ordered by; pictures also by ``"name"`` and ``"probability"``."""


def method_order(result: ComparisonResult, by: str | None) -> list[int]:
    """Give the methods' places, best mean first (``"-measure"``: worst first)."""
    places = list(range(len(result.methods)))
    if by is None:
        return places
    measure = by.removeprefix("-")

    def mean(place: int) -> float:
        return _mean(value_of(row[place], measure) for row in result.maps)

    return _ordered(places, mean, by)


def picture_order(result: ComparisonResult, by: str | None, methods: Collection[int]) -> list[int]:
    """Give the pictures' places: by name, by probability, or by a measure's mean over `methods`, best first."""
    places = list(range(len(result.pictures)))
    if by is None:
        return places
    measure = by.removeprefix("-")
    if measure == "name":
        return sorted(places, key=lambda place: result.pictures[place].name, reverse=by.startswith("-"))
    if measure == "probability":
        return _ordered(places, lambda place: result.pictures[place].probability, by)

    def mean(place: int) -> float:
        return _mean(value_of(result.maps[place][method], measure) for method in methods)

    return _ordered(places, mean, by)


def value_of(found: ComparedMap, measure: str) -> float:
    """Give a measure's value, or NaN."""
    return float(getattr(found, measure) if measure in COSTS else found.metrics.get(measure, math.nan))


def _ordered(places: Sequence[int], value: Callable[[int], float], by: str) -> list[int]:
    measure = by.removeprefix("-")
    lower = measure in COSTS or (measure in METRICS and METRICS[measure].better == "lower")
    sign = 1 if lower != by.startswith("-") else -1
    known = [(place, value(place)) for place in places]
    return [
        place for place, one in sorted(known, key=lambda pair: (math.isnan(pair[1]), _finite(sign * pair[1]), pair[0]))
    ]


def _finite(value: float) -> float:
    return 0.0 if math.isnan(value) else value


def _mean(values: Any) -> float:
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan
