"""Agreement of players, with values worked out by hand."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inv_widgets.labels.agreement import Agreement, plain_label, same_guess, shared_label


def test_pairs_of_one_cluster_map():
    # ada-bob share "wheel", bob-eve share "door", ada-eve nothing.
    found = shared_label([[["wheel", "tyre"], ["wheel", "door"], ["door"]]])
    assert found == Agreement(pairs=3, agreeing=2)
    assert found.share == pytest.approx(2 / 3)


def test_pairs_do_not_reach_from_one_cluster_map_to_another():
    assert shared_label([[["wheel"], ["wheel"]], [["wheel"]]]) == Agreement(1, 1)


def test_maps_weigh_by_their_pairs():
    # Three pairs that all agree, and one that does not: 3 of 4, not the mean of 1 and 0.
    assert shared_label([[["a"]] * 3, [["a"], ["b"]]]).share == 0.75


def test_nothing_to_compare_is_no_share():
    for sets in ([], [[]], [[["wheel"]]], [[[], ["wheel"]]], [[[" ", ""], ["wheel"]]]):
        assert shared_label(sets) == Agreement(0, 0)
    assert shared_label([]).share is None


def test_two_shared_labels_are_one_pair():
    assert shared_label([[["a", "b", "c"], ["c", "b"]]]) == Agreement(1, 1)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Wheel", "wheel"), ("  wheel\n", "wheel"), ("red  roof", "Red roof"), ("Straße", "STRASSE"),
        ("ｗｈｅｅｌ", "wheel"), ("cafe\u0301", "café"), ("ﬁn", "FIN"), ("ΣΟΦΟΣ", "σοφος"),
        ("\u00a0ruota\u3000", "Ruota"),
    ],
)  # fmt: skip
def test_same_label(one, other):
    assert shared_label([[[one], [other]]]) == Agreement(1, 1)


@pytest.mark.parametrize(("one", "other"), [("wheel", "wheels"), ("red roof", "roof"), ("cafe", "café"), ("a", "b")])
def test_other_label(one, other):
    assert shared_label([[[one], [other]]]) == Agreement(1, 0)


@given(st.text())
def test_plain_is_plain(label):
    assert plain_label(plain_label(label)) == plain_label(label)


@given(st.lists(st.lists(st.lists(st.sampled_from("aAbcde "), max_size=3), max_size=9), max_size=3))
def test_as_counted_pair_by_pair(sets):
    pairs = agreeing = 0
    for of_players in sets:
        said = [{label.lower() for label in labels if label.strip()} for labels in of_players]
        for one, other in itertools.combinations([labels for labels in said if labels], 2):
            pairs += 1
            agreeing += bool(one & other)
    assert shared_label(sets) == Agreement(pairs, agreeing)


def test_guesses():
    # cat-cat agree; cat-dog twice do not; who gave up is in no pair. The second map has one guess.
    assert same_guess([["cat", "cat", "dog", None], ["cat", None]]) == Agreement(3, 1)
    assert same_guess([["cat", "Cat"]]) == Agreement(1, 0)
    assert same_guess([]).share is None
