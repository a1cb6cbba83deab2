"""What a metric is given, checked once: saliency maps, ground-truth masks, and where the maps say anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from inv_widgets.errors import kind_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Given", "box_mask", "read_maps", "read_masks", "window_mask"]


@dataclass(frozen=True, eq=False)
class Given:
    """Saliency maps as they came in.

    Attributes
    ----------
    maps
        N maps, float64, each H x W (sizes may differ); 0 where they say nothing.
    valid
        For each where it says something, bool, H x W.
    single
        Whether one map was given by itself: then the result is one number.
    device
        Where the first map was, if it is a tensor; None: the result is NumPy's.
    """

    maps: tuple[NDArray[np.float64], ...]
    valid: tuple[NDArray[np.bool_], ...]
    single: bool
    device: Any = None

    def __len__(self) -> int:
        return len(self.maps)

    def result(self, values: NDArray[np.float64]) -> Any:
        """Give numbers, one a map, in the kind that the maps came in: float, array or tensor (float64)."""
        return self.alike(values[0] if self.single else values)

    def alike(self, values: Any) -> Any:
        """Give a number or an array in the kind that the maps came in."""
        if self.device is None:
            return np.asarray(values) if np.ndim(values) else float(values)
        import torch

        tensor = torch.as_tensor(values, dtype=torch.float64)
        # Apple's GPUs have no float64.
        return tensor.to(self.device, torch.float32) if self.device.type == "mps" else tensor.to(self.device)


def read_maps(maps: Any, valid: Any = None, *, name: str = "valid") -> Given:
    """Check saliency maps.

    Parameters
    ----------
    maps
        H x W, N x H x W, or a list of N maps H x W whose sizes may differ; arrays or tensors of any real type on any
        device, signed or not.
    valid
        Where the maps say something: bool (or 0 and 1), one H x W for all, or one a map. None: everywhere but at NaN.
    name
        What errors call `valid`.

    Raises
    ------
    TypeError, ValueError
        For no map, another shape or type, NaN or infinite values where the map is valid, and a `valid` that does not
        fit.
    """
    device = _device_of(maps)
    parts, single = _parts(maps, "The saliency maps are", "H x W, N x H x W or a list of H x W")
    arrays = [_numbers(part, f"Saliency map {number}") for number, part in enumerate(parts)]
    shapes = [array.shape for array in arrays]
    inside = [~np.isnan(array) for array in arrays] if valid is None else read_masks(valid, shapes, name=name)
    for number, (array, where) in enumerate(zip(arrays, inside, strict=True)):
        bad = int(np.count_nonzero(~np.isfinite(array[where])))
        if bad:
            raise ValueError(
                f"[inv-widgets] {bad} of the {np.count_nonzero(where)} pixels of saliency map {number} that lie in the "
                "window are NaN or infinite: replace them, or mark them as outside (NaN, or valid=)."
            )
    cleaned = (np.where(where, array, 0.0) for array, where in zip(arrays, inside, strict=True))
    return Given(tuple(cleaned), tuple(inside), single, device)


def read_masks(masks: Any, shapes: Sequence[tuple[int, ...]], *, name: str = "masks") -> list[NDArray[np.bool_]]:
    """Check masks; one mask serves for all maps.

    Parameters
    ----------
    masks
        bool, or numbers that are all 0 or 1: H x W, N x H x W, or a list of H x W; arrays or tensors.
    shapes
        (H, W) of each map.
    name
        What errors call them.

    Returns
    -------
    list of ndarray
        bool, one a map.

    Raises
    ------
    TypeError, ValueError
        For another number of masks than maps, another size, and other values.
    """
    parts, _ = _parts(masks, f"{name} is", "bool, of the maps' size: H x W, N x H x W or a list of H x W")
    arrays = [_numbers(part, f"{name}: number {number}") for number, part in enumerate(parts)]
    if len(arrays) == 1:
        arrays *= len(shapes)
    if len(arrays) != len(shapes):
        raise ValueError(
            f"[inv-widgets] {name}: {len(arrays)} for {len(shapes)} saliency maps: give one for each, or one for all."
        )
    for number, (array, shape) in enumerate(zip(arrays, shapes, strict=True)):
        if array.shape != tuple(shape):
            raise ValueError(
                f"[inv-widgets] {name}: number {number} is {_size(array.shape)} but its saliency map is "
                f"{_size(shape)}: give both at the picture's size."
            )
        other = array[(array != 0) & (array != 1)]
        if other.size:
            raise ValueError(
                f"[inv-widgets] {name}: number {number} holds {other[0]:g}: give bool, such as mask > 0 or "
                "labels == 7, or inv.metrics.box_mask(boxes, shape)."
            )
    return [array == 1 for array in arrays]


def box_mask(boxes: Any, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Make the mask of one or several boxes: the pixels whose centre lies in one of them.

    Parameters
    ----------
    boxes
        (left, top, right, bottom) or several of them, in pixels: edges, not indices, so that (0, 0, W, H) is the whole
        picture. A VOC annotation counts pixels from 1 and includes the last one: take 1 from its xmin and ymin.
    shape
        (H, W) of the picture.

    Returns
    -------
    ndarray
        bool, H x W.

    Raises
    ------
    ValueError
        For anything but four finite numbers a box, with right above left and bottom above top.
    """
    array = np.asarray(boxes, dtype=np.float64)
    array = array[None] if array.ndim == 1 else array
    if array.ndim != 2 or array.shape[1] != 4 or not np.isfinite(array).all():
        raise ValueError(
            f"[inv-widgets] boxes={boxes!r} is not possible: give (left, top, right, bottom) in pixels, or a list."
        )
    mask = np.zeros(shape, bool)
    for left, top, right, bottom in array:
        if right <= left or bottom <= top:
            raise ValueError(
                f"[inv-widgets] The box {(left, top, right, bottom)} is empty: give (left, top, right, bottom)."
            )
        mask |= window_mask((left, top, right - left, bottom - top), shape)
    return mask


