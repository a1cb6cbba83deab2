"""Arrays and tensors as pictures: uint8, height x width x 3, or an error that says what was wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["from_16_bit", "from_array", "grey", "on_white", "tensor_as_array"]


def tensor_as_array(tensor: Any) -> NDArray[Any]:
    """Give a tensor C x H x W as an array H x W x C."""
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


def from_array(values: NDArray[Any], kind: str) -> NDArray[np.uint8]:
    """Make a picture of an array, H x W or H x W x C; `kind` is what messages call it."""
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
    return pixels.copy() if pixels.shape[2] == 3 else on_white(pixels)


def from_16_bit(values: NDArray[Any], described: str) -> NDArray[np.uint8]:
    """Scale 0..65535 to 0..255. PIL's mode I has 32 bits but is what 16-bit files were read as for long."""
    low, high = int(values.min()), int(values.max())
    if low < 0 or high > 65535:
        raise ValueError(
            f"[inv-widgets] {described} has grey values from {low} to {high}, which are not 16 bits (0..65535): "
            "scale them to uint8 0..255 or float 0..1 and give an array."
        )
    return ((values.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)


def grey(values: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Make a grey picture (H x W) RGB."""
    return np.repeat(values[..., None], 3, axis=2)


def on_white(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Lay a picture with alpha (H x W x 4) on white."""
    # All of it fits 16 bits: 255 * 255 + 127 < 65536.
    alpha = rgba[..., 3:].astype(np.uint16)
    return ((rgba[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


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
