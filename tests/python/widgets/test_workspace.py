"""The workspace: labels follow what is played, and nothing about pictures not answered yet reaches any pane."""

import json
import re
import threading

import numpy as np
import pytest
import traitlets
from comparisons import found, method
from playing import Browser, Ear, secret_run

from inv_widgets import Game, LabelStore, RevealGame, State
from inv_widgets.comparison.comparison_result import ComparedPicture, ComparisonResult
from inv_widgets.game.masked_pictures import masked_picture
from inv_widgets.labels.pipeline import label
from inv_widgets.widgets import workspace_labels
from inv_widgets.widgets.workspace import PANES, Workspace

WORDS = ("harbour", "meadow", "kitchen")


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
def make(tmp_path, store, run):
    """Make workspaces whose labels are analysed; they are closed at the end."""
    made = []

    def make(given=run, **options):
        options = {"store": store, "player": "ada", "synonyms": tmp_path / "synonyms.csv"} | options
        one = Workspace(given, **options)
        made.append(one)
        assert one.wait(30)
        return one

    yield make
    for one in made:
        one.close()


def compared(run):
    """Make a comparison of the run's pictures."""
    pictures = tuple(
        ComparedPicture(
            one.name,
            one.picture_hash,
            one.picture,
            one.window,
            None,
            one.target,
            one.target_name,
            0.5,
            (one.prediction,),
        )
        for one in run
    )
    maps = tuple((found("grad_cam", place), found("lime", place)) for place, _ in enumerate(pictures))
    methods = (method("grad_cam"), method("lime"))
    return ComparisonResult("net", "none", methods, pictures, maps, ("ebpg", "drop"))


def played(browser):
    """Which of the pictures the open round is about."""
    return int(browser.game.store.round(browser.screen["round"]).cluster_map[-1])


def play_all(run, store, player, words=WORDS):
    """Play the whole run elsewhere: a simulated player, with words that no other picture gets."""
    game = RevealGame(run, store=store, player=player)
    browser = Browser(game)
    if player is None:
        browser.enter()
    for _ in run:
        number = played(browser)
        browser.answer(f"class {number}", [words[number]])
        browser.ask("next")
    game.close()


def play(workspace, words, guess=None):
    browser = Browser(workspace.game)
    number = played(browser)
    browser.answer(f"class {number}" if guess is None else guess, words)
    assert workspace.wait(30)
    return number


def words_in(workspace):
    return {word for _, members in workspace.synonyms._words["groups"] for word, *_ in members}


def test_everything_follows_a_finished_round(make):
    workspace = make()
    assert workspace._labels == {"state": "ready", "rounds": 0, "labels": 0}
    assert (workspace.chart, workspace._chart) == (None, None)
    before = workspace.explorer._version
    number = play(workspace, ["striped fur", "pilaster"])
    assert workspace._labels == {"state": "ready", "rounds": 1, "labels": 3}
    assert set(workspace.chart.summary.labels) == {"striped", "fur", "pillar"}
    assert workspace._chart is workspace.chart
    assert words_in(workspace) == {"striped", "fur", "pilaster"}
    shown = workspace.explorer.run[number].columns[0].cluster_maps[0]
    assert {one.name for one in shown.labels} == {"striped", "fur", "pillar"}
    assert workspace.explorer._version > before
    assert workspace.state.picture == f"secretname{number}.jpg"
    # The next one moves the same chart.
    chart = workspace.chart
    Browser(workspace.game).ask("next")
    play(workspace, ["wheel"])
    assert workspace.chart is chart
    assert "wheel" in chart.summary.labels


def test_steps_of_a_round_are_not_waited_on(make, monkeypatch):
    workspace = make()
    asked = []
    monkeypatch.setattr(workspace._worker, "ask", lambda: asked.append(1))
    browser = Browser(workspace.game)
    for _ in range(3):
        browser.show()
    browser.ask("pause", round=browser.screen["round"])
    browser.ask("resume", round=browser.screen["round"])
    assert asked == []
    browser.answer("class 0", ["fur"])
    assert asked
    count = len(asked)
    browser.ask("withdraw", round=browser.screen["round"], withdrawn=True)
    assert len(asked) == count + 1
    browser.ask("next")
    assert len(asked) == count + 1


