"""HostDesk: the numbers it shows, its switches, and what it answers."""

import csv
import dataclasses
import gc
import io
import json
import subprocess
import sys
import weakref
from types import SimpleNamespace

import pytest
import traitlets
from playing import secret_explanation

import inv_widgets as inv
from inv_widgets.explanation import ClusterMap, Column
from inv_widgets.game.rounds import Action
from inv_widgets.play.game import Game
from inv_widgets.play.rules import Rules
from inv_widgets.run import Run
from inv_widgets.store import progress as store_progress
from inv_widgets.store.exchange_fields import FIELDS
from inv_widgets.store.records import Answer, Choice
from inv_widgets.widgets import desk_coverage, desk_numbers
from inv_widgets.widgets.host_desk import HostDesk


def explanation(number, maps_of_layers):
    """A picture with so many cluster maps in each layer."""
    plain = secret_explanation(number, name=f"picture{number}.jpg", target_name="cat")
    first = plain.columns[0]
    columns = []
    for depth, n_maps in enumerate(maps_of_layers):
        maps = tuple(
            ClusterMap.from_raw(
                first.cluster_maps[0].raw_map, id=f"map{number}{depth}{cluster}", cluster=cluster, channels=[3, 1],
                channel_weights=[30.0, 5.0], channel_thumbnails=first.cluster_maps[0].channel_thumbnails,
            )
            for cluster in range(n_maps)
        )  # fmt: skip
        columns.append(Column(f"conv{depth}", depth, 7, depth + 1, 9, (16, 16), 1.0, first.rest, cluster_maps=maps))
    return dataclasses.replace(plain, columns=tuple(columns))


@pytest.fixture
def store(tmp_path):
    with inv.LabelStore(tmp_path / "labels.db") as opened:
        yield opened


@pytest.fixture
def game(store):
    rules = Rules(title="Sea & sky", retire_after=2, gold=["map102"], categories=["cat", "dog"])
    return Game(Run([explanation(0, (2, 1)), explanation(1, (3,))]), store, rules)


@pytest.fixture
def clock(monkeypatch):
    """Let time stand still until a test moves it."""
    now = [1000.0]
    monkeypatch.setattr(desk_numbers, "time", SimpleNamespace(monotonic=lambda: now[0]))
    return now


def play(game, nickname, cluster_map, *labels, outcome="won", points=50, gold=False, seconds=4.0):
    player = game.store.enter(nickname, on_leaderboard=nickname != "shy")
    record = game.maps[cluster_map].record
    choice = Choice(cluster_map, truth="cat", gold=gold, times_seen=0, steps=6, share=2.0, record=record)
    opened = game.store.open_round(player.id, game.run_id, lambda _: choice)
    guess = {"won": "cat", "lost": "dog"}.get(outcome)
    given = Answer(outcome, guess, points, labels, "en", (Action("answer", seconds),), seconds)
    game.store.answer(opened.id, player.id, given)
    return player, opened


def test_before_anybody_plays(game):
    desk = HostDesk(game)
    assert desk._desk == {
        "turn": 1, "title": "Sea & sky", "status": "running", "link": None, "qr": None, "n_players": 0, "n_active": 0,
        "n_rounds": 0, "won": 0, "lost": 0, "resigned": 0, "skipped": 0, "withdrawn": 0, "labels": 0, "n_maps": 6,
        "n_played": 0, "n_retired": 0, "retire_after": 2, "median_seconds": None,
        "coverage": {
            "pictures": ["picture0.jpg", "picture1.jpg"],
            "numbers": [1, 2],
            "n_pictures": 2,
            "layers": list(game.layers.values()),
            "cells": [
                [{"maps": 2, "played": 0, "rounds": 0}, {"maps": 1, "played": 0, "rounds": 0}],
                [{"maps": 3, "played": 0, "rounds": 0}, None],
            ],
        },
        "agreement": {"guess_right": None, "shared_label": None, "pairs": 0, "same_guess": None},
        "leaderboard": [], "players": [], "trouble": None,
    }  # fmt: skip
    assert json.loads(json.dumps(desk._desk)) == desk._desk
    assert (desk.game, desk.link, desk.language) == (game, None, "en")


