"""Layer visualisation: what a layer responds to, whatever the class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inv_widgets.comparison.choice import maps_of

if TYPE_CHECKING:
    from torch import Tensor

    from inv_widgets.comparison.subject import Subject

__all__ = ["layer_visualization"]


def layer_visualization(subject: Subject, *, layer: Any) -> Tensor:
    """Sum the maps of one layer: ``sum_k A_k``; the class plays no part.

    The simplest look into a network, in the line of Zeiler & Fergus 2014 (arXiv 1311.2901), section 4.1, and Yosinski
    et al. 2015 (arXiv 1506.06579), section 2, who show the maps of a layer one by one.

    Parameters
    ----------
    subject
        The pictures.
    layer
        As in ``inv_widgets.layers(net)``.

    Returns
    -------
    torch.Tensor
        N x h x w, at the layer's size; units of the activation.
    """
    return maps_of(subject, layer).sum(1)
