"""The nouns of an explanation: Explanation, Column, ClusterMap, Rest.

All are frozen and their arrays read-only. Weights are per cent of a layer's total; maps are float32 at the layer's own
size and cover the explanation's *window*, the part of the picture that the network saw.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from inv_widgets.errors import UnknownNameError
from inv_widgets.recipe import Recipe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["ClusterMap", "Column", "Explanation", "Label", "Prediction", "Rest", "Rounds", "cluster_map_id", "min_max"]

Target = int | tuple[int, ...]
Window = tuple[float, float, float, float]


def min_max(values: NDArray[Any]) -> NDArray[np.float32]:
    """Scale to 0..1 (float32); a constant array becomes zeros."""
    values = np.asarray(values, np.float32)
    low, high = values.min(), values.max()
    if not high > low:
        return np.zeros_like(values)
    # Divide twice: the range of float32 itself can overflow.
    scale = max(abs(float(low)), abs(float(high)))
    low, high = low / scale, high / scale
    scaled: NDArray[np.float32] = ((values / scale - low) / (high - low)).astype(np.float32)
    return scaled


def cluster_map_id(  # noqa: PLR0913 (the id is made of all of these, see DESIGN)
    *, picture_hash: str, network_hash: str, target: Target, layer: str, shape: tuple[int, int], channels: NDArray[Any]
) -> str:
    """Hash what makes a cluster map itself: picture, network, target, layer and call, map size, sorted channels.

    Returns
    -------
    str
        16 hexadecimal digits.
    """
    indices = np.sort(np.asarray(channels, "<i4")).tobytes()
    targets = target if isinstance(target, tuple) else (target,)
    text = "|".join([picture_hash, network_hash, ",".join(map(str, targets)), layer, f"{shape[0]}x{shape[1]}"])
    return hashlib.blake2b(text.encode() + b"|" + indices, digest_size=8).hexdigest()


def _frozen(instance: object, name: str, dtype: Any) -> None:
    """Make an array field a read-only array of `dtype`."""
    values = np.array(getattr(instance, name), dtype)
    values.setflags(write=False)
    object.__setattr__(instance, name, values)


class _Equal:
    """Equality for dataclasses that hold arrays (NaN equals NaN)."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        names = [f.name for f in dataclasses.fields(self) if f.compare]  # type: ignore[arg-type]
        return all(_same(getattr(self, name), getattr(other, name)) for name in names)

    __hash__ = None  # type: ignore[assignment]

    def __setstate__(self, state: dict[str, Any]) -> None:
        for value in state.values():
            if isinstance(value, np.ndarray):
                value.setflags(write=False)  # pickling and copying forget it
        self.__dict__.update(state)


def _same(one: Any, two: Any) -> bool:
    if isinstance(one, np.ndarray):
        return one.dtype == two.dtype and np.array_equal(one, two, equal_nan=one.dtype.kind == "f")
    if isinstance(one, float) and isinstance(two, float):
        return one == two or (one != one and two != two)  # noqa: PLR0124 (NaN)
    if isinstance(one, dict):
        return one.keys() == two.keys() and all(_same(one[key], two[key]) for key in one)
    return bool(one == two)


@dataclass(frozen=True, slots=True)
class Label:
    """What people say a cluster map shows, with its score (METHOD 3.3).

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
    """How people fared with a cluster map: rounds that count (METHOD 3.5).

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


@dataclass(frozen=True, slots=True)
class Prediction:
    """A class that the network chose: its index, category name and softmax probability (0..1)."""

    index: int
    name: str
    probability: float

    def __repr__(self) -> str:
        return f"Prediction({self.index}, {self.name!r}, {self.probability:.1%})"


@dataclass(frozen=True, eq=False)
class ClusterMap(_Equal):
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
            _frozen(self, name, dtype)

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
        """The labels with the highest score: several where it is a tie (METHOD 3.4)."""
        most = max((label.score for label in self.labels), default=0.0)
        return tuple(label for label in self.labels if math.isclose(label.score, most, rel_tol=1e-9))


_CLUSTER_MAP_ARRAYS = {
    "channels": np.int32,
    "channel_weights": np.float32,
    "map": np.float32,
    "channel_thumbnails": np.uint8,
}


@dataclass(frozen=True, eq=False)
class Rest(_Equal):
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
        _frozen(self, "weighted_sum", np.float32)

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


