"""What is true if players differ in how well they look: the model of Dawid and Skene (Applied Statistics 28, 1979).

Each item has one true class; each player answers by a confusion matrix of their own. Expectation-maximisation finds
both from the answers alone, starting at the shares of votes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Answers", "DawidSkene", "dawid_skene"]


@dataclass(frozen=True, eq=False)
class Answers:
    """What players answered.

    Attributes
    ----------
    item, coder, answer
        ints, shape (n,): answer j is that player ``coder[j]`` says that item ``item[j]`` is of class ``answer[j]``.
        All are counted from 0, without gaps.
    """

    item: NDArray[Any]
    coder: NDArray[Any]
    answer: NDArray[Any]

    def __len__(self) -> int:
        return len(self.item)

    @property
    def n_items(self) -> int:
        """How many items there are."""
        return int(self.item.max()) + 1 if len(self) else 0

    @property
    def n_coders(self) -> int:
        """How many players there are."""
        return int(self.coder.max()) + 1 if len(self) else 0


@dataclass(frozen=True, eq=False)
class DawidSkene:
    """The model, fitted.

    Attributes
    ----------
    probabilities
        float64, shape (items, classes): of each class, for each item.
    confusion
        float64, shape (players, classes, classes): ``[k, true, said]``, how likely player k says what.
    prevalence
        float64, shape (classes,): how frequent each class is.
    steps
        Of the expectation-maximisation.
    converged
        Whether the probabilities stood still at its end.
    """

    probabilities: NDArray[np.float64]
    confusion: NDArray[np.float64]
    prevalence: NDArray[np.float64]
    steps: int
    converged: bool


def dawid_skene(
    answers: Answers,
    *,
    classes: int = 2,
    smoothing: float = 0.5,
    tolerance: float = 1e-6,
    steps: int = 500,
) -> DawidSkene:
    """Fit the model.

    Parameters
    ----------
    answers
        Who said what.
    classes
        How many classes there are.
    smoothing
        Imagined answers of each player, for each true class and answer: of who said little, little is concluded. 0 is
        the model as published, in which a single round can make a player infallible.
    tolerance
        It has converged when no probability moves by more than this.
    steps
        At most.
    """
    truth = np.zeros((answers.n_items, classes))
    np.add.at(truth, (answers.item, answers.answer), 1.0)
    truth /= np.maximum(truth.sum(1, keepdims=True), 1.0)
    confusion = np.full((answers.n_coders, classes, classes), 1 / classes)
    prevalence = np.full(classes, 1 / classes)
    taken, converged = 0, not len(answers)
    while taken < steps and not converged:
        taken += 1
        prevalence = truth.mean(0)
        confusion = _confusion(truth, answers, smoothing)
        after = _truth(prevalence, confusion, answers)
        converged = bool(np.abs(after - truth).max() <= tolerance)
        truth = after
    return DawidSkene(truth, confusion, prevalence, taken, converged)


def _confusion(truth: NDArray[np.float64], answers: Answers, smoothing: float) -> NDArray[np.float64]:
    classes = truth.shape[1]
    counts = np.zeros((answers.n_coders, classes, classes))  # [player, said, true]
    np.add.at(counts, (answers.coder, answers.answer), truth[answers.item])
    counts = counts.transpose(0, 2, 1) + smoothing
    sums = counts.sum(2, keepdims=True)
    # Of a class that a player never met nothing is known.
    return np.where(sums > 0, counts / np.where(sums > 0, sums, 1.0), 1 / classes)


def _truth(prevalence: NDArray[np.float64], confusion: NDArray[np.float64], answers: Answers) -> NDArray[np.float64]:
    least = np.finfo(np.float64).tiny
    likely = np.tile(np.log(np.maximum(prevalence, least)), (answers.n_items, 1))
    said = confusion[answers.coder, :, answers.answer]
    np.add.at(likely, answers.item, np.log(np.maximum(said, least)))
    likely -= likely.max(1, keepdims=True)
    found = np.exp(likely)
    probabilities: NDArray[np.float64] = found / found.sum(1, keepdims=True)
    return probabilities
