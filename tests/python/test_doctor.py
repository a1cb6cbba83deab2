"""The doctor: what it looks for, what it says, and that it stands up to broken installs."""

import os
import re
import sqlite3
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

import inv_widgets
from inv_widgets import doctor, doctor_packages
from inv_widgets.doctor import Check, healthy, render, report

ROOT = Path(__file__).parents[2]


def found(checks):
    return {check.name: check for check in checks}


@pytest.fixture
def versions(monkeypatch):
    """Pretend other versions: ``versions["torch"] = "1.0"``; None: not installed."""
    pretended = {}
    real = metadata.version

    def version(name):
        if name in pretended and pretended[name] is None:
            raise metadata.PackageNotFoundError(name)
        return pretended.get(name) or real(name)

    monkeypatch.setattr(metadata, "version", version)
    return pretended


@pytest.fixture
def built(monkeypatch, tmp_path):
    """A package whose front ends are built."""
    (tmp_path / "static").mkdir()
    for name in doctor.FRONT_ENDS:
        (tmp_path / "static" / name).write_text("export default {}", "utf-8")
    monkeypatch.setattr(doctor, "__file__", str(tmp_path / "doctor.py"))
    return tmp_path


def test_packages_and_versions_are_those_of_pyproject():
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    (dependencies,) = re.findall(r"^dependencies = \[(.*?)^\]", text, flags=re.DOTALL | re.MULTILINE)
    required = {package.requirement for package in doctor_packages.PACKAGES if not package.extra}
    assert required == set(re.findall(r'"([^"]+)"', dependencies))
    for extra in ("demo", "embeddings", "keras", "languages", "onnx", "postgres", "timm", "voila", "workshop"):
        (line,) = re.findall(rf"^{extra} = \[(.*)\]$", text, flags=re.MULTILINE)
        mine = {package.requirement for package in doctor_packages.PACKAGES if package.extra == extra}
        wanted = {re.sub(r"\[.*\]", "", requirement) for requirement in re.findall(r'"([^"]+)"', line)}
        assert mine == wanted


@pytest.mark.usefixtures("built")
def test_this_environment_is_healthy():
    checks = report()
    assert healthy(checks), render(checks)
    names = found(checks)
    assert names["torch"].found.startswith(metadata.version("torch"))
    assert re.search(r"CPU|CUDA|MPS", names["torch"].found)
    assert "compiled operators" in names["torchvision"].found
    assert "Everything that is required is installed." in render(checks)
    assert inv_widgets.__version__ in render(checks)


@pytest.mark.usefixtures("built")
def test_without_torch_the_report_says_so_and_how_to_mend_it(versions):
    versions["torch"] = None
    checks = report()
    assert found(checks)["torch"].state == "missing"
    assert not healthy(checks)
    text = render(checks)
    assert 'pip install "torch>=2.4"' in text
    assert "To be mended: torch." in text


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize(
    ("name", "version", "wanted"),
    [("anywidget", "0.10.9", ">=0.11"), ("ipywidgets", "9.0.0a1", ">=7.7,<9"), ("ipywidgets", "7.6.5", ">=7.7,<9")],
)
def test_versions_that_do_not_fit_are_flagged(versions, monkeypatch, name, version, wanted):
    monkeypatch.setattr(doctor, "_torch", lambda *checks: checks)
    versions[name] = version
    check = found(report())[name]
    assert (check.state, check.found, check.cost) == ("unfit", version, f"inv-widgets needs {wanted}")
    assert not healthy(report())
    assert f'pip install --upgrade "{name}{wanted}"' in render(report())


@pytest.mark.usefixtures("built")
def test_optional_packages_cost_something_and_are_not_mended(versions, monkeypatch):
    monkeypatch.setattr(doctor, "_torch", lambda *checks: checks)
    versions["timm"] = versions["jupyterlab"] = None
    checks = report()
    assert healthy(checks)
    text = render(checks)
    assert 'networks of timm are not there: pip install "inv-widgets[timm]"' in text
    assert re.search(r"absent +timm", text)
    assert re.search(r"Optional: jupyterlab, timm", text)


@pytest.mark.usefixtures("built")
def test_what_workshops_need_is_optional(versions, monkeypatch):
    monkeypatch.setattr(doctor, "_torch", lambda *checks: checks)
    versions |= dict.fromkeys(["solara", "solara-assets", "segno", "voila", "psycopg"])
    checks = report()
    assert healthy(checks)
    text = render(checks)
    assert 'a class cannot play on a server of Solara: pip install "inv-widgets[workshop]"' in text
    assert 'a class cannot play through Voila: pip install "inv-widgets[voila]"' in text
    assert 'labels cannot be stored in PostgreSQL: pip install "inv-widgets[postgres]"' in text


@pytest.mark.usefixtures("built")
def test_solara_and_its_assets_must_be_of_one_version(versions, monkeypatch):
    monkeypatch.setattr(doctor, "_torch", lambda *checks: checks)
    versions |= {"solara": "1.59.0", "solara-assets": "1.58.2"}
    check = found(report())["solara-assets"]
    assert (check.state, check.required, check.remedy) == ("unfit", False, 'pip install "solara-assets==1.59.0"')
    versions["solara-assets"] = "1.59.0"
    assert found(report())["solara-assets"].state == "ok"


