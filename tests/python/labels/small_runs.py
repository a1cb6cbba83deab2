"""Small cluster maps, explanations and rounds, made by hand: nothing here is drawn at random."""

import numpy as np
import pandas as pd

from inv_widgets.explanation import ClusterMap, Column, Explanation, Prediction, Rest, cluster_map_id
from inv_widgets.labels.distances import distance_of

SIDE = 2


def make_cluster_map(place, weight, raw, *, layer="conv1", picture="p", n=2):
    channels = np.arange(n) + 10 * place
    identity = {"picture_hash": picture, "network_hash": "n", "target": 3, "layer": layer, "shape": (SIDE, SIDE)}
    return ClusterMap.from_raw(
        np.array(raw, np.float32),
        id=cluster_map_id(**identity, channels=channels),
        cluster=place,
        channels=channels,
        channel_weights=np.full(n, weight / n),
        channel_thumbnails=np.full((n, SIDE, SIDE), 50 * place),
        silhouette=0.2 * (place + 1),
    )


def make_column(cluster_maps, *, layer="conv1", depth=0):
    shown = sum(each.weight for each in cluster_maps)
    rest = Rest(60.0 - shown, 40.0, 4, 2, np.ones((SIDE, SIDE)))
    return Column(layer, depth, 1, depth + 1, 64, (SIDE, SIDE), 2.0, rest, cluster_maps=tuple(cluster_maps))


def make_explanation(columns, *, name="church.jpg", picture="p", target_name="church"):
    return Explanation(
        np.zeros((8, 8, 3), np.uint8), name, picture, "net", "n", (0, 0, 8, 8), 3, target_name, 0.9,
        Prediction(3, target_name, 0.9), tuple(columns),
    )  # fmt: skip


def set_distance(one, other, distance="masi"):
    """The distance of two sets of labels."""
    return float(distance_of(distance)(*(np.array(len(each)) for each in (one & other, one, other))))


def make_rounds(*rows, **fields):
    """Rounds of (cluster map, player, outcome, step, labels); `fields` stand in all of them."""
    same = {"status": "answered", "share": 8.0, "truth": "church", "language": "en", "gold": False,
            "withdrawn": False, "times_seen": 0, "labels_corrected": None, "player_id": None}  # fmt: skip
    names = ("cluster_map", "player", "outcome", "step", "labels")
    made = [{**same, **dict(zip(names, row, strict=True)), **fields} for row in rows]
    return pd.DataFrame(made, columns=[*same, *names])
