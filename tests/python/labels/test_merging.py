import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_runs import make_cluster_map, make_column, make_explanation

from inv_widgets.explanation import Label, min_max
from inv_widgets.labels.merging import chains, merge_cluster_maps, merge_column, merged_labels, unmerge_column


def labelled(cluster_map, **scores):
    labels = sorted((Label(name, score, frequency=2, mean_step=1.0, players=1) for name, score in scores.items()),
                    key=lambda label: -label.score)  # fmt: skip
    return dataclasses.replace(cluster_map, labels=tuple(labels))


def unchanged(cluster_map):
    return cluster_map


def test_chains_go_through_ties():
    assert chains([{"wheel"}, {"door", "wheel"}, {"sky"}, {"door"}, set(), set()]) == [[0, 1, 3], [2], [4], [5]]
    assert chains([{"a"}, {"b"}, {"a", "b"}]) == [[0, 1, 2]]
    assert chains([]) == []


@given(st.lists(st.sets(st.sampled_from("abcdef"), max_size=3), max_size=9), st.randoms())
def test_chains_do_not_depend_on_the_order(best, draw):
    order = list(range(len(best)))
    draw.shuffle(order)
    mixed = {frozenset(order[place] for place in group) for group in chains([best[place] for place in order])}
    assert mixed == {frozenset(group) for group in chains(best)}


def test_a_merged_map_by_hand(cluster_maps, explanation):
    # Weights 12 and 6: raw = 2/3 * [1 0; 0 0] + 1/3 * [0 4; 0 0] = [2/3 4/3; 0 0], min-maxed [.5 1; 0 0].
    merged = merge_cluster_maps(explanation, explanation.columns[0], cluster_maps[:2])
    assert merged.raw_map == pytest.approx(np.array([[2 / 3, 4 / 3], [0, 0]]), abs=1e-6)
    assert merged.map == pytest.approx(np.array([[0.5, 1], [0, 0]]), abs=1e-6)
    # Averaging the shown maps instead would give [2/3 1/3; 0 0] -> [1 .5; 0 0]: the other way round.
    assert merged.weight == pytest.approx(18.0)
    assert merged.n_maps == 4
    assert merged.channels.tolist() == [0, 1, 10, 11]
    assert merged.channel_weights.tolist() == [6, 6, 3, 3]
    assert merged.channel_thumbnails[:, 0, 0].tolist() == [0, 0]  # as many as a member has: the heaviest
    assert merged.silhouette == pytest.approx(0.3)
    assert [member.id for member in merged.members] == [each.id for each in cluster_maps[:2]]
    assert merged.id not in {each.id for each in cluster_maps}
    again = merge_cluster_maps(explanation, explanation.columns[0], cluster_maps[1::-1])
    assert again == merged


def test_the_layers_weighted_sum_stays(cluster_maps, explanation):
    column = explanation.columns[0]
    merged = dataclasses.replace(column, cluster_maps=(merge_cluster_maps(explanation, column, cluster_maps),))
    assert merged.weighted_sum == pytest.approx(column.weighted_sum, abs=1e-4)
    assert merged.shown_weight == pytest.approx(column.shown_weight)


def test_merged_labels_by_hand():
    one = [Label("wheel", 4.0, 4, 0.0, won=True, players=3, typed=("wheel",)), Label("big", 2.0, 2, 1.0, players=2)]
    two = [Label("wheel", 1.0, 2, 3.0, players=1, typed=("ruota",)), Label("door", 1.0, 2, 2.0, players=1)]
    wheel, big, door = merged_labels([(12.0, one), (6.0, two)])
    assert (wheel.name, wheel.score) == ("wheel", pytest.approx((12 * 4 + 6 * 1) / 18))
    assert (wheel.frequency, wheel.mean_step, wheel.won, wheel.typed) == (
        6,
        pytest.approx(1.0),
        True,
        ("ruota", "wheel"),
    )
    assert (big.name, big.score) == ("big", pytest.approx(12 * 2 / 18))
    assert (door.name, door.score) == ("door", pytest.approx(6 * 1 / 18))


def test_best_labels_are_taken_anew_without_merging_again():
    # wheel and door chain the first three; on the merged map roof, second on each, wins: (2 * 3) / 3 against 2.9.
    scores = [
        {"wheel": 3.0, "roof": 2.9},
        {"wheel": 3.0, "door": 3.0, "roof": 2.9},
        {"door": 3.0, "roof": 2.9},
        {"roof": 1.0},
    ]
    shown = [labelled(make_cluster_map(place, weight, [[place, 1], [0, 0]]), **scores[place])
             for place, weight in enumerate((10.0, 10.0, 10.0, 5.0))]  # fmt: skip
    column = make_column(shown)
    merged, other = merge_column(make_explanation([column]), column, unchanged)
    assert [(label.name, round(label.score, 6)) for label in merged.labels] == [
        ("roof", 2.9),
        ("door", 2.0),
        ("wheel", 2.0),
    ]
    assert [label.name for label in merged.best_labels] == ["roof"]
    # The fourth has the best label of the merged one by now, and stays apart.
    assert (other.label, other.id, other.members) == ("roof", shown[3].id, ())
    assert [each.cluster for each in (merged, other)] == [0, 1]


def test_a_second_best_label_draws_nothing_in():
    shown = [labelled(make_cluster_map(0, 9.0, [[1, 0], [0, 0]]), roof=3.0, wheel=2.0),
             labelled(make_cluster_map(1, 5.0, [[0, 1], [0, 0]]), wheel=9.0)]  # fmt: skip
    column = make_column(shown)
    assert merge_column(make_explanation([column]), column, unchanged) == tuple(shown)


def test_nothing_is_merged_without_labels(cluster_maps, explanation):
    assert merge_column(explanation, explanation.columns[0], unchanged) == tuple(cluster_maps)


def test_unmerging_gives_the_cluster_maps_back(cluster_maps, explanation):
    column = explanation.columns[0]
    same = [labelled(each, wheel=1.0) for each in cluster_maps]
    changed = dataclasses.replace(column, cluster_maps=merge_column(explanation, make_column(same), unchanged))
    assert len(changed.cluster_maps) == 1
    assert unmerge_column(changed) == tuple(cluster_maps)
    assert changed.cluster_maps[0].map == pytest.approx(min_max(changed.cluster_maps[0].raw_map), abs=1e-6)
