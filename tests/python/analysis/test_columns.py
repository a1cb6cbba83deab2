"""One layer: weights in per cent, pruning, the rest, the identity of docs/method.md, and all that can be missing."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inv_widgets.analysis.columns import explain_layer, per_cent, thumbnails
from inv_widgets.recipe import Recipe

ONE = np.array([[[1, 0], [0, 0]], [[0, 1], [0, 0]], [[0, 0], [2, 0]], [[1, 1], [1, 1]]], np.float32)


def error_of_the_identity(column, maps, weights):
    """Relative to the largest value that the layer's weighted sum has."""
    share = 100 * weights / max(np.maximum(weights, 0).sum(), 1e-300)
    truth = np.tensordot(share, maps.astype(np.float64), 1)
    return np.abs(column.weighted_sum - truth).max() / max(np.abs(truth).max(), 1e-30)


def test_weights_prune_and_rest_by_hand():
    # 60, 30, 9, 1 per cent; pruned below 0.896 * 25 = 22.4 per cent; two maps are too few to cluster.
    column = explain_layer(ONE, np.array([6.0, 3.0, 0.9, 0.1]), layer="a", depth=4, block=2, layer_in_block=3)
    assert [cluster.channels.tolist() for cluster in column.cluster_maps] == [[0], [1]]
    np.testing.assert_allclose([cluster.weight for cluster in column.cluster_maps], [60, 30], rtol=1e-6)
    np.testing.assert_allclose(column.cluster_maps[0].raw_map, ONE[0])
    assert column.rest.pruned_weight == pytest.approx(10)
    assert (column.rest.n_pruned, column.rest.n_dropped, column.rest.dropped_weight) == (2, 0, 0)
    np.testing.assert_allclose(column.rest.weighted_sum, [[1, 1], [19, 1]], rtol=1e-6)
    np.testing.assert_allclose(column.weighted_sum, [[61, 31], [19, 1]], rtol=1e-6)
    assert column.total_weight == pytest.approx(10)
    assert "Only 2 maps kept" in column.reason
    assert (column.layer, column.title, column.n_maps, column.map_shape) == ("a", "block 2, layer 3", 4, (2, 2))


def test_clusters_below_the_drop_rule_go_to_the_rest():
    # Kept: 70, 30 per cent (the others are 0); the second is under 0.5 * 70.
    recipe = Recipe(drop_below_heaviest=0.5)
    column = explain_layer(ONE, np.array([3.0, 7.0, 0, 0]), recipe)
    assert [cluster.channels.tolist() for cluster in column.cluster_maps] == [[1]]
    assert (column.rest.n_dropped, column.rest.n_pruned) == (1, 2)
    assert column.rest.dropped_weight == pytest.approx(30)
    assert column.kept_weight == pytest.approx(100)
    np.testing.assert_allclose(column.weighted_sum, [[30, 70], [0, 0]], rtol=1e-6)


def test_signed_weights_by_hand():
    # Positive weights 6 + 2 = 8: 75, 25, -50, -12.5 per cent; only the positive ones are clustered.
    column = explain_layer(ONE, np.array([6.0, 2.0, -4.0, -1.0]), Recipe(weighting="grad_cam", prune_below=0))
    np.testing.assert_allclose([cluster.weight for cluster in column.cluster_maps], [75, 25])
    assert column.rest.pruned_weight == pytest.approx(-62.5)
    np.testing.assert_allclose(column.weighted_sum, [[62.5, 12.5], [-112.5, -12.5]], rtol=1e-6)


def test_a_cluster_map_is_its_maps_weighted_average():
    maps = np.repeat(ONE[:3], [5, 4, 3], axis=0) * np.arange(1, 13)[:, None, None]
    weights = np.arange(1.0, 13) + 6
    column = explain_layer(maps, weights, Recipe(prune_below=0, drop_below_heaviest=0, drop_below_mean=0))
    assert sorted(cluster.channels.tolist() for cluster in column.cluster_maps) == [
        [4, 3, 2, 1, 0], [8, 7, 6, 5], [11, 10, 9]
    ]  # fmt: skip
    for cluster in column.cluster_maps:
        by_hand = np.average(maps[cluster.channels], axis=0, weights=weights[cluster.channels])
        np.testing.assert_allclose(cluster.raw_map, by_hand, rtol=1e-5)
    weights_shown = [cluster.weight for cluster in column.cluster_maps]
    assert weights_shown == sorted(weights_shown, reverse=True)
    assert [cluster.cluster for cluster in column.cluster_maps] == [0, 1, 2]


