"""The arrays of one picture's cluster maps as they travel to the browser: joined by kind, and deflated."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

__all__ = ["CELLS", "MAP_STEP", "Cells", "hundredths", "levels", "packed_json"]

CELLS = {"maps": "u1", "channels": "<i4", "channel_weights": "<i4", "thumbnails": "u1"}
"""Kinds of cells and the form of one."""

MAP_STEP = 4
"""Maps are drawn in steps of so many 255ths: no cell is off by more than half of one, 0.8 % of the map's range."""

_BYTE_PLANES = frozenset({"channels", "channel_weights"})  # first all lowest bytes, last all highest: these are alike


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
        """Append `values` (a map: h x w, as `levels` gives it); return the offset, in elements, at which they stand."""
        offset = self._lengths[name]
        if name in self._parts:
            cells = np.ascontiguousarray(values, CELLS[name])
            self._parts[name].append((_unlike_neighbours(cells) if name == "maps" else cells).ravel())
        self._lengths[name] += values.size
        return offset

    def packed(self) -> dict[str, bytes]:
        """Give the arrays of each kind deflated (RFC 1951).

        Of each map's cells how they differ from the mean of those to the left and above (mod 256), of thumbnails how
        they differ from the cell before; of larger numbers first all lowest bytes, then the next ones.
        """
        return {name: _packed(name, parts) for name, parts in self._parts.items()}


def levels(shown: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """Give a map (0..1; NaN is 0) in steps of `MAP_STEP` / 255: ``min(255, MAP_STEP * level)`` is what is drawn."""
    steps: NDArray[np.uint8] = np.rint(np.nan_to_num(shown) * np.float32(255 / MAP_STEP)).astype(np.uint8)
    return steps


def hundredths(weights: NDArray[np.floating[Any]]) -> NDArray[np.int32]:
    """Round to the two decimals that are shown, as a browser rounds: halves go up."""
    whole: NDArray[np.int32] = np.floor(100 * np.nan_to_num(weights.astype(np.float64)) + 0.5).astype(np.int32)
    return whole


def packed_json(value: Any) -> bytes:
    """Give scalars, texts, lists and dicts as deflated JSON.

    Raises
    ------
    ValueError
        If a number is NaN or infinite.
    """
    return _deflated(json.dumps(value, allow_nan=False, separators=(",", ":")).encode())


def _packed(name: str, parts: list[NDArray[Any]]) -> bytes:
    cells = np.concatenate([np.empty(0, CELLS[name]), *parts])
    if name in _BYTE_PLANES:
        return _deflated(np.ascontiguousarray(cells.view(np.uint8).reshape(-1, 4).T).tobytes())
    if name == "thumbnails":
        cells = np.diff(cells, prepend=cells.dtype.type(0))
    # Small differences repeat by chance only: as back references they would take more room than as themselves.
    return _deflated(cells.tobytes(), zlib.Z_FILTERED)


def _unlike_neighbours(cells: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Take from each cell the mean of its left and upper neighbours (rounded down); at edges the one that there is."""
    left, above = np.zeros_like(cells), np.zeros_like(cells)
    left[:, 1:], above[1:] = cells[:, :-1], cells[:-1]
    left[1:, :1], above[:1] = above[1:, :1], left[:1]
    told: NDArray[np.uint8] = cells - (left // 2 + above // 2 + (left & above & 1))
    return told


def _deflated(content: bytes, strategy: int = zlib.Z_DEFAULT_STRATEGY) -> bytes:
    deflate = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS, 9, strategy)
    return deflate.compress(content) + deflate.flush()
