"""Global scores, worked out by hand."""

import math

import numpy as np
import pandas as pd
import pytest
from labelled_runs import GROUPS, Shown, cats_and_a_dog, make_explanation

from inv_widgets.explanation import Label
from inv_widgets.run import Run
from inv_widgets.summary.aggregation import MinSupport
from inv_widgets.summary.pipeline import summarize


def rows(summary, target, group):
    return {row.label: row for row in summary.rows if (row.target_name, row.group) == (target, group)}


def ids(summary, names):
    """Cluster maps as "picture layer cluster's weight"."""
    return [f"{m.picture} {m.layer} {m.weight:.0f}" for m in map(summary.example_map, names)]


@pytest.fixture(scope="module")
def summary():
    return summarize(cats_and_a_dog(), groups=GROUPS, draws=20_000)


def test_score_is_the_sum_where_a_label_is_best(summary):
    # In a.jpg "fur" is not the best label of the map of 20 %, but ties with "eye" on the one of 30 %.
    early = rows(summary, "cat", "early")
    assert {label: row.score for label, row in early.items()} == {"fur": 2.0 + 4.0, "ear": 3.0 + 2.5, "eye": 2.0}
    assert {label: row.score for label, row in rows(summary, "cat", "late").items()} == {"ear": 1.5}
    assert {label: row.score for label, row in rows(summary, "cat", "all").items()} == {
        "ear": 7.0,
        "fur": 6.0,
        "eye": 2.0,
    }
    assert {label: row.score for label, row in rows(summary, "dog", "all").items()} == {"ear": 9.0}


def test_ranks_go_by_score(summary):
    ranked = [(row.group, row.rank, row.label) for row in summary.rows if row.target_name == "cat"]
    assert ranked == [
        ("early", 1, "fur"), ("early", 2, "ear"), ("early", 3, "eye"), ("late", 1, "ear"),
        ("all", 1, "ear"), ("all", 2, "fur"), ("all", 3, "eye"),
    ]  # fmt: skip


def test_equal_scores_rank_by_pictures_then_rounds_then_name():
    first = [Shown({"once": 0.1 + 0.2}), Shown({"twice": 0.15}), Shown({"b": 0.3})]
    second = [Shown({"twice": 0.15}), Shown({"a": 0.3}), Shown({"z": 0.3}, rounds=8)]
    summary = summarize(
        [make_explanation("a.jpg", "cat", {"c1": first}), make_explanation("b.jpg", "cat", {"c1": second})]
    )
    assert [row.label for row in summary.rows if row.group == "all"] == ["twice", "z", "a", "b", "once"]


def test_mean_weight_is_over_the_cluster_maps_and_means_nothing_over_all_layers(summary):
    early = rows(summary, "cat", "early")
    assert {label: row.mean_weight for label, row in early.items()} == {"fur": 20.0, "ear": 30.0, "eye": 30.0}
    assert all(math.isnan(row.mean_weight) for row in rows(summary, "cat", "all").values())


def test_counts_say_what_a_score_rests_on(summary):
    fur = rows(summary, "cat", "early")["fur"]
    assert (fur.counts.n_cluster_maps, fur.counts.n_pictures, fur.counts.n_rounds) == (2, 2, 2 + 5)
    ear = rows(summary, "cat", "all")["ear"]
    assert (ear.counts.n_cluster_maps, ear.counts.n_pictures, ear.counts.n_rounds) == (3, 2, 3 + 2 + 3)
    # Nobody knows whether the two players of one map are those of another.
    assert (ear.counts.n_players, ear.counts.n_players_at_most) == (2, 6)


class Known(Run):
    """A run that knows who said what, as a LabelledRun does."""

    def __init__(self, explanations, said):
        super().__init__(explanations)
        rounds = [(cluster_map, who, [label]) for (cluster_map, label), players in said.items() for who in players]
        self.rounds = pd.DataFrame(rounds, columns=["cluster_map", "player", "labels"])


def test_a_player_of_several_cluster_maps_counts_once():
    run = cats_and_a_dog()
    maps = [shown.id for explanation in run[:2] for _, shown in explanation.cluster_maps()]
    said = {(maps[0], "ear"): ["ada", "bob"], (maps[2], "ear"): ["bob", "cy"], (maps[3], "ear"): ["ada", "cy"]}
    known = rows(summarize(Known(run, said)), "cat", "all")
    assert (known["ear"].counts.n_players, known["ear"].counts.n_players_at_most) == (3, 3)
    # Who said "fur" is not known here, and two players are more than none.
    assert (known["fur"].counts.n_players, known["fur"].counts.n_players_at_most) == (2, 4)


def test_players_of_a_merged_cluster_map_are_those_of_its_members():
    import dataclasses

    whole = make_explanation("a.jpg", "cat", {"c1": [Shown({"ear": 2.0}, players=2)]})
    first, second = make_explanation("b.jpg", "cat", {"c1": [Shown(), Shown()]}).columns[0].cluster_maps
    merged = dataclasses.replace(whole.columns[0].cluster_maps[0], members=(first, second))
    column = dataclasses.replace(whole.columns[0], cluster_maps=(merged,))
    run = Known(
        [dataclasses.replace(whole, columns=(column,))],
        {(first.id, "ear"): ["ada", "bob"], (second.id, "ear"): ["ada", "cy"]},
    )
    assert rows(summarize(run), "cat", "all")["ear"].counts.n_players == 3


