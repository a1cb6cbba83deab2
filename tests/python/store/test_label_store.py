import dataclasses
import datetime as dt
import time

import pytest
import simple_game
from simple_game import RUN, add_run, answer, in_order, play, taking

from inv_widgets.game.rounds import Action, replay
from inv_widgets.game.scheduling import Encounter
from inv_widgets.store.errors import NicknameTakenError, PlayerUnknownError, RoundUnknownError
from inv_widgets.store.label_store import LabelStore
from inv_widgets.store.records import Ranking, Said


@pytest.fixture
def game(store):
    add_run(store)
    return store


@pytest.fixture
def ada(game):
    return game.enter("Ada")


# A round


def test_a_whole_round(game, ada):
    before = dt.datetime.now(dt.timezone.utc)
    opened = game.open_round(ada.id, RUN, taking("map3"))
    assert (opened.status, opened.step, opened.share, opened.steps) == ("open", 0, 2.0, 6)
    assert (opened.cluster_map, opened.player_id, opened.run_id, opened.truth) == ("map3", ada.id, RUN, "cat")
    assert (opened.outcome, opened.guess, opened.points, opened.answered_at, opened.labels) == (None,) * 4 + ((),)
    assert game.reveal(opened.id, ada.id, 2, 8.0) == 2
    given = answer("whiskers", "Ear ", points=68, seconds=4.25)
    done = game.answer(opened.id, ada.id, given)
    assert (done.status, done.step, done.share, done.outcome, done.guess) == ("answered", 2, 8.0, "won", "cat")
    assert (done.points, done.seconds, done.language, done.withdrawn) == (68, 4.25, "en", False)
    assert done.labels == done.labels_at_answer == ("whiskers", "Ear ")
    assert before <= done.started_at <= done.answered_at <= dt.datetime.now(dt.timezone.utc)
    assert game.round(opened.id) == done
    assert game.results(ada.id, RUN) == [done]
    assert game.actions(opened.id) == list(given.actions)


def test_every_kind_of_action_comes_back_as_it_was(game, ada):
    done = (
        Action("show", 0.5, 1), Action("guess", 1.0, "cat"), Action("guess", 1.5, None), Action("label", 2.5, "日 \"'"),
        Action("correct", 3.0, ("a", "b")), Action("pause", 3.0), Action("zoom", 4.0, 1.5),
    )  # fmt: skip
    opened = game.open_round(ada.id, RUN, taking("map0"))
    game.answer(opened.id, ada.id, answer(actions=done))
    assert tuple(game.actions(opened.id)) == done


def test_what_no_database_stores_is_replaced_and_the_rest_kept(game, ada):
    opened = game.open_round(ada.id, RUN, taking("map0"))
    odd = answer(
        "nul \0", "half \ud83d", "whole 😀", language="x" * 50, seconds=float("nan"), guess="do\0g", outcome="lost"
    )
    done = game.answer(opened.id, ada.id, odd)
    assert done.labels == ("nul \ufffd", "half \ufffd", "whole 😀")
    assert (done.guess, done.language, done.seconds) == ("do\ufffdg", "x" * 35, None)
    assert game.actions(opened.id)[1].value == "nul \0"  # in JSON all can be written
    assert game.correct(opened.id, ada.id, ["nul \0", "half \ud83d", "whole 😀"], "en").labels_at_answer == done.labels


def test_the_first_answer_stands(game, ada):
    opened = game.open_round(ada.id, RUN, taking("map0"))
    first = game.answer(opened.id, ada.id, answer("one"))
    assert game.answer(opened.id, ada.id, answer("two", outcome="lost", points=0)) == first
    assert game.reveal(opened.id, ada.id, 5, 30.0) == 0  # too late: nothing more was shown before the answer
    assert game.skip(opened.id, ada.id, []) == first
    assert game.round(opened.id) == first
    assert len(game.actions(opened.id)) == 3


def test_giving_up(game, ada):
    done = play(game, ada, "map0", outcome="resigned", points=0)
    assert (done.outcome, done.guess, done.labels) == ("resigned", None, ())
    assert game.counts(RUN) == {"map0": 1}


