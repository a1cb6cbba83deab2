"""Steps back and forth."""

import pytest

from inv_widgets.widgets.history import History


def test_back_and_forth():
    history = History()
    assert (history.can_undo, history.can_redo) == (False, False)
    history.add("a")
    history.add("b")  # now it is "c"
    assert history.undo("c") == "b"
    assert history.undo("b") == "a"
    assert (history.can_undo, history.can_redo) == (False, True)
    assert history.redo("a") == "b"
    assert (history.can_undo, history.can_redo) == (True, True)
    assert history.redo("b") == "c"
    assert history.can_redo is False


def test_a_change_forgets_what_was_taken_back():
    history = History()
    history.add("a")
    assert history.undo("b") == "a"
    history.add("a")
    assert history.can_redo is False
    with pytest.raises(IndexError):
        history.redo("c")


def test_the_oldest_steps_are_forgotten():
    history = History(kept=2)
    for before in "abc":
        history.add(before)
    assert [history.undo("now"), history.undo("c")] == ["c", "b"]
    assert history.can_undo is False
