"""What a player sees: a picture masked to the top pixels of one cluster map, soft-edged (docs/method.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from inv_widgets.errors import UnknownNameError, kind_of
from inv_widgets.game.masking import blur_sigma, near, reveal_masks, soft_mask

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from inv_widgets.explanation import ClusterMap, Explanation, Window
    from inv_widgets.recipe import Recipe

__all__ = ["GREY", "at_game_size", "masked_picture", "masked_steps"]

GREY = 128
"""The level (0..255) of hidden pixels."""


def masked_picture(
    explanation: Explanation, cluster_map: ClusterMap, step: int, recipe: Recipe | None = None
) -> NDArray[np.uint8]:
    """Make what the game shows of a picture at a step: its longer side is ``recipe.reveal_picture`` pixels.

    Smaller pictures are enlarged and larger ones shrunk before they are masked. Hidden pixels are :data:`GREY`.

    Parameters
    ----------
    explanation
        Its picture is shown; its window says where the cluster map lies.
    cluster_map
        One of the explanation's.
    step
        From 0: shows ``recipe.reveal_shares[step]`` per cent of the pixels, soft-edged.
    recipe
        By default the explanation's own.

    Returns
    -------
    ndarray
        uint8, shape (H, W, 3). Where the soft mask is 0 it says nothing about the picture.

    Raises
    ------
    TypeError, ValueError
        If there is no such step.
    UnknownNameError
        If the cluster map is another explanation's.
    """
    recipe = explanation.recipe if recipe is None else recipe
    share = _share_of(step, recipe)
    if all(cluster_map.id != own.id for _, own in explanation.cluster_maps()):
        raise UnknownNameError(
            f"[inv-widgets] The cluster map {cluster_map.id!r} is none of {explanation.name!r}'s, target "
            f"{explanation.target_name!r}: give one of explanation.cluster_maps()."
        )
    picture, window = at_game_size(explanation, recipe.reveal_picture)
    return masked_steps(picture, cluster_map.map, window, [share], recipe)[0]


def masked_steps(
    picture: NDArray[np.uint8], values: ArrayLike, window: Window, shares: Sequence[float], recipe: Recipe
) -> list[NDArray[np.uint8]]:
    """Mask a picture of the game's size to several shares.

    Parameters
    ----------
    picture
        uint8, shape (H, W, 3), as :func:`at_game_size` gave it.
    values
        The cluster map, shape (h, w).
    window
        (left, top, width, height) of what the map covers, in pixels of `picture`.
    shares
        Per cent of the picture.
    recipe
        Holds the numbers of the soft edge.

    Returns
    -------
    list of ndarray
        uint8, shape (H, W, 3), one a share.
    """
    height, width = picture.shape[:2]
    values = np.asarray(values)
    hard = reveal_masks(values, (height, width), shares, window=window)
    sigma = blur_sigma(max(values.shape), max(height, width), recipe)
    return [_laid_on_grey(picture, mask, sigma, recipe.reveal_truncate) for mask in hard]


def at_game_size(explanation: Explanation, longest: int) -> tuple[NDArray[np.uint8], Window]:
    """Make a picture's longer side `longest` pixels (Lanczos), smaller ones larger; give it with its window there."""
    picture = explanation.picture
    height, width = picture.shape[:2]
    scale = longest / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if size == (width, height):
        return picture, explanation.window
    across, down = size[0] / width, size[1] / height
    left, top, window_width, window_height = explanation.window
    window = (left * across, top * down, window_width * across, window_height * down)
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS)), window


def _laid_on_grey(
    picture: NDArray[np.uint8], hard: NDArray[np.bool_], sigma: float, truncate: float
) -> NDArray[np.uint8]:
    soft = soft_mask(hard, sigma, truncate)
    masked = np.full_like(picture, GREY)
    reached = near(hard, sigma, truncate)
    # Where soft is 0 this is GREY to the bit: a zero times any level adds nothing.
    shown = picture[reached].astype(np.float32)
    shown -= GREY
    shown *= soft[reached][..., None]
    shown += GREY
    masked[reached] = np.rint(shown, out=shown)
    return masked


def _share_of(step: int, recipe: Recipe) -> float:
    last = len(recipe.reveal_shares) - 1
    if isinstance(step, bool) or not hasattr(step, "__index__"):
        raise TypeError(f"[inv-widgets] step={step!r} is {kind_of(step)}: give a whole number, 0 to {last}.")
    if not 0 <= step <= last:
        raise ValueError(f"[inv-widgets] There is no step {step}: this recipe's go from 0 to {last}.")
    return recipe.reveal_shares[step]