@pytest.mark.parametrize(
    ("binary", "library", "state", "words"),
    [("3.3.9", None, "ok", "psycopg-binary 3.3.9"), (None, "libpq.so.5", "ok", "libpq"), (None, None, "broken", "")],
)
def test_the_driver_of_postgresql_needs_its_library(versions, monkeypatch, binary, library, state, words):
    versions |= {"psycopg-binary": binary, "psycopg-c": None}
    monkeypatch.setattr(doctor_packages, "find_library", lambda _: library)
    check = doctor_packages._driver(Check("psycopg", "ok", "3.3.9", required=False))
    assert (check.state, check.required) == (state, False)
    assert words in check.found


def test_a_store_can_be_kept_in_a_folder_and_nothing_is_left_there(tmp_path):
    sqlite, store = doctor.store_checks(tmp_path)
    assert (sqlite.state, sqlite.required, sqlite.found) == ("ok", True, sqlite3.sqlite_version)
    assert (store.state, store.found) == ("ok", "with a write-ahead log")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_room_for_a_store_is_told(tmp_path, monkeypatch):
    _, store = doctor.store_checks(tmp_path / "missing")
    assert (store.state, store.required) == ("unfit", False)
    assert "FileNotFoundError" in store.found
    assert 'inv.LabelStore("/another/folder/labels.db")' in store.remedy
    real = sqlite3.connect

    def in_memory(path, **options):  # a database in memory has no write-ahead log, as some network drives
        return real("file:one?mode=memory&cache=shared", uri=True, **options)

    monkeypatch.setattr(sqlite3, "connect", in_memory)
    _, store = doctor.store_checks(tmp_path)
    assert (store.state, store.found) == ("unfit", "its journal is 'memory' instead of 'wal'")


def test_an_old_sqlite_is_told(monkeypatch):
    monkeypatch.setattr(sqlite3, "sqlite_version", "3.22.0")
    (check,) = doctor.store_checks()
    assert (check.state, check.required, check.cost) == ("unfit", True, "inv-widgets needs >=3.24")


@pytest.mark.parametrize(
    ("version", "numbers"), [("2.13.0+cpu", (2, 13)), ("0.11", (0, 11)), ("9.0.0a1", (9,)), ("dev", ())]
)
def test_versions_are_compared_as_numbers(version, numbers):
    assert doctor_packages.numbers(version) == numbers


def test_missing_and_old_front_ends(built):
    assert doctor._front_end("page.js").state == "ok"
    (built / "static" / "page.js").unlink()
    check = doctor._front_end("page.js")
    assert (check.state, check.required, check.remedy) == ("missing", True, "reinstall inv-widgets from its wheel")


def test_a_front_end_older_than_its_source_is_told(built, monkeypatch):
    package = built / "inv_widgets"
    package.mkdir()
    (built / "static").rename(package / "static")
    monkeypatch.setattr(doctor, "__file__", str(package / "doctor.py"))
    source = built / "js" / "src" / "page.ts"
    source.parent.mkdir(parents=True)
    source.write_text("//", "utf-8")
    os.utime(package / "static" / "page.js", (1, 1))
    check = doctor._front_end("page.js")
    assert (check.state, check.required, check.remedy) == ("unfit", False, "run `make build`")
    os.utime(source, (0, 0))
    assert doctor._front_end("page.js").state == "ok"


@pytest.mark.parametrize(
    ("probe", "state", "cost"),
    [
        ("import os; os._exit(7)", "broken", "its import ended Python with status 7"),
        ('print(\'noise\\n{"torch_error": "OSError: libtorch.so: no such file"}\')', "broken", "OSError: libtorch.so"),
        ('print(\'{"device": "CPU", "operators": "with its compiled operators"}\')', "ok", ""),
    ],
)
def test_a_broken_torch_is_a_line_of_the_report(monkeypatch, probe, state, cost):
    monkeypatch.setattr(doctor, "_PROBE", probe)
    torch, _ = doctor._torch(Check("torch", "ok", "2.13.0"), Check("torchvision", "ok", "0.28.0"))
    assert torch.state == state
    assert torch.cost.startswith(cost)


def test_a_broken_torchvision_is_a_line_of_the_report(monkeypatch):
    monkeypatch.setattr(doctor, "_PROBE", 'print(\'{"device": "CPU", "torchvision_error": "RuntimeError: nms"}\')')
    torch, torchvision = doctor._torch(Check("torch", "ok", "2"), Check("torchvision", "ok", "1"))
    assert torch.found == "2, CPU"
    assert (torchvision.state, torchvision.cost) == ("broken", "RuntimeError: nms")


def test_browser_and_node_are_optional(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("INV_CHROMIUM", raising=False)
    for check in (doctor._node(), doctor._browser()):
        assert (check.state, check.required) == ("missing", False)
        assert "install" in check.remedy
    monkeypatch.setattr(doctor, "_version_of", lambda _: "v18.1.0")
    assert doctor._node().state == "unfit"


def test_the_doctor_itself_loads_nothing_heavy():
    code = (
        "import sys; import inv_widgets.doctor; "
        "print(sorted({'torch', 'numpy', 'pandas', 'anywidget', 'sklearn', 'PIL'} & set(sys.modules)))"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "[]"
