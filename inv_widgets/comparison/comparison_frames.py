"""A comparison as tidy frames: every value, and means with bootstrap intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from inv_widgets.comparison.metrics.registry import METRICS
from inv_widgets.comparison.parameters import check_number, check_seed
from inv_widgets.summary.spread import Bootstrap

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from inv_widgets.comparison.comparison_result import ComparedMap, ComparisonResult

__all__ = ["COSTS", "measures", "summarized", "tidy", "unit_of"]

COSTS = {"seconds": "s", "forwards": "passes", "backwards": "passes", "peak_memory": "bytes"}
"""What a method took, beside its metrics: measure and unit. Lower is better."""


def unit_of(measure: str) -> str:
    """Give a measure's unit, or ""."""
    return COSTS[measure] if measure in COSTS else METRICS[measure].unit


def measures(result: ComparisonResult) -> list[str]:
    """List the metrics and costs that at least one map has a number for."""
    found = {name for _, _, each in result.rows() for name, value in _values(each).items() if not np.isnan(value)}
    return [name for name in (*result.metrics, *COSTS) if name in found]


def tidy(result: ComparisonResult) -> pd.DataFrame:
    """Give a row a picture, method and measure."""
    import pandas as pd

    rows = [
        {
            "picture": picture.name,
            "method": method.key,
            "target": picture.target_name,
            "measure": measure,
            "value": value,
            "unit": unit_of(measure),
            "reason": found.error or found.reasons.get(measure, ""),
        }
        for picture, method, found in result.rows()
        for measure, value in _values(found).items()
        if measure in COSTS or measure in result.metrics
    ]
    return pd.DataFrame(rows, columns=["picture", "method", "target", "measure", "value", "unit", "reason"])


def summarized(result: ComparisonResult, *, level: float, draws: int, seed: int) -> pd.DataFrame:
    """Give means with percentile bootstrap intervals over pictures."""
    import pandas as pd

    if check_number("level", level, 0) >= 100:
        raise ValueError(f"[inv-widgets] level={level!r} is not possible: give per cent between 0 and 100.")
    bootstrap = Bootstrap(draws=draws, confidence=level / 100, seed=check_seed(seed))
    count = len(result.pictures)
    drawn = bootstrap.counts(count) if count else np.zeros((draws, 0))
    rows = []
    for place, method in enumerate(result.methods):
        numbers = [_values(row[place]) for row in result.maps]
        for measure in (*result.metrics, *COSTS):
            values = np.array([each.get(measure, np.nan) for each in numbers])
            rows.append({"method": method.key, "measure": measure, **_mean(values, drawn, bootstrap.shares)})
    frame = pd.DataFrame(rows, columns=["method", "measure", "mean", "low", "high", "n", "n_undefined"])
    frame.insert(5, "unit", [unit_of(measure) for measure in frame["measure"]])
    return frame


def _mean(values: NDArray[np.float64], drawn: NDArray[np.float64], shares: tuple[float, float]) -> dict[str, Any]:
    known = ~np.isnan(values)
    n = int(known.sum())
    mean = low = high = np.nan
    if n:
        mean = float(values[known].mean())
        # A draw without a picture that has a number has no mean.
        counts = drawn @ known
        means = (drawn @ np.where(known, values, 0.0))[counts > 0] / counts[counts > 0]
        low, high = np.quantile(means, shares)
    return {"mean": mean, "low": float(low), "high": float(high), "n": n, "n_undefined": len(values) - n}


def _values(found: ComparedMap) -> dict[str, float]:
    return {**found.metrics, **{name: getattr(found, name) for name in COSTS}}
