"""A run of three small pictures, made of numbers."""

import numpy as np
import pytest

from inv_widgets.explanation import ClusterMap, Column, Explanation, Label, Prediction, Rest
from inv_widgets.run import Run


def explanation(name, target_name, seed):
    random = np.random.default_rng(seed)
    cluster_maps = tuple(
        ClusterMap.from_raw(
            random.random((5, 4)),
            id=f"{seed:08d}{place:08d}",
            cluster=place,
            channels=[3 * place + 1, 3 * place],
            channel_weights=[30.0 - 10 * place, 5.0],
            channel_thumbnails=random.integers(0, 256, (2, 5, 4)),
            labels=(Label("<img src=x onerror=alert(1)>", 1.5),) if place == 0 else (),
        )
        for place in range(2)
    )
    rest = Rest(5.0, 30.0, 2, 3, random.random((5, 4)))
    columns = tuple(
        Column(f"features.{depth}", depth, 1, depth + 1, 9, (5, 4), 1.0, rest, {3: 0.4, 4: 0.2}, "", cluster_maps)
        for depth in range(2)
    )
    return Explanation(
        picture=random.integers(0, 256, (24, 32, 3)),
        name=name,
        picture_hash=name,
        network="a network",
        network_hash="none",
        window=(4.0, 0.0, 24.0, 24.0),
        target=seed,
        target_name=target_name,
        target_probability=0.5,
        prediction=Prediction(seed, target_name, 0.5),
        columns=columns,
    )


@pytest.fixture
def run():
    return Run([explanation("dog.jpg", "dog", 1), explanation("dog.jpg", "wolf", 2), explanation("cat.jpg", "cat", 3)])


@pytest.fixture
def from_browser():
    """Deliver a message as the widget manager does; give what the widget sent back, with its buffers."""

    def deliver(widget, content):
        sent = []
        widget.send = lambda content, buffers=None: sent.append((content, buffers))
        widget._handle_custom_msg(content, [])
        return sent

    return deliver
