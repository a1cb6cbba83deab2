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
        array = _from_array(_tensor_as_array(picture), "tensor")
    elif hasattr(picture, "__array__"):
        array = _from_array(np.asarray(picture), "array")
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
            return _grey(_from_16_bit(np.asarray(upright), described))
        if upright.mode == "F":
            return _from_array(np.asarray(upright), "image of mode F")
        if upright.has_transparency_data:
            return _on_white(np.asarray(upright.convert("RGBA")))
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


def _from_16_bit(values: NDArray[Any], described: str) -> NDArray[np.uint8]:
    """Scale 0..65535 to 0..255. PIL's mode I has 32 bits but is what 16-bit files were read as for long."""
    low, high = int(values.min()), int(values.max())
    if low < 0 or high > 65535:
        raise ValueError(
            f"[inv-widgets] {described} has grey values from {low} to {high}, which are not 16 bits (0..65535): "
            "scale them to uint8 0..255 or float 0..1 and give an array."
        )
    return ((values.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)


def _grey(values: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.repeat(values[..., None], 3, axis=2)


def _on_white(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
    # All of it fits 16 bits: 255 * 255 + 127 < 65536.
    alpha = rgba[..., 3:].astype(np.uint16)
    return ((rgba[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def _tensor_as_array(tensor: Any) -> NDArray[Any]:
    if tensor.is_meta:
        raise ValueError(
            f"[inv-widgets] This picture tensor ({_shape(tensor)}) is on the meta device and has no values: "
            "give one that has."
        )
    tensor = tensor.detach().to_dense().cpu()
    if tensor.ndim != 3:
        hint = " Take one picture of the batch: tensor[0]." if tensor.ndim == 4 else ""
        raise ValueError(f"[inv-widgets] A picture tensor is C x H x W, not {_shape(tensor)}.{hint}")
    if tensor.shape[0] > 4:
        hint = " It looks like H x W x C: tensor.permute(2, 0, 1)." if tensor.shape[2] <= 4 else ""
        raise ValueError(
            f"[inv-widgets] A picture tensor is C x H x W with 1 to 4 channels, not {_shape(tensor)}.{hint}"
        )
    if tensor.is_floating_point():
        tensor = tensor.float()  # numpy has no bfloat16
    return np.asarray(tensor.permute(1, 2, 0).numpy())


def _from_array(values: NDArray[Any], kind: str) -> NDArray[np.uint8]:
    if values.ndim == 2:
        values = values[..., None]
    if values.ndim != 3 or values.shape[2] > 4 or not values.size:
        looks_first = values.ndim == 3 and values.shape[0] <= 4 and values.size
        hint = " It looks like C x H x W: array.transpose(1, 2, 0)." if looks_first else ""
        hint = " Take one picture of the batch: array[0]." if values.ndim == 4 else hint
        raise ValueError(
            f"[inv-widgets] A picture array is H x W or H x W x C with 1 to 4 channels, not {_shape(values)}.{hint}"
        )
    pixels = _as_uint8(values, kind)
    channels = pixels.shape[2]
    if channels in (1, 2):
        pixels = np.concatenate([np.repeat(pixels[..., :1], 3, axis=2), pixels[..., 1:]], axis=2)
    return pixels.copy() if pixels.shape[2] == 3 else _on_white(pixels)


def _as_uint8(values: NDArray[Any], kind: str) -> NDArray[np.uint8]:
    if values.dtype == np.uint8:
        return values
    if values.dtype.kind != "f":
        raise TypeError(
            f"[inv-widgets] A picture {kind} is uint8, or float in 0..1, not {values.dtype}. "
            "Give values of 0..255 as uint8, and divide deeper ones by their largest possible value."
        )
    values = values.astype(np.float64)
    if not np.isfinite(values).all():
        raise ValueError(f"[inv-widgets] This picture {kind} holds NaN or infinite values: replace them.")
    low, high = float(values.min()), float(values.max())
    # Interpolation leaves values a hair outside.
    if low < -1e-4 or high > 1 + 1e-4:
        raise ValueError(
            f"[inv-widgets] This picture {kind} of floats ranges from {low:.4g} to {high:.4g}, not within 0..1. Divide "
            "0..255 by 255; give the picture itself, not what a transform made of it."
        )
    pixels: NDArray[np.uint8] = np.floor(np.clip(values, 0, 1) * 255 + 0.5).astype(np.uint8)
    return pixels


def _shape(values: Any) -> str:
    return " x ".join(str(side) for side in values.shape) or "a single number"