def test_play_goes_on_while_labels_are_analysed(make, monkeypatch):
    workspace = make()
    go, at_work = threading.Event(), threading.Event()

    def slow(*args, **options):
        at_work.set()
        assert go.wait(20)
        return label(*args, **options)

    monkeypatch.setattr(workspace_labels, "label", slow)
    browser = Browser(workspace.game)
    browser.answer(f"class {played(browser)}", ["fur"])
    assert at_work.wait(20)
    assert workspace._labels["state"] == "working"
    browser.ask("next")
    browser.show()
    assert browser.screen["step"] == 1
    assert browser.answer("class 0", ["wheel"])["saved"]
    assert workspace.chart is None
    go.set()
    assert workspace.wait(30)
    assert set(workspace.chart.summary.labels) == {"fur", "wheel"}


def test_what_is_withdrawn_or_corrected_counts_no_more(make):
    workspace = make()
    play(workspace, ["fur"])
    browser = Browser(workspace.game)
    token = browser.screen["round"]
    browser.ask("withdraw", round=token, withdrawn=True)
    assert workspace.wait(30)
    assert (workspace.chart, workspace._chart, workspace._labels["labels"]) == (None, None, 0)
    browser.ask("withdraw", round=token, withdrawn=False)
    assert workspace.wait(30)
    assert workspace.chart.summary.labels == ("fur",)


def test_synonyms_change_all_panes(make):
    workspace = make()
    number = play(workspace, ["fur", "wheel"])
    sent = []
    workspace.synonyms.send = lambda content, buffers=None: sent.append(content)
    workspace.synonyms._handle_custom_msg({"id": "q", "kind": "unite", "group": "wheel", "into": "fur"}, [])
    assert sent[0]["ok"]
    assert workspace.wait(30)
    assert workspace.chart.summary.labels == ("fur",)
    shown = workspace.explorer.run[number].columns[0].cluster_maps[0]
    assert [one.name for one in shown.labels] == ["fur"]
    workspace.synonyms.undo()
    assert workspace.wait(30)
    assert workspace.chart.summary.labels == ("fur", "wheel")


def test_an_analysis_that_fails_is_told_in_the_chart_and_not_in_the_game(make, monkeypatch):
    workspace = make()
    monkeypatch.setattr(workspace_labels, "label", lambda *_, **__: (_ for _ in ()).throw(RuntimeError("simulated")))
    play(workspace, ["fur"])
    assert workspace._labels == {"state": "failed", "message": "simulated"}
    assert workspace.game._screen["kind"] == "result"
    monkeypatch.setattr(workspace_labels, "label", label)
    sent = []
    workspace.send = lambda content, buffers=None: sent.append(content)
    workspace._handle_custom_msg({"id": "q", "kind": "refresh"}, [])
    workspace._handle_custom_msg({"id": "r", "kind": "close"}, [])
    assert workspace.wait(30)
    assert [content.get("ok", content.get("error", "")[:13]) for content in sent] == [True, "[inv-widgets]"]
    assert workspace.chart.summary.labels == ("fur",)


