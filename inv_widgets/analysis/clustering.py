"""Clusters of feature maps: Ward linkage, their number by silhouette, the drop rule (docs/method.md, steps 4 and 5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from inv_widgets.analysis import clustering_loops
from inv_widgets.analysis.compiled import compiled
from inv_widgets.analysis.embedding import embed, flat_maps
from inv_widgets.errors import counted

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    from inv_widgets.recipe import Recipe

    # For each number of clusters a row: the points' labels, and their silhouettes.
    _Ways: TypeAlias = tuple[NDArray[np.intp], NDArray[np.float64]]

__all__ = ["Clustering", "cluster_maps", "cluster_points", "dropped", "silhouettes"]


@dataclass(frozen=True)
class Clustering:
    """Which cluster each feature map belongs to.

    Attributes
    ----------
    labels
        int, shape (n,), from 0 without gaps.
    silhouettes
        Mean silhouette for each number of clusters that was tried.
    samples
        float64, shape (n,): each map's silhouette, -1..1; NaN where there was no clustering.
    reason
        Why there was no clustering, in words; else empty.
    """

    labels: NDArray[np.intp]
    silhouettes: dict[int, float]
    samples: NDArray[np.float64]
    reason: str = ""


def cluster_maps(maps: NDArray[Any], recipe: Recipe) -> Clustering:
    """Group the feature maps of one layer that light up alike.

    Fewer than four maps get a cluster each. Of more maps with fewer than four different patterns (after each is scaled
    to 0..1) there is nothing to embed: those of one pattern share a cluster. The silhouettes are NaN then, and the
    reason is given.

    Parameters
    ----------
    maps
        Shape (n, h, w), finite, n >= 1.
    recipe
        Its embedding and clustering fields and `solver` count.
    """
    rows = flat_maps(maps)
    n = len(rows)
    kinds: dict[bytes, int] = {}
    patterns = []
    for row in rows:
        patterns.append(kinds.setdefault(row.tobytes(), len(kinds)))
        if len(kinds) == _FEWEST:
            break
    if n < _FEWEST or len(kinds) < _FEWEST or recipe.clusters_min > n - 1:
        if n >= _FEWEST and len(kinds) < _FEWEST:
            labels = np.array(patterns)
            reason = f"The {n} kept maps show only {counted(len(kinds), 'pattern')}: one cluster each."
        else:
            labels = np.arange(n)
            reason = f"Only {counted(n, 'map')} kept, too few to cluster: one cluster each."
        return Clustering(labels, {}, np.full(n, np.nan), reason)
    return cluster_points(embed(rows, recipe), recipe)


def cluster_points(points: NDArray[Any], recipe: Recipe) -> Clustering:
    """Cut Ward's tree (Ward 1963) of the points where the mean silhouette (Rousseeuw 1987) is best.

    Parameters
    ----------
    points
        Shape (n, 2), n > `recipe.clusters_min`.
    recipe
        Clusterings with `clusters_min` .. ``min(clusters_max, n - 1)`` clusters compete; of equals the fewest win.

    Raises
    ------
    ValueError
        If a point is nowhere (NaN or infinite): the recipe has t-SNE go in steps that are too large.
    """
    points = np.ascontiguousarray(points, np.float64)
    if not np.isfinite(points).all():  # the compiled tree would look for a nearest one without end
        raise ValueError(
            "[inv-widgets] Feature maps have no place in the plane (NaN or infinite): t-SNE went in steps too large. "
            f"Give a recipe with a smaller tsne_early_exaggeration (it is {recipe.tsne_early_exaggeration:g}) or "
            f"tsne_learning_rate_min ({recipe.tsne_learning_rate_min:g}), or the defaults."
        )
    numbers = range(recipe.clusters_min, min(recipe.clusters_max, len(points) - 1) + 1)
    labels, samples = (_sklearn_ways if recipe.solver == "sklearn" else _ways)(points, numbers)
    means = samples.mean(axis=1)
    best = int(means.round(12).argmax())
    return Clustering(labels[best], dict(zip(numbers, means.tolist(), strict=True)), samples[best])


def silhouettes(distances: NDArray[np.float64], labels: NDArray[np.intp]) -> NDArray[np.float64]:
    """Compare each point's mean distance to its own cluster and to the nearest other one (Rousseeuw 1987).

    Parameters
    ----------
    distances
        Shape (n, n).
    labels
        Shape (n,), from 0 without gaps, at least two clusters.

    Returns
    -------
    NDArray
        float64, shape (n,), -1..1; 0 for a point alone in its cluster and where all distances are 0.
    """
    n = len(labels)
    member = np.zeros((n, int(labels.max()) + 1))
    member[np.arange(n), labels] = 1
    sizes = member.sum(axis=0)
    sums = distances @ member
    own = sums[np.arange(n), labels] / np.maximum(sizes[labels] - 1, 1)
    means = sums / sizes
    means[np.arange(n), labels] = np.inf
    other = means.min(axis=1)
    larger = np.maximum(own, other)
    values = (other - own) / np.where(larger > 0, larger, 1)
    return np.asarray(np.where(sizes[labels] == 1, 0.0, values))


def dropped(weights: NDArray[Any], recipe: Recipe) -> NDArray[np.bool_]:
    """Tell which clusters are too light to be shown (docs/method.md, step 5).

    Parameters
    ----------
    weights
        Shape (k,): the clusters' weights.
    recipe
        A cluster under ``max(heaviest * drop_below_heaviest, mean * drop_below_mean)`` is dropped.
    """
    weights = np.asarray(weights, np.float64)
    least = max(weights.max() * recipe.drop_below_heaviest, weights.mean() * recipe.drop_below_mean)
    # A cluster of exactly the least weight stays, whatever rounding does to it.
    return np.asarray(weights < least * (1 - 1e-12))


_FEWEST = 4


def _ways(points: NDArray[np.float64], numbers: range) -> _Ways:
    """Cut one tree at every number of clusters."""
    labels, samples = np.empty((len(numbers), len(points)), np.int64), np.empty((len(numbers), len(points)))
    grow, cut, compare = (
        compiled(loop, signature)
        for loop, signature in (
            (clustering_loops.ward, clustering_loops.WARD),
            (clustering_loops.cuts, clustering_loops.CUTS),
            (clustering_loops.silhouettes, clustering_loops.SILHOUETTES),
        )
    )
    if grow and cut and compare:
        merges = np.empty((len(points) - 1, 2), np.int64)
        grow(points, merges)
        cut(merges, numbers[0], labels)
        compare(points, labels, numbers[0], samples)
    else:
        from scipy.cluster.hierarchy import linkage
        from scipy.spatial.distance import pdist, squareform

        apart = pdist(points)
        clustering_loops.cuts(linkage(apart, "ward")[:, :2].astype(np.int64), numbers[0], labels)
        distances = squareform(apart)
        samples[:] = [silhouettes(distances, row) for row in labels]
    return labels, samples


def _sklearn_ways(points: NDArray[np.float64], numbers: range) -> _Ways:
    from sklearn.cluster import AgglomerativeClustering
    from sklearn.metrics import silhouette_samples

    labels = np.array([AgglomerativeClustering(k, linkage="ward").fit_predict(points) for k in numbers])
    return labels, np.array([silhouette_samples(points, row) for row in labels])