def test_the_numbers(game):
    play(game, "Ada", "map000", "wheel", "door", seconds=2.0)
    play(game, "Bob", "map000", "Wheel", outcome="lost", points=0, seconds=4.0)
    play(game, "shy", "map000", "wing", outcome="resigned", points=0, seconds=9.0)
    play(game, "Ada", "map102", "wing", gold=True, points=60, seconds=1.0)
    play(game, "Bob", "map102", "wing", gold=True, seconds=1.0)
    player, opened = play(game, "Ada", "map010", "roof")
    game.store.withdraw(opened.id, player.id)
    desk = HostDesk(game)._desk
    assert (desk["n_players"], desk["n_active"], desk["n_rounds"]) == (3, 0, 5)
    assert (desk["won"], desk["lost"], desk["resigned"], desk["withdrawn"], desk["labels"]) == (3, 1, 1, 1, 6)
    assert (desk["n_maps"], desk["n_played"], desk["n_retired"]) == (6, 2, 1)  # gold never retires
    assert desk["median_seconds"] == 2.0
    assert desk["coverage"]["cells"] == [
        [{"maps": 2, "played": 1, "rounds": 3}, {"maps": 1, "played": 0, "rounds": 0}],
        [{"maps": 3, "played": 1, "rounds": 2}, None],
    ]
    # map000: Ada and Bob share "wheel", nobody shares with shy; map102: both say "wing".
    assert desk["agreement"] == {"guess_right": 0.75, "shared_label": 0.5, "pairs": 4, "same_guess": 0.5}
    assert desk["leaderboard"] == [
        {"nickname": "Ada", "points": 110, "rounds": 2, "wins": 2},
        {"nickname": "Bob", "points": 50, "rounds": 2, "wins": 1},
    ]
    assert [(one["nickname"], one["rounds"]) for one in desk["players"]] == [("Ada", 2), ("Bob", 2), ("shy", 1)]
    assert desk["players"][0]["last_seen"].endswith("Z")


def test_many_desks_count_once(game, clock, monkeypatch):
    counted = []
    count = desk_numbers.progress
    monkeypatch.setattr(desk_numbers, "progress", lambda *given: counted.append(1) or count(*given))
    desks = [HostDesk(game) for _ in range(5)]
    for desk in desks:
        desk._refresh()
    assert len(counted) == 1
    play(game, "Ada", "map000", "wheel")
    clock[0] += 1.9
    desks[0]._refresh()
    assert (len(counted), desks[0]._desk["n_rounds"], desks[0]._desk["turn"]) == (1, 0, 1)
    clock[0] += 0.2
    for desk in desks:
        desk._refresh()
    assert len(counted) == 2
    assert [(desk._desk["n_rounds"], desk._desk["turn"]) for desk in desks] == [(1, 2)] * 5


def test_what_did_not_change_is_not_sent(game, clock):
    desk = HostDesk(game)
    changes = []
    desk.observe(changes.append, "_desk")
    clock[0] += 60
    desk._refresh()
    assert changes == []


def test_agreement_is_counted_every_15_seconds(game, clock, monkeypatch):
    counted = []
    monkeypatch.setattr(desk_numbers, "agreement", lambda *given: counted.append(1) or store_progress.agreement(*given))
    desk = HostDesk(game)
    for _ in range(7):
        clock[0] += 2.1
        desk._refresh()
    assert len(counted) == 1
    clock[0] += 0.5
    desk.refresh()
    assert len(counted) == 2


def test_who_is_forgotten_leaves_agreement_at_once(game, clock, from_browser):
    play(game, "Ada", "map000", "wheel")
    play(game, "Bob", "map000", "wheel")
    desk = HostDesk(game)
    assert desk._desk["agreement"]["pairs"] == 1
    from_browser(desk, {"kind": "forget", "player": "Bob", "id": 1})
    assert desk._desk["agreement"]["pairs"] == 0