def test_nothing_about_a_picture_not_answered_yet_reaches_any_pane(make, run, store, ear):
    play_all(run, store, "simulated one")
    play_all(run, store, "simulated two")
    ear.forget()
    workspace = make(player=None, information="How to play", height=400, comparison=compared(run))
    browser = Browser(workspace.game)
    browser.enter()
    for _ in range(6):
        browser.show()
    for kind in ("poll", "next", "continue", "statistics"):
        browser.ask(kind)
    browser.answer("a class that is not there")
    for key in ("0", 1, -1, None):
        workspace.explorer._handle_custom_msg({"kind": "picture", "key": key, "id": "q"}, [])
        workspace.comparison._handle_custom_msg({"kind": "row", "key": key, "id": "q"}, [])
    for kind in ("look", "save", "undo", "redo"):
        workspace.synonyms._handle_custom_msg({"kind": kind, "id": "q"}, [])
    for word in WORDS:
        workspace.synonyms._handle_custom_msg({"kind": "split", "word": word, "id": "q"}, [])
    workspace.refresh()
    assert workspace.wait(30)
    panes = [getattr(workspace, name) for name in PANES]
    for one in (workspace, *filter(None, panes)):
        one.send_state()
        one._repr_mimebundle_()
    text = ear.text() + repr(workspace)
    assert workspace.chart is None
    assert [word for word in ("secretname", "secretid", "secretlayer", "secrethash", "12.345") if word in text] == []
    # What was asked for comes back in no answer: the words that this test sent are the only ones.
    assert [word for word in WORDS if word in re.sub(r"There is no word '\w+'", "", text)] == []
    assert re.search("class [0-9]", re.sub(r'"categories": \[[^\]]*\]', "", text)) is None
    masks = [masked_picture(one, one.columns[0].cluster_maps[0], step) for one in run for step in range(6)]
    assert len(ear.images()) >= 6
    assert all(any(np.array_equal(image, mask) for mask in masks) for image in ear.images())

    # After the answer: this picture's words and labels in each pane, and no other's.
    ear.forget()
    number = play(workspace, ["fur"])
    hidden = [other for other in range(3) if other != number]
    assert ["withheld" in row for row in workspace.comparison._rows] == [place in hidden for place in range(3)]
    text = ear.text()
    assert words_in(workspace) == {"fur", WORDS[number]}
    assert workspace.chart.summary.labels == (WORDS[number],)  # two said that, and one "fur"
    assert workspace.chart.summary.targets == (f"class {number}",)
    for other in hidden:
        told = [f"secretname{other}", f"secretid{other:08d}", f"secretlayer{other}", f"secrethash{other}", WORDS[other]]
        assert [word for word in told if word in text] == []

    # Forgotten: all is withheld again, at once, before any analysis.
    stop = workspace._worker
    stop.ask = lambda: None
    browser.ask("forget")
    assert workspace.chart is None
    assert workspace.synonyms._words["withheld"]
    assert workspace.synonyms._words["groups"] == []
    ear.forget()
    for one in (workspace, workspace.explorer, workspace.synonyms):
        one.send_state()
    text = ear.text()
    assert [word for word in (*WORDS, "secret") if word in text] == []


def test_an_analysis_that_is_overtaken_by_a_game_shows_nothing(make, run, store, monkeypatch):
    workspace = make()
    play(workspace, ["fur"])
    go, at_work = threading.Event(), threading.Event()

    def slow(*args, **options):
        at_work.set()
        assert go.wait(20)
        return label(*args, **options)

    monkeypatch.setattr(workspace_labels, "label", slow)
    workspace.refresh()
    assert at_work.wait(20)
    other = RevealGame(run, store=store, player="bob", state=workspace.state)
    assert workspace.chart is None
    go.set()
    assert workspace.wait(30)
    assert workspace.chart is None
    assert words_in(workspace) == set()
    other.close()
    assert workspace.wait(30)
    assert workspace.chart.summary.labels == ("fur",)


def test_the_host_can_lift_what_is_withheld(make, run, store):
    play_all(run, store, "simulated")
    workspace = make(withhold=False)
    assert words_in(workspace) == set(WORDS)
    assert set(workspace.chart.summary.labels) == set(WORDS)
    heads = workspace.explorer._pictures
    # Not all pictures each time; but what each is called, so that the Explorer can say where a label stands.
    assert all(set(head) == {"key", "name", "target_name", "version", "labels"} for head in heads)
    assert {name for head in heads for name in head["labels"]} == set(WORDS)


def test_who_comes_back_finds_what_was_answered(make, run, store):
    play_all(run, store, None)
    workspace = make(player=None)
    assert workspace.chart is None
    assert Browser(workspace.game).enter()["ok"]
    assert workspace.wait(30)
    assert set(workspace.chart.summary.labels) == set(WORDS)


def test_another_state_takes_all_panes_along(make, run):
    workspace = make(comparison=compared(run))
    play(workspace, ["fur"])
    state = State()
    workspace.state = state
    assert workspace.wait(30)
    assert all(getattr(workspace, name).state is state for name in PANES)
    assert sum("withheld" in head for head in workspace.explorer._pictures) == 2
    assert sum("withheld" in row for row in workspace.comparison._rows) == 2
    assert workspace.chart.summary.labels == ("fur",)