def test_of_equal_weights_the_lower_channel_comes_first():
    column = explain_layer(ONE[[0, 1, 2]], np.ones(3))
    assert [cluster.channels.tolist() for cluster in column.cluster_maps] == [[0], [1], [2]]


def test_clustered_maps_have_silhouettes():
    rng = np.random.default_rng(0)
    column = explain_layer(rng.random((40, 6, 6)), rng.random(40))
    assert set(column.silhouettes) == set(range(3, 9))
    assert all(-1 <= cluster.silhouette <= 1 for cluster in column.cluster_maps)
    assert column.reason == ""


SHAPES = st.tuples(st.integers(1, 40), st.integers(1, 5), st.integers(1, 5))


@settings(max_examples=60)
@given(
    shape=SHAPES,
    seed=st.integers(0, 2**32 - 1),
    weighting=st.sampled_from(["guided", "grad_cam"]),
    alive=st.floats(0, 1),
    size=st.sampled_from([1e-30, 1e-4, 1, 1e4, 1e20]),
)
def test_clusters_and_rest_make_the_layer_s_weighted_sum(shape, seed, weighting, alive, size):
    rng = np.random.default_rng(seed)
    maps = (np.maximum(rng.normal(size=shape), 0) * size).astype(np.float32)
    maps[rng.random(shape[0]) > alive] = 0
    weights = rng.normal(size=shape[0]) + 0.5
    weights = np.maximum(weights, 0) if weighting == "guided" else weights
    recipe = Recipe(weighting=weighting, tsne_iterations=250, drop_below_heaviest=rng.random())
    column = explain_layer(maps, weights, recipe)
    if (weights > 0).any():
        assert error_of_the_identity(column, maps, weights) < 1e-4
        share = 100 * weights / np.maximum(weights, 0).sum()
        assert column.shown_weight + column.rest.weight == pytest.approx(share.sum(), abs=1e-3)
        for cluster in column.cluster_maps:
            np.testing.assert_allclose(cluster.channel_weights, share[cluster.channels], rtol=1e-6)
    shown = [channel for cluster in column.cluster_maps for channel in cluster.channels]
    assert len(shown) == len(set(shown)) == len(maps) - column.rest.n_pruned - column.rest.n_dropped
    assert_nothing_is_nan(column)


def assert_nothing_is_nan(column):
    arrays = [column.rest.weighted_sum, column.weighted_sum, column.rest.map, column.rest.raw_map]
    for cluster in column.cluster_maps:
        arrays += [cluster.map, cluster.raw_map, cluster.channel_weights, [cluster.map_min, cluster.map_max]]
    assert all(np.isfinite(array).all() for array in arrays)
    numbers = [column.total_weight, column.shown_weight, column.rest.weight, *column.silhouettes.values()]
    assert np.isfinite(numbers).all()


HALF = np.float32(65504)
RANDOM = np.random.default_rng(1).random((12, 4, 4)).astype(np.float32)
W = np.random.default_rng(2).random(12) + 0.1
SIGNED = Recipe(weighting="grad_cam")


def broken(value):
    maps = RANDOM.copy()
    maps[[2, 5], 1, 1] = value
    return maps