def test_steps_only_go_forward_and_stay_in_range(game, ada):
    opened = game.open_round(ada.id, RUN, taking("map0"))
    assert [game.reveal(opened.id, ada.id, step, share) for step, share in ((1, 4.5), (3, 13), (2, 8.0))] == [1, 3, 3]
    assert game.round(opened.id).share == 13
    for step in (-1, 6):
        with pytest.raises(ValueError, match=f"no step {step}: this round has 6, from 0 to 5"):
            game.reveal(opened.id, ada.id, step, 1.0)


@pytest.mark.parametrize("wrong", ["another player", "another round"])
@pytest.mark.parametrize(
    "call",
    [
        lambda store, *round_and_player: store.reveal(*round_and_player, 1, 4.5),
        lambda store, *round_and_player: store.answer(*round_and_player, answer()),
        lambda store, *round_and_player: store.skip(*round_and_player, []),
        lambda store, *round_and_player: store.correct(*round_and_player, ["x"], "en"),
        lambda store, *round_and_player: store.withdraw(*round_and_player),
    ],
)
def test_only_the_player_of_a_round_gets_at_it(game, ada, call, wrong):
    other = game.enter("Grace")
    opened = game.open_round(ada.id, RUN, taking("map0"))
    round_and_player = (opened.id, other.id) if wrong == "another player" else ("no such", ada.id)
    with pytest.raises(RoundUnknownError, match=r"no round .* copy what was typed") as caught:
        call(game, *round_and_player)
    assert (caught.value.code, caught.value.retry) == ("round-unknown", False)
    assert game.round(opened.id) == opened
    assert game.round("no such") is None


def test_a_round_without_an_answer_is_neither_corrected_nor_withdrawn(game, ada):
    opened = game.open_round(ada.id, RUN, taking("map0"))
    for call in (lambda: game.correct(opened.id, ada.id, ["x"], "en"), lambda: game.withdraw(opened.id, ada.id)):
        with pytest.raises(RoundUnknownError, match="has no answer yet"):
            call()


# Opening


def test_the_open_round_comes_back(game, ada):
    opened = game.open_round(ada.id, RUN, taking("map0"))
    game.reveal(opened.id, ada.id, 1, 4.5)
    again = game.open_round(ada.id, RUN, pytest.fail)
    assert again == dataclasses.replace(opened, step=1, share=4.5)


def test_no_choice_no_round(game, ada):
    assert game.open_round(ada.id, RUN, lambda _: None) is None
    assert game.history(ada.id) == []


def test_what_the_choice_knows(game, ada):
    grace = game.enter("Grace")
    play(game, grace, "map0")
    play(game, grace, "map1", gold=True)
    play(game, ada, "map0")
    game.withdraw(play(game, ada, "map2").id, ada.id)
    game.skip(game.open_round(ada.id, RUN, taking("map5")).id, ada.id, [])
    game.open_round(grace.id, RUN, taking("map4"), lease_seconds=100)
    seen = []
    game.open_round(ada.id, RUN, seen.append)
    (situation,) = seen
    assert situation.counts == game.counts(RUN) == {"map0": 2}
    assert situation.history == (
        Encounter("map0", "hash0"), Encounter("map2", "hash1"), Encounter("map5", "hash2", skipped=True),
    )  # fmt: skip
    assert game.history(ada.id, RUN) == list(situation.history)
    (lease,) = situation.leases
    assert (lease.cluster_map, lease.player) == ("map4", grace.id)
    assert 90 < lease.expires - time.time() < 101
    assert abs(situation.now - time.time()) < 10


def test_own_and_expired_leases_are_none(game, ada):
    grace, seen = game.enter("Grace"), []
    game.open_round(grace.id, RUN, taking("map4"), lease_seconds=0)
    game.open_round(ada.id, RUN, seen.append)
    assert seen[0].leases == ()


