"""Ward, silhouettes and the drop rule: by hand, and against scikit-learn."""

import numpy as np
import pytest
from scipy.cluster.hierarchy import linkage
from sklearn.metrics import adjusted_rand_score, silhouette_samples

from inv_widgets.analysis import clustering, clustering_loops
from inv_widgets.analysis.clustering import cluster_maps, cluster_points, dropped, silhouettes
from inv_widgets.analysis.compiled import compiled
from inv_widgets.recipe import Recipe


def groups(kinds, each=12, seed=0, spread=0.3):
    rng = np.random.default_rng(seed)
    centres = 10 * np.stack(
        [np.cos(np.arange(kinds) * 2 * np.pi / kinds), np.sin(np.arange(kinds) * 2 * np.pi / kinds)]
    )
    label = np.repeat(np.arange(kinds), each)
    return centres.T[label] + rng.normal(scale=spread, size=(kinds * each, 2)), label


def test_silhouettes_by_hand():
    # On a line: {0, 1}, {5}. Point 0: a = 1, b = 5; point 1: a = 1, b = 4; point 5 is alone.
    places = np.array([0.0, 1.0, 5.0])
    values = silhouettes(np.abs(places[:, None] - places), np.array([0, 0, 1]))
    np.testing.assert_allclose(values, [4 / 5, 3 / 4, 0])


def test_silhouettes_equal_scikit_learn_s():
    rng = np.random.default_rng(3)
    points, labels = rng.normal(size=(50, 2)), rng.permutation(np.arange(50) % 6)
    gaps = np.linalg.norm(points[:, None] - points, axis=2)
    np.testing.assert_allclose(silhouettes(gaps, labels), silhouette_samples(points, labels), atol=1e-9)


def test_silhouettes_of_points_in_one_place_are_zero():
    assert not silhouettes(np.zeros((4, 4)), np.array([0, 0, 1, 1])).any()


@pytest.mark.parametrize("solver", ["fast", "sklearn"])
@pytest.mark.parametrize("kinds", [3, 5, 8])
def test_groups_that_stand_apart_are_found(solver, kinds):
    points, label = groups(kinds)
    found = cluster_points(points, Recipe(solver=solver))
    assert adjusted_rand_score(label, found.labels) == 1
    assert list(found.silhouettes) == [3, 4, 5, 6, 7, 8]
    assert max(found.silhouettes, key=found.silhouettes.get) == kinds
    assert found.samples.mean() == pytest.approx(found.silhouettes[kinds])


def test_both_solvers_agree_on_any_points():
    for seed in range(5):
        points = np.random.default_rng(seed).normal(size=(40, 2))
        ours, theirs = (cluster_points(points, Recipe(solver=solver)) for solver in ("fast", "sklearn"))
        assert adjusted_rand_score(ours.labels, theirs.labels) == 1
        assert ours.silhouettes == pytest.approx(theirs.silhouettes)


def test_compiled_silhouettes_are_those_of_each_cut_by_itself(monkeypatch):
    for n in (5, 9, 60):
        points = np.random.default_rng(n).normal(size=(n, 2))
        points[1] = points[0]
        ours = cluster_points(points, Recipe())
        with monkeypatch.context() as patch:
            patch.setattr(clustering, "compiled", lambda function, signature: None)
            plain = cluster_points(points, Recipe())
        np.testing.assert_array_equal(ours.labels, plain.labels)
        np.testing.assert_allclose(ours.samples, plain.samples, atol=1e-12)
        assert ours.silhouettes == pytest.approx(plain.silhouettes, abs=1e-12)


@pytest.mark.parametrize("n", [2, 3, 5, 12, 60, 161])
def test_the_compiled_tree_is_scipy_s(n):
    grow = compiled(clustering_loops.ward, clustering_loops.WARD)
    for seed in range(5):
        points = np.random.default_rng(seed).normal(size=(n, 2)) * 10
        merges = np.empty((n - 1, 2), np.int64)
        grow(points, merges)
        np.testing.assert_array_equal(np.sort(merges), np.sort(linkage(points, "ward")[:, :2].astype(int)))


