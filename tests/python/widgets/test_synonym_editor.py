"""The editor of synonyms: what the browser asks is done, told to listeners, kept in the file; nothing is lost."""

import threading

import pandas as pd
import pytest
import traitlets
from playing import Browser, Ear, secret_run

from inv_widgets import LabelStore, RevealGame, State
from inv_widgets.labels.synonyms import SynonymTable
from inv_widgets.widgets.synonym_editor import SynonymEditor
from inv_widgets.widgets.workers import Worker

COUNTS = {"column": 12, "pillar": 3, "window": 8, "fur": 7, "pelt": 2, "roof": 1, "<img src=x onerror=alert(1)>": 1}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "synonyms.csv"


@pytest.fixture
def editor(path):
    made = SynonymEditor(COUNTS, path=path)
    yield made
    made.close()


@pytest.fixture
def ask(from_browser):
    def ask(editor, kind, **fields):
        [(content, _)] = from_browser(editor, {"id": "q", "kind": kind, **fields})
        return content

    return ask


def groups(editor):
    return {name: [word for word, *_ in members] for name, members in editor._words["groups"]}


def test_it_shows_groups_and_counts(editor):
    assert editor._words["groups"][:2] == [
        ["pillar", [["pillar", 3, ""], ["column", 12, "table"]]],
        ["fur", [["fur", 7, ""], ["pelt", 2, "WordNet"]]],
    ]
    assert groups(editor)["<img src=x onerror=alert(1)>"] == ["<img src=x onerror=alert(1)>"]
    assert (editor._file["state"], editor._words["undo"], editor._words["changed"]) == ("saved", False, [])
    assert repr(editor).startswith("SynonymEditor(")


def test_the_browser_changes_and_listeners_hear(path, ask):
    heard = []
    editor = SynonymEditor(COUNTS, path=path, on_change=heard.append)
    answer = ask(editor, "move", word="column", group="window")
    assert answer == {"id": "q", "ok": True, "turn": editor._words["turn"]}
    assert groups(editor)["window"] == ["window", "column"]
    assert heard == [editor.synonyms] == [SynonymTable({"window": ("column",)})]
    assert editor._words["changed"] == ["column"]
    assert editor._file == {"path": str(path), "state": "unsaved"}
    assert ask(editor, "split", word="pelt")["ok"]
    assert ask(editor, "rename", group="pillar", name="post")["ok"]
    assert ask(editor, "unite", group="roof", into="window")["ok"]
    assert groups(editor)["post"] == ["pillar"]
    assert sorted(groups(editor)["window"]) == ["column", "roof", "window"]
    assert len(heard) == 4
    assert not path.exists()


def test_undo_and_redo_go_through_all_changes(editor, ask):
    tables = [editor.synonyms]
    for kind, fields in (
        ("move", {"word": "column", "group": "window"}),
        ("split", {"word": "pelt"}),
        ("rename", {"group": "fur", "name": "coat"}),
    ):
        assert ask(editor, kind, **fields)["ok"]
        tables.append(editor.synonyms)
    shown = groups(editor)
    for table in tables[-2::-1]:
        assert ask(editor, "undo")["ok"]
        assert editor.synonyms == table
    assert (editor._words["undo"], editor._words["redo"], editor._file["state"]) == (False, True, "saved")
    assert ask(editor, "undo")["ok"]
    for table in tables[1:]:
        ask(editor, "redo")
        assert editor.synonyms == table
    assert groups(editor) == shown
    ask(editor, "undo")
    ask(editor, "move", word="roof", group="window")
    assert not editor._words["redo"]
    editor.synonyms = SynonymTable({"a": ("b",)})  # from Python, too
    editor.undo()
    assert groups(editor)["window"][-1] in {"roof", "column"}


