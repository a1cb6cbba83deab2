"""Masks that cannot be ragged, and pictures that they blur: the two operators of extremal perturbations."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F  # noqa: N812 (as everywhere)

from inv_widgets.comparison.blurring import blurred

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Pyramid", "SmoothMask"]

_TEMPERATURE = 1 / 20
_SUPPORT = 1 + 2 * math.sqrt(math.log(1000))  # in sigmas


class SmoothMask:
    """Masks made of a coarse grid by a smooth max-convolution (Fong, Patrick & Vedaldi 2019, section 3.3).

    ``m(u) = smax_v k(|u - v| / sigma) g(v)`` over the grid's points v, with ``k(z) = exp(-max(0, z - 1)^2 / 4)`` and
    ``smax f = sum f exp(f / T) / sum exp(f / T)``, T = 1/20. A max, unlike a sum, lets a mask reach 1 and stay within
    0..1; k makes its edges at least as soft as its own. Masks are found at the grid's points, and enlarged bilinearly.

    Parameters
    ----------
    size
        (height, width) of the masks in pixels.
    step
        Pixels from one point of the grid to the next.
    sigma
        Of the kernel, in pixels.
    like
        A tensor of the device and dtype that masks are to have.
    """

    def __init__(self, size: tuple[int, int], step: int, sigma: float, like: Tensor) -> None:
        self._size = size
        self.grid = (math.ceil(size[0] / step), math.ceil(size[1] / step))
        # Beyond this the kernel is under 0.001.
        self._reach = max(1, math.ceil(_SUPPORT * sigma / step))
        taps = torch.arange(-self._reach, self._reach + 1, dtype=torch.float64) * step
        beyond = (torch.hypot(taps[:, None], taps) / sigma - 1).clamp(min=0)
        self._kernel = torch.exp(-(beyond**2) / 4).reshape(-1, 1).to(like)

    def __call__(self, grids: Tensor) -> Tensor:
        """Make coarse masks M x h x w (0..1) of grids M x h x w (0..1)."""
        near = F.unfold(grids[:, None], 2 * self._reach + 1, padding=self._reach)
        spread = self._kernel * near
        return (spread * (spread / _TEMPERATURE).softmax(1)).sum(1).reshape(grids.shape)

    def enlarged(self, coarse: Tensor) -> Tensor:
        """Enlarge coarse masks to pixels; M x H x W."""
        return F.interpolate(coarse[:, None], self._size, mode="bilinear", align_corners=False)[:, 0]


class Pyramid:
    """One picture, ever more blurred: ``(m * x)(u)`` blurs by ``(1 - m(u)) * sigma_max`` (section 3.2).

    Between the levels, which are blurred once, values are interpolated linearly.

    Parameters
    ----------
    picture
        C x H x W.
    sigma_max
        Standard deviation of the strongest blur, in pixels.
    levels
        How many steps there are from the picture itself to the strongest blur.
    """

    def __init__(self, picture: Tensor, sigma_max: float, levels: int) -> None:
        self._top = levels
        self.dtype = picture.dtype
        self._levels = torch.stack(
            [blurred(picture[None], sigma_max * level / levels)[0] for level in range(levels + 1)], 1
        )

    def __call__(self, masks: Tensor) -> Tensor:
        """Blur where masks (M x H x W, 0..1) are low; M x C x H x W."""
        at = (1 - masks) * self._top
        lower = at.detach().floor().clamp(0, self._top - 1)
        share = (at - lower)[:, None]
        index = lower.long()[None].expand(len(self._levels), -1, -1, -1)
        near, far = (self._levels.gather(1, index + one).transpose(0, 1) for one in (0, 1))
        return near + (far - near) * share
