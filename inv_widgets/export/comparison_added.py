"""Pictures that were added to a comparison on screen: drawn among the compared ones, but in none of their means."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inv_widgets.comparison.comparison_result import ComparedMap

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from inv_widgets.comparison.comparison_result import ComparedMethod, ComparedPicture

__all__ = ["AddedPicture", "with_added"]


@dataclass(frozen=True)
class AddedPicture:
    """One more picture, or a compared one asked about for another class.

    Attributes
    ----------
    picture
        What is shown.
    maps
        By method what was made so far.
    below
        The place of the row that it stands below: of the result's pictures, then of the added ones; None: on top.
    """

    picture: ComparedPicture
    maps: Mapping[str, ComparedMap]
    below: int | None = None

    def row(self, methods: Sequence[ComparedMethod]) -> tuple[ComparedMap, ...]:
        """Give a map of each method; one that was not made says so."""
        return tuple(self.maps.get(method.key) or _not_made(method.key) for method in methods)


def with_added(order: Sequence[int], count: int, added: Sequence[AddedPicture]) -> list[int]:
    """Give the places of all rows in their order: added ones on top, or below the row that they were made of.

    Parameters
    ----------
    order
        Places of the result's pictures, in their order.
    count
        How many pictures the result has: the first added one's place.
    """
    below: dict[int | None, list[int]] = {}
    for place, one in enumerate(added, count):
        below.setdefault(one.below, []).append(place)
    placed: list[int] = []
    waiting = [*below.get(None, []), *order][::-1]
    while waiting:
        place = waiting.pop()
        placed.append(place)
        waiting += below.get(place, [])[::-1]
    return placed


def _not_made(key: str) -> ComparedMap:
    return ComparedMap(key, None, math.nan, math.nan, math.nan, math.nan, {}, error="Not made.")
