"""Where on a picture a network looks: the window that a transform's resizing and cropping leave.

A window function is called with a picture's height and width and returns ``(left, top, width, height)`` in pixels of
that picture, as floats; padding lies beyond the picture. Each rounds as the transform it describes does.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Letterbox", "ResizedCrop", "Squash", "WholePicture"]

Window = tuple[float, float, float, float]
Size = tuple[int, int]


@dataclass(frozen=True)
class WholePicture:
    """All of the picture, however it was squeezed."""

    def __call__(self, height: int, width: int) -> Window:
        """Give (left, top, width, height) in pixels of a picture of this size."""
        return 0.0, 0.0, float(width), float(height)


@dataclass(frozen=True)
class ResizedCrop:
    """The shorter side made `resize` pixels, then the middle `crop` pixels (torchvision's Resize and CenterCrop).

    Parameters
    ----------
    resize
        Pixels of the shorter side after resizing. A pair (height, width) makes the picture just cover that box, as
        timm does for networks whose input is not square.
    crop
        Side, or (height, width), of the crop in pixels after resizing; larger than the picture, it pads.
    """

    resize: int | Size
    crop: int | Size

    def __call__(self, height: int, width: int) -> Window:
        """Give (left, top, width, height) in pixels of a picture of this size."""
        if isinstance(self.resize, tuple):
            ratio = min(height / self.resize[0], width / self.resize[1])
            resized = (round(height / ratio), round(width / ratio))
        else:
            # torchvision cuts the longer side's fraction off.
            longer = int(self.resize * max(height, width) / min(height, width))
            resized = (longer, self.resize) if width <= height else (self.resize, longer)
        return _middle((height, width), resized, _pair(self.crop))


@dataclass(frozen=True)
class Squash:
    """Both sides resized whatever the shape, then the middle `crop` pixels.

    Parameters
    ----------
    resize, crop
        Side, or (height, width), in pixels.
    """

    resize: int | Size
    crop: int | Size

    def __call__(self, height: int, width: int) -> Window:
        """Give (left, top, width, height) in pixels of a picture of this size."""
        return _middle((height, width), _pair(self.resize), _pair(self.crop))


@dataclass(frozen=True)
class Letterbox:
    """The picture made to just fit into `resize`, then padded or cut to `crop` around its middle.

    Parameters
    ----------
    resize, crop
        Side, or (height, width), in pixels.
    """

    resize: int | Size
    crop: int | Size

    def __call__(self, height: int, width: int) -> Window:
        """Give (left, top, width, height) in pixels of a picture of this size."""
        box = _pair(self.resize)
        ratio = max(height / box[0], width / box[1])
        resized = (round(height / ratio), round(width / ratio))
        return _middle((height, width), resized, _pair(self.crop))


def _pair(side: int | Size) -> Size:
    return side if isinstance(side, tuple) else (side, side)


def _middle(picture: Size, resized: Size, crop: Size) -> Window:
    """Map the middle `crop` of the resized picture back into pixels of the picture."""
    top, left = (_offset(have, want) for have, want in zip(resized, crop, strict=True))
    down, across = picture[0] / resized[0], picture[1] / resized[1]
    return left * across, top * down, crop[1] * across, crop[0] * down


def _offset(have: int, want: int) -> int:
    """Start of the middle `want` of `have` pixels; negative where padding comes first."""
    return -((want - have) // 2) if want > have else round((have - want) / 2)
