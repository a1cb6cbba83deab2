"""The search for extremal perturbations: how a mask's score and its misfit to an area slope with the grid it is of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from inv_widgets.comparison.answers import answers, own_answer

if TYPE_CHECKING:
    from torch import Tensor

    from inv_widgets.comparison.smooth_masks import Pyramid, SmoothMask
    from inv_widgets.comparison.subject import Subject

__all__ = ["MaskSearch"]

_TIE = 1e-3


class MaskSearch:
    """The loss of one mask for each picture and area, and its slope.

    Fong, Patrick & Vedaldi 2019 (arXiv 1910.08485), equations 2 and 3; see :mod:`.extremal_perturbation`.

    Parameters
    ----------
    subject
        The pictures.
    smooth
        Makes masks of grids.
    pyramids
        For each picture its blurs.
    areas
        Shares of the picture that masks are to show.
    relative
        Whether the weight of the misfit is in units of the difference between scores.

    Attributes
    ----------
    rows
        For each mask the picture that it is laid on.
    """

    def __init__(
        self, subject: Subject, smooth: SmoothMask, pyramids: list[Pyramid], areas: list[float], *, relative: bool
    ) -> None:
        self._subject, self._smooth, self._pyramids = subject, smooth, pyramids
        self.rows = [row for row in range(len(subject)) for _ in areas]
        self._units = [_unit(subject, each, row) if relative else 1.0 for row, each in enumerate(pyramids)]
        self._sorted_ones = _references(areas, smooth.grid).repeat(len(subject), 1)

    def slope(self, grids: Tensor, weight: float) -> Tensor:
        """Differentiate the loss: one forward and one backward pass a mask, as many at once as may be."""
        size = self._subject.gradient_batch
        parts = [slice(start, start + size) for start in range(0, len(grids), size)]
        return torch.cat([self._slope(grids[part], self.rows[part], self._sorted_ones[part], weight) for part in parts])

    def _slope(self, grids: Tensor, rows: list[int], sorted_ones: Tensor, weight: float) -> Tensor:
        leaf = grids.clone().requires_grad_()
        coarse = self._smooth(leaf)
        masks = self._smooth.enlarged(coarse)
        shown = torch.cat([self._pyramids[row](mask[None]) for row, mask in zip(rows, masks, strict=True)])
        _, towards = self._subject.gradients(shown.detach().to(self._subject.inputs.dtype), rows)
        (of_score,) = torch.autograd.grad(shown, coarse, towards.to(shown.dtype), retain_graph=True)
        of_score /= of_score.new_tensor([self._units[row] for row in rows])[:, None, None]
        # |vecsort(m) - r|^2 is the distance to r put in the order of m. Of cells that are equal, as all are at first,
        # those that the score asks for come last: order is never left to chance.
        order = (
            coarse.detach() + _TIE * of_score / of_score.abs().amax((1, 2), keepdim=True).clamp(min=1e-30)
        ).flatten(1)
        wanted = torch.empty_like(order).scatter_(1, order.argsort(1), sorted_ones.to(order)).reshape(coarse.shape)
        of_misfit = 2 * (coarse.detach() - wanted) / wanted[0].numel()
        (slope,) = torch.autograd.grad(coarse, leaf, weight * of_misfit - of_score)
        return slope


def _unit(subject: Subject, pyramid: Pyramid, row: int) -> float:
    """Tell by how much scores differ: the picture's from the blurred one's, at least as those of its classes do."""
    blurred = pyramid(subject.inputs.new_zeros(1, *subject.inputs.shape[-2:]).to(pyramid.dtype))
    own = own_answer(subject, row, "score")
    fallen = own - answers(subject, blurred.to(subject.inputs.dtype), row, "score")[0]
    return max(abs(float(fallen)), float(subject.own_logits[row].float().std(correction=0)), 1e-12)


def _references(areas: list[float], grid: tuple[int, int]) -> Tensor:
    """Give for each area the sorted mask that has it: zeros, then ones; A x (h w)."""
    cells = grid[0] * grid[1]
    places = torch.arange(cells)
    return torch.stack([(places >= cells - max(1, round(area * cells))).float() for area in areas])
