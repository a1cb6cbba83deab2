"""Feature maps as points in a plane: per-map min-max, PCA, t-SNE (METHOD 1.5).

Both solvers compute the same quantities. ``"sklearn"`` is the published one (scikit-learn's PCA and TSNE). ``"fast"``
takes PCA from the smaller of the Gram and the covariance matrix, and runs t-SNE with exact gradients over whole
matrices, which up to some thousand maps beats a tree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.linalg import eigh

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inv_widgets.recipe import Recipe

__all__ = ["affinities", "embed", "flat_maps", "kl_divergence", "pca", "tsne"]


def embed(rows: NDArray[np.float32], recipe: Recipe) -> NDArray[np.float32]:
    """Place feature maps in the plane so that maps alike lie close together.

    Parameters
    ----------
    rows
        float32, shape (n, d), n >= 4, at least four different rows: what :func:`flat_maps` gives.
    recipe
        Its `pca_components`, `perplexity`, ``tsne_*``, `seed` and `solver` count.

    Returns
    -------
    NDArray
        float32, shape (n, 2). The same rows and recipe always give the same bits on one machine.
    """
    return tsne(pca(rows, recipe), recipe)


def flat_maps(maps: NDArray[Any]) -> NDArray[np.float32]:
    """Scale each map to 0..1 by itself and flatten it.

    Parameters
    ----------
    maps
        Shape (n, h, w), finite.

    Returns
    -------
    NDArray
        float32, shape (n, h * w); a constant map becomes zeros.
    """
    rows = np.asarray(maps, np.float32).reshape(len(maps), -1)
    high = rows.max(axis=1, keepdims=True)
    low = rows.min(axis=1, keepdims=True)
    # Scaled first: the range of float32 itself can overflow, and that of tiny numbers can vanish.
    scale = np.maximum(np.abs(high), np.abs(low))
    scale[scale == 0] = 1
    rows, low = rows / scale, low / scale
    spread = high / scale - low
    spread[spread <= 0] = np.inf  # constant: everything becomes 0
    flat: NDArray[np.float32] = (rows - low) / spread
    return flat


def pca(rows: NDArray[np.float32], recipe: Recipe) -> NDArray[np.float64]:
    """Project rows on their first ``min(recipe.pca_components, n, d)`` principal components.

    Parameters
    ----------
    rows
        Shape (n, d).
    recipe
        Its `pca_components`, `seed` and `solver` count.

    Returns
    -------
    NDArray
        float64, shape (n, components). The sign of each column makes its entry of largest size positive.
    """
    components = min(recipe.pca_components, *rows.shape)
    if recipe.solver == "sklearn":
        from sklearn.decomposition import PCA

        return np.asarray(PCA(components, random_state=recipe.seed).fit_transform(rows), np.float64)
    n, d = rows.shape
    centred = rows - rows.mean(axis=0, dtype=np.float64).astype(np.float32)
    small = centred @ centred.T if n <= d else centred.T @ centred
    side = len(small)
    values, vectors = eigh(small.astype(np.float64), subset_by_index=(side - components, side - 1), check_finite=False)
    values, vectors = np.maximum(values[::-1], 0), vectors[:, ::-1]
    scores = vectors * np.sqrt(values) if n <= d else centred @ vectors
    largest = scores[np.abs(scores).argmax(axis=0), np.arange(components)]
    return np.asarray(scores * np.where(largest < 0, -1.0, 1.0), np.float64)


def tsne(scores: NDArray[np.float64], recipe: Recipe) -> NDArray[np.float32]:
    """Embed points in the plane by t-SNE (van der Maaten and Hinton 2008) from a PCA start.

    Perplexity ``min(recipe.perplexity, (n - 1) / 3)``, learning rate ``max(n / 48, 50)`` (Belkina et al. 2019, as
    scikit-learn's "auto"), 250 iterations with early exaggeration and momentum 0.5, the rest with momentum 0.8.

    Parameters
    ----------
    scores
        Shape (n, components), n >= 4: principal components, the widest first.
    recipe
        Its `perplexity`, ``tsne_*``, `seed` and `solver` count.

    Returns
    -------
    NDArray
        float32, shape (n, 2).
    """
    n = len(scores)
    perplexity = min(recipe.perplexity, (n - 1) / 3)
    rate = max(n / recipe.tsne_learning_rate_divisor, recipe.tsne_learning_rate_min)
    start = _start(scores, recipe.seed)
    if recipe.solver == "sklearn":
        return _sklearn_tsne(scores, start, perplexity, rate, recipe)
    goal = affinities(scores, perplexity).astype(np.float32)
    points = np.ascontiguousarray(start.T)
    early = min(_EARLY_ITERATIONS, recipe.tsne_iterations)
    _descend(goal * np.float32(recipe.tsne_early_exaggeration), points, rate, momentum=0.5, iterations=early)
    _descend(goal, points, rate, momentum=0.8, iterations=recipe.tsne_iterations - early)
    return np.ascontiguousarray(points.T)


def affinities(scores: NDArray[Any], perplexity: float) -> NDArray[np.float64]:
    """Compute t-SNE's joint probabilities (van der Maaten and Hinton 2008, eq. 1 and section 3.1).

    Each point's Gaussian is as wide as gives its conditional distribution the entropy ``log(perplexity)``, to 1e-5.
    Where ties make that impossible, it ends as narrow as numbers allow.

    Parameters
    ----------
    scores
        Shape (n, components).
    perplexity
        At least 1, below n.

    Returns
    -------
    NDArray
        float64, shape (n, n), symmetric, sums to 1, zero on the diagonal.
    """
    n = len(scores)
    squares = np.einsum("ij,ij->i", scores, scores)
    distances = np.maximum(squares[:, None] + squares - 2 * (scores @ scores.T), 0)
    others = ~np.eye(n, dtype=bool)
    near = distances[others].reshape(n, n - 1)
    # Neither a shift nor a scale of a row's distances changes the distributions that it can have.
    near -= near.min(axis=1, keepdims=True)
    mean = near.mean(axis=1, keepdims=True)
    near /= np.where(mean > 0, mean, 1)
    conditional = np.zeros((n, n))
    conditional[others] = _gaussians(near, np.log(perplexity)).ravel()
    joint = conditional + conditional.T
    return np.asarray(joint / joint.sum())


def kl_divergence(goal: NDArray[np.float64], points: NDArray[Any]) -> float:
    """Measure how much of the affinities an embedding loses, in nats: t-SNE's cost (ibid., eq. 5).

    Parameters
    ----------
    goal
        Shape (n, n): what :func:`affinities` gives.
    points
        Shape (n, 2).
    """
    points = np.asarray(points, np.float64)
    closeness = 1 / (1 + ((points[:, None] - points) ** 2).sum(axis=2))
    np.fill_diagonal(closeness, 0)
    joint = closeness / closeness.sum()
    positive = goal > 0
    return float((goal[positive] * np.log(goal[positive] / np.maximum(joint[positive], 1e-300))).sum())


_EARLY_ITERATIONS = 250  # scikit-learn's and the original code's
_CHECK_EVERY = 50
_GRADIENT_NORM = 1e-7  # converged: scikit-learn's min_grad_norm


def _start(scores: NDArray[np.float64], seed: int) -> NDArray[np.float32]:
    """Give the first two components, with a standard deviation of 1e-4 along the first."""
    start = np.zeros((len(scores), 2))
    start[:, : scores.shape[1]] = scores[:, :2]
    spread = start[:, 0].std()
    start *= 1e-4 / spread if spread > 0 else 0
    if scores.shape[1] < 2 or spread == 0:
        # On a line t-SNE could never leave it.
        start += np.random.default_rng(seed).normal(scale=1e-6, size=start.shape)
    return start.astype(np.float32)


def _sklearn_tsne(
    scores: NDArray[np.float64], start: NDArray[np.float32], perplexity: float, rate: float, recipe: Recipe
) -> NDArray[np.float32]:
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    solver = TSNE(
        2,
        perplexity=perplexity,
        early_exaggeration=recipe.tsne_early_exaggeration,
        learning_rate=rate,
        max_iter=recipe.tsne_iterations,
        init=start,
        random_state=recipe.seed,
    )
    # Its sums depend on the number of threads, and on a busy machine several are far slower than one.
    with threadpool_limits(1, user_api="openmp"):
        return np.asarray(solver.fit_transform(scores.astype(np.float32)), np.float32)


def _gaussians(distances: NDArray[np.float64], entropy: float) -> NDArray[np.float64]:
    """Find each row's ``exp(-beta * distance)``, normalised, of the wanted entropy.

    Newton's method on log beta inside a shrinking bracket; rows that have arrived leave the work.
    """
    found = np.empty_like(distances)
    todo = np.arange(len(distances))
    at, low, high = np.zeros(len(todo)), np.full(len(todo), -30.0), np.full(len(todo), 70.0)
    rest = distances
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
        found[todo[done]] = chances[done]
        if done.all():
            return found
        newton = at + excess / np.maximum(spread, 1e-12)
        inside = (newton > low) & (newton < high) & (np.abs(newton - at) < 3)
        going = ~done
        at = np.where(inside, newton, np.clip((low + high) / 2, at - 3, at + 3))[going]
        low, high, todo, chances = low[going], high[going], todo[going], chances[going]
        rest = rest[going]
    found[todo] = chances
    return found


def _descend(
    goal: NDArray[np.float32], points: NDArray[np.float32], rate: float, *, momentum: float, iterations: int
) -> None:
    """Move `points`, shape (2, n), down t-SNE's gradient (ibid., eq. 5), with gains as scikit-learn has them."""
    n = points.shape[1]
    closeness, force = np.empty((n, n), np.float32), np.empty((n, n), np.float32)
    left, right = np.ones((n, 4), np.float32), np.ones((4, n), np.float32)
    ones = np.ones(n, np.float32)
    pulled = np.empty_like(points)
    update, gains = np.zeros_like(points), np.ones_like(points)
    wide = False
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
        force += goal
        force *= closeness
        pulled[0], pulled[1] = force.dot(points[0]), force.dot(points[1])
        gradient = force.dot(ones) * points
        gradient -= pulled
        gradient *= 4
        gains = np.maximum(np.where(update * gradient < 0, gains + np.float32(0.2), gains * np.float32(0.8)), 0.01)
        gradient *= gains
        update = np.float32(momentum) * update - np.float32(rate) * gradient
        points += update
        if iteration % _CHECK_EVERY == 0:
            if float(np.sqrt((gradient.astype(np.float64) ** 2).sum())) <= _GRADIENT_NORM:
                return
            # The product loses about 1e-7 of the largest square: too much for neighbours in a wide embedding.
            wide = float(np.abs(points).max()) > 64


def _exact_distances(points: NDArray[np.float32], out: NDArray[np.float32], buffer: NDArray[np.float32]) -> None:
    np.subtract(points[0][:, None], points[0], out=out)
    np.multiply(out, out, out=out)
    np.subtract(points[1][:, None], points[1], out=buffer)
    np.multiply(buffer, buffer, out=buffer)
    out += buffer
    out += 1
