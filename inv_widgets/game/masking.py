"""Which pixels a player may see: the top ones of a cluster map, by rank, and their soft edge (docs/method.md)."""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from inv_widgets.errors import kind_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from inv_widgets.explanation import Window
    from inv_widgets.recipe import Recipe

__all__ = ["blur_sigma", "near", "reveal_mask", "reveal_masks", "scattered", "soft_mask"]

_BLUR_PICTURE = 512  # docs/method.md gives sigma in pixels of pictures of this size, whatever size the game shows


def reveal_mask(
    map: ArrayLike,  # noqa: A002 (the field's word, and a public name)
    shape: tuple[int, int],
    share: float,
    *,
    window: Window | None = None,
    seed: int = 0,
) -> NDArray[np.bool_]:
    """Mark the pixels of a picture where a cluster map is highest: exactly ``round(share * H * W / 100)`` of them.

    The map is enlarged linearly between its cells' centres (no overshoot: beside a peak nothing ranks below the flat
    ground). Pixels are ranked by its value; equal ones stand in an order that `seed` alone fixes. A larger share always
    contains a smaller one.

    Parameters
    ----------
    map
        Finite numbers, shape (h, w).
    shape
        (H, W) of the picture, in pixels.
    share
        Per cent of the picture, 0..100.
    window
        (left, top, width, height) in pixels of `shape`: what the map covers, by default all of it; can reach beyond.
        Pixels whose centre lies outside rank last.
    seed
        Orders pixels of equal value.

    Returns
    -------
    ndarray
        bool, shape (H, W).

    Raises
    ------
    TypeError, ValueError
        For a map that is not two-dimensional, is empty or holds NaN or infinite values; for an impossible shape, share,
        window or seed.
    """
    return reveal_masks(map, shape, [share], window=window, seed=seed)[0]


def reveal_masks(
    map: ArrayLike,  # noqa: A002
    shape: tuple[int, int],
    shares: Sequence[float],
    *,
    window: Window | None = None,
    seed: int = 0,
) -> list[NDArray[np.bool_]]:
    """Make the masks of several shares, as :func:`reveal_mask` does one by one, in less time."""
    values = _checked_map(map)
    height, width = _checked_shape(shape)
    shares = [_checked_share(share) for share in shares]
    key = _checked_seed(seed)
    left, top, across, down = (0.0, 0.0, float(width), float(height)) if window is None else _checked_window(window)

    rows = (np.arange(height, dtype=np.float64) + 0.5 - top) / down
    columns = (np.arange(width, dtype=np.float64) + 0.5 - left) / across
    ranked = _interpolated(_interpolated(values, rows).T, columns).T
    ranked[~((rows >= 0) & (rows <= 1)), :] = -np.inf
    ranked[:, ~((columns >= 0) & (columns <= 1))] = -np.inf
    flat = np.ascontiguousarray(ranked).ravel()
    counts = [round(share * height * width / 100) for share in shares]
    return [_highest(flat, count, key).reshape(height, width) for count in counts]


def blur_sigma(map_side: float, longer_side: float, recipe: Recipe) -> float:
    """Give the sigma of a mask's soft edge, in pixels: the table of Recipe.reveal_blur.

    Parameters
    ----------
    map_side
        The longer side of the cluster map, in cells. Between the table's sides sigma is linear in the side's logarithm;
        beyond them it stays what it is at the last one.
    longer_side
        The longer side of the masked picture, in pixels: ``recipe.reveal_blur`` is in 512ths of it.
    recipe
        Holds the table.

    Raises
    ------
    ValueError
        If a side is not a positive number.
    """
    for name, side in (("map_side", map_side), ("longer_side", longer_side)):
        if not (math.isfinite(side) and side > 0):
            raise ValueError(f"[inv-widgets] blur_sigma({name}={side!r}) is not possible: give a number above 0.")
    table = np.array(sorted(recipe.reveal_blur))
    sigma = np.interp(math.log(map_side), np.log(table[:, 0]), table[:, 1])
    return float(sigma) * longer_side / _BLUR_PICTURE


def soft_mask(hard: NDArray[np.bool_], sigma: float, truncate: float = 1.5) -> NDArray[np.float32]:
    """Soften a mask's edge with a Gaussian that is cut off at ``truncate * sigma`` pixels (rounded).

    Parameters
    ----------
    hard
        bool, shape (H, W). Beyond the picture's edge the mask goes on as at the edge.
    sigma
        In pixels; 0 leaves the edge hard.
    truncate
        In sigmas.

    Returns
    -------
    ndarray
        float32, shape (H, W), 0..1: exactly 0 where no shown pixel lies within the cut-off.

    Raises
    ------
    ValueError
        If the mask is not two-dimensional, or sigma or truncate is negative or no finite number.
    """
    hard = np.asarray(hard)
    if hard.ndim != 2 or hard.dtype != np.bool_:
        raise ValueError(
            f"[inv-widgets] A hard mask is a bool array, H x W, not {hard.dtype} of shape {hard.shape}: give what "
            "reveal_mask returned."
        )
    for name, value in (("sigma", sigma), ("truncate", truncate)):
        if not (math.isfinite(value) and value >= 0):
            raise ValueError(f"[inv-widgets] soft_mask({name}={value!r}) is not possible: give a number of at least 0.")
    soft = hard.astype(np.float32)
    if sigma > 0 and hard.any():
        reached = near(hard, sigma, truncate)
        soft[reached] = ndimage.gaussian_filter(soft[reached], sigma, truncate=truncate, mode="nearest")
    return np.clip(soft, 0, 1)


