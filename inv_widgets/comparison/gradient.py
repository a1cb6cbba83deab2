"""The saliency map of 2013: how strongly the class score reacts to each pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from inv_widgets.comparison.subject import Subject

__all__ = ["saliency"]


def saliency(subject: Subject) -> Tensor:
    """Take the largest slope over the colours: ``max_c |dY/dx_c|``.

    Simonyan et al. 2014 (arXiv 1312.6034), section 3.1.

    Parameters
    ----------
    subject
        The pictures.

    Returns
    -------
    torch.Tensor
        N x H x W, at the input's size; score per unit of preprocessed input, at least 0.
    """
    _, gradients = subject.gradients()
    return gradients.abs().amax(1)
