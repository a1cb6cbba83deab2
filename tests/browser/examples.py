"""Explanations made of numpy alone: the browser tests' kernels start without torch."""

import numpy as np

from inv_widgets.explanation import ClusterMap, Column, Explanation, Prediction, Rest, cluster_map_id
from inv_widgets.run import Run

NAMES = ("harbour", "meadow", "kitchen")
LAYERS = (("features.10", 3, 1, 28), ("features.12", 3, 2, 28), ("features.17", 4, 1, 14), ("features.24", 5, 1, 7))
WEIGHTS = (41.0, 22.0, 9.0)


def bump(side, row, column, spread):
    """Draw one round bump, 0..1, on a side x side map."""
    rows, columns = np.mgrid[0:side, 0:side] / (side - 1)
    return np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * spread**2)).astype(np.float32)


def example(name, seed, height=240, width=320):
    """Make an explanation with four columns of three cluster maps each, over a picture of smooth colours."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:height, 0:width] / max(height, width)
    waves = [np.sin(6 * (rows * a + columns * b) + c) for a, b, c in random.uniform(0.5, 2.5, (3, 3))]
    picture = (127.5 + 110 * np.stack(waves, -1)).astype(np.uint8)
    made = []
    for depth, (layer, block, place, side) in enumerate(LAYERS):
        maps = []
        for cluster, weight in enumerate(WEIGHTS):
            channels = np.arange(cluster * 8, cluster * 8 + 6)
            shares = np.linspace(2, 1, 6)
            centre = random.uniform(0.2, 0.8, 2)
            maps.append(
                ClusterMap.from_raw(
                    3 * bump(side, *centre, 0.16) + 0.2,
                    id=cluster_map_id(
                        picture_hash=name,
                        network_hash="none",
                        target=seed,
                        layer=layer,
                        shape=(side, side),
                        channels=channels,
                    ),
                    cluster=cluster,
                    channels=channels,
                    channel_weights=weight * shares / shares.sum(),
                    channel_thumbnails=np.stack([255 * bump(14, *random.uniform(0.2, 0.8, 2), 0.2) for _ in channels]),
                    silhouette=0.6 - 0.1 * cluster,
                )
            )
        rest = Rest(100.0 - sum(WEIGHTS) - 8.0, 8.0, 30, 10, 20 * bump(side, 0.5, 0.5, 0.4))
        made.append(
            Column(
                layer, depth, block, place, 64, (side, side), 1.7, rest,
                silhouettes={3: 0.61, 4: 0.55, 5: 0.48}, cluster_maps=tuple(maps),
            )
        )  # fmt: skip
    return Explanation(
        picture=picture,
        name=name,
        picture_hash=name,
        network="an example",
        network_hash="none",
        window=(40.0, 0.0, 240.0, 240.0),
        target=seed,
        target_name=f"category of {name}",
        target_probability=0.8,
        prediction=Prediction(seed, f"category of {name}", 0.8),
        columns=tuple(made),
    )


def examples():
    """Make a Run of three."""
    return Run([example(name, seed) for seed, name in enumerate(NAMES)])
