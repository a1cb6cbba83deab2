"""What is kept of the cluster maps that show a label: small maps, and thumbnails instead of whole pictures."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inv_widgets.explanation import ClusterMap, Column, Explanation, Window

__all__ = ["ExampleMap", "Thumbnail", "example_of"]


@dataclass(frozen=True, slots=True)
class ExampleMap:
    """A cluster map as a chart shows it.

    Attributes
    ----------
    id, layer, title, depth, weight
        The cluster map's id, its layer's name, title and depth, its weight in per cent of the layer.
    picture, picture_hash, place
        The picture's name and hash, and the explanation's place in the run.
    target_name
        The class that was explained.
    shape, cells
        Height and width, and the map as so many bytes, row by row: 0..255 for 0..1.
    window, picture_size
        (left, top, width, height) of what the map covers, in pixels of the picture, and its (width, height).
    labels
        The best labels' names.
    members
        Of a merged cluster map, its members' ids; they show what it shows.
    """

    id: str
    layer: str
    title: str
    depth: int
    weight: float
    picture: str
    picture_hash: str
    target_name: str
    shape: tuple[int, int]
    cells: bytes
    window: Window
    picture_size: tuple[int, int]
    labels: tuple[str, ...]
    place: int = field(compare=False)
    members: tuple[str, ...] = ()

    @property
    def map(self) -> NDArray[np.uint8]:
        """The map, uint8 (h, w), read-only."""
        return np.frombuffer(self.cells, np.uint8).reshape(self.shape)


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A small picture as a file, and its size in pixels."""

    data: bytes
    width: int
    height: int
    type: str = "image/webp"

    @classmethod
    def of(cls, data: bytes) -> Thumbnail:
        """Read a file's size and kind, without decoding it."""
        with Image.open(io.BytesIO(data)) as image:
            return cls(data, image.width, image.height, str(image.get_format_mimetype()))


def example_of(
    place: int, explanation: Explanation, column: Column, shown: ClusterMap, labels: tuple[str, ...]
) -> ExampleMap:
    """Keep what a chart needs of a cluster map."""
    height, width = shown.map.shape
    return ExampleMap(
        id=shown.id,
        layer=column.layer,
        title=column.title,
        depth=column.depth,
        weight=shown.weight,
        picture=explanation.name,
        picture_hash=explanation.picture_hash,
        place=place,
        target_name=explanation.target_name,
        shape=(height, width),
        cells=np.rint(shown.map * 255).astype(np.uint8).tobytes(),
        window=explanation.window,
        picture_size=(explanation.picture.shape[1], explanation.picture.shape[0]),
        labels=labels,
        members=tuple(member.id for member in shown.members),
    )
