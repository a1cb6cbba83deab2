"""Extremal perturbations: of all smooth masks of a given area, the one that keeps the class score highest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from inv_widgets.comparison.mask_search import MaskSearch
from inv_widgets.comparison.parameters import check_choice, check_int, check_number
from inv_widgets.comparison.progress import Progress
from inv_widgets.comparison.smooth_masks import Pyramid, SmoothMask
from inv_widgets.torch_support import widened

if TYPE_CHECKING:
    from inv_widgets.comparison.subject import Subject

__all__ = ["extremal_perturbation"]

_BETAS = (0.5, 0.9)  # Adam's: the slope grows with lambda, and is to be followed at once


def extremal_perturbation(  # noqa: PLR0913 (the paper's parameters)
    subject: Subject,
    *,
    areas: Any,
    steps: Any,
    optimiser: Any,
    learning_rate: Any,
    strengths: Any,
    relative: Any,
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
    strengths, relative
        Values of lambda, each for an equal part of the steps: while it is low the score decides which pixels a mask is
        to show, then the mask is brought to its area. With `relative` in units of the difference between the scores of
        the picture and of the blurred one, so that they mean the same for each network; without it (the paper) in
        those of the score.
    sigma, step
        Of the smooth mask's kernel, and between points of its grid: shares of the picture's shorter side.
    blur, levels
        Standard deviation of the strongest blur, likewise, and the number of blurs; fewer where they would be less than
        half a pixel apart.

    Returns
    -------
    torch.Tensor
        N x H x W, at the input's size: how many of the masks show the pixel, from 0 to the number of areas.
    """
    wanted = _areas(areas)
    total = check_int("steps", steps)
    check_choice("optimiser", optimiser, ("adam", "sgd"))
    check_choice("relative", relative, (True, False))
    rate = check_number("learning_rate", learning_rate, 0)
    weights = [check_number("strengths", each, 0) for each in _listed(strengths)]
    height, width = map(int, subject.inputs.shape[-2:])
    shorter = min(height, width)
    pace = max(1, round(check_number("step", step, 0, 1) * shorter))
    width_of_kernel, softest = check_number("sigma", sigma, 0) * shorter, check_number("blur", blur, 0) * shorter
    # Blurs under half a pixel apart are the same picture: nothing would slope between them.
    number = max(1, min(check_int("levels", levels), int(2 * softest)))
    with torch.inference_mode(mode=False), torch.enable_grad():
        own = widened(subject.inputs.clone())
        smooth = SmoothMask((height, width), pace, width_of_kernel, own)
        pyramids = [Pyramid(one, softest, number) for one in own]
        search = MaskSearch(subject, smooth, pyramids, wanted, relative=relative)
        grids = torch.ones(len(search.rows), *smooth.grid, dtype=own.dtype, device=own.device, requires_grad=True)
        mover: torch.optim.Optimizer = (
            torch.optim.Adam([grids], rate, _BETAS) if optimiser == "adam" else torch.optim.SGD([grids], rate, 0.9)
        )
        with Progress(subject, "Extremal perturbation", total, "steps") as progress:
            for count in range(total):
                grids.grad = search.slope(grids.detach(), weights[len(weights) * count // total])
                mover.step()
                with torch.no_grad():
                    grids.clamp_(0, 1)
                progress.update(1)
        with torch.no_grad():
            masks = smooth.enlarged(smooth(grids)).reshape(len(subject), len(wanted), height, width)
    for notes, shown in zip(subject.notes_of, (masks > 0.5).double().mean((2, 3)).tolist(), strict=True):
        notes["areas"] = tuple(shown)
    return masks.sum(1)


def _areas(areas: Any) -> list[float]:
    found = [check_number("areas", area, 0, 1) for area in _listed(areas)]
    if 1.0 in found:
        raise ValueError(f"[inv-widgets] areas={areas!r:.80} is not possible: give shares above 0 and below 1.")
    return found


def _listed(values: Any) -> list[Any]:
    return list(values) if isinstance(values, (list, tuple)) and values else [values]
