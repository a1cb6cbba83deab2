"""The nouns: what they derive, what they refuse, how they compare."""

import dataclasses
import math

import numpy as np
import pytest

from inv_widgets.explanation import ClusterMap, Column, Explanation, Prediction, Rest, cluster_map_id, min_max


def cluster_map(raw, channels=(4, 2), weights=(30.0, 12.5), cluster=0):
    return ClusterMap.from_raw(
        np.asarray(raw, np.float32),
        id="0" * 16,
        cluster=cluster,
        channels=channels,
        channel_weights=weights,
        channel_thumbnails=np.zeros((len(channels), 2, 2)),
    )


def column(*cluster_maps, rest=None, layer="features.3"):
    empty = Rest(0.0, 0.0, 0, 0, np.zeros((2, 2)))
    return Column(layer, 3, 2, 1, 8, (2, 2), 1.5, rest or empty, cluster_maps=cluster_maps)


def explanation(*columns):
    return Explanation(
        picture=np.zeros((4, 6, 3)),
        name="cat.jpg",
        picture_hash="p",
        network="net",
        network_hash="n",
        window=(0.0, 0.0, 6.0, 4.0),
        target=1,
        target_name="cat",
        target_probability=0.5,
        prediction=Prediction(1, "cat", 0.5),
        columns=columns,
    )


def test_weight_is_the_sum_of_the_channel_weights():
    assert cluster_map([[0, 1], [2, 3]]).weight == 42.5


def test_raw_map_is_the_map_in_units_of_the_activation():
    raw = np.array([[-3.0, 1.0], [2.5, 7.0]], np.float32)
    shown = cluster_map(raw)
    assert shown.map.min() == 0
    assert shown.map.max() == 1
    np.testing.assert_allclose(shown.raw_map, raw, atol=1e-6)


def test_a_constant_map_shows_nothing_and_keeps_its_value():
    flat = cluster_map([[5.0, 5.0], [5.0, 5.0]])
    assert not flat.map.any()
    assert (flat.raw_map == 5.0).all()


def test_min_max_survives_the_range_of_float32():
    np.testing.assert_allclose(min_max(np.array([-3e38, 0, 3e38])), [0, 0.5, 1])


def test_column_adds_clusters_and_rest_to_the_layer_s_weighted_sum():
    # By hand: 42.5 * [[0, 1], [2, 3]] + [[1, 1], [1, 1]] * 2.
    rest = Rest(1.5, 0.5, 3, 1, np.full((2, 2), 2.0))
    shown = column(cluster_map([[0, 1], [2, 3]]), rest=rest)
    np.testing.assert_allclose(shown.weighted_sum, [[2, 44.5], [87, 129.5]], rtol=1e-6)
    assert (shown.shown_weight, shown.kept_weight, shown.dropped_weight) == (42.5, 43.0, 0.5)
    np.testing.assert_allclose(rest.raw_map, np.full((2, 2), 1.0))


def test_a_rest_without_weight_has_no_average():
    rest = Rest(-2.0, 2.0, 1, 1, np.full((2, 2), 3.0))
    assert not rest.raw_map.any()


def test_equality_looks_at_arrays_and_takes_nan_for_nan():
    one, two = (explanation(column(cluster_map([[0, 1], [2, 3]]))) for _ in range(2))
    assert math.isnan(one.columns[0].cluster_maps[0].silhouette)
    assert one == two
    assert one != explanation(column(cluster_map([[0, 1], [2, 4]])))
    assert one != "an explanation"


def test_arrays_and_fields_are_read_only():
    shown = cluster_map([[0, 1], [2, 3]])
    with pytest.raises(ValueError, match="read-only"):
        shown.map[0, 0] = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        shown.cluster = 2


def test_a_frozen_array_is_a_copy():
    picture = np.zeros((4, 6, 3), np.uint8)
    kept = dataclasses.replace(explanation(), picture=picture)
    picture[:] = 9
    assert not kept.picture.any()


def test_column_is_found_by_name_and_title_and_a_typo_is_answered():
    ex = explanation(column(layer="features.10"), column(layer="classifier"))
    assert ex.column("features.10").layer == "features.10"
    assert ex.column("block 2, layer 1").layer == "features.10"
    with pytest.raises(KeyError, match=r"Did you mean features.10"):
        ex.column("feature.10")


def test_id_depends_on_everything_but_the_order_of_channels():
    base = {
        "picture_hash": "p", "network_hash": "n", "target": 3, "layer": "a:1", "shape": (7, 7), "channels": [5, 1]
    }  # fmt: skip
    first = cluster_map_id(**base)
    assert len(first) == 16
    assert first == cluster_map_id(**(base | {"channels": np.array([1, 5])}))
    changes = [
        {"picture_hash": "q"}, {"network_hash": "m"}, {"target": (3, 4)}, {"layer": "a:0"}, {"shape": (7, 8)},
        {"channels": [1, 6]},
    ]  # fmt: skip
    assert len({first, *(cluster_map_id(**(base | change)) for change in changes)}) == len(changes) + 1


def test_reprs_are_one_short_line_without_arrays():
    ex = explanation(column(cluster_map([[0, 1], [2, 3]])))
    shown = [
        repr(noun) for noun in (ex, ex.columns[0], ex.columns[0].rest, ex.columns[0].cluster_maps[0], ex.prediction)
    ]
    assert shown == [
        "Explanation('cat.jpg', target='cat', network='net', 1 columns, 1 cluster maps)",
        "Column('features.3', block 2, layer 1, 1 cluster maps with 42.5 %, 8 maps of 2 x 2)",
        "Rest(0 maps pruned with 0.0 %, 0 dropped with 0.0 %)",
        "ClusterMap(cluster 1, 42.5 %, 2 maps of 2 x 2)",
        "Prediction(1, 'cat', 50.0%)",
    ]
