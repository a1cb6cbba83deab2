"""How well saliency maps find an object whose place is known: EBPG, mIoU, Bbox, pointing game.

Numbers are in per cent, one a picture. Pixels outside the window (`valid`) count neither in the map nor in the mask.
Pixels of equal value share a rank fairly: those at the cut count by the expected number that a random order would take
in, so that a constant map scores what chance does, whatever its layout.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from inv_widgets.comparison.metrics.inputs import read_maps, read_masks
from inv_widgets.comparison.metrics.results import concluded, gathered
from inv_widgets.errors import kind_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inv_widgets.comparison.metrics.inputs import Given
    from inv_widgets.comparison.metrics.results import Measured

__all__ = ["bbox", "checked_share", "ebpg", "measure_bbox", "measure_ebpg", "measure_miou", "measure_pointing"]
__all__ += ["miou", "pointing"]

_EMPTY = "the mask marks no pixel of the window"
_OUTSIDE = "the map says nothing anywhere"


def ebpg(maps: Any, masks: Any, *, valid: Any = None) -> Any:
    """Energy-based pointing game: the share of a map's positive energy that lies in the mask.

    ``100 * sum(max(map, 0) * mask) / sum(max(map, 0))`` (Wang et al., Score-CAM, CVPR workshops
    2020, on localisation). 0..100, higher is better; chance is the mask's share of the window.

    Parameters
    ----------
    maps
        H x W, N x H x W, or a list of H x W: arrays or tensors, on any device.
    masks
        The ground truth, bool (or 0 and 1) of the same size; one for all maps or one each. :func:`box_mask` makes
        masks of boxes.
    valid
        bool, where the maps say something (the window); one or one each. None: everywhere but at NaN.

    Returns
    -------
    float, ndarray or tensor
        float64, one number a map, in the kind that came in; NaN with an :class:`UndefinedMetricWarning` where the mask
        is empty or no energy is positive.

    Raises
    ------
    TypeError, ValueError
        For maps and masks that do not fit each other, NaN or infinite values in the window, and masks that are not
        0 and 1.
    """
    given = read_maps(maps, valid)
    return concluded("ebpg", given, measure_ebpg(given, masks))


def miou(maps: Any, masks: Any, share: float = 20, *, valid: Any = None) -> Any:
    """Intersection over union of a map's highest pixels with the mask (Sattarzadeh et al., AAAI 2021).

    The pixels are the ``round(share / 100 * pixels of the window)`` highest ones. 0..100, higher is better.

    Parameters
    ----------
    maps, masks, valid
        See :func:`ebpg`.
    share
        Per cent of the window's pixels, above 0, at most 100.

    Returns
    -------
    float, ndarray or tensor
        As :func:`ebpg`; NaN where the mask is empty, or the share is not half a pixel.

    Raises
    ------
    TypeError, ValueError
        As :func:`ebpg`, and for an impossible share.
    """
    given = read_maps(maps, valid)
    return concluded("miou", given, measure_miou(given, masks, share))


def bbox(maps: Any, masks: Any, *, valid: Any = None) -> Any:
    """Share of a map's N highest pixels that lie in the mask, N being the mask's area.

    Schulz et al., Restricting the Flow, ICLR 2020; elsewhere relevance rank accuracy (Arras et
    al., 2022). 0..100, higher is better; chance is the mask's share of the window. Not an intersection over union.

    Parameters
    ----------
    maps, masks, valid
        See :func:`ebpg`.

    Returns
    -------
    float, ndarray or tensor
        As :func:`ebpg`; NaN where the mask is empty.

    Raises
    ------
    TypeError, ValueError
        As :func:`ebpg`.
    """
    given = read_maps(maps, valid)
    return concluded("bbox", given, measure_bbox(given, masks))


def pointing(maps: Any, masks: Any, tolerance: float = 15, *, valid: Any = None) -> Any:
    """Pointing game: whether a map's highest pixel lies in the mask, or near it (Zhang et al., ECCV 2016).

    100 or 0 a picture, their mean is the accuracy. Where several pixels are highest, the share of them that hit.

    Parameters
    ----------
    maps, masks, valid
        See :func:`ebpg`.
    tolerance
        How far from the mask a hit may lie, in pixels (Euclidean), at least 0; the paper's 15 is meant for pictures of
        about 224 pixels.

    Returns
    -------
    float, ndarray or tensor
        As :func:`ebpg`; NaN where the mask is empty.

    Raises
    ------
    TypeError, ValueError
        As :func:`ebpg`, and for an impossible tolerance.
    """
    given = read_maps(maps, valid)
    return concluded("pointing", given, measure_pointing(given, masks, tolerance))


def measure_ebpg(given: Given, masks: Any) -> Measured:
    """Measure :func:`ebpg` without a warning."""

    def rule(values: NDArray[np.float64], mask: NDArray[np.bool_], valid: NDArray[np.bool_]) -> tuple[float, str]:
        energy = np.maximum(values[valid], 0)
        peak = energy.max()
        if peak == 0:
            return math.nan, "no energy of the map is positive"
        energy /= peak  # sums stay finite
        # Not more than all of it, whatever the order of summation.
        return min(100.0, 100 * float(energy[mask[valid]].sum() / energy.sum())), ""

    return _on_each(given, masks, rule)


def measure_miou(given: Given, masks: Any, share: float = 20) -> Measured:
    """Measure :func:`miou` without a warning."""
    part = checked_share("miou", share)

    def rule(values: NDArray[np.float64], mask: NDArray[np.bool_], valid: NDArray[np.bool_]) -> tuple[float, str]:
        chosen = mask[valid]
        count = round(part * chosen.size / 100)
        if not count:
            return math.nan, f"{part:g} % of {chosen.size} pixels is not one pixel"
        common = _expected_inside(values[valid], chosen, count)
        return 100 * common / (count + np.count_nonzero(chosen) - common), ""

    return _on_each(given, masks, rule)


def measure_bbox(given: Given, masks: Any) -> Measured:
    """Measure :func:`bbox` without a warning."""

    def rule(values: NDArray[np.float64], mask: NDArray[np.bool_], valid: NDArray[np.bool_]) -> tuple[float, str]:
        chosen = mask[valid]
        area = int(np.count_nonzero(chosen))
        return 100 * _expected_inside(values[valid], chosen, area) / area, ""

    return _on_each(given, masks, rule)


def measure_pointing(given: Given, masks: Any, tolerance: float = 15) -> Measured:
    """Measure :func:`pointing` without a warning."""
    if isinstance(tolerance, bool) or not isinstance(tolerance, (int, float, np.integer, np.floating)):
        raise TypeError(f"[inv-widgets] pointing(tolerance={tolerance!r}) is {kind_of(tolerance)}: give pixels.")
    if not (math.isfinite(tolerance) and tolerance >= 0):
        raise ValueError(f"[inv-widgets] pointing(tolerance={tolerance!r}): give pixels, at least 0.")

    def rule(values: NDArray[np.float64], mask: NDArray[np.bool_], valid: NDArray[np.bool_]) -> tuple[float, str]:
        highest = valid & (values == values[valid].max())
        near = ndimage.distance_transform_edt(~mask) <= tolerance
        return 100 * float(np.count_nonzero(near & highest) / np.count_nonzero(highest)), ""

    return _on_each(given, masks, rule)


def checked_share(name: str, share: Any) -> float:
    """Refuse what is no share in per cent above 0."""
    if isinstance(share, bool) or not isinstance(share, (int, float, np.integer, np.floating)):
        raise TypeError(f"[inv-widgets] {name}(share={share!r}) is {kind_of(share)}: give per cent, above 0.")
    if not 0 < share <= 100:
        raise ValueError(f"[inv-widgets] {name}(share={share!r}) is not possible: give per cent, above 0, at most 100.")
    return float(share)


def _on_each(given: Given, masks: Any, rule: Any) -> Measured:
    truth = read_masks(masks, [each.shape for each in given.maps])

    def one(values: NDArray[np.float64], mask: NDArray[np.bool_], valid: NDArray[np.bool_]) -> tuple[float, str]:
        if not valid.any():
            return math.nan, _OUTSIDE
        mask = mask & valid
        if not mask.any():
            return math.nan, _EMPTY
        value: tuple[float, str] = rule(values, mask, valid)
        return value

    return gathered(map(one, given.maps, truth, given.valid))


def _expected_inside(values: NDArray[np.float64], inside: NDArray[np.bool_], count: int) -> float:
    """Count those of the `count` highest values that are inside; ties at the cut by their share."""
    cut = np.partition(values, values.size - count)[values.size - count]
    above, tied = values > cut, values == cut
    left = count - np.count_nonzero(above)
    return float(np.count_nonzero(inside & above) + left * np.count_nonzero(inside & tied) / np.count_nonzero(tied))
