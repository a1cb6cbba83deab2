"""Comparison: what it takes, what it sends, what it answers, what it withholds, what it writes."""

import base64
import dataclasses
import io
import json
import re
import subprocess
import sys
import threading
import time
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import traitlets
from comparisons import KEYS, WORD, answer, result
from PIL import Image

from inv_widgets import Comparison, State
from inv_widgets.comparison.comparison_result import ComparisonResult
from inv_widgets.run import Run
from inv_widgets.widgets import comparison
from inv_widgets.widgets.uploads import LARGEST, Uploads, picture_of


class Game:
    """Something that withholds."""


@pytest.fixture
def ask(from_browser):
    """Put a question to a Comparison; give the answer, with its buffers."""

    def put(view, content, *buffers):
        sent = []
        view.send = lambda told, buffers=None: sent.append((told, buffers))
        view._handle_custom_msg({"id": "q", **content}, [memoryview(each) for each in buffers])
        assert [told["id"] for told, _ in sent] == ["q"]
        return sent[0]

    return put


def png(seed=9, size=(20, 10)):
    buffer = io.BytesIO()
    array = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)
    Image.fromarray(array).save(buffer, "PNG")
    return buffer.getvalue()


def upload(ask, view, data=None, **more):
    data = png() if data is None else data
    return ask(view, {"kind": "upload", "upload": "u", "part": 0, "parts": 1, "name": "mine.png", **more}, data)[0]


def test_a_result_or_its_path(tmp_path):
    given = result("dog", "cat")
    path = given.save(tmp_path / "compared.parquet")
    for view in (Comparison(given), Comparison(path), Comparison(str(path))):
        assert [row["name"] for row in view._rows] == ["dog", "cat"]
        assert not view._about["live"]
    assert Comparison(result())._rows == []
    with pytest.raises(TypeError, match=r"^\[inv-widgets\] result=3 is an int: give what inv\.compare"):
        Comparison(3)
    with pytest.raises(TypeError, match=r"^\[inv-widgets\] run='x' is a str: give a function"):
        Comparison(given, run="x")
    with pytest.raises(TypeError, match=r"Comparison has no argument 'sort_method'\. Did you mean 'sort_methods'\?"):
        Comparison(given, sort_method="ebpg")


@pytest.mark.parametrize(
    ("name", "value"), [("view", "3d"), ("share", 0), ("sort_methods", "name"), ("sort_pictures", "best"), ("signs", 1)]
)
def test_impossible_values_are_refused(name, value):
    with pytest.raises(traitlets.TraitError, match=rf"^\[inv-widgets\] Comparison: {name}="):
        Comparison(result("dog"), **{name: value})


def test_maps_travel_in_their_own_resolution_and_precisely():
    given = result("dog")
    row = Comparison(given)._rows[0]
    assert row["layout"].keys() == {"grad_cam", "lime"}
    for key, native in (("grad_cam", given.maps[0][0].native), ("lime", given.maps[0][1].native)):
        told = row["layout"][key]
        codes = np.frombuffer(row["maps"], "<u2")[told["start"] :][: told["height"] * told["width"]]
        values = told["low"] + codes.reshape(told["height"], told["width"]) / 65535 * (told["high"] - told["low"])
        np.testing.assert_allclose(values, native, atol=1e-5)
    bits = np.unpackbits(np.frombuffer(row["mask"], np.uint8).reshape(24, 4), axis=1)[:, :32]
    np.testing.assert_array_equal(bits.astype(bool), given.pictures[0].mask)
    assert row["window"] == [4 / 32, 0, 24 / 32, 1]
    cells = {cell["method"]: cell for cell in row["cells"]}
    assert cells["lime"]["numbers"] == {
        "ebpg": 11.0, "drop": None, "seconds": 0.5, "forwards": 3.0, "backwards": 1.0, "peak_memory": None
    }  # fmt: skip
    assert cells["lime"]["reasons"] == {"drop": "nothing to lose"}
    assert cells["cam"]["error"] == WORD


def test_maps_that_are_constant_or_no_numbers_travel_too():
    given = result("dog")
    flat = dataclasses.replace(given.maps[0][0], native=np.full((2, 2), 7, np.float32))
    broken = dataclasses.replace(given.maps[0][1], native=np.array([[np.nan, 1], [2, np.inf]], np.float32))
    row = Comparison(dataclasses.replace(given, maps=((flat, broken, given.maps[0][2]),)))._rows[0]
    assert (row["layout"]["grad_cam"]["low"], row["layout"]["grad_cam"]["high"]) == (7, 7)
    assert row["layout"]["lime"] | {"start": 0} == {
        "start": 0, "height": 2, "width": 2, "low": 1.0, "high": 2.0, "n_undefined": 2
    }  # fmt: skip


