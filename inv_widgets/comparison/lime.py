"""LIME: a linear model of what the network answers to parts of the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from inv_widgets.comparison.answers import answers, check_output
from inv_widgets.comparison.parameters import check_int, check_number, check_seed
from inv_widgets.comparison.progress import Progress
from inv_widgets.comparison.superpixels import hidden, showing, superpixels

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from inv_widgets.comparison.subject import Subject

__all__ = ["lime"]


def lime(  # noqa: PLR0913 (the paper's parameters)
    subject: Subject,
    *,
    segmentation: Any,
    segments: Any,
    samples: Any,
    kernel_width: Any,
    ridge: Any,
    baseline: Any,
    output: Any,
    seed: Any,
) -> Tensor:
    """Fit ``f(z) = b + sum_j w_j z_j`` where superpixel j is shown (1) or hidden (0), near the whole picture.

    Ribeiro, Singh & Guestrin 2016 (arXiv 1602.04938), equations 1 and 2: minimise
    ``sum_z exp(-D(z)^2 / s^2) (f(z) - b - w z)^2 + ridge |w|^2`` with D the cosine distance to the whole picture. Each
    superpixel of a sample is shown with probability 1/2; the first sample is the whole picture. Own code, since
    captum's Lime can neither be interrupted nor bound its memory.

    Notes: ``"r2"`` (weighted R squared of the fit) and ``"superpixels"``.

    Parameters
    ----------
    subject
        The pictures.
    segmentation, segments
        See :func:`.superpixels.superpixels`.
    samples
        How many pictures with hidden parts, the whole one included.
    kernel_width
        s, in units of the cosine distance (0..1).
    ridge
        Strength of the penalty; 0 or more.
    baseline
        What stands in place of hidden superpixels: ``"mean"`` (their mean colour), or as in
        :func:`.baseline.baseline_of`.
    output
        ``"probability"`` (the paper) or ``"score"``.
    seed
        Of the samples.

    Returns
    -------
    torch.Tensor
        N x H x W, at the input's size: w of the pixel's superpixel.
    """
    from sklearn.linear_model import Ridge

    check_output(output)
    count = check_int("samples", samples, 2)
    width = check_number("kernel_width", kernel_width, 0)
    penalty = 0.0 if ridge == 0 else check_number("ridge", ridge, 0)
    check_seed(seed)
    parts = [superpixels(subject, row, segmentation, segments) for row in range(len(subject))]
    instead = [hidden(subject, row, labels, baseline) for row, labels in enumerate(parts)]
    # Which are shown is drawn for each picture alone: it does not matter which others are explained beside it.
    shown = [_samples(np.random.default_rng(seed), count, int(labels.max()) + 1) for labels in parts]
    found = [np.empty(0) for _ in parts]
    with Progress(subject, "LIME", count, "samples") as progress:
        for start in range(0, count, subject.batch_size):
            for row, labels in enumerate(parts):
                some = torch.from_numpy(shown[row][start : start + subject.batch_size]).to(labels.device)
                inputs = showing(subject.inputs[row], instead[row], labels, some)
                values = answers(subject, inputs, row, output).double().cpu().numpy()
                found[row] = np.concatenate([found[row][:start], values])
            progress.update(min(subject.batch_size, count - start))
    maps, fits = [], []
    for labels, on, values in zip(parts, shown, found, strict=True):
        near = proximity(on[: progress.done], width)
        model = Ridge(alpha=penalty).fit(on[: progress.done], values[: progress.done], sample_weight=near)
        fits.append(float(model.score(on[: progress.done], values[: progress.done], sample_weight=near)))
        maps.append(torch.from_numpy(model.coef_).to(labels.device)[labels])
    for notes, fit, labels in zip(subject.notes_of, fits, parts, strict=True):
        notes.update(r2=fit, superpixels=int(labels.max()) + 1)
    return torch.stack(maps)


def proximity(on: NDArray[np.bool_], width: float) -> NDArray[np.float64]:
    """Weigh samples by ``exp(-D^2 / width^2)``; D is 1 minus the cosine to the whole, which is sqrt(share shown)."""
    weights: NDArray[np.float64] = np.exp(-(((1 - np.sqrt(on.mean(1))) / width) ** 2))
    return weights


def _samples(generator: np.random.Generator, count: int, parts: int) -> NDArray[np.bool_]:
    on = generator.random((count, parts)) < 0.5
    on[0] = True
    return on
