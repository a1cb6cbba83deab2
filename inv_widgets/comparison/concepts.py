"""Concept vectors, and how often a class's score grows along one (TCAV)."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
from sklearn.linear_model import LogisticRegression

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["concept_vector", "random_vectors", "tcav_score", "tcav_scores", "vectors_of_parts"]

_RANDOM_PAIRS = 45  # all of ten sets


def concept_vector(examples: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Learn the direction that leads from other regions to the examples of a concept.

    The normal of logistic regression's boundary. Features are divided by their root mean square distance from their
    mean: the regularisation (C = 1) then means the same in every layer, and no channel is stretched against another.
    Exchanging `examples` and `others` turns the vector round.

    Parameters
    ----------
    examples, others
        Shapes (n, d) and (m, d).

    Returns
    -------
    ndarray
        Shape (d,), of length 1; zeros where the features do not differ.

    References
    ----------
    Kim et al., "Interpretability Beyond Feature Attribution: Quantitative Testing with Concept Activation Vectors",
    ICML 2018, section 3.3.
    """
    features = np.concatenate([examples, others])
    features = features - features.mean(axis=0)
    spread = float(np.sqrt((features**2).sum(axis=1).mean()))
    if not spread > 0:
        return np.zeros(features.shape[1])
    which = np.repeat([1, 0], [len(examples), len(others)])
    model = LogisticRegression(class_weight="balanced", max_iter=1000, tol=1e-6)
    vector: NDArray[np.float64] = model.fit(features / spread, which).coef_[0]
    length = float(np.linalg.norm(vector))
    return vector / length if length > 0 else np.zeros_like(vector)


def tcav_score(gradients: NDArray[np.float64], vector: NDArray[np.float64]) -> float:
    """Give the share (0..1) of pictures whose class score grows along a vector.

    Pictures whose score neither grows nor falls count half, so that the opposite vector has the rest of the share.

    Parameters
    ----------
    gradients
        Shape (pictures, d): of the class score, by the features.
    vector
        Shape (d,).

    References
    ----------
    Kim et al. 2018, equation 2.
    """
    slopes = gradients @ vector
    return float(np.mean((np.sign(slopes) + 1) / 2))


def tcav_scores(gradients: NDArray[np.float64], vectors: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Give the TCAV score of each vector."""
    return np.array([tcav_score(gradients, vector) for vector in vectors])


def vectors_of_parts(
    parts: Sequence[NDArray[np.float64]], sets: Sequence[NDArray[np.float64]]
) -> list[NDArray[np.float64]]:
    """Learn a vector from each part of the examples, against a random set of its own; more sets than parts stay."""
    return [concept_vector(part, others) for part, others in zip(parts, sets, strict=False)]


def random_vectors(sets: Sequence[NDArray[np.float64]]) -> list[NDArray[np.float64]]:
    """Learn vectors from random sets against each other, each pair both ways round: the mean TCAV score is 0.5.

    All pairs of ten sets; of more sets at least two pairs a set.
    """
    n = len(sets)
    pairs = sorted(itertools.combinations(range(n), 2), key=lambda pair: min(pair[1] - pair[0], n + pair[0] - pair[1]))
    found = [concept_vector(sets[one], sets[two]) for one, two in pairs[: max(_RANDOM_PAIRS, 2 * n)]]
    return [*found, *(-vector for vector in found)]
