"""One layer's feature maps and weights become a column: per cent, pruning, clusters, drop rule (METHOD 1.3 to 1.7).

Knows numpy only: what comes from the network is handed in.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from inv_widgets.analysis.clustering import Clustering, cluster_maps, dropped
from inv_widgets.analysis.embedding import flat_maps
from inv_widgets.explanation import ClusterMap, Column, Rest, cluster_map_id
from inv_widgets.recipe import Recipe

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["explain_layer", "per_cent", "thumbnails"]

_RECIPE = Recipe()


def explain_layer(  # noqa: PLR0913 (what a column says of itself)
    maps: NDArray[Any],
    weights: NDArray[Any],
    recipe: Recipe = _RECIPE,
    *,
    layer: str = "layer",
    depth: int = 0,
    block: int = 1,
    layer_in_block: int = 1,
    picture_hash: str = "",
    network_hash: str = "",
    target: int | tuple[int, ...] = 0,
    note: str = "",
) -> Column:
    """Explain one layer.

    Nothing in the column is ever NaN but the silhouettes of what was not clustered: maps that hold NaN, infinite or
    absurd values (half precision overflows at 65,504) are left out, and a layer of which nothing remains has a column
    without cluster maps. The column's `reason` says so.

    Parameters
    ----------
    maps
        Shape (C, h, w): the layer's feature maps.
    weights
        Shape (C,): each map's weight towards the class, in units of the class score per activation; any sign.
    recipe
        The numbers of the method.
    layer, depth, block, layer_in_block
        The layer's name and place.
    picture_hash, network_hash, target
        What the cluster maps' ids are made of besides.
    note
        Why the weights are zero, where that is known.

    Raises
    ------
    ValueError
        If the shapes do not fit.
    """
    maps, weights = np.asarray(maps, np.float32), np.asarray(weights, np.float64)
    if maps.ndim != 3 or weights.shape != maps.shape[:1] or not maps.size:
        raise ValueError(
            f"[inv-widgets] Layer {layer!r} has maps of shape {maps.shape} and weights of shape {weights.shape}: "
            "give maps C x h x w and C weights."
        )
    flat = maps.reshape(len(maps), -1)
    high, low = flat.max(axis=1), flat.min(axis=1)  # NaN where a map holds one
    usable = (high < _ABSURD) & (low > -_ABSURD) & np.isfinite(weights)
    if not usable.all():
        maps, weights = np.where(usable[:, None, None], maps, 0), np.where(usable, weights, 0)
        flat = maps.reshape(len(maps), -1)
    share, total = per_cent(weights)
    alive = bool((high[usable] != 0).any() or (low[usable] != 0).any())
    kept = np.flatnonzero((share > 0) & (share >= recipe.prune_below * 100 / len(share)) & alive)
    clustering = cluster_maps(maps[kept], recipe) if len(kept) else _NOTHING
    groups = _by_weight(kept, clustering, share)
    light = dropped(np.array([share[group].sum() for group, _ in groups]), recipe) if groups else np.array([], bool)
    shown = [group for group, too_light in zip(groups, light, strict=True) if not too_light]
    channels = [group for group, _ in shown]
    rest = _rest(flat, share, kept, channels, maps.shape[1:])
    averages = _averages(flat, share, channels).reshape(-1, *maps.shape[1:])
    heaviest = [group[: recipe.channel_thumbnails] for group in channels]
    small = thumbnails(maps[np.concatenate([[], *heaviest]).astype(np.intp)], recipe.thumbnail_size)
    ends = np.cumsum([len(group) for group in heaviest])
    identify = functools.partial(
        cluster_map_id, picture_hash=picture_hash, network_hash=network_hash, target=target, layer=layer
    )
    return Column(
        layer=layer,
        depth=depth,
        block=block,
        layer_in_block=layer_in_block,
        n_maps=len(maps),
        map_shape=maps.shape[1:],
        total_weight=total,
        rest=rest,
        silhouettes=clustering.silhouettes,
        reason=" ".join(_reasons(usable, weights, note if alive else _DEAD, kept, clustering, recipe, len(shown))),
        cluster_maps=tuple(
            ClusterMap.from_raw(
                average,
                id=identify(shape=maps.shape[1:], channels=group),
                cluster=place,
                channels=group,
                channel_weights=share[group],
                channel_thumbnails=small[end - len(some) : end],
                silhouette=silhouette,
            )
            for place, ((group, silhouette), average, some, end) in enumerate(
                zip(shown, averages, heaviest, ends, strict=True)
            )
        ),
    )


def per_cent(weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Normalise weights so that the positive ones sum to 100 (METHOD 1.3).

    Returns
    -------
    share, total
        float64, shape (C,), per cent, zeros where no weight is positive; and the sum of the positive weights.
    """
    total = float(np.maximum(weights, 0).sum())
    if not total > 0:
        return np.zeros_like(weights), 0.0
    # By the largest first: tiny weights would lose their digits.
    largest = np.abs(weights).max()
    scaled = weights / largest
    return scaled * (100 / np.maximum(scaled, 0).sum()), total


