"""Grad-CAM++: maps weighted by their positive gradients, each cell by its share in a class score's second order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from inv_widgets.comparison.choice import maps_and_gradients

if TYPE_CHECKING:
    from torch import Tensor

    from inv_widgets.comparison.subject import Subject

__all__ = ["grad_cam_pp", "weights"]


def grad_cam_pp(subject: Subject, *, layer: Any) -> Tensor:
    """Weigh the maps of one layer: ``relu(sum_k w_k A_k)`` with the weights of :func:`weights`.

    Chattopadhay et al. 2018 (arXiv 1710.11063), equations 5, 6, 18 and 19.

    Parameters
    ----------
    subject
        The pictures.
    layer
        As in ``inv_widgets.layers(net)``.

    Returns
    -------
    torch.Tensor
        N x h x w, at the layer's size; score per unit of activation, times activation.
    """
    maps, gradients = maps_and_gradients(subject, layer)
    return (weights(maps, gradients)[..., None, None] * maps).sum(1).clamp(min=0)


def weights(maps: Tensor, gradients: Tensor) -> Tensor:
    """Weigh maps by ``w_k = sum_ij alpha_ij relu(g_ij)``, where g = dS/dA and S is the class score.

    For Y = exp(S), with S linear between the kinks of its rectifiers, the second and third derivatives of Y are
    ``Y g^2`` and ``Y g^3``, so that ``alpha_ij = g_ij^2 / (2 g_ij^2 + g_ij^3 sum_ab A_ab)``. Divided by g_ij^2 it is
    ``1 / (2 + g_ij sum_ab A_ab)``, which neither underflows for small gradients nor needs an epsilon: next to
    ``g^2`` of about 1e-6 an epsilon of that size changes every weight. Where g is 0 the term is 0; where the
    denominator is 0 (possible for maps with negative values only) the cell is left out. The factor Y, the same for
    all maps and cells, is left out as well.

    Parameters
    ----------
    maps, gradients
        Shape (..., C, h, w).

    Returns
    -------
    torch.Tensor
        Shape (..., C).
    """
    denominator = 2 + gradients * maps.sum((-2, -1), keepdim=True)
    alpha = torch.where(denominator == 0, 0, 1 / denominator)
    return (alpha * gradients.clamp(min=0)).sum((-2, -1))
