"""Several at once: double clicks, two tabs, resending after a reconnect, processes that share a store."""

import json
import threading

import pytest
from simple_game import RUN, add_run, answer, choice, in_order, play, taking

from inv_widgets.game.rounds import Action
from inv_widgets.store.errors import NicknameTakenError
from inv_widgets.store.label_store import LabelStore


@pytest.fixture
def tabs(url):
    """Give stores on one database, as several processes have them, with a run."""
    stores = [LabelStore(url) for _ in range(2)]
    add_run(stores[0])
    yield stores
    for one in stores:
        one.close()


def at_once(stores, do, threads=6):
    """Let threads do something at one moment, each with one of the stores; give what came of it."""
    barrier, outcomes = threading.Barrier(threads), [None] * threads

    def run(number):
        barrier.wait()
        try:
            outcomes[number] = do(stores[number % len(stores)], number)
        except Exception as error:  # noqa: BLE001 (raised below)
            outcomes[number] = error

    started = [threading.Thread(target=run, args=(number,)) for number in range(threads)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join(60)
    unexpected = [one for one in outcomes if isinstance(one, Exception) and not isinstance(one, NicknameTakenError)]
    if unexpected:
        raise unexpected[0]
    return outcomes


def test_opening_at_once_opens_one_round(tabs):
    ada = tabs[0].enter("Ada")
    opened = at_once(tabs, lambda store, number: store.open_round(ada.id, RUN, taking(f"map{number}")))
    assert len({one.id for one in opened}) == 1


def test_answering_at_once_keeps_one_answer_whole(tabs):
    ada = tabs[0].enter("Ada")
    opened = tabs[0].open_round(ada.id, RUN, taking("map0"))
    done = at_once(
        tabs,
        lambda store, number: store.answer(
            opened.id,
            ada.id,
            answer(f"a{number}", f"b{number}", points=number, actions=[Action(f"kind {number}", 1.0)]),
        ),
    )
    assert len(set(done)) == 1
    number = done[0].points
    assert done[0].labels == (f"a{number}", f"b{number}")
    assert tabs[1].actions(opened.id) == [Action(f"kind {number}", 1.0)]
    assert tabs[1].results(ada.id, RUN) == [done[0]]


def test_answering_and_skipping_at_once(tabs):
    for number in range(4):
        player = tabs[0].enter(f"Player {number}")
        opened = tabs[0].open_round(player.id, RUN, taking("map0"))
        at_once(
            tabs,
            lambda store, number, opened=opened, player=player: (
                store.answer(opened.id, player.id, answer("fur"))
                if number % 2
                else store.skip(opened.id, player.id, [Action("skip", 1.0)])
            ),
            threads=4,
        )
        # Whichever was first, the words are there.
        done = tabs[1].round(opened.id)
        assert (done.status, done.labels) == ("answered", ("fur",))
        assert [one.kind for one in tabs[1].actions(opened.id)] == ["show", "label", "answer"]


def test_revealing_at_once_ends_at_the_furthest(tabs):
    ada = tabs[0].enter("Ada")
    opened = tabs[0].open_round(ada.id, RUN, taking("map0"))
    steps = at_once(tabs, lambda store, number: store.reveal(opened.id, ada.id, number, float(number)))
    assert all(step >= number for number, step in enumerate(steps))
    found = tabs[0].round(opened.id)
    assert (found.step, found.share) == (5, 5.0)


def test_correcting_at_once_keeps_every_version_whole(tabs):
    ada = tabs[0].enter("Ada")
    done = play(tabs[0], ada, "map0", "fur")
    at_once(tabs, lambda store, number: store.correct(done.id, ada.id, [f"a{number}", f"b{number}"], "en"))
    with tabs[0].database.reading() as connection:
        rows = connection.exec_driver_sql("SELECT version, text FROM labels ORDER BY version, position").all()
    versions = {}
    for version, text in rows:
        versions.setdefault(version, []).append(text)
    assert versions.pop(1) == ["fur"]
    assert sorted(versions) == [2, 3, 4, 5, 6, 7]
    assert sorted(versions.values()) == [[f"a{number}", f"b{number}"] for number in range(6)]


def test_a_nickname_goes_to_one(tabs):
    entered = at_once(tabs, lambda store, number: store.enter("Ada", secret=f"secret {number}"))
    taken = [one for one in entered if isinstance(one, NicknameTakenError)]
    assert len(taken) == 5
    again = at_once(tabs, lambda store, _: store.enter("Grace", secret="same"))
    assert len({one.id for one in again}) == 1


def test_adding_a_run_at_once(tabs):
    at_once(tabs, lambda store, _: add_run(store, 30, "other"))
    with tabs[0].database.reading() as connection:
        rows = connection.exec_driver_sql("SELECT ids FROM run_members WHERE run_id = 'other'").all()
    assert sorted(one for row in rows for one in json.loads(row.ids)) == sorted(f"map{one}" for one in range(30))


def test_players_who_come_at_once_get_different_maps(tabs):
    players = [tabs[0].enter(f"Player {number}") for number in range(6)]

    def free(situation):
        taken = {lease.cluster_map for lease in situation.leases}
        return choice(next(f"map{number}" for number in range(6) if f"map{number}" not in taken))

    opened = at_once(tabs, lambda store, number: store.open_round(players[number].id, RUN, free))
    assert sorted(one.cluster_map for one in opened) == [f"map{number}" for number in range(6)]


def test_a_class_that_plays_at_once(tabs):
    """Twelve threads, twelve players, all maps: no error, none lost, none doubled."""

    def play_all(store, number):
        player = store.enter(f"Player {number}")
        while opened := store.open_round(player.id, RUN, in_order(6)):
            store.reveal(opened.id, player.id, 1, 4.5)
            store.answer(opened.id, player.id, answer(f"word {number}"))
        return len(store.results(player.id, RUN))

    assert at_once(tabs, play_all, threads=12) == [6] * 12
    assert tabs[0].counts(RUN) == {f"map{number}": 12 for number in range(6)}
