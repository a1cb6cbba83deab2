"""What the host sees, worked out by hand on a small game; and that it costs little on a big one."""

import dataclasses
import datetime as dt

import pytest
from simple_game import RUN, add_run, answer, choice, play, records, taking
from sqlalchemy import event, insert

from inv_widgets.labels.agreement import Agreement
from inv_widgets.store import schema
from inv_widgets.store.errors import StoreError
from inv_widgets.store.label_store import LabelStore
from inv_widgets.store.progress import agreement, progress


@pytest.fixture
def players(store):
    add_run(store)
    return {name: store.enter(name) for name in ("Ada", "Bob", "Eve")}


def test_before_anybody_plays(store):
    add_run(store)
    found = progress(store, RUN)
    assert (found.n_rounds, found.won, found.labels, found.n_active, found.players) == (0, 0, 0, 0, ())
    assert found.median_seconds is None
    assert found.rounds_of == found.quotas == {}
    assert agreement(store, RUN).shared_label == agreement(store, RUN).same_guess == Agreement(0, 0)


def test_rounds_by_how_they_ended(store, players):
    ada, bob, eve = players.values()
    play(store, ada, "map0", "wheel", "door", seconds=4.0)
    play(store, bob, "map0", "Wheel", outcome="lost", points=0, seconds=8.0)
    play(store, eve, "map0", outcome="resigned", points=0, seconds=None)
    play(store, ada, "map1", "wing", gold=True, seconds=20.0)
    withdrawn = play(store, bob, "map1", "wing", seconds=1000.0)
    store.withdraw(withdrawn.id, bob.id)
    skipped = store.open_round(eve.id, RUN, taking("map1"))
    store.skip(skipped.id, eve.id, [])
    found = progress(store, RUN)
    assert (found.n_rounds, found.won, found.lost, found.resigned) == (4, 2, 1, 1)
    assert (found.skipped, found.withdrawn, found.labels) == (1, 1, 4)
    assert found.median_seconds == 8.0
    assert found.rounds_of == {"map0": 3, "map1": 1}
    assert found.quotas == {"map0": 3} == store.counts(RUN)
    assert {one.nickname: one.rounds for one in found.players} == {"Ada": 2, "Bob": 1, "Eve": 1}
    assert [one.nickname for one in found.players] == ["Eve", "Bob", "Ada"]  # seen last, first
    assert found.players[0].last_seen.tzinfo == dt.timezone.utc


def test_corrections_do_not_change_what_was_said_before(store, players):
    ada, bob, _ = players.values()
    play(store, ada, "map0", "wheel")
    other = play(store, bob, "map0", "tyre")
    assert agreement(store, RUN).shared_label == Agreement(1, 0)
    store.correct(other.id, bob.id, ["wheel", "tyre"], "en")  # after seeing what Ada said
    assert agreement(store, RUN).shared_label == Agreement(1, 0)
    assert progress(store, RUN).labels == 2


def test_agreement(store, players):
    ada, bob, eve = players.values()
    play(store, ada, "map0", "Wheel ", "door")
    play(store, bob, "map0", "wheel", outcome="lost", points=0)
    play(store, eve, "map0", "window")
    play(store, ada, "map1", "wing")
    play(store, bob, "map1", "wing")
    play(store, eve, "map1", outcome="resigned", points=0)
    found = agreement(store, RUN)
    assert found.shared_label == Agreement(pairs=4, agreeing=2)  # map0: 1 of 3; map1: 1 of 1, for Eve said nothing
    assert found.same_guess == Agreement(pairs=4, agreeing=2)  # map0: cat, dog, cat: 1 of 3; map1: cat, cat


