"""What is installed, what is missing, and what to do about it.

Versions are read from the packages' metadata; only torch is imported, in a process of its own, so that a broken install
is a line of the report and not a crash.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from inv_widgets import __version__
from inv_widgets.doctor_packages import Check, line, numbers, package_checks

__all__ = ["BROWSERS", "FRONT_ENDS", "Check", "healthy", "render", "report", "store_checks"]

FRONT_ENDS = (
    "explorer.js",
    "state.js",
    "page.js",
    "reveal_game.js",
    "host_desk.js",
    "synonym_editor.js",
    "workspace.js",
    "global_chart.js",
    "comparison.js",
)
SQLITE = (3, 24)  # ON CONFLICT
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def report() -> list[Check]:
    """Look for all that inv-widgets needs or can use; nothing is left behind."""
    packages = package_checks()
    if packages["torch"].state == "ok":
        packages["torch"], packages["torchvision"] = _torch(packages["torch"], packages["torchvision"])
    front_ends = [_front_end(name) for name in FRONT_ENDS]
    return [_python(), *packages.values(), *store_checks(), *front_ends, _node(), _browser()]


def healthy(checks: list[Check]) -> bool:
    """Tell whether all that is required is there and fits."""
    return all(check.state == "ok" for check in checks if check.required)


def render(checks: list[Check]) -> str:
    """Write the report as lines of text."""
    lines = [f"inv-widgets {__version__} on {platform.platform(aliased=True, terse=True)}", ""]
    name_width = max(len(check.name) for check in checks)
    for check in checks:
        mark = check.state if check.state != "missing" or check.required else "absent"
        lines.append(f"  {mark:<8} {check.name:<{name_width}}  {check.found}".rstrip())
        if check.state != "ok":
            advice = [part for part in (check.cost, check.remedy) if part]
            lines.append(" " * (name_width + 13) + ": ".join(advice))
    wrong = [check.name for check in checks if check.required and check.state != "ok"]
    optional = [check.name for check in checks if not check.required and check.state != "ok"]
    lines.append("")
    if wrong:
        lines.append(f"To be mended: {', '.join(wrong)}.")
    else:
        lines.append(
            "Everything that is required is installed." + (f" Optional: {', '.join(optional)}." if optional else "")
        )
    return "\n".join(lines)


def store_checks(folder: str | Path = ".") -> list[Check]:
    """Look whether labels can be stored: SQLite's version, and a write-ahead log in `folder`.

    A store of another process must see at once what one has written; network drives often fail here.
    """
    try:
        import sqlite3
    except ImportError as error:
        remedy = "take a Python that was built with SQLite"
        return [Check("sqlite", "broken", "", cost=f"labels cannot be stored ({line(str(error))})", remedy=remedy)]
    version = sqlite3.sqlite_version
    if numbers(version) < SQLITE:
        wanted = ".".join(map(str, SQLITE))
        remedy = "take a newer Python, or install SQLite anew"
        return [Check("sqlite", "unfit", version, cost=f"inv-widgets needs >={wanted}", remedy=remedy)]
    return [Check("sqlite", "ok", version), _store_in(Path(folder))]


def _store_in(folder: Path) -> Check:
    import sqlite3

    name = "store in this folder"
    try:
        with (
            tempfile.TemporaryDirectory(prefix=".inv-widgets-", dir=folder, ignore_cleanup_errors=True) as made,
            contextlib.closing(sqlite3.connect(Path(made, "labels.db"), timeout=5)) as one,
            contextlib.closing(sqlite3.connect(Path(made, "labels.db"), timeout=5)) as two,
        ):
            (mode,) = one.execute("PRAGMA journal_mode = WAL").fetchone()
            one.execute("CREATE TABLE label (text TEXT)")
            one.execute("INSERT INTO label VALUES ('ear')")
            one.commit()
            seen = two.execute("SELECT text FROM label").fetchall()
    except (OSError, sqlite3.Error) as error:
        mode, seen, told = "", [], line(f"{type(error).__name__}: {error}")
    else:
        told = f"its journal is {mode!r} instead of 'wal'"
    if mode == "wal" and seen == [("ear",)]:
        return Check(name, "ok", "with a write-ahead log", required=False)
    remedy = 'keep the store on a disk of this computer, inv.LabelStore("/another/folder/labels.db"), or in PostgreSQL'
    return Check(name, "unfit", told, required=False, cost="labels cannot be stored in this folder", remedy=remedy)


def _python() -> Check:
    fits = sys.version_info >= (3, 10)
    found = f"{platform.python_version()} ({platform.python_implementation()})"
    return Check("python", "ok" if fits else "unfit", found, remedy="take Python 3.10 or newer")


# Prints one line of JSON; what the imports themselves print comes before it.
_PROBE = """
import json
told = {}
try:
    import torch
    if torch.cuda.is_available():
        told["device"] = "CUDA " + str(torch.version.cuda) + ", " + torch.cuda.get_device_name(0)
    elif getattr(torch.backends, "mps", None) and torch.backends.mps.is_available():
        told["device"] = "MPS"
    else:
        told["device"] = "CPU" if torch.version.cuda is None else "CPU (built for CUDA, no GPU that it can use)"
