"""The arrays of one picture's cluster maps as they travel to the browser: joined by kind, and deflated."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

__all__ = ["CELLS", "Cells"]

CELLS = {"maps": "u1", "channels": "<i4", "channel_weights": "<f4", "thumbnails": "u1"}
"""Kinds of cells and the form of one."""
_SMOOTH = frozenset({"maps", "thumbnails"})  # a cell is much like the one before it: what differs takes less room
_LEVEL = 6


class Cells:
    """Collects arrays, one after another.

    Parameters
    ----------
    left_out
        Kinds that are not collected: their offsets are counted all the same.
    """

    def __init__(self, left_out: Collection[str] = ()) -> None:
        self._parts: dict[str, list[NDArray[Any]]] = {name: [] for name in CELLS if name not in left_out}
        self._lengths = dict.fromkeys(CELLS, 0)

    def add(self, name: str, values: NDArray[Any]) -> int:
        """Append `values`; return the offset, in elements, at which they stand."""
        offset = self._lengths[name]
        if name in self._parts:
            self._parts[name].append(np.ascontiguousarray(values, CELLS[name]).ravel())
        self._lengths[name] += values.size
        return offset

    def packed(self) -> dict[str, bytes]:
        """Give the arrays of each kind deflated (RFC 1951), of maps and thumbnails the differences (mod 256)."""
        return {name: _packed(name, parts) for name, parts in self._parts.items()}


def _packed(name: str, parts: list[NDArray[Any]]) -> bytes:
    cells = np.concatenate([np.empty(0, CELLS[name]), *parts])
    if name in _SMOOTH:
        cells = np.diff(cells, prepend=cells.dtype.type(0))
    deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return deflate.compress(cells.tobytes()) + deflate.flush()
