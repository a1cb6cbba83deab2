"""INV as one map: what the cluster maps of a layer's column show together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from inv_widgets.analysis.columns import explain_layer
from inv_widgets.analysis.importance import WEIGHTINGS
from inv_widgets.analysis.threads import one_thread
from inv_widgets.comparison.choice import maps_and_gradients
from inv_widgets.recipe import Recipe

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from inv_widgets.comparison.subject import Subject

__all__ = ["inv"]


def inv(subject: Subject, *, layer: Any, recipe: Any) -> Tensor:
    """Add up the shown cluster maps of one layer's column: ``sum_C w_C A_C / 100``, w_C in per cent.

    Interpretable Network Visualizations (arXiv 2405.03301): a cluster map is ``A_C = sum_k w_k A_k / sum_k w_k`` over
    its feature maps, its weight ``w_C = sum_k w_k``. What pruning and dropping removed is left out, as in the column.

    Parameters
    ----------
    subject
        The pictures.
    layer
        As in ``inv_widgets.layers(net)``.
    recipe
        An :class:`inv_widgets.Recipe`; None: the default one.

    Returns
    -------
    torch.Tensor
        N x h x w, at the layer's size; units of the activation.
    """
    recipe = Recipe() if recipe is None else recipe
    if not isinstance(recipe, Recipe):
        raise TypeError(f"[inv-widgets] recipe={recipe!r:.80} is no recipe: give an inv.Recipe(...), or None.")
    # One by one, as explain sees them: clustering amplifies the last bits.
    maps, gradients = maps_and_gradients(subject, layer, one_by_one=True)
    weights = WEIGHTINGS[recipe.weighting](maps, gradients)
    with one_thread():
        columns = [explain_layer(_array(own), _array(row), recipe) for own, row in zip(maps, weights, strict=True)]
    subject.notes_of = [
        {**notes, "shown_weight": column.shown_weight, **({"reason": column.reason} if column.reason else {})}
        for notes, column in zip(subject.notes_of, columns, strict=True)
    ]
    size = columns[0].map_shape
    found = [sum((one.weight / 100 * one.raw_map for one in column.cluster_maps), np.zeros(size)) for column in columns]
    return torch.from_numpy(np.stack(found))


def _array(values: Tensor) -> NDArray[Any]:
    array: NDArray[Any] = values.detach().cpu().numpy()
    return array
