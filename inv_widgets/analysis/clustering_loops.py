"""Loops over a tree's cuts, in the few types and words that numba compiles (see :mod:`.compiled`)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

__all__ = ["CUTS", "SILHOUETTES", "cuts", "silhouettes"]

CUTS = "void(int64[:,::1], int64, int64[:,::1])"
SILHOUETTES = "void(float64[:,::1], int64[:,::1], int64, float64[:,::1])"


def cuts(merges: Any, fewest: int, labels: Any) -> None:
    """Cut a tree at several numbers of clusters, by undoing its last merges.

    (SciPy's `fcluster` gives too few clusters where merges are equally high.)

    Parameters
    ----------
    merges
        int64, shape (n - 1, 2): the nodes that each step joins, as ``scipy.cluster.hierarchy.linkage`` numbers them.
    fewest
        The first cut's number of clusters; each next cut has one more.
    labels
        int64, shape (cuts, n): written; from 0 without gaps, in the order of the clusters' first points.
    """
    n = len(merges) + 1
    root, name = np.empty(2 * n - 1, np.int64), np.empty(2 * n - 1, np.int64)
    for cut in range(len(labels)):
        for node in range(2 * n - 1):
            root[node], name[node] = node, -1
        for step in range(n - fewest - cut):
            root[merges[step, 0]] = root[merges[step, 1]] = n + step
        # Every node's parent has a higher number: from the top down, each takes its parent's root.
        for node in range(2 * n - 2, -1, -1):
            root[node] = root[root[node]]
        named = 0
        for i in range(n):
            if name[root[i]] < 0:
                name[root[i]] = named
                named += 1
            labels[cut, i] = name[root[i]]


def silhouettes(points: Any, labels: Any, fewest: int, samples: Any) -> None:
    """Compute each point's silhouette (Rousseeuw 1987) in each cut of one tree.

    The distances are gone through once: sums over a coarser cut's clusters are sums over the finest one's.

    Parameters
    ----------
    points
        float64, shape (n, 2).
    labels, fewest
        What :func:`cuts` wrote, and was told.
    samples
        float64, shape (cuts, n): written; 0 for a point alone in its cluster and where all distances are 0.
    """
    n, finest = len(points), fewest + len(labels) - 1
    sizes = np.zeros((len(labels), finest), np.int64)
    wider = np.zeros((len(labels), finest), np.int64)  # the cut's cluster that holds each of the finest cut's
    for cut in range(len(labels)):
        for i in range(n):
            sizes[cut, labels[cut, i]] += 1
            wider[cut, labels[-1, i]] = labels[cut, i]
    sums, joined = np.empty(finest), np.empty(finest)
    for i in range(n):
        sums[:] = 0.0
        for j in range(n):
            across, down = points[i, 0] - points[j, 0], points[i, 1] - points[j, 1]
            sums[labels[-1, j]] += math.sqrt(across * across + down * down)
        for cut in range(len(labels)):
            joined[:] = 0.0
            for cluster in range(finest):
                joined[wider[cut, cluster]] += sums[cluster]
            own = labels[cut, i]
            inside = joined[own] / max(sizes[cut, own] - 1, 1)
            joined[own] = np.inf
            other = np.inf
            for cluster in range(fewest + cut):
                other = min(other, joined[cluster] / sizes[cut, cluster])
            larger = max(inside, other)
            alone = sizes[cut, own] == 1 or larger == 0
            samples[cut, i] = 0.0 if alone else (other - inside) / larger