def test_means_with_intervals_and_measures_with_numbers():
    about = Comparison(result("dog", "cat"))._about
    assert [measure["name"] for measure in about["measures"]] == ["ebpg", "seconds", "forwards", "backwards"]
    mean, low, high, n, undefined = about["summary"]["lime"]["ebpg"]
    assert (mean, n, undefined) == (16, 2, 0)
    assert low <= 16 <= high
    assert about["summary"]["cam"]["ebpg"][0] is None


def test_rows_beyond_the_first_come_when_they_are_looked_at(ask, monkeypatch):
    monkeypatch.setattr(comparison, "WHOLE_BYTES", 1)
    view = Comparison(result("dog", "cat"))
    assert ["maps" in row for row in view._rows] == [True, False]
    told, buffers = ask(view, {"kind": "row", "key": "1"})
    whole = Comparison(result("dog", "cat"))._desk._rows[1].content(view._desk._explained)
    assert buffers == [whole["image"], whole["mask"], whole["maps"]]
    told, _ = ask(view, {"kind": "row", "key": "1", "have": ["lime"]})
    assert told["row"]["layout"].keys() == {"grad_cam"}
    assert "no row" in ask(view, {"kind": "row", "key": "7"})[0]["error"]
    assert "does not know" in ask(view, {"kind": "nonsense"})[0]["error"]


def test_an_uploaded_picture_is_predicted_and_filled_by_the_methods_that_are_shown(ask):
    calls, heads = [], []

    def run(picture, target, keys):
        calls.append((picture.name, target, keys))
        return answer(picture, target, keys)

    view = Comparison(result("dog"), run=run)
    assert view._about["live"]
    view.observe(lambda change: heads.append(change["new"][0]), "_added")
    assert upload(ask, view, target=1, methods=["lime", "cam"])["key"] == "added-1"
    assert view.wait(30)
    assert calls == [("mine.png", 1, []), ("mine.png", 1, ["lime"]), ("mine.png", 1, ["cam"])]
    states = [(head["status"]["state"], head["status"]["method"], len(head["cells"])) for head in heads]
    assert states[0] == ("waiting", "", 0)
    assert ("working", "lime", 0) in states
    assert ("working", "cam", 1) in states
    assert states[-1] == ("done", "", 2)
    predicted = next(head for head in heads if head["predictions"])
    assert (predicted["cells"], predicted["target_name"]) == ([], "class 1")
    told, buffers = ask(view, {"kind": "row", "key": "added-1"})
    assert told["row"]["layout"].keys() == {"lime"}
    assert len(buffers) == 3
    assert [one.methods[0].key for one in view.added] == ["lime", "cam"]


def test_another_class_is_a_row_below_and_rows_are_taken_away(ask):
    view = Comparison(result("dog"), run=answer)
    first = ask(view, {"kind": "compare", "key": "0", "target": 4})[0]["key"]
    second = ask(view, {"kind": "compare", "key": first, "target": 5})[0]["key"]
    view.wait(30)
    assert [(row["key"], row["after"], row["target_name"]) for row in view._added] == [
        (first, "0", "class 4"), (second, first, "class 5")
    ]  # fmt: skip
    ask(view, {"kind": "remove", "key": first})
    assert [(row["key"], row["after"]) for row in view._added] == [(second, "0")]


def test_stop_ends_a_row_in_the_middle_of_a_method(ask):
    started = threading.Event()

    def run(picture, target, keys, *, progress):
        if keys:
            for step in range(1, 2000):
                started.set()
                progress("LIME", step, 2000)
                threading.Event().wait(0.01)
        return answer(picture, target, keys)

    run.tells_progress = True
    view = Comparison(result("dog"), run=run)
    upload(ask, view)
    assert started.wait(30)
    ask(view, {"kind": "stop", "key": "added-1"})
    assert view.wait(10)
    assert (view._added[0]["status"]["state"], view._added[0]["cells"]) == ("stopped", [])
    assert view._added[0]["predictions"], "the prediction stays"


def test_what_goes_wrong_is_said_in_its_row_and_the_next_is_worked_off(ask):
    def run(picture, target, keys):
        if picture.width == 20:
            raise RuntimeError("[inv-widgets] no memory")
        return answer(picture, target, keys) if keys else None

    view = Comparison(result("dog"), run=run)
    upload(ask, view)
    upload(ask, view, png(size=(30, 30)))
    view.wait(30)
    assert [row["status"]["error"] for row in view._added] == [
        "run gave None: it must return the ComparisonResult of the one picture.", "no memory"
    ]  # fmt: skip


