"""docs/methods.md says of each method and metric what the registries say."""

from __future__ import annotations

import dataclasses
import importlib
from pathlib import Path

import pytest

import inv_widgets as inv

ROOT = Path(__file__).parents[3]


@pytest.fixture
def tool(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tests" / "tools"))
    return importlib.import_module("write_method_tables")


def test_the_tables_are_those_of_the_registries(tool):
    page = tool.PAGE.read_text("utf-8")
    assert page == tool.written(page), "run python tests/tools/write_method_tables.py"


def test_another_default_is_another_page(tool, monkeypatch):
    page = tool.PAGE.read_text("utf-8")
    changed = [
        dataclasses.replace(one, defaults={**one.defaults, "mu": 0.25}) if one.name == "sise" else one
        for one in inv.methods()
    ]
    monkeypatch.setattr(inv, "methods", lambda: changed)
    assert "`mu=0.25`" in tool.written(page)
    assert "`mu=0.25`" not in page
    with pytest.raises(ValueError, match="There is no <!-- methods -->"):
        tool.written("nothing")


def test_every_map_method_has_a_result_on_the_controlled_pictures(tool):
    text = tool.PAGE.read_text("utf-8").split("## Do they show what the network looks at?\n", 1)[1].split("\n## ")[0]
    rows = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| ")][2:]
    assert rows == [one.title for one in inv.methods() if one.kind != "concept"]
