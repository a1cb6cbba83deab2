"""Any picture in, an upright RGB array out.

A picture is a path, a PIL image, an array or a tensor; what comes out is always uint8, height x width x 3, turned as
its EXIF says, laid on white where it is transparent. Importing this loads neither torch nor scikit-learn.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import io
import os
import re
import struct
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from inv_widgets.errors import kind_of
from inv_widgets.picture_arrays import from_16_bit, from_array, grey, on_white, tensor_as_array

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Picture", "decoded", "load_picture", "readable", "shrink"]

ACCEPTED = (
    "a path, a PIL image, an array (H x W or H x W x 1, 2, 3 or 4; uint8, or float in 0..1) "
    "or a tensor (C x H x W in the same ranges)"
)


_LONE_SURROGATES = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, eq=False)
class Picture:
    """An upright RGB picture.

    Attributes
    ----------
    array
        uint8, shape (H, W, 3), read-only.
    name
        The file's name with its suffix, or what the caller called it, or ``"picture"``.
    hash
        16 hexadecimal digits made of the size and content of `array`.
    """

    array: NDArray[np.uint8]
    name: str
    hash: str

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self.array.shape[0])

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self.array.shape[1])

    @property
    def image(self) -> Image.Image:
        """A PIL image (RGB) of its own: changing it changes nothing here."""
        return Image.fromarray(self.array)


def load_picture(picture: Any, *, name: str | None = None) -> Picture:
    """Read any picture.

    Parameters
    ----------
    picture
        A path; a PIL image of any mode; an array, H x W (grey) or H x W x C with C = 1 (grey), 2 (grey, alpha), 3
        (RGB) or 4 (RGB, alpha), uint8 or float in 0..1; a C x H x W tensor in the same ranges; or a
        :class:`Picture`, which is returned as it is. 16-bit pictures are scaled from 0..65535. Transparent parts are
        laid on white; of an animation the first frame is read.
    name
        What to call it; by default the file's name, or ``"picture"``.

    Raises
    ------
    FileNotFoundError
        Where there is no such file.
    TypeError, ValueError
        For what is no picture, cannot be read, is too large, or has a wrong shape, dtype or range.
    """
    if isinstance(picture, Picture):
        return picture if name is None else dataclasses.replace(picture, name=readable(name))
    if isinstance(picture, (str, os.PathLike)):
        path = Path(picture)
        array = _read_file(path, os.fspath(picture))
        name = path.name if name is None else name
    elif isinstance(picture, Image.Image):
        array = _from_image(picture, f"this {picture.mode} image")
    elif callable(getattr(picture, "detach", None)) and callable(getattr(picture, "cpu", None)):
        array = from_array(tensor_as_array(picture), "tensor")
    elif hasattr(picture, "__array__"):
        array = from_array(np.asarray(picture), "array")
    else:
        raise TypeError(f"[inv-widgets] The picture is {kind_of(picture)}: give {ACCEPTED}.")
    array = np.ascontiguousarray(array)
    array.setflags(write=False)
    return Picture(array, "picture" if name is None else readable(name), _content_hash(array))


def decoded(content: bytes, given: str) -> NDArray[np.uint8]:
    """Read what a picture's file holds; `given` is what messages call it. Errors are those of :func:`load_picture`."""
    return _decoded(io.BytesIO(content), given)


def readable(name: str) -> str:
    """Replace what stands for bytes of a file's name that are no UTF-8: no file and no browser takes it."""
    return _LONE_SURROGATES.sub("\N{REPLACEMENT CHARACTER}", name)


def shrink(array: NDArray[np.uint8], longest: int) -> tuple[NDArray[np.uint8], float]:
    """Make the longer side of an H x W x 3 picture at most `longest` pixels (Lanczos); small ones stay as they are.

    Returns
    -------
    array, scale
        The picture, and new size / old size (1.0 where nothing was done).
    """
    if longest < 1:
        raise ValueError(f"[inv-widgets] A picture cannot be shrunk to {longest} pixels: give at least 1.")
    height, width = array.shape[:2]
    if max(height, width) <= longest:
        return array, 1.0
    scale = longest / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.array(Image.fromarray(array).resize(size, Image.Resampling.LANCZOS)), scale


