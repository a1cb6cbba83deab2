"""Explorer: what it takes, what it sends, what it answers, what it writes."""

import base64
import dataclasses
import io
import subprocess
import sys
from importlib import resources

import numpy as np
import pytest
import traitlets
from PIL import Image

from inv_widgets import Explorer, State
from inv_widgets.explanation import Label
from inv_widgets.run import Run
from inv_widgets.widgets import explorer, explorer_pictures

WORD = "<img src=x onerror=alert(1)>"
"""What people typed, in the run."""


def test_a_run_a_list_one_explanation_and_a_path(run, tmp_path):
    path = run.save(tmp_path / "run.parquet")
    for given in (run, list(run), path, str(path)):
        assert [picture["name"] for picture in Explorer(given)._pictures] == ["dog.jpg", "dog.jpg", "cat.jpg"]
    assert len(Explorer(run[0])._pictures) == 1
    assert Explorer([])._pictures == []


@pytest.mark.parametrize("given", [3, None, object()])
def test_what_is_no_run_is_refused(given):
    with pytest.raises(TypeError, match=r"^\[inv-widgets\] Expected a Run, an Explanation"):
        Explorer(given)


def test_unknown_arguments_and_impossible_values_are_refused(run):
    with pytest.raises(TypeError, match=r"^\[inv-widgets\] Explorer has no argument 'hight'\. Did you mean 'height'\?"):
        Explorer(run, hight=3)
    with pytest.raises(TypeError, match=r"^\[inv-widgets\] state='x' is a str: give an inv\.State\."):
        Explorer(run, state="x")
    for name, value in [("view", "3d"), ("share", 0), ("cut", 2), ("card_size", 10), ("hidden_layers", "features.0")]:
        with pytest.raises(traitlets.TraitError, match=rf"^\[inv-widgets\] Explorer: {name}="):
            Explorer(run, **{name: value})


def test_the_state_is_linked_by_reference(run):
    state = State()
    one, two = Explorer(run, state=state), Explorer(run, state=state)
    assert one.state is two.state is state
    assert one.get_state("state") == {"state": f"anywidget:{state.model_id}"}
    assert Explorer(run).state is not Explorer(run).state


def test_another_state_later_is_a_state(run):
    view = Explorer(run)
    first, other = view.state, State()
    for wrong in ("x", 3, None, view):
        with pytest.raises(traitlets.TraitError, match=r"^\[inv-widgets\] Explorer: state=.* is .*: give an inv"):
            view.state = wrong
    assert view.state is first
    view.state = other
    assert view.get_state("state") == {"state": f"anywidget:{other.model_id}"}


def test_a_misspelt_trait_is_refused(run):
    view = Explorer(run)
    with pytest.raises(AttributeError, match=r"Explorer has no trait 'hight'\. Did you mean 'height'\?"):
        view.hight = 300
    with pytest.raises(AttributeError, match=r"State has no trait 'opacty'\. Did you mean 'opacity'\?"):
        view.state.opacty = 0.3
    view.height, view.state.opacity, view.layout.width = 300, 0.3, "50%"

    class Mine(Explorer):
        pass

    Mine(run).note = "my own"


def test_numbers_are_sent_once_and_whole(run, unpacked, drawn):
    sent = Explorer(run).get_state()["_pictures"]
    first = sent[0]
    shown = run[0].columns[1].cluster_maps[1]
    columns = unpacked("columns", first)
    cluster = columns[1]["cluster_maps"][1]
    cells = drawn(first, columns[1], cluster["map"])
    assert np.abs(cells / 255 - shown.map).max() <= 2 / 255 + 1e-6
    channels = unpacked("channels", first)[cluster["channels"] :][:2]
    weights = unpacked("channel_weights", first)[cluster["channels"] :][:2]
    assert channels.tolist() == shown.channels.tolist()
    assert [f"{weight:.2f}" for weight in weights] == [f"{weight:.2f}" for weight in shown.channel_weights]
    assert Image.open(io.BytesIO(first["image"])).size == (32, 24)
    assert columns[0]["cluster_maps"][0]["labels"][0]["name"] == "<img src=x onerror=alert(1)>"
    assert len({picture["key"] for picture in sent}) == 3


def test_a_big_run_sends_the_rest_when_asked(run, monkeypatch, from_browser):
    whole = dict(Explorer(run)._pictures[2])
    thumbnails = whole.pop("thumbnails")
    monkeypatch.setattr(explorer_pictures, "WHOLE_BYTES", 1)
    monkeypatch.setattr(explorer_pictures, "_STEP", 1)
    widget = Explorer(run)
    assert ["columns" in picture for picture in widget._pictures] == [True, False, False]
    assert widget._pictures[2] == {"key": "2", "name": "cat.jpg", "target_name": "cat", "labels": [WORD]}
    [(content, buffers)] = from_browser(widget, {"kind": "picture", "key": "2", "id": "q7"})
    assert content["id"] == "q7"
    names = ("image", "thumbnail", "columns", "maps", "channels", "channel_weights")
    assert content["picture"] | dict(zip(names, buffers, strict=True)) == whole
    assert "thumbnails" not in widget._pictures[0]
    [(content, buffers)] = from_browser(widget, {"kind": "channels", "key": "2", "id": "q8"})
    assert (content, buffers) == ({"id": "q8", "version": 0}, [thumbnails])


