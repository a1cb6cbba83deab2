"""Before the answer nothing that reaches the browser gives it away, beside an Explorer on the same State too."""

import base64
import dataclasses
import gc
import io
import re
import secrets
import uuid
import weakref

import numpy as np
import pytest
from ipywidgets.widgets import widget
from PIL import Image
from playing import SIZE, Browser, Ear, secret_explanation, secret_run

from inv_widgets import Explorer, LabelStore, RevealGame, State
from inv_widgets.game.masked_pictures import GREY, masked_picture
from inv_widgets.run import Run, load
from inv_widgets.widgets import explorer_pictures
from inv_widgets.widgets.withholding import Withholding


@pytest.fixture
def ear(monkeypatch):
    return Ear(monkeypatch)


@pytest.fixture
def store(tmp_path):
    with LabelStore(tmp_path / "labels.db") as opened:
        yield opened


@pytest.fixture
def run():
    return secret_run()


@pytest.fixture
def games():
    """Closed at the end."""
    opened = []
    yield opened
    for game in opened:
        game.close()


def in_the_open(text, *numbers):
    words = ["secretname", "secretid", "secretlayer", "secrethash"]
    if numbers:
        words = [f"secret{what}{number}" for number in numbers for what in ("name", "id0000000", "layer")]
    return [word for word in words if word in text]


def play_before_the_answer(browser, explorer):
    """Everything that a browser can do before it answers."""
    if browser.screen["kind"] == "welcome":
        browser.ask("decline")
        browser.ask("reconsider")
        browser.enter()
    token = browser.screen["round"]
    for _ in range(6):
        browser.show()
    for kind in ("pause", "resume"):
        browser.ask(kind, round=token)
    for kind in ("poll", "next", "continue", "statistics"):
        browser.ask(kind)
    browser.ask("leaderboard", on=True)
    browser.ask("correct", round=token, labels=["x"], language="en")
    browser.ask("withdraw", round=token, withdrawn=True)
    browser.answer("a class that is not there")
    browser.answer("class 0", [])
    browser.ask("skip", round=token, actions=[])
    browser.show()
    for key in (*range(-4, 4), "0", "x", None, 0.5, True, [0]):
        for kind in ("picture", "channels"):
            explorer._handle_custom_msg({"kind": kind, "key": key, "id": "q"}, [])
        explorer._handle_custom_msg({"kind": "thumbnails", "keys": [key], "id": "q"}, [])
    for one in (browser.game, explorer, browser.game.state):
        one.send_state()
        one._repr_mimebundle_()
        repr(one)


@pytest.mark.parametrize("saved", [False, True], ids=["in memory", "saved"])
@pytest.mark.parametrize("first", ["explorer", "game"])
@pytest.mark.parametrize("player", [None, "ada"])
def test_nothing_gives_the_answer_away(run, store, ear, games, tmp_path, saved, first, player):
    given = load(run.save(tmp_path / "run.parquet")) if saved else run
    state = State()
    explorer = Explorer(given, state=state) if first == "explorer" else None
    ear.forget()  # an Explorer that was open before the game showed what it showed
    game = RevealGame(given, store=store, player=player, state=state, information="How to play")
    games.append(game)
    explorer = explorer or Explorer(given, state=state)
    browser = Browser(game)
    play_before_the_answer(browser, explorer)
    text = ear.text()
    assert in_the_open(text) == []
    assert "12.345" not in text  # weights
    assert "42.345" not in text
    assert "block 7" not in text  # the layer's title
    # Classes are listed, all of them, and are nowhere else: no screen, no State, no Explorer.
    assert re.search("class [0-9]", re.sub(r'"categories": \[[^\]]*\]', "", text)) is None
    # Of pictures, only the masked ones were sent: hidden pixels are grey.
    allowed = [masked_picture(one, one.columns[0].cluster_maps[0], step) for one in run for step in range(6)]
    images = ear.images()
    assert len(images) >= 8
    for image in images:
        assert any(np.array_equal(image, mask) for mask in allowed)
        assert (image == GREY).all(-1).mean() > 0.3
    # What a reader without a kernel would see.
    for one in (game, explorer):
        assert "image/jpeg" not in one._repr_mimebundle_()[0]
        assert in_the_open(repr(one)) == []

    # After the answer: this picture, and no other.
    ear.forget()
    played = int(game.game.store.round(browser.screen["round"]).cluster_map[-1])
    others = [number for number in range(3) if number != played]
    assert browser.answer(f"class {played}")["saved"]
    assert state.picture == f"secretname{played}.jpg"
    for key in range(3):
        explorer._handle_custom_msg({"kind": "picture", "key": str(key), "id": "q"}, [])
    text = ear.text()
    assert in_the_open(text, played)
    assert in_the_open(text, *others) == []
    assert explorer._pictures[played] == {
        "key": str(played), "name": f"secretname{played}.jpg", "target_name": f"class {played}",
    }  # fmt: skip
    for number in others:
        assert explorer._pictures[number] == {"key": str(number), "withheld": True}
    whole = run[played].picture
    for image in ear.images():
        assert image.shape != whole.shape or np.abs(image.astype(int) - whole).mean() < 6
    assert explorer.explanation.name == f"secretname{played}.jpg"