def test_saving_says_saved_only_after_the_file_is_written(editor, path, ask, monkeypatch):
    ask(editor, "move", word="column", group="window")
    monkeypatch.setattr("inv_widgets.atomic.write", lambda *a: (_ for _ in ()).throw(OSError(28, "No space left")))
    answer = ask(editor, "save")
    assert "No space left" in answer["error"]
    assert editor._file["state"] == "failed"
    assert editor._words["changed"] == ["column"]
    assert not path.exists()
    monkeypatch.undo()
    assert ask(editor, "save")["ok"]
    assert path.read_text() == "label,synonyms\nwindow,column\n"
    assert (editor._file, editor._words["changed"]) == ({"path": str(path), "state": "saved"}, [])
    again = SynonymEditor(COUNTS, path=path)
    assert groups(again) == groups(editor)


def test_what_others_wrote_is_taken_up_where_nothing_is_lost(editor, path, ask):
    path.write_text("label,synonyms\nroof,window\n")
    assert ask(editor, "look")["ok"]
    assert sorted(groups(editor)["roof"]) == ["roof", "window"]
    assert editor._file["state"] == "saved"
    editor.undo()
    assert groups(editor)["roof"] == ["roof"]
    assert editor._file["state"] == "unsaved"
    path.write_text("no table")
    ask(editor, "look")
    assert editor._file["state"] == "conflict"


@pytest.mark.parametrize("how", ["both", "mine", "theirs"])
def test_a_conflict_is_told_and_settled(editor, path, ask, how):
    ask(editor, "move", word="column", group="window")
    mine = editor.synonyms
    path.write_text("label,synonyms\nroof,pelt\n")
    assert ask(editor, "save")["code"] == "conflict"
    assert editor._file["state"] == "conflict"
    assert path.read_text() == "label,synonyms\nroof,pelt\n"
    assert editor.synonyms == mine
    assert ask(editor, "resolve", how="neither")["code"] == "refused"
    assert ask(editor, "resolve", how=how)["ok"]
    assert editor._file["state"] == "saved"
    wanted = {
        "both": {"roof": ("pelt",), "window": ("column",)},
        "mine": {"window": ("column",)},
        "theirs": {"roof": ("pelt",)},
    }
    assert dict(editor.synonyms.groups) == wanted[how]
    assert SynonymTable.read(path) == editor.synonyms
    kept = [other.read_text() for other in path.parent.iterdir() if other != path]
    assert kept == ([] if how == "theirs" else ["label,synonyms\nroof,pelt\n"])
    if how != "mine":
        editor.undo()
        assert editor.synonyms == mine


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"kind": "move", "word": "column", "group": "nowhere"}, "gone"),
        ({"kind": "move", "word": "nothing", "group": "fur"}, "gone"),
        ({"kind": "rename", "group": "fur", "name": "a;b"}, "refused"),
        ({"kind": "move", "word": "column"}, "refused"),
        ({"kind": "move", "word": "column", "group": 3}, "refused"),
        ({"kind": "save", "path": "/etc/passwd"}, "refused"),
        ({"kind": ["move"]}, "refused"),
        ({}, "refused"),
    ],
)
def test_what_cannot_be_done_is_answered(editor, from_browser, message, code):
    before = editor.synonyms
    [(content, _)] = from_browser(editor, {"id": "q", **message})
    assert content["code"] == code
    assert content["error"].startswith("[inv-widgets]")
    assert editor.synonyms is before


def test_new_words_come_in_beside_what_is_not_saved(editor, ask):
    ask(editor, "move", word="column", group="window")
    editor.labels = {**COUNTS, "door": 9}
    assert groups(editor)["door"] == ["door"]
    assert groups(editor)["window"] == ["window", "column"]
    editor.undo()
    assert groups(editor)["pillar"] == ["pillar", "column"]


def test_five_thousand_words(path, ask):
    words = {f"word{number}": 1 + number % 7 for number in range(5000)}
    editor = SynonymEditor(words, path=path)
    assert ask(editor, "unite", group="word1", into="word2")["ok"]
    assert groups(editor)["word2"] == ["word2", "word1"]