def test_of_more_than_a_few_the_channels_thumbnails_come_when_asked(run, monkeypatch, from_browser):
    whole = [dict(picture) for picture in Explorer(run)._pictures]
    assert all("thumbnails" in picture for picture in whole)
    least = sum(len(picture["thumbnails"]) for picture in whole)
    monkeypatch.setattr(explorer_pictures, "CHANNEL_BYTES", least)
    assert Explorer(run)._pictures == whole
    for step in (1, 8):
        monkeypatch.setattr(explorer_pictures, "_STEP", step)
        monkeypatch.setattr(explorer_pictures, "CHANNEL_BYTES", least - 1)
        widget = Explorer(run)
        kept = [{name: value for name, value in picture.items() if name != "thumbnails"} for picture in whole]
        assert widget._pictures == kept
    widget.run = run[:2]
    [(content, buffers)] = from_browser(widget, {"kind": "channels", "key": "1", "id": "q"})
    assert (content, buffers) == ({"id": "q", "version": 1}, [whole[1]["thumbnails"]])


@pytest.mark.parametrize(
    "question",
    [
        {"kind": "picture", "key": "99"},
        {"kind": "picture"},
        {"kind": "nonsense"},
        {"kind": "picture", "key": "x"},
        {"kind": "channels", "key": "99"},
    ],
)
def test_a_question_that_cannot_be_answered_is_answered_so(run, from_browser, question):
    [(content, buffers)] = from_browser(Explorer(run), question | {"id": "q1"})
    assert content["id"] == "q1"
    assert content["error"]
    assert buffers is None


@pytest.mark.parametrize(
    ("picture", "target", "expected"),
    [
        (None, None, ("dog.jpg", "dog")),
        ("dog.jpg", "wolf", ("dog.jpg", "wolf")),
        ("dog.jpg", None, ("dog.jpg", "dog")),
        ("dog.jpg", "cat", ("dog.jpg", "dog")),
        ("cat.jpg", "dog", ("cat.jpg", "cat")),
        (None, "cat", ("cat.jpg", "cat")),
        ("not here.jpg", None, ("dog.jpg", "dog")),
    ],
)
def test_explanation_is_what_is_shown(run, picture, target, expected):
    shown = Explorer(run, state=State(picture=picture, target=target)).explanation
    assert (shown.name, shown.target_name) == expected


def test_explanation_of_an_empty_run():
    with pytest.raises(IndexError, match=r"^\[inv-widgets\] This Explorer is empty"):
        Explorer([]).explanation  # noqa: B018


def test_save_draws_what_is_shown(run, tmp_path):
    widget = Explorer(run, state=State(picture="cat.jpg"), hidden_layers=["features.0"])
    path = widget.save(tmp_path / "figure.svg")
    text = path.read_text("utf-8")
    assert "cat" in text
    assert "block 1, layer 2" in text
    assert "block 1, layer 1" not in text
    picture = widget.save(tmp_path / "figure.png", theme="dark", scale=1)
    assert picture.read_bytes().startswith(b"\x89PNG")
    before = path.read_bytes()
    widget.state.colour_map = "inferno"
    assert widget.save(path).read_bytes() != before
    with pytest.raises(ValueError, match=r"^\[inv-widgets\]"):
        widget.save(tmp_path / "figure.docx")


def test_a_reader_without_a_kernel_sees_a_still_figure(run):
    data, _ = Explorer(run)._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert Image.open(io.BytesIO(base64.b64decode(data["image/jpeg"]))).width > 100
    assert "image/jpeg" not in Explorer([])._repr_mimebundle_()[0]


def test_a_still_figure_that_fails_does_not_cost_the_view(run, monkeypatch):
    monkeypatch.setattr(explorer.figures, "figure", lambda *a, **k: 1 / 0)
    data, _ = Explorer(run)._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert "image/jpeg" not in data


def test_a_missing_front_end_says_how_to_build_it(run, monkeypatch, tmp_path):
    state = State()
    monkeypatch.setattr(resources, "files", lambda package: tmp_path)
    for name, make in (("Explorer", lambda: Explorer(run, state=state)), ("State", State)):
        with pytest.raises(
            FileNotFoundError, match=rf"^\[inv-widgets\] The front end of {name} is not built.*make build"
        ):
            make()


