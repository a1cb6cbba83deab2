"""Grad-CAM: a layer's maps weighted by their mean gradients, positive part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inv_widgets.analysis import importance
from inv_widgets.comparison.choice import maps_and_gradients
from inv_widgets.comparison.parameters import check_choice

if TYPE_CHECKING:
    from torch import Tensor

    from inv_widgets.comparison.subject import Subject

__all__ = ["grad_cam"]


def grad_cam(subject: Subject, *, layer: Any, relu: Any) -> Tensor:
    """Weigh the maps of one layer: ``relu(sum_k w_k A_k)`` with ``w_k = mean(dY/dA_k)``.

    Selvaraju et al. 2017 (arXiv 1610.02391), equations 1 and 2.

    Parameters
    ----------
    subject
        The pictures.
    layer
        As in ``inv_widgets.layers(net)``.
    relu
        Keep only what speaks for the class (the paper), or the signed sum.

    Returns
    -------
    torch.Tensor
        N x h x w, at the layer's size; score per unit of activation, times activation.
    """
    check_choice("relu", relu, (True, False))
    maps, gradients = maps_and_gradients(subject, layer)
    weights = importance.grad_cam(maps, gradients)
    summed = (weights[..., None, None] * maps).sum(1)
    return summed.clamp(min=0) if relu else summed
