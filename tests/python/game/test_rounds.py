"""Rounds: actions, how a round looked after each, how it ended, and labels as they are kept."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inv_widgets.game.rounds import (
    ACTION_KINDS,
    MAX_LABEL_LENGTH,
    MAX_LABELS,
    Action,
    Frame,
    clean_labels,
    outcome_of,
    replay,
)


def test_a_round_is_shown_again_as_it_was_played():
    actions = [
        Action("show", 1.5, 1),
        Action("guess", 2, "dog"),
        Action("label", 3, " ear "),
        Action("pause", 4),
        Action("resume", 9),
        Action("label", 10, "snout"),
        Action("unlabel", 11, "ear"),
        Action("language", 12, "it"),
        Action("resign", 13),
        Action("answer", 14),
    ]
    assert replay(actions) == [
        Frame(1.5, 1),
        Frame(2, 1, "dog"),
        Frame(3, 1, "dog", ("ear",)),
        Frame(4, 1, "dog", ("ear",), paused=True),
        Frame(9, 1, "dog", ("ear",)),
        Frame(10, 1, "dog", ("ear", "snout")),
        Frame(11, 1, "dog", ("snout",)),
        Frame(12, 1, "dog", ("snout",)),
        Frame(13, 1, "dog", ("snout",), resigned=True),
        Frame(14, 1, "dog", ("snout",), resigned=True),
    ]
    assert replay([]) == []


def test_undo_and_redo():
    frames = replay([
        Action("guess", 1, "dog"), Action("label", 2, "ear"), Action("undo", 3), Action("undo", 4), Action("undo", 5),
        Action("redo", 6), Action("redo", 7), Action("redo", 8), Action("undo", 9), Action("show", 10, 2),
        Action("guess", 11, "cat"), Action("redo", 12),
    ])  # fmt: skip
    looks = [(frame.guess, frame.labels) for frame in frames]
    assert looks == [
        ("dog", ()), ("dog", ("ear",)), ("dog", ()), (None, ()), (None, ()),
        ("dog", ()), ("dog", ("ear",)), ("dog", ("ear",)), ("dog", ()), ("dog", ()),
        ("cat", ()), ("cat", ()),
    ]  # fmt: skip
    assert frames[-1].step == 2  # what was shown stays shown


def test_what_changes_nothing_cannot_be_undone():
    frames = replay([Action("label", 1, "ear"), Action("label", 2, "ear"), Action("undo", 3)])
    assert [frame.labels for frame in frames] == [("ear",), ("ear",), ()]


def test_a_correction_replaces_the_labels():
    frames = replay([Action("label", 1, "ear"), Action("correct", 2, ["nose", "nose", ""])])
    assert frames[-1].labels == ("nose",)


@given(
    st.lists(
        st.builds(
            Action,
            st.sampled_from([*ACTION_KINDS, "from a newer version"]),
            st.floats(0, 1e6),
            st.one_of(st.none(), st.integers(0, 5), st.sampled_from(["dog", "ear", " "]), st.just(("a", "b"))),
        ),
        max_size=30,
    )
)
def test_any_actions_can_be_replayed(actions):
    frames = replay(actions)
    assert len(frames) == len(actions)
    assert [frame.at for frame in frames] == [action.at for action in actions]
    assert all(one.step <= two.step for one, two in itertools.pairwise(frames))


@pytest.mark.parametrize("at", [-1, float("nan"), float("inf"), True, "1", None])
def test_a_time_is_a_number_of_seconds(at):
    with pytest.raises(ValueError, match=r"^\[inv-widgets\] Action\(at="):
        Action("guess", at)


@pytest.mark.parametrize(("kind", "value"), [("", None), (3, None), ("guess", {"a": 1}), ("label", [1])])
def test_actions_are_plain(kind, value):
    with pytest.raises(TypeError, match=r"^\[inv-widgets\] Action\("):
        Action(kind, 0.0, value)


def test_how_a_round_ended():
    assert outcome_of("dog", "dog") == "won"
    assert outcome_of("Dog", "dog") == "lost"
    assert outcome_of(None, "dog") == "resigned"
    assert outcome_of("dog", "dog", resigned=True) == "resigned"


def test_labels_stay_as_typed():
    assert clean_labels([" ear ", "ear", "Ear", "", "  ", "pointed\near", "耳"]) == ("ear", "Ear", "pointed\near", "耳")
    assert clean_labels(str(number) for number in range(50)) == tuple(map(str, range(MAX_LABELS)))
    assert clean_labels("abc", 2) == ("a", "b")
    assert clean_labels(["x" * 300]) == ("x" * MAX_LABEL_LENGTH,)
    assert clean_labels(["a\0b", "\ud800"]) == ("ab",)
    with pytest.raises(TypeError, match=r"^\[inv-widgets\] The label 3 is an int"):
        clean_labels([3])


@given(st.lists(st.text(max_size=250), max_size=40))
def test_cleaning_twice_is_cleaning_once(texts):
    once = clean_labels(texts)
    assert clean_labels(once) == once
    assert len(once) <= MAX_LABELS
    assert len(set(once)) == len(once)
