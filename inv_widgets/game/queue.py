"""The cluster maps that can be played, in columns: a large run has some hundred thousand, and each round chooses."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from inv_widgets.id_index import IdIndex

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["MapQueue", "QueuedMap"]


@dataclass(frozen=True, slots=True)
class QueuedMap:
    """A cluster map that can be played.

    Attributes
    ----------
    cluster_map
        Its id.
    picture
        What tells its picture from others: the hash, since names can repeat.
    rounds
        Finished rounds of all players that count: neither skipped nor withdrawn ones.
    gold
        Its answer is known: it checks players, and has no quota.
    """

    cluster_map: str
    picture: str
    rounds: int = 0
    gold: bool = False

    def __post_init__(self) -> None:
        if self.rounds < 0:
            raise ValueError(f"[inv-widgets] QueuedMap(rounds={self.rounds}) is not possible: give at least 0.")


@dataclass(frozen=True, eq=False)
class MapQueue:
    """Cluster maps by number: that of their ids in the order of the alphabet.

    Attributes
    ----------
    index
        The ids.
    hashes
        What tells the pictures from each other.
    pictures
        By number, the place of the picture in `hashes`.
    gold
        By number, whether the answer is known.
    rounds
        By number, finished rounds of all players that count; None: nobody has played.
    """

    index: IdIndex
    hashes: Sequence[str]
    pictures: NDArray[np.int64]
    gold: NDArray[np.bool_]
    rounds: NDArray[np.int64] | None = None

    @classmethod
    def of(cls, items: Iterable[QueuedMap]) -> MapQueue:
        """Put single ones into columns."""
        items = list(items)
        index = IdIndex([item.cluster_map for item in items])
        ordered = [items[place] for place in index.first.tolist()]
        codes = {picture: code for code, picture in enumerate(dict.fromkeys(item.picture for item in ordered))}
        return cls(
            index,
            list(codes),
            np.array([codes[item.picture] for item in ordered], np.int64),
            np.array([item.gold for item in ordered], bool),
            np.array([item.rounds for item in ordered], np.int64),
        )

    def played(self, counts: Mapping[str, int]) -> MapQueue:
        """Give the queue after so many finished rounds by cluster map; those of other games may be among them."""
        return MapQueue(self.index, self.hashes, self.pictures, self.gold, self.tally(counts))

    def tally(self, counts: Mapping[str, int]) -> NDArray[np.int64]:
        """Give numbers of rounds by number of the cluster map."""
        found = np.zeros(len(self), np.int64)
        numbers = self.index.numbers(list(counts))
        there = numbers >= 0
        found[numbers[there]] = np.fromiter(counts.values(), np.int64, len(counts))[there]
        return found

    def marks(self, ids: Iterable[str]) -> NDArray[np.bool_]:
        """Mark cluster maps, by number; those of other games may be among the ids."""
        marked = np.zeros(len(self), bool)
        numbers = self.index.numbers(list(ids))
        marked[numbers[numbers >= 0]] = True
        return marked

    def of_pictures(self, hashes: Iterable[str]) -> NDArray[np.bool_]:
        """Mark the cluster maps of pictures, by number."""
        marked = np.zeros(len(self.hashes), bool)
        marked[[self._codes[one] for one in hashes if one in self._codes]] = True
        found: NDArray[np.bool_] = marked[self.pictures]
        return found

    def item(self, number: int) -> QueuedMap:
        """Give one by its number."""
        rounds = 0 if self.rounds is None else int(self.rounds[number])
        return QueuedMap(self.index[number], self.hashes[self.pictures[number]], rounds, bool(self.gold[number]))

    def __len__(self) -> int:
        return len(self.index)

    @cached_property
    def _codes(self) -> dict[str, int]:
        return {picture: code for code, picture in enumerate(self.hashes)}
