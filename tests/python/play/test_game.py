"""A game: what it makes of a run, and the pictures that it shows."""

import dataclasses
import subprocess
import sys
import threading

import numpy as np
import pytest

from inv_widgets.errors import UnknownNameError
from inv_widgets.explanation import ClusterMap
from inv_widgets.game.masked_pictures import GREY, masked_picture
from inv_widgets.game.scheduling import Encounter
from inv_widgets.play import images
from inv_widgets.play.choices import choices_of
from inv_widgets.play.game import Game
from inv_widgets.play.rules import Rules
from inv_widgets.recipe import Recipe
from inv_widgets.run import Run, load
from inv_widgets.store.records import Situation


def situation(counts=None, history=()):
    return Situation(counts or {}, (), tuple(history), 0.0)


def test_usual_rounds_are_the_lower_median(explanation, new_game, sit):
    game = new_game(Run([explanation("church.jpg", "church", 7, maps=1, layers=2)]))
    found = [game.usual_rounds()]
    for name in ("ada", "bob"):  # the second one gets the other cluster map
        assert sit(game, name).answer("church")["saved"]
        found.append(game.usual_rounds())
    assert found == [0, 0, 1]


def test_layers_are_told_from_shallow_to_deep(new_game, run):
    deep = dataclasses.replace(run[0], columns=run[0].columns[1:])  # nothing of the shallow one is left there
    game = new_game(Run([deep, run[1]]))
    assert list(game.layers) == ["features.0", "features.1"]


def test_the_run_as_the_store_knows_it(new_game, run):
    game = new_game()
    assert list(game.maps) == [shown.id for one in run for _, shown in one.cluster_maps()]
    first = next(iter(game.maps.values()))
    column, shown = next(iter(run[0].cluster_maps()))
    assert (first.record.picture, first.record.picture_hash, first.record.target) == (
        "dog.jpg",
        "hash of dog.jpg",
        "dog",
    )
    assert (first.record.layer, first.title, first.depth) == (column.layer, column.title, 0)
    assert first.record.weight == pytest.approx(shown.weight)
    assert (first.truth, first.gold, first.place) == ("dog", False, 0)
    assert game.categories == ["cat", "dog", "owl"]
    assert game.pictures == ["dog.jpg", "cat.jpg", "owl.jpg"]
    assert game.layers == {"features.0": "block 1, layer 1", "features.1": "block 1, layer 2"}
    assert game.n_maps == len(game.maps) == 12


def test_a_saved_run_is_the_same_game(new_game, run, tmp_path):
    in_memory, saved = new_game(), new_game(load(run.save(tmp_path / "run.parquet")))
    assert saved.maps == in_memory.maps
    assert saved.run_id == in_memory.run_id
    assert saved.key == in_memory.key
    name = next(iter(saved.maps))
    assert saved.masked(name, 3) == in_memory.masked(name, 3)
    assert saved.whole(name) == in_memory.whole(name)
    assert new_game(run[:2]).run_id != in_memory.run_id
    assert new_game(Run([run[2], run[0], run[1]])).run_id == in_memory.run_id  # in whatever order


def test_a_part_of_a_saved_run(new_game, run, tmp_path):
    part = load(run.save(tmp_path / "run.parquet"))[1:]
    game = new_game(part)
    assert game.pictures == ["cat.jpg", "owl.jpg"]
    whole = game.whole(next(iter(game.maps)))
    assert whole == new_game(run).whole(next(iter(game.maps)))


def test_opening_a_saved_run_decodes_no_picture(new_game, run, tmp_path, monkeypatch):
    path = run.save(tmp_path / "run.parquet")
    reads = []
    read = images._game_picture
    monkeypatch.setattr(images, "_game_picture", lambda *a: reads.append(a[0].name) or read(*a))
    game = new_game(load(path))
    assert reads == []
    for name in list(game.maps)[:4]:
        for step in range(6):
            game.masked(name, step)
        game.whole(name)
    assert reads == ["dog.jpg"]


