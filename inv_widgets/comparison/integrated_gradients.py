"""Integrated gradients: the gradient along the way from a baseline to the picture."""

from __future__ import annotations

import itertools
import math
import numbers
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

    Sundararajan et al. 2017 (arXiv 1703.01365), equation 1. The integral is a sum over ``a = sin^2(pi t / 2)`` with
    weights ``sin(pi t)``, t in equal steps: gradients change most near the baseline, where such steps are short (as
    those of Gauss-Legendre are), and all are used again when steps are doubled. Completeness: a map sums to
    ``Y(x) - Y(x')``. By how much it does not, as a share of that difference, is noted as ``completeness_gap``.

    Parameters
    ----------
    subject
        The pictures.
    baseline
        Where the way starts; see :func:`.baseline.baseline_of`.
    n_steps
        Steps of the way, at least 2; they cost a gradient less than their number. ``"auto"``: from 25 doubled until the
        gap is under 1 %, at most 1600, for each picture. Gradients that are known are not computed again.

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
    if not auto and (isinstance(n_steps, bool) or not isinstance(n_steps, numbers.Integral) or n_steps < 2):
        raise ValueError(f'[inv-widgets] n_steps={n_steps!r} is not possible: give 2 or more, or "auto".')
    way = _Way(subject, made(subject, baseline))
    rows, steps = list(range(len(subject))), _FIRST if auto else n_steps
    done = [steps] * len(rows)
    with Progress(subject, "Integrated gradients", (steps - 1) * len(rows), "passes") as progress:
        way.walk([k / steps for k in _spread(steps)], rows, progress)
        while auto and steps < _MOST and (rows := [row for row in rows if way.gap(row) >= _SMALL]):
            points = [(2 * k + 1) / (2 * steps) for k in [0, *_spread(steps)]]
            steps *= 2
            progress.extend(len(points) * len(rows))
            way.walk(points, rows, progress)
            for row in rows:
                done[row] = steps
    gaps = [way.gap(row) for row in range(len(subject))]
    for notes, gap, own in zip(subject.notes_of, gaps, done, strict=True):
        notes.update(completeness_gap=gap, n_steps=own)
    if max(gaps) > _LARGE:
        warnings.warn(
            f"[inv-widgets] Integrated gradients: the map sums to the difference of the class scores but for "
            f"{100 * max(gaps):.0f} % of it. Give more steps than {done[gaps.index(max(gaps))]}, or another baseline.",
            RuntimeWarning,
            stacklevel=2,
        )
    return way.maps().sum(1)


class _Way:
    """The gradients gathered along each picture's way, as a weighted mean."""

    def __init__(self, subject: Subject, start: Tensor) -> None:
        self._subject, self._start = subject, start
        self._across = (subject.inputs - start).float()
        self._summed = torch.zeros_like(self._across)
        self._weights = [0.0] * len(subject)
        ends = torch.stack([subject.own_logits, subject.logits(start)], 1).double()
        high, low = torch.stack([subject.score_of(ends[row], row) for row in range(len(subject))], 1)
        self._wanted: list[float] = (high - low).tolist()

    def walk(self, points: Sequence[float], rows: Sequence[int], progress: Progress) -> None:
        todo: Iterator[tuple[float, int]] = itertools.product(points, rows)
        while batch := list(itertools.islice(todo, self._subject.gradient_batch)):
            chosen = [row for _, row in batch]
            shares = [math.sin(math.pi * point / 2) ** 2 for point, _ in batch]
            along = torch.tensor(shares, device=self._across.device).view(-1, 1, 1, 1) * self._across[chosen]
            _, gradients = self._subject.gradients(self._start[chosen] + along.to(self._start.dtype), chosen)
            for (point, row), gradient in zip(batch, gradients, strict=True):
                weight = math.sin(math.pi * point)
                self._summed[row] += weight * gradient
                self._weights[row] += weight
            progress.update(len(batch))

    def maps(self) -> Tensor:
        weights = torch.tensor([weight or 1.0 for weight in self._weights], device=self._across.device)
        return self._across * self._summed / weights.view(-1, 1, 1, 1)

    def gap(self, row: int) -> float:
        """How far the map's sum is from the difference of the scores, as a share of that."""
        wanted = self._wanted[row]
        found = float((self._across[row].double() * self._summed[row]).sum()) / (self._weights[row] or 1.0)
        return abs(found - wanted) / max(abs(wanted), 1e-12)


def _spread(steps: int) -> list[int]:
    """1 to steps - 1, so that any first few are spread over all: an interrupted way is sampled evenly."""
    width = steps.bit_length()
    return sorted(range(1, steps), key=lambda k: int(f"{k:0{width}b}"[::-1], 2))