def test_gold_does_not_retire_even_if_it_was_played_before_it_was_gold(game):
    for nickname in ("Ada", "Bob"):
        play(game, nickname, "map102", "wing", gold=False)
    desk = HostDesk(game)._desk
    assert (desk["n_played"], desk["n_retired"]) == (1, 0)


def test_a_game_is_not_kept_by_its_numbers(store):
    game = Game(Run([explanation(0, (1,))]), store)
    desk_numbers.numbers_of(game).of(game)
    found = weakref.ref(game)
    del game
    gc.collect()
    assert found() is None


def test_messages(game, from_browser):
    desk = HostDesk(game)
    play(game, "Ada", "map000", "wheel")
    answers = from_browser(desk, {"kind": "status", "status": "paused", "id": "a-1"})
    assert answers == [({"id": "a-1", "ok": True, "status": "paused"}, [])]
    assert game.store.status(game.run_id) == "paused"
    assert (desk._desk["status"], desk._desk["n_rounds"]) == ("paused", 1)
    assert from_browser(desk, {"kind": "refresh", "id": "a-2"}) == [({"id": "a-2", "ok": True}, [])]
    assert from_browser(desk, {"kind": "forget", "player": "ada", "id": "a-3"})[0][0] == {
        "id": "a-3", "ok": True, "rounds": 1,
    }  # fmt: skip
    assert (desk._desk["n_rounds"], desk._desk["players"], desk._desk["leaderboard"]) == (0, [], [])
    assert len(game.store.rounds()) == 0


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_export(game, from_browser, kind):
    play(game, "Ada", "map000", "wheel")
    game.store.add_run("else", "Else", ["another"])
    answer, buffers = from_browser(HostDesk(game), {"kind": "export", "format": kind, "id": 1})[0]
    types = {"csv": "text/csv", "jsonl": "application/x-ndjson", "parquet": "application/vnd.apache.parquet"}
    assert answer["ok"]
    assert answer["type"] == types[kind]
    assert answer["name"].startswith("sea-sky-20")
    assert answer["name"].endswith(f".{kind}")
    assert len(buffers) == 1
    if kind == "csv":
        rows = list(csv.reader(io.StringIO(buffers[0].decode())))
        assert rows[0] == list(FIELDS)
        assert len(rows) == 2


@pytest.mark.parametrize(
    "message",
    [
        {}, {"kind": "fly"}, {"kind": ["status"]}, {"kind": "refresh", "more": 1}, {"kind": "status"},
        {"kind": "status", "status": "over"}, {"kind": "status", "status": ["paused"]}, {"kind": "export"},
        {"kind": "export", "format": "xlsx"}, {"kind": "export", "format": {}}, {"kind": "forget", "player": ""},
        {"kind": "forget", "player": 3}, {"kind": "forget", "player": "Ada", "all": True},
    ],
)  # fmt: skip
def test_messages_that_are_refused(game, from_browser, message):
    play(game, "Ada", "map000", "wheel")
    answer, buffers = from_browser(HostDesk(game), message | {"id": 7})[0]
    assert (answer["id"], answer["code"], answer["retry"], buffers) == (7, "bad-message", False, None)
    assert answer["error"].startswith("[inv-widgets] ")
    assert game.store.status(game.run_id) == "running"
    assert len(game.store.rounds()) == 1


def test_who_is_not_there_cannot_be_forgotten(game, from_browser):
    answer, _ = from_browser(HostDesk(game), {"kind": "forget", "player": "nobody", "id": 7})[0]
    assert (answer["code"], answer["retry"]) == ("player-unknown", False)