def thumbnails(maps: NDArray[np.float32], size: int) -> NDArray[np.uint8]:
    """Shrink maps by averaging cells until the longer side is at most `size`; each is min-maxed to 0..255.

    Parameters
    ----------
    maps
        Shape (m, h, w).
    size
        In cells, at least 1.

    Returns
    -------
    NDArray
        uint8, shape (m, th, tw).
    """
    height, width = maps.shape[1:]
    scale = min(1.0, size / max(height, width))
    across, down = (max(1, round(side * scale)) for side in (width, height))
    if not len(maps):
        return np.zeros((0, down, across), np.uint8)
    small: NDArray[Any] = flat_maps(maps).reshape(maps.shape)
    if scale < 1:
        small = _averaging(height, down) @ small @ _averaging(width, across).T
        # What is even once averaged is so up to rounding only, which min-max would blow up.
        small[np.ptp(small, axis=(1, 2)) < 1e-5] = 0
    cells: NDArray[np.uint8] = np.rint(flat_maps(small) * 255).astype(np.uint8)
    return cells.reshape(len(maps), down, across)


_ABSURD = 1e35  # a hundred times this, summed, still fits float32
_DEAD = "The layer is dead for this picture: all its maps are zero."
_NOTHING = Clustering(np.zeros(0, np.intp), {}, np.zeros(0))


@functools.lru_cache(maxsize=64)
def _averaging(cells: int, fewer: int) -> NDArray[np.float32]:
    """Make the matrix (fewer, cells) that averages equal stretches of cells, parts of cells counted in part."""
    edges = np.arange(fewer + 1) * cells / fewer
    covered = np.minimum(edges[1:, None], np.arange(1, cells + 1)) - np.maximum(edges[:-1, None], np.arange(cells))
    return np.asarray(np.maximum(covered, 0) * fewer / cells, np.float32)


def _by_weight(
    kept: NDArray[np.intp], clustering: Clustering, share: NDArray[np.float64]
) -> list[tuple[NDArray[np.intp], float]]:
    """List the clusters' channels and mean silhouettes, both heaviest first, of equals the lower index."""
    groups = []
    for label in range(int(clustering.labels.max(initial=-1)) + 1):
        inside = clustering.labels == label
        channels = kept[inside]
        channels = channels[np.lexsort((channels, -share[channels]))]
        groups.append((channels, float(clustering.samples[inside].mean())))
    return sorted(groups, key=lambda group: (-share[group[0]].sum(), int(group[0].min())))


def _rest(
    flat: NDArray[np.float32],
    share: NDArray[np.float64],
    kept: NDArray[np.intp],
    shown: list[NDArray[np.intp]],
    shape: tuple[int, int],
) -> Rest:
    pruned, dropped_too = np.ones(len(share), bool), np.zeros(len(share), bool)
    pruned[kept], dropped_too[kept] = False, True
    for group in shown:
        dropped_too[group] = False
    left = pruned | dropped_too
    return Rest(
        pruned_weight=float(share[pruned].sum()),
        dropped_weight=float(share[dropped_too].sum()),
        n_pruned=int(pruned.sum()),
        n_dropped=int(dropped_too.sum()),
        weighted_sum=(np.where(left, share, 0).astype(np.float32) @ flat).reshape(shape),
    )


def _averages(
    flat: NDArray[np.float32], share: NDArray[np.float64], groups: list[NDArray[np.intp]]
) -> NDArray[np.float32]:
    """Average each group's maps by their weights: one product over all maps, shape (groups, cells)."""
    mixing = np.zeros((len(groups), len(share)), np.float32)
    for row, group in zip(mixing, groups, strict=True):
        row[group] = share[group] / share[group].sum()
    averages: NDArray[np.float32] = mixing @ flat
    return averages


def _reasons(  # noqa: PLR0913, PLR0917 (each can be a reason)
    usable: NDArray[np.bool_],
    weights: NDArray[np.float64],
    note: str,
    kept: NDArray[np.intp],
    clustering: Clustering,
    recipe: Recipe,
    shown: int,
) -> list[str]:
    n, broken = len(usable), int((~usable).sum())
    reasons = []
    if broken:
        which = "All" if broken == n else f"{broken} of the"
        reasons.append(
            f"{which} {n} maps hold NaN, infinite or absurdly large values or weights, and are left out "
            "(half precision overflows: try float32)."
        )
    if broken == n:
        return reasons
    if note:
        reasons.append(note)
    elif not (weights > 0).any():
        what = "all weights are zero" if not weights.any() else "no weight is positive"
        reasons.append(f"Nothing in this layer speaks for the class: {what}.")
    elif not len(kept):
        reasons.append(f"Pruning left no map: none reaches {recipe.prune_below:g} times the mean weight.")
    elif clustering.reason:
        reasons.append(clustering.reason)
    if clustering.labels.size and not shown:
        reasons.append(f"All clusters were dropped: drop_below_heaviest is {recipe.drop_below_heaviest:g}.")
    return reasons
