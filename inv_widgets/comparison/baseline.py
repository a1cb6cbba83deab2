"""Baselines: what stands in place of a picture, or of its parts, so that what is explained is absent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from inv_widgets.comparison.blurring import blurred

if TYPE_CHECKING:
    from torch import Tensor

    from inv_widgets.comparison.subject import Subject

__all__ = ["baseline", "baseline_of"]

_LEVELS = {"black": 0, "white": 255}
_BLUR = 12  # the shorter side over the blur's standard deviation: 19 pixels at 224


def baseline(subject: Subject, which: Any) -> Tensor:
    """Make the baseline of each picture as :func:`baseline_of` does; N x C x H x W, like the inputs."""
    return torch.stack([baseline_of(subject, row, which) for row in range(len(subject))])


def baseline_of(subject: Subject, row: int, which: Any, *, more: str = "") -> Tensor:
    """Make the baseline of one picture.

    Parameters
    ----------
    subject, row
        The picture.
    which
        A finite number, after normalisation; ``"zero"`` is 0. ``"black"``, ``"white"``: such a picture, preprocessed.
        ``"blur"``: the picture under a Gaussian of a twelfth of its shorter side. A tensor, preprocessed: one that fits
        C x H x W (a colour is C x 1 x 1), or N x C x H x W with one for each picture.
    more
        What else the caller takes, for the error.

    Returns
    -------
    torch.Tensor
        C x H x W, like the input.

    Raises
    ------
    ValueError
        For anything else.
    """
    own = subject.inputs[row]
    if isinstance(which, str):
        if which == "zero":
            return torch.zeros_like(own)
        if which in _LEVELS:
            picture = subject.pictures[row]
            return subject.net.preprocess(np.full((picture.height, picture.width, 3), _LEVELS[which], np.uint8))[0]
        if which == "blur":
            return blurred(own[None], min(own.shape[-2:]) / _BLUR)[0]
    elif not isinstance(which, bool):
        several = isinstance(which, torch.Tensor) and which.ndim == 4 and len(which) in {1, len(subject)}
        try:
            filled = torch.as_tensor(which[row % len(which)] if several else which, dtype=own.dtype, device=own.device)
            filled = filled.detach().expand_as(own)
            if bool(torch.isfinite(filled).all()):
                return filled
        except (TypeError, ValueError, RuntimeError):
            pass
    described = f"a tensor {tuple(which.shape)}" if isinstance(which, torch.Tensor) else f"{which!r:.80}"
    raise ValueError(
        f"[inv-widgets] The baseline is {described}: give a finite number (0 is the mean colour after normalisation), "
        f'{more}"zero", "black", "white", "blur", or a finite tensor that fits {tuple(own.shape)}.'
    )
