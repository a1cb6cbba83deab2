"""Pictures as they are stored in a run, as they are sent to a screen, and their thumbnails, for both."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LONGEST_THUMBNAIL", "lossless", "pixels", "shrunk", "stored", "thumbnail", "webp"]

LONGEST_THUMBNAIL = 96
"""Pixels of the longer side: twice what the Explorer's strip shows."""


_LONGEST_WEBP = 16383  # pixels of a side
_SMALL = 128  # a picture up to this size costs next to nothing, and artefacts would show when it is enlarged


def stored(picture: NDArray[np.uint8]) -> tuple[bytes, bytes]:
    """Give a picture (uint8 RGB, height x width x 3) as it stands in a run: :func:`lossless`, and its thumbnail."""
    image = lossless(picture)
    return image, image if _is_small(picture) else thumbnail(picture)


def lossless(picture: NDArray[np.uint8]) -> bytes:
    """Give a picture (uint8 RGB, height x width x 3) as bytes that :func:`pixels` reads exactly.

    WebP at its fastest: against the fastest PNG of a photo half the time, for reading too, and three quarters of the
    bytes. PNG where a side is longer than WebP allows.
    """
    image, buffer = Image.fromarray(picture), io.BytesIO()
    if max(image.size) > _LONGEST_WEBP:
        image.save(buffer, "PNG", compress_level=1)
    else:
        image.save(buffer, "WEBP", lossless=True, quality=0, method=0)
    return buffer.getvalue()


def thumbnail(picture: NDArray[np.uint8]) -> bytes:
    """Give a picture (uint8 RGB, height x width x 3) as a small WebP: about 2 kB.

    A picture that is no larger than that is kept exactly: artefacts would show when it is enlarged.
    """
    if _is_small(picture):
        return lossless(picture)
    buffer = io.BytesIO()
    shrunk(Image.fromarray(picture), LONGEST_THUMBNAIL).save(buffer, "WEBP", quality=80, method=1)
    return buffer.getvalue()


def webp(image: Image.Image) -> bytes:
    """Give an image as a WebP for a screen, without metadata: a small one exactly, since it will be enlarged."""
    buffer = io.BytesIO()
    if max(image.size) <= _SMALL:
        image.save(buffer, "WEBP", lossless=True, quality=50, method=2)
    else:
        image.save(buffer, "WEBP", quality=85, method=1)
    return buffer.getvalue()


def shrunk(image: Image.Image, longest: int) -> Image.Image:
    """Give an image whose longer side is at most so many pixels: itself where it is that small already."""
    scale = longest / max(image.size)
    if scale >= 1:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def pixels(image: bytes) -> NDArray[np.uint8]:
    """Decode a picture that stands in a file: uint8 RGB, height x width x 3."""
    with Image.open(io.BytesIO(image)) as opened:
        return np.array(opened.convert("RGB"))


def _is_small(picture: NDArray[np.uint8]) -> bool:
    height, width, _ = picture.shape
    return bool(max(height, width) <= LONGEST_THUMBNAIL)
