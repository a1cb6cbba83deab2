"""The terms of FullGrad as maps: each brought to 0..1 and summed over its channels, and these over all terms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F  # noqa: N812 (as everywhere)

from inv_widgets.comparison.implicit_biases import BiasTerm, ImplicitBiases

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["TermMaps", "rescaled", "resized"]


class TermMaps(ImplicitBiases):
    """The sum of all terms that have space, for each part of the pictures.

    Attributes
    ----------
    total
        The sum of the values of all terms of all parts, with and without space; in units of the class score.
    spatial, others
        How many terms of a picture have space, and how many have not.
    """

    def __init__(self) -> None:
        super().__init__(self._add)
        # For each part the sums of the terms of one size: upsampling is linear, and needed once a size.
        self._sums: list[dict[tuple[int, int], Tensor]] = []
        self.total: Tensor | float = 0.0
        self.spatial = self.others = 0
        self._shape, self._device = torch.Size(), torch.device("cpu")

    def watch(self, inputs: Tensor) -> None:
        """Start from a part of the pictures."""
        super().watch(inputs)
        self._shape, self._device = inputs.shape, inputs.device
        self.spatial = self.others = 0
        self._sums.append({})

    def on_input(self) -> Tensor:
        """Give all pictures' sums, at the input's size; N x H x W."""
        size = (self._shape[2], self._shape[3])
        start = torch.zeros(1, *size, device=self._device)
        return torch.cat([sum((resized(each, size) for each in part.values()), start) for part in self._sums])

    def _add(self, term: BiasTerm) -> None:
        gradient, bias = term.gradient, term.bias
        if term.channels > 1:
            gradient = gradient.movedim(term.channels, 1)
            bias = bias.movedim(term.channels, 1) if bias.ndim == 4 else bias
        if term.channels > 0 and len(gradient) == self._shape[0] and gradient.shape[2:].numel() > 1:
            size = (gradient.shape[2], gradient.shape[3])
            found, total = _scaled(gradient, bias)
            sums = self._sums[-1]
            sums[size] = sums[size] + found if size in sums else found
            self.spatial += 1
        else:
            total = term.values.float().sum()
            self.others += 1
        self.total = self.total + total


def rescaled(values: Tensor) -> Tensor:
    """Bring the magnitudes of N x C x h x w to 0..1, each picture's by themselves, and sum over the channels."""
    return _magnitudes(values.float().abs())


def resized(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Bring maps (..., h, w) to `size` (height, width): bilinear when enlarged, averaged when shrunk."""
    if tuple(maps.shape[-2:]) == tuple(size):
        return maps
    stack = maps.reshape(1, -1, *maps.shape[-2:])
    found = F.interpolate(stack, size, mode="bilinear", align_corners=False, antialias=True)
    return found.reshape(*maps.shape[:-2], *size)


def _scaled(gradient: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """Give the rescaled term of maps, summed over channels (N x h x w), and the sum of its values."""
    if bias.numel() != gradient.shape[1]:
        values = (gradient * bias).float()
        total = values.sum()
        return _magnitudes(values.abs_()), total
    # One number a channel: the products are never made.
    weights, flat = bias.flatten().float(), gradient.flatten(2).float()
    sizes, strengths = flat.abs(), weights.abs()
    low, high = (sizes.amin(2) * strengths).amin(1), (sizes.amax(2) * strengths).amax(1)
    summed = (strengths @ sizes).view(-1, *gradient.shape[2:])
    return _between(summed, low, high, len(weights)), (weights @ flat).sum()


def _magnitudes(sizes: Tensor) -> Tensor:
    flat = sizes.flatten(1)
    return _between(sizes.sum(1), flat.amin(1), flat.amax(1), sizes.shape[1])


def _between(summed: Tensor, low: Tensor, high: Tensor, count: int) -> Tensor:
    across = torch.where(high > low, high - low, 1.0)
    return (summed - (low * count).view(-1, 1, 1)) / across.view(-1, 1, 1)