def test_who_is_playing_now(store, players):
    ada, bob, _ = players.values()
    store.open_round(ada.id, RUN, taking("map0"), lease_seconds=60)
    store.open_round(bob.id, RUN, taking("map1"), lease_seconds=600)
    now = dt.datetime.now(dt.timezone.utc)
    assert progress(store, RUN).n_active == store.active(RUN) == 2
    assert progress(store, RUN, now=now + dt.timedelta(seconds=120)).n_active == 1
    assert progress(store, RUN, now=now + dt.timedelta(seconds=1200)).n_active == 0
    assert [one.rounds for one in progress(store, RUN).players] == [0, 0]


def test_runs_share_cluster_maps(store, players):
    ada = players["Ada"]
    store.add_run("wider", "Wider", [f"map{one}" for one in range(8)])
    store.add_run("else", "Else", ["map20"])
    play(store, ada, "map0", "wheel")
    store.answer(store.open_round(ada.id, "wider", lambda _: choice("map7")).id, ada.id, answer("wing"))
    assert progress(store, RUN).rounds_of == {"map0": 1}
    assert progress(store, "wider").rounds_of == {"map0": 1, "map7": 1}
    assert progress(store, "wider").quotas == store.counts("wider")
    assert progress(store, "else").n_rounds == 0


def test_a_median_of_an_even_number(store, players):
    ada, bob, _ = players.values()
    play(store, ada, "map0", seconds=2.0)
    play(store, bob, "map0", seconds=5.0)
    assert progress(store, RUN).median_seconds == 3.5


def fill(store, n_players=300, rounds_each=34):
    """300 simulated players with 34 rounds each, two labels a round."""
    now = dt.datetime.now(dt.timezone.utc)
    add_run(store, 200)
    people = [
        {
            "id": f"p{one}", "store": store.id, "nickname": f"simulated {one}", "nickname_key": f"simulated {one}",
            "language": "en", "on_leaderboard": True, "created_at": now,
        }
        for one in range(n_players)
    ]  # fmt: skip
    rows, said = [], []
    for place in range(n_players * rounds_each):
        player, turn = divmod(place, rounds_each)
        rows.append({
            "id": f"round{place}", "run_id": RUN, "cluster_map_id": f"map{(player * 7 + turn) % 200}",
            "player_id": f"p{player}", "status": "answered", "gold": False, "times_seen": 0, "step": 1, "steps": 6,
            "share": 4.5, "guess": "cat", "truth": "cat", "outcome": "won", "points": 84, "language": "en",
            "seconds": 5.0 + turn, "started_at": now, "answered_at": now, "leased_until": now, "labels_version": 1,
            "app_version": "0",
        })  # fmt: skip
        said += [
            {
                "round_id": f"round{place}", "version": 1, "position": k, "text": f"word {(place + 31 * k) % 60}",
                "language": "en", "after_reveal": False, "written_at": now,
            }
            for k in range(2)
        ]  # fmt: skip
    with store.database.writing(alone=True) as connection:
        maps = [dataclasses.asdict(one) for one in records(200)]
        links = [{"run_id": RUN, "cluster_map_id": one["id"]} for one in maps]
        tables = (schema.cluster_maps, schema.run_cluster_maps, schema.players, schema.rounds, schema.labels)
        for table, values in zip(tables, (maps, links, people, rows, said), strict=True):
            connection.execute(insert(table), values)
    return len(rows)


def test_ten_thousand_rounds_take_few_statements(store):
    number = fill(store)
    statements = []
    event.listen(store.database._engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    found = progress(store, RUN)
    assert len(statements) <= 5
    assert found.n_rounds == found.won == number == 10_200
    assert found.labels == 2 * number
    assert len(found.players) == 300
    assert sum(found.rounds_of.values()) == number
    statements.clear()
    assert agreement(store, RUN).same_guess.share == 1.0
    assert len(statements) <= 3


def test_a_store_that_is_gone_says_so(tmp_path):
    with LabelStore(tmp_path / "labels.db") as store:
        add_run(store)
        (tmp_path / "labels.db").unlink()
        with pytest.raises(StoreError) as caught:
            progress(store, RUN)
        assert caught.value.code == "store-gone"
