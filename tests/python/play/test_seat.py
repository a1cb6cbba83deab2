"""A seat: whole rounds, and everything that can come between."""

import dataclasses
import sqlite3
import threading

import numpy as np
import pytest

from inv_widgets.game.masked_pictures import masked_picture
from inv_widgets.play.seat import Seat
from inv_widgets.play.standing import statistics_of
from inv_widgets.store.errors import StoreError

ROUND = {
    "turn", "kind", "round", "number", "of", "step", "image", "image_type", "width", "height", "choices", "left_ms",
    "paused", "score",
}  # fmt: skip
RESULT = {
    "turn", "kind", "round", "number", "of", "outcome", "guess", "truth", "points", "step", "image", "image_type",
    "width", "height", "window", "map", "map_height", "map_width", "picture", "layer_title", "weight", "labels",
    "language", "others", "n_others", "withdrawn", "corrected", "score", "last",
}  # fmt: skip
SETTINGS = {
    "game", "title", "information", "consent", "asks_nickname", "player", "categories", "shares", "seconds",
    "features_required", "max_labels", "max_label_length", "leaderboard", "show_others", "picture_size",
}  # fmt: skip


def rows(store, table):
    path = store.url.split("sqlite:///")[-1]
    with sqlite3.connect(path) as connection:
        return connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]


def test_a_whole_round(new_game, sit, run, pixels, store):
    game = new_game()
    ada = sit(game)
    assert set(ada.seat.settings) == SETTINGS
    assert ada.seat.settings["categories"] == ["cat", "dog", "owl"]
    screen = ada.screen
    assert set(screen) == ROUND
    assert (screen["kind"], screen["step"], screen["number"], screen["of"]) == ("round", 0, 1, 12)
    assert (screen["left_ms"], screen["paused"], screen["choices"]) == (None, False, None)
    assert screen["score"] == {"points": 0, "wins": 0, "losses": 0, "resigns": 0, "streak": 0, "best_streak": 0}
    playing = game.maps[ada.cluster_map()]
    explanation = run[playing.place]
    cluster_map = next(shown for _, shown in explanation.cluster_maps() if shown.id == playing.record.id)
    for step in range(6):
        if step:
            assert ada.show() == {"ok": True}
        assert ada.screen["step"] == step
        assert ada.screen["turn"] == screen["turn"] + step
        np.testing.assert_array_equal(pixels(ada.screen["image"]), masked_picture(explanation, cluster_map, step))
        assert store.round(screen["round"]).step == step  # written down before it is shown
    assert ada.answer(playing.truth, ["ear ", "ear", "", "Snout"]) == {"ok": True, "saved": True, "again": False}
    result = ada.screen
    assert set(result) == RESULT
    assert (result["outcome"], result["guess"], result["truth"]) == ("won", playing.truth, playing.truth)
    assert (result["points"], result["step"], result["labels"], result["language"]) == (20, 5, ["ear", "Snout"], "en")
    assert (result["picture"], result["layer_title"]) == (explanation.name, playing.title)
    assert (result["number"], result["of"], result["last"], result["withdrawn"]) == (1, 12, False, False)
    assert (result["others"], result["n_others"], result["corrected"]) == ([], 0, False)
    np.testing.assert_array_equal(pixels(result["image"]), explanation.picture)
    assert result["score"]["points"] == 20
    stored = store.round(result["round"])
    assert (stored.status, stored.outcome, stored.guess, stored.labels) == (
        "answered",
        "won",
        playing.truth,
        ("ear", "Snout"),
    )
    assert [action.kind for action in store.actions(result["round"])] == ["guess", "answer"]
    assert ada.say("next") == {"ok": True}
    assert (ada.screen["kind"], ada.screen["number"], ada.screen["of"]) == ("round", 2, 12)


def test_nothing_but_what_may_be_seen(new_game, sit):
    ada = sit(new_game())
    one = ada.seat.game.maps[ada.cluster_map()]
    told = repr({name: value for name, value in ada.screen.items() if name != "image"}) + repr(ada.seat)
    for secret in (one.truth, one.record.id, one.record.picture, one.record.picture_hash, one.record.layer, one.title):
        assert secret not in told