@pytest.mark.parametrize(
    ("maps", "weights", "recipe", "reason", "clusters"),
    [
        (RANDOM * 0, W, SIGNED, "dead", 0),
        (RANDOM * 0, W * 0, Recipe(), "dead", 0),
        (RANDOM, W * 0, Recipe(), "all weights are zero", 0),
        (RANDOM, -W, SIGNED, "no weight is positive", 0),
        (RANDOM, W, Recipe(prune_below=50), "Pruning left no map", 0),
        (RANDOM, W, Recipe(drop_below_heaviest=2), "All clusters were dropped", 0),
        (RANDOM[:1], W[:1], Recipe(), "Only 1 map kept", 1),
        (RANDOM[:3], np.ones(3), Recipe(), "Only 3 maps kept", 3),
        (RANDOM[:, :1, :1], W, Recipe(), "1 pattern:", 1),
        (RANDOM * 0 + 3, W, Recipe(), "1 pattern:", 1),
        (RANDOM * np.nan, W, Recipe(), "All 12 maps hold NaN", 0),
        (RANDOM, W * np.nan, Recipe(), "All 12 maps hold NaN", 0),
        (broken(np.nan), W, Recipe(prune_below=0), "2 of the 12 maps hold NaN", None),
        (broken(np.inf), W, Recipe(prune_below=0), "2 of the 12 maps hold NaN", None),
        (broken(3e38), W, Recipe(prune_below=0), "2 of the 12 maps hold NaN", None),
        (RANDOM * HALF, W, Recipe(prune_below=0), "", None),
        (RANDOM, W * 1e-310, Recipe(prune_below=0), "", None),
    ],
)
def test_whatever_is_missing_the_column_says_so(maps, weights, recipe, reason, clusters):
    with np.errstate(all="warn"), warnings.catch_warnings():
        warnings.simplefilter("error")
        column = explain_layer(maps, weights, recipe)
    assert reason in column.reason if reason else column.reason == ""
    if clusters is None:
        assert column.cluster_maps
    else:
        assert len(column.cluster_maps) == clusters
    assert_nothing_is_nan(column)
    shown = sum(cluster.n_maps for cluster in column.cluster_maps)
    assert shown + column.rest.n_pruned + column.rest.n_dropped == column.n_maps == len(maps)


def test_broken_maps_change_nothing_for_the_others():
    column = explain_layer(broken(np.inf), W, Recipe(prune_below=0))
    good = np.delete(np.arange(12), [2, 5])
    weights = np.where(np.isin(np.arange(12), good), W, 0)
    assert error_of_the_identity(column, RANDOM, weights) < 1e-4


def test_a_note_from_the_network_is_the_reason():
    note = "The class score does not depend on this layer."
    assert explain_layer(RANDOM, W * 0, note=note).reason == note


def test_per_cent():
    share, total = per_cent(np.array([1.0, 3.0, -2.0]))
    np.testing.assert_allclose(share, [25, 75, -50])
    assert total == 4
    share, total = per_cent(np.array([-1.0, 0.0]))
    assert (share.tolist(), total) == ([0, 0], 0)


def test_thumbnails_average_cells():
    maps = np.arange(16, dtype=np.float32).reshape(1, 4, 4)  # 2 x 2 means: 2.5, 4.5, 10.5, 12.5
    assert thumbnails(maps, 2).tolist() == [[[0, 51], [204, 255]]]
    assert thumbnails(maps, 4).tolist() == np.rint(maps * 17).tolist()


@pytest.mark.parametrize(
    ("shape", "size", "small"), [((2, 7, 7), 16, (7, 7)), ((2, 56, 28), 16, (16, 8)), ((2, 1, 40), 16, (1, 16)),
                                 ((0, 9, 9), 3, (3, 3)), ((2, 17, 17), 16, (16, 16))]
)  # fmt: skip
def test_thumbnails_have_at_most_the_size(shape, size, small):
    made = thumbnails(np.full(shape, 0.3, np.float32), size)
    assert made.shape == (shape[0], *small)
    assert not made.any()


def test_a_map_that_is_even_once_averaged_shows_nothing():
    checks = np.indices((56, 28)).sum(0)[None] % 2 * np.float32(0.7)
    assert not thumbnails(checks, 7).any()


def test_a_cluster_has_thumbnails_of_its_heaviest_maps():
    maps = np.repeat(RANDOM[:1], 20, axis=0)
    column = explain_layer(maps, np.ones(20), Recipe(thumbnail_size=3, channel_thumbnails=5))
    assert column.cluster_maps[0].channel_thumbnails.shape == (5, 3, 3)


def test_ids_depend_on_what_they_are_made_of():
    first = explain_layer(ONE, np.ones(4), picture_hash="p", network_hash="n", target=3, layer="a")
    ids = {cluster.id for cluster in first.cluster_maps}
    assert ids == {
        c.id
        for c in explain_layer(ONE, np.ones(4), picture_hash="p", network_hash="n", target=3, layer="a").cluster_maps
    }
    other = explain_layer(ONE, np.ones(4), picture_hash="p", network_hash="n", target=4, layer="a")
    assert not ids & {cluster.id for cluster in other.cluster_maps}


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"\(4, 2, 2\) and weights of shape \(3,\)"):
        explain_layer(ONE, np.ones(3))