def test_what_cannot_be_played(store, run):
    with pytest.raises(ValueError, match=r"^\[inv-widgets\] There is nothing to play: this run has 0 explanations"):
        Game(Run([]), store)
    bare = dataclasses.replace(run[0], columns=())
    with pytest.raises(ValueError, match="this run has 1 explanation and no cluster maps"):
        Game(bare, store)
    with pytest.raises(ValueError, match=r"^\[inv-widgets\] All cluster maps of this run are gold"):
        Game(run[0], store, Rules(gold=["dog.jpg"]))
    with pytest.raises(TypeError, match=r"^\[inv-widgets\] Expected a Run"):
        Game(3, store)
    with pytest.raises(TypeError, match=r"^\[inv-widgets\] rules=3 is an int: give inv\.Rules"):
        Game(run, store, 3)
    with pytest.raises(TypeError, match=r"^\[inv-widgets\] recipe=3 is an int: give inv\.Recipe"):
        Game(run, store, recipe=3)
    with pytest.raises(TypeError, match=r"^\[inv-widgets\] store=3 is an int: give an inv\.LabelStore or a path"):
        Game(run, 3)


def test_gold_by_picture_and_by_id(new_game, run):
    one = run[1].columns[0].cluster_maps[1].id
    game = new_game(gold=["dog.jpg", one])
    gold = {name for name, its in game.maps.items() if its.gold}
    assert gold == {shown.id for _, shown in run[0].cluster_maps()} | {one}
    assert game.n_maps == 12 - 5
    with pytest.raises(UnknownNameError, match=r"gold=\['dog.jgp'\].*Did you mean 'dog.jpg'"):
        new_game(gold=["dog.jgp"])


def test_truth_and_categories(new_game):
    game = new_game(truth={"dog.jpg": "wolf", "another.jpg": "x"})
    assert game.categories == ["cat", "dog", "owl", "wolf"]
    assert {its.truth for its in game.maps.values()} == {"wolf", "cat", "owl"}
    with pytest.raises(ValueError, match=r"The class of .* is .owl.*nobody could guess it.*Did you mean .owls"):
        new_game(categories=["dog", "cat", "owls"])
    with pytest.raises(UnknownNameError, match=r"names no picture of this run\. Did you mean .dog"):
        new_game(truth={"dog.jgp": "wolf"})
    assert new_game(categories=["owl", "Cat", "cat", "dog", "Ant"]).categories == ["Ant", "Cat", "cat", "dog", "owl"]


def test_one_class_is_not_the_only_one_to_choose(new_game, explanation):
    one = explanation("a.jpg", "dog", 1, plausible=["wolf", "Cat"])
    assert new_game(one).categories == ["Cat", "dog", "wolf"]
    assert new_game(one, categories=["dog"]).categories == ["dog"]  # as it was asked for


def test_a_few_choices(new_game, explanation):
    categories = [f"class {n}" for n in range(50)]
    one = explanation("a.jpg", "class 7", 1, plausible=["class 8", "nothing", "class 9", "class 7", "class 10"])
    two = explanation("b.jpg", "class 7", 2)
    game = new_game(Run([one, two]), categories=categories, choices=6)
    first, *_, last = game.maps
    offered = game.choices(first)
    assert len(set(offered)) == 6
    assert {"class 7", "class 8", "class 9", "class 10"} <= set(offered) <= set(categories)
    assert offered == sorted(offered)
    assert all(game.choices(name) == offered for name in list(game.maps)[:4])  # a function of the picture
    assert game.choices(last) != offered
    assert new_game(Run([one, two]), categories=categories, choices=6, seed=1).choices(first) != offered
    assert new_game(Run([one, two]), categories=categories, choices=50).choices(first) is None
    assert new_game(Run([one, two])).choices(first) is None


def test_choices_of_a_picture_with_two_classes_give_neither_away(new_game, explanation):
    categories = [f"class {n}" for n in range(50)]
    plausible = [f"class {n}" for n in (7, 9, 8, 10, 11, 12)]
    dog, wolf = (explanation("a.jpg", f"class {n}", n, plausible=plausible) for n in (7, 8))
    game = new_game(Run([dog, wolf]), categories=categories, choices=6)
    first, *_, last = game.maps
    assert game.choices(first) == game.choices(last)
    assert len(game.choices(first)) == 6
    assert {"class 7", "class 8"} <= set(game.choices(first))
    assert set(choices_of("b", [], list("abcd"), 2, key=(), other_truths="abcd")) == {"b", "a"}


