"""How far two players' sets of labels are apart: 0 for equal sets, 1 for sets that share nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Distance", "distance_of", "jaccard", "masi"]

Distance = Literal["masi", "jaccard"]
Distances = Callable[["NDArray[Any]", "NDArray[Any]", "NDArray[Any]"], "NDArray[np.float64]"]
"""From the sizes of intersections and of both sets (arrays that broadcast; no set is empty) to distances in 0..1."""


def jaccard(both: NDArray[Any], one: NDArray[Any], other: NDArray[Any]) -> NDArray[np.float64]:
    """Give Jaccard distances: 1 - intersection / union."""
    distances: NDArray[np.float64] = 1.0 - both / (one + other - both)
    return distances


def masi(both: NDArray[Any], one: NDArray[Any], other: NDArray[Any]) -> NDArray[np.float64]:
    """Give MASI distances (Passonneau, LREC 2006): 1 - M * intersection / union.

    M is 1 for equal sets, 2/3 where one holds the other, 1/3 where they overlap, 0 where they share nothing: "wheel"
    and "wheel, door" are nearer than "wheel, sky" and "wheel, door".
    """
    smaller = np.minimum(one, other)
    equal = (both == one) & (both == other)
    monotone = np.where(equal, 1.0, np.where(both == smaller, 2 / 3, 1 / 3))
    distances: NDArray[np.float64] = 1.0 - monotone * both / (one + other - both)
    return distances


_DISTANCES: dict[str, Distances] = {"masi": masi, "jaccard": jaccard}


def distance_of(name: object) -> Distances:
    """Give the distance of a name.

    Raises
    ------
    ValueError
        For another name.
    """
    if isinstance(name, str) and name in _DISTANCES:
        return _DISTANCES[name]
    names = " or ".join(repr(each) for each in get_args(Distance))
    raise ValueError(f"[inv-widgets] There is no distance {name!r:.80}: give {names}.")