def test_steps_come_one_by_one(new_game, sit):
    ada = sit(new_game())
    assert ada.show(2)["code"] == "bad-message"
    assert ada.screen["step"] == 0
    assert ada.show(1) == {"ok": True}
    turn = ada.screen["turn"]
    assert ada.show(1) == {"ok": True}  # a double click
    assert ada.show(0) == {"ok": True}
    assert (ada.screen["step"], ada.screen["turn"]) == (1, turn)
    for step in range(2, 6):
        ada.show(step)
    assert ada.show(6)["code"] == "bad-message"
    assert ada.say("show", round="another", step=1)["code"] == "round-over"


def test_an_answer_counts_once(new_game, sit, store):
    ada = sit(new_game())
    message = ada.answer_message(ada.truth())
    assert ada.seat.handle(message) == {"ok": True, "saved": True, "again": False}
    result = ada.screen
    changed = message | {"guess": "owl", "labels": ["other"]}
    assert ada.seat.handle(changed) == {"ok": True, "saved": True, "again": True}
    assert ada.screen == result
    assert ada.say("next") == {"ok": True}
    turn = ada.screen["turn"]
    assert ada.seat.handle(changed)["again"]
    assert ada.screen["kind"] == "round"
    assert ada.screen["turn"] > turn
    assert ada.screen["score"]["wins"] == 1
    assert rows(store, "rounds") == 2
    assert store.round(message["round"]).labels == ("ear",)