def _content_hash(array: NDArray[np.uint8]) -> str:
    digest = hashlib.blake2b(repr(array.shape).encode(), digest_size=8)
    digest.update(array.data)
    return digest.hexdigest()


def _read_file(path: Path, given: str) -> NDArray[np.uint8]:
    if not path.exists():
        advice = "Download it first." if "://" in given else "Check the path."
        raise FileNotFoundError(f"[inv-widgets] There is no picture file {given!r}. {advice}")
    if path.is_dir():
        raise IsADirectoryError(f"[inv-widgets] {given!r} is a folder: give the path of one picture.")
    return _decoded(path, given)


def _decoded(source: Path | io.BytesIO, given: str) -> NDArray[np.uint8]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # broken EXIF data, which we do without
            # One limit, not two: what PIL would only warn about is refused too.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(source) as image:
                return _from_image(image, repr(given))
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise ValueError(
            f"[inv-widgets] The picture {given!r} is too large: it has more than {Image.MAX_IMAGE_PIXELS:,} pixels. "
            "Shrink it, or raise PIL.Image.MAX_IMAGE_PIXELS if you trust it."
        ) from error
    except UnidentifiedImageError as error:
        raise ValueError(f"[inv-widgets] {given!r} cannot be read as a picture: {_unknown(source)}") from error
    except PermissionError as error:
        raise PermissionError(
            f"[inv-widgets] The picture {given!r} may not be read: change its permissions."
        ) from error
    except FileNotFoundError:
        raise
    except (OSError, SyntaxError, EOFError, struct.error) as error:  # in what comes before the pixels
        raise _cut_short(repr(given), error) from error


def _from_image(image: Image.Image, described: str) -> NDArray[np.uint8]:
    if 0 in image.size:
        raise ValueError(f"[inv-widgets] {described} is empty ({image.width} x {image.height} pixels): give another.")
    try:
        image.load()
        upright = _upright(image)
        if upright.mode.startswith("I"):
            return grey(from_16_bit(np.asarray(upright), described))
        if upright.mode == "F":
            return from_array(np.asarray(upright), "image of mode F")
        if upright.has_transparency_data:
            return on_white(np.asarray(upright.convert("RGBA")))
        return np.array(upright.convert("RGB"))
    except (OSError, SyntaxError, EOFError, struct.error) as error:
        raise _cut_short(described, error) from error
    except ValueError as error:
        if str(error).startswith("[inv-widgets]"):
            raise
        raise ValueError(
            f"[inv-widgets] {described} cannot be read as RGB: {error}. Open it again, or convert it to RGB first."
        ) from error


def _unknown(source: Path | io.BytesIO) -> str:
    """Say why PIL knows no format for it, and what to do."""
    if isinstance(source, Path) and not source.stat().st_size:
        return "the file is empty. Get it again."
    if isinstance(source, Path) and source.suffix.lower() in {".heic", ".heif"}:
        return "PIL needs a plugin for HEIC. Save it as JPEG, or pip install pillow-heif and register its opener."
    return "its format is unknown. Save it as PNG or JPEG."


def _cut_short(described: str, error: Exception) -> ValueError:
    return ValueError(
        f"[inv-widgets] {described} cannot be read: {error}. The file is broken or cut short: get it again."
    )


def _upright(image: Image.Image) -> Image.Image:
    # Broken EXIF data says nothing about how the camera was held.
    broken = contextlib.suppress(SyntaxError, ValueError, TypeError, KeyError, OSError, struct.error)
    with warnings.catch_warnings(), broken:
        warnings.simplefilter("ignore", UserWarning)
        return ImageOps.exif_transpose(image)
    return image