def test_leases_are_renewed(game, ada):
    grace, seen = game.enter("Grace"), []
    opened = game.open_round(grace.id, RUN, taking("map4"), lease_seconds=0)
    game.reveal(opened.id, grace.id, 1, 4.5, lease_seconds=60)
    game.open_round(ada.id, RUN, seen.append)
    game.open_round(grace.id, RUN, pytest.fail, lease_seconds=500)
    game.open_round(ada.id, RUN, seen.append)
    first, second = (one.leases[0].expires - one.now for one in seen)
    assert 50 < first < 61
    assert 490 < second < 501


def test_a_choice_that_cannot_be_is_refused(game, ada):
    play(game, ada, "map0")
    with pytest.raises(ValueError, match="has played 'map0' already"):
        game.open_round(ada.id, RUN, taking("map0"))
    with pytest.raises(ValueError, match="has no cluster map 'map9'"):
        game.open_round(ada.id, RUN, taking("map9"))
    with pytest.raises(ValueError, match="no run 'other': call add_run first"):
        game.open_round(ada.id, "other", taking("map1"))
    with pytest.raises(PlayerUnknownError, match="no player 'nobody'") as caught:
        game.open_round("nobody", RUN, taking("map0"))
    assert caught.value.code == "player-unknown"


def test_an_error_in_the_choice_undoes_all(game, ada):
    with pytest.raises(ZeroDivisionError):
        game.open_round(ada.id, RUN, lambda _: 1 / 0)
    assert game.open_round(ada.id, RUN, taking("map0")).cluster_map == "map0"


def test_reading_the_store_while_choosing(game, ada):
    def choose(_):
        assert game.counts(RUN) == {}
        return simple_game.choice("map0")

    assert game.open_round(ada.id, RUN, choose).cluster_map == "map0"


# Skipping, correcting, withdrawing


def test_a_skipped_round_keeps_its_actions_and_its_map_can_come_back(game, ada):
    opened = game.open_round(ada.id, RUN, taking("map0"))
    skipped = game.skip(opened.id, ada.id, [Action("skip", 2.0)])
    assert skipped.status == "skipped"
    assert game.skip(opened.id, ada.id, []) == skipped
    assert game.actions(opened.id) == [Action("skip", 2.0)]
    assert (game.results(ada.id, RUN), game.counts(RUN)) == ([], {})
    assert game.open_round(ada.id, RUN, taking("map0")).id != opened.id


def test_a_round_skipped_in_another_tab_can_still_be_answered(game, ada):
    opened = game.open_round(ada.id, RUN, taking("map0"))
    game.skip(opened.id, ada.id, [Action("skip", 2.0)])
    done = game.answer(opened.id, ada.id, answer("tail"))
    assert (done.status, done.labels) == ("answered", ("tail",))
    assert [one.kind for one in game.actions(opened.id)] == ["show", "label", "answer"]
    assert game.history(ada.id) == [Encounter("map0", "hash0")]


def test_a_late_answer_to_a_map_that_was_opened_again(game, ada):
    first = game.open_round(ada.id, RUN, taking("map0"))
    game.skip(first.id, ada.id, [])
    second = game.open_round(ada.id, RUN, taking("map0"))
    assert game.answer(first.id, ada.id, answer("early")).status == "answered"
    late = game.answer(second.id, ada.id, answer("late"))
    # Kept, words and all, but not counted.
    assert (late.status, late.withdrawn, late.labels) == ("repeated", True, ("late",))
    assert game.withdraw(second.id, ada.id, withdrawn=False) == late
    assert [one.id for one in game.results(ada.id, RUN)] == [first.id]
    assert game.counts(RUN) == {"map0": 1}


def test_corrections_are_further_versions(game, ada):
    done = play(game, ada, "map0", "tale", "ear")
    first = game.correct(done.id, ada.id, ["tail", "ear"], "en")
    assert (first.labels, first.labels_at_answer) == (("tail", "ear"), ("tale", "ear"))
    assert game.correct(done.id, ada.id, ["tail", "ear"], "en") == first
    nothing = game.correct(done.id, ada.id, [], "en")
    assert (nothing.labels, nothing.labels_at_answer) == ((), ("tale", "ear"))
    last = game.correct(done.id, ada.id, ["coda"], "it")
    assert (last.labels, last.labels_at_answer, last.language) == (("coda",), ("tale", "ear"), "en")
    with game.database.reading() as connection:
        rows = connection.exec_driver_sql(
            "SELECT version, text, language, after_reveal FROM labels ORDER BY version, position"
        ).all()
    assert [(version, text, language, bool(after)) for version, text, language, after in rows] == [
        (1, "tale", "en", False), (1, "ear", "en", False), (2, "tail", "en", True), (2, "ear", "en", True),
        (4, "coda", "it", True),
    ]  # fmt: skip


