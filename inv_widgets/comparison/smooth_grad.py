"""SmoothGrad: the gradient averaged over noisy copies of the picture."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import torch

from inv_widgets.comparison.parameters import check_int, check_number, check_seed
from inv_widgets.comparison.progress import Progress

if TYPE_CHECKING:
    from torch import Tensor

    from inv_widgets.comparison.subject import Subject

__all__ = ["smooth_grad"]


def smooth_grad(subject: Subject, *, n: Any, noise: Any, seed: Any) -> Tensor:
    """Average gradients: ``max_c |1/n sum_i dY/dx_c (x + e_i)|`` with ``e_i ~ N(0, sigma^2)``.

    Smilkov et al. 2017 (arXiv 1706.03825), section 2.3: ``sigma = noise * (max x - min x)``. Gradients are averaged
    with their signs, the magnitude is taken afterwards.

    Parameters
    ----------
    subject
        The pictures.
    n
        How many noisy copies of each.
    noise
        Their noise's standard deviation, as a share of the picture's range.
    seed
        Of the noise, which is the same for each picture.

    Returns
    -------
    torch.Tensor
        N x H x W, at the input's size; score per unit of preprocessed input, at least 0.
    """
    n, seed = check_int("n", n), check_seed(seed)
    noise = 0.0 if noise == 0 and noise is not False else check_number("noise", noise, 0)
    inputs = subject.inputs
    sigmas = noise * (inputs.flatten(1).amax(1) - inputs.flatten(1).amin(1))
    generators = [torch.Generator().manual_seed(seed) for _ in subject.pictures]
    summed = torch.zeros(inputs.shape, dtype=torch.float32, device=inputs.device)
    counts = [0] * len(subject)
    order = itertools.chain.from_iterable(itertools.repeat(range(len(subject)), n))
    with Progress(subject, "SmoothGrad", n * len(subject), "passes") as progress:
        while rows := list(itertools.islice(order, subject.gradient_batch)):
            drawn = torch.stack([torch.randn(inputs.shape[1:], generator=generators[row]) for row in rows])
            noisy = inputs[rows] + sigmas[rows].view(-1, 1, 1, 1) * drawn.to(inputs)
            for row, gradient in zip(rows, subject.gradients(noisy, rows)[1], strict=True):
                summed[row] += gradient
                counts[row] += 1
            progress.update(len(rows))
    means = summed / torch.tensor(counts, device=inputs.device).clamp(min=1).view(-1, 1, 1, 1)
    return means.abs().amax(1)
