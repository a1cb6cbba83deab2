"""Pictures that come from the browser: in parts, because servers refuse big messages, and never trusted."""

from __future__ import annotations

import io
import warnings

from PIL import Image, UnidentifiedImageError

from inv_widgets.pictures import Picture, load_picture

__all__ = ["LARGEST", "Uploads", "picture_of"]

LARGEST = 32_000_000
"""The most bytes of a picture's file."""

_OPEN = 8  # files that come at the same time


class Uploads:
    """Puts the parts of files together."""

    def __init__(self) -> None:
        self._open: dict[str, list[bytes]] = {}

    def add(self, upload: str, part: int, parts: int, data: bytes) -> bytes | None:
        """Take a part (from 0) of a file; give the whole when it is there.

        Raises
        ------
        ValueError
            If the file is too big, or a part is missing.
        """
        came = self._open.setdefault(upload, [])
        while len(self._open) > _OPEN:
            self._open.pop(next(iter(self._open)))  # its page is gone
        if part != len(came):
            self._open.pop(upload, None)
            raise ValueError("[inv-widgets] A part of the file was lost on its way. Try again.")
        came.append(data)
        if sum(map(len, came)) > LARGEST:
            del self._open[upload]
            raise ValueError(
                f"[inv-widgets] The file is larger than {LARGEST // 1_000_000} MB: give a smaller picture."
            )
        if len(came) < parts:
            return None
        return b"".join(self._open.pop(upload))


def picture_of(
    data: bytes, name: str, formats: tuple[str, ...] = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
) -> Picture:
    """Read a picture from a file's bytes.

    Raises
    ------
    ValueError
        If they are no picture of one of these formats, or one too large.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return load_picture(Image.open(io.BytesIO(data), formats=formats), name=name)
    except UnidentifiedImageError:
        raise ValueError(
            f"[inv-widgets] {name} cannot be read as a picture: give a file of {', '.join(formats)}."
        ) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ValueError(f"[inv-widgets] {name} has too many pixels: give a smaller picture.") from None
    except (OSError, SyntaxError) as error:  # what Pillow says of a file that is cut off or broken
        raise ValueError(f"[inv-widgets] {name} cannot be read: {error}") from None