def test_a_sent_picture_carries_nothing_but_pixels(run, store, games):
    game = RevealGame(run, store=store, player="ada")
    games.append(game)
    image = Image.open(io.BytesIO(game._screen["image"]))
    assert image.size == (SIZE, SIZE)
    assert not image.getexif()
    assert not {"exif", "xmp", "icc_profile", "comment"} & set(image.info)


class Tokens:
    """Makes everything random the same for two games."""

    def __init__(self, monkeypatch):
        self.count = 0
        monkeypatch.setattr(secrets, "token_urlsafe", lambda n=None: f"token{self.next()}")
        monkeypatch.setattr(secrets, "token_hex", lambda n=None: f"{self.next():032x}")
        monkeypatch.setattr(uuid, "uuid4", lambda: uuid.UUID(int=self.next()))

    def next(self):
        self.count += 1
        return self.count


def wire_before_the_answer(run, path, ear, tokens):
    """All bytes that reach a browser before it answers, from the first widget on."""
    tokens.count = 0
    ear.forget()
    others = set(widget._instances)
    state = State()
    with LabelStore(path) as store:
        categories = ["class 0", "class 1", "class 2"]
        game = RevealGame(run, store=store, state=state, categories=categories, consent="Yes?")
        explorer = Explorer(run, state=state)
        play_before_the_answer(Browser(game), explorer)
        wire = ear.wire()
        Browser(game).answer()
        assert len(ear.wire()) > len(wire)
        for one in set(widget._instances) - others:
            widget._instances[one].close()
    return wire


def _hidden(explanation):
    """Pixels that are grey whatever the picture shows there."""
    hidden = np.ones((SIZE, SIZE), bool)
    for level in (0, 255):
        flat = dataclasses.replace(explanation, picture=np.full((SIZE, SIZE, 3), level, np.uint8))
        hidden &= (masked_picture(flat, flat.columns[0].cluster_maps[0], 5) == GREY).all(-1)
    return hidden


def test_what_is_hidden_changes_no_byte(monkeypatch, ear, tmp_path):
    """Two runs whose visible pixels agree; hidden pixels, classes, names, hashes and layers do not."""
    tokens = Tokens(monkeypatch)
    one = [secret_explanation(number, ids=f"the same id {number}") for number in range(3)]
    other = []
    for number, first in enumerate(one):
        changed = secret_explanation(
            number + 10, name=f"a much longer secretname{number}.jpg", target_name=f"class {(number + 1) % 3}",
            ids=f"the same id {number}",
        )  # fmt: skip
        picture = np.where(_hidden(first)[..., None], changed.picture, first.picture)
        assert (picture != first.picture).mean() > 0.3
        other.append(dataclasses.replace(changed, picture=picture))
    wires = [
        wire_before_the_answer(Run(each), tmp_path / f"{len(each)}{place}.db", ear, tokens)
        for place, each in enumerate((one, other))
    ]
    assert len(wires[0]) > 10_000
    assert wires[0] == wires[1]


def test_withheld_pictures_can_be_neither_read_nor_saved(run, store, games, from_browser, tmp_path):
    state = State()
    explorer = Explorer(run, state=state)
    assert explorer._pictures[0]["columns"]
    assert explorer._repr_mimebundle_()[0]["image/jpeg"]
    game = RevealGame(run, store=store, player="ada", state=state)
    games.append(game)
    assert explorer._pictures == [{"key": str(n), "withheld": True} for n in range(3)]
    with pytest.raises(IndexError, match=r"^\[inv-widgets\] All pictures of this Explorer are withheld"):
        explorer.explanation  # noqa: B018
    with pytest.raises(IndexError, match="are withheld"):
        explorer.save(tmp_path / "figure.svg")
    [(content, buffers)] = from_browser(explorer, {"kind": "picture", "key": "1", "id": "q1"})
    assert content == {"id": "q1", "error": "[inv-widgets] This picture is withheld while a game is open: play first."}
    assert buffers is None
    assert "image/jpeg" not in explorer._repr_mimebundle_()[0]
    Browser(game).answer()
    answered = int(state.cluster_map[-1])
    [(content, buffers)] = from_browser(explorer, {"kind": "picture", "key": str(answered), "id": "q2"})
    assert content["picture"]["name"] == f"secretname{answered}.jpg"
    assert base64.b64decode(explorer._repr_mimebundle_()[0]["image/jpeg"])
    game.close()
    assert all("columns" in picture for picture in explorer._pictures)  # whole again, for readers without a kernel
    assert explorer.explanation.name == f"secretname{answered}.jpg"


def test_the_host_can_lift_it(run, store, games):
    state = State()
    explorer = Explorer(run, state=state)
    before = explorer._pictures
    games.append(RevealGame(run, store=store, player="ada", state=state, withhold=False))
    assert explorer._pictures is before