@dataclass(frozen=True, eq=False)
class Column(_Equal):
    """One layer of a network, explained.

    Attributes
    ----------
    layer
        The name of the conv layer, or of the block for a residual addition; ``name:call`` where it is called often.
    depth
        Place among all layers of the network, from 0, shallow to deep.
    block, layer_in_block
        From 1: layers whose maps have the same size form a block.
    n_maps
        Number of the layer's feature maps.
    map_shape
        (h, w) of the layer's maps; (0, 0) when they are unknown.
    total_weight
        Sum of the layer's (positive) weights before they became per cent, in units of the class score.
    rest
        What pruning and dropping removed.
    silhouettes
        Mean silhouette for each number of clusters that was tried.
    reason
        Why the column has less than usual, in words; empty when there is nothing to say.
    cluster_maps
        Heaviest first.
    """

    layer: str
    depth: int
    block: int
    layer_in_block: int
    n_maps: int
    map_shape: tuple[int, int]
    total_weight: float
    rest: Rest
    silhouettes: Mapping[int, float] = field(default_factory=dict)
    reason: str = ""
    cluster_maps: tuple[ClusterMap, ...] = ()

    def __repr__(self) -> str:
        reason = f", {self.reason!r}" if self.reason else ""
        return (
            f"Column({self.layer!r}, {self.title}, {len(self.cluster_maps)} cluster maps with "
            f"{self.shown_weight:.1f} %, {self.n_maps} maps of {self.map_shape[0]} x {self.map_shape[1]}{reason})"
        )

    @property
    def title(self) -> str:
        """The layer in words, such as ``"block 3, layer 2"``."""
        return f"block {self.block}, layer {self.layer_in_block}"

    @property
    def shown_weight(self) -> float:
        """Per cent of the layer's total that the cluster maps carry; never renormalised to 100."""
        return float(sum(cluster_map.weight for cluster_map in self.cluster_maps))

    @property
    def kept_weight(self) -> float:
        """Per cent of the layer's total that pruning kept (shown and dropped clusters together)."""
        return self.shown_weight + self.rest.dropped_weight

    @property
    def dropped_weight(self) -> float:
        """Per cent of the layer's total in clusters that were too light to be shown."""
        return self.rest.dropped_weight

    @property
    def weighted_sum(self) -> NDArray[np.float32]:
        """The layer's weighted sum of maps, rebuilt: clusters + rest (weights in per cent); float32 (h, w).

        With "grad_cam" weights this is Grad-CAM before its ReLU, up to the normalisation of the weights (METHOD 1.7).
        """
        total = self.rest.weighted_sum.astype(np.float64)
        for cluster_map in self.cluster_maps:
            total = total + cluster_map.weight * cluster_map.raw_map.astype(np.float64)
        return total.astype(np.float32)


@dataclass(frozen=True, eq=False)
class Explanation(_Equal):
    """An Interpretable Network Visualization of one picture and one target class.

    Attributes
    ----------
    picture
        uint8, shape (H, W, 3): upright RGB, longer side at most ``recipe.kept_picture``.
    name
        The picture's name.
    picture_hash, network_hash
        Hashes of the picture's content and of the network's weights.
    network
        The classifier's name.
    window
        (left, top, width, height) of what the network saw, in pixels of `picture`; can reach beyond it (padding).
    target, target_name
        The class index (or tuple of indices, for a group) that was explained, and its name.
    target_probability
        Softmax probability of the target, 0..1 (the sum over a group).
    prediction
        The network's first choice.
    predictions
        Its ten most probable classes (or all, of fewer), most probable first: ``predictions[0] == prediction``. Only
        the first choice where nothing else is known, as of runs saved before this was kept.
    columns
        From shallow to deep.
    """

    picture: NDArray[np.uint8]
    name: str
    picture_hash: str
    network: str
    network_hash: str
    window: Window
    target: Target
    target_name: str
    target_probability: float
    prediction: Prediction
    columns: tuple[Column, ...] = ()
    recipe: Recipe = field(default_factory=Recipe)
    predictions: tuple[Prediction, ...] = ()

    def __post_init__(self) -> None:
        _frozen(self, "picture", np.uint8)
        if self.predictions[:1] != (self.prediction,):
            # Also after dataclasses.replace(explanation, prediction=...): the others belonged to another answer.
            object.__setattr__(self, "predictions", (self.prediction,))

    def __repr__(self) -> str:
        maps = sum(len(column.cluster_maps) for column in self.columns)
        return (
            f"Explanation({self.name!r}, target={self.target_name!r}, network={self.network!r}, "
            f"{len(self.columns)} columns, {maps} cluster maps)"
        )

    def column(self, layer: str) -> Column:
        """Return the column of `layer` (its name, or its title such as ``"block 3, layer 2"``)."""
        for column in self.columns:
            if layer in (column.layer, column.title):
                return column
        import difflib

        names = [column.layer for column in self.columns]
        close = difflib.get_close_matches(layer, names, n=3, cutoff=0.4)
        advice = f"Did you mean {', '.join(close)}?" if close else f"There are: {', '.join(names)}."
        raise UnknownNameError(f"[inv-widgets] No column {layer!r} in this explanation. {advice}")

    def cluster_maps(self) -> Iterator[tuple[Column, ClusterMap]]:
        """Go through all cluster maps with their columns, from shallow to deep, heaviest first."""
        for column in self.columns:
            for cluster_map in column.cluster_maps:
                yield column, cluster_map

    def to_frame(self) -> pd.DataFrame:
        """Give a frame with a row a cluster map."""
        from inv_widgets.run import Run

        return Run([self]).to_frame()
