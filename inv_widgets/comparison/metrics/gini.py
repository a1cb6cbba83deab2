"""How few pixels a saliency map rests on."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from inv_widgets.comparison.metrics.inputs import read_maps
from inv_widgets.comparison.metrics.results import concluded, gathered

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inv_widgets.comparison.metrics.inputs import Given
    from inv_widgets.comparison.metrics.results import Measured

__all__ = ["measure_sparseness", "sparseness"]


def sparseness(maps: Any, *, valid: Any = None) -> Any:
    """Gini index of a map's absolute values (Chalasani et al., ICML 2020).

    With values ``v_1 <= ... <= v_d``: ``sum((2 i - d - 1) v_i) / (d sum(v))``. 0: all pixels weigh the same;
    ``1 - 1 / d``: one pixel of `d` weighs all. It says how a map looks, not whether it is right.

    Parameters
    ----------
    maps
        H x W, N x H x W, or a list of H x W: arrays or tensors, on any device.
    valid
        bool, where the maps say something (the window); one or one each. None: everywhere but at NaN.

    Returns
    -------
    float, ndarray or tensor
        float64, 0..1, one number a map, in the kind that came in; NaN with an :class:`UndefinedMetricWarning` where a
        map is 0 everywhere.

    Raises
    ------
    TypeError, ValueError
        For what are no maps, and NaN or infinite values in the window.
    """
    given = read_maps(maps, valid)
    return concluded("sparseness", given, measure_sparseness(given))


def measure_sparseness(given: Given) -> Measured:
    """Measure :func:`sparseness` without a warning."""
    return gathered(map(_gini, given.maps, given.valid))


def _gini(values: NDArray[np.float64], valid: NDArray[np.bool_]) -> tuple[float, str]:
    ordered = np.sort(np.abs(values[valid]))
    if not ordered.size:
        return math.nan, "the map says nothing anywhere"
    if ordered[-1] == 0:
        return math.nan, "the map is 0 everywhere"
    if ordered[0] == ordered[-1]:
        return 0.0, ""  # not by the sum: it rounds
    ordered /= ordered[-1]  # sums stay finite
    count = ordered.size
    weights = 2 * np.arange(1, count + 1) - count - 1
    return max(0.0, float((weights * ordered).sum() / (count * ordered.sum()))), ""
