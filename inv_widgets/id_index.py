"""Where ids stand in a list of some hundred thousand: 16 bytes and a place each, no Python objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

__all__ = ["IdIndex"]


class IdIndex:
    """The different ids of a list in the order of the alphabet; in it an id has a number, from 0.

    Parameters
    ----------
    ids
        Texts; an id can stand there more than once.

    Attributes
    ----------
    sorted
        The ids as UTF-8 bytes, dtype ``S``, in the order of their numbers.
    first
        By number, the place in the list where an id stands first.
    """

    def __init__(self, ids: Iterable[str]) -> None:
        values = np.array([_bytes(one) for one in ids], np.bytes_)
        self.sorted: NDArray[np.bytes_]
        self.first: NDArray[np.intp]
        self.sorted, self.first = np.unique(values, return_index=True)

    def __len__(self) -> int:
        return len(self.sorted)

    def __getitem__(self, number: int) -> str:
        found: bytes = self.sorted[number]
        return found.decode("utf-8", "surrogatepass")

    def __iter__(self) -> Iterator[str]:
        return (one.decode("utf-8", "surrogatepass") for one in self.sorted.tolist())

    def __contains__(self, one: object) -> bool:
        return self.number(one) is not None

    def number(self, one: object) -> int | None:
        """Give an id's number; None for what is not in the list."""
        if not isinstance(one, str):
            return None
        found = int(self.numbers([one])[0])
        return None if found < 0 else found

    def numbers(self, ids: Sequence[str]) -> NDArray[np.intp]:
        """Give the numbers of ids, -1 for each that is not in the list."""
        wanted = [_bytes(one) for one in ids]
        if not wanted or not len(self):
            return np.full(len(wanted), -1, np.intp)
        size = self.sorted.dtype.itemsize
        cut = np.array(wanted, self.sorted.dtype)
        found = np.minimum(np.searchsorted(self.sorted, cut), len(self) - 1)
        there = (self.sorted[found] == cut) & (np.fromiter(map(len, wanted), np.intp, len(wanted)) <= size)
        return np.where(there, found, -1)


def _bytes(one: str) -> bytes:
    return one.encode("utf-8", "surrogatepass")
