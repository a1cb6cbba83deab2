"""A cluster map laid on its picture, where the network saw it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from inv_widgets.export.colour_maps import colour_map as _colour_map

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inv_widgets.explanation import Window

__all__ = ["overlay", "place", "resized"]


def overlay(  # noqa: PLR0913 (what is laid, on what, where, how)
    picture: NDArray[np.uint8],
    values: NDArray[np.float32],
    window: Window,
    *,
    size: tuple[int, int],
    colour_map: str = "viridis",
    opacity: float = 0.6,
) -> NDArray[np.uint8]:
    """Blend a map into a picture; outside the window the picture stays as it is.

    Parameters
    ----------
    picture
        uint8, shape (H, W, 3).
    values
        float32, shape (h, w), 0..1: covers the window.
    window
        (left, top, width, height) in pixels of `picture`; can reach beyond it.
    size
        (width, height) of the result in pixels.
    colour_map
        One of the five colour maps.
    opacity
        0 shows the picture alone, 1 the map alone.

    Returns
    -------
    ndarray
        uint8, shape (height, width, 3).
    """
    shown, coverage = place(values, window, picture.shape[:2], size)
    # Between two of the 256 colours the nearest one is exact enough: a step is under one grey level in most of them.
    colours = _colour_map(colour_map)[np.rint(shown * 255).astype(np.uint8)]
    alpha = (coverage * opacity)[..., None]
    blended: NDArray[np.uint8] = np.rint(resized(picture, size) * (1 - alpha) + colours * alpha).astype(np.uint8)
    return blended


def place(
    values: NDArray[np.float32], window: Window, shape: tuple[int, ...], size: tuple[int, int]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Enlarge a map smoothly to where its window lies in a picture.

    Parameters
    ----------
    values
        float32, shape (h, w), 0..1.
    window
        (left, top, width, height) in pixels of the picture.
    shape
        (H, W) of the picture.
    size
        (width, height) of the result in pixels.

    Returns
    -------
    shown, coverage : ndarray
        float32, shape (height, width), 0..1: the values, and the share of each pixel that lies in the window.
    """
    scale = (size[0] / shape[1], size[1] / shape[0])
    across = _Axis(size[0], window[0] * scale[0], window[2] * scale[0])
    down = _Axis(size[1], window[1] * scale[1], window[3] * scale[1])
    coverage = np.outer(down.coverage(), across.coverage()).astype(np.float32)
    shown = down.interpolation(values.shape[0]) @ values.astype(np.float64) @ across.interpolation(values.shape[1]).T
    return np.clip(shown, 0, 1).astype(np.float32), coverage


def resized(picture: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Scale a picture (uint8, H x W x 3) to (width, height) pixels."""
    if picture.shape[1::-1] == size:
        return picture
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))


class _Axis:
    """`length` pixels in a row, of which the window takes `extent` from `start` on (all in these pixels)."""

    def __init__(self, length: int, start: float, extent: float) -> None:
        self._edges = np.arange(length + 1, dtype=np.float64)
        self._start, self._extent = start, extent

    def coverage(self) -> NDArray[np.float64]:
        """Give the share of each pixel that lies in the window; shape (length,)."""
        inside: NDArray[np.float64] = np.clip(self._edges, self._start, self._start + self._extent)
        return np.diff(inside)

    def interpolation(self, cells: int) -> NDArray[np.float64]:
        """Give the weights of the window's `cells` at each pixel, shape (length, cells); rows sum to 1.

        Cubic convolution with a = -0.5 (Keys 1981), widened where cells are smaller than pixels; the border
        goes on beyond it.
        """
        at = (self._edges[:-1] + 0.5 - self._start) / self._extent * cells - 0.5
        at = np.clip(at, -0.5, cells - 0.5)
        stretch = max(1.0, cells / self._extent)
        reach = int(np.ceil(2 * stretch))
        taps = np.floor(at)[:, None] + np.arange(-reach, reach + 2)
        weights = _cubic(np.abs(taps - at[:, None]) / stretch)
        weights /= weights.sum(1, keepdims=True)
        matrix = np.zeros((len(at), cells))
        np.add.at(matrix, (np.arange(len(at))[:, None], np.clip(taps, 0, cells - 1).astype(int)), weights)
        return matrix


def _cubic(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    near = (1.5 * distance - 2.5) * distance**2 + 1
    far = ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
    return np.where(distance < 1, near, np.where(distance < 2, far, 0.0))
