"""Interventions: replace the maps of a layer, and see what the rest of the network makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inv_widgets.comparison.choice import one_layer

if TYPE_CHECKING:
    from torch import Tensor

    from inv_widgets.comparison.subject import Subject

__all__ = ["with_maps"]


def with_maps(subject: Subject, layer: Any, maps: Tensor, row: int) -> Tensor:
    """Run the network on one picture M times, each time with other maps in place of one layer's.

    The maps take their place at the moment when the network makes them: after the activation, for modules, functions
    and in-place functions alike, and for one call of a module only. All else is the picture's own. Runs in batches,
    without gradients; M passes are counted.

    Parameters
    ----------
    subject
        The pictures.
    layer
        A layer as in ``inv_widgets.layers(net)``.
    maps
        M x C x h x w, of the layer's shape.
    row
        Which picture.

    Returns
    -------
    torch.Tensor
        The logits, M x K.

    Raises
    ------
    KeyError, ValueError
        For an unknown layer, for more than one, and for maps of another shape.
    """
    chosen = one_layer(subject, layer)
    shape = (chosen.n_maps, *chosen.map_shape)
    if maps.ndim != 4 or tuple(maps.shape[1:]) != shape:
        raise ValueError(
            f"[inv-widgets] The maps are {tuple(maps.shape)}: layer {chosen.name!r} takes M x "
            f"{' x '.join(map(str, shape))}."
        )
    picture = subject.inputs[row : row + 1].expand(len(maps), -1, -1, -1)
    return subject.logits(picture, layer=chosen, maps=maps)
