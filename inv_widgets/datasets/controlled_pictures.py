"""Pictures whose evidence is known to the pixel: a garment pasted on a texture.

The object says nothing about the scene, the scene nothing about the object, and colours nothing about either: all are
drawn independently. A pixel is either the garment's or the texture's, never a mixture, so that the mask is exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from PIL import Image

from inv_widgets.datasets import CONTROLLED_OBJECTS, CONTROLLED_SCENES, HERE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["SIDE", "ControlledSample", "Parts", "draw_sample", "draw_samples", "shipped_parts"]

SIDE = 64
"""Height and width of the pictures, in pixels."""

GARMENTS = HERE / "garments.png"
"""The test garments, 28 x 28 pixels each: a row a category, in the order of ``CONTROLLED_OBJECTS``."""

GARMENTS_A_CATEGORY = 25

GARMENT_SIDES = (36, 52)
"""Smallest and largest side of the square that a garment's 28 x 28 pixels are enlarged to."""

CROP_SIDES = (56, 80)
"""Smallest and largest side of the square of a texture that fills a picture."""

SILHOUETTE = 12
"""Grey level (of 255) from which a pixel of Fashion-MNIST is the garment's and not the black around it."""

DARKEST = 0.25
"""What black within a garment or a texture becomes, in 0..1, before it is coloured."""

COLOURS = (0.35, 1.0)
"""Range that the red, green and blue of a colour are drawn from."""


@dataclass(frozen=True, eq=False)
class ControlledSample:
    """A picture made of two parts, and which pixel belongs to which.

    Parameters
    ----------
    name
        Such as ``"sandal-on-gravel-7"``.
    picture
        uint8, H x W x 3; read-only.
    object_category, scene_category
        What was pasted, and on what.
    mask
        bool, H x W: True where the garment is; read-only.
    """

    name: str
    picture: np.ndarray
    object_category: str
    scene_category: str
    mask: np.ndarray

    @property
    def area(self) -> float:
        """Share of the picture that the object covers, in 0..1."""
        return float(self.mask.mean())


class Parts(NamedTuple):
    """What pictures are made of: for each category its garments (uint8 28 x 28) and its texture (uint8 H x W)."""

    garments: Mapping[str, Sequence[np.ndarray]]
    textures: Mapping[str, np.ndarray]


def draw_samples(n: int, seed: int, scene_seed: int) -> list[ControlledSample]:
    """Draw the samples as :func:`inv_widgets.datasets.controlled` says."""
    for name, value, least in (("n", n, 1), ("seed", seed, 0), ("scene_seed", scene_seed, 0)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
            raise ValueError(f"[inv-widgets] {name} is {value!r}: give a whole number, {least} or more.")
    parts = shipped_parts()
    samples = []
    for number in range(n):
        # Streams of their own: picture 7 is the same whatever n is, and its garment whatever the scene is.
        of_object, of_scene = np.random.default_rng([seed, number, 0]), np.random.default_rng([scene_seed, number, 1])
        samples.append(draw_sample(parts, of_object, of_scene, number))
    return samples


def draw_sample(
    parts: Parts,
    of_object: np.random.Generator,
    of_scene: np.random.Generator,
    number: int = 0,
    crop_sides: tuple[int, int] = CROP_SIDES,
) -> ControlledSample:
    """Draw one garment, its size, place and colour, then one texture, its crop, orientation and colour.

    Parameters
    ----------
    parts
        What to draw from.
    of_object, of_scene
        The random numbers of each part.
    number
        The last part of the name.
    crop_sides
        Smallest and largest side of the texture's crop, in pixels of the texture.
    """
    kind = _drawn(tuple(parts.garments), of_object)
    garments = parts.garments[kind]
    shade, mask = _garment(garments[int(of_object.integers(len(garments)))], of_object)
    scene = _drawn(tuple(parts.textures), of_scene)
    ground = _texture(parts.textures[scene], crop_sides, of_scene)
    picture = np.where(mask[..., None], shade * _colour(of_object), ground * _colour(of_scene))
    pixels = np.rint(255 * picture).astype(np.uint8)
    pixels.flags.writeable = mask.flags.writeable = False
    return ControlledSample(f"{kind.replace(' ', '-')}-on-{scene}-{number}", pixels, kind, scene, mask)


@lru_cache(maxsize=1)
def shipped_parts() -> Parts:
    """Read the test garments and the parts of the textures that the networks never saw in training."""
    sheet = _pixels(GARMENTS).reshape(len(CONTROLLED_OBJECTS), 28, GARMENTS_A_CATEGORY, 28).swapaxes(1, 2)
    garments = dict(zip(CONTROLLED_OBJECTS, map(tuple, sheet), strict=True))
    return Parts(garments, {scene: _pixels(HERE / "textures" / f"{scene}.png") for scene in CONTROLLED_SCENES})


def _garment(grey: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Enlarge a garment and put it somewhere: its shade (SIDE x SIDE x 1, in 0..1) and its mask (SIDE x SIDE)."""
    side = int(random.integers(GARMENT_SIDES[0], GARMENT_SIDES[1] + 1))
    top, left = (int(place) for place in random.integers(0, SIDE - side + 1, 2))
    silhouette = np.where(grey >= SILHOUETTE, 255, 0).astype(np.uint8)
    if random.random() < 0.5:
        grey, silhouette = grey[:, ::-1], silhouette[:, ::-1]
    place = (slice(top, top + side), slice(left, left + side))
    shade, mask = np.zeros((SIDE, SIDE, 1)), np.zeros((SIDE, SIDE), bool)
    shade[(*place, 0)] = _shade(_resized(grey, side) / max(int(grey.max()), 1))
    mask[place] = _resized(silhouette, side) >= 128
    return shade, mask


def _texture(texture: np.ndarray, crop_sides: tuple[int, int], random: np.random.Generator) -> np.ndarray:
    """Cut a square out of a texture, turned by quarters and mirrored: SIDE x SIDE x 1, in 0..1."""
    side = int(random.integers(crop_sides[0], min(*texture.shape, crop_sides[1]) + 1))
    top = int(random.integers(0, texture.shape[0] - side + 1))
    left = int(random.integers(0, texture.shape[1] - side + 1))
    crop = np.rot90(texture[top : top + side, left : left + side], int(random.integers(4)))
    return _shade(_resized(crop[:, ::-1] if random.random() < 0.5 else crop, SIDE) / 255)[..., None]


def _shade(values: np.ndarray) -> np.ndarray:
    shade: np.ndarray = DARKEST + (1 - DARKEST) * np.clip(values, 0, 1)
    return shade


def _colour(random: np.random.Generator) -> np.ndarray:
    return random.uniform(COLOURS[0], COLOURS[1], 3)


def _drawn(names: tuple[str, ...], random: np.random.Generator) -> str:
    return names[int(random.integers(len(names)))]


def _resized(grey: np.ndarray, side: int) -> np.ndarray:
    picture = Image.fromarray(np.ascontiguousarray(grey))
    resized: np.ndarray = np.asarray(picture.resize((side, side), Image.Resampling.BILINEAR), dtype=np.float64)
    return resized


def _pixels(path: Any) -> np.ndarray:
    with Image.open(path) as picture:
        grey: np.ndarray = np.asarray(picture.convert("L"))
    return grey