def test_what_comes_after_the_result_is_an_action_too(game, ada):
    done = play(game, ada, "map0", "tale")
    before = game.actions(done.id)
    for _ in range(2):  # a message that is sent twice is one action
        game.correct(done.id, ada.id, ["tail"], "en")
        game.withdraw(done.id, ada.id)
    game.withdraw(done.id, ada.id, withdrawn=False)
    actions = game.actions(done.id)
    assert actions[: len(before)] == before
    after = actions[len(before) :]
    assert [(one.kind, one.value) for one in after] == [("correct", ("tail",)), ("withdraw", None), ("restore", None)]
    assert [one.at for one in actions] == sorted(one.at for one in actions)
    assert replay(actions)[-1].labels == ("tail",)


def test_labels_added_to_an_answer_without_any(game, ada):
    done = play(game, ada, "map0")
    corrected = game.correct(done.id, ada.id, ["tail"], "en")
    assert (corrected.labels, corrected.labels_at_answer) == (("tail",), ())


def test_withdrawn_rounds_are_kept_and_do_not_count(game, ada):
    done = play(game, ada, "map0", "tail")
    withdrawn = game.withdraw(done.id, ada.id)
    assert withdrawn == dataclasses.replace(done, withdrawn=True)
    assert game.withdraw(done.id, ada.id) == withdrawn
    assert (game.results(ada.id, RUN), game.counts(RUN), game.said("map0")) == ([], {}, (0, []))
    assert game.history(ada.id) == [Encounter("map0", "hash0")]  # what was seen was seen
    assert game.withdraw(done.id, ada.id, withdrawn=False) == done
    assert game.counts(RUN) == {"map0": 1}


# Players


def test_entering_finds_or_makes(store):
    ada = store.enter("  Ada   Lovelace ", secret="s3cret", language="it", consented=True)
    assert (ada.nickname, ada.language, ada.on_leaderboard) == ("Ada Lovelace", "it", False)
    assert abs(ada.consented_at - dt.datetime.now(dt.timezone.utc)) < dt.timedelta(seconds=20)
    assert store.player(ada.id) == ada
    again = store.enter("ADA LOVELACE", secret="s3cret", language="en", consented=True, on_leaderboard=True)
    assert again == dataclasses.replace(ada, language="en", on_leaderboard=True)
    assert store.enter("Ada Lovelace", secret=None) == again  # a trusted kernel
    assert store.enter("Ada Lovelace", on_leaderboard=False).on_leaderboard is False
    with store.database.reading() as connection:
        assert "s3cret" not in str(connection.exec_driver_sql("SELECT * FROM players").all())


@pytest.mark.parametrize("first", ["one", None])
def test_nicknames_are_taken_by_another_secret(store, first):
    store.enter("Ada", secret=first)
    with pytest.raises(NicknameTakenError, match="Somebody else plays as 'ａDA': choose another nickname") as caught:
        store.enter("ａDA", secret="two")
    assert caught.value.code == "nickname-taken"


@pytest.mark.parametrize("alike", ["ada\u200d", "a\u034fda", "ada\ufe0f", "\u3164Ada"])
def test_nicknames_that_look_the_same_are_one(store, alike):
    store.enter("ada", secret="s" * 32)
    with pytest.raises(NicknameTakenError):
        store.enter(alike, secret="t" * 32)


@pytest.mark.parametrize("nickname", ["", "  \t", "x" * 41, "a\u202eb", "a\x07b", "\u200d", "\u3164", "\u2800 \ufe0f"])
def test_nicknames_that_cannot_be(store, nickname):
    with pytest.raises(ValueError, match=r"nickname=.* (is not possible: give 1 to 40|has control characters)"):
        store.enter(nickname)
    with pytest.raises(TypeError, match="nickname=3 is not possible"):
        store.enter(3)