def test_examples_are_one_a_picture_best_first(summary):
    assert ids(summary, rows(summary, "cat", "early")["ear"].examples) == ["a.jpg c1 20", "b.jpg c1 40"]
    assert ids(summary, rows(summary, "cat", "early")["fur"].examples) == ["c.jpg c1 10", "a.jpg c1 30"]
    assert ids(summary, rows(summary, "cat", "all")["ear"].examples) == ["a.jpg c1 20", "b.jpg c1 40"]


def test_of_equal_examples_the_heavier_is_better_but_not_between_layers():
    summary = summarize(
        [make_explanation("a.jpg", "cat", {"c1": [Shown({"ear": 1.0}, 5.0), Shown({"ear": 1.0}, 25.0)]})], groups=GROUPS
    )
    assert ids(summary, rows(summary, "cat", "early")["ear"].examples) == ["a.jpg c1 25"]
    first = min(summary.evidence.maps)
    assert rows(summary, "cat", "all")["ear"].examples == (first,)


def test_spread_is_over_the_pictures_that_were_played(summary):
    # "ear" early: 3, 2.5 and, in c.jpg, 0. Late: c.jpg was not played, and b.jpg was.
    ear = rows(summary, "cat", "early")["ear"]
    assert (ear.n_pictures_played, ear.quartile_low, ear.median, ear.quartile_high) == (3, 1.25, 2.5, 2.75)
    late = rows(summary, "cat", "late")["ear"]
    assert (late.n_pictures_played, late.quartile_low, late.median, late.quartile_high) == (2, 0.375, 0.75, 1.125)


def test_intervals_are_quantiles_of_drawing_the_pictures_anew(summary):
    # Three pictures, 27 draws, all as likely. "eye" is 2 in one of them: that one three times is 1 of 27, above 2.5 %.
    eye = rows(summary, "cat", "early")["eye"]
    assert (eye.score_low, eye.score_high) == (0.0, 6.0)
    # "ear": 3 three times is 1 of 27, never is 1 of 27.
    ear = rows(summary, "cat", "early")["ear"]
    assert (ear.score_low, ear.score_high) == (0.0, 9.0)
    # With 80 % the 10 % at either end are cut off: 2.5 * 3 or less than 3 of 27, and so on, worked out from all 27.
    parts = [3.0, 2.5, 0.0]
    sums = [a + b + c for a in parts for b in parts for c in parts]
    narrow = rows(summarize(cats_and_a_dog(), groups=GROUPS, confidence=0.8, draws=50_000), "cat", "early")["ear"]
    assert (narrow.score_low, narrow.score_high) == tuple(np.quantile(sums, [0.1, 0.9], method="inverted_cdf"))


def test_one_picture_says_nothing_about_spread_over_pictures(summary):
    dog = rows(summary, "dog", "all")["ear"]
    assert math.isnan(dog.score_low)
    assert math.isnan(dog.score_high)
    assert dog.low_support  # of one picture, though nine rounds


def test_low_support_is_marked_not_hidden(summary):
    assert {label: row.low_support for label, row in rows(summary, "cat", "all").items()} == {
        "ear": False, "fur": False, "eye": True,
    }  # fmt: skip
    strict = rows(summarize(cats_and_a_dog(), min_support={"rounds": 8}), "cat", "all")
    assert [strict[label].low_support for label in ("ear", "fur", "eye")] == [False, True, True]
    none = rows(summarize(cats_and_a_dog(), min_support=0), "cat", "all")
    assert not any(row.low_support for row in none.values())


def test_a_single_player_is_low_support():
    one = [Label("ear", 3.0, frequency=5, won=True, players=1)]
    explanations = [make_explanation(f"{n}.jpg", "cat", {"c1": [Shown(one)]}) for n in "ab"]
    maps = [shown.id for explanation in explanations for _, shown in explanation.cluster_maps()]
    # Where nobody knows whether it is the same one, it may be two.
    assert not rows(summarize(explanations), "cat", "all")["ear"].low_support
    same = Known(explanations, {(key, "ear"): ["ada"] for key in maps})
    assert rows(summarize(same), "cat", "all")["ear"].low_support
    two = Known(explanations, {(maps[0], "ear"): ["ada"], (maps[1], "ear"): ["bob"]})
    assert not rows(summarize(two), "cat", "all")["ear"].low_support


def test_min_support_as_a_number_asks_for_as_many_players_and_pictures_but_two_at_most():
    assert MinSupport.of(None) == MinSupport(3, 2, 2)
    assert MinSupport.of(1) == MinSupport(1, 1, 1)
    assert MinSupport.of(10) == MinSupport(10, 2, 2)
    assert MinSupport.of({"players": 5}) == MinSupport(3, 5, 2)


@pytest.mark.parametrize("wrong", [-1, 2.5, True, "3", {"rounds": -1}, {"round": 3}])
def test_min_support_refuses_what_is_no_count(wrong):
    with pytest.raises(TypeError, match=r"\[inv-widgets\] min_support.*'?rounds"):
        summarize(cats_and_a_dog(), min_support=wrong)


def test_a_picture_that_stands_in_the_run_twice_counts_once():
    run = cats_and_a_dog()
    again = make_explanation("copy of a.jpg", "cat", {"c1": [Shown({"ear": 3.0}, 20.0)]}, picture_hash="hash of a.jpg")
    for both in ([*run, again], [again, *run]):
        summary = summarize(both)
        assert rows(summary, "cat", "all")["ear"].score == 7.0
        assert summary.evidence.classes[0].pictures["hash of a.jpg"] == "a.jpg"


def test_different_networks_are_not_mixed():
    other = make_explanation("e.jpg", "cat", {"c1": [Shown({"ear": 1.0})]}, network="other", network_hash="o")
    with pytest.raises(ValueError, match="'net' and 'other': summarize them one at a time"):
        summarize([*cats_and_a_dog(), other])
