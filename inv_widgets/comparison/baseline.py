"""Baselines: the pictures in which what is explained is absent."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 (as everywhere)

from inv_widgets.errors import kind_of

if TYPE_CHECKING:
    from torch import Tensor

    from inv_widgets.comparison.subject import Subject

__all__ = ["baseline", "blurred"]

_WANTED = 'give "zero", "black", "white", "blur" or a preprocessed tensor of the input\'s shape'
_BLUR = 12  # the shorter side over the blur's standard deviation: 19 pixels at 224


def baseline(subject: Subject, which: Any) -> Tensor:
    """Make the baseline of each picture.

    Parameters
    ----------
    subject
        The pictures.
    which
        ``"zero"``: 0 after normalisation. ``"black"``, ``"white"``: such a picture, preprocessed. ``"blur"``: the
        picture under a Gaussian of a twelfth of its shorter side. A tensor: C x H x W or N x C x H x W, preprocessed.

    Returns
    -------
    torch.Tensor
        N x C x H x W, like the inputs.
    """
    inputs = subject.inputs
    if isinstance(which, torch.Tensor):
        own = which.detach().to(inputs)
        if own.shape[-3:] != inputs.shape[1:] or own.shape[:-3] not in {(), (1,), (len(subject),)}:
            shapes = f"{tuple(own.shape)}, the input {tuple(inputs.shape)}"
            raise ValueError(f"[inv-widgets] The baseline is {shapes}: {_WANTED}.")
        if not torch.isfinite(own).all():
            raise ValueError("[inv-widgets] The baseline has values that are NaN or infinite: give finite ones.")
        return own.expand_as(inputs)
    if not isinstance(which, str):
        raise TypeError(f"[inv-widgets] The baseline is {kind_of(which)}: {_WANTED}.")
    if which == "zero":
        return torch.zeros_like(inputs)
    if which in {"black", "white"}:
        value = 0 if which == "black" else 255
        plain = [np.full((picture.height, picture.width, 3), value, np.uint8) for picture in subject.pictures]
        return torch.cat([subject.net.preprocess(picture) for picture in plain])
    if which == "blur":
        return blurred(inputs, min(inputs.shape[-2:]) / _BLUR)
    raise ValueError(f"[inv-widgets] baseline={which!r} is not known: {_WANTED}.")


def blurred(pictures: Tensor, sigma: float) -> Tensor:
    """Blur pictures (N x C x H x W) by a Gaussian of `sigma` pixels; what lies beyond the border is as the border."""
    reach = max(1, math.ceil(3 * sigma))
    offsets = torch.arange(-reach, reach + 1, dtype=torch.float32, device=pictures.device)
    kernel = torch.exp(-0.5 * (offsets / sigma) ** 2)
    kernel = (kernel / kernel.sum()).view(1, 1, -1, 1)
    flat = pictures.float().flatten(0, 1)[:, None]
    flat = F.conv2d(F.pad(flat, (0, 0, reach, reach), mode="replicate"), kernel)
    flat = F.conv2d(F.pad(flat, (reach, reach, 0, 0), mode="replicate"), kernel.transpose(2, 3))
    return flat.reshape(pictures.shape).to(pictures.dtype)
