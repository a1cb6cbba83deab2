"""Random counterparts of labelled regions: other regions of equal area and shape."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inv_widgets.comparison.regions import Frame, Patch, Region

__all__ = ["Masked", "Pool", "parts_of"]

_TRIES = 12
_OVERLAP = 0.2


@dataclass(frozen=True, eq=False)
class Masked:
    """A region to look at: `patch` of the picture at `place`, with the soft edge of `like`."""

    place: int
    patch: Patch
    like: Region


def parts_of(pictures: Sequence[str], n: int, generator: np.random.Generator) -> list[list[int]]:
    """Divide examples into at most n parts of about equal size, so that no picture is in two.

    Parameters
    ----------
    pictures
        The picture of each example.
    n
        With fewer pictures there are as many parts as pictures.

    Returns
    -------
    list
        The examples' numbers, by part; no part is empty.
    """
    of_picture: dict[str, list[int]] = defaultdict(list)
    for number, picture in enumerate(pictures):
        of_picture[picture].append(number)
    groups = list(of_picture.values())
    order = sorted(generator.permutation(len(groups)).tolist(), key=lambda group: -len(groups[group]))
    parts: list[list[int]] = [[] for _ in range(min(n, len(groups)))]
    for group in order:
        min(parts, key=len).extend(groups[group])
    return parts


class Pool:
    """All regions of a run, to find counterparts among.

    A counterpart has its region's very shape, and lies on a picture of the same class, in the middle of what another
    cluster map points at that does not carry the label: were it put just anywhere, a vector would learn what all
    cluster maps have in common.

    Parameters
    ----------
    regions
        Of all explanations that are looked at.
    """

    def __init__(self, regions: Sequence[Region]) -> None:
        self._of_picture: dict[tuple[str, str], list[Region]] = defaultdict(list)
        self._pictures: dict[str, list[str]] = defaultdict(list)
        for region in regions:
            key = region.target_name, region.picture
            if key not in self._of_picture:
                self._pictures[region.target_name].append(region.picture)
            self._of_picture[key].append(region)
        self._patches: dict[str, Patch] = {}

    def patch(self, region: Region) -> Patch:
        """Cut a region out, once."""
        if region.id not in self._patches:
            self._patches[region.id] = region.patch()
        return self._patches[region.id]

    def own(self, region: Region) -> Masked:
        """Give a region itself."""
        return Masked(region.place, self.patch(region), region)

    def counterparts(self, regions: Sequence[Region], label: str, generator: np.random.Generator) -> list[Masked]:
        """Draw a counterpart for each of some regions that carry a label.

        Those of one picture get counterparts on one picture: what is alike in the examples is alike in these.
        """
        chosen: dict[tuple[str, str], str] = {}
        found = []
        for region in regions:
            key = region.target_name, region.picture
            if key not in chosen:
                chosen[key] = self._partner(region, generator)
            found.append(self._counterpart(region, chosen[key], label, generator))
        return found

    def _partner(self, region: Region, generator: np.random.Generator) -> str:
        fitting = [
            picture
            for picture in self._pictures[region.target_name]
            if _fits(self.patch(region), self._frame(region.target_name, picture), region.frame)
        ]
        return fitting[int(generator.integers(len(fitting)))]

    def _frame(self, target_name: str, picture: str) -> Frame:
        return self._of_picture[target_name, picture][0].frame

    def _counterpart(self, region: Region, picture: str, label: str, generator: np.random.Generator) -> Masked:
        patch = self.patch(region)
        there = self._of_picture[region.target_name, picture]
        if not _fits(patch, there[0].frame, region.frame):  # another region of the picture was the one that fitted
            picture = region.picture
            there = self._of_picture[region.target_name, picture]
        frame = there[0].frame
        taken = np.zeros(frame.shape, np.bool_)
        for other in there:
            if label in other.labels:
                taken |= self.patch(other).on(frame.shape)
        anchors = [other for other in there if label not in other.labels]
        best, least = patch, np.inf
        for attempt in range(_TRIES):
            # Half of the tries go to other cluster maps; where they cover the label's own regions, anywhere will do.
            if anchors and attempt < _TRIES // 2:
                moved = _onto(patch, self.patch(anchors[int(generator.integers(len(anchors)))]).middle, frame)
            else:
                moved = _anywhere(patch, frame, generator)
            height, width = patch.mask.shape
            under = taken[moved.row : moved.row + height, moved.column : moved.column + width]
            overlap = np.count_nonzero(under & patch.mask) / np.count_nonzero(patch.mask)
            if overlap < least:
                best, least = moved, overlap
            if overlap <= _OVERLAP:
                break
        return Masked(there[0].place, best, region)


def _fits(patch: Patch, frame: Frame, own: Frame) -> bool:
    height, width = patch.mask.shape
    return frame.shape == own.shape and height <= frame.bottom - frame.top and width <= frame.right - frame.left


def _onto(patch: Patch, middle: tuple[float, float], frame: Frame) -> Patch:
    """Move a patch so that its middle comes as near to another as the picture's edges allow."""
    row, column = patch.middle
    height, width = patch.mask.shape
    return patch.at(
        int(np.clip(round(patch.row + middle[0] - row), frame.top, frame.bottom - height)),
        int(np.clip(round(patch.column + middle[1] - column), frame.left, frame.right - width)),
    )


def _anywhere(patch: Patch, frame: Frame, generator: np.random.Generator) -> Patch:
    height, width = patch.mask.shape
    return patch.at(
        int(generator.integers(frame.top, frame.bottom - height + 1)),
        int(generator.integers(frame.left, frame.right - width + 1)),
    )
