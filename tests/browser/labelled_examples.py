"""Labelled explanations made of numpy alone, with simulated labels: nobody typed them."""

import dataclasses

import numpy as np
from examples import example

from inv_widgets.explanation import ClusterMap, Label, Rounds, cluster_map_id
from inv_widgets.run import Run
from inv_widgets.summary.pipeline import summarize

CLASSES = ("taxi (simulated)", "lighthouse (simulated)")
PICTURES = 5  # of each class
LAYERS = tuple(
    (f"features.{10 + 2 * place}", 3 + place // 3, 1 + place % 3, (28, 14, 7)[place // 3]) for place in range(9)
)
# What simulated players see at each layer; early words are of colour and edges, late ones of things.
EARLY = ("yellow", "edge", "stripe", "sky", "line", "corner", "texture")
LATE = ("wheel", "window", "door", "headlight", "roof", "bumper", "number plate")


def labelled(seed=0, more=1.0):
    """Make a Run of ten explanations with simulated labels; `more` multiplies the scores."""
    return Run([
        _labelled(f"{target.split()[0]}-{number}.png", target, seed + 100 * place + number, more)
        for place, target in enumerate(CLASSES)
        for number in range(PICTURES)
    ])  # fmt: skip


def summary(**options):
    """Sum up the simulated labels."""
    return summarize(labelled(**options))


def _labelled(name, target, seed, more):
    random = np.random.default_rng(seed)
    made = example(name, seed)
    columns = []
    for depth, (layer, block, place, side) in enumerate(LAYERS):
        column = made.columns[depth % len(made.columns)]
        maps = []
        for cluster, shown in enumerate(column.cluster_maps):
            number = 9 * depth + cluster
            late = random.random() < depth / 8
            words = LATE if late else EARLY
            word = words[int(min(len(words) - 1, random.exponential(1.6)))]
            score = more * float(np.round(random.uniform(0.6, 4.5), 2))
            labels = (Label(word, score, 5, 1.2, won=True, players=4), Label("thing", 0.1, 1, 2.0, players=1))
            raw = shown.raw_map if shown.raw_map.shape == (side, side) else _resized(shown.raw_map, side)
            maps.append(
                ClusterMap.from_raw(
                    raw,
                    id=cluster_map_id(
                        picture_hash=name, network_hash="none", target=seed, layer=layer, shape=(side, side),
                        channels=[number],
                    ),
                    cluster=cluster,
                    channels=shown.channels,
                    channel_weights=shown.channel_weights,
                    channel_thumbnails=shown.channel_thumbnails,
                    silhouette=shown.silhouette,
                    labels=labels,
                    rounds=Rounds(4, 1, 1, 5, 1.5, 7.0),
                )
            )  # fmt: skip
        rest = dataclasses.replace(column.rest, weighted_sum=_resized(column.rest.weighted_sum, side))
        columns.append(
            dataclasses.replace(
                column, layer=layer, depth=depth, block=block, layer_in_block=place, map_shape=(side, side), rest=rest,
                cluster_maps=tuple(maps),
            )
        )  # fmt: skip
    return dataclasses.replace(made, target=CLASSES.index(target), target_name=target, columns=tuple(columns))


def _resized(values, side):
    rows = np.linspace(0, values.shape[0] - 1, side).round().astype(int)
    columns = np.linspace(0, values.shape[1] - 1, side).round().astype(int)
    return np.ascontiguousarray(values[np.ix_(rows, columns)])
