"""How much a feature map weighs in a class score: a layer's weights from its maps and their gradients.

A weighting is a function of ``(maps, gradients)``, both ``(..., C, h, w)``, that returns ``(..., C)``; adding one
takes a function and its line in :data:`WEIGHTINGS`. Below, A_k is feature map k of a layer, Y the class score
before the softmax, and dY/dA_k its gradient, all at one layer; means run over the h x w cells of a map.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inv_widgets.torch_support import widened

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

__all__ = ["WEIGHTINGS", "grad_cam", "guided"]


def guided(maps: Tensor, gradients: Tensor) -> Tensor:
    """Weigh maps by ``w_k = mean([A_k > 0] [dY/dA_k > 0] dY/dA_k)``: never negative.

    The gradient counts where the map is active and where more of it raises the score: the gate of guided
    backpropagation (Springenberg et al. 2015, arXiv 1412.6806, section 3.4) at this layer. It is what the published
    code of Interpretable Network Visualizations (arXiv 2405.03301) does, and the default.

    Parameters
    ----------
    maps
        Feature maps, shape (..., C, h, w). Any activation's: a map counts where it is above 0.
    gradients
        dY/dA, of the same shape; score per unit of activation.

    Returns
    -------
    torch.Tensor
        Weights, shape (..., C); float64 for float64 maps, else float32.
    """
    _same_shape(maps, gradients)
    gradients = widened(gradients)
    gate = (maps > 0) & (gradients > 0)
    return (gradients * gate).mean(dim=(-2, -1))


def grad_cam(maps: Tensor, gradients: Tensor) -> Tensor:
    """Weigh maps by ``w_k = mean(dY/dA_k)``: negative where more of the map lowers the score.

    Grad-CAM's neuron importance (Selvaraju et al. 2017, arXiv 1610.02391, equation 1).

    Parameters
    ----------
    maps
        Feature maps, shape (..., C, h, w); only their shape matters here.
    gradients
        dY/dA, of the same shape; score per unit of activation.

    Returns
    -------
    torch.Tensor
        Weights, shape (..., C); float64 for float64 maps, else float32.
    """
    _same_shape(maps, gradients)
    return widened(gradients).mean(dim=(-2, -1))


WEIGHTINGS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {"guided": guided, "grad_cam": grad_cam}


def _same_shape(maps: Tensor, gradients: Tensor) -> None:
    if maps.shape != gradients.shape:
        raise ValueError(
            f"[inv-widgets] Maps {tuple(maps.shape)} and gradients {tuple(gradients.shape)} differ in shape: give both "
            "of one layer, (..., C, h, w)."
        )
