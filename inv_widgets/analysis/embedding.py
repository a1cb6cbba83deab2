"""Feature maps as points in a plane: per-map min-max, PCA, t-SNE (docs/method.md, step 4).

Both solvers compute the same quantities. ``"sklearn"`` is the published one (scikit-learn's PCA and TSNE). ``"fast"``
takes PCA from the smaller of the Gram and the covariance matrix, and runs t-SNE with exact gradients in compiled loops,
which up to some thousand maps beat a tree; where numba is missing, over whole matrices. It stops before the recipe's
last iteration where the embedding has settled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from inv_widgets.analysis import embedding_arrays, embedding_loops, lanes
from inv_widgets.analysis.compiled import compiled
from inv_widgets.analysis.eigen import symmetric_eigen

if TYPE_CHECKING:
    from collections.abc import Callable

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
    flat: NDArray[np.float32] = rows / scale
    low = low / scale
    spread = high / scale - low
    spread[spread <= 0] = np.inf  # constant: everything becomes 0
    flat -= low
    flat /= spread
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
    centred = rows - rows.mean(axis=0)
    small = centred @ centred.T if n <= d else centred.T @ centred
    values, vectors = symmetric_eigen(small)
    values, vectors = values[: -components - 1 : -1], vectors[:, : -components - 1 : -1]
    # Smaller ones are rounding only.
    values = np.where(values > values[0] * 1e-6, values, 0)
    scores = (vectors * np.sqrt(values) if n <= d else centred @ vectors).astype(np.float64)
    largest = scores[np.abs(scores).argmax(axis=0), np.arange(components)]
    return np.asarray(scores * np.where(largest < 0, -1.0, 1.0))


def tsne(scores: NDArray[np.float64], recipe: Recipe) -> NDArray[np.float32]:
    """Embed points in the plane by t-SNE (van der Maaten and Hinton 2008) from a PCA start.

    Perplexity ``min(recipe.perplexity, (n - 1) / 3)``, learning rate ``max(n / 48, 50)`` (Belkina et al. 2019, as
    scikit-learn's "auto"), 250 iterations with early exaggeration and momentum 0.5, the rest with momentum 0.8.
    `recipe.tsne_iterations` is the most that are made: the solver ``"fast"`` ends where 50 of them changed the cost by
    less than 1e-4 nats, exaggeration over.

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
    goal = affinities(scores, perplexity)
    points = np.ascontiguousarray(start.T)
    descend = _loop("descend")
    early = min(_EARLY_ITERATIONS, recipe.tsne_iterations)
    late = recipe.tsne_iterations - early
    exaggeration, steady, momentum = np.float32(recipe.tsne_early_exaggeration), np.float32(0.5), np.float32(0.8)
    step = np.float32(rate)
    descend(goal, points, exaggeration, step, steady, early, _CHECK_EVERY, _GRADIENT_NORM, 0.0)
    descend(goal, points, np.float32(1), step, momentum, late, _CHECK_EVERY, _GRADIENT_NORM, _SETTLED)
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
    n, scores = len(scores), np.asarray(scores, np.float64)
    apart, conditional = np.empty((n, n)), np.empty((n, n))
    _loop("distances")(scores @ scores.T, apart)
    _loop("gaussians")(apart, float(np.log(perplexity)), conditional)
    _loop("joined")(conditional, apart)
    return apart


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
_SETTLED = 1e-4  # nats in _CHECK_EVERY iterations; embeddings cost 0.1 to 3


def _loop(name: str) -> Callable[..., Any]:
    """Give a loop compiled, or over whole matrices where numba is missing."""
    signature = getattr(embedding_loops, name.upper())
    found: Callable[..., Any] = compiled(getattr(embedding_loops, name), signature, lanes.register) or getattr(
        embedding_arrays, name
    )
    return found


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
