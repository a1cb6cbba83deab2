"""Masks as data sets write them: boxes, polygons and run lengths, decoded to bool H x W arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]

__all__ = ["box_mask", "counts_mask", "polygon_mask", "runs_mask", "unpacked_counts"]

Size = tuple[int, int]
Box = tuple[float, float, float, float]


def box_mask(boxes: Iterable[Box], size: Size) -> Mask:
    """Fill boxes.

    Parameters
    ----------
    boxes
        (left, top, right, bottom) in pixels, counted from 1, right and bottom included (VOC's convention).
    size
        Height and width.
    """
    mask = np.zeros(size, np.bool_)
    for box in boxes:
        left, top, right, bottom = (round(value) for value in box)
        mask[max(top - 1, 0) : max(bottom, 0), max(left - 1, 0) : max(right, 0)] = True
    return mask


def polygon_mask(polygon: Sequence[float], size: Size) -> Mask:
    """Fill a polygon: the pixels whose middle lies inside, by the even-odd rule.

    Parameters
    ----------
    polygon
        x and y in turn, at least three points, in pixels counted from 0; pixel (0, 0) reaches to (1, 1).
    size
        Height and width.

    Raises
    ------
    ValueError
        For fewer than three points, half a point, or what is no finite number.
    """
    points = np.asarray(polygon, np.float64)
    if points.ndim != 1 or len(points) < 6 or len(points) % 2 or not np.isfinite(points).all():
        raise ValueError(f"a polygon is {len(points)} numbers: it takes x and y of three points or more")
    height, width = size
    x, y = points[0::2], points[1::2]
    x_next, y_next = np.roll(x, -1), np.roll(y, -1)
    mask = np.zeros(size, np.bool_)
    first, last = max(int(np.floor(y.min())), 0), min(int(np.ceil(y.max())), height)
    for row in range(first, last):
        middle = row + 0.5
        crossed = (y <= middle) != (y_next <= middle)
        # The first pixel whose middle lies right of each crossing.
        rise = (middle - y[crossed]) / (y_next[crossed] - y[crossed])
        places = x[crossed] + rise * (x_next[crossed] - x[crossed])
        starts = np.clip(np.ceil(np.sort(places) - 0.5), 0, width).astype(np.int64)
        for left, right in zip(starts[0::2], starts[1::2], strict=True):
            mask[row, left:right] = True
    return mask


def counts_mask(counts: Sequence[int], size: Size) -> Mask:
    """Decode COCO's run lengths: runs of 0 and 1 in turn, 0 first, column by column.

    Parameters
    ----------
    counts
        Lengths of the runs, that add up to height x width.
    size
        Height and width.

    Raises
    ------
    ValueError
        Where they do not fit the size.
    """
    lengths = np.asarray(counts)
    whole = lengths.ndim == 1 and (lengths.size == 0 or np.issubdtype(lengths.dtype, np.integer))
    pixels = size[0] * size[1]
    if not whole or (lengths < 0).any() or (lengths > pixels).any() or int(lengths.sum()) != pixels:
        raise ValueError(f"run lengths do not add up to {size[0]} x {size[1]} pixels")
    values = np.arange(len(lengths)) % 2 == 1
    flat: Mask = np.repeat(values, lengths)
    return np.ascontiguousarray(flat.reshape(size, order="F"))


def unpacked_counts(packed: str) -> list[int]:
    """Unpack COCO's compressed run lengths.

    Five bits a character (its code - 48), the lowest first, bit 5 says that more follow; signed. From the fourth run on
    a number is the difference from the one two before.

    Raises
    ------
    ValueError
        Where it is cut off or has other characters.
    """
    counts: list[int] = []
    value = shift = 0
    for sign in packed:
        code = ord(sign) - 48
        if not 0 <= code < 64 or shift > 50:
            raise ValueError(f"compressed run lengths have the character {sign!r}")
        value |= (code & 31) << shift
        shift += 5
        if code & 32:
            continue
        if code & 16:
            value -= 1 << shift
        counts.append(value + (counts[-2] if len(counts) > 2 else 0))
        value = shift = 0
    if shift:
        raise ValueError("compressed run lengths are cut off")
    return counts


def runs_mask(text: str, size: Size) -> Mask:
    """Decode Severstal's (Kaggle's) run lengths: start and length in turn, from 1, column by column.

    Parameters
    ----------
    text
        Numbers with spaces between.
    size
        Height and width.

    Raises
    ------
    ValueError
        Where they are no pairs of numbers, or leave the picture.
    """
    numbers: list[Any] = text.split()
    if len(numbers) % 2 or not all(number.isdecimal() for number in numbers):
        raise ValueError("run lengths are no pairs of start and length")
    flat = np.zeros(size[0] * size[1], np.bool_)
    for start, length in zip(map(int, numbers[0::2]), map(int, numbers[1::2]), strict=True):
        if start < 1 or start - 1 + length > len(flat):
            raise ValueError(f"the run {start} {length} leaves a picture of {size[0]} x {size[1]} pixels")
        flat[start - 1 : start - 1 + length] = True
    return np.ascontiguousarray(flat.reshape(size, order="F"))