@pytest.mark.parametrize("nickname", ["Zoë", "李", "👩‍🔬", "x" * 40, "<b>&\"'", "Robert'); DROP TABLE players;--"])
def test_nicknames_that_can_be(store, nickname):
    assert store.player(store.enter(nickname).id).nickname == nickname


def test_leaderboard_by_choice_most_points_first(game):
    people = {name: game.enter(name, on_leaderboard=name != "Hidden") for name in ("Ada", "Grace", "Hidden", "Idle")}
    play(game, people["Ada"], "map0", points=60)
    game.withdraw(play(game, people["Ada"], "map1", points=99).id, people["Ada"].id)
    play(game, people["Grace"], "map0", points=50)
    play(game, people["Grace"], "map1", points=0, outcome="lost")
    play(game, people["Grace"], "map2", points=20, gold=True)
    play(game, people["Hidden"], "map0", points=90)
    game.open_round(people["Idle"].id, RUN, taking("map0"))
    expected = [
        Ranking(people["Grace"].id, "Grace", 70, 3, 2),
        Ranking(people["Ada"].id, "Ada", 60, 1, 1),
    ]
    assert game.leaderboard(RUN) == expected
    assert game.leaderboard(RUN, limit=1) == expected[:1]
    assert game.leaderboard("other") == []
    game.set_leaderboard(people["Hidden"].id, on=True)
    game.set_leaderboard(people["Grace"].id, on=False)
    assert [one.nickname for one in game.leaderboard(RUN)] == ["Hidden", "Ada"]
    with pytest.raises(PlayerUnknownError):
        game.set_leaderboard("nobody", on=True)


def test_what_others_said(game):
    ada, grace, mary = (game.enter(name) for name in ("Ada", "Grace", "Mary"))
    for who, labels in ((ada, ("Fur", "ears")), (grace, ("ears", " EARS ")), (mary, ("tail", "fur"))):
        play(game, who, "map0", *labels)
    game.correct(game.results(mary.id, RUN)[0].id, mary.id, ["snout"], "en")
    assert game.said("map0") == (3, [Said("ears", 2), Said("Fur", 2), Said("tail", 1)])
    assert game.said("map0", except_player=ada.id) == (2, [Said("ears", 1), Said("fur", 1), Said("tail", 1)])
    assert game.said("map1", except_player=ada.id) == (0, [])


def test_players_of_a_run(game, ada):
    grace = game.enter("Grace")
    game.enter("Nobody")
    play(game, ada, "map0")
    assert (game.n_players(RUN), game.active(RUN)) == (1, 0)
    game.open_round(grace.id, RUN, taking("map0"))
    game.open_round(ada.id, RUN, taking("map1"), lease_seconds=0)
    assert (game.n_players(RUN), game.active(RUN)) == (2, 1)


# Runs


def test_status_of_a_run(game):
    assert game.status(RUN) == "running"
    for status in ("paused", "ended", "running"):
        game.set_status(RUN, status)
        assert game.status(RUN) == status
    with pytest.raises(ValueError, match="status='stopped' is not possible: give 'running', 'paused', 'ended'"):
        game.set_status(RUN, "stopped")
    with pytest.raises(ValueError, match="no run 'other'"):
        game.set_status("other", "paused")


def test_runs_that_share_cluster_maps(game, ada):
    """Another run with a picture more: the players' rounds count there, and nobody gets a map twice."""
    add_run(game, 8, "larger")
    play(game, ada, "map0")
    assert game.counts("larger") == {"map0": 1}
    assert game.results(ada.id, "larger") == []
    assert game.history(ada.id, "larger") == [Encounter("map0", "hash0")]
    assert game.open_round(ada.id, "larger", in_order(8)).cluster_map == "map1"
    # Open in the larger run, in another tab: not here.
    assert game.open_round(ada.id, RUN, in_order(6)).cluster_map == "map2"


