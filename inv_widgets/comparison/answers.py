"""What a network answers to changed pictures: the number that the perturbation methods attribute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor

from inv_widgets.comparison.parameters import check_choice

if TYPE_CHECKING:
    from inv_widgets.comparison.subject import Subject

__all__ = ["Output", "answers", "baseline_of", "check_output", "own_answer"]

Output = Literal["probability", "score"]


def check_output(output: Any) -> Output:
    """Take the name of what is attributed: the softmax probability, or the class score before it."""
    return check_choice("output", output, ("probability", "score"))


def answers(subject: Subject, inputs: Tensor, row: int, output: Output) -> Tensor:
    """Give the target's probability or score for M inputs; shape (M,), at least float32."""
    if output == "probability":
        return subject.probabilities(inputs, row)
    return _wide(subject.scores(inputs, row))


def own_answer(subject: Subject, row: int, output: Output) -> Tensor:
    """Give picture `row`'s own probability or score, a scalar; no pass where one has been made before."""
    logits = subject.own_logits[row : row + 1]
    if output == "probability":
        return subject.probability_of(logits, row)[0]
    return _wide(subject.score_of(logits, row))[0]


def baseline_of(subject: Subject, row: int, baseline: Any) -> Tensor:
    """Make what stands in place of hidden pixels, C x H x W.

    Parameters
    ----------
    subject, row
        The picture.
    baseline
        A number, or a tensor that fits C x H x W (a colour is C x 1 x 1), after normalisation.
    """
    own = subject.inputs[row]
    try:
        filled = torch.as_tensor(baseline, dtype=own.dtype, device=own.device).expand_as(own)
        if bool(torch.isfinite(filled).all()):
            return filled
    except (TypeError, ValueError, RuntimeError):
        pass
    described = f"a tensor {tuple(baseline.shape)}" if isinstance(baseline, Tensor) else f"{baseline!r:.80}"
    raise ValueError(
        f"[inv-widgets] The baseline is {described}: give a finite number (0 is the mean colour after normalisation), "
        f"or a tensor that fits {tuple(own.shape)}."
    )


def _wide(values: Tensor) -> Tensor:
    return values if values.dtype == torch.float64 else values.float()
