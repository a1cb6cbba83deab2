"""One layer's maps and weights: per cent, and which maps are kept (docs/method.md, steps 2 and 3).

Knows numpy only: what comes from the network is handed in. What it does on a device is in :mod:`.device_pruning`.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from inv_widgets.analysis import pruning_loops
from inv_widgets.analysis.compiled import compiled

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from inv_widgets.recipe import Recipe

__all__ = ["Pruned", "Weighed", "per_cent", "prune", "weigh_and_prune", "weighed"]

_ABSURD = 1e35  # a hundred times this, summed, still fits float32


@dataclass(frozen=True)
class Weighed:
    """What the maps of a layer weigh, and which of them are kept.

    Attributes
    ----------
    kept
        int, shape (k,): the indices of those that are.
    weights, share
        float64, shape (C,): every map's weight, in units of the class score per activation, and in per cent.
    total
        The sum of the positive weights.
    usable
        bool, shape (C,): False for maps that hold NaN, infinite or absurd values, or have such a weight.
    alive
        Whether any usable map is anywhere other than 0.
    """

    kept: NDArray[np.intp]
    weights: NDArray[np.float64]
    share: NDArray[np.float64]
    total: float
    usable: NDArray[np.bool_]
    alive: bool

    @property
    def left(self) -> NDArray[np.float32]:
        """The shares of the maps that are not kept, 0 for those that are; shape (C,)."""
        left = self.share.astype(np.float32)
        left[self.kept] = 0
        return left

    def pruned(self, maps: NDArray[np.float32], pruned_sum: NDArray[np.float32]) -> Pruned:
        """Put the kept maps and the sum of the others to it."""
        return Pruned(**vars(self), maps=maps, pruned_sum=pruned_sum)


@dataclass(frozen=True)
class Pruned(Weighed):
    """What a column is made of: the maps of a layer that are kept, and what must be known of the others.

    Attributes
    ----------
    maps
        float32, shape (k, h, w): the kept maps.
    pruned_sum
        float32, shape (h, w): the sum of the pruned maps, each times its share.
    """

    maps: NDArray[np.float32]
    pruned_sum: NDArray[np.float32]


def prune(maps: NDArray[np.float32], weights: NDArray[np.float64], recipe: Recipe) -> Pruned:
    """Keep the maps of a layer that weigh enough.

    Parameters
    ----------
    maps
        float32, shape (C, h, w).
    weights
        float64, shape (C,).
    recipe
        Its `prune_below` counts.
    """
    flat = maps.reshape(len(maps), -1)
    return _pruned(maps, flat.max(axis=1), flat.min(axis=1), weights, recipe)  # NaN where a map holds one


def weigh_and_prune(
    weighting: str, size: int
) -> Callable[[NDArray[np.float32], NDArray[np.float32], Recipe], Pruned] | None:
    """Give a function that weighs a layer's maps and prunes them, without torch and without Python's lock.

    It takes float32 maps and gradients, both (C, h, w), and a recipe. There is none without numba, for weightings of
    one's own, and for gradients of more than float32.

    Parameters
    ----------
    weighting
        As a :class:`Recipe` has it.
    size
        Of one number of the gradients as the network made them, in bytes.
    """
    known = weighting in {"guided", "grad_cam"} and size <= 4
    loop = compiled(pruning_loops.survey, pruning_loops.SURVEY) if known else None
    return functools.partial(_surveyed, loop, weighting == "guided") if loop else None


def weighed(high: NDArray[Any], low: NDArray[Any], weights: NDArray[np.float64], recipe: Recipe) -> Weighed:
    """Tell which maps are kept from each map's largest and smallest value and its weight, all of shape (C,)."""
    usable = (high < _ABSURD) & (low > -_ABSURD) & np.isfinite(weights)
    weights = np.where(usable, weights, 0)
    share, total = per_cent(weights)
    alive = bool((high[usable] != 0).any() or (low[usable] != 0).any())
    kept = np.flatnonzero((share > 0) & (share >= recipe.prune_below * 100 / len(share)) & alive)
    return Weighed(kept, weights, share, total, usable, alive)


def per_cent(weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Normalise weights so that the positive ones sum to 100 (docs/method.md, step 2).

    Returns
    -------
    share, total
        float64, shape (C,), per cent, zeros where no weight is positive; and the sum of the positive weights.
    """
    total = float(np.maximum(weights, 0).sum())
    if not total > 0:
        return np.zeros_like(weights), 0.0
    # By the largest first: tiny weights would lose their digits.
    largest = np.abs(weights).max()
    scaled = weights / largest
    return scaled * (100 / np.maximum(scaled, 0).sum()), total


def _surveyed(
    survey: Callable[..., None], guided: bool, maps: NDArray[np.float32], gradients: NDArray[np.float32], recipe: Recipe
) -> Pruned:
    channels = len(maps)
    bits = maps.reshape(channels, -1).view(np.int32)
    ends, weights = np.empty((2, channels), np.int32), np.empty(channels)
    survey(bits, gradients.reshape(channels, -1), guided, ends, weights)
    high, low = ends.view(np.float32)
    return _pruned(maps, high, low, weights, recipe)


def _pruned(
    maps: NDArray[np.float32], high: NDArray[Any], low: NDArray[Any], weights: NDArray[np.float64], recipe: Recipe
) -> Pruned:
    flat = maps.reshape(len(maps), -1)
    found = weighed(high, low, weights, recipe)
    if not found.usable.all():
        flat = np.where(found.usable[:, None], flat, 0)
    return found.pruned(maps[found.kept], (found.left @ flat).reshape(maps.shape[1:]))
