"""The loops of t-SNE, in the few types and words that numba compiles (see :mod:`inv_widgets.analysis.compiled`)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from inv_widgets.analysis.lanes import LANES, forces

__all__ = ["DESCEND", "DISTANCES", "GAUSSIANS", "JOINED", "descend", "distances", "gaussians", "joined"]

_ZERO, _ONE, _FOUR = np.float32(0), np.float32(1), np.float32(4)
_UP, _DOWN, _LEAST_GAIN = np.float32(0.2), np.float32(0.8), np.float32(0.01)
# Its closeness to anything, 1e-18, adds nothing to any sum; the square of that is no denormal number, which are slow.
_FAR = np.float32(1e9)
_FLAT = 64.0  # exp(-64) is nothing beside the row's largest, 1
_TIE = 1e-9  # of the mean distance: nearer than that to the nearest is rounding only

DESCEND = "int64(float64[:,::1], float32[:,::1], float32, float32, float32, int64, int64, float64, float64)"
DISTANCES = JOINED = "void(float64[:,::1], float64[:,::1])"
GAUSSIANS = "void(float64[:,::1], float64, float64[:,::1])"


def descend(  # noqa: C901, PLR0912, PLR0913, PLR0917 (one loop: numba takes no keywords, and calls cost)
    goal: Any,
    points: Any,
    exaggeration: Any,
    rate: Any,
    momentum: Any,
    iterations: int,
    every: int,
    least_norm: float,
    least_decrease: float,
) -> int:
    """Move points down t-SNE's gradient (van der Maaten and Hinton 2008, eq. 5), with gains as scikit-learn has them.

    ``dC/dy_i = 4 sum_j (exaggeration p_ij - q_ij / Z) q_ij (y_i - y_j)`` with ``q_ij = 1 / (1 + |y_i - y_j|^2)`` and
    ``Z = sum q_ij``: both sums and Z in one sweep over the pairs.

    Parameters
    ----------
    goal
        float64, shape (n, n): the affinities p, symmetric, zero on the diagonal.
    points
        float32, shape (2, n); moved in place.
    exaggeration, rate, momentum
        float32.
    iterations
        At most so many.
    every, least_norm, least_decrease
        Every so many iterations: stop if the step's gradient is at most `least_norm` long, or if the cost has changed
        by less than `least_decrease` nats since the last time (to first order: the sum of gradient times step).

    Returns
    -------
    int
        How many iterations were made.
    """
    n = points.shape[1]
    blocks = (n + LANES - 1) // LANES
    wanted = np.empty((blocks, n, LANES), np.float32)
    x, y = np.empty(blocks * LANES, np.float32), np.empty(blocks * LANES, np.float32)
    for i in range(n):
        for j in range(blocks * LANES):
            wanted[j // LANES, i, j % LANES] = exaggeration * np.float32(goal[i, j]) if j < n else _ZERO
    for i in range(blocks * LANES):
        x[i], y[i] = (points[0, i], points[1, i]) if i < n else (_FAR, _FAR)
    sums = np.empty((5, LANES), np.float32)
    forced = np.empty((4, blocks * LANES), np.float32)
    updates, gains = np.empty((2, n), np.float32), np.empty((2, n), np.float32)
    for axis in range(2):
        for i in range(n):
            updates[axis, i], gains[axis, i] = _ZERO, _ONE
    decrease = 0.0
    made = 0
    while made < iterations:
        made += 1
        total = 0.0
        for block in range(blocks):
            forces(wanted, x, y, block, sums)
            begin = block * LANES
            near = _ZERO
            for lane in range(min(LANES, n - begin)):
                near += sums[0, lane]
            total += float(near)
            for row in range(4):
                for lane in range(LANES):
                    forced[row, begin + lane] = sums[row + 1, lane]
        total -= n  # each point's closeness to itself is 1
        share = np.float32(1 / max(total, 1e-30))
        norm = 0.0
        for axis in range(2):
            places = x if axis == 0 else y
            for i in range(n):
                gradient = _FOUR * (forced[axis, i] - share * forced[axis + 2, i])
                uphill = updates[axis, i] * gradient < 0
                gain = max(gains[axis, i] + _UP if uphill else gains[axis, i] * _DOWN, _LEAST_GAIN)
                update = momentum * updates[axis, i] - rate * gain * gradient
                places[i] += update
                gains[axis, i], updates[axis, i] = gain, update
                decrease -= gradient * update
                norm += gain * gradient * gain * gradient
        if made % every == 0:
            if math.sqrt(norm) <= least_norm or abs(decrease) < least_decrease:
                break
            decrease = 0.0
    for i in range(n):
        points[0, i], points[1, i] = x[i], y[i]
    return made


def distances(products: Any, found: Any) -> None:
    """Work squared distances out of inner products: ``|a|^2 + |b|^2 - 2 a b``, at least 0.

    Parameters
    ----------
    products
        float64, shape (n, n): points times points.
    found
        float64, shape (n, n): written.
    """
    n = len(products)
    squares = np.empty(n)
    for i in range(n):
        squares[i] = products[i, i]
    for i in range(n):
        for j in range(n):
            away = squares[i] + squares[j] - 2 * products[i, j]
            found[i, j] = away if away > 0 else 0.0


def joined(conditional: Any, found: Any) -> None:
    """Join conditional distributions: ``(p_j|i + p_i|j) / 2n``, so that all sum to 1.

    Parameters
    ----------
    conditional
        float64, shape (n, n): in each row a distribution.
    found
        float64, shape (n, n): written.
    """
    n = len(conditional)
    total = 0.0
    for i in range(n):
        for j in range(n):
            found[i, j] = conditional[i, j] + conditional[j, i]
            total += found[i, j]
    for i in range(n):
        for j in range(n):
            found[i, j] /= total


def gaussians(distances: Any, entropy: float, found: Any) -> None:
    """Find each row's ``exp(-beta * distance)``, normalised, of the wanted entropy, its own place left out.

    Newton's method on log beta inside a shrinking bracket, from where the row before ended.

    Parameters
    ----------
    distances
        float64, shape (n, n), n >= 2, at least 0.
    entropy
        In nats.
    found
        float64, shape (n, n): written, zero on the diagonal.
    """
    n = len(distances)
    scaled = np.empty(n)
    at = 0.0
    for i in range(n):
        # Neither a shift nor a scale of a row's distances changes the distributions that it can have.
        least, mean = np.inf, 0.0
        for j in range(n):
            if j != i:
                least = min(least, distances[i, j])
                mean += distances[i, j]
        mean = mean / (n - 1) - least
        unit = 1 / mean if mean > 0 else 1.0
        for j in range(n):
            away = (distances[i, j] - least) * unit
            scaled[j] = away if away >= _TIE else 0.0
        low, high = -30.0, 70.0
        total = 1.0
        for _ in range(100):
            beta = math.exp(at)
            total = first = second = 0.0
            for j in range(n):
                power = min(scaled[j] * beta, _FLAT)
                # exp(-power) as exp(-power / 64)^64 of a polynomial: unlike exp itself, it runs in vector registers.
                t = power * (-1 / 64)
                e = 1 + t / 5 * (1 + t / 6 * (1 + t / 7 * (1 + t / 8 * (1 + t / 9 * (1 + t / 10)))))
                e = 1 + t * (1 + t / 2 * (1 + t / 3 * (1 + t / 4 * e)))
                e = e * e
                e = e * e
                e = e * e
                e = e * e
                e = e * e
                e = e * e if j != i else 0.0
                found[i, j] = e
                total += e
                first += e * power
                second += e * power * power
            first, second = first / total, second / total
            excess = math.log(total) + first - entropy
            low, high = (at, high) if excess > 0 else (low, at)
            if abs(excess) < 1e-5 or high - low < 1e-9:
                break
            newton = at + excess / max(second - first * first, 1e-12)
            halved = min(max((low + high) / 2, at - 3), at + 3)
            at = newton if low < newton < high and abs(newton - at) < 3 else halved
        for j in range(n):
            found[i, j] /= total
        at = min(max(at, -25.0), 60.0)
