"""A small run: one church, two layers."""

import pytest
from small_runs import make_cluster_map, make_column, make_explanation

from inv_widgets.run import Run


@pytest.fixture
def cluster_maps():
    """Of one layer: weights 12, 6, 3."""
    return [
        make_cluster_map(0, 12.0, [[1, 0], [0, 0]]),
        make_cluster_map(1, 6.0, [[0, 4], [0, 0]]),
        make_cluster_map(2, 3.0, [[0, 0], [8, 2]]),
    ]


@pytest.fixture
def explanation(cluster_maps):
    other = make_cluster_map(0, 9.0, [[0, 0], [0, 1]], layer="conv2")
    return make_explanation([make_column(cluster_maps), make_column([other], layer="conv2", depth=1)])


@pytest.fixture
def run(explanation):
    return Run([explanation])