def test_a_round_left_open_in_another_run_is_released_and_its_late_answer_kept(game, ada):
    add_run(game, 8, "larger")
    left = game.open_round(ada.id, RUN, taking("map0"), lease_seconds=0)
    there = game.open_round(ada.id, "larger", taking("map0"))
    assert game.round(left.id).status == "released"
    assert game.answer(left.id, ada.id, answer("words")).labels == ("words",)
    assert game.round(there.id).status == "released"
    assert game.counts("larger") == {"map0": 1}


def test_adding_a_run_again_adds_what_is_missing(game, ada):
    add_run(game)
    with pytest.raises(ValueError, match="has no cluster map 'map7'"):
        game.open_round(ada.id, RUN, taking("map7"))
    game.add_run(RUN, "New name", [f"map{one}" for one in range(8)])
    with game.database.reading() as connection:
        assert connection.exec_driver_sql("SELECT name, n_cluster_maps FROM runs").all() == [("New name", 8)]
    assert game.open_round(ada.id, RUN, taking("map7")).cluster_map == "map7"


# Forgetting


def test_forgetting_deletes_everything_of_a_player(game, ada):
    grace = game.enter("Grace")
    done = play(game, ada, "map0", "unmistakable words")
    game.correct(done.id, ada.id, ["others"], "en")
    game.open_round(ada.id, RUN, taking("map1"))
    kept = play(game, grace, "map0", "fur")
    assert game.forget(" ADA ") == 2
    assert (game.player(ada.id), game.round(done.id), game.actions(done.id)) == (None, None, [])
    with game.database.reading() as connection:
        for table, rows in (("players", 1), ("rounds", 1), ("labels", 1), ("actions", 3)):
            assert connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() == rows
        assert connection.exec_driver_sql("SELECT player_id FROM forgotten").all() == [(ada.id,)]
    assert game.round(kept.id) == kept
    for call in (lambda: game.forget("Ada"), lambda: game.open_round(ada.id, RUN, taking("map0"))):
        with pytest.raises(PlayerUnknownError):
            call()
    with pytest.raises(RoundUnknownError):
        game.answer(done.id, ada.id, answer("again"))
    assert game.enter("Ada").id != ada.id


def test_forgetting_by_id_and_among_equal_nicknames(game, ada):
    with game.database.writing() as connection:
        for number in (1, 2):
            connection.exec_driver_sql(
                f"INSERT INTO players SELECT 'other{number}', 'store{number}', nickname, nickname_key, secret_hash, "
                "language, on_leaderboard, consented_at, created_at FROM players WHERE length(store) = 32"
            )
    assert game.forget("ada") == 0  # this store's own
    assert game.player(ada.id) is None
    with pytest.raises(
        ValueError, match=r"2 players from other stores are called 'ada': give an id \(other1, other2\)"
    ):
        game.forget("ada")
    game.forget("other1")
    game.forget("ada")
    assert game.player("other2") is None


def test_nothing_of_the_forgotten_is_left_in_the_files(tmp_path):
    path = tmp_path / "labels.db"
    with LabelStore(path) as store, LabelStore(path) as other:
        add_run(store)
        ada = store.enter("Unmistakable Ada")
        play(store, ada, "map0", "unmistakable words", guess="unmistakable guess")
        play(other, other.enter("Grace"), "map0", "fur")
        bytes_before = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        assert b"nmistakable" in bytes_before
        store.forget(ada.id)
        bytes_after = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        assert b"nmistakable" not in bytes_after
        assert b"Grace" in bytes_after


# The store itself


def test_opened_again_it_is_the_same_store(url):
    with LabelStore(url) as store:
        add_run(store)
        ada = store.enter("Ada")
        done = play(store, ada, "map0", "fur")
    with LabelStore(url) as again:
        assert again.id == store.id
        assert len(again.id) == 32
        assert again.round(done.id) == done
        assert again.enter("Ada") == ada


def test_stores_have_ids_of_their_own(make_url):
    with LabelStore(make_url()) as one, LabelStore(make_url()) as two:
        assert one.id != two.id


def test_a_closed_store_says_so(store):
    store.close()
    store.close()
    with pytest.raises(ValueError, match="was closed: open it again"):
        store.enter("Ada")
    with pytest.raises(ValueError, match="was closed"):
        store.status(RUN)
