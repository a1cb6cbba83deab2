"""Layer-CAM: a layer's maps weighted cell by cell by their positive gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inv_widgets.comparison.choice import maps_and_gradients

if TYPE_CHECKING:
    from torch import Tensor

    from inv_widgets.comparison.subject import Subject

__all__ = ["layer_cam"]


def layer_cam(subject: Subject, *, layer: Any) -> Tensor:
    """Weigh each cell of the maps of one layer: ``relu(sum_k relu(dY/dA_k) A_k)``.

    Jiang et al. 2021 (IEEE TIP 30), equations 4 to 6. Made for shallow layers too, where a map's mean gradient says
    little about its cells.

    Parameters
    ----------
    subject
        The pictures.
    layer
        As in ``inv_widgets.layers(net)``.

    Returns
    -------
    torch.Tensor
        N x h x w, at the layer's size; units of the class score.
    """
    maps, gradients = maps_and_gradients(subject, layer)
    return (gradients.clamp(min=0) * maps).sum(1).clamp(min=0)
