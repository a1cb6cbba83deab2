"""Maps of the network's input, or of a layer, laid onto the picture: bilinear inside the window, 0 outside it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F  # noqa: N812 (as everywhere)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

__all__ = ["on_picture", "resized"]

Window = tuple[float, float, float, float]


def resized(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Bring maps (..., h, w) to `size` (height, width): bilinear when enlarged, averaged when shrunk."""
    if tuple(maps.shape[-2:]) == tuple(size):
        return maps
    stack = maps.reshape(1, -1, *maps.shape[-2:])
    found = F.interpolate(stack, size, mode="bilinear", align_corners=False, antialias=True)
    return found.reshape(*maps.shape[:-2], *size)


def on_picture(values: Tensor, height: int, width: int, window: Window) -> NDArray[np.float32]:
    """Lay a map onto the window of a picture.

    Parameters
    ----------
    values
        The map, h x w, of what the network sees.
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
    # Where the map is finer than the picture it is averaged first: sampling alone would skip cells.
    cells = min(values.shape[0], max(1, math.ceil(down))), min(values.shape[1], max(1, math.ceil(across)))
    source = resized(values.detach().float().cpu(), cells)
    ys = (torch.arange(height, dtype=torch.float64) + 0.5 - top) / down
    xs = (torch.arange(width, dtype=torch.float64) + 0.5 - left) / across
    inside = ((ys >= 0) & (ys < 1))[:, None] & ((xs >= 0) & (xs < 1))[None]
    rows, columns = torch.meshgrid(2 * ys - 1, 2 * xs - 1, indexing="ij")
    grid = torch.stack([columns, rows], dim=-1).float()
    laid = F.grid_sample(source[None, None], grid[None], mode="bilinear", padding_mode="border", align_corners=False)
    found: NDArray[np.float32] = torch.where(inside, laid[0, 0], 0.0).numpy()
    return found
