"""What players are shown: masked pictures and whole ones, encoded once and kept within a limit.

A masked picture's bytes depend on nothing but its visible pixels, its mask and its size.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from PIL import Image

from inv_widgets.game.masked_pictures import at_game_size, masked_steps
from inv_widgets.thumbnails import webp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from inv_widgets.explanation import Explanation, Window
    from inv_widgets.recipe import Recipe
    from inv_widgets.run import Run

__all__ = ["Encoded", "GameImages", "GamePicture"]

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Encoded:
    """A picture as a file: WebP without metadata."""

    data: bytes
    width: int
    height: int
    type: str = "image/webp"


@dataclass(frozen=True, slots=True)
class GamePicture:
    """What the game needs of an explanation, at the game's size.

    Attributes
    ----------
    picture
        uint8, shape (H, W, 3).
    window
        What the maps cover, in pixels of `picture`.
    maps
        float32, shape (h, w), 0..1, by cluster map id.
    plausible
        Classes that the network found likely, best first.
    """

    picture: NDArray[np.uint8]
    window: Window
    maps: Mapping[str, NDArray[np.float32]]
    plausible: tuple[str, ...]

    @property
    def n_bytes(self) -> int:
        """The memory that it takes, about."""
        return int(self.picture.nbytes + sum(values.nbytes for values in self.maps.values()))

    @property
    def window_share(self) -> tuple[float, float, float, float]:
        """The window as fractions of the picture's width and height."""
        height, width = self.picture.shape[:2]
        left, top, across, down = self.window
        return left / width, top / height, across / width, down / height


class GameImages:
    """The pictures of a run as the game shows them; thread-safe.

    Parameters
    ----------
    run
        Read only where something is not kept.
    recipe
        Shares, size and soft edge.
    limit
        Encoded pictures are kept up to so many bytes, the last used; as numbers up to a half of that.
    """

    def __init__(self, run: Run, recipe: Recipe, limit: int) -> None:
        self._run = run
        self._recipe = recipe
        self._reading = threading.Lock()  # a run's files are read by one thread at a time
        self._pictures: _Kept[int, GamePicture] = _Kept(limit // 2)
        self._encoded: _Kept[tuple[int, str, int], Encoded] = _Kept(limit)

    def picture(self, place: int) -> GamePicture:
        """Give an explanation's picture and maps, from memory or from the run."""
        found = self._pictures.get(place)
        if found is not None:
            return found
        with self._reading:
            found = self._pictures.get(place)
            if found is None:
                found = _game_picture(self._run[place], self._recipe)
                self._pictures.put(place, found, found.n_bytes)
        return found

    def masked(self, place: int, cluster_map: str, step: int) -> Encoded:
        """Give the picture masked to the share of a step."""
        key = (place, cluster_map, step)
        found = self._encoded.get(key)
        if found is None:
            [found] = self._made(place, cluster_map, [step])
        return found

    def whole(self, place: int) -> Encoded:
        """Give the whole picture."""
        key = (place, "", -1)
        found = self._encoded.get(key)
        if found is None:
            found = _encoded(self.picture(place).picture)
            self._encoded.put(key, found, len(found.data))
        return found

    def fill(self, place: int, cluster_map: str) -> bool:
        """Make all steps of a cluster map; False where there is no room for more without losing others."""
        steps = range(len(self._recipe.reveal_shares))
        missing = [step for step in steps if (place, cluster_map, step) not in self._encoded]
        if missing and self._encoded.full:
            return False
        if missing:
            self._made(place, cluster_map, missing)
        return True

    def _made(self, place: int, cluster_map: str, steps: Sequence[int]) -> list[Encoded]:
        source = self.picture(place)
        shares = [self._recipe.reveal_shares[step] for step in steps]
        pictures = masked_steps(source.picture, source.maps[cluster_map], source.window, shares, self._recipe)
        made = [_encoded(picture) for picture in pictures]
        for step, one in zip(steps, made, strict=True):
            self._encoded.put((place, cluster_map, step), one, len(one.data))
        return made


def _game_picture(explanation: Explanation, recipe: Recipe) -> GamePicture:
    picture, window = at_game_size(explanation, recipe.reveal_picture)
    maps = {shown.id: shown.map for _, shown in explanation.cluster_maps()}
    plausible = tuple(prediction.name for prediction in explanation.predictions)
    return GamePicture(picture, window, maps, plausible)


def _encoded(picture: NDArray[np.uint8]) -> Encoded:
    image = Image.fromarray(picture)
    return Encoded(webp(image), image.width, image.height)


class _Kept(Generic[_Key, _Value]):
    """A dictionary within a limit of bytes: what was not used for the longest time goes first; thread-safe."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._items: OrderedDict[_Key, tuple[_Value, int]] = OrderedDict()
        self._size = 0
        self._largest = 0

    def __contains__(self, key: _Key) -> bool:
        with self._lock:
            return key in self._items

    @property
    def full(self) -> bool:
        """Whether nothing of the size of the largest so far would fit."""
        with self._lock:
            return self._size + self._largest > self._limit

    def get(self, key: _Key) -> _Value | None:
        with self._lock:
            if key not in self._items:
                return None
            self._items.move_to_end(key)
            return self._items[key][0]

    def put(self, key: _Key, value: _Value, size: int) -> None:
        with self._lock:
            if key in self._items:
                self._size -= self._items.pop(key)[1]
            self._items[key] = (value, size)
            self._size += size
            self._largest = max(self._largest, size)
            while self._size > self._limit and len(self._items) > 1:
                self._size -= self._items.popitem(last=False)[1][1]