def test_two_seats_of_one_player_share_a_round(new_game, sit, store):
    game = new_game()
    one, two = sit(game), sit(game)
    assert one.screen["round"] == two.screen["round"]
    one.show()
    threads = [
        threading.Thread(target=seat.seat.handle, args=(seat.answer_message("dog", [name]),))
        for seat, name in ((one, "a"), (two, "b"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert one.screen["kind"] == two.screen["kind"] == "result"
    assert one.screen["labels"] == two.screen["labels"]
    assert rows(store, "rounds") == 1
    assert rows(store, "labels") == 1


def test_what_another_tab_did_is_seen_when_more_is_wanted(new_game, sit):
    game = new_game()
    one, two, elsewhere = sit(game), sit(game), sit(new_game())
    one.say("pause", round=one.screen["round"])
    assert two.show() == {"ok": True}
    assert (two.screen["paused"], "image" in two.screen) == (True, False)
    two.say("resume", round=two.screen["round"])
    one.answer("dog", ["ear"])
    assert two.show() == {"ok": True}
    assert (two.screen["kind"], two.screen["labels"], two.screen["step"]) == ("result", ["ear"], 0)
    assert two.screen["score"] == one.screen["score"]
    assert two.seat.answered_pictures == one.seat.answered_pictures
    assert elsewhere.show() == {"ok": True}
    assert (elsewhere.screen["kind"], elsewhere.screen["labels"]) == ("result", ["ear"])
    assert one.say("next") == two.say("next") == {"ok": True}
    skipped = one.screen["round"]
    assert (two.screen["round"], two.screen["number"]) == (skipped, one.screen["number"])
    one.skip()
    assert two.show() == {"ok": True}
    assert two.screen["round"] == one.screen["round"] != skipped


def test_a_seat_takes_up_the_open_round(new_game, sit, run, store):
    first = sit(new_game())
    first.show()
    first.show()
    message = first.answer_message(first.truth())
    again = sit(new_game(run))  # the kernel was restarted
    assert (again.screen["round"], again.screen["step"]) == (first.screen["round"], 2)
    assert again.seat.handle(message) == {"ok": True, "saved": True, "again": False}
    assert again.screen["points"] == 100 - 2 * 16
    assert first.seat.handle(message)["again"]
    assert first.screen["kind"] == "result"
    assert rows(store, "rounds") == 1


def test_an_answer_to_another_round_that_waited_in_the_browser(new_game, sit, store):
    game = new_game()
    one = sit(game)
    message = one.answer_message(one.truth())
    two = sit(game)
    two.answer("owl")
    two.say("next")
    turn = two.screen["turn"]
    assert two.seat.handle(message) == {"ok": True, "saved": True, "again": True}
    assert two.screen["kind"] == "round"
    assert two.screen["turn"] == turn + 1


def test_rounds_that_are_not_there_or_not_ones_own(new_game, sit):
    game = new_game()
    ada, bob = sit(game), sit(game, "bob")
    for token in ("nothing", bob.screen["round"]):
        answer = ada.seat.handle(ada.answer_message() | {"round": token})
        assert (answer["code"], answer["retry"]) == ("round-unknown", False)
        assert ada.say("correct", round=token, labels=["x"], language="en")["code"] == "round-unknown"
        assert ada.say("withdraw", round=token, withdrawn=True)["code"] == "round-unknown"
        for kind in ("pause", "resume"):
            assert ada.say(kind, round=token)["code"] == "round-over"
        assert ada.say("skip", round=token, actions=[])["code"] == "round-over"
    assert bob.screen["kind"] == "round"


def test_an_answer_must_be_whole(new_game, sit):
    ada = sit(new_game())
    assert ada.answer(None)["code"] == "guess-needed"
    assert ada.answer("a class that is not there")["code"] == "guess-unknown"
    assert ada.answer("dog", [" "])["code"] == "features-needed"
    assert ada.screen["kind"] == "round"
    assert ada.answer(None, ["what I saw"], resigned=True)["saved"]
    assert (ada.screen["outcome"], ada.screen["guess"], ada.screen["labels"]) == ("resigned", None, ["what I saw"])


def test_only_what_is_offered_can_be_guessed(new_game, sit):
    ada = sit(new_game(categories=["dog", "cat", "owl", "ant", "bee"], choices=2))
    offered = ada.screen["choices"]
    assert ada.truth() in offered
    assert len(offered) == 2
    other = next(name for name in ada.seat.settings["categories"] if name not in offered)
    assert ada.answer(other)["code"] == "guess-unknown"
    assert ada.answer(offered[0])["saved"]


def test_features_can_be_left_out_where_the_rules_say_so(new_game, sit):
    ada = sit(new_game(features_required=False))
    assert ada.answer("dog", [])["saved"]


def test_giving_up_forgets_the_guess(new_game, sit, store):
    ada = sit(new_game())
    token = ada.screen["round"]
    assert ada.answer("dog", [], resigned=True)["saved"]
    assert (store.round(token).guess, store.round(token).outcome) == (None, "resigned")


def test_the_clock_is_the_kernels(new_game, sit, monkeypatch, steady):
    game = new_game(seconds=30)
    monkeypatch.setattr(game.clocks, "now", steady)
    ada = sit(game)
    assert ada.screen["left_ms"] == 30_000
    steady.now = 10
    ada.show()
    assert ada.screen["left_ms"] == 20_000
    ada.say("pause", round=ada.screen["round"])
    steady.now = 100
    ada.say("resume", round=ada.screen["round"])
    assert ada.screen["left_ms"] == 20_000
    steady.now = 110
    assert sit(game).screen["left_ms"] == 10_000  # the page was loaded again
    steady.now = 121.9
    assert ada.show() == {"ok": True}  # pressed in time, came late
    assert ada.screen["left_ms"] == 0
    steady.now = 122.1
    answer = ada.show()
    assert (answer["code"], answer["retry"]) == ("time-over", False)
    assert ada.screen["step"] == 2
    assert ada.answer("dog", [], timeout=True)["saved"]
    assert ada.screen["guess"] == "dog"
    ada.say("next")
    assert ada.screen["left_ms"] == 30_000
    assert ada.answer(None, ["ear"], timeout=True)["saved"]
    assert (ada.screen["outcome"], ada.screen["labels"]) == ("resigned", ["ear"])


def test_a_paused_round_shows_nothing(new_game, sit):
    ada = sit(new_game())
    token, image = ada.screen["round"], ada.screen["image"]
    assert ada.say("pause", round=token) == {"ok": True}
    assert set(ada.screen) == ROUND - {"image"}
    assert ada.screen["paused"]
    assert ada.say("pause", round=token) == {"ok": True}
    assert ada.show()["code"] == "paused"
    assert ada.say("resume", round=token) == {"ok": True}
    assert (ada.screen["paused"], ada.screen["image"]) == (False, image)


def test_the_host_pauses_and_ends_the_game(new_game, sit, store):
    game = new_game()
    ada = sit(game)
    token, message = ada.screen["round"], ada.answer_message()
    store.set_status(game.run_id, "paused")
    assert ada.show() == {"ok": True}
    assert (ada.screen["kind"], ada.screen["reason"]) == ("waiting", "paused")
    assert "image" not in ada.screen
    turn = ada.screen["turn"]
    assert ada.say("poll") == {"ok": True}
    assert ada.screen["turn"] == turn
    assert sit(game, "bob").screen["kind"] == "waiting"
    store.set_status(game.run_id, "running")
    assert ada.say("poll") == {"ok": True}
    assert (ada.screen["kind"], ada.screen["round"], ada.screen["step"]) == ("round", token, 0)
    store.set_status(game.run_id, "paused")
    assert ada.seat.handle(message)["saved"]  # what was done is never lost
    assert ada.screen["kind"] == "result"
    ada.say("next")
    assert ada.screen["kind"] == "waiting"
    store.set_status(game.run_id, "ended")
    ada.say("poll")
    assert (ada.screen["kind"], ada.screen["reason"], ada.screen["can_continue"]) == ("end", "ended", False)
    assert (ada.screen["n_played"], ada.screen["skipped"]) == (1, 0)
    store.set_status(game.run_id, "running")
    ada.say("poll")
    assert ada.screen["kind"] == "round"


def test_the_hosts_pause_stops_the_clock_and_keeps_the_players_own(new_game, sit, store, monkeypatch, steady):
    game = new_game(seconds=30)
    monkeypatch.setattr(game.clocks, "now", steady)
    ada = sit(game)
    steady.now = 10
    store.set_status(game.run_id, "paused")
    ada.say("poll")
    steady.now = 500
    store.set_status(game.run_id, "running")
    ada.say("poll")
    assert (ada.screen["left_ms"], ada.screen["paused"]) == (20_000, False)
    ada.say("pause", round=ada.screen["round"])
    store.set_status(game.run_id, "paused")
    ada.say("poll")
    store.set_status(game.run_id, "running")
    ada.say("poll")
    assert (ada.screen["kind"], ada.screen["paused"]) == ("round", True)


def test_a_skipped_map_comes_back_last(new_game, sit, run):
    ada = sit(new_game(run[:1]))
    skipped, token = ada.cluster_map(), ada.screen["round"]
    assert ada.skip() == {"ok": True}
    assert ada.screen["round"] != token
    assert ada.say("skip", round=token, actions=[])["code"] == "round-over"  # a double click
    played = []
    while ada.screen["kind"] == "round":
        played.append(ada.cluster_map())
        ada.play()
    assert len(played) == len(set(played)) == 4
    assert played[-1] == skipped
    assert (ada.screen["reason"], ada.screen["skipped"], ada.screen["n_played"]) == ("queue", 0, 4)


def test_one_map_that_is_skipped_is_offered_again(explanation, new_game, sit):
    ada = sit(new_game(explanation("a.jpg", "a", 1, maps=1, layers=1)))
    only = ada.cluster_map()
    for _ in range(3):
        ada.skip()
        assert ada.cluster_map() == only
    ada.play("a")
    assert ada.screen["kind"] == "end"
    ada.say("next")
    assert (ada.screen["kind"], ada.screen["reason"]) == ("end", "queue")


def test_a_sitting_ends_and_goes_on(new_game, sit):
    game = new_game(rounds=2)
    ada = sit(game)
    assert (ada.screen["number"], ada.screen["of"]) == (1, 2)
    assert not ada.play()["last"]
    assert sit(game).screen["number"] == 2  # loading the page again is no new sitting
    assert ada.play()["last"]
    assert (ada.screen["reason"], ada.screen["can_continue"], ada.screen["n_played"]) == ("rounds", True, 2)
    ada.say("next")
    assert ada.screen["kind"] == "end"
    assert ada.say("continue") == {"ok": True}
    assert (ada.screen["kind"], ada.screen["number"], ada.screen["of"]) == ("round", 1, 2)
    assert ada.say("continue") == {"ok": True}
    assert ada.screen["kind"] == "round"


def test_the_last_sitting_ends_with_the_queue(new_game, sit, run):
    ada = sit(new_game(run[:1], rounds=4))
    for _ in range(4):
        ada.play()
    assert (ada.screen["reason"], ada.screen["can_continue"]) == ("rounds", False)
    ada.say("continue")
    assert (ada.screen["reason"], ada.screen["can_continue"]) == ("queue", False)


def test_gold_is_never_told(new_game, sit, store):
    ada = sit(new_game(gold=["owl.jpg"], gold_every=3))
    keys, numbers, gold = [], [], []
    while ada.screen["kind"] == "round":
        gold.append(store.round(ada.screen["round"]).gold)
        numbers.append((ada.screen["number"], ada.screen["of"]))
        keys.append((set(ada.screen), set(ada.play())))
    assert 0 < sum(gold) < len(gold)
    assert all(pair == (ROUND, RESULT) for pair in keys)
    assert numbers == [(n, len(gold)) for n in range(1, len(gold) + 1)]


def test_gold_is_not_known_by_how_many_rounds_are_promised(new_game, sit):
    ada = sit(new_game(gold=["owl.jpg"], gold_every=3), trusted=False)
    promised = ada.screen["n_maps"]
    ada.enter()
    assert ada.screen["of"] - 1 <= promised <= ada.screen["of"] + 1
    assert promised > ada.seat.game.n_maps


def test_as_many_rounds_are_promised_as_a_sitting_has(new_game, sit):
    ada = sit(new_game(rounds=2), trusted=False)
    promised = ada.screen["n_maps"]
    ada.enter()
    assert promised == ada.screen["of"] == 2


def test_gold_is_not_known_by_how_many_played_it(new_game, sit, run):
    game = new_game(gold=[next(iter(run[2].cluster_maps()))[1].id], gold_every=2)
    others = {True: [], False: []}
    for number in range(8):
        player = sit(game, f"player {number}")
        for _ in range(4):
            gold = game.maps[player.cluster_map()].gold
            shown = player.play(labels=[f"word {number}"])
            assert sum(one["players"] for one in shown["others"]) == shown["n_others"]
            others[gold].append(shown["n_others"])
    assert len(others[True]) == 8
    assert 0 < max(others[True]) <= max(others[False]) + 1  # of the 7 others who played it


def test_points_streaks_and_withdrawn_rounds(new_game, sit):
    ada = sit(new_game())
    for bonus in (0, 5, 10):
        shown = ada.play(ada.truth())
        assert shown["points"] == 100 + bonus
    assert (shown["score"]["streak"], shown["score"]["best_streak"], shown["score"]["points"]) == (3, 3, 315)
    wrong = next(name for name in ("dog", "cat") if name != ada.truth())
    assert ada.answer(wrong)["saved"]
    assert (ada.screen["outcome"], ada.screen["points"], ada.screen["score"]["streak"]) == ("lost", 0, 0)
    token = ada.screen["round"]
    assert ada.say("withdraw", round=token, withdrawn=True) == {"ok": True, "saved": True}
    assert ada.screen["withdrawn"]
    assert ada.screen["score"] == {
        "points": 315, "wins": 3, "losses": 0, "resigns": 0, "streak": 3, "best_streak": 3,
    }  # fmt: skip
    ada.say("withdraw", round=token, withdrawn=False)
    assert (ada.screen["withdrawn"], ada.screen["score"]["losses"]) == (False, 1)
    withdrawn = ada.screen["picture"]
    ada.say("next")
    assert ada.cluster_map() not in {encounter.cluster_map for encounter in ada.seat._history}
    assert withdrawn


def test_labels_are_corrected_as_a_new_version(new_game, sit, store):
    ada = sit(new_game())
    ada.answer("dog", ["eer"])
    token = ada.screen["round"]
    assert ada.say("correct", round=token, labels=["ear", " ear"], language="it") == {"ok": True, "saved": True}
    assert (ada.screen["labels"], ada.screen["corrected"], ada.screen["kind"]) == (["ear"], True, "result")
    assert (store.round(token).labels, store.round(token).labels_at_answer) == (("ear",), ("eer",))
    assert ada.say("correct", round=token, labels=[], language="en")["code"] == "features-needed"
    ada.say("next")
    assert ada.say("correct", round=token, labels=["late"], language="en")["saved"]
    assert ada.screen["kind"] == "round"
    assert store.round(token).labels == ("late",)
    assert ada.say("correct", round=ada.screen["round"], labels=["x"], language="en")["code"] == "round-unknown"


def test_what_others_said_comes_after(new_game, sit, explanation):
    one = explanation("a.jpg", "dog", 1, maps=1, layers=1)
    game = new_game(one)
    sit(game, "bob").answer("dog", ["Ear", "nose"])
    sit(game, "eve").answer("dog", ["ear"])
    ada = sit(game)
    assert "ear" not in repr(ada.screen).lower().replace("_", "")
    ada.answer("dog", ["tail"])
    assert ada.screen["n_others"] == 2
    assert [(said["text"].lower(), said["players"]) for said in ada.screen["others"]] == [("ear", 2), ("nose", 1)]
    silent = sit(new_game(one, show_others=False), "joe")
    silent.answer("dog", ["tail"])
    assert (silent.screen["others"], silent.screen["n_others"]) == ([], 0)


def test_the_leaderboard_is_by_choice(new_game, sit):
    game = new_game()
    ada, bob = sit(game, trusted=False), sit(game, "bob", trusted=False)
    ada.enter(on_leaderboard=False)
    bob.enter(on_leaderboard=True)
    ada.play(ada.truth())
    bob.play(bob.truth())
    answer = ada.say("leaderboard", on=None)
    assert answer == {
        "ok": True, "on": False,
        "leaderboard": [{"nickname": "bob", "points": 100, "rounds": 1, "wins": 1, "you": False}],
    }  # fmt: skip
    answer = ada.say("leaderboard", on=True)
    assert answer["on"]
    assert {row["nickname"]: row["you"] for row in answer["leaderboard"]} == {"ada": True, "bob": False}
    assert not ada.say("leaderboard", on=False)["on"]
    none = sit(new_game(leaderboard=False), "eve", trusted=False)
    none.enter(on_leaderboard=True)
    assert none.say("leaderboard", on=None)["code"] == "no-leaderboard"
    assert not none.seat.player.on_leaderboard


def test_ones_own_numbers(new_game, sit):
    ada = sit(new_game())
    empty = ada.say("statistics")["statistics"]
    assert (empty["rounds"], empty["mean_step_of_wins"], empty["best_points"], empty["seconds_median"]) == (
        0, None, None, None,
    )  # fmt: skip
    ada.show()
    ada.play(ada.truth(), seconds=4.0)
    ada.play(ada.truth(), seconds=2.0, labels=["a", "b"])
    ada.answer(None, [], resigned=True)
    numbers = ada.say("statistics")["statistics"]
    assert (numbers["rounds"], numbers["wins"], numbers["resigns"], numbers["streak"]) == (3, 2, 1, 0)
    assert (numbers["mean_step_of_wins"], numbers["best_points"], numbers["labels"]) == (0.5, 105, 3)
    assert numbers["seconds_median"] == 2.0
    assert sum(row["rounds"] for row in numbers["by_layer"]) == 3
    assert sum(row["wins"] for row in numbers["by_layer"]) == 2


def test_ones_own_numbers_by_layer_go_from_shallow_to_deep(new_game, sit, store):
    ada = sit(new_game())
    ada.play(ada.truth())
    [one] = store.results(ada.seat.player.id, ada.seat.game.run_id)
    results = [dataclasses.replace(one, cluster_map=name) for name in ("gone", "b", "a", "b")]
    rows = statistics_of(results, {"a": "shallow", "b": "deep"}, ["shallow", "deep"])["by_layer"]
    assert [(row["layer_title"], row["rounds"]) for row in rows] == [("shallow", 1), ("deep", 2), ("", 1)]


def test_nothing_is_stored_before_consent(new_game, sit, store):
    game = new_game(consent="Your answers are kept.", information="How to play.")

    def stored():
        return {table: rows(store, table) for table in ("players", "rounds", "labels", "actions", "forgotten")}

    nothing = dict.fromkeys(stored(), 0)
    for trusted in (True, False):
        ada = sit(game, trusted=trusted)
        needs = ["information", "consent"] if trusted else ["information", "consent", "nickname"]
        assert ada.screen == {"turn": 1, "kind": "welcome", "needs": needs, "n_maps": 12, "status": "running"}
        assert ada.enter(consent=False)["code"] == "consent-needed"
        for kind in ("next", "continue", "statistics", "forget"):
            assert ada.say(kind)["code"] == "enter-first"
        assert ada.say("poll") == {"ok": True}
        assert ada.say("leaderboard", on=True)["code"] == "enter-first"
        for kind in ("pause", "resume"):
            assert ada.say(kind, round="x")["code"] == "enter-first"
        assert ada.say("skip", round="x", actions=[])["code"] == "enter-first"
        assert ada.say("decline") == {"ok": True}
        assert (ada.screen["reason"], ada.screen["can_continue"], ada.screen["score"]) == ("declined", True, None)
        assert ada.say("reconsider") == {"ok": True}
        assert ada.screen["kind"] == "welcome"
        assert stored() == nothing
    assert ada.enter() == {"ok": True}
    assert ada.screen["kind"] == "round"
    assert store.player(ada.seat.player.id).consented_at is not None
    assert ada.say("decline")["code"] == "bad-message"
    assert rows(store, "players") == 1


def test_entering(new_game, sit, store):
    game = new_game()
    ada = sit(game, trusted=False)
    assert ada.screen["needs"] == ["nickname"]
    assert ada.enter(nickname=" ")["code"] == "nickname-needed"
    assert ada.enter(secret=None)["code"] == "bad-message"
    assert ada.enter() == {"ok": True}
    assert ada.enter() == {"ok": True}  # a double click
    assert ada.seat.player.consented_at is None  # none was asked for
    other = sit(game, trusted=False, secret="x" * 32)
    for nickname in ("\u200d", "a\u202eb"):
        assert other.enter(nickname=nickname)["code"] == "nickname-impossible"
    answer = other.enter()
    assert (answer["code"], answer["retry"]) == ("nickname-taken", False)
    assert other.screen["kind"] == "welcome"
    assert other.enter(nickname="bob") == {"ok": True}
    back = sit(game, trusted=False)
    back.enter()
    assert back.screen["round"] == ada.screen["round"]
    assert rows(store, "players") == 2
    named = sit(new_game(information="How to play."))
    assert named.screen["needs"] == ["information"]
    assert named.enter(nickname="bob")["code"] == "bad-message"
    assert named.enter(nickname=None, secret=None) == {"ok": True}


def test_a_player_who_asks_is_forgotten(new_game, sit, store):
    game = new_game(consent="Yes?")
    ada, bob = sit(game, trusted=False), sit(game, "bob", trusted=False)
    bob.enter()
    ada.enter()
    ada.play()
    assert ada.say("forget") == {"ok": True}
    assert ada.screen["kind"] == "welcome"
    assert (rows(store, "players"), rows(store, "rounds"), rows(store, "labels")) == (1, 1, 0)
    assert ada.say("statistics")["code"] == "enter-first"
    assert ada.enter() == {"ok": True}
    assert ada.screen["number"] == 1
    trusted = sit(new_game(), "eve")
    trusted.say("forget")
    assert (trusted.screen["kind"], trusted.screen["reason"]) == ("end", "declined")
    trusted.say("reconsider")
    assert trusted.screen["kind"] == "round"


def test_next_leads_on_from_a_round_that_the_store_lost(new_game, sit, store):
    game = new_game()
    ada = sit(game)
    token = ada.screen["round"]
    ada.say("next")
    assert ada.screen["round"] == token
    with store.database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM rounds")
    assert ada.seat.handle(ada.answer_message())["code"] == "round-unknown"
    assert ada.say("next") == {"ok": True}
    assert ada.screen["kind"] == "round"
    assert ada.screen["round"] != token


def test_a_player_whom_the_host_forgot_starts_anew(new_game, sit, store):
    game = new_game()
    ada = sit(game, trusted=False)
    ada.enter()
    message = ada.answer_message()
    store.forget("ada")
    answer = ada.show()
    assert answer["code"] in {"player-unknown", "round-unknown"}
    answer = ada.seat.handle(message)
    assert answer["code"] in {"player-unknown", "round-unknown", "enter-first"}
    answer = ada.say("next") if ada.screen["kind"] != "welcome" else {}
    again = sit(game, trusted=False)
    assert again.enter() == {"ok": True}
    assert again.screen["kind"] == "round"


class Broken:
    """Makes one method of the store fail."""

    def __init__(self, monkeypatch, store):
        self.patch, self.store = monkeypatch, store

    def __call__(self, name, code="store-busy"):
        def fail(*_, **__):
            raise StoreError("[inv-widgets] The store is ill.", code=code)

        self.patch.setattr(self.store, name, fail)

    def mend(self):
        self.patch.undo()


@pytest.fixture
def break_(monkeypatch, store):
    return Broken(monkeypatch, store)


def test_trouble_before_the_first_round_can_be_tried_again(new_game, sit, break_):
    game = new_game()
    for name in ("enter", "open_round", "history", "status"):
        break_(name)
        ada = sit(game, f"ada {name}")
        assert ada.screen["kind"] == "trouble"
        assert (ada.screen["code"], ada.screen["retry"]) == ("store-busy", True)
        assert "error" in ada.say("next") or ada.screen["kind"] == "trouble"
        break_.mend()
        assert ada.say("next") == {"ok": True}
        assert ada.screen["kind"] == "round"


def test_trouble_while_entering_leaves_the_welcome(new_game, sit, break_):
    ada = sit(new_game(), trusted=False)
    break_("enter", "store-full")
    answer = ada.enter()
    assert (answer["code"], answer["retry"]) == ("store-full", True)
    assert ada.screen["kind"] == "welcome"
    break_.mend()
    assert ada.enter() == {"ok": True}


@pytest.mark.parametrize("code", ["store-busy", "store-full", "store-readonly", "store-gone", "store-corrupted"])
def test_trouble_in_a_round_costs_nothing(new_game, sit, break_, store, code):
    ada = sit(new_game())
    before = ada.screen
    break_("reveal", code)
    assert ada.show()["code"] == code
    assert ada.screen is before  # not shown, since it could not be written down
    break_.mend()
    assert ada.show() == {"ok": True}
    before = ada.screen
    break_("answer", code)
    answer = ada.answer()
    assert (answer["code"], "saved" in answer) == (code, False)
    assert answer["error"].startswith("[inv-widgets]")
    assert ada.screen is before
    break_.mend()
    break_("status", code)
    assert ada.answer()["saved"]  # an answer needs no more than it needs
    result = ada.screen
    assert ada.say("next")["code"] == code
    assert ada.screen is result
    break_.mend()
    break_("open_round", code)
    assert ada.say("next")["code"] == code
    assert ada.screen is result
    break_.mend()
    assert ada.say("next") == {"ok": True}
    break_("open_round", code)
    assert ada.skip() == {"ok": True}
    assert ada.screen["kind"] == "trouble"
    break_.mend()
    ada.say("next")
    assert ada.screen["kind"] == "round"
    assert rows(store, "rounds") == 3


def test_an_answer_that_is_saved_is_acknowledged_whatever_fails_then(new_game, sit, monkeypatch, break_):
    game = new_game()
    ada = sit(game)
    break_("said")
    assert ada.answer() == {"ok": True, "saved": True, "again": False}
    assert ada.screen["kind"] == "trouble"
    break_.mend()
    assert ada.say("next") == {"ok": True}
    monkeypatch.setattr(game, "whole", lambda name: 1 / 0)
    message = ada.answer_message()
    assert ada.seat.handle(message)["saved"]
    assert ada.screen["kind"] == "trouble"
    assert ada.seat.handle(message)["again"]


def test_whatever_goes_wrong_is_answered(new_game, sit, monkeypatch):
    game = new_game()
    ada = sit(game)
    monkeypatch.setattr(game, "masked", lambda *a: 1 / 0)
    assert ada.show() == {"error": "division by zero", "code": "unknown", "retry": False}
    monkeypatch.undo()
    assert ada.show() == {"ok": True}
    for message in (None, 3, {}, {"kind": "next", "id": 3}, {"kind": "show"}):
        assert ada.seat.handle(message)["code"] == "bad-message"


def test_next_does_nothing_in_a_round(new_game, sit):
    ada = sit(new_game())
    before = ada.screen
    assert ada.say("next") == {"ok": True}
    assert ada.say("continue") == {"ok": True}
    assert ada.say("reconsider") == {"ok": True}
    assert ada.screen is before


def test_each_screen_is_told(new_game):
    turns = []
    seat = Seat(new_game(), player="ada", on_change=lambda seat: turns.append(seat.screen["turn"]))
    seat.handle({"kind": "show", "round": seat.screen["round"], "step": 1})
    assert turns == [1, 2]
