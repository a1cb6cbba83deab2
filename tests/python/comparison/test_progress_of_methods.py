"""Loops that show how far they are and can be interrupted."""

import pytest
from activation_networks import tiny

from inv_widgets.comparison.progress import Progress


def loop(subject, error, batches=2):
    """Do some batches of ten, then raise."""
    gathered = []
    with Progress(subject, "RISE", 50, "masks") as progress:
        for batch in range(5):
            if batch == batches:
                raise error
            gathered.append(batch)
            progress.update(10)
    return gathered


def test_ctrl_c_after_a_batch_keeps_it():
    subject = tiny()
    with pytest.warns(
        RuntimeWarning, match=r"^\[inv-widgets\] RISE was interrupted: the map is made of 20 of 50 masks"
    ):
        gathered = loop(subject, KeyboardInterrupt)
    assert gathered == [0, 1]
    assert subject.notes == {"interrupted": "20 of 50 masks"}


def test_ctrl_c_before_the_first_batch_is_raised():
    subject = tiny()
    with pytest.raises(KeyboardInterrupt):
        loop(subject, KeyboardInterrupt, batches=0)
    assert subject.notes == {}


def test_errors_go_through():
    subject = tiny()
    with pytest.raises(ZeroDivisionError):
        loop(subject, ZeroDivisionError)
    assert subject.notes == {}


def test_a_short_loop_shows_nothing_and_a_whole_one_says_nothing(capsys):
    subject = tiny()
    with Progress(subject, "RISE", 2, "masks") as progress:
        progress.update(1)
        progress.update(1)
    assert progress.done == 2
    assert subject.notes == {}
    assert capsys.readouterr() == ("", "")
