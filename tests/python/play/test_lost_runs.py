"""A run whose files are deleted, replaced or damaged while it is played: no answer is lost, and play goes on after."""

import shutil

import pytest

from inv_widgets import last_read, run_groups
from inv_widgets.play.game import Game
from inv_widgets.run import Run, load
from inv_widgets.run_files import companions


@pytest.fixture
def saved(run, tmp_path, monkeypatch):
    monkeypatch.setattr(run_groups, "GROUP_EXPLANATIONS", 1)  # else the first reading has all
    monkeypatch.setattr(last_read, "_MOST", 1)  # of three pictures the next one may be kept already
    return run.save(tmp_path / "run.parquet")


@pytest.fixture
def game(saved, store):
    # Nothing is kept: each screen is read.
    return Game(load(saved), store, cache_bytes=0)


def damage(path, keep):
    """Cut the files off where they stand, as a copy over them does; the copies are in `keep`."""
    keep.mkdir()
    for file in companions(path).values():
        shutil.copy(file, keep)
        file.write_bytes(b"PAR1")


def repair(path, keep):
    for file in companions(path).values():
        file.write_bytes((keep / file.name).read_bytes())


def labels_of(store):
    return [list(labels) for labels in store.rounds().labels]


def test_an_answer_is_saved_when_the_run_cannot_be_read_any_more(game, sit, store, saved, tmp_path):
    ada = sit(game)
    picture = game.maps[ada.cluster_map()].record.picture_hash
    damage(saved, tmp_path / "copy")
    answer = ada.answer("dog", ("wheel",))
    assert (answer["ok"], answer["saved"]) == (True, True)
    assert labels_of(store) == [["wheel"]]
    next_ = ada.say("next")
    assert ada.screen["kind"] == "trouble" or "error" in next_
    repair(saved, tmp_path / "copy")
    assert ada.say("next") == {"ok": True}
    assert ada.screen["kind"] == "round"
    assert game.maps[ada.cluster_map()].record.picture_hash != picture
    assert ada.answer("cat", ("ear",))["saved"]
    assert sorted(labels_of(store)) == [["ear"], ["wheel"]]


@pytest.mark.parametrize("change", ["deleted", "another run"])
def test_a_run_deleted_or_replaced_is_played_on_as_it_was(game, sit, store, saved, change, explanation):
    ada = sit(game)
    assert ada.answer("dog", ("wheel",))["saved"]
    known = {name: game.masked(name, 0) for name in game.maps}
    if change == "deleted":
        for file in companions(saved).values():
            file.unlink()
    else:
        Run([explanation("fox.jpg", "fox", 9)]).save(saved)
    ada.say("next")
    assert ada.screen["kind"] == "round"
    assert {name: game.masked(name, 0) for name in game.maps} == known
    assert ada.answer("cat", ("ear",))["saved"]
    assert sorted(labels_of(store)) == [["ear"], ["wheel"]]
    if change == "another run":
        fresh = Game(load(saved), store)
        assert (fresh.categories, fresh.run_id != game.run_id) == (["fox"], True)
        assert (len(store.rounds(fresh.run_id)), len(store.rounds(game.run_id))) == (0, 2)


def test_two_kernels_with_runs_that_share_pictures(run, sit, store):
    """Each adds its run; who plays in both gets no cluster map twice, and what is left is counted over both."""
    small, large = Game(run[:2], store), Game(run, store)
    here, there = sit(small), sit(large)
    played = []
    for player in (here, there, here, there, there, here):
        if player.screen["kind"] != "round":
            player.say("next")
        played.append(player.cluster_map())
        assert player.answer("dog", ("wheel",))["saved"]
        player.say("next")
    assert len(set(played)) == 6
    shared = [one for one in played if one in small.maps]
    assert store.counts(small.run_id) == dict.fromkeys(shared, 1)
    assert store.counts(large.run_id) == dict.fromkeys(played, 1)
    bob = sit(small, "bob")
    assert bob.cluster_map() not in shared or set(shared) == set(small.maps)
