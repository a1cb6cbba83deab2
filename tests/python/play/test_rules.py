"""Rules are checked once, where they are given."""

import dataclasses

import pytest

from inv_widgets.game.scoring import Points
from inv_widgets.play.rules import Rules


def test_defaults():
    rules = Rules()
    assert (rules.retire_after, rules.rounds, rules.seconds, rules.categories, rules.choices) == (None,) * 5
    assert rules.features_required
    assert rules.gold_interval is None
    assert Rules(gold=["a"]).gold_interval == 10
    assert Rules(gold=["a"], gold_every=3).gold_interval == 3
    assert Rules(gold_every=3).gold_interval is None


def test_values_are_taken_as_plain_ones():
    rules = Rules(gold=["a", "a", "b"], categories=("x", "x", "y"), truth={"a.jpg": "x"}, seconds=30, information="  ")
    assert (rules.gold, rules.categories, rules.seconds, rules.information) == (("a", "b"), ("x", "y"), 30.0, None)
    with pytest.raises(dataclasses.FrozenInstanceError):
        rules.rounds = 3
    with pytest.raises(TypeError):
        rules.truth["b.jpg"] = "y"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("retire_after", 0), ("retire_after", True), ("gold_every", 1.5), ("gold", "dog.jpg"), ("gold", [3]),
        ("rounds", 0),
        ("seconds", 0.5), ("seconds", float("nan")), ("seconds", "9"), ("categories", []), ("categories", "dog"),
        ("choices", 1), ("truth", ["dog"]), ("truth", {"a": 3}), ("features_required", 1), ("show_others", None),
        ("title", 3), ("consent", b"yes"), ("lease_seconds", 1), ("seed", -1), ("points", 100),
    ],
)  # fmt: skip
def test_what_is_not_possible_is_refused_with_its_value(name, value):
    with pytest.raises((TypeError, ValueError), match=rf"^\[inv-widgets\] Rules\({name}=.* is not possible: .+"):
        Rules(**{name: value})


def test_unknown_rules_are_refused():
    with pytest.raises(TypeError, match="sceonds"):
        Rules(sceonds=3)


def test_points_are_a_rule():
    assert Rules(points=Points(most=10, fewest=5)).points.most == 10
