"""Score-CAM: a layer's maps weighted by the score of the picture seen through each of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch

from inv_widgets.comparison.choice import maps_of
from inv_widgets.comparison.masks import attribution_masks, uneven
from inv_widgets.comparison.progress import Progress

if TYPE_CHECKING:
    from torch import Tensor

    from inv_widgets.comparison.subject import Subject

__all__ = ["score_cam"]


def score_cam(subject: Subject, *, layer: Any) -> Tensor:
    """Weigh the maps of one layer: ``relu(sum_k softmax_k(S(X * H_k) - S(X_b)) A_k)``, H_k map k as a mask.

    Wang et al. 2020 (arXiv 1910.01279), equations 5 to 8 and algorithm 1: H_k is A_k enlarged to the input and
    min-maxed to 0..1, S the class score before the softmax over classes. The baseline's score S(X_b) is the same for
    all k and falls out of the softmax over maps, so that it needs no pass. A map that is even makes no mask, and is
    left out. No gradients are used.

    Parameters
    ----------
    subject
        The pictures.
    layer
        As in ``inv_widgets.layers(net)``.

    Returns
    -------
    torch.Tensor
        N x h x w, at the layer's size: a weighted average of the maps, in units of the activation.
    """
    maps = maps_of(subject, layer)
    size = (int(subject.inputs.shape[-2]), int(subject.inputs.shape[-1]))
    alive = [every.nonzero()[:, 0] for every in uneven(maps)]
    scores = maps.new_full(maps.shape[:2], -math.inf)
    with Progress(subject, "Score-CAM", sum(map(len, alive)), "masks") as progress:
        for start in range(0, max(map(len, alive)), subject.batch_size):
            chosen = [channels[start : start + subject.batch_size] for channels in alive]
            found = []
            for row, channels in enumerate(chosen):
                masks = attribution_masks(maps[row, channels], size).to(subject.inputs.dtype)
                found.append(subject.scores(subject.inputs[row] * masks[:, None], row))
            for row, channels in enumerate(chosen):
                scores[row, channels] = found[row].to(scores.dtype)
            progress.update(sum(map(len, chosen)))
    # Where no map makes a mask all scores are -inf, and the softmax NaN.
    weights = torch.nan_to_num(scores.softmax(1), nan=0.0)
    return (weights[..., None, None] * maps).sum(1).clamp(min=0)
