"""Ablation-CAM: a layer's maps weighted by how far the score falls without each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from inv_widgets.comparison.choice import one_layer
from inv_widgets.comparison.intervention import with_maps
from inv_widgets.comparison.progress import Progress
from inv_widgets.torch_support import widened

if TYPE_CHECKING:
    from torch import Tensor

    from inv_widgets.comparison.subject import Subject

__all__ = ["ablation_cam"]


def ablation_cam(subject: Subject, *, layer: Any) -> Tensor:
    """Weigh the maps of one layer: ``relu(sum_k w_k A_k)`` with ``w_k = (Y - Y_k) / |Y|``.

    Desai & Ramaswamy 2020 (WACV), equations 4 to 6: Y_k is the class score when map k is set to 0. The paper divides by
    Y, which turns the map's sign where the score is negative; its size keeps the meaning: a map whose loss lowers the
    score speaks for the class. Maps that are 0 everywhere need no pass. No gradients are used.

    Parameters
    ----------
    subject
        The pictures.
    layer
        As in ``inv_widgets.layers(net)``.

    Returns
    -------
    torch.Tensor
        N x h x w, at the layer's size; share of the score times activation.
    """
    raw = subject.maps(layer)
    chosen = one_layer(subject, layer)
    maps = widened(raw)
    alive = [every.nonzero()[:, 0] for every in maps.flatten(2).any(2)]
    own = torch.stack(
        [widened(subject.score_of(subject.own_logits[row : row + 1], row))[0] for row in range(len(subject))]
    )
    falls = maps.new_zeros(maps.shape[:2])
    with Progress(subject, "Ablation-CAM", sum(map(len, alive)), "maps") as progress:
        for start in range(0, max(map(len, alive)), subject.batch_size):
            batches = [channels[start : start + subject.batch_size] for channels in alive]
            found = []
            for row, channels in enumerate(batches):
                without = raw[row].repeat(len(channels), 1, 1, 1)
                without[torch.arange(len(channels), device=channels.device), channels] = 0
                found.append(own[row] - widened(subject.score_of(with_maps(subject, chosen, without, row), row)))
            for row, channels in enumerate(batches):
                falls[row, channels] = found[row]
            progress.update(sum(map(len, batches)))
    scale = torch.where(own == 0, 1, own.abs())
    return ((falls / scale[:, None])[..., None, None] * maps).sum(1).clamp(min=0)
