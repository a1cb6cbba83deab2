"""What :mod:`inv_widgets.analysis.embedding_loops` compiles, over whole matrices of numpy: for where numba is missing.

The same arguments, the same results up to rounding (which t-SNE amplifies).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["descend", "distances", "gaussians", "joined"]


def descend(  # noqa: PLR0913, PLR0917 (as its compiled twin)
    goal: NDArray[np.float64],
    points: NDArray[np.float32],
    exaggeration: np.float32,
    rate: np.float32,
    momentum: np.float32,
    iterations: int,
    every: int,
    least_norm: float,
    least_decrease: float,
) -> int:
    """Move points down t-SNE's gradient; see :func:`inv_widgets.analysis.embedding_loops.descend`."""
    n = points.shape[1]
    wanted = goal.astype(np.float32) * exaggeration
    closeness, force = np.empty((n, n), np.float32), np.empty((n, n), np.float32)
    left, right = np.ones((n, 4), np.float32), np.ones((4, n), np.float32)
    ones = np.ones(n, np.float32)
    pulled = np.empty_like(points)
    update, gains = np.zeros_like(points), np.ones_like(points)
    wide, decrease = False, 0.0
    for iteration in range(1, iterations + 1):
        if wide:
            _exact_distances(points, closeness, force)
        else:
            # 1 + |a - b|^2 as one product of (n, 4) and (4, n).
            np.multiply(points.T, -2, out=left[:, :2])
            right[:2] = points
            np.einsum("ij,ij->j", points, points, out=right[3])
            np.add(right[3], 1, out=left[:, 2])
            np.dot(left, right, out=closeness)
        np.reciprocal(closeness, out=closeness)
        closeness.reshape(-1)[:: n + 1] = 0
        total = float(closeness.dot(ones).sum(dtype=np.float64))
        np.multiply(closeness, np.float32(-1 / max(total, 1e-30)), out=force)
        force += wanted
        force *= closeness
        pulled[0], pulled[1] = force.dot(points[0]), force.dot(points[1])
        gradient = 4 * (force.dot(ones) * points - pulled)
        gains = np.maximum(np.where(update * gradient < 0, gains + np.float32(0.2), gains * np.float32(0.8)), 0.01)
        update = momentum * update - rate * gains * gradient
        points += update
        decrease -= float((gradient * update).sum(dtype=np.float64))
        if iteration % every == 0:
            norm = float(np.sqrt(((gains * gradient).astype(np.float64) ** 2).sum()))
            if norm <= least_norm or abs(decrease) < least_decrease:
                return iteration
            decrease = 0.0
            # The product loses about 1e-7 of the largest square: too much for neighbours in a wide embedding.
            wide = float(np.abs(points).max()) > 64
    return iterations


def distances(products: NDArray[np.float64], found: NDArray[np.float64]) -> None:
    """Work distances out of products; see :func:`inv_widgets.analysis.embedding_loops.distances`."""
    squares = products.diagonal()
    np.maximum(squares[:, None] + squares - 2 * products, 0, out=found)


def joined(conditional: NDArray[np.float64], found: NDArray[np.float64]) -> None:
    """Join distributions; see :func:`inv_widgets.analysis.embedding_loops.joined`."""
    np.add(conditional, conditional.T, out=found)
    found /= found.sum()


def gaussians(distances: NDArray[np.float64], entropy: float, found: NDArray[np.float64]) -> None:
    """Find each row's Gaussian; see :func:`inv_widgets.analysis.embedding_loops.gaussians`.

    Rows that have arrived leave the work.
    """
    n = len(distances)
    others = ~np.eye(n, dtype=bool)
    rest = distances[others].reshape(n, n - 1)
    rest -= rest.min(axis=1, keepdims=True)
    mean = rest.mean(axis=1, keepdims=True)
    rest /= np.where(mean > 0, mean, 1)
    rest[rest < 1e-9] = 0  # rounding only
    rows = np.empty_like(rest)
    todo = np.arange(n)
    at, low, high = np.zeros(n), np.full(n, -30.0), np.full(n, 70.0)
    for _ in range(100):
        beta = np.exp(at)
        chances = np.exp(-rest * beta[:, None])
        total = chances.sum(axis=1)
        chances /= total[:, None]
        weighted = chances * rest
        mean = weighted.sum(axis=1)
        excess = np.log(total) + beta * mean - entropy
        spread = beta**2 * (np.einsum("ij,ij->i", weighted, rest) - mean**2)
        low, high = np.where(excess > 0, at, low), np.where(excess < 0, at, high)
        done = (np.abs(excess) < 1e-5) | (high - low < 1e-9)
        rows[todo[done]] = chances[done]
        if done.all():
            break
        newton = at + excess / np.maximum(spread, 1e-12)
        inside = (newton > low) & (newton < high) & (np.abs(newton - at) < 3)
        going = ~done
        at = np.where(inside, newton, np.clip((low + high) / 2, at - 3, at + 3))[going]
        low, high, todo, chances = low[going], high[going], todo[going], chances[going]
        rest = rest[going]
    else:
        rows[todo] = chances
    found[:] = 0
    found[others] = rows.ravel()


def _exact_distances(points: NDArray[np.float32], out: NDArray[np.float32], buffer: NDArray[np.float32]) -> None:
    np.subtract(points[0][:, None], points[0], out=out)
    np.multiply(out, out, out=out)
    np.subtract(points[1][:, None], points[1], out=buffer)
    np.multiply(buffer, buffer, out=buffer)
    out += buffer
    out += 1