def test_without_a_network_it_says_what_to_do(ask):
    view = Comparison(result("dog"))
    for question in ({"kind": "compare", "key": "0"}, {"kind": "upload", "upload": "u", "part": 0, "parts": 1}):
        assert ask(view, question, b"")[0]["error"].startswith("[inv-widgets] There is no network here: give run=")


@pytest.mark.parametrize("data", [b"", b"text", png()[:40], b"<svg/>"])
def test_what_is_no_picture_is_refused(ask, data):
    view = Comparison(result("dog"), run=answer)
    assert upload(ask, view, data)["error"].startswith("[inv-widgets] ")
    assert view._added == []


def test_files_come_in_parts_and_not_without_end():
    uploads = Uploads()
    assert uploads.add("a", 0, 2, b"one ") is None
    assert uploads.add("b", 0, 1, b"other") == b"other"
    assert uploads.add("a", 1, 2, b"two") == b"one two"
    with pytest.raises(ValueError, match="A part of the file was lost"):
        uploads.add("a", 1, 2, b"")
    with pytest.raises(ValueError, match="larger than 32 MB"):
        uploads.add("c", 0, 9, bytes(LARGEST + 1))


def test_a_picture_with_too_many_pixels_is_refused(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(ValueError, match="too many pixels"):
        picture_of(png(size=(11, 11)), "big.png")


def test_what_a_game_withholds_is_nowhere(ask):
    given = result("dog", "cat")
    state, game = State(), Game()
    secret = given.pictures[0].hash
    state._withholding.withhold(game, [secret])
    view = Comparison(given, state=state, run=answer)
    assert view._rows[0] == {"key": "0", "withheld": True}
    assert "maps" not in view._rows[1], "the others come when they are looked at"
    for question in ("row", "compare"):
        assert "withheld" in ask(view, {"kind": question, "key": "0"})[0]["error"]
    buffer = io.BytesIO()
    Image.fromarray(given.pictures[0].picture).save(buffer, "PNG")
    assert "withheld" in upload(ask, view, buffer.getvalue())["error"]
    assert "dog" not in view._desk.visible().__repr__() + str([one.name for one in view._desk.visible().pictures])
    state._withholding.lift(game)
    assert view._rows[0]["name"] == "dog"
    assert "maps" in view._rows[0]
    # A row that was added while nothing was withheld goes, too.
    ask(view, {"kind": "compare", "key": "0", "target": 1})
    view.wait(30)
    state._withholding.withhold(game, [secret])
    assert view._added == [{"key": "added-1", "withheld": True, "added": True, "after": "0"}]
    assert "withheld" in ask(view, {"kind": "row", "key": "added-1"})[0]["error"]


def test_cluster_maps_of_the_same_picture_come_along(run):
    given = result("dog")
    explained = dataclasses.replace(run[0], picture_hash=given.pictures[0].hash, name="dog in the run")
    row = Comparison(given, explanations=Run([run[1], explained]))._rows[0]
    assert row["known_as"] == ["dog in the run"]
    ids = [shown.id for column in explained.columns for shown in column.cluster_maps]
    assert [one["id"] for one in row["clusters"]] == ids
    shown = explained.columns[0].cluster_maps[0]
    told = row["clusters"][0]
    codes = np.frombuffer(row["maps"], "<u2")[told["start"] :][: shown.map.size].reshape(shown.map.shape)
    np.testing.assert_allclose(codes / 65535, shown.map, atol=1e-4)
    assert Comparison(given, explanations=run)._rows[0]["clusters"] == []


def test_other_explanations_are_asked_for_again(ask, run, monkeypatch):
    monkeypatch.setattr(comparison, "WHOLE_BYTES", 0)
    explanation = run[0]
    given = result("dog")
    picture = dataclasses.replace(given.pictures[0], hash=explanation.picture_hash)
    view = Comparison(dataclasses.replace(given, pictures=(picture,)), run=answer)
    ask(view, {"kind": "compare", "key": "0", "target": 4})
    assert view.wait(30)
    versions = [view._rows[0]["version"], view._added[0]["version"]]
    assert (view.explanations, ask(view, {"kind": "row", "key": "0"})[0]["row"]["clusters"]) == (None, [])
    view.explanations = run
    assert [view._rows[0]["version"], view._added[0]["version"]] == [one + 1 for one in versions]
    assert view._rows[0]["known_as"] == [explanation.name]
    ids = [one.id for each in run[:2] for column in each.columns for one in column.cluster_maps]
    for key, version in (("0", versions[0] + 1), (view._added[0]["key"], versions[1] + 1)):
        row = ask(view, {"kind": "row", "key": key, "have": ["lime", "grad_cam"]})[0]["row"]
        assert ([one["id"] for one in row["clusters"]], row["version"]) == (ids, version)
    assert len(view.explanations) == len(run)


@pytest.mark.parametrize("kind", ["svg", "png", "html"])
def test_files_from_python_and_from_the_menu(ask, tmp_path, kind):
    view = Comparison(result("dog", WORD), sort_methods="-ebpg", hidden_methods=["cam"])
    path = view.save(tmp_path / f"compared.{kind}")
    told, buffers = ask(view, {"kind": "file", "format": kind, "theme": "dark"})
    assert told["name"] == f"comparison.{kind}"
    start = {"svg": b"<svg", "png": b"\x89PNG", "html": b"<!DOCTYPE html>"}[kind]
    for data in (path.read_bytes(), buffers[0]):
        assert data.startswith(start)
        assert WORD.encode() not in data
    with pytest.raises(ValueError, match=r"give a name that ends in \.svg, \.png or \.html"):
        view.save(tmp_path / "compared.gif")
    assert "cannot be written" in ask(view, {"kind": "file", "format": "../x"})[0]["error"]


def test_added_rows_are_in_the_files_marked_and_in_no_mean(ask, tmp_path):
    hold = threading.Event()

    def run(picture, target, keys):
        if keys == ["cam"]:
            assert hold.wait(30)
        return answer(picture, target, keys)

    view = Comparison(result("dog", "cat"), run=run, sort_pictures="name")
    plain = json.loads(json.dumps(view._about["summary"]))
    key = ask(view, {"kind": "compare", "key": "1", "target": 4})[0]["key"]
    view.wait(1)
    hold.set()
    assert view.wait(30)
    hold.clear()
    upload(ask, view, methods=["lime", "cam"])
    while len(view._added[0]["cells"]) < 1:
        time.sleep(0.01)
    try:
        svg = view.save(tmp_path / "compared.svg").read_text("utf-8")
        page = view.save(tmp_path / "compared.html").read_text("utf-8")
    finally:
        hold.set()
    said = [element.text for element in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]
    assert [word for word in said if word in {"mine.png", "dog", "cat"}] == ["mine.png", "cat", "cat", "dog"]
    assert said.count("added") == 2
    told = json.loads(re.search(r'id="inv-widgets-data">(.*?)</script>', page, re.DOTALL)[1])["comparison"]
    assert [row["name"] for row in told["_rows"]] == ["dog", "cat"]
    assert [(row["key"], row["after"], row["added"]) for row in told["_added"]] == [
        ("added-2", None, True),
        (key, "1", True),
    ]
    assert [row["status"]["state"] for row in told["_added"]] == ["stopped", "done"]
    assert all(row["image"] and row["layout"].keys() >= {"lime"} for row in told["_added"])
    assert told["_about"]["summary"] == plain
    assert told["_about"]["live"] is False
    # What a game withholds is in no file.
    game = Game()
    view.state._withholding.withhold(game, [view._desk._rows[1].picture.hash])
    said = ET.fromstring(view.save(tmp_path / "compared.svg").read_text("utf-8"))
    names = [element.text for element in said.iter("{http://www.w3.org/2000/svg}text")]
    assert [word for word in names if word in {"mine.png", "dog", "cat"}] == ["mine.png", "dog"]
    page = view.save(tmp_path / "compared.html").read_text("utf-8")
    assert "class 4" not in page
    view.close()


def test_a_still_picture_for_readers_without_a_kernel():
    bundle = Comparison(result("dog"))._repr_mimebundle_()[0]
    image = Image.open(io.BytesIO(base64.b64decode(bundle["image/jpeg"])))
    assert image.width > 200
    assert "image/jpeg" not in Comparison(result())._repr_mimebundle_()[0]


def test_the_browser_cannot_set_what_the_kernel_says():
    view = Comparison(result("dog"))
    rows = view._rows
    view.set_state({"_rows": [], "_added": [{}], "_about": {}, "view": "mask"})
    assert (view._rows, view._added, view.view) == (rows, [], "mask")


def test_no_torch(tmp_path):
    path = result("dog", keys=KEYS).save(tmp_path / "compared.parquet")
    code = (
        "import sys, inv_widgets as inv; view = inv.Comparison(sys.argv[1]); view.save(sys.argv[2]);"
        "view._repr_mimebundle_(); assert not {'torch', 'sklearn'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, path, tmp_path / "page.html"], check=True)


def test_a_live_result_brings_its_network_along():
    live = dataclasses.replace(result("dog"), rerun=answer)
    assert Comparison(live)._about["live"]
    assert isinstance(live, ComparisonResult)