def test_choices_are_the_same_on_every_machine():
    # Written down once: a player who comes back to an open round must find the same classes.
    assert choices_of("c", ["d"], list("abcdefgh"), 4, key=(0, "p", "c")) == choices_of(
        "c", ["d"], list("hgfedcba"), 4, key=(0, "p", "c")
    )
    assert choices_of("c", [], list("abcdefgh"), 4, key=(0, "p", "c")) == ["a", "c", "d", "f"]
    assert choices_of("a", ["b"], ["a", "b"], 9, key=()) == ["a", "b"]


@pytest.mark.parametrize("step", range(6))
def test_masked_pictures_are_the_methods(new_game, run, pixels, step):
    game = new_game()
    column = run[0].columns[1]
    shown = game.masked(column.cluster_maps[0].id, step)
    expected = masked_picture(run[0], column.cluster_maps[0], step)
    assert (shown.height, shown.width) == expected.shape[:2]
    np.testing.assert_array_equal(pixels(shown.data), expected)  # small ones are lossless


def test_big_pictures_look_right_and_carry_no_metadata(store, explanation, pixels):
    one = explanation("a.jpg", "a", 1, size=(300, 400))
    smooth = np.stack(np.meshgrid(np.linspace(0, 255, 400), np.linspace(255, 0, 300)), -1)
    picture = np.concatenate([smooth, smooth[..., :1]], -1).astype(np.uint8)
    game = Game(dataclasses.replace(one, picture=picture), store, recipe=Recipe())
    name = next(iter(game.maps))
    shown = game.masked(name, 5)
    assert (shown.width, shown.height, shown.type) == (512, 384, "image/webp")
    expected = masked_picture(game._run[0], one.columns[0].cluster_maps[0], 5, Recipe())
    hidden = (expected == GREY).all(-1)
    assert np.abs(pixels(shown.data).astype(int) - expected).mean() < 4
    assert np.abs(pixels(shown.data)[hidden].astype(int) - GREY).mean() < 1
    assert shown.data[12:16] == b"VP8 "  # the plain format: no chunks for EXIF, XMP or colour profiles
    assert game.whole(name).image.data[12:16] == b"VP8 "


def test_the_bytes_depend_on_what_is_seen_only(store, explanation):
    one = explanation("a.jpg", "a", 1, size=(512, 400))
    rows, columns = np.mgrid[0:6, 0:5]
    hill = ClusterMap.from_raw(
        np.exp(-((rows - 2.0) ** 2 + (columns - 1.0) ** 2)),
        id="c",
        cluster=0,
        channels=[0],
        channel_weights=[9.0],
        channel_thumbnails=np.zeros((1, 2, 2)),
    )
    column = dataclasses.replace(one.columns[0], cluster_maps=(hill,))
    one = dataclasses.replace(one, window=(0.0, 0.0, 400.0, 512.0), columns=(column,))
    recipe = Recipe()
    seen = (masked_picture(one, one.columns[0].cluster_maps[0], 2, recipe) != GREY).any(-1)
    other = one.picture.copy()
    # What is shown as grey can be grey in the picture: leave alone all that the soft edge may reach.
    reach = np.pad(seen, 40)
    near = np.lib.stride_tricks.sliding_window_view(reach, (81, 81)).any((-1, -2))
    other[~near] = 255 - other[~near]
    assert (other != one.picture).any()
    two = dataclasses.replace(one, picture=other, name="b.jpg", picture_hash="another", target_name="b")
    games = [Game(each, store, recipe=recipe) for each in (one, two)]
    name = next(iter(games[0].maps))
    assert games[0].masked(name, 2) == games[1].masked(name, 2)
    assert games[0].whole(name) != games[1].whole(name)


