"""What the nouns of an explanation share: read-only arrays that compare, maps from 0 to 1, ids."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ArraysEqual", "cluster_map_id", "freeze", "min_max"]

Target = int | tuple[int, ...]


def min_max(values: NDArray[Any]) -> NDArray[np.float32]:
    """Scale to 0..1 (float32); a constant array becomes zeros."""
    values = np.asarray(values, np.float32)
    low, high = values.min(), values.max()
    if not high > low:
        return np.zeros_like(values)
    # Divide twice: the range of float32 itself can overflow.
    scale = max(abs(float(low)), abs(float(high)))
    low, high = low / scale, high / scale
    scaled: NDArray[np.float32] = ((values / scale - low) / (high - low)).astype(np.float32)
    return scaled


def cluster_map_id(  # noqa: PLR0913 (the id is made of all of these)
    *, picture_hash: str, network_hash: str, target: Target, layer: str, shape: tuple[int, int], channels: NDArray[Any]
) -> str:
    """Hash what makes a cluster map itself: picture, network, target, layer and call, map size, sorted channels.

    Returns
    -------
    str
        16 hexadecimal digits.
    """
    indices = np.sort(np.asarray(channels, "<i4")).tobytes()
    targets = target if isinstance(target, tuple) else (target,)
    text = "|".join([picture_hash, network_hash, ",".join(map(str, targets)), layer, f"{shape[0]}x{shape[1]}"])
    return hashlib.blake2b(text.encode() + b"|" + indices, digest_size=8).hexdigest()


def freeze(instance: object, name: str, dtype: Any) -> None:
    """Make an array field a read-only array of `dtype`."""
    values = np.array(getattr(instance, name), dtype)
    values.setflags(write=False)
    object.__setattr__(instance, name, values)


class ArraysEqual:
    """Equality for dataclasses that hold arrays (NaN equals NaN)."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        names = [f.name for f in dataclasses.fields(self) if f.compare]  # type: ignore[arg-type]
        return all(_same(getattr(self, name), getattr(other, name)) for name in names)

    __hash__ = None  # type: ignore[assignment]

    def __setstate__(self, state: dict[str, Any]) -> None:
        for value in state.values():
            if isinstance(value, np.ndarray):
                value.setflags(write=False)  # pickling and copying forget it
        self.__dict__.update(state)


def _same(one: Any, two: Any) -> bool:
    if isinstance(one, np.ndarray):
        return one.dtype == two.dtype and np.array_equal(one, two, equal_nan=one.dtype.kind == "f")
    if isinstance(one, float) and isinstance(two, float):
        return one == two or (one != one and two != two)  # noqa: PLR0124 (NaN)
    if isinstance(one, dict):
        return one.keys() == two.keys() and all(_same(one[key], two[key]) for key in one)
    return bool(one == two)