def test_children_are_traits_of_their_own(make, run):
    workspace = make(comparison=compared(run))
    play(workspace, ["fur"])
    sent = workspace.get_state()
    for name in PANES:
        assert sent[f"_{name}"] == f"anywidget:{getattr(workspace, name).model_id}"
    assert sent["state"] == f"anywidget:{workspace.state.model_id}"
    json.dumps(sent["_labels"])
    workspace.set_state({"_game": None, "_labels": {"state": "failed"}, "shown": ["chart", "synonyms"]})
    assert workspace.game is not None
    assert workspace._labels["state"] == "ready"
    assert workspace.shown == ["chart", "synonyms"]


def test_a_comparison_is_one_more_pane(make, run, tmp_path):
    compared(run).save(tmp_path / "compared.parquet")
    for given in (compared(run), str(tmp_path / "compared.parquet")):
        workspace = make(comparison=given, withhold=False, shown=["comparison", "game"])
        pane = workspace.comparison
        assert [row["name"] for row in pane._rows] == [one.name for one in run]
        # What is chosen in the Explorer is a column there: it knows the run's cluster maps.
        assert [row["known_as"] for row in pane._rows] == [[one.name] for one in run]
        assert workspace.shown == ["comparison", "game"]
        workspace.close()
        assert pane.comm is None
    without = make()
    assert without.comparison is None
    for shown in (["comparison", "game"], ["chart", "comparison"]):
        with pytest.raises(traitlets.TraitError, match=r"without a comparison: give Workspace\(..., comparison="):
            without.shown = shown
    assert without.shown == ["game", "explorer"]
    with pytest.raises(traitlets.TraitError, match="without a comparison"):
        make(shown=["comparison", "game"])
    with pytest.raises(TypeError, match=r"give what inv.compare\(...\) returns"):
        make(comparison=run)


def test_the_comparison_knows_merged_cluster_maps(make, run):
    workspace = make(comparison=compared(run))
    number = play(workspace, ["fur"])
    shown = workspace.explorer.run[number].columns[0].cluster_maps[0]
    told, _ = workspace.comparison._desk.answer({"kind": "row", "key": str(number)}, [])
    assert (shown.id, "fur") in [(one["id"], one["labels"]) for one in told["row"]["clusters"]]
    assert told["row"]["version"] == workspace.comparison._rows[number]["version"] > 0


def test_arguments(make, run, tmp_path):
    workspace = make(comparison=compared(run), layout="side by side", height=500, language="it", rounds=2)
    assert (workspace.arrangement, workspace.state.language) == ("side by side", "it")
    assert workspace.game.game.rules.rounds == 2
    workspace.height = 600
    assert {getattr(workspace, name).height for name in PANES if name != "chart"} == {600}
    for shown in (["game"], ["game", "game"], ["game", "nothing"], "game", None, 3):
        with pytest.raises(
            traitlets.TraitError, match="give two of 'game', 'explorer', 'chart', 'comparison', 'synonyms'"
        ):
            workspace.shown = shown
    with pytest.raises(traitlets.TraitError, match="'tabs', 'side by side'"):
        make(layout="above")
    with pytest.raises(TypeError, match="Did you mean 'synonyms'"):
        make(synonym="x.csv")
    broken = tmp_path / "broken.csv"
    broken.write_text("a,b\n")
    with pytest.raises(ValueError, match="no column label"):
        make(synonyms=broken)
    assert not State()._withholding.active


def test_a_game_can_be_given(make, run, store):
    game = Game(run, store)
    workspace = make(game, store=None)
    assert workspace.game.game is game
    assert workspace.store is store
    play(workspace, ["fur"])
    assert workspace.chart.summary.labels == ("fur",)
    workspace.close()
    assert store.rounds().shape[0] == 1  # not closed: it was given


def test_what_is_labelled_is_played_and_labelled_anew(make, run, store):
    play_all(run, store, "ada")
    workspace = make(label(run, store, synonyms={"meadow": ["harbour"]}))
    assert set(workspace.chart.summary.labels) == set(WORDS)


def test_closing_lifts_what_is_withheld(make, run):
    workspace = make()
    state = workspace.state
    workspace.close()
    assert not state._withholding.active
    assert workspace.wait(5)
    workspace.refresh()
    assert workspace.wait(0)


def test_merged_ids_and_a_store_with_other_games(make, run, store):
    play_all(secret_run(5)[3:], store, "simulated", {3: "elsewhere", 4: "elsewhere"})
    workspace = make()
    play(workspace, ["fur"])
    assert workspace._labels["rounds"] == 1
    assert words_in(workspace) == {"fur"}