def test_the_result_shows_the_map_on_its_window(new_game, run):
    whole = new_game().whole(run[0].columns[0].cluster_maps[0].id)
    assert whole.window == (4 / 40, 0.0, 32 / 40, 1.0)
    cells = np.frombuffer(whole.cells, np.uint8).reshape(whole.map_height, whole.map_width)
    np.testing.assert_allclose(cells / 255, run[0].columns[0].cluster_maps[0].map, atol=0.5 / 255 + 1e-6)


def test_maps_and_steps_that_are_not_there(new_game):
    game = new_game()
    name = next(iter(game.maps))
    with pytest.raises(UnknownNameError, match="no cluster map 'x'"):
        game.masked("x", 0)
    with pytest.raises(UnknownNameError, match="no cluster map 'x'"):
        game.whole("x")
    for step in (-1, 6):
        with pytest.raises(ValueError, match=f"no step {step}"):
            game.masked(name, step)


def test_precompute_makes_everything_once(new_game, monkeypatch):
    game = new_game()
    seen = []
    assert game.precompute(lambda *progress: seen.append(progress)) == 12
    assert seen == [(n, 12) for n in range(1, 13)]
    monkeypatch.setattr(images, "masked_steps", lambda *a: pytest.fail("made again"))
    assert game.precompute() == 12
    for name in game.maps:
        for step in range(6):
            game.masked(name, step)


def test_precompute_can_be_stopped_and_resumed(new_game):
    game = new_game()
    asked = iter([False, False, True])
    assert game.precompute(stop=lambda: next(asked)) == 2
    assert game.precompute() == 12


def test_the_cache_keeps_to_its_limit(run, store, monkeypatch):
    small = Game(run, store, cache_bytes=20_000)
    ready = small.precompute()
    assert 0 < ready < 12
    made = [small.masked(name, step) for name in small.maps for step in range(6)]
    kept = small._images._encoded
    assert sum(size for _, size in kept._items.values()) == kept._size <= 20_000
    large = Game(run, store)
    assert made == [large.masked(name, step) for name in large.maps for step in range(6)]


def test_many_threads_see_the_same_pictures(new_game, run, tmp_path):
    game = new_game(load(run.save(tmp_path / "run.parquet")))
    expected = {name: new_game(run).masked(name, 2) for name in game.maps}
    seen, errors = [], []

    def look():
        try:
            seen.append({name: game.masked(name, 2) for name in game.maps})
        except Exception as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert seen == [expected] * 8


def test_what_the_store_is_told_of_a_choice(new_game, run):
    game = new_game(gold=["owl.jpg"])
    history = [Encounter("x", "hash of dog.jpg", skipped=True), Encounter("y", "hash of dog.jpg")]
    only_dog = {name: 5 for name, its in game.maps.items() if its.record.picture != "dog.jpg"}
    choice = game.chooser("ada")(situation(only_dog, history))
    assert game.maps[choice.cluster_map].record.picture == "dog.jpg"
    assert (choice.truth, choice.gold, choice.times_seen, choice.steps, choice.share) == ("dog", False, 2, 6, 2.0)
    done = [Encounter(name, its.record.picture_hash) for name, its in game.maps.items()]
    assert game.chooser("ada")(situation({}, done)) is None
    assert game.rounds_left("ada", done) == 0


def test_a_game_opens_and_closes_its_own_store_only(run, store, tmp_path):
    Game(run, store).close()
    assert store.status(Game(run, store).run_id) == "running"
    game = Game(run, tmp_path / "own.db")
    assert game.store.status(game.run_id) == "running"
    game.close()


def test_a_repr_without_names(new_game):
    text = repr(new_game())
    assert text.startswith("Game(12 cluster maps of 3 pictures, ")
    assert "dog" not in text


def test_playing_needs_neither_torch_nor_sklearn(run, tmp_path):
    path = run.save(tmp_path / "run.parquet")
    code = (
        "import sys\n"
        "from inv_widgets.play.game import Game\n"
        "from inv_widgets.play.seat import Seat\n"
        f"game = Game({str(path)!r}, {str(tmp_path / 'labels.db')!r})\n"
        "game.precompute()\n"
        "seat = Seat(game, player='ada')\n"
        "assert seat.screen['kind'] == 'round', seat.screen\n"
        "print(*(name for name in ('torch', 'sklearn') if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.split() == []
