"""The wheel stands alone, and importing the package loads nothing heavy."""

import json
import os
import re
import socket
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from inv_widgets.doctor import FRONT_ENDS

ROOT = Path(__file__).parents[2]
# With PYTHONPATH set, the repository's package could stand in for the wheel's.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
HEAVY = ("torch", "torchvision", "sklearn", "timm", "captum", "matplotlib", "keras", "onnx")


def run_python(code: str, *arguments: str, python: str = sys.executable, cwd: Path = ROOT) -> str:
    command = [python, "-c", code, *arguments]
    done = subprocess.run(command, cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, f"{code}\n{done.stdout}\n{done.stderr}"
    return done.stdout


LIGHT = (
    "inv_widgets",
    "inv_widgets.cli",
    "inv_widgets.comparison.metrics.registry",
    "inv_widgets.datasets",
    "inv_widgets.explanation",
    "inv_widgets.export",
    "inv_widgets.export.page",
    "inv_widgets.game.masking",
    "inv_widgets.labels.agreement",
    "inv_widgets.labels.pipeline",
    "inv_widgets.pictures",
    "inv_widgets.play.game",
    "inv_widgets.play.seat",
    "inv_widgets.recipe",
    "inv_widgets.run",
    "inv_widgets.store.exchange",
    "inv_widgets.store.label_store",
    "inv_widgets.summary",
    "inv_widgets.summary.pipeline",
    "inv_widgets.widgets.explorer",
    "inv_widgets.widgets.global_chart",
    "inv_widgets.widgets.host_desk",
    "inv_widgets.widgets.reveal_game",
    "inv_widgets.widgets.state",
    "inv_widgets.workshop",
    "inv_widgets.workshop.solara_engine",
    "inv_widgets.workshop.voila_page",
)
# A process a module, with what the package itself is built on loaded before: each starts in a moment.
ALONE = """
import importlib, json, os, sys, traceback
import altair, anywidget, numpy, pandas, PIL.Image, sqlalchemy

modules, heavy, found = sys.argv[1].split(), sys.argv[2].split(), {}
assert not any(name.partition(".")[0] == "inv_widgets" for name in sys.modules)
for module in modules:
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            importlib.import_module(module)
            answer = [name for name in heavy if name in sys.modules]
        except BaseException:
            answer = traceback.format_exc()
        os.write(write, json.dumps(answer).encode())
        os._exit(0)
    os.close(write)
    with open(read, "rb") as answer:
        found[module] = json.loads(answer.read() or '"the process ended by itself"')
    os.waitpid(child, 0)
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def loaded():
    """Give what is heavy and loaded after each module was imported, alone."""
    return json.loads(run_python(ALONE, " ".join(LIGHT), " ".join(HEAVY)))


@pytest.mark.parametrize("module", LIGHT)
def test_importing_loads_nothing_heavy(module, loaded):
    assert loaded[module] == []


def test_public_widgets_load_without_torch():
    code = (
        "import sys, inv_widgets as inv; inv.Explorer, inv.State, inv.Run, inv.load, inv.Recipe; "
        "inv.RevealGame, inv.LabelStore, inv.Game, inv.Rules, inv.HostDesk; "
        "inv.label, inv.summarize, inv.GlobalChart, inv.SynonymEditor, inv.Workspace; "
        "inv.UnknownNameError, inv.NotPossibleError, inv.NoGradientError, inv.StoreError; "
        f"print(*(name for name in {HEAVY!r} if name in sys.modules))"
    )
    assert run_python(code).split() == []


def test_dir_names_what_all_names_and_each_loads():
    code = (
        "import inv_widgets as inv\n"
        "missing = [name for name in inv.__all__ if name not in dir(inv)]\n"
        "[getattr(inv, name) for name in inv.__all__]\n"
        "print(missing)"
    )
    assert run_python(code).strip() == "[]"


@pytest.mark.parametrize(("module", "seconds"), [("inv_widgets", 0.5), ("inv_widgets.widgets.explorer", 3.0)])
def test_import_is_quick(module, seconds):
    # Of that process alone: the machine may be busy with other tests.
    code = f"import time; start = time.process_time(); import {module}; print(time.process_time() - start)"
    assert min(float(run_python(code)) for _ in range(2)) < seconds


def test_version_is_one_dotted_number():
    assert re.fullmatch(
        r"\d+\.\d+\.\d+([a-z]+\d+)?", run_python("import inv_widgets; print(inv_widgets.__version__)").strip()
    )


def test_tests_have_no_network():
    with pytest.raises(OSError, match="tests have no network"):
        socket.create_connection(("example.org", 80), timeout=1)
    with pytest.raises(OSError, match="tests have no network"), socket.socket() as made:
        made.connect(("192.0.2.1", 80))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", str(ROOT), "--no-deps", "--no-build-isolation", "--no-index"]
    done = subprocess.run([*command, "-w", str(folder)], capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def names(wheel):
    with zipfile.ZipFile(wheel) as file:
        return file.namelist()


def test_wheel_holds_the_front_ends_and_the_data(names):
    assert {f"inv_widgets/static/{name}" for name in FRONT_ENDS} <= set(names)
    data = (
        "py.typed", "colour_maps.json", "datasets/LICENCES.md", "languages/en.json", "languages/it.json",
        "labels/data/LICENCES.md", "labels/data/glossary.csv", "labels/data/wordnet.tsv.gz", "static/LICENCES.txt",
    )  # fmt: skip
    assert {f"inv_widgets/{name}" for name in data} <= set(names)
    assert [name for name in names if name.startswith("inv_widgets/store/migrations/versions/")]
    tracked = subprocess.run(
        ["git", "ls-files", "inv_widgets"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split("\n")
    assert {name for name in tracked if name and (ROOT / name).is_file()} <= set(names)


def test_front_ends_name_whose_code_they_contain():
    static = ROOT / "inv_widgets" / "static"
    used = json.loads((ROOT / "js" / "package.json").read_text("utf-8"))["dependencies"]
    texts = (static / "LICENCES.txt").read_text("utf-8")
    for name, version in used.items():
        assert texts.count(f"\n{name} {version} (") == 1
    assert texts.count("Permission ") > len(used)
    heads = {name: (static / name).read_text("utf-8").partition("*/")[0] for name in FRONT_ENDS if name != "state.js"}
    assert all(f"\n  preact {used['preact']}, MIT, Copyright" in head for head in heads.values())
    assert [name for name, head in heads.items() if f"\n  vega {used['vega']}, BSD-3-Clause" in head] == [
        "global_chart.js"
    ]


def test_wheel_holds_nothing_else(names):
    foreign = [name for name in names if not re.match(r"inv_widgets/|inv_widgets-[\d.a-z]+\.dist-info/", name)]
    assert foreign == []
    unwanted = re.compile(r"node_modules|__pycache__|\.pyc$|\.ipynb|(^|/)tests?/|\.map$|\.pkl$|\.pth?$")
    assert [name for name in names if unwanted.search(name)] == []


def test_wheel_is_small_and_names_its_licence(wheel, names):
    assert wheel.stat().st_size < 12_000_000
    assert any(name.endswith("licenses/LICENSE") for name in names)
    with zipfile.ZipFile(wheel) as file:
        (metadata,) = (file.read(name).decode() for name in names if name.endswith(".dist-info/METADATA"))
    assert "Requires-Python: >=3.10" in metadata
    assert "Requires-Dist: torch" in metadata
    assert "Requires-Dist: sqlalchemy" in metadata
    extras = {"demo", "embeddings", "keras", "languages", "onnx", "postgres", "timm", "voila", "workshop"}
    assert extras <= set(re.findall(r"Provides-Extra: (\w+)", metadata))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Give the Python of an environment with the wheel in it; its dependencies come from this environment's folder."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=120)
    python = folder / "bin" / "python"
    paths = json.loads(
        run_python("import json, sysconfig; print(json.dumps(sysconfig.get_paths()))", python=str(python))
    )
    site = Path(paths["purelib"])
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index", str(wheel)]
    done = subprocess.run(install, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    # A plain path comes after the environment's own folder, and the .pth files inside it (the editable install's) are
    # not read: inv_widgets is the wheel's.
    here = {sysconfig.get_paths()["purelib"], sysconfig.get_paths()["platlib"]}
    (site / "dependencies.pth").write_text("\n".join(sorted(here)) + "\n")
    return python, site


def test_installed_wheel_shows_its_widgets(installed, tmp_path):
    python, site = installed
    code = """
import json
import inv_widgets as inv
from inv_widgets.widgets import explorer, state

made = inv.State()
assert made.colour_map == "viridis", made.colour_map
shown = inv.Explorer([], state=made)
assert shown.state is made
print(json.dumps({
    "package": inv.__file__,
    "esm": {type(widget).__name__: str(widget._esm) for widget in (made, shown)},
}))
"""
    said = json.loads(run_python(code, python=str(python), cwd=tmp_path))
    assert Path(said["package"]).is_relative_to(site)
    assert {name: text.count("export") > 0 for name, text in said["esm"].items()} == {"State": True, "Explorer": True}
    assert len(said["esm"]["Explorer"]) > 10_000


def test_installed_wheel_keeps_rounds_and_serves_workshops(installed, tmp_path):
    python, site = installed
    # The dependencies' data files stand in this environment, as the dependencies do.
    code = f"""
import os, urllib.request
os.environ["JUPYTER_PATH"] = {str(Path(sys.prefix, "share", "jupyter"))!r}
os.environ["JUPYTER_CONFIG_PATH"] = {str(Path(sys.prefix, "etc", "jupyter"))!r}
import inv_widgets as inv
from inv_widgets import workshop

run = inv.Run([inv.explain(inv.Classifier.demo("fashion"), inv.datasets.fashion()[0])])
with workshop.serve(run, store="class.db", host="127.0.0.1", port=0) as server:
    with urllib.request.urlopen(server.link) as page:
        assert page.status == 200
    with urllib.request.urlopen(server.link + "inv-widgets/reveal_game.js") as front_end:
        assert len(front_end.read()) > 10_000
with inv.LabelStore("class.db") as store:
    print(len(store.rounds()), inv.__file__)
"""
    rounds, package = run_python(code, python=str(python), cwd=tmp_path).split()
    assert rounds == "0"
    assert Path(package).is_relative_to(site)


def test_installed_wheel_has_its_command(installed, tmp_path):
    python, _ = installed
    command = python.parent / "inv-widgets"
    done = subprocess.run(
        [str(command), "doctor"],
        cwd=tmp_path,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "inv-widgets" in done.stdout, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_installed_wheel_explains_with_its_embedded_network(installed, tmp_path):
    python, _ = installed
    code = """
import os
os.environ["OMP_NUM_THREADS"] = "1"
import inv_widgets as inv
net = inv.Classifier.demo("fashion")
explanation = inv.explain(net, inv.datasets.fashion()[0])
print(len(explanation.columns), inv.__file__)
"""
    columns, package = run_python(code, python=str(python), cwd=tmp_path).split()
    assert int(columns) >= 3
    assert str(ROOT) not in package
