"""What was read last is kept, whoever asks."""

import pickle
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from inv_widgets.labels import labelled
from inv_widgets.last_read import _MOST, LastRead


class Explained:
    """An explanation as far as it is asked for here."""

    def __init__(self, place):
        self.place = place

    def cluster_maps(self):
        return ()


def read(place):
    if place % 10 == 0:
        time.sleep(0.0002)  # the others come in between
    return Explained(place)


def of_a_loaded_run(last):
    return lambda place: last.get(place, read)


def of_a_labelled_run(last):
    items = labelled._Labelled(range(100), read)
    items._last = last
    return items.__getitem__


@pytest.mark.parametrize("asked", [of_a_loaded_run, of_a_labelled_run])
def test_several_threads_ask(asked):
    last = LastRead()
    ask = asked(last)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        places = np.random.default_rng(0).integers(0, 100, (4, 5_000)).tolist()
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda some: [ask(place).place for place in some], places))
    finally:
        sys.setswitchinterval(before)
    assert found == places
    assert len(last._kept) == _MOST
    assert ask(7) is ask(7)


def test_what_other_threads_read_meanwhile_is_dropped_too():
    last = LastRead()

    def read(place):
        if place == 0:
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(lambda other: last.get(other, read), range(1, 50)))
        return [place]

    assert last.get(0, read) == [0]
    assert len(last._kept) == _MOST


def test_a_copy_keeps_its_own():
    last = LastRead()
    last.get(0, lambda place: [place])
    assert pickle.loads(pickle.dumps(last)).get(0, lambda _: "anew") == "anew"
