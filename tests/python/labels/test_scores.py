import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_runs import make_cluster_map

from inv_widgets.explanation import Label
from inv_widgets.labels.rounds import TypedRound
from inv_widgets.labels.scores import label_score, scored
from inv_widgets.recipe import Recipe


@pytest.mark.parametrize(
    ("frequency", "mean_step", "won", "score"),
    [(4, 0, True, 4.0), (4, 2.5, True, 3.0), (4, 2.5, False, 0.75), (1, 5, True, 0.5), (10, 5, False, 1.25),
     (0, 0, True, 0)],
)  # fmt: skip
def test_the_formula(frequency, mean_step, won, score):
    assert label_score(frequency, mean_step, won) == pytest.approx(score)


def test_the_recipe_s_numbers_count():
    assert label_score(2, 3, False, Recipe(step_discount=0.2, lost_factor=0.5)) == pytest.approx(0.4)
    assert label_score(2, 5, True, Recipe(step_discount=0.3)) == 0


@pytest.mark.parametrize("given_", [(-1, 0), (float("nan"), 0), (1, -0.1), (1, 11)])
def test_what_is_no_frequency_or_step(given_):
    with pytest.raises(ValueError, match=r"^\[inv-widgets\] "):
        label_score(*given_, True)


def played(outcome, step, player="ada"):
    return TypedRound("map", player, "church", "en", step, 8.0, outcome, ())


def test_scores_by_hand():
    rounds = [
        (played("won", 1), {"wheel": ["wheel", "wheels"], "big": ["big wheel"]}),
        (played("lost", 3), {"wheel": ["Wheel"]}),
        (played("resigned", 5, "bob"), {"door": ["door"], "wheel": ["whell"]}),
        (played("lost", 5, "bob"), {"door": ["doors"]}),
    ]
    wheel, big, door = scored(rounds)
    # 3 rounds, steps 1 + 3 + 5 = mean 3, one won: 3 * 0.7
    assert (wheel.name, wheel.frequency, wheel.mean_step, wheel.won, wheel.players) == ("wheel", 3, 3.0, True, 2)
    assert wheel.score == pytest.approx(2.1)
    assert wheel.typed == ("Wheel", "wheel", "wheels", "whell")
    # 1 round at step 1, won: 1 * 0.9
    assert (big.name, big.score) == ("big", pytest.approx(0.9))
    # 2 rounds at step 5, none won: a quarter of 2 * 0.5
    assert (door.name, door.score, door.won) == ("door", pytest.approx(0.25), False)


def test_the_quarter_is_for_the_label_on_the_map_not_for_each_round():
    ((label),) = scored([(played("won", 0), {"a": []}), (played("lost", 0), {"a": []})])
    assert label.score == 2.0


def test_best_labels_with_ties():
    labels = (Label("a", 2.0 + 1e-13), Label("b", 2.0), Label("c", 1.9))
    shown = make_cluster_map(0, 12.0, [[1, 0], [0, 0]])
    assert [label.name for label in dataclasses.replace(shown, labels=labels).best_labels] == ["a", "b"]
    assert shown.best_labels == ()


words = st.sampled_from(["wheel", "door", "sky", "🎈", "نافذة"])
a_round = st.tuples(
    st.sampled_from(["won", "lost", "resigned"]), st.integers(0, 5), st.sampled_from("xyz"), st.sets(words)
)


@given(st.lists(a_round, max_size=12), st.randoms())
def test_the_order_of_rounds_does_not_matter(rounds, draw):
    made = [
        (played(outcome, step, player), {label: [label] for label in said}) for outcome, step, player, said in rounds
    ]
    mixed = made.copy()
    draw.shuffle(mixed)
    assert scored(made) == scored(mixed)
