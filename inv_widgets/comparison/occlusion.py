"""Occlusion: how far the class falls when a window of the picture is covered."""

from __future__ import annotations

import math
from itertools import product
from typing import TYPE_CHECKING, Any

import torch

from inv_widgets.comparison.answers import answers, check_output, own_answer
from inv_widgets.comparison.baseline import baseline_of
from inv_widgets.comparison.parameters import check_int
from inv_widgets.comparison.progress import Progress

if TYPE_CHECKING:
    from torch import Tensor

    from inv_widgets.comparison.subject import Subject

__all__ = ["occlusion"]

_SHARE = 7  # the window's side is this part of the picture's shorter one


def occlusion(subject: Subject, *, window: Any, stride: Any, baseline: Any, output: Any) -> Tensor:
    """Cover one window after the other: ``S(u) = mean over windows w that cover u of f(x) - f(x without w)``.

    Zeiler & Fergus 2014 (arXiv 1311.2901), section 4.2; the paper names no sizes. Own code, since captum's can neither
    be interrupted nor bound its memory; with the same windows both are equal (a window at the border is cut off there).

    Parameters
    ----------
    subject
        The pictures.
    window
        Side of the window, or (height, width), in pixels of the network's input; None: a seventh of the shorter side.
    stride
        Step from window to window, likewise; at most the window; None: half the window.
    baseline
        What covers: see :func:`.baseline.baseline_of`; a number is after normalisation.
    output
        What falls: ``"probability"`` (the paper) or ``"score"``.

    Returns
    -------
    torch.Tensor
        N x H x W, at the input's size; positive where covering lowers the class.
    """
    check_output(output)
    size = (int(subject.inputs.shape[-2]), int(subject.inputs.shape[-1]))
    extent = _pair("window", window, (math.ceil(min(size) / _SHARE),) * 2, size)
    step = _pair("stride", stride, (-(-extent[0] // 2), -(-extent[1] // 2)), extent)
    starts = [range(0, side - wide + pace, pace) for side, wide, pace in zip(size, extent, step, strict=True)]
    windows = [
        (row, slice(top, top + extent[0]), slice(left, left + extent[1]))
        for row in range(len(subject)) for top, left in product(*starts)
    ]  # fmt: skip
    baselines = [baseline_of(subject, row, baseline) for row in range(len(subject))]
    batch_size = subject.batch_size  # before the own answers: the pass that tells it gives a single picture's, too
    own = [own_answer(subject, row, output) for row in range(len(subject))]
    summed = torch.zeros(len(subject), *size, dtype=own[0].dtype, device=own[0].device)
    covered = torch.zeros_like(summed)
    per_row = len(windows) // len(subject)
    with Progress(subject, "Occlusion", len(windows), "windows") as progress:
        for row in range(len(subject)):
            of_row = windows[row * per_row : (row + 1) * per_row]
            for start in range(0, per_row, batch_size):
                batch = of_row[start : start + batch_size]
                inputs = subject.inputs[row].repeat(len(batch), 1, 1, 1)
                for each, (_, down, across) in zip(inputs, batch, strict=True):
                    each[:, down, across] = baselines[row][:, down, across]
                drops = own[row] - answers(subject, inputs, row, output)
                for drop, (_, down, across) in zip(drops, batch, strict=True):
                    summed[row, down, across] += drop
                    covered[row, down, across] += 1
                progress.update(len(batch))
    return summed / covered.clamp(min=1)


def _pair(name: str, given: Any, default: tuple[int, int], most: tuple[int, int]) -> tuple[int, int]:
    if given is None:
        return default
    sides = tuple(given) if isinstance(given, (tuple, list)) else (given, given)
    if len(sides) != 2:
        raise ValueError(
            f"[inv-widgets] {name}={given!r:.80} is not possible: give a whole number, or (height, width)."
        )
    return check_int(name, sides[0], 1, most[0]), check_int(name, sides[1], 1, most[1])