@pytest.mark.parametrize("points", [np.zeros((9, 2)), np.stack(np.divmod(np.arange(25.0), 5), axis=1)])
def test_the_compiled_tree_of_ties_joins_everything_once(points):
    merges = np.empty((len(points) - 1, 2), np.int64)
    compiled(clustering_loops.ward, clustering_loops.WARD)(points, merges)
    assert sorted(merges.ravel()) == list(range(2 * len(points) - 2))
    assert (merges.max(axis=1) < len(points) + np.arange(len(merges))).all()


@pytest.mark.parametrize("place", [np.nan, np.inf])
def test_points_that_are_nowhere_are_refused(place):
    points = np.random.default_rng(0).normal(size=(30, 2))
    points[7, 1] = place
    with pytest.raises(ValueError, match=r"\[inv-widgets\] .*tsne_learning_rate_min \(50\)"):
        cluster_points(points, Recipe())


def test_every_cut_has_its_number_of_clusters_where_merges_are_equally_high():
    square = np.array([[0, 0], [0, 1], [1, 0], [1, 1], [5, 5], [5, 6], [6, 5], [6, 6.0]])
    for k in (2, 3, 4, 5, 6, 7):
        labels = cluster_points(square, Recipe(clusters_min=k, clusters_max=k)).labels
        assert sorted(set(labels)) == list(range(k))


def test_of_equal_silhouettes_the_fewest_clusters_win():
    # Eight points in two places: three or more clusters are all equally bad.
    same = np.zeros((8, 2))
    found = cluster_points(same, Recipe())
    assert set(found.silhouettes.values()) == {0.0}
    assert found.labels.max() == 2


def test_numbers_of_clusters_end_at_n_minus_1():
    points = np.random.default_rng(0).normal(size=(6, 2))
    assert list(cluster_points(points, Recipe()).silhouettes) == [3, 4, 5]


@pytest.mark.parametrize("n", [1, 2, 3])
def test_fewer_than_four_maps_get_a_cluster_each(n):
    found = cluster_maps(np.random.default_rng(0).random((n, 5, 5)), Recipe())
    assert found.labels.tolist() == list(range(n))
    assert found.silhouettes == {}
    assert np.isnan(found.samples).all()
    assert f"{n} map" in found.reason


def test_maps_of_few_patterns_are_grouped_by_pattern():
    one, two = np.eye(3), np.ones((3, 3)) - np.eye(3)
    found = cluster_maps(np.array([one, two, 5 * one, two + 1, one]), Recipe())
    assert found.labels.tolist() == [0, 1, 0, 1, 0]
    assert "2 patterns" in found.reason


def test_maps_of_one_cell_are_one_cluster():
    found = cluster_maps(np.arange(10.0).reshape(10, 1, 1), Recipe())
    assert found.labels.tolist() == [0] * 10
    assert "1 pattern:" in found.reason


def test_four_maps_are_clustered():
    found = cluster_maps(np.random.default_rng(0).random((4, 5, 5)), Recipe())
    assert list(found.silhouettes) == [3]
    assert found.reason == ""


@pytest.mark.parametrize(
    ("weights", "gone"),
    [
        ([60, 30, 10], [False, False, True]),  # 60 / 3 = 20, mean / 2 = 16.7
        ([60, 20, 20], [False, False, False]),  # a third of the heaviest stays
        ([30, 30, 30, 10], [False, False, False, True]),  # 10 and 12.5
        ([40, 40, 12, 8], [False, False, True, True]),  # 13.3 and 12.5
        ([100], [False]),
    ],
)
def test_light_clusters_are_dropped(weights, gone):
    assert dropped(np.array(weights), Recipe()).tolist() == gone


def test_the_drop_rule_follows_the_recipe():
    weights = np.array([50.0, 30.0, 20.0])
    assert dropped(weights, Recipe(drop_below_heaviest=0.7, drop_below_mean=0)).tolist() == [False, True, True]
    assert not dropped(weights, Recipe(drop_below_heaviest=0, drop_below_mean=0)).any()
