"""The build hook: when it builds the front ends, and what it says where it can't."""

import importlib.util
import os
import re
import subprocess
from pathlib import Path

import pytest

from inv_widgets import doctor

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def hook():
    spec = importlib.util.spec_from_file_location("build_hook", ROOT / "js" / "build_hook.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def tree(hook, tmp_path):
    """Make a source tree whose front ends are newer than their sources."""
    for number, name in enumerate(["js/package.json", "js/build.mjs", "js/src/explorer/index.tsx"]):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
        os.utime(tmp_path / name, (1000 + number, 1000 + number))
    static = tmp_path / "inv_widgets" / "static"
    static.mkdir(parents=True)
    for name in hook.FRONT_ENDS:
        (static / name).write_text("export default {}")
        os.utime(static / name, (2000, 2000))
    return tmp_path


@pytest.fixture
def initialize(hook, tree):
    def run():
        made = hook.FrontEnds(str(tree), {}, None, None, "", "wheel")
        made.initialize("standard", {})

    return run


@pytest.fixture
def npm(hook, tree, monkeypatch):
    """Stand in for npm: notes what it was called with and, as the real one, writes the front ends."""
    calls = []

    def run(command, **options):
        calls.append(command[1:])
        if command[1:] == ["run", "build"]:
            for name in hook.FRONT_ENDS:
                (tree / "inv_widgets" / "static" / name).write_text("built")
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(hook.shutil, "which", lambda name: f"/bin/{name}")
    monkeypatch.setattr(hook.subprocess, "run", run)
    return calls


def test_fresh_front_ends_are_left_alone(initialize, npm):
    initialize()
    assert npm == []


def test_equal_times_are_fresh_as_in_an_sdist(hook, tree, initialize, npm):
    for path in [*tree.rglob("*.tsx"), *tree.rglob("*.js")]:
        os.utime(path, (1500, 1500))
    initialize()
    assert npm == []


def test_a_missing_front_end_is_built(tree, initialize, npm):
    (tree / "inv_widgets" / "static" / "state.js").unlink()
    initialize()
    assert [call[:2] for call in npm] == [["ci", "--no-audit"], ["run", "build"]]
    assert (tree / "inv_widgets" / "static" / "state.js").read_text() == "built"


def test_a_newer_source_is_built(tree, initialize, npm):
    (tree / "js" / "node_modules").mkdir()
    (tree / "js" / "node_modules" / ".package-lock.json").write_text("{}")
    os.utime(tree / "js" / "src" / "explorer" / "index.tsx", (3000, 3000))
    initialize()
    assert npm == [["run", "build"]]


def test_a_newer_test_is_not_a_source(tree, initialize, npm):
    (tree / "js" / "src" / "explorer" / "store.test.ts").write_text("")
    initialize()
    assert npm == []


def test_without_npm_the_error_says_what_to_do(hook, tree, initialize, monkeypatch):
    monkeypatch.setattr(hook.shutil, "which", lambda name: None)
    (tree / "inv_widgets" / "static" / "page.js").unlink()
    with pytest.raises(RuntimeError, match=r"\[inv-widgets\].*page\.js.*npm was not found.*Install Node\.js >= 20"):
        initialize()


def test_a_failed_build_shows_its_output(hook, tree, initialize, monkeypatch):
    monkeypatch.setattr(hook.shutil, "which", lambda name: f"/bin/{name}")
    monkeypatch.setattr(
        hook.subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 7, "", "no such module")
    )
    (tree / "inv_widgets" / "static" / "page.js").unlink()
    with pytest.raises(RuntimeError, match=r"(?s)exit status 7.*no such module"):
        initialize()


def test_a_build_that_writes_nothing_is_refused(hook, tree, initialize, monkeypatch):
    monkeypatch.setattr(hook.shutil, "which", lambda name: f"/bin/{name}")
    monkeypatch.setattr(hook.subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 0, "", ""))
    (tree / "inv_widgets" / "static" / "page.js").unlink()
    with pytest.raises(RuntimeError, match=r"did not write .*page\.js"):
        initialize()


def test_the_makefile_the_hook_and_the_doctor_name_the_same_front_ends(hook):
    line = next(line for line in (ROOT / "Makefile").read_text().splitlines() if line.startswith("FRONT_ENDS :="))
    (listed,) = re.findall(r"^\$\(addprefix inv_widgets/static/,(.*)\)$", line.split(":=")[1].strip())
    assert listed.split() == list(hook.FRONT_ENDS) == list(doctor.FRONT_ENDS)
