"""Integrated gradients: the gradient along the way from a baseline to the picture."""

from __future__ import annotations

import itertools
import warnings
from typing import TYPE_CHECKING, Any

import torch

from inv_widgets.comparison.baseline import baseline as made
from inv_widgets.comparison.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor

    from inv_widgets.comparison.subject import Subject

__all__ = ["integrated_gradients"]

_FIRST, _MOST = 25, 1600  # steps of "auto"
_SMALL, _LARGE = 0.01, 0.05  # gaps: where "auto" is content, and where a warning is due


def integrated_gradients(subject: Subject, *, baseline: Any, n_steps: Any) -> Tensor:
    """Integrate: ``sum_c (x_c - x'_c) * integral_0^1 dY/dx_c (x' + a (x - x')) da``.

    Sundararajan et al. 2017 (arXiv 1703.01365), equation 1; the integral by the trapezoid rule, whose end points also
    tell the scores of picture and baseline. Completeness: a map sums to ``Y(x) - Y(x')``. By how much it does not, as
    a share of that difference, is noted as ``completeness_gap``.

    Parameters
    ----------
    subject
        The pictures.
    baseline
        Where the way starts; see :func:`inv_widgets.comparison.baseline.baseline`.
    n_steps
        Steps of the way, which cost one pass more than their number; ``"auto"``: from 25 doubled until the gap is
        under 1 %, at most 1600, for each picture. Gradients that are known are not computed again.

    Returns
    -------
    torch.Tensor
        N x H x W, at the input's size; in units of the class score, with its sign.

    Warns
    -----
    RuntimeWarning
        If a gap is above 5 %.
    """
    auto = n_steps == "auto"
    if not auto and (isinstance(n_steps, bool) or not isinstance(n_steps, int) or n_steps < 1):
        raise ValueError(f'[inv-widgets] n_steps={n_steps!r} is not possible: give a number of steps, or "auto".')
    way = _Way(subject, made(subject, baseline))
    rows, steps = list(range(len(subject))), _FIRST if auto else n_steps
    total = (steps + 1) * len(rows)
    points = [0.0, 1.0, *(k / steps for k in _spread(steps))]
    with Progress(subject, "Integrated gradients", total, "passes") as progress:
        way.walk(points, rows, progress)
        while auto and steps < _MOST and (rows := [row for row in rows if way.gap(row) >= _SMALL]):
            points = [(2 * k + 1) / (2 * steps) for k in [0, *_spread(steps)]]
            steps *= 2
            progress.extend(len(points) * len(rows))
            way.walk(points, rows, progress)
    gaps = {row: way.gap(row) for row in range(len(subject)) if way.both_ends(row)}
    for row, gap in gaps.items():
        subject.notes_of[row].update(completeness_gap=gap, n_steps=way.steps[row] - 1)
    worst = max(gaps, key=lambda row: gaps[row], default=None)
    if worst is not None and gaps[worst] > _LARGE:
        warnings.warn(
            f"[inv-widgets] Integrated gradients: the map sums to the difference of the class scores but for "
            f"{100 * gaps[worst]:.0f} % of it. Give more steps than {way.steps[worst] - 1}, or another baseline.",
            RuntimeWarning,
            stacklevel=2,
        )
    return way.maps().sum(1)


class _Way:
    """The gradients gathered along each picture's way, as a weighted mean: end points count half."""

    def __init__(self, subject: Subject, start: Tensor) -> None:
        self._subject, self._start = subject, start
        self._across = (subject.inputs - start).float()
        self._summed = torch.zeros_like(self._across)
        self._weights = [0.0] * len(subject)
        self._ends: dict[tuple[int, float], float] = {}
        self.steps = [0] * len(subject)

    def walk(self, points: Sequence[float], rows: Sequence[int], progress: Progress) -> None:
        todo: Iterator[tuple[float, int]] = itertools.product(points, rows)
        while batch := list(itertools.islice(todo, self._subject.gradient_batch)):
            chosen = [row for _, row in batch]
            shares = torch.tensor([point for point, _ in batch], device=self._across.device).view(-1, 1, 1, 1)
            inputs = self._start[chosen] + (shares * self._across[chosen]).to(self._start.dtype)
            scores, gradients = self._subject.gradients(inputs, chosen)
            for (point, row), score, gradient in zip(batch, scores.tolist(), gradients, strict=True):
                end = point in {0.0, 1.0}
                if end:
                    self._ends[row, point] = score
                weight = 0.5 if end else 1.0
                self._summed[row] += weight * gradient
                self._weights[row] += weight
                self.steps[row] += 1
            progress.update(len(batch))

    def maps(self) -> Tensor:
        weights = torch.tensor(self._weights, device=self._across.device).clamp(min=0.5)
        return self._across * self._summed / weights.view(-1, 1, 1, 1)

    def both_ends(self, row: int) -> bool:
        """Whether it came so far that both scores are known, as it does unless interrupted."""
        return (row, 0.0) in self._ends and (row, 1.0) in self._ends

    def gap(self, row: int) -> float:
        """How far the map's sum is from the difference of the scores, as a share of that."""
        wanted = self._ends[row, 1.0] - self._ends[row, 0.0]
        found = float((self._across[row].double() * self._summed[row]).sum() / self._weights[row])
        return abs(found - wanted) / max(abs(wanted), 1e-12) if found != wanted else 0.0


def _spread(steps: int) -> list[int]:
    """1 to steps - 1, so that any first few are spread over all: an interrupted way is sampled evenly."""
    width = steps.bit_length()
    return sorted(range(1, steps), key=lambda k: int(f"{k:0{width}b}"[::-1], 2))
