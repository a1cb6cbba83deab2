"""A saliency map of a picture at the size of the network's input, and its pixels from the highest to the lowest."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from inv_widgets.game.masking import scattered

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["AtInput", "at_input"]

Window = tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class AtInput:
    """A map at the network's input.

    Attributes
    ----------
    values
        float64, h x w, moved so that the map's lowest value is 0; 0 where nothing is covered.
    covered
        bool, h x w: the input's pixels that lie in the picture, where the map is valid. Padding is not.
    """

    values: NDArray[np.float64]
    covered: NDArray[np.bool_]

    @cached_property
    def count(self) -> int:
        """How many pixels are covered."""
        return int(np.count_nonzero(self.covered))

    @cached_property
    def ranks(self) -> NDArray[np.intp]:
        """Each covered pixel's place, h x w, from 0 for the highest; the others come after all of them.

        Equal values stand in the reveal game's fixed order, which has no visible pattern.
        """
        flat = np.where(self.covered, self.values, -np.inf).ravel()
        order = np.lexsort((scattered(np.arange(flat.size), 0), -flat))
        ranks = np.empty(flat.size, np.intp)
        ranks[order] = np.arange(flat.size)
        return ranks.reshape(self.covered.shape)

    def top(self, share: float) -> NDArray[np.bool_]:
        """Mark the highest ``round(share / 100 * count)`` covered pixels; h x w."""
        return self.ranks < round(share * self.count / 100)


def at_input(values: NDArray[np.float64], valid: NDArray[np.bool_], window: Window, size: tuple[int, int]) -> AtInput:
    """Bring a picture's map to the network's input: bilinear, averaged where the input is coarser.

    Parameters
    ----------
    values, valid
        H x W of the picture.
    window
        (left, top, width, height) of what the input shows, in pixels of the picture; can leave it.
    size
        (h, w) of the input.
    """
    left, top, across, down = window
    height, width = values.shape
    ys, rows = _sampling(size[0], height, top, down)
    xs, columns = _sampling(size[1], width, left, across)
    peak = float(np.abs(values).max())
    if peak > 1e150:  # sums stay finite
        values = values / peak
    # From its lowest value: flat ground stays exactly 0 when it is averaged, so that ties stay ties.
    lowest = values[valid].min() if valid.any() else 0.0
    weight = (columns @ (rows @ valid.astype(np.float64)).T).T
    total = (columns @ (rows @ np.where(valid, values - lowest, 0.0)).T).T
    covered = _at(valid, ys, xs) & (weight > 0)
    return AtInput(np.divide(total, weight, out=np.zeros(size), where=covered), covered)


def _sampling(n_input: int, n_picture: int, start: float, length: float) -> tuple[NDArray[np.intp], sparse.csr_matrix]:
    """Give for each row of the input the picture's row under its centre (-1 beyond it), and weights of all rows."""
    step = length / n_input
    centres = start + (np.arange(n_input) + 0.5) * step
    reach = max(1.0, step)
    inside = (centres >= 0) & (centres < n_picture)
    distance = np.abs(centres[:, None] - 0.5 - np.arange(n_picture))
    weights = np.maximum(0.0, 1 - distance / reach)
    return np.where(inside, centres, -1).astype(np.intp), sparse.csr_matrix(weights)


def _at(valid: NDArray[np.bool_], ys: NDArray[np.intp], xs: NDArray[np.intp]) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = valid[np.ix_(ys, xs)] & (ys >= 0)[:, None] & (xs >= 0)
    return found
