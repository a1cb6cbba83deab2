"""Maps of one resolution brought to another, on the device where they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn import functional as F  # noqa: N812 (as everywhere)

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["resized"]


def resized(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Bring maps (..., h, w) to `size` (height, width): bilinear when enlarged, averaged when shrunk."""
    if tuple(maps.shape[-2:]) == tuple(size):
        return maps
    stack = maps.reshape(1, -1, *maps.shape[-2:])
    found = F.interpolate(stack, size, mode="bilinear", align_corners=False, antialias=True)
    return found.reshape(*maps.shape[:-2], *size)
