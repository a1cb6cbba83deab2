"""What a network answers to changed pictures: the number that the perturbation methods attribute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from inv_widgets.comparison.parameters import check_choice
from inv_widgets.torch_support import widened

if TYPE_CHECKING:
    from torch import Tensor

    from inv_widgets.comparison.subject import Subject

__all__ = ["Output", "answers", "check_output", "own_answer"]

Output = Literal["probability", "score"]


def check_output(output: Any) -> Output:
    """Take the name of what is attributed: the softmax probability, or the class score before it."""
    return check_choice("output", output, ("probability", "score"))


def answers(subject: Subject, inputs: Tensor, row: int, output: Output) -> Tensor:
    """Give the target's probability or score for M inputs; shape (M,), at least float32."""
    if output == "probability":
        return subject.probabilities(inputs, row)
    return widened(subject.scores(inputs, row))


def own_answer(subject: Subject, row: int, output: Output) -> Tensor:
    """Give picture `row`'s own probability or score, a scalar; no pass where one has been made before."""
    logits = subject.own_logits[row : row + 1]
    if output == "probability":
        return subject.probability_of(logits, row)[0]
    return widened(subject.score_of(logits, row))[0]
