"""Which coalitions of players KernelSHAP asks about, how much each counts, and the Shapley values that fit them."""

from __future__ import annotations

from itertools import combinations, islice
from math import comb
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["coalitions", "shapley_fit"]


def coalitions(
    players: int, samples: int, generator: np.random.Generator
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Choose coalitions: sizes are taken whole, from the heaviest on, as long as they fit; the rest is drawn.

    The Shapley kernel gives all coalitions of s of M players together the weight (M - 1) / (s (M - s)) (Lundberg & Lee
    2017, theorem 2). Each coalition is followed by its complement (paired sampling: Covert & Lee 2021), which removes
    the first-order part of the noise.

    Parameters
    ----------
    players
        M, at least 1.
    samples
        How many coalitions at most, but for one that completes a pair; neither the empty nor the full one is among
        them.
    generator
        For what is drawn.

    Returns
    -------
    on, weights
        bool, S x M, and float64, shape (S,), with sum 1. Where all fit, S is 2^M - 2 and the fit is exact.
    """
    if players < 2:
        return np.zeros((0, players), bool), np.zeros(0)
    # A size and its complement's go together.
    sizes = np.arange(1, players // 2 + 1)
    kernel = (players - 1) / (sizes * (players - sizes)) * np.where(2 * sizes == players, 1, 2)
    kernel /= kernel.sum()
    rows: list[NDArray[np.bool_]] = []
    weights: list[float] = []
    whole = 0
    for size, weight in zip(sizes.tolist(), kernel.tolist(), strict=True):
        pairs = comb(players, size) // (2 if 2 * size == players else 1)
        if len(rows) + 2 * pairs > samples:
            break
        for one in _all_pairs(players, size, pairs):
            rows += [one, ~one]
            weights += [weight / (2 * pairs)] * 2
        whole += 1
    left = kernel[whole:]
    drawn = -(-max(0, samples - len(rows)) // 2)
    if len(left) and drawn:
        for size in generator.choice(sizes[whole:], drawn, p=left / left.sum()):
            one = np.zeros(players, bool)
            one[generator.choice(players, size, replace=False)] = True
            rows += [one, ~one]
        weights += [float(left.sum()) / (2 * drawn)] * (2 * drawn)
    total = np.array(weights)
    return np.array(rows).reshape(-1, players), total / max(total.sum(), 1e-300)


def shapley_fit(
    on: NDArray[np.bool_], values: NDArray[np.float64], weights: NDArray[np.float64], empty: float, full: float
) -> NDArray[np.float64]:
    """Fit the values that players bring, by weighted least squares with ``sum(phi) = full - empty`` exactly.

    ``phi = (full - empty) / M + theta`` with ``sum(theta) = 0``; theta is the least-norm solution for coalitions from
    which their mean is taken, which sums to 0 by itself: also where coalitions are too few to tell all players apart.

    Parameters
    ----------
    on, weights
        As :func:`coalitions` returns them, or a part of it.
    values
        What each coalition is worth.
    empty, full
        What no player and all players are worth.

    Returns
    -------
    ndarray
        float64, shape (M,).
    """
    each = (full - empty) / on.shape[1]
    if not len(on):
        return np.full(on.shape[1], each)
    root = np.sqrt(weights)
    centred = on - on.mean(1, keepdims=True)
    rest = values - empty - on.sum(1) * each
    theta, *_ = np.linalg.lstsq(centred * root[:, None], rest * root, rcond=None)
    fitted: NDArray[np.float64] = each + theta - theta.mean()
    return fitted


def _all_pairs(players: int, size: int, pairs: int) -> Iterator[NDArray[np.bool_]]:
    # Of halves, the first half of the list are the complements of the second.
    for members in islice(combinations(range(players), size), pairs):
        one = np.zeros(players, bool)
        one[list(members)] = True
        yield one
