"""Labelled explanations made by hand: what stands in them is what a test says."""

import hashlib
from typing import NamedTuple

import numpy as np

from inv_widgets.explanation import ClusterMap, Column, Explanation, Label, Prediction, Rest, Rounds

LAYERS = {"c1": (4, 3, 1), "c2": (5, 3, 2), "c3": (8, 4, 1)}  # depth, block, layer in block


class Shown(NamedTuple):
    """A cluster map: {label: score} or Labels, its weight, rounds that gave each label (0: nobody played)."""

    labels: object = ()
    weight: float = 10.0
    rounds: int = 3
    players: int = 2


def make_map(key, cluster, shown):
    labels = shown.labels
    if isinstance(labels, dict):
        labels = [Label(name, score, shown.rounds, 0.0, True, shown.players) for name, score in labels.items()]
    raw = np.array([[0, 1], [3, 4]], np.float32) * (cluster + 1)
    return ClusterMap.from_raw(
        raw,
        id=hashlib.blake2b(f"{key}|{cluster}".encode(), digest_size=8).hexdigest(),
        cluster=cluster,
        channels=[cluster],
        channel_weights=[shown.weight],
        channel_thumbnails=np.zeros((1, 2, 2)),
        labels=tuple(labels),
        rounds=Rounds(shown.rounds, 0, 0, shown.players, 0.0, 2.0) if shown.rounds else None,
    )


def make_explanation(name, target_name, columns, *, layers=LAYERS, target=None, picture_hash=None, **fields):
    """`columns`: {layer: [Shown, ...]}; layers that are left out have no cluster maps."""
    picture_hash = picture_hash or f"hash of {name}"
    target = sum(map(ord, target_name)) if target is None else target
    made = []
    for layer, (depth, block, place) in layers.items():
        maps = [
            make_map(f"{picture_hash}|{target}|{layer}", cluster, shown)
            for cluster, shown in enumerate(columns.get(layer, ()))
        ]
        rest = Rest(0.0, 0.0, 0, 0, np.zeros((2, 2)))
        made.append(Column(layer, depth, block, place, 64, (2, 2), 1.0, rest, cluster_maps=tuple(maps)))
    known = {
        "picture": np.full((6, 8, 3), len(name) * 9 % 256, np.uint8),
        "name": name,
        "picture_hash": picture_hash,
        "network": "net",
        "network_hash": "n",
        "window": (1.0, 0.0, 6.0, 6.0),
        "target": target,
        "target_name": target_name,
        "target_probability": 0.9,
        "prediction": Prediction(0, target_name, 0.9),
        "columns": tuple(made),
    }
    return Explanation(**(known | fields))


def cats_and_a_dog():
    """Three pictures of cats and one of a dog; test_aggregation works out what they sum up to."""
    return [
        make_explanation("a.jpg", "cat", {
            "c1": [Shown({"ear": 3.0, "fur": 1.0}, 20.0), Shown({"fur": 2.0, "eye": 2.0}, 30.0, rounds=2)],
            "c3": [Shown({"ear": 1.5}, 50.0, rounds=2)],
        }),
        make_explanation("b.jpg", "cat", {
            "c1": [Shown({"ear": 2.5}, 40.0)],
            "c3": [Shown({}, 60.0)],  # played, and nobody gave a label
        }),
        make_explanation("c.jpg", "cat", {
            "c1": [Shown({"fur": 4.0}, 10.0, rounds=5)],
            "c3": [Shown((), 70.0, rounds=0)],  # not played
        }),
        make_explanation("d.jpg", "dog", {"c3": [Shown({"ear": 9.0}, 80.0, rounds=9, players=4)]}),
    ]  # fmt: skip


GROUPS = {"early": ["c1", "c2"], "late": "c3"}
