"""Messages of the browser are checked to the letter."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inv_widgets.game.rounds import Action
from inv_widgets.play.messages import Refusal, checked_message

ANSWER = {
    "kind": "answer", "round": "r1", "guess": "dog", "resigned": False, "labels": [" ear ", "ear", ""],
    "actions": [{"kind": "guess", "at": 1, "value": "dog"}, {"kind": "answer", "at": 2.5, "value": None}],
    "seconds": 2.5, "language": "en",
}  # fmt: skip
ENTER = {
    "kind": "enter", "nickname": "  ada  l ", "secret": "s" * 32, "consent": True, "language": "pt-BR",
    "on_leaderboard": False,
}  # fmt: skip


def test_what_is_right_comes_out_as_python_has_it():
    checked = checked_message(ANSWER)
    assert checked["labels"] == ("ear",)
    assert checked["actions"] == (Action("guess", 1, "dog"), Action("answer", 2.5))
    assert "timeout" not in checked
    assert checked_message(ANSWER | {"timeout": True})["timeout"] is True
    assert checked_message(ENTER)["nickname"] == "ada l"
    assert checked_message(ENTER | {"nickname": " ", "secret": ""})["nickname"] is None
    assert checked_message({"kind": "next"}) == {"kind": "next"}


@pytest.mark.parametrize("message", [None, "next", [], {}, {"kind": 3}, {"kind": "cheat"}, {"kind": ["next"]}])
def test_what_is_no_message_is_refused(message):
    with pytest.raises(Refusal, match=r"^\[inv-widgets\]") as refused:
        checked_message(message)
    assert refused.value.code == "bad-message"
    assert not refused.value.retry


@pytest.mark.parametrize(
    "changes",
    [
        {"round": ""}, {"round": 3}, {"round": "x" * 65}, {"guess": 3}, {"guess": "x" * 2001}, {"resigned": None},
        {"resigned": 0}, {"labels": "ear"}, {"labels": [3]}, {"labels": ["x" * 201]},
        {"labels": [str(n) for n in range(21)]},
        {"labels": ["x"] * 101}, {"language": ""}, {"language": "english please"}, {"language": None}, {"seconds": -1},
        {"seconds": float("nan")}, {"seconds": "1"}, {"seconds": True}, {"timeout": 1}, {"actions": None},
        {"actions": [{"kind": "guess"}]}, {"actions": [{"kind": "guess", "at": -1}]},
        {"actions": [{"kind": "guess", "at": 0, "other": 1}]}, {"actions": [{"kind": "<b>", "at": 0}]},
        {"actions": [{"kind": "guess", "at": 0, "value": {"a": 1}}]}, {"actions": [{"kind": "x", "at": 0}] * 5001},
        {"actions": [{"kind": "guess", "at": 0, "value": "x" * 2001}]}, {"actions": [3]}, {"truth": "dog"},
        {"actions": [{"kind": "guess", "at": 0, "value": float("inf")}]},
    ],
)  # fmt: skip
def test_each_value_of_an_answer_is_checked(changes):
    with pytest.raises(Refusal, match=r"^\[inv-widgets\]") as refused:
        checked_message(ANSWER | changes)
    assert refused.value.code == "bad-message"


@pytest.mark.parametrize("message", [ANSWER, ENTER], ids=["answer", "enter"])
def test_nothing_may_be_missing(message):
    for key in message:
        with pytest.raises(Refusal):
            checked_message({name: value for name, value in message.items() if name != key})


@pytest.mark.parametrize(
    "changes", [{"nickname": "x" * 41}, {"nickname": 3}, {"secret": "s" * 201}, {"consent": "yes"}]
)
def test_each_value_of_entering_is_checked(changes):
    with pytest.raises(Refusal):
        checked_message(ENTER | changes)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@given(
    st.sampled_from([ANSWER, ENTER]), st.dictionaries(st.sampled_from([*ANSWER, *ENTER, "id"]), anything, max_size=3)
)
def test_whatever_is_said_is_taken_or_refused(message, changes):
    said = copy.deepcopy(message) | changes
    try:
        checked = checked_message(said)
    except Refusal as refused:
        assert refused.code == "bad-message"  # noqa: PT017
    else:
        assert checked["kind"] in {"answer", "enter"}


def test_characters_that_no_database_takes_are_dropped():
    checked = checked_message(ANSWER | {"guess": "d\0og\ud800", "labels": ["e\0ar\ud800"]})
    assert (checked["guess"], checked["labels"]) == ("dog", ("ear",))
