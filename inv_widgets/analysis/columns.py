"""One layer's maps and weights become a column: per cent, pruning, clusters, drop rule (docs/method.md, steps 2 to 6).

Knows numpy only: what comes from the network is handed in.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from inv_widgets.analysis.clustering import Clustering, cluster_maps, dropped
from inv_widgets.analysis.embedding import flat_maps
from inv_widgets.analysis.pruning import per_cent, prune
from inv_widgets.explanation import ClusterMap, Column, Rest, cluster_map_id
from inv_widgets.recipe import Recipe

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inv_widgets.analysis.pruning import Pruned

__all__ = ["column_of", "explain_layer", "per_cent", "thumbnails"]

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
    return column_of(
        prune(maps, weights, recipe),
        recipe,
        layer=layer,
        depth=depth,
        block=block,
        layer_in_block=layer_in_block,
        picture_hash=picture_hash,
        network_hash=network_hash,
        target=target,
        note=note,
    )


def column_of(  # noqa: PLR0913 (what a column says of itself)
    pruned: Pruned,
    recipe: Recipe,
    *,
    layer: str,
    depth: int,
    block: int,
    layer_in_block: int,
    picture_hash: str,
    network_hash: str,
    target: int | tuple[int, ...],
    note: str,
) -> Column:
    """Make a column of a layer's kept maps; the parameters are those of :func:`explain_layer`."""
    share, kept, shape = pruned.share, pruned.kept, pruned.pruned_sum.shape
    clustering = cluster_maps(pruned.maps, recipe) if len(kept) else _NOTHING
    groups = _by_weight(clustering, share[kept])
    light = dropped(np.array([weight for _, weight, _ in groups]), recipe) if groups else np.array([], bool)
    shown = [(group, silhouette) for (group, _, silhouette), gone in zip(groups, light, strict=True) if not gone]
    places = [group for group, _ in shown]
    averages, rest = _averages_and_rest(pruned, places)
    heaviest = [group[: recipe.channel_thumbnails] for group in places]
    small = thumbnails(pruned.maps[np.concatenate([[], *heaviest]).astype(np.intp)], recipe.thumbnail_size)
    ends = np.cumsum([len(group) for group in heaviest])
    identify = functools.partial(
        cluster_map_id, picture_hash=picture_hash, network_hash=network_hash, target=target, layer=layer, shape=shape
    )
    return Column(
        layer=layer,
        depth=depth,
        block=block,
        layer_in_block=layer_in_block,
        n_maps=len(share),
        map_shape=shape,
        total_weight=pruned.total,
        rest=rest,
        silhouettes=clustering.silhouettes,
        reason=" ".join(_reasons(pruned, note, clustering, recipe, len(shown))),
        cluster_maps=tuple(
            ClusterMap.from_raw(
                average,
                id=identify(channels=kept[group]),
                cluster=place,
                channels=kept[group],
                channel_weights=share[kept[group]],
                channel_thumbnails=small[end - len(some) : end],
                silhouette=silhouette,
            )
            for place, ((group, silhouette), average, some, end) in enumerate(
                zip(shown, averages, heaviest, ends, strict=True)
            )
        ),
    )


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
        small = flat_maps(small)
    cells: NDArray[np.uint8] = np.rint(small * 255).astype(np.uint8)
    return cells.reshape(len(maps), down, across)


_DEAD = "The layer is dead for this picture: all its maps are zero."
_NOTHING = Clustering(np.zeros(0, np.intp), {}, np.zeros(0))


@functools.lru_cache(maxsize=64)
def _averaging(cells: int, fewer: int) -> NDArray[np.float32]:
    """Make the matrix (fewer, cells) that averages equal stretches of cells, parts of cells counted in part."""
    edges = np.arange(fewer + 1) * cells / fewer
    covered = np.minimum(edges[1:, None], np.arange(1, cells + 1)) - np.maximum(edges[:-1, None], np.arange(cells))
    return np.asarray(np.maximum(covered, 0) * fewer / cells, np.float32)


def _by_weight(clustering: Clustering, share: NDArray[np.float64]) -> list[tuple[NDArray[np.intp], float, float]]:
    """List clusters: places among the kept maps, weight, mean silhouette; all heaviest first, of equals the lower.

    Parameters
    ----------
    share
        Of the kept maps.
    """
    labels = clustering.labels
    if not len(labels):
        return []
    order, sizes = np.lexsort((-share, labels)), np.bincount(labels)
    ends = np.cumsum(sizes)
    weights, silhouettes = np.bincount(labels, share), np.bincount(labels, clustering.samples) / sizes
    first = np.minimum.reduceat(order, ends - sizes)
    return [
        (order[ends[label] - sizes[label] : ends[label]], float(weights[label]), float(silhouettes[label]))
        for label in np.lexsort((first, -weights)).tolist()
    ]


def _averages_and_rest(pruned: Pruned, groups: list[NDArray[np.intp]]) -> tuple[NDArray[np.float32], Rest]:
    """Average each group's maps by their weights, shape (groups, h, w), and sum up what is in none.

    One product over all kept maps.
    """
    share = pruned.share[pruned.kept]
    mixing = np.zeros((len(groups) + 1, len(share)), np.float32)
    left_out = np.ones(len(share), bool)
    for row, group in zip(mixing, groups, strict=False):
        own = share[group]
        row[group] = own / own.sum()
        left_out[group] = False
    mixing[-1, left_out] = share[left_out]
    mixed = mixing @ pruned.maps.reshape(len(share), pruned.pruned_sum.size)
    mixed = mixed.reshape(len(mixing), *pruned.pruned_sum.shape)
    is_pruned = np.ones(len(pruned.share), bool)
    is_pruned[pruned.kept] = False
    rest = Rest(
        pruned_weight=float(pruned.share[is_pruned].sum()),
        dropped_weight=float(share[left_out].sum()),
        n_pruned=len(is_pruned) - len(share),
        n_dropped=int(left_out.sum()),
        weighted_sum=pruned.pruned_sum + mixed[-1],
    )
    return mixed[:-1], rest


def _reasons(pruned: Pruned, note: str, clustering: Clustering, recipe: Recipe, shown: int) -> list[str]:
    n, broken = len(pruned.usable), int((~pruned.usable).sum())
    reasons = []
    if broken:
        which = "All" if broken == n else f"{broken} of the"
        reasons.append(
            f"{which} {n} maps hold NaN, infinite or absurdly large values or weights, and are left out "
            "(half precision overflows: try float32)."
        )
    if broken == n:
        return reasons
    note = note if pruned.alive else _DEAD
    if note:
        reasons.append(note)
    elif not (pruned.weights > 0).any():
        what = "all weights are zero" if not pruned.weights.any() else "no weight is positive"
        reasons.append(f"Nothing in this layer speaks for the class: {what}.")
    elif not len(pruned.kept):
        reasons.append(f"Pruning left no map: none reaches {recipe.prune_below:g} times the mean weight.")
    elif clustering.reason:
        reasons.append(clustering.reason)
    if clustering.labels.size and not shown:
        reasons.append(f"All clusters were dropped: drop_below_heaviest is {recipe.drop_below_heaviest:g}.")
    return reasons
