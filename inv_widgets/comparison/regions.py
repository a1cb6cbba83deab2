"""Regions of pictures that carry labels, as a network gets them: in pixels of its input."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from inv_widgets.game.masking import blur_sigma, reveal_mask, soft_mask

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from inv_widgets.explanation import Explanation, Window
    from inv_widgets.recipe import Recipe

__all__ = ["Frame", "Patch", "Region", "regions_of"]


@dataclass(frozen=True, eq=False)
class Frame:
    """Where a picture lies in the network's input.

    Attributes
    ----------
    shape
        (height, width) of the input, in pixels.
    top, left, bottom, right
        What of the input is picture, not padding; in pixels of the input.
    factor
        The picture's area by that of the part that the network sees.
    longer
        The picture's longer side, in pixels of the input.
    """

    shape: tuple[int, int]
    top: int
    left: int
    bottom: int
    right: int
    factor: float
    longer: float

    @classmethod
    def of(cls, window: Window, picture: tuple[int, int], shape: tuple[int, int]) -> Frame:
        """Make the frame of a picture, (height, width) in pixels, of which the network sees the window."""
        (left, top, across, down), (height, width) = window, picture
        rows, columns = shape[0] / down, shape[1] / across  # pixels of the input for one of the picture
        first_row, last_row = max(0.0, top), min(float(height), top + down)
        first_column, last_column = max(0.0, left), min(float(width), left + across)
        seen = max(0.0, last_row - first_row) * max(0.0, last_column - first_column)
        inner_top = math.ceil((first_row - top) * rows - _SLACK)
        inner_left = math.ceil((first_column - left) * columns - _SLACK)
        inner_bottom = math.floor((last_row - top) * rows + _SLACK)
        inner_right = math.floor((last_column - left) * columns + _SLACK)
        if seen <= 0 or inner_bottom <= inner_top or inner_right <= inner_left:
            return cls(shape, 0, 0, shape[0], shape[1], 1.0, float(max(shape)))
        longer = max(height * rows, width * columns)
        return cls(shape, inner_top, inner_left, inner_bottom, inner_right, height * width / seen, longer)


_SLACK = 1e-6  # of a pixel, for what rounding does to whole numbers


@dataclass(frozen=True, eq=False)
class Patch:
    """A region of a network's input: `mask`, bool (h, w), cut to its bounds, whose corner stands at `row`, `column`."""

    mask: NDArray[np.bool_]
    row: int
    column: int

    @property
    def middle(self) -> tuple[float, float]:
        """Row and column of the centre of mass."""
        rows, columns = np.nonzero(self.mask)
        return self.row + float(rows.mean()), self.column + float(columns.mean())

    def at(self, row: int, column: int) -> Patch:
        """Move the same region elsewhere."""
        return Patch(self.mask, row, column)

    def on(self, shape: tuple[int, int]) -> NDArray[np.bool_]:
        """Lay the region on an input: bool, (height, width)."""
        whole = np.zeros(shape, np.bool_)
        height, width = self.mask.shape
        whole[self.row : self.row + height, self.column : self.column + width] = self.mask
        return whole


@dataclass(frozen=True, eq=False)
class Region:
    """What a cluster map points at, at the share of the picture that people had seen when they described it.

    Attributes
    ----------
    id
        The cluster map's.
    picture, target_name, place
        The picture's hash, the class that was explained, the explanation's place in the run.
    labels
        The best labels' names.
    map
        float32 (h, w).
    share
        Per cent of the picture.
    frame
        Where the picture lies in the input.
    blur
        Sigma of the soft edge, in pixels of the input.
    truncate
        Where the edge is cut off, in sigmas.
    """

    id: str
    picture: str
    target_name: str
    place: int
    labels: frozenset[str]
    map: NDArray[np.float32]
    share: float
    frame: Frame
    blur: float
    truncate: float

    def patch(self) -> Patch:
        """Cut the region out."""
        frame = self.frame
        height, width = frame.bottom - frame.top, frame.right - frame.left
        # Of the part that is seen: as many pixels as of the whole picture, at least one.
        share = min(100.0, max(self.share * frame.factor, 100 / (height * width)))
        window = (-frame.left, -frame.top, frame.shape[1], frame.shape[0])
        mask = reveal_mask(self.map, (height, width), share, window=window)
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        cut = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        return Patch(cut, frame.top + int(rows[0]), frame.left + int(columns[0]))

    def shown(self, patch: Patch) -> NDArray[np.float32]:
        """Soften the edge of a region (this one or a counterpart of it) as the game does: 0..1, (height, width)."""
        return soft_mask(patch.on(self.frame.shape), self.blur, self.truncate)


def regions_of(explanation: Explanation, place: int, shape: tuple[int, int], share: float | None) -> Iterator[Region]:
    """Give the regions of an explanation's cluster maps.

    Parameters
    ----------
    explanation, place
        The explanation, and its place in the run.
    shape
        (height, width) of the network's input.
    share
        Per cent of the picture; None: what people had seen on average, or the middle of the recipe's shares.
    """
    recipe = explanation.recipe
    frame = Frame.of(explanation.window, explanation.picture.shape[:2], shape)
    for _, shown in explanation.cluster_maps():
        yield Region(
            id=shown.id,
            picture=explanation.picture_hash,
            target_name=explanation.target_name,
            place=place,
            labels=frozenset(label.name for label in shown.best_labels),
            map=shown.map,
            share=_share(shown.rounds, recipe) if share is None else share,
            frame=frame,
            blur=blur_sigma(max(shown.map.shape), frame.longer, recipe),
            truncate=recipe.reveal_truncate,
        )


def _share(rounds: Any, recipe: Recipe) -> float:
    if rounds is not None and rounds.mean_share > 0:
        return float(rounds.mean_share)
    return recipe.reveal_shares[len(recipe.reveal_shares) // 2]
