"""Explanations made by hand: what the exports draw, without a network."""

import dataclasses

import numpy as np
import pytest

from inv_widgets.explanation import ClusterMap, Column, Explanation, Label, Prediction, Rest, cluster_map_id


def bump(shape, x, y, spread):
    """A smooth hill at (x, y), in fractions of the map."""
    rows, columns = (np.arange(side) / max(1, side - 1) for side in shape)
    return np.exp(-((rows[:, None] - y) ** 2 + (columns[None] - x) ** 2) / (2 * spread**2)).astype(np.float32)


def make_explanation(
    *,
    columns=3,
    maps=3,
    picture=None,
    window=None,
    name="cat.jpg",
    target_name="tabby cat",
    labels=(),
    seed=0,
    side=None,
):
    rng = np.random.default_rng(seed)
    if picture is None:
        picture = rng.integers(0, 256, (60, 80, 3), np.uint8)
    height, width = picture.shape[:2]
    made = []
    for depth in range(columns):
        size = side or max(4, 56 >> (depth * 4 // max(1, columns)))
        shape = (size, size)
        n_maps = 24 << min(depth, 4)
        weights = np.sort(rng.dirichlet(np.full(maps, 4.0)))[::-1] * (70 + 20 * rng.random())
        clusters, first = [], 0
        for place, weight in enumerate(weights):
            n = int(rng.integers(2, 6))
            channels = np.arange(first, first + n)
            first += n
            raw = bump(shape, *rng.uniform(0.15, 0.85, 2), rng.uniform(0.1, 0.25)) * 3 + 0.2 * rng.random(shape)
            clusters.append(
                ClusterMap.from_raw(
                    raw,
                    id=cluster_map_id(
                        picture_hash="p",
                        network_hash="n",
                        target=1,
                        layer=f"features.{depth}",
                        shape=shape,
                        channels=channels,
                    ),
                    cluster=place,
                    channels=channels,
                    channel_weights=np.full(n, weight / n),
                    channel_thumbnails=rng.integers(0, 256, (n, min(16, size), min(16, size))),
                    silhouette=0.41,
                    labels=labels,
                )
            )
        left = 100 - float(weights.sum())
        rest = Rest(left * 0.6, left * 0.4, 6, 3, bump(shape, 0.5, 0.5, 0.4))
        made.append(
            Column(
                f"features.{depth}.conv", depth, 1 + depth // 3, 1 + depth % 3, n_maps, shape, 2.0, rest,
                silhouettes={3: 0.31, 4: 0.41}, cluster_maps=tuple(clusters),
            )
        )  # fmt: skip
    return Explanation(
        picture=picture,
        name=name,
        picture_hash=f"hash of {name}",
        network="EfficientNet-Lite0",
        network_hash="n",
        window=window or (0.0, 0.0, float(width), float(height)),
        target=1,
        target_name=target_name,
        target_probability=0.614,
        prediction=Prediction(1, target_name, 0.614),
        columns=tuple(made),
    )


@pytest.fixture
def make():
    return make_explanation


@pytest.fixture
def awkward():
    """Names and labels that no file format likes."""
    labels = (Label("</script><b>ear & 'eye'\"", 2.0), Label("אוזן 🐱", 1.0))
    return make_explanation(
        columns=1, maps=2, name="<img src=x onerror=alert(1)>.jpg", target_name="قطة </title><!--", labels=labels
    )


@pytest.fixture
def labelled():
    """Two classes of three pictures with simulated labels: words of colour in early layers, of parts in late ones."""
    made = []
    for seed in range(6):
        explanation = make_explanation(
            columns=6, name=f"picture-{seed}.jpg", target_name=("tabby", "taxi")[seed % 2], seed=seed, side=8
        )
        rng = np.random.default_rng(seed)
        columns = tuple(
            dataclasses.replace(
                column,
                depth=depth,
                cluster_maps=tuple(
                    dataclasses.replace(
                        shown,
                        id=f"{seed}-{depth}-{place}",
                        labels=(
                            Label(
                                ("stripe", "yellow", "ear", "wheel")[min(3, (depth + place) // 2)],
                                round(float(rng.uniform(0.5, 4)), 2),
                                4,
                                1.0,
                                won=True,
                                players=3,
                            ),
                            Label("thing", 0.1, 1, 2.0, players=1),
                        ),
                    )
                    for place, shown in enumerate(column.cluster_maps)
                ),
            )
            for depth, column in enumerate(explanation.columns)
        )
        made.append(dataclasses.replace(explanation, columns=columns))
    return made