def window_mask(window: tuple[float, float, float, float], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Mark the pixels of a picture whose centre lies in a window, such as ``net.window(H, W)``: what the network saw.

    Parameters
    ----------
    window
        (left, top, width, height) in pixels of the picture; can reach beyond it.
    shape
        (H, W) of the picture.

    Returns
    -------
    ndarray
        bool, H x W.
    """
    left, top, width, height = window
    rows, columns = np.arange(shape[0]) + 0.5, np.arange(shape[1]) + 0.5
    in_rows, in_columns = (rows >= top) & (rows < top + height), (columns >= left) & (columns < left + width)
    mask: NDArray[np.bool_] = in_rows[:, None] & in_columns
    return mask


def _is_tensor(value: Any) -> bool:
    return callable(getattr(value, "detach", None)) and callable(getattr(value, "cpu", None))


def _device_of(maps: Any) -> Any:
    first = maps[0] if isinstance(maps, (list, tuple)) and maps else maps
    return first.device if _is_tensor(first) else None


def _parts(given: Any, subject: str, wanted: str) -> tuple[list[Any], bool]:
    """Split into one H x W each; say whether there was one by itself."""
    if isinstance(given, (list, tuple)):
        parts, single = list(given), False
    elif _is_tensor(given) or isinstance(given, np.ndarray):
        if given.ndim not in {2, 3}:
            raise ValueError(f"[inv-widgets] {subject} of shape {_size(given.shape)}: give {wanted}.")
        parts, single = ([given], True) if given.ndim == 2 else (list(given), False)
    else:
        raise TypeError(f"[inv-widgets] {subject} {kind_of(given)}: give an array or tensor, {wanted}.")
    if not parts:
        raise ValueError(f"[inv-widgets] {subject} empty: give {wanted}, at least one.")
    return parts, single


def _numbers(given: Any, subject: str) -> NDArray[np.float64]:
    if _is_tensor(given):
        if given.is_complex():
            raise TypeError(f"[inv-widgets] {subject} is complex: give real numbers.")
        given = given.detach().cpu().double().numpy()
    if not isinstance(given, np.ndarray):
        raise TypeError(f"[inv-widgets] {subject} is {kind_of(given)}: give an array or tensor H x W.")
    if given.dtype.kind not in "fiub":
        raise TypeError(f"[inv-widgets] {subject} is of {given.dtype}: give real numbers.")
    if given.ndim != 2 or not given.size:
        raise ValueError(f"[inv-widgets] {subject} is of shape {_size(given.shape)}: give H x W, at least one pixel.")
    with np.errstate(over="ignore"):  # a long double beyond float64 is refused as infinite
        return given.astype(np.float64)


def _size(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape)) or "scalar"
