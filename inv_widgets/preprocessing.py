"""Preprocessing for files that do not say what their network was trained with: ONNX and Keras."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import torch

from inv_widgets.windows import ResizedCrop, WholePicture

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["Preprocessing", "Resized", "Values"]

Values = Literal["unit", "bytes", "signed", "imagenet"]
Sizes = tuple[int | None, int | None, int | None]

ANY_SIDE = 224
"""Side in pixels of what a network is given that takes pictures of any size."""

# Black and white of each colour as the network gets them: value = (byte / 255 * top - mean) / deviation.
_SCALES: dict[str, tuple[float, tuple[float, ...], tuple[float, ...]]] = {
    "unit": (1.0, (), ()),
    "bytes": (255.0, (), ()),
    "signed": (1.0, (0.5,), (0.5,)),
    "imagenet": (1.0, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
}


@dataclass(frozen=True)
class Preprocessing:
    """What is known of a network's input, beside what its file says.

    Parameters
    ----------
    size
        Height and width in pixels, one number for both; None: as the file says, 224 where it says nothing.
    resize
        The shorter side is made this long (pixels) and the middle cut out, as most networks for ImageNet have it
        (256). None: the whole picture is squeezed to the size.
    values
        What black and white become: ``"unit"`` 0 and 1; ``"bytes"`` 0 and 255; ``"signed"`` -1 and 1; ``"imagenet"``
        0 and 1 less ImageNet's mean, by its deviation (torchvision's weights). None: unit; bytes for Keras models with
        a Rescaling or Normalization layer.

    Raises
    ------
    ValueError
        For sizes under 1, a shorter side that is less than the size, and other values.
    """

    size: int | tuple[int, int] | None = None
    resize: int | None = None
    values: Values | None = None

    def __post_init__(self) -> None:
        sides = () if self.size is None else self.size if isinstance(self.size, tuple) else (self.size, self.size)
        if not all(type(side) is int and side > 0 for side in sides) or len(sides) not in {0, 2}:
            raise ValueError(f"[inv-widgets] size={self.size!r} is not possible: give pixels, 224 or (240, 320).")
        if self.resize is not None and (type(self.resize) is not int or self.resize < 1):
            raise ValueError(f"[inv-widgets] resize={self.resize!r} is not possible: give pixels, such as 256.")
        if self.values is not None and self.values not in get_args(Values):
            raise ValueError(
                f"[inv-widgets] values={self.values!r} is not possible: give {', '.join(map(repr, get_args(Values)))}."
            )
        object.__setattr__(self, "size", sides or None)

    def shape(self, sizes: Sizes, label: str) -> tuple[int, int, int]:
        """Settle the input's channels, height and width.

        Parameters
        ----------
        sizes
            What the file says of channels, height and width; None: any.
        label
            What to call the network in messages.

        Raises
        ------
        ValueError
            Where the file says otherwise than `size`.
        """
        channels, *said = sizes
        asked = self.size if isinstance(self.size, tuple) else (None, None)
        for own, other in zip(said, asked, strict=True):
            if own is not None and other is not None and own != other:
                takes = " x ".join("any" if side is None else str(side) for side in said)
                raise ValueError(
                    f"[inv-widgets] {label} takes pictures of {takes} pixels, not {asked[0]} x {asked[1]}: leave the "
                    "size away."
                )
        height, width = (own or other or ANY_SIDE for own, other in zip(said, asked, strict=True))
        return channels or 3, height, width

    def transform(self, shape: tuple[int, int, int], label: str, *, values: Values = "unit") -> Resized:
        """Make the function from pictures to the network's input.

        Parameters
        ----------
        shape
            Channels, height and width, as :meth:`shape` gives them.
        label
            What to call the network in messages.
        values
            Where nothing is said of them.

        Raises
        ------
        ValueError
            Where this needs a function of one's own.
        """
        channels, height, width = shape
        if channels not in {1, 3}:
            raise ValueError(
                f"[inv-widgets] {label} takes {channels} channels: give transform, a function from an RGB PIL image "
                f"to a float tensor {channels} x H x W (on the command line: package.module:factory)."
            )
        top, mean, deviation = _SCALES[self.values or values]
        if len(mean) > channels:
            raise ValueError(
                f"[inv-widgets] {label} takes grey pictures, and ImageNet's means are of colours: give other values "
                "than 'imagenet'."
            )
        if self.resize is not None and self.resize < max(height, width):
            raise ValueError(
                f"[inv-widgets] resize={self.resize} is less than the {height} x {width} pixels that {label} takes: "
                f"give at least {max(height, width)}, or none."
            )
        return Resized(height, width, channels, top, mean, deviation, self.resize)


@dataclass(frozen=True)
class Resized:
    """The picture resized (bilinear, antialiased) to the network's input, as floats.

    Parameters
    ----------
    height, width
        In pixels.
    channels
        3 (RGB) or 1 (grey).
    top
        The value of white before `mean` and `deviation`: 1.0 or 255.0.
    mean, deviation
        What is taken off each channel, and what it is divided by then; one for all channels, or none.
    resize
        None: the whole picture is squeezed. Else its shorter side is made this long, and the middle cut out.
    """

    height: int
    width: int
    channels: int = 3
    top: float = 1.0
    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()
    resize: int | None = None

    def __str__(self) -> str:
        how = "squeezed" if self.resize is None else f"resized to {self.resize} and cut"
        named = {key: name for name, key in _SCALES.items()}.get((self.top, self.mean, self.deviation), "own")
        colours = "" if self.channels == 3 else " grey"
        return f"{how} to {self.height} x {self.width}{colours} pixels, values {named}"

    @property
    def window(self) -> ResizedCrop | WholePicture:
        """What is left of a picture, as a function of its height and width."""
        return WholePicture() if self.resize is None else ResizedCrop(self.resize, (self.height, self.width))

    def __call__(self, image: Image.Image) -> torch.Tensor:
        """Give a float tensor C x H x W of an RGB picture."""
        shown = image if self.channels == 3 else image.convert("L")
        pixels = np.array(self._resized(shown), np.float32)
        values = torch.from_numpy(pixels * np.float32(self.top / 255))
        values = values[None] if values.ndim == 2 else values.permute(2, 0, 1).contiguous()
        if not self.mean:
            return values
        return (values - torch.tensor(self.mean)[:, None, None]) / torch.tensor(self.deviation)[:, None, None]

    def _resized(self, image: Any) -> Any:
        from PIL import Image as Images

        if self.resize is None:
            return image.resize((self.width, self.height), Images.Resampling.BILINEAR)
        longer = int(self.resize * max(image.size) / min(image.size))  # as ResizedCrop has it
        size = (self.resize, longer) if image.width <= image.height else (longer, self.resize)
        left, top = round((size[0] - self.width) / 2), round((size[1] - self.height) / 2)
        resized = image.resize(size, Images.Resampling.BILINEAR)
        return resized.crop((left, top, left + self.width, top + self.height))