def near(hard: NDArray[np.bool_], sigma: float, truncate: float) -> tuple[slice, slice]:
    """Bound the pixels that a mask's soft edge can reach: slices of rows and columns.

    At the bounds the mask is 0 (or they are the picture's), so that the blur within them is that of the whole.
    """
    reach = int(truncate * sigma + 0.5) + 1  # scipy's radius, and one
    bounds = []
    for axis in (1, 0):
        shown = np.flatnonzero(hard.any(axis))
        bounds.append(slice(max(0, shown[0] - reach), shown[-1] + reach + 1) if shown.size else slice(0, 0))
    return bounds[0], bounds[1]


def _interpolated(values: NDArray[np.float64], places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Read rows of `values` at places 0..1 of its height, linearly between the cells' centres."""
    n_cells = len(values)
    cells = np.clip(places * n_cells - 0.5, 0, n_cells - 1)
    low = np.minimum(cells.astype(np.intp), max(0, n_cells - 2))
    high = np.minimum(low + 1, n_cells - 1)
    # As a step from the lower cell: between equal cells the result is equal to the bit, so that ties stay ties.
    result: NDArray[np.float64] = values[low] + (cells - low)[:, None] * (values[high] - values[low])
    return result


def _highest(values: NDArray[np.float64], n: int, key: int) -> NDArray[np.bool_]:
    """Mark the `n` highest of a flat array; of equal ones those that come first in the key's order."""
    if n in {0, values.size}:
        return np.full(values.size, n > 0)
    threshold = np.partition(values, values.size - n)[values.size - n]
    mask: NDArray[np.bool_] = values > threshold
    tied = np.flatnonzero(values == threshold)
    order = np.argsort(scattered(tied, key))
    mask[tied[order[: n - np.count_nonzero(mask)]]] = True
    return mask


def scattered(indices: NDArray[np.intp], key: int) -> NDArray[np.uint64]:
    """Map indices one to one to numbers in no visible order (SplitMix64, Steele et al. 2014).

    numpy's generators may change with its version; a mask may not.
    """
    golden = 0x9E3779B97F4A7C15
    z = (indices.astype(np.uint64) + np.uint64(key * golden % 2**64)) * np.uint64(golden)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def _checked_map(given: Any) -> NDArray[np.float64]:
    values = np.asarray(given)
    if values.dtype.kind not in "fiub":
        raise TypeError(f"[inv-widgets] A cluster map holds numbers, not {values.dtype}: give an array of floats.")
    if values.ndim != 2 or not values.size:
        raise ValueError(
            f"[inv-widgets] A cluster map has two dimensions, h x w, of at least one cell, not the shape "
            f"{values.shape}: give one map, such as ClusterMap.map."
        )
    values = values.astype(np.float64)
    if not np.isfinite(values).all():
        n_bad = int(np.count_nonzero(~np.isfinite(values)))
        raise ValueError(
            f"[inv-widgets] {n_bad} of this map's {values.size} cells are NaN or infinite and have no rank: replace "
            "them, for example with the map's minimum."
        )
    peak = np.abs(values).max()
    return values / peak if peak > 1e300 else values  # differences of such cells overflow


def _checked_shape(shape: Any) -> tuple[int, int]:
    try:
        height, width = (operator.index(side) for side in shape)
    except (TypeError, ValueError):
        height = width = 0
    if height < 1 or width < 1:
        raise ValueError(
            f"[inv-widgets] shape={shape!r} is not possible: give (height, width) in pixels, picture.shape[:2]."
        )
    return height, width


def _checked_share(share: Any) -> float:
    try:
        number = float(share)
    except (TypeError, ValueError):
        raise TypeError(
            f"[inv-widgets] share={share!r} is {kind_of(share)}: give per cent of the picture, 0..100."
        ) from None
    if not 0 <= number <= 100:
        raise ValueError(f"[inv-widgets] share={share!r} is not possible: give per cent of the picture, 0..100.")
    return number


def _checked_seed(seed: Any) -> int:
    if isinstance(seed, bool) or not hasattr(seed, "__index__"):
        raise TypeError(f"[inv-widgets] seed={seed!r} is {kind_of(seed)}: give a whole number.")
    return operator.index(seed)


def _checked_window(window: Any) -> tuple[float, float, float, float]:
    try:
        left, top, width, height = (float(number) for number in window)
    except (TypeError, ValueError):
        left = top = width = height = math.nan
    if not (all(map(math.isfinite, (left, top, width, height))) and width > 0 and height > 0):
        raise ValueError(
            f"[inv-widgets] window={window!r} is not possible: give (left, top, width, height) in pixels, width and "
            "height above 0."
        )
    return left, top, width, height
