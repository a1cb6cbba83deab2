"""Cluster maps of one layer and picture that people call the same are shown as one (docs/labels.md)."""

from __future__ import annotations

import dataclasses
import math
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from inv_widgets.explanation import ClusterMap, Label, cluster_map_id
from inv_widgets.labels.scores import in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from inv_widgets.explanation import Column, Explanation

__all__ = ["chains", "merge_cluster_maps", "merge_column", "merged_labels", "unmerge_column"]


def chains(best: Sequence[Iterable[str]]) -> list[list[int]]:
    """Group what shares a label, directly or through a chain of others.

    Parameters
    ----------
    best
        The best labels of each cluster map; one without labels is in no chain.

    Returns
    -------
    list
        Places in `best`, each in exactly one group; groups and places in their first order.

    Examples
    --------
    >>> chains([{"wheel"}, {"door", "wheel"}, {"sky"}, {"door"}])
    [[0, 1, 3], [2]]
    """
    leader = list(range(len(best)))

    def lead(place: int) -> int:
        while leader[place] != place:
            leader[place] = place = leader[leader[place]]
        return place

    first: dict[str, int] = {}
    for place, labels in enumerate(best):
        for label in labels:
            one, two = sorted((lead(place), lead(first.setdefault(label, place))))
            leader[two] = one
    groups: dict[int, list[int]] = defaultdict(list)
    for place in range(len(best)):
        groups[lead(place)].append(place)
    return list(groups.values())


def merge_column(
    explanation: Explanation, column: Column, count: Callable[[ClusterMap], ClusterMap]
) -> tuple[ClusterMap, ...]:
    """Merge a layer's cluster maps where their best labels meet; heaviest first, numbered anew.

    Parameters
    ----------
    explanation, column
        Whose cluster maps these are. They carry their labels already.
    count
        Gives a merged cluster map its rounds, and its labels' rounds and players, from its members' rounds.
    """
    shown = column.cluster_maps
    groups = chains([[label.name for label in each.best_labels] for each in shown])
    merged = [
        shown[group[0]]
        if len(group) == 1
        else count(merge_cluster_maps(explanation, column, [shown[place] for place in group]))
        for group in groups
    ]
    merged.sort(key=lambda each: (-each.weight, each.cluster))
    return _changed(merged)


def unmerge_column(column: Column) -> tuple[ClusterMap, ...]:
    """Give a layer's cluster maps as they were before they were merged, without labels, heaviest first."""
    apart = [member for shown in column.cluster_maps for member in (shown.members or (shown,))]
    apart.sort(key=lambda each: (-each.weight, each.id))
    return _changed(apart, labels=(), rounds=None, members=())


def _changed(shown: Iterable[ClusterMap], **fields: Any) -> tuple[ClusterMap, ...]:
    """Give cluster maps their numbers and other fields; a copy of one that has them already would take long."""
    wanted = ((each, {"cluster": place, **fields}) for place, each in enumerate(shown))
    return tuple(
        each if all(getattr(each, name) == value for name, value in new.items()) else dataclasses.replace(each, **new)
        for each, new in wanted
    )


def merge_cluster_maps(explanation: Explanation, column: Column, members: Sequence[ClusterMap]) -> ClusterMap:
    """Merge cluster maps of one layer and picture into one.

    Its raw map is the average of the members' **raw** maps by weight, min-maxed afterwards; its channels are all
    theirs, so its weight is the sum of theirs, and its id is what a cluster of these channels would have; its labels'
    scores are averages by weight.
    """
    members = sorted(members, key=lambda member: (-member.weight, member.cluster))
    weights = np.array([member.weight for member in members], np.float64)
    shares = weights / weights.sum() if weights.sum() > 0 else np.full(len(members), 1 / len(members))
    raw = sum(share * member.raw_map.astype(np.float64) for share, member in zip(shares, members, strict=True))
    channels = np.concatenate([member.channels for member in members])
    channel_weights = np.concatenate([member.channel_weights for member in members])
    order = np.argsort(-channel_weights, kind="stable")
    return ClusterMap.from_raw(
        np.asarray(raw),
        id=cluster_map_id(
            picture_hash=explanation.picture_hash,
            network_hash=explanation.network_hash,
            target=explanation.target,
            layer=column.layer,
            shape=members[0].map.shape,
            channels=channels,
        ),
        cluster=members[0].cluster,
        channels=channels[order],
        channel_weights=channel_weights[order],
        channel_thumbnails=_thumbnails(members, order),
        silhouette=_silhouette(members),
        labels=merged_labels([(member.weight, member.labels) for member in members]),
        members=tuple(members),
    )


def merged_labels(members: Sequence[tuple[float, Iterable[Label]]]) -> tuple[Label, ...]:
    """Average label scores by weight; a member without the label counts with 0. Best first.

    Parameters
    ----------
    members
        For each member its weight and its labels.

    Examples
    --------
    Weights 3 and 1: (3 * 4 + 1 * 0) / 4.

    >>> [(label.name, label.score) for label in merged_labels([(3.0, [Label("wheel", 4.0)]), (1.0, [])])]
    [('wheel', 3.0)]
    """
    total = math.fsum(weight for weight, _ in members)
    shares = [weight / total if total > 0 else 1 / len(members) for weight, _ in members]
    parts: dict[str, list[tuple[float, Label]]] = defaultdict(list)
    for share, (_, labels) in zip(shares, members, strict=True):
        for label in labels:
            parts[label.name].append((share, label))
    return in_order(_merged_label(name, found) for name, found in parts.items())


def _merged_label(name: str, found: list[tuple[float, Label]]) -> Label:
    labels = [label for _, label in found]
    frequency = sum(label.frequency for label in labels)
    return Label(
        name,
        math.fsum(share * label.score for share, label in found),
        frequency=frequency,
        mean_step=math.fsum(label.frequency * label.mean_step for label in labels) / frequency if frequency else 0.0,
        won=any(label.won for label in labels),
        players=max(label.players for label in labels),
        typed=tuple(sorted({text for label in labels for text in label.typed})),
    )


def _thumbnails(members: Sequence[ClusterMap], order: np.ndarray) -> np.ndarray:
    """Take the thumbnails of the heaviest channels of all: each stands among its own member's heaviest."""
    most = max(len(member.channel_thumbnails) for member in members)
    starts = np.cumsum([0, *(member.n_maps for member in members)])
    kept = {
        start + place: thumbnail
        for start, member in zip(starts.tolist(), members, strict=False)
        for place, thumbnail in enumerate(member.channel_thumbnails)
    }
    heaviest = [kept[place] for place in order[:most].tolist() if place in kept]
    return np.stack(heaviest) if heaviest else members[0].channel_thumbnails


def _silhouette(members: Sequence[ClusterMap]) -> float:
    """Give the mean silhouette over all members' feature maps, as they were clustered."""
    return sum(member.silhouette * member.n_maps for member in members) / sum(member.n_maps for member in members)
