"""The nouns of an explanation: Explanation, Column, ClusterMap, Rest.

All are frozen and their arrays read-only. Weights are per cent of a layer's total; maps are float32 at the layer's own
size and cover the explanation's *window*, the part of the picture that the network saw.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from inv_widgets.cluster_maps import ClusterMap, Label, Rest, Rounds
from inv_widgets.errors import UnknownNameError
from inv_widgets.explanation_arrays import ArraysEqual, cluster_map_id, freeze, min_max
from inv_widgets.recipe import Recipe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["ClusterMap", "Column", "Explanation", "Label", "Prediction", "Rest", "Rounds", "cluster_map_id", "min_max"]

Target = int | tuple[int, ...]
Window = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Prediction:
    """A class that the network chose: its index, category name and softmax probability (0..1)."""

    index: int
    name: str
    probability: float

    def __repr__(self) -> str:
        return f"Prediction({self.index}, {self.name!r}, {self.probability:.1%})"


@dataclass(frozen=True, eq=False)
class Column(ArraysEqual):
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

        With "grad_cam" weights this is Grad-CAM before its ReLU, up to the weights' scale.
        """
        total = self.rest.weighted_sum.astype(np.float64)
        for cluster_map in self.cluster_maps:
            total = total + cluster_map.weight * cluster_map.raw_map.astype(np.float64)
        return total.astype(np.float32)


@dataclass(frozen=True, eq=False)
class Explanation(ArraysEqual):
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
        freeze(self, "picture", np.uint8)
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
