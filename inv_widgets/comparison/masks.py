"""Attribution masks: feature maps made as large as the input, from 0 to 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F  # noqa: N812 (as everywhere)

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["attribution_masks", "uneven"]


def uneven(maps: Tensor) -> Tensor:
    """Tell which maps (..., h, w) are not the same everywhere, so that they can be a mask; bool, shape (...)."""
    return maps.amax((-2, -1)) > maps.amin((-2, -1))


def attribution_masks(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Enlarge M maps bilinearly to `size`, and min-max each to 0..1; M x h x w to M x H x W, even ones to 0."""
    large = F.interpolate(maps[:, None], size, mode="bilinear", align_corners=False)[:, 0]
    low, high = large.amin((1, 2), keepdim=True), large.amax((1, 2), keepdim=True)
    return large.sub_(low).div_((high - low).clamp_(min=torch.finfo(large.dtype).tiny))
