"""Pictures under a Gaussian, on the device where they are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F  # noqa: N812 (as everywhere)

from inv_widgets.torch_support import widened

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["blurred"]


def blurred(pictures: Tensor, sigma: float) -> Tensor:
    """Blur pictures (N x C x H x W) by a Gaussian of `sigma` pixels (0: not at all), cut off at 3 sigma.

    What lies beyond the border is as the border.
    """
    if not sigma:
        return pictures
    reach = max(1, math.ceil(3 * sigma))
    taps = torch.arange(-reach, reach + 1, dtype=torch.float64)
    kernel = torch.exp(-0.5 * (taps / sigma) ** 2)
    flat = widened(pictures).flatten(0, 1)[:, None]
    kernel = (kernel / kernel.sum()).to(flat).view(1, 1, -1, 1)
    flat = F.conv2d(F.pad(flat, (0, 0, reach, reach), mode="replicate"), kernel)
    flat = F.conv2d(F.pad(flat, (reach, reach, 0, 0), mode="replicate"), kernel.transpose(2, 3))
    return flat.reshape(pictures.shape).to(pictures.dtype)
