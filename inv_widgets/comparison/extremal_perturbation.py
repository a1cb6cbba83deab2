"""Extremal perturbations: of all smooth masks of a given area, the one that keeps the class score highest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from inv_widgets.comparison.parameters import check_choice, check_int, check_number
from inv_widgets.comparison.progress import Progress
from inv_widgets.comparison.smooth_masks import Pyramid, SmoothMask

if TYPE_CHECKING:
    from inv_widgets.comparison.subject import Subject

__all__ = ["extremal_perturbation"]


def extremal_perturbation(  # noqa: PLR0913 (the paper's parameters)
    subject: Subject,
    *,
    areas: Any,
    steps: Any,
    optimiser: Any,
    learning_rate: Any,
    strengths: Any,
    sigma: Any,
    step: Any,
    blur: Any,
    levels: Any,
) -> Tensor:
    """Maximise ``score(m * x) - lambda |vecsort(m) - r_a|^2 / |m|`` over smooth masks m, for each area a; their sum.

    Fong, Patrick & Vedaldi 2019 (arXiv 1910.08485), equations 2 and 3: r_a is a share of 1 - a zeros followed by a
    ones, so that a mask of exactly this area costs nothing. ``m * x`` blurs x where m is low (:class:`.Pyramid`); m
    comes from a coarse grid (:class:`.SmoothMask`). Own code, written from the paper.

    Notes: ``"areas"``, the share of each mask that is above 1/2, in the order of `areas`. Each step costs one forward
    and one backward pass an area; the masks of all areas go through the network together.

    Parameters
    ----------
    subject
        The pictures.
    areas
        Shares of the picture (above 0, below 1) that masks show.
    steps
        Of the optimisation.
    optimiser, learning_rate
        ``"sgd"`` (the paper, with momentum 0.9) or ``"adam"``, which needs fewer steps, and its rate.
    strengths
        Values of lambda, each for an equal part of the steps. While it is low the score alone decides which pixels the
        mask is to show, and then it is brought to its area.
    sigma, step
        Of the smooth mask's kernel, and between points of its grid: shares of the picture's shorter side.
    blur, levels
        Standard deviation of the strongest blur, likewise, and the number of blurs.

    Returns
    -------
    torch.Tensor
        N x H x W, at the input's size: how many of the masks show the pixel, from 0 to the number of areas.
    """
    wanted = _areas(areas)
    total = check_int("steps", steps)
    check_choice("optimiser", optimiser, ("adam", "sgd"))
    rate = check_number("learning_rate", learning_rate, 0)
    weights = [check_number("strengths", each, 0) for each in _listed(strengths)]
    inputs = subject.inputs
    wide = inputs if inputs.dtype == torch.float64 else inputs.float()
    shorter = min(inputs.shape[-2:])
    size = (int(inputs.shape[-2]), int(inputs.shape[-1]))
    pace = max(1, round(check_number("step", step, 0, 1) * shorter))
    smooth = SmoothMask(size, pace, check_number("sigma", sigma, 0) * shorter, wide)
    softest, number = check_number("blur", blur, 0) * shorter, check_int("levels", levels)
    rows = [row for row in range(len(inputs)) for _ in wanted]
    with torch.inference_mode(mode=False), torch.enable_grad():
        pyramids = [Pyramid(one, softest, number) for one in wide.clone()]
        grids = torch.full((len(rows), *smooth.grid), 0.5, dtype=wide.dtype, device=wide.device, requires_grad=True)
        search: torch.optim.Optimizer = (
            torch.optim.Adam([grids], rate) if optimiser == "adam" else torch.optim.SGD([grids], rate, momentum=0.9)
        )
        sorted_ones = _references(wanted, smooth.grid, wide).repeat(len(inputs), 1)
        with Progress(subject, "Extremal perturbation", total, "steps") as progress:
            for count in range(total):
                weight = weights[len(weights) * count // total]
                grids.grad = torch.empty_like(grids)
                for start in range(0, len(rows), subject.gradient_batch):
                    part = slice(start, start + subject.gradient_batch)
                    grids.grad[part] = _gradient(
                        subject, smooth, pyramids, grids[part], rows[part], sorted_ones[part], weight
                    )
                search.step()
                with torch.no_grad():
                    grids.clamp_(0, 1)
                progress.update(1)
        with torch.no_grad():
            masks = smooth.enlarged(smooth(grids)).reshape(len(inputs), len(wanted), *size)
    shown = (masks > 0.5).double().mean((2, 3))
    for notes, of_row in zip(subject.notes_of, shown.tolist(), strict=True):
        notes["areas"] = tuple(of_row)
    return masks.sum(1)


def _gradient(  # noqa: PLR0913, PLR0917
    subject: Subject, smooth: SmoothMask, pyramids: list[Pyramid], grids: Tensor, own: list[int], sorted_ones: Tensor,
    weight: float,
) -> Tensor:  # fmt: skip
    """Differentiate the loss of some masks: through the network to the pictures first, then on to the grids."""
    leaf = grids.detach().clone().requires_grad_()
    coarse = smooth(leaf)
    masks = smooth.enlarged(coarse)
    shown = torch.cat([pyramids[row](mask[None]) for row, mask in zip(own, masks, strict=True)])
    _, towards = subject.gradients(shown.detach().to(subject.inputs.dtype), own)
    # Sorted on the coarse mask: its cells stand for equal parts of the picture.
    misfit = (coarse.flatten(1).sort(1).values - sorted_ones).square().mean(1).sum()
    (gradient,) = torch.autograd.grad(weight * misfit - (shown * towards.to(shown.dtype)).sum(), leaf)
    return gradient


def _references(areas: list[float], grid: tuple[int, int], like: Tensor) -> Tensor:
    """Give for each area the sorted mask that has it: zeros, then ones; A x (h w)."""
    cells = grid[0] * grid[1]
    places = torch.arange(cells, device=like.device)
    return torch.stack([(places >= cells - max(1, round(area * cells))).to(like.dtype) for area in areas])


def _areas(areas: Any) -> list[float]:
    found = [check_number("areas", area, 0, 1) for area in _listed(areas)]
    if 1.0 in found:
        raise ValueError(f"[inv-widgets] areas={areas!r:.80} is not possible: give shares above 0 and below 1.")
    return found


def _listed(values: Any) -> list[Any]:
    return list(values) if isinstance(values, (list, tuple)) and values else [values]
