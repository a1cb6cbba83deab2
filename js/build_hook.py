"""Hatch's build hook: no wheel, sdist or editable install without the built front ends.

Runs `npm ci` and `npm run build` in js/ where inv_widgets/static/ lacks a front end or a source is newer than it.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

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
_SOURCES = (
    "js/src",
    "js/build.mjs",
    "js/package.json",
    "js/package-lock.json",
    "js/tsconfig.json",
    "inv_widgets/colour_maps.json",
    "inv_widgets/languages",
)


class FrontEnds(BuildHookInterface):  # type: ignore[type-arg, unused-ignore]
    """Builds the front ends before Python files are collected."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Build what is missing or older than its sources; raise RuntimeError where that cannot be done."""
        root = Path(self.root)
        built = [root / "inv_widgets" / "static" / name for name in FRONT_ENDS]
        reason = _out_of_date(root, built)
        if reason is None:
            return
        _build(root / "js", reason)
        for path in built:
            if not path.is_file():
                raise RuntimeError(f"[inv-widgets] `npm run build` in js/ did not write {path}: see its output above.")


def _out_of_date(root: Path, built: list[Path]) -> str | None:
    missing = [path.name for path in built if not path.is_file()]
    if missing:
        return f"{', '.join(missing)} missing from inv_widgets/static/"
    oldest = min(path.stat().st_mtime for path in built)
    for name in _SOURCES:
        source = root / name
        files = [path for path in source.rglob("*") if path.is_file()] if source.is_dir() else [source]
        for path in files:
            # In an sdist all files bear one time: equal is fresh.
            if path.is_file() and ".test." not in path.name and path.stat().st_mtime > oldest:
                return f"{path.relative_to(root)} is newer than inv_widgets/static/"
    return None


def _build(js: Path, reason: str) -> None:
    npm = shutil.which("npm")
    if npm is None or not (js / "package.json").is_file():
        lacks = "npm was not found" if npm is None else f"{js} has no package.json"
        raise RuntimeError(
            f"[inv-widgets] The front ends must be built ({reason}), but {lacks}. Install Node.js >= 20 and run "
            "`make build`, or install a released wheel (pip install inv-widgets), which contains them."
        )
    steps = [["run", "build"]]
    if not (js / "node_modules" / ".package-lock.json").is_file():
        steps.insert(0, ["ci", "--no-audit", "--no-fund"])
    for step in steps:
        done = subprocess.run([npm, *step], cwd=js, check=False, capture_output=True, text=True)  # noqa: S603
        if done.returncode != 0:
            raise RuntimeError(
                f"[inv-widgets] `npm {' '.join(step)}` failed in {js} with exit status {done.returncode}:\n"
                f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
            )