except Exception as error:
    told["torch_error"] = type(error).__name__ + ": " + str(error)
else:
    try:
        import torchvision
        told["operators"] = "with its compiled operators"
    except ImportError:
        pass
    except Exception:
        try:
            from inv_widgets.torch_support import ensure_torchvision
            ensure_torchvision()
            import torchvision
            told["operators"] = "without its compiled operators (inv-widgets stands in for them)"
        except Exception as error:
            told["torchvision_error"] = type(error).__name__ + ": " + str(error)
print("\\n" + json.dumps(told))
"""


def _torch(torch: Check, torchvision: Check) -> tuple[Check, Check]:
    """Import both in another process and add what they can do."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        done = subprocess.run(  # noqa: S603 (this Python, a script of ours)
            [sys.executable, "-c", _PROBE], capture_output=True, text=True, timeout=120, check=False, env=environment
        )
        told = json.loads(done.stdout.strip().splitlines()[-1])
    except subprocess.TimeoutExpired:
        told = {"torch_error": "its import took more than two minutes"}
    except (IndexError, ValueError):
        told = {"torch_error": f"its import ended Python with status {done.returncode}"}
    remedy = "reinstall torch and torchvision together, in versions that belong together"
    if "torch_error" in told:
        return Check("torch", "broken", torch.found, cost=line(told["torch_error"]), remedy=remedy), torchvision
    torch = Check("torch", "ok", f"{torch.found}, {told['device']}")
    if torchvision.state != "ok":
        return torch, torchvision
    if "torchvision_error" in told:
        cost = line(told["torchvision_error"])
        return torch, Check("torchvision", "broken", torchvision.found, cost=cost, remedy=remedy)
    return torch, Check("torchvision", "ok", f"{torchvision.found}, {told.get('operators', '')}".rstrip(", "))


def _front_end(name: str) -> Check:
    package = Path(__file__).parent
    file, source = package / "static" / name, package.parent / "js" / "src"
    label = f"front end {name}"
    remedy = "run `make build`" if source.is_dir() else "reinstall inv-widgets from its wheel"
    if not file.is_file() or not file.stat().st_size:
        return Check(label, "missing", "", cost="widgets and pages stay empty", remedy=remedy)
    size = f"{file.stat().st_size:,} bytes"
    newest = max((one.stat().st_mtime for one in source.rglob("*") if one.is_file()), default=0.0)
    if newest > file.stat().st_mtime:
        return Check(label, "unfit", size, required=False, cost="older than its source", remedy=remedy)
    return Check(label, "ok", size)


def _node() -> Check:
    cost = "front ends cannot be built from source"
    found = _version_of("node")
    if found is None:
        return Check("node", "missing", "", required=False, cost=cost, remedy="install Node 20 or newer")
    if numbers(found.lstrip("v")) < (20,):
        return Check("node", "unfit", found, required=False, cost=cost, remedy="install Node 20 or newer")
    return Check("node", "ok", found, required=False)


def _browser() -> Check:
    named = os.environ.get("INV_CHROMIUM")
    for name in filter(None, (named, *BROWSERS)):
        found = _version_of(name)
        if found is not None:
            return Check("chromium", "ok", found, required=False)
    remedy = "install chromium, or name it in the environment variable INV_CHROMIUM"
    return Check("chromium", "missing", "", required=False, cost="browser tests cannot run", remedy=remedy)


def _version_of(program: str) -> str | None:
    path = shutil.which(program)
    if path is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603 (found on PATH by a fixed name)
            [path, "--version"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return line(done.stdout) or None
