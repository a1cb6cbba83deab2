"""Labels of near meaning, by agglomerative clustering of their embeddings (the INV paper's way)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["Linkage", "clusters_of", "embedding_groups", "mean_silhouette", "nearest_to_all"]

Linkage = Literal["complete", "average"]
_MOST_CLUSTERS_TRIED = 60


def embedding_groups(
    counts: Mapping[str, int],
    vectors: NDArray[Any],
    *,
    cut: float | None = 0.85,
    linkage: Linkage = "complete",
) -> dict[str, str]:
    """Let labels of near meaning count as one; the group takes the name of the one nearest to all its members.

    Parameters
    ----------
    counts
        How often each label was said.
    vectors
        Real, shape (n, d): an embedding for each label of `counts`, in its order.
    cut
        Labels of one group are at least so alike (cosine, -1..1). None: the number of groups with the best mean
        silhouette.
    linkage
        ``"complete"``: every two labels of a group are that alike. ``"average"``: on average.

    Returns
    -------
    dict
        ``{label: name}`` for labels that join another.
    """
    labels = list(counts)
    # The order of the rounds must not matter: ties in the clustering go by the labels' own order.
    order = sorted(range(len(labels)), key=labels.__getitem__)
    labels = [labels[place] for place in order]
    unit = _unit(np.asarray(vectors, np.float64)[order]) if labels else np.zeros((0, 1))
    joined: dict[str, str] = {}
    for members in clusters_of(unit, cut=cut, linkage=linkage):
        name = nearest_to_all([labels[place] for place in members], unit[members], counts)
        joined |= {labels[place]: name for place in members if labels[place] != name}
    return joined


def clusters_of(unit: NDArray[Any], *, cut: float | None, linkage: Linkage = "complete") -> list[list[int]]:
    """Cluster unit vectors, shape (n, d), by cosine distance; give the members of each cluster, by their places."""
    n = len(unit)
    if n < 2:
        return [[place] for place in range(n)]
    from scipy.cluster.hierarchy import fcluster
    from scipy.cluster.hierarchy import linkage as tree_of
    from scipy.spatial.distance import squareform

    distances = np.clip(1 - unit @ unit.T, 0, 2)
    np.fill_diagonal(distances, 0)
    tree = tree_of(squareform((distances + distances.T) / 2, checks=False), linkage)
    if cut is not None:
        numbers: NDArray[Any] = fcluster(tree, 1 - cut + 1e-9, "distance")
    else:
        tried = [fcluster(tree, k, "maxclust") for k in _numbers_of_clusters(n)]
        numbers = max(tried, key=lambda found: mean_silhouette(distances, found)) if tried else np.arange(n)
    groups: dict[int, list[int]] = {}
    for place, number in enumerate(numbers.tolist()):
        groups.setdefault(number, []).append(place)
    return list(groups.values())


def mean_silhouette(distances: NDArray[Any], clusters: NDArray[Any]) -> float:
    """Give the mean silhouette of a clustering (Rousseeuw 1987); -1 for fewer than two clusters.

    Parameters
    ----------
    distances
        Real, shape (n, n).
    clusters
        Whole numbers, shape (n,). A cluster of one has silhouette 0.
    """
    _, places, sizes = np.unique(clusters, return_inverse=True, return_counts=True)
    if len(sizes) < 2:
        return -1.0
    sums = distances @ np.eye(len(sizes))[places]
    own = np.arange(len(clusters)), places
    inside = sums[own] / np.maximum(1, sizes[places] - 1)
    means = sums / sizes
    means[own] = np.inf
    outside = means.min(axis=1)
    spread = np.maximum(np.maximum(inside, outside), 1e-12)
    return float(np.where(sizes[places] > 1, (outside - inside) / spread, 0.0).mean())


def nearest_to_all(labels: Sequence[str], unit: NDArray[Any], counts: Mapping[str, int]) -> str:
    """Name a group: the label most alike to all its members, each as often as it was said; ties go to the most said."""
    weights = np.array([counts[label] for label in labels], np.float64)
    alike = np.round(unit @ unit.T @ weights, 9).tolist()
    return min(zip(labels, alike, strict=True), key=lambda pair: (-pair[1], -counts[pair[0]], pair[0]))[0]


def _unit(vectors: NDArray[Any]) -> NDArray[Any]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: NDArray[Any] = vectors / np.where(lengths > 0, lengths, 1)
    return unit


def _numbers_of_clusters(n: int) -> list[int]:
    """Give the numbers of clusters to try: all of a few labels, evenly spread ones of many."""
    if n < 3:
        return []
    return sorted({int(k) for k in np.linspace(2, n - 1, min(n - 2, _MOST_CLUSTERS_TRIED)).round()})