@pytest.mark.parametrize("labels", [3, "synonyms.csv", (1, 2, 3)])
def test_wrong_labels_are_refused(path, labels):
    with pytest.raises(TypeError, match=r"^\[inv-widgets\] labels=.* give what inv.label returned"):
        SynonymEditor(labels, path=path)


def test_wrong_arguments_are_refused(path):
    with pytest.raises(TypeError, match="Did you mean 'path'"):
        SynonymEditor(COUNTS, pathh=path)
    with pytest.raises(TypeError, match=r"give an inv\.State"):
        SynonymEditor(COUNTS, path=path, state=3)
    with pytest.raises(TypeError, match="give a function"):
        SynonymEditor(COUNTS, path=path, on_change=3)
    with pytest.raises(traitlets.TraitError):
        SynonymEditor(COUNTS, path=path).synonyms = {"a": "b"}


def test_words_about_pictures_not_answered_yet_are_withheld(path, tmp_path, monkeypatch, ask):
    run = secret_run()
    with LabelStore(tmp_path / "labels.db") as store:
        other = RevealGame(run, store=store, player="simulated")
        for number in range(3):
            browser = Browser(other)
            played = int(store.round(browser.screen["round"]).cluster_map[-1])
            browser.answer(f"class {played}", [f"secretword{'abc'[played]}"])
            if number < 2:
                browser.ask("next")
        other.close()
        ear = Ear(monkeypatch)
        state = State()
        game = RevealGame(run, store=store, player="ada", state=state)
        editor = SynonymEditor((run, store), path=path, state=state)
        assert "secretword" not in ear.text()
        assert not groups(editor)
        played = int(store.round(Browser(game).screen["round"]).cluster_map[-1])
        Browser(game).answer(f"class {played}", ["wheel"])
        assert editor._worker.wait(20)
        assert set(groups(editor)) == {"wheel", f"secretword{'abc'[played]}"}
        text = ear.text()
        assert all(f"secretword{'abc'[number]}" not in text for number in range(3) if number != played)
        Browser(game).ask("forget")
        assert editor._words["withheld"]
        assert not editor._words["groups"]
        assert ask(editor, "move", word="wheel", group="wheel")["code"] == "withheld"
        game.close()
        assert editor._worker.wait(20)
        assert len(groups(editor)) == 3
        editor.close()


def test_words_of_a_labelled_run_are_withheld_while_a_game_withholds(path, editor):
    state = State()
    editor.state = state
    game = RevealGame  # any object holds a place among the games
    state._withholding.withhold(game, {"a hash"})
    assert editor._words["withheld"]
    state._withholding.lift(game)
    assert groups(editor)["fur"] == ["fur", "pelt"]


def test_a_frame_of_rounds_will_do(path):
    editor = SynonymEditor((secret_run(), pd.DataFrame(columns=["cluster_map", "player", "status", "step", "share",
                                                               "truth", "outcome", "labels", "language"])),
                           path=path)  # fmt: skip
    assert groups(editor) == {}


class Slow:
    def __init__(self):
        self.times = 0
        self.go = threading.Event()
        self.at_work = threading.Event()

    def work(self):
        self.times += 1
        self.at_work.set()
        self.go.wait(10)

    def fail(self):
        self.times += 1
        raise RuntimeError("simulated")


def test_a_worker_works_once_for_several_who_ask():
    slow = Slow()
    worker = Worker(slow.work, delay=0.05)
    assert worker.wait(0)
    for _ in range(5):
        worker.ask()
    assert slow.at_work.wait(5)
    assert not worker.wait(0)
    worker.ask()
    worker.ask()
    slow.go.set()
    assert worker.wait(5)
    assert slow.times == 2
    worker.stop()
    worker.ask()
    assert worker.wait(1)
    assert slow.times == 2


def test_a_worker_goes_on_after_an_error(monkeypatch):
    told = []
    monkeypatch.setattr(threading, "excepthook", told.append)
    slow = Slow()
    worker = Worker(slow.fail, delay=0)
    for times in (1, 2):
        worker.ask()
        assert worker.wait(5)
        assert slow.times == times == len(told)
