"""RevealGame: what it takes, what it sends and answers, what it writes to State."""

import subprocess
import sys

import numpy as np
import pytest
import traitlets
from ipywidgets.widgets import widget
from playing import Browser, secret_run

import inv_widgets as inv
from inv_widgets import Explorer, RevealGame, State
from inv_widgets.play.game import Game
from inv_widgets.play.rules import Rules
from inv_widgets.store.errors import StoreError


@pytest.fixture
def run():
    return secret_run()


@pytest.fixture
def store(tmp_path):
    with inv.LabelStore(tmp_path / "labels.db") as opened:
        yield opened


@pytest.fixture
def new(run, store):
    made = []

    def make(given=None, **options):
        options = options if isinstance(given, Game) else {"store": store, **options}
        made.append(RevealGame(run if given is None else given, **options))
        return made[-1]

    yield make
    for game in made:
        game.close()


def test_a_run_a_list_a_path_and_a_game(new, run, store, tmp_path):
    path = run.save(tmp_path / "run.parquet")
    for given in (run, list(run), path, str(path), Game(run, store)):
        game = new(given, player="ada")
        assert game._screen["kind"] == "round"
        assert (game._screen["number"], game._screen["of"]) == (1, 3)
    assert new(run[0]).game.n_maps == 1


def test_by_default_it_keeps_labels_in_this_folder(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for store, file in ((None, "labels.db"), ("other.db", "other.db")):
        game = RevealGame(run, player="ada", store=store)
        assert (tmp_path / file).exists()
        assert game.store.url.endswith(file)
        game.close()


def test_what_cannot_be_played_is_refused(new, run, store):
    before = set(widget._instances)
    with pytest.raises(TypeError, match=r"^\[inv-widgets\] Expected a Run, an Explanation"):
        new(3)
    with pytest.raises(ValueError, match=r"^\[inv-widgets\] There is nothing to play"):
        new([])
    with pytest.raises(TypeError, match=r"^\[inv-widgets\] state='x' is a str: give an inv\.State\."):
        new(state="x")
    with pytest.raises(TypeError, match=r"RevealGame has no argument 'sceonds'\. Did you mean 'seconds'\?"):
        new(sceonds=30)
    with pytest.raises(ValueError, match=r"^\[inv-widgets\] Rules\(seconds=0\) is not possible"):
        new(seconds=0)
    for player in ("", " ", "x" * 41, 3):
        with pytest.raises(ValueError, match=r"^\[inv-widgets\] player=.* is not possible: give a nickname"):
            new(player=player)
    with pytest.raises(traitlets.TraitError, match=r"^\[inv-widgets\] RevealGame: height="):
        new(height=10)
    game = Game(run, store)
    for name, value in (("store", "x.db"), ("recipe", inv.Recipe()), ("rounds", 3)):
        with pytest.raises(TypeError, match=rf"^\[inv-widgets\] {name}=.* belongs to the Game that is given"):
            RevealGame(game, **{name: value})
    left = [one for name, one in widget._instances.items() if name not in before]
    assert not [one for one in left if isinstance(one, RevealGame)]
    assert not [one for one in left if isinstance(one, State) and one._withholding.active]


def test_rules_and_view_are_told_apart(new):
    game = new(rounds=2, features_required=False, height=400, title="Guess!", layout={"width": "50%"})
    assert game.game.rules == Rules(rounds=2, features_required=False, title="Guess!")
    assert (game.height, game.layout.width) == (400, "50%")
    assert game._settings["title"] == "Guess!"
    assert not game._settings["features_required"]


def test_the_language_is_the_states(new):
    assert new(language="it").state.language == "it"
    state = State(language="it")
    assert new(state=state).state.language == "it"
    new(state=state, language="en")
    assert state.language == "en"


def test_it_answers_by_id_and_shows_what_the_seat_shows(new):
    game = new()
    browser = Browser(game)
    assert game._screen["needs"] == ["nickname"]
    assert browser.enter() == {"ok": True}
    assert game._screen == game.seat.screen
    assert browser.show() == {"ok": True}
    assert (game._screen["kind"], game._screen["step"]) == ("round", 1)
    assert browser.answer() == {"ok": True, "saved": True, "again": False}
    assert game._screen["kind"] == "result"
    assert browser.ask("next") == {"ok": True}
    answer = browser.ask("cheat")
    assert answer["code"] == "bad-message"
    assert answer["error"].startswith("[inv-widgets]")
    for content in (None, 3, "next", []):
        sent = []
        game.send = sent.append
        game._on_message(game, content, [])
        assert sent[0]["code"] == "bad-message"
        del game.send


def test_store_trouble_is_answered_and_play_goes_on(new, store, monkeypatch):
    browser = Browser(new(player="ada"))

    def fail(*_, **__):
        raise StoreError("[inv-widgets] The disk is full.", code="store-full")

    monkeypatch.setattr(store, "answer", fail)
    assert browser.answer() == {"error": "[inv-widgets] The disk is full.", "code": "store-full", "retry": True}
    monkeypatch.undo()
    assert browser.answer()["saved"]


def test_a_fresh_kernel_goes_on(new):
    first = Browser(new(player="ada"))
    first.show()
    screen = first.screen
    second = Browser(new(player="ada"))
    assert second.screen | {"turn": 0} == screen | {"turn": 0}


def test_the_browser_cannot_write_screens(new):
    game = new(player="ada")
    screen, settings = game._screen, game._settings
    game.set_state({"_screen": {"kind": "result"}, "_settings": {}, "height": 300})
    assert (game._screen, game._settings, game.height) == (screen, settings, 300)


def test_state_is_told_after_the_result_only(new, run):
    state = State(picture="somewhere else", colour_map="inferno")
    game = new(state=state, player="ada")
    browser = Browser(game)
    browser.show()
    before = (state.picture, state.target, state.layer, state.cluster_map)
    assert before == ("somewhere else", None, None, None)
    browser.answer()
    played = run[browser.screen["picture"]]
    [(column, cluster_map)] = played.cluster_maps()
    assert (state.picture, state.target) == (played.name, played.target_name)
    assert (state.layer, state.cluster_map) == (column.layer, cluster_map.id)
    state.picture = state.cluster_map = None
    browser.ask("correct", round=browser.screen["round"], labels=["eye"], language="en")
    assert browser.screen["corrected"]
    assert state.picture is None  # told once


def test_a_state_that_names_what_is_withheld_forgets_it(new, run):
    state = State(picture="secretname1.jpg", target="class 1", cluster_map="secretid00000001", layer="secretlayer1")
    new(state=state, player="ada")
    assert (state.picture, state.target, state.cluster_map) == (None, None, None)
    state = State(picture="secretname1.jpg")
    new(state=state, player="ada", withhold=False)
    assert state.picture == "secretname1.jpg"


def test_two_players_share_a_game(run, store):
    shared = Game(run, store)
    ada, bob = (Browser(RevealGame(shared, player=name)) for name in ("ada", "bob"))
    assert ada.screen["round"] != bob.screen["round"]
    ada.answer()
    assert bob.screen["kind"] == "round"
    ada.game.close()
    assert bob.answer()["saved"]  # closing one leaves the game and its store open
    assert ada.game.game is bob.game.game
    bob.game.close()


def test_closing_closes_what_it_opened(run, tmp_path, store, monkeypatch):
    closed = []
    close = inv.LabelStore.close

    def noting(self):
        closed.append(self)
        close(self)

    monkeypatch.setattr(inv.LabelStore, "close", noting)
    own = RevealGame(run, store=tmp_path / "own.db", player="ada")
    own.close()
    assert closed == [own.store]
    RevealGame(run, store=store, player="ada").close()
    assert closed == [own.store]


def test_what_stands_in_the_notebook_says_nothing(new):
    game = new(player="ada")
    Browser(game).show()
    data, _ = game._repr_mimebundle_()
    assert set(data) == {"text/plain", "application/vnd.jupyter.widget-view+json"}
    assert data["text/plain"] == repr(game) == "RevealGame(3 cluster maps, player='ada')"
    assert repr(new()) == "RevealGame(3 cluster maps, player=None)"


def test_an_explorer_and_a_game_on_one_state(new, run):
    state = State()
    explorer, game = Explorer(run, state=state), new(state=state, player="ada")
    assert explorer.state is game.state is state
    other = State()
    game.state = other
    assert not state._withholding.active
    assert len(other._withholding.hashes) == 3


def test_a_misspelt_trait_is_refused(new):
    game = new()
    with pytest.raises(AttributeError, match=r"RevealGame has no trait 'hieght'\. Did you mean 'height'\?"):
        game.hieght = 300


def test_pictures_arrive_as_bytes(new):
    game = new(player="ada")
    state = game.get_state()
    assert isinstance(state["_screen"]["image"], bytes)
    assert state["_screen"]["width"] == 96
    assert isinstance(state["_settings"]["shares"], list)
    Browser(game).answer()
    cells = np.frombuffer(game.get_state()["_screen"]["map"], np.uint8)
    assert cells.max() == 255


def test_playing_needs_neither_torch_nor_sklearn(run, tmp_path):
    path = run.save(tmp_path / "run.parquet")
    code = (
        "import sys, inv_widgets as inv\n"
        f"game = inv.RevealGame({str(path)!r}, store={str(tmp_path / 'labels.db')!r}, player='ada')\n"
        "ask = lambda **message: game.seat.handle(message)\n"
        "token = game._screen['round']\n"
        "assert ask(kind='show', round=token, step=1)['ok']\n"
        "assert ask(kind='answer', round=token, guess='class 0', resigned=False, labels=['ear'], language='en',\n"
        "           actions=[], seconds=1.0)['saved']\n"
        "assert ask(kind='statistics')['ok'] and ask(kind='leaderboard', on=True)['ok']\n"
        "game._repr_mimebundle_()\n"
        "print(*(name for name in ('torch', 'sklearn') if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.split() == []
