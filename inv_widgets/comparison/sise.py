"""SISE: the answer to the picture seen through the maps of several layers, fused from shallow to deep."""

from __future__ import annotations

import numbers
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from inv_widgets.analysis import importance
from inv_widgets.comparison.choice import with_gradients
from inv_widgets.comparison.masks import attribution_masks, uneven
from inv_widgets.comparison.progress import Progress
from inv_widgets.torch_support import widened

if TYPE_CHECKING:
    from inv_widgets.comparison.subject import Subject

__all__ = ["fused", "otsu", "sise"]

_BINS = 256


def sise(subject: Subject, *, mu: Any, layers: Any) -> Tensor:
    """See the picture through the maps that matter, at the end of each block, and fuse what each block shows.

    Semantic Input Sampling for Explanation, Sattarzadeh et al. 2021 (arXiv 2010.00672), in four phases:

    1. the maps A_k of the last layer of each block, before each down-sampling;
    2. those with ``alpha_k > mu max_k alpha_k``, where alpha_k is the mean gradient of the class score; mu = 0 takes
       every map with a positive one;
    3. each as a mask m_k, enlarged to the input and min-maxed to 0..1: the layer's visualisation map is
       ``V = sum_k P(X * m_k) m_k / sum m_k``, P the softmax probability of the class;
    4. V of all layers fused by :func:`fused`.

    Parameters
    ----------
    subject
        The pictures.
    mu
        0..1; the higher, the fewer masks. The paper gives 0 for quality, and 0.3, 0.5, 0.75 for less time.
    layers
        As in ``inv_widgets.layers(net)``; ``"blocks"``: the last layer at each map size.

    Returns
    -------
    torch.Tensor
        N x H x W, at the input's size, from 0; 0 everywhere where no map speaks for the class.
    """
    if isinstance(mu, bool) or not isinstance(mu, numbers.Real) or not 0 <= float(mu) < 1:
        raise ValueError(f"[inv-widgets] mu={mu!r} is not possible: give a number from 0 (all masks) to below 1.")
    captured = subject.capture(layers)
    with_gradients(captured)
    stages = [
        _chosen(widened(maps), importance.grad_cam(maps, gradients), float(mu))
        for maps, gradients in zip(captured.maps, captured.gradients, strict=True)
    ]
    subject.notes["masks"] = sum(len(maps) for stage in stages for maps in stage) / len(subject)
    found = []
    with Progress(subject, "SISE", sum(len(maps) for stage in stages for maps in stage), "masks") as progress:
        # The deepest first: it says most of the class, where a run is interrupted.
        for stage in reversed(stages):
            found.append(torch.zeros_like(subject.inputs[:, 0], dtype=stage[0].dtype))
            _look_through(subject, stage, found[-1], progress)
    return torch.stack([fused([maps[row] for maps in reversed(found)]) for row in range(len(subject))])


def fused(maps: list[Tensor]) -> Tensor:
    """Fuse visualisation maps H x W, from shallow to deep: ``F <- (F + V) [V > otsu(V)]``, starting with the first.

    Each V is min-maxed to 0..1 before. Maps that are even say nothing and are left out.
    """
    scaled = [(values - values.min()) / (values.max() - values.min()) for values in maps if bool(uneven(values))]
    if not scaled:
        return torch.zeros_like(maps[0])
    whole = scaled[0]
    for values in scaled[1:]:
        whole = (whole + values) * (values > otsu(values))
    return whole


def otsu(values: Tensor) -> float:
    """Give the threshold that parts values of 0..1 into two classes of the largest variance between them.

    Otsu 1979 (IEEE SMC 9), equation 18, on a histogram; the upper edge of the last bin of the lower class.
    """
    counts = torch.histc(values.float().cpu(), _BINS, 0, 1).double()
    centres = (torch.arange(_BINS, dtype=torch.float64) + 0.5) / _BINS
    below, total = counts.cumsum(0), counts.sum()
    lower, whole = (counts * centres).cumsum(0), (counts * centres).sum()
    # Between-class variance, times total^2: (total lower - below whole)^2 / (below (total - below)).
    between = (total * lower - below * whole).square() / (below * (total - below)).clamp(min=1)
    return (int(between.argmax()) + 1) / _BINS


def _chosen(maps: Tensor, alpha: Tensor, mu: float) -> list[Tensor]:
    """Give for each picture its maps that are kept, M x h x w."""
    kept = (alpha > 0) & (alpha > mu * alpha.amax(1, keepdim=True)) & uneven(maps)
    return [own[chosen] for own, chosen in zip(maps, kept, strict=True)]


def _look_through(subject: Subject, stage: list[Tensor], summed: Tensor, progress: Progress) -> None:
    """Add P(X * m) m / sum m over all masks of one layer to `summed`, N x H x W."""
    inputs, size = subject.inputs, (int(subject.inputs.shape[-2]), int(subject.inputs.shape[-1]))
    for start in range(0, max(map(len, stage)), subject.batch_size):
        for row, own in enumerate(stage):
            maps = own[start : start + subject.batch_size]
            if not len(maps):
                continue
            masks = attribution_masks(maps, size)
            chances = subject.probabilities(inputs[row] * masks.to(inputs.dtype)[:, None], row)
            summed[row] += torch.einsum("m,mhw->hw", chances.to(masks.dtype) / masks.sum((1, 2)), masks)
            progress.update(len(maps))