def test_showing_a_run_needs_neither_torch_nor_sklearn(run, tmp_path):
    path = run.save(tmp_path / "run.parquet")
    code = (
        "import sys, inv_widgets as inv\n"
        f"widget = inv.Explorer({str(path)!r})\n"
        f"widget._repr_mimebundle_(); widget.save({str(tmp_path / 'figure.svg')!r})\n"
        "print(*(name for name in ('torch', 'sklearn') if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.split() == []


def test_a_run_with_newer_labels_takes_the_place_of_the_old(run, from_browser, unpacked):
    explorer = Explorer(run, state=State(picture="cat.jpg"))
    explanations = list(run)
    column = explanations[2].columns[0]
    shown = dataclasses.replace(column.cluster_maps[0], labels=(Label("paw", 2.0),))
    column = dataclasses.replace(column, cluster_maps=(shown,))
    explanations[2] = dataclasses.replace(explanations[2], columns=(column,))
    sent = []
    explorer.observe(lambda change: sent.append(len(change["new"])), "_pictures")
    newer = Run(explanations)
    explorer.run = newer
    assert explorer.run is newer
    assert sent == [3]  # never empty in between: what is shown stays
    assert [picture["version"] for picture in explorer._pictures] == [1, 1, 1]
    assert unpacked("columns", explorer._pictures[2])[0]["cluster_maps"][0]["labels"][0]["name"] == "paw"
    assert explorer.state.picture == "cat.jpg"
    assert explorer.explanation is newer[2]
    [(content, _)] = from_browser(explorer, {"kind": "picture", "key": "2", "id": "q"})
    assert content["picture"]["version"] == 1


def test_another_run_takes_nothing_from_the_old(run):
    explorer = Explorer(run)
    sent = []
    explorer.observe(lambda change: sent.append(len(change["new"])), "_pictures")
    explorer.run = run[2:]
    assert sent == [0, 1]
    assert explorer.explanation.name == "cat.jpg"
    with pytest.raises(TypeError):
        explorer.run = 3
    assert explorer.explanation.name == "cat.jpg"


def test_a_replaced_run_stays_withheld(run):
    state = State()
    explorer = Explorer(run, state=state)
    state._withholding.withhold(explorer, {"dog.jpg"})
    explorer.run = Run(list(run))
    assert explorer._pictures == [
        {"key": "0", "withheld": True},
        {"key": "1", "withheld": True},
        {"key": "2", "name": "cat.jpg", "target_name": "cat", "labels": [WORD], "version": 1},
    ]


def said(explanation, *names):
    """Let the first cluster map of the first column carry these labels, the first one as its best."""
    labels = tuple(Label(name, 2.0 - place) for place, name in enumerate(names))
    first = explanation.columns[0]
    maps = (dataclasses.replace(first.cluster_maps[0], labels=labels), *first.cluster_maps[1:])
    plain = [dataclasses.replace(shown, labels=()) for shown in explanation.columns[1].cluster_maps]
    columns = (
        dataclasses.replace(first, cluster_maps=maps),
        dataclasses.replace(explanation.columns[1], cluster_maps=tuple(plain)),
    )
    return dataclasses.replace(explanation, columns=columns)


@pytest.mark.parametrize("saved", [False, True], ids=["in memory", "in files"])
def test_heads_tell_their_best_labels_and_withheld_ones_nothing(run, tmp_path, saved):
    labelled = Run([said(run[0], "paw", "tail"), said(run[1]), said(run[2], "secret")])
    given = labelled.save(tmp_path / "labelled.parquet") if saved else labelled
    state = State()
    explorer = Explorer(given, state=state)
    state._withholding.withhold(explorer, {"cat.jpg"} if not saved else {run[2].picture_hash})
    assert explorer._pictures == [
        {"key": "0", "name": "dog.jpg", "target_name": "dog", "labels": ["paw"]},
        {"key": "1", "name": "dog.jpg", "target_name": "wolf", "labels": []},
        {"key": "2", "withheld": True},
    ]


def test_heads_of_a_big_run_tell_them_too(run, monkeypatch):
    monkeypatch.setattr(explorer_pictures, "WHOLE_BYTES", 1)
    monkeypatch.setattr(explorer_pictures, "_STEP", 1)
    sent = Explorer(Run([said(run[0], "paw"), said(run[1], "ear")]))._pictures
    assert "columns" in sent[0]
    assert sent[1]["labels"] == ["ear"]


def test_the_layers_that_were_brushed_are_saved(run, tmp_path):
    explorer = Explorer(run)
    whole = explorer.save(tmp_path / "whole.svg").read_text()
    explorer.state.layers = ["features.1"]
    brushed = explorer.save(tmp_path / "brushed.svg").read_text()
    assert ("layer 1" in whole, "layer 1" in brushed, "layer 2" in brushed) == (True, False, True)
    explorer.state.layers = ["of another network"]
    assert explorer.save(tmp_path / "all.svg").read_text() == whole