def test_trouble_of_the_store_is_shown_beside_the_last_numbers(game, clock, from_browser, tmp_path):
    play(game, "Ada", "map000", "wheel")
    desk = HostDesk(game)
    (tmp_path / "labels.db").rename(tmp_path / "moved.db")
    assert from_browser(desk, {"kind": "refresh", "id": 1})[0][0]["ok"]
    clock[0] += 3
    assert from_browser(desk, {"kind": "refresh", "id": 2})[0][0]["ok"]
    assert desk._desk["trouble"]["code"] == "store-gone"
    assert desk._desk["n_rounds"] == 1
    answer, _ = from_browser(desk, {"kind": "status", "status": "paused", "id": 3})[0]
    assert answer["code"] == "store-gone"
    (tmp_path / "moved.db").rename(tmp_path / "labels.db")
    clock[0] += 3
    from_browser(desk, {"kind": "refresh", "id": 4})
    assert desk._desk["trouble"] is None


def test_the_browser_cannot_set_the_numbers(game):
    desk = HostDesk(game)
    desk.set_state({"_desk": {"turn": 99}, "language": "it"})
    assert desk._desk["turn"] == 1
    assert desk.language == "it"


def test_a_link_and_its_code(game):
    desk = HostDesk(game, link="http://192.168.1.20:8765/")
    assert desk._desk["link"] == desk.link == "http://192.168.1.20:8765/"
    code = desk._desk["qr"]
    assert len(code) == len(code[0]) >= 21
    assert {module for row in code for module in row} == {0, 1}
    finder = [[1] * 7, [1, 0, 0, 0, 0, 0, 1], [1, 0, 1, 1, 1, 0, 1]]
    assert [row[:7] for row in code[:3]] == finder  # a corner: no quiet zone around it
    desk.refresh()
    assert desk._desk["qr"] == code


def test_without_segno_there_is_no_code(game, monkeypatch):
    monkeypatch.setitem(sys.modules, "segno", None)
    desk = HostDesk(game, link="http://192.168.1.20:8765/")
    assert (desk._desk["link"], desk._desk["qr"]) == ("http://192.168.1.20:8765/", None)


def test_what_it_does_not_take(game):
    with pytest.raises(TypeError, match=r"game=3 is an int: give an inv.Game"):
        HostDesk(3)
    with pytest.raises(TypeError, match=r"link=3 is an int: give an address"):
        HostDesk(game, link=3)
    with pytest.raises(TypeError, match=r"HostDesk has no argument 'langauge'. Did you mean 'language'"):
        HostDesk(game, langauge="it")
    with pytest.raises(traitlets.TraitError, match="give one of 'en', 'it'"):
        HostDesk(game, language="de")
    with pytest.raises(traitlets.TraitError, match="height"):
        HostDesk(game, height=3)
    assert inv.HostDesk is HostDesk
    assert repr(HostDesk(game)) == f"HostDesk({game!r})"


def test_a_game_on_screen_is_no_game_of_its_own(game):
    shown = inv.RevealGame(game, player="ada")
    with pytest.raises(TypeError, match=r"give an inv.Game \(a RevealGame has one: reveal_game.game\)"):
        HostDesk(shown)
    assert HostDesk(shown.game)._desk["n_active"] == 1
    shown.close()


def test_it_needs_neither_torch_nor_sklearn():
    code = (
        "import sys; import inv_widgets.widgets.host_desk; "
        "print([name for name in ('torch', 'sklearn') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_of_many_pictures_those_with_the_most_rounds_are_shown(game, monkeypatch):
    monkeypatch.setattr(desk_coverage, "MOST_PICTURES", 1)
    assert HostDesk(game)._desk["coverage"]["pictures"] == ["picture0.jpg"]
    play(game, "Ada", "map100", "wheel")
    desk = HostDesk(game)
    desk.refresh()
    shown = desk._desk["coverage"]
    assert (shown["pictures"], shown["numbers"], shown["n_pictures"]) == (["picture1.jpg"], [2], 2)
    assert shown["cells"] == [[{"maps": 3, "played": 1, "rounds": 1}, None]]