def test_what_was_answered_stays_shown_in_the_next_session(run, store, games):
    first = RevealGame(run, store=store, player="ada")
    Browser(first).answer()
    answered = first.state.picture
    first.close()
    state = State()
    explorer = Explorer(run, state=state)
    games.append(RevealGame(run, store=store, player="ada", state=state))
    assert [head.get("name") for head in explorer._pictures].count(answered) == 1
    assert sum("withheld" in head for head in explorer._pictures) == 2
    other = State()
    second = Explorer(run, state=other)
    games.append(RevealGame(run, store=store, player="bob", state=other))
    assert all("withheld" in head for head in second._pictures)


def test_a_skipped_or_resigned_picture(run, store, games):
    state = State()
    explorer = Explorer(run, state=state)
    game = RevealGame(run, store=store, player="ada", state=state)
    games.append(game)
    browser = Browser(game)
    browser.ask("skip", round=browser.screen["round"], actions=[])
    assert all("withheld" in head for head in explorer._pictures)
    browser.ask(
        "answer", round=browser.screen["round"], guess=None, resigned=True, labels=[], language="en", actions=[],
        seconds=1.0,
    )  # fmt: skip
    assert sum("withheld" in head for head in explorer._pictures) == 2
    browser.ask("forget")
    assert all("withheld" in head for head in explorer._pictures)


def test_other_runs_and_other_states_are_not_touched(run, store, games):
    state = State()
    other = Run(secret_explanation(number) for number in range(5, 7))
    elsewhere, beside = Explorer(run, state=State()), Explorer(other, state=state)
    games.append(RevealGame(run, store=store, player="ada", state=state))
    assert all("columns" in picture for picture in elsewhere._pictures)
    assert [set(head) for head in beside._pictures] == [{"key", "name", "target_name"}] * 2


def test_two_games_on_one_state_withhold_both(run, store, games):
    state = State()
    explorer = Explorer(run, state=state)
    one = RevealGame(run[:2], store=store, player="ada", state=state)
    two = RevealGame(run[1:], store=store, player="ada", state=state)
    games += [one, two]
    assert all("withheld" in head for head in explorer._pictures)
    one.close()
    assert ["withheld" in head for head in explorer._pictures] == [False, True, True]
    two.close()
    assert all("columns" in picture for picture in explorer._pictures)


def test_a_game_whose_cell_was_run_again(run, store, games):
    state = State()
    explorer = Explorer(run, state=state)
    games += [RevealGame(run, store=store, player="ada", state=state) for _ in range(2)]
    browser = Browser(games[1])
    assert browser.answer()["saved"]
    played = browser.screen["picture"]
    assert ["withheld" in head for head in explorer._pictures] == [one.name != played for one in run]
    assert explorer.explanation.name == played
    # Somebody else on the same State has not answered it.
    games.append(RevealGame(run, store=store, player="bob", state=state))
    assert all("withheld" in head for head in explorer._pictures)
    games[2].close()
    assert browser.ask("forget")["ok"]
    assert all("withheld" in head for head in explorer._pictures)


def test_an_explorer_that_changes_its_state(run, store, games):
    playing, free = State(), State()
    games.append(RevealGame(run, store=store, player="ada", state=playing))
    explorer = Explorer(run, state=free)
    explorer.state = playing
    assert all("withheld" in head for head in explorer._pictures)
    explorer.state = free
    assert all("columns" in picture for picture in explorer._pictures)


def test_a_big_run_is_read_only_where_it_is_shown(run, store, games, tmp_path, monkeypatch):
    monkeypatch.setattr(explorer_pictures.payload, "pictures", lambda *a: pytest.fail("read whole"))
    state = State()
    games.append(RevealGame(run, store=store, player="ada", state=state))
    explorer = Explorer(load(run.save(tmp_path / "run.parquet")), state=state)
    assert len(explorer._pictures) == 3


class Thing:
    pass


class Watcher:
    def __init__(self):
        self.told = 0

    def changed(self):
        self.told += 1


def test_a_game_that_is_gone_withholds_nothing():
    withholding, watcher, game = Withholding(), Watcher(), Thing()
    withholding.watch(watcher.changed)
    withholding.watch(watcher.changed)
    withholding.withhold(game, {"a"})
    withholding.withhold(game, ["a"])
    assert (withholding.active, withholding.hashes, watcher.told) == (True, {"a"}, 1)
    withholding.withhold(game, ())
    assert (withholding.active, withholding.hashes, watcher.told) == (True, frozenset(), 2)
    withholding.withhold(game, {"a", "b"})
    gone = weakref.ref(game)
    del game
    gc.collect()
    assert gone() is None
    assert (withholding.active, withholding.hashes, watcher.told) == (False, frozenset(), 4)
    withholding.lift(Thing())
    assert watcher.told == 4
    withholding.unwatch(watcher.changed)
    other = Thing()
    withholding.withhold(other, {"c"})
    assert watcher.told == 4
    withholding.watch(watcher.changed)
    del watcher
    gc.collect()
    withholding.lift(other)
    assert not withholding.active
