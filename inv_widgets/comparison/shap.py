"""KernelSHAP: the Shapley values of a picture's superpixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from inv_widgets.comparison.answers import answers, check_output, own_answer
from inv_widgets.comparison.coalitions import coalitions, shapley_fit
from inv_widgets.comparison.parameters import check_int, check_seed
from inv_widgets.comparison.progress import Progress
from inv_widgets.comparison.superpixels import hidden, showing, superpixels

if TYPE_CHECKING:
    from torch import Tensor

    from inv_widgets.comparison.subject import Subject

__all__ = ["shap"]


def shap(  # noqa: PLR0913 (the paper's parameters)
    subject: Subject,
    *,
    segmentation: Any,
    segments: Any,
    samples: Any,
    baseline: Any,
    output: Any,
    seed: Any,
) -> Tensor:
    """Share ``f(x) - f(baseline)`` among superpixels by Shapley's rule: KernelSHAP.

    Lundberg & Lee 2017 (arXiv 1705.07874), theorem 2: weighted least squares over coalitions z of superpixels, with
    weights ``(M - 1) / (C(M, |z|) |z| (M - |z|))``, and phi summing to ``f(x) - f(baseline)`` exactly. Own code:
    captum's KernelShap replaces the constraint by two samples of weight 10^6, draws without pairs, and cannot be
    interrupted.

    Notes: ``"local_accuracy_gap"`` (|sum of phi - (f(x) - f(baseline))|) and ``"superpixels"``.

    Parameters
    ----------
    subject
        The pictures.
    segmentation, segments
        See :func:`.superpixels.superpixels`.
    samples
        How many coalitions; where all 2^M - 2 fit, the values are exact.
    baseline
        What stands in place of hidden superpixels: ``"mean"`` (their mean colour), or as in
        :func:`.baseline.baseline_of`.
    output
        ``"probability"`` or ``"score"``.
    seed
        Of the coalitions.

    Returns
    -------
    torch.Tensor
        N x H x W, at the input's size: phi of the pixel's superpixel.
    """
    check_output(output)
    count = check_int("samples", samples, 2)
    check_seed(seed)
    parts = [superpixels(subject, row, segmentation, segments) for row in range(len(subject))]
    instead = [hidden(subject, row, labels, baseline) for row, labels in enumerate(parts)]
    # Drawn for each picture alone: it does not matter which others are explained beside it.
    asked = [coalitions(int(labels.max()) + 1, count, np.random.default_rng(seed)) for labels in parts]
    found = [np.empty(0) for _ in parts]
    # A batch ends with a whole pair. The pass that tells its size gives a single picture's own answer, too.
    step = max(2, subject.batch_size // 2 * 2)
    ends = [
        (float(answers(subject, empty[None], row, output)[0]), float(own_answer(subject, row, output)))
        for row, empty in enumerate(instead)
    ]
    total = max(len(on) for on, _ in asked)
    with Progress(subject, "KernelSHAP", total, "coalitions") as progress:
        for start in range(0, total, step):
            for row, labels in enumerate(parts):
                some = torch.from_numpy(asked[row][0][start : start + step]).to(labels.device)
                inputs = showing(subject.inputs[row], instead[row], labels, some)
                values = answers(subject, inputs, row, output).double().cpu().numpy()
                found[row] = np.concatenate([found[row][:start], values])
            progress.update(min(step, total - start))
    maps, gaps = [], []
    for labels, (on, weights), values, (empty, full) in zip(parts, asked, found, ends, strict=True):
        done = min(len(values), progress.done)
        phi = shapley_fit(on[:done], values[:done], weights[:done], empty, full)
        gaps.append(abs(float(phi.sum()) - (full - empty)))
        maps.append(torch.from_numpy(phi).to(labels.device)[labels])
    for notes, gap, labels in zip(subject.notes_of, gaps, parts, strict=True):
        notes.update(local_accuracy_gap=gap, superpixels=int(labels.max()) + 1)
    return torch.stack(maps)
