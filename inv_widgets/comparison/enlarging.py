"""Maps laid on pictures, with numpy alone: bilinear inside the window, averaged where cells are smaller than pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["laid_on"]

Window = tuple[float, float, float, float]


def laid_on(values: NDArray[np.float32], height: int, width: int, window: Window) -> NDArray[np.float32]:
    """Lay a map on a picture.

    Parameters
    ----------
    values
        The map, shape (h, w), of what the network sees.
    height, width
        Of the picture, in pixels.
    window
        (left, top, width, height) of what the network sees, in pixels of the picture; it may leave the picture.

    Returns
    -------
    ndarray
        float32, shape (height, width); pixels whose centre lies outside the window are 0.
    """
    left, top, across, down = window
    rows, seen_rows = _weights(height, values.shape[0], top, down)
    columns, seen_columns = _weights(width, values.shape[1], left, across)
    laid = np.zeros((height, width), np.float32)
    laid[seen_rows, seen_columns] = rows @ values.astype(np.float64) @ columns.T
    return laid


def _weights(length: int, cells: int, start: float, extent: float) -> tuple[NDArray[np.float64], slice]:
    """Give the weights of a window's cells at each pixel inside, shape (pixels, cells), and which pixels these are."""
    at = (np.arange(length) + 0.5 - start) / extent * cells - 0.5
    inside = slice(*np.searchsorted(at, (-0.5, cells - 0.5)))
    at = at[inside]
    stretch = max(1.0, cells / extent)
    # The border goes on beyond the window: taps out there count for the outermost cells.
    reach = int(np.ceil(stretch))
    taps = np.floor(at)[:, None] + np.arange(-reach, reach + 2)
    weights = np.maximum(0.0, 1.0 - np.abs(taps - at[:, None]) / stretch)
    weights /= weights.sum(1)[:, None]
    matrix = np.zeros((len(at), cells))
    np.add.at(matrix, (np.arange(len(at))[:, None], np.clip(taps, 0, cells - 1).astype(int)), weights)
    return matrix, inside
