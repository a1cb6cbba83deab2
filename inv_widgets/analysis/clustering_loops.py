"""Loops over a tree's cuts, in the few types and words that numba compiles (see :mod:`.compiled`)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

__all__ = ["CUTS", "SILHOUETTES", "WARD", "cuts", "silhouettes", "ward"]

CUTS = "void(int64[:,::1], int64, int64[:,::1])"
WARD = "void(float64[:,::1], int64[:,::1])"
SILHOUETTES = "void(float64[:,::1], int64[:,::1], int64, float64[:,::1])"

_NOWHERE = 1e200  # its square is infinite


def ward(points: Any, merges: Any) -> None:  # noqa: C901, PLR0912, PLR0915 (one loop: calls cost)
    """Build Ward's tree (Ward 1963) of points in the plane along chains of nearest neighbours (Murtagh 1983).

    Two clusters are ``2 |A| |B| / (|A| + |B|) * |mean(A) - mean(B)|^2`` apart: their means are enough, and no distances
    are kept.

    Parameters
    ----------
    points
        float64, shape (n, 2), n >= 1.
    merges
        int64, shape (n - 1, 2): written; the nodes that each step joins, the nearest first, as
        ``scipy.cluster.hierarchy.linkage`` numbers them: points from 0, the cluster that a step makes n + step.
    """
    n = len(points)
    # Each cluster is kept where one of its points was. Places that are free are infinitely far away.
    x, y, sizes = np.empty(n), np.empty(n), np.empty(n)
    for i in range(n):
        x[i], y[i], sizes[i] = points[i, 0], points[i, 1], 1.0
    away = np.empty(n)
    bits = away.view(np.int64)  # in the order of the numbers, which are not negative
    joined, heights = np.empty((n - 1, 2), np.int64), np.empty(n - 1)
    chain = np.empty(n, np.int64)
    length, begin = 0, 0
    for step in range(n - 1):
        if length == 0:
            while x[begin] == _NOWHERE:
                begin += 1
            chain[0], length = begin, 1
        while True:
            a = chain[length - 1]
            for b in range(n):
                across, down = x[a] - x[b], y[a] - y[b]
                away[b] = sizes[a] * sizes[b] / (sizes[a] + sizes[b]) * (across * across + down * down)
            away[a] = np.inf
            least = bits[0]
            for b in range(n):
                least = min(least, bits[b])
            # Of equals the one before in the chain, or chains would not end.
            if length > 1 and bits[chain[length - 2]] == least:
                break
            b = 0
            while bits[b] != least:
                b += 1
            chain[length] = b
            length += 1
        a, b = min(a, chain[length - 2]), max(a, chain[length - 2])
        joined[step, 0], joined[step, 1], heights[step] = a, b, away[chain[length - 2]]
        length -= 2
        whole = sizes[a] + sizes[b]
        x[b] = (sizes[a] * x[a] + sizes[b] * x[b]) / whole
        y[b] = (sizes[a] * y[a] + sizes[b] * y[b]) / whole
        sizes[b] = whole
        x[a] = _NOWHERE
    # By height, of equals the earlier step first, by Shell's sort (1959): numba's own takes a second to compile.
    order = np.empty(n - 1, np.int64)
    gap = 1
    for step in range(n - 1):
        order[step] = step
        gap = 3 * gap + 1 if 3 * gap < n else gap
    while gap > 0:
        for at in range(gap, n - 1):
            step, place = order[at], at
            while place >= gap:
                other = order[place - gap]
                if heights[other] < heights[step] or (heights[other] == heights[step] and other < step):
                    break
                order[place] = other
                place -= gap
            order[place] = step
        gap //= 3
    # Who holds a slot's points by then is found through the clusters that took them over.
    parent = np.empty(2 * n - 1, np.int64)
    for node in range(2 * n - 1):
        parent[node] = node
    for step in range(n - 1):
        for side in range(2):
            node = joined[order[step], side]
            while parent[node] != node:
                parent[node] = parent[parent[node]]
                node = parent[node]
            merges[step, side] = node
        parent[merges[step, 0]] = parent[merges[step, 1]] = n + step


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


def silhouettes(points: Any, labels: Any, fewest: int, samples: Any) -> None:  # noqa: C901 (one loop: calls cost)
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
    sizes = np.empty((len(labels), finest), np.int64)
    wider = np.empty((len(labels), finest), np.int64)  # the cut's cluster that holds each of the finest cut's
    for cut in range(len(labels)):
        for cluster in range(finest):
            sizes[cut, cluster] = 0
        for i in range(n):
            sizes[cut, labels[cut, i]] += 1
            wider[cut, labels[-1, i]] = labels[cut, i]
    sums, joined = np.empty(finest), np.empty(finest)
    for i in range(n):
        for cluster in range(finest):
            sums[cluster] = 0.0
        for j in range(n):
            across, down = points[i, 0] - points[j, 0], points[i, 1] - points[j, 1]
            sums[labels[-1, j]] += math.sqrt(across * across + down * down)
        for cut in range(len(labels)):
            for cluster in range(finest):
                joined[cluster] = 0.0
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
