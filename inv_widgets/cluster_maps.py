"""Cluster maps, what is left of a layer beside them, and what people said of them.

All are frozen and their arrays read-only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from inv_widgets.explanation_arrays import ArraysEqual, freeze, min_max

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ClusterMap", "Label", "Rest", "Rounds"]


@dataclass(frozen=True, slots=True)
class Label:
    """What people say a cluster map shows, with its score (docs/labels.md).

    Attributes
    ----------
    name
        The label after the analysis.
    score
        Its score on the cluster map; on a merged one the average of the members' by weight.
    frequency
        Rounds that gave it; of a merged cluster map, of all members.
    mean_step
        The mean step (0..5) that these rounds had reached.
    won
        Whether any of these rounds was won.
    players
        How many different players said it.
    typed
        The different texts, as typed, that became this label.
    """

    name: str
    score: float
    frequency: int = 0
    mean_step: float = 0.0
    won: bool = False
    players: int = 0
    typed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rounds:
    """How people fared with a cluster map: rounds that count (docs/labels.md).

    Attributes
    ----------
    wins, losses, resigns
        Numbers of rounds.
    players
        How many different players these were.
    mean_step
        The mean step (0..5) at which the rounds ended.
    mean_share
        The mean share of the picture that was revealed then, per cent.
    """

    wins: int
    losses: int
    resigns: int
    players: int
    mean_step: float
    mean_share: float

    @property
    def total(self) -> int:
        """All of these rounds."""
        return self.wins + self.losses + self.resigns


@dataclass(frozen=True, eq=False)
class ClusterMap(ArraysEqual):
    """The weighted average of one cluster of a layer's feature maps.

    Attributes
    ----------
    id
        16 hexadecimal digits; the same picture, network, target, layer and channels always give the same id.
    cluster
        Place in its column, from 0, heaviest first.
    channels
        int32, shape (n,): indices into the layer's feature maps, heaviest first.
    channel_weights
        float32, shape (n,): per cent of the layer's total weight.
    map
        float32, shape (h, w): the average, min-maxed to 0..1.
    map_min, map_max
        What `map`'s 0 and 1 stand for, in units of the activation.
    channel_thumbnails
        uint8, shape (m, th, tw): the m heaviest feature maps, each min-maxed to 0..255.
    silhouette
        Mean silhouette of the cluster's members, -1..1; NaN where there was no clustering.
    labels
        Best first.
    rounds
        How people fared with it; None before labels were analysed, or where nobody played it.
    members
        The cluster maps that were merged into this one because they share a best label, heaviest first; most have none.
    """

    id: str
    cluster: int
    channels: NDArray[np.int32]
    channel_weights: NDArray[np.float32]
    map: NDArray[np.float32]
    map_min: float
    map_max: float
    channel_thumbnails: NDArray[np.uint8]
    silhouette: float = float("nan")
    labels: tuple[Label, ...] = ()
    rounds: Rounds | None = None
    members: tuple[ClusterMap, ...] = ()

    def __post_init__(self) -> None:
        for name, dtype in _CLUSTER_MAP_ARRAYS.items():
            freeze(self, name, dtype)

    def __repr__(self) -> str:
        labels = f", labels={[label.name for label in self.labels]}" if self.labels else ""
        height, width = self.map.shape
        return f"ClusterMap({self.name}, {self.weight:.1f} %, {self.n_maps} maps of {height} x {width}{labels})"

    @classmethod
    def from_raw(cls, raw_map: NDArray[Any], **fields: Any) -> ClusterMap:
        """Build a cluster map from its raw (not min-maxed) average map; `fields` are the other attributes."""
        raw = np.asarray(raw_map, np.float32)
        return cls(map=min_max(raw), map_min=float(raw.min()), map_max=float(raw.max()), **fields)

    @property
    def raw_map(self) -> NDArray[np.float32]:
        """The average map in units of the activation, ``sum w_k A_k / sum w_k`` over the cluster; float32 (h, w)."""
        spread = self.map_max - self.map_min
        return (self.map.astype(np.float64) * spread + self.map_min).astype(np.float32)

    @property
    def weight(self) -> float:
        """Per cent of the layer's total: the sum of `channel_weights`."""
        return float(self.channel_weights.sum(dtype=np.float64))

    @property
    def n_maps(self) -> int:
        """The number of feature maps in the cluster."""
        return len(self.channels)

    @property
    def name(self) -> str:
        """A readable name within its column: ``"cluster 1"`` is the heaviest."""
        return f"cluster {self.cluster + 1}"

    @property
    def label(self) -> str:
        """The best label's name, or an empty string."""
        return self.labels[0].name if self.labels else ""

    @property
    def best_labels(self) -> tuple[Label, ...]:
        """The labels with the highest score: several where it is a tie (docs/labels.md)."""
        most = max((label.score for label in self.labels), default=0.0)
        return tuple(label for label in self.labels if math.isclose(label.score, most, rel_tol=1e-9))


_CLUSTER_MAP_ARRAYS = {
    "channels": np.int32,
    "channel_weights": np.float32,
    "map": np.float32,
    "channel_thumbnails": np.uint8,
}


@dataclass(frozen=True, eq=False)
class Rest(ArraysEqual):
    """What pruning and dropping removed from a column.

    Attributes
    ----------
    pruned_weight, dropped_weight
        Per cent of the layer's total: of feature maps that were pruned, and of clusters that were dropped. With signed
        ("grad_cam") weights the pruned share can be negative.
    n_pruned, n_dropped
        How many feature maps these are.
    weighted_sum
        float32, shape (h, w): ``sum w_k A_k`` over these feature maps, with w_k in per cent.
    """

    pruned_weight: float
    dropped_weight: float
    n_pruned: int
    n_dropped: int
    weighted_sum: NDArray[np.float32]

    def __post_init__(self) -> None:
        freeze(self, "weighted_sum", np.float32)

    def __repr__(self) -> str:
        return (
            f"Rest({self.n_pruned} maps pruned with {self.pruned_weight:.1f} %, "
            f"{self.n_dropped} dropped with {self.dropped_weight:.1f} %)"
        )

    @property
    def weight(self) -> float:
        """Per cent of the layer's total that is not shown as cluster maps."""
        return self.pruned_weight + self.dropped_weight

    @property
    def raw_map(self) -> NDArray[np.float32]:
        """The weighted average of the maps, or zeros where the rest weighs nothing; float32 (h, w)."""
        if abs(self.weight) < 1e-9:
            return np.zeros_like(self.weighted_sum)
        return (self.weighted_sum / np.float32(self.weight)).astype(np.float32)

    @property
    def map(self) -> NDArray[np.float32]:
        """The weighted sum, min-maxed to 0..1; float32 (h, w)."""
        return min_max(self.weighted_sum)
