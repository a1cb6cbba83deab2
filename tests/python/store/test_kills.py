"""Processes are killed while they play: what was said to be saved is there, whole, and nothing is there twice."""

import contextlib
import multiprocessing
import random
import sqlite3
import time
from collections import Counter

import pytest
from simple_game import RUN, add_run
from simulated_player import actions_of, labels_of, play_on

from inv_widgets.store.label_store import LabelStore


@pytest.fixture(scope="module")
def processes():
    """Give a context in which processes start quickly: from one that has all modules loaded, and no connection."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["simulated_player", "psycopg"])
    return context


class Killed:
    """A simulated player who is killed again and again, and always comes back."""

    def __init__(self, processes, url, nickname, number):
        self._processes, self._arguments = processes, (url, nickname, number)
        self.saved, self.kills, self.done = set(), 0, False
        self._checked = set()
        self._start()

    def _start(self):
        self._pipe, far = self._processes.Pipe(duplex=False)
        self._process = self._processes.Process(target=play_on, args=(*self._arguments, far), daemon=True)
        self._process.start()
        far.close()

    def listen(self, seconds):
        """Take in what was saved."""
        end = time.monotonic() + seconds
        with contextlib.suppress(EOFError, OSError):  # killed in the middle of a message
            while self._pipe.poll(max(0.0, end - time.monotonic())):
                message = self._pipe.recv()
                if message is None:
                    self.done = True
                    self._process.join()
                    return
                self.saved.add(message)

    def kill(self):
        """Kill it, take in what it had said, and let it start again."""
        self._process.kill()
        self._process.join()
        assert self._process.exitcode == -9
        self.kills += 1
        self.listen(0)
        # Now, before anybody can make up for it. The store is opened anew, as after a crash.
        with LabelStore(self._arguments[0]) as store:
            for one in self.saved - self._checked:
                found = store.round(one)
                assert (found.status, found.labels) == ("answered", labels_of(one))
                assert tuple(store.actions(one)) == actions_of(one)
        self._checked = set(self.saved)
        self._start()

    def stop(self):
        """End it for good."""
        self._process.kill()
        self._process.join()


def play_and_kill(players, kills, timeout=60):
    """Kill each player so many times at random moments, then let all play to the end."""
    rng, end = random.Random(), time.monotonic() + timeout
    try:
        while not all(one.done for one in players):
            assert time.monotonic() < end, [(one.kills, len(one.saved)) for one in players]
            for one in players:
                if not one.done:
                    before = len(one.saved)
                    one.listen(rng.uniform(0.0, 0.08))
                    if not one.done and one.kills < kills and (len(one.saved) > before or rng.random() < 0.1):
                        one.kill()
    finally:
        for one in players:
            one.stop()


def check(url, players, number):
    """Compare the store with what the processes said."""
    said = {}
    for name, one in players:
        said.setdefault(name, set()).update(one.saved)
    with LabelStore(url) as store:
        for name, saved in said.items():
            player = store.enter(name)
            results = store.results(player.id, RUN)
            assert saved <= {one.id for one in results}
            # Each map once, and all of them.
            assert Counter(one.cluster_map for one in results) == {f"map{one}": 1 for one in range(number)}
            for one in results:
                assert one.labels == one.labels_at_answer == labels_of(one.id)
                assert tuple(store.actions(one.id)) == actions_of(one.id)
        assert store.active(RUN) == 0
        assert sum(store.counts(RUN).values()) == number * len(said)


def test_killed_at_random_points(processes, url):
    number = 40
    with LabelStore(url) as store:
        add_run(store, number)
    one = Killed(processes, url, "Ada", number)
    play_and_kill([one], kills=8)
    assert one.kills >= 4
    check(url, [("Ada", one)], number)


def test_several_processes_killed_at_once(processes, url, database):
    """Two players, each in two tabs, every tab a process."""
    number = 16
    with LabelStore(url) as store:
        add_run(store, number)
    names = ["Ada", "Grace"] * 2
    tabs = [Killed(processes, url, name, number) for name in names]
    play_and_kill(tabs, kills=2)
    assert sum(one.kills for one in tabs) >= 3
    check(url, list(zip(names, tabs, strict=True)), number)
    if database == "sqlite":
        with contextlib.closing(sqlite3.connect(url)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
