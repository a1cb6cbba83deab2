"""A saliency map on its picture, as the front end draws it: overlay, mask or map; maps with signs in two colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from inv_widgets.comparison.enlarging import laid_on
from inv_widgets.export.colour_maps import colour_map
from inv_widgets.export.overlays import resized

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["AGAINST", "FOR", "MapLook", "drawn", "is_signed", "outlined"]

FOR, AGAINST = (197, 27, 52), (33, 92, 196)
"""Red and blue of one lightness; the front end has the same."""

_PAPER = {"light": (236, 238, 241), "dark": (38, 40, 44)}
_MASK_PAPER = {"light": (174, 181, 190), "dark": (38, 40, 44)}
_SIGNED = 1e-3
"""What is negative by less than this share of the highest value is rounding."""


@dataclass(frozen=True)
class MapLook:
    """How maps are drawn; see :class:`inv_widgets.widgets.comparison.Comparison`."""

    view: str = "overlay"
    share: float = 20.0
    signs: str = "both"
    colour_map: str = "viridis"
    opacity: float = 0.6
    theme: str = "light"


def is_signed(values: NDArray[np.float32]) -> bool:
    """Tell whether a map has negative values."""
    low, high = float(values.min(initial=0.0)), float(values.max(initial=0.0))
    return -low > _SIGNED * max(high, 0.0) and low < 0


def drawn(
    picture: NDArray[np.uint8],
    values: NDArray[np.float32],
    window: tuple[float, float, float, float],
    size: tuple[int, int],
    look: MapLook,
) -> NDArray[np.uint8]:
    """Draw a map on its picture.

    Parameters
    ----------
    picture
        uint8, shape (H, W, 3).
    values
        float32, shape (h, w): covers the window.
    window
        (left, top, width, height) in pixels of `picture`.
    size
        (width, height) of the result in pixels.
    look
        How.

    Returns
    -------
    ndarray
        uint8, shape (height, width, 3).
    """
    scale = (size[0] / picture.shape[1], size[1] / picture.shape[0]) * 2
    placed = tuple(part * by for part, by in zip(window, scale, strict=True))
    place: tuple[float, float, float, float] = (placed[0], placed[1], placed[2], placed[3])
    field = laid_on(values, size[1], size[0], place)
    inside = laid_on(np.ones((1, 1), np.float32), size[1], size[0], place) > 0.5
    small = resized(picture, size).astype(np.float64)
    if look.view == "mask":
        paper = np.array(_MASK_PAPER[look.theme], np.float64)
        return _rounded(np.where(_top(field, inside, look.share)[..., None], small, paper))
    colours, alpha = _coloured(field, values, look)
    alpha = alpha * inside
    if look.view == "map":
        under = np.broadcast_to(np.array(_PAPER[look.theme], np.float64), small.shape)
    else:
        under, alpha = small, alpha * look.opacity
    return _rounded(under * (1 - alpha[..., None]) + colours * alpha[..., None])


def outlined(pixels: NDArray[np.uint8], mask: NDArray[np.bool_], *, thickness: int = 2) -> NDArray[np.uint8]:
    """Draw a mask's outline, white within black, on a picture of any size."""
    height, width = pixels.shape[:2]
    rows = np.minimum(((np.arange(height) + 0.5) * mask.shape[0] / height).astype(int), mask.shape[0] - 1)
    columns = np.minimum(((np.arange(width) + 0.5) * mask.shape[1] / width).astype(int), mask.shape[1] - 1)
    shown = mask[np.ix_(rows, columns)]
    result = pixels.copy()
    result[_grown(shown, thickness) & ~_shrunk(shown, thickness)] = 0
    inner = max(1, thickness // 2)
    result[_grown(shown, inner) & ~_shrunk(shown, inner)] = 255
    return result


def _coloured(
    field: NDArray[np.float32], values: NDArray[np.float32], look: MapLook
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    low, high = float(values.min()), float(values.max())
    if is_signed(values):
        if look.signs == "both":
            share = np.clip(field / max(high, -low), -1, 1).astype(np.float64)
            colours = np.where((share >= 0)[..., None], np.array(FOR, np.float64), np.array(AGAINST, np.float64))
            return colours, np.abs(share)
        low = 0.0
    shown = np.clip((field - low) / (high - low), 0, 1) if high > low else np.zeros_like(field)
    return colour_map(look.colour_map)[np.rint(shown * 255).astype(np.uint8)].astype(np.float64), np.ones(field.shape)


def _top(field: NDArray[np.float32], inside: NDArray[np.bool_], share: float) -> NDArray[np.bool_]:
    """Give the top share per cent of the pixels that the network saw: exactly round(share n / 100) of them."""
    mask = np.zeros(field.size, bool)
    places = np.flatnonzero(inside)
    wanted = int(np.floor(share * len(places) / 100 + 0.5))
    order = np.argsort(-field.ravel()[places], kind="stable")
    mask[places[order[:wanted]]] = True
    return mask.reshape(field.shape)


def _grown(mask: NDArray[np.bool_], by: int) -> NDArray[np.bool_]:
    for _ in range(by):
        padded = np.pad(mask, 1)
        mask = padded[1:-1, 1:-1] | padded[:-2, 1:-1] | padded[2:, 1:-1] | padded[1:-1, :-2] | padded[1:-1, 2:]
    return mask


def _shrunk(mask: NDArray[np.bool_], by: int) -> NDArray[np.bool_]:
    return ~_grown(~mask, by)


def _rounded(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    pixels: NDArray[np.uint8] = np.rint(values).astype(np.uint8)
    return pixels
