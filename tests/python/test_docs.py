"""The documentation tells the truth: its code runs, its names exist, its links and tables hold."""

from __future__ import annotations

import argparse
import ast
import dataclasses
import json
import os
import re
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import nbformat
import pyarrow as pa
import pytest

import inv_widgets as inv
from inv_widgets import cli_parser, run_files
from inv_widgets.game.scoring import Points
from inv_widgets.store.exchange_fields import FIELDS

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
BLOCK = re.compile(r"^```(\w*)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# A place on one machine: home folders, temporary folders, drives. (/path/to and the like are nobody's.)
MACHINE_PATH = re.compile(r"(?<![\w.:/])/(?:work|home|root|tmp|Users|usr|opt|var|mnt)/[\w.]|\b[A-Z]:\\\w")


def blocks(page: Path, language: str) -> list[tuple[str, str]]:
    """(info after the language, text) of each fenced block of one language."""
    return [(info.strip(), text) for name, info, text in BLOCK.findall(page.read_text("utf-8")) if name == language]


def python_of(notebook: Path) -> list[str]:
    book = nbformat.read(notebook, as_version=4)
    return [cell.source for cell in book.cells if cell.cell_type == "code"]


def words_of(source: Path) -> str:
    if source.suffix == ".md":
        return source.read_text("utf-8")
    return "\n".join(cell.source for cell in nbformat.read(source, as_version=4).cells)


def named(sources: list[Path]) -> list[Any]:
    return [pytest.param(source, id=source.relative_to(ROOT).as_posix()) for source in sources]


def table_after(page: str, heading: str, mark: str = "##") -> list[list[str]]:
    """The cells of the first table after a heading of docs/`page`, without its head."""
    text = (ROOT / "docs" / page).read_text("utf-8").split(f"{mark} {heading}\n", 1)[1]
    lines = re.search(r"((?:^\|.*\n)+)", text, re.MULTILINE)
    assert lines is not None
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines.group(1).splitlines()[2:]]


RUN = [page for page in PAGES if any(info != "no-run" for info, _ in blocks(page, "python"))]


@pytest.mark.parametrize("page", named(RUN))
def test_code_blocks_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _demo_files(tmp_path)
    scope: dict[str, Any] = {"__name__": "__docs__"}
    for info, text in blocks(page, "python"):
        if info != "no-run":
            exec(compile(text, f"{page.name}: {text.splitlines()[0]}", "exec"), scope)


def _demo_files(folder: Path) -> None:
    """The pictures that the pages speak of."""
    from PIL import Image

    shown = {sample.category: sample for sample in inv.datasets.photos()}
    for name, category in {"dog.jpg": "beagle", "cat.jpg": "tabby"}.items():
        with Image.open(shown[category]) as picture:
            picture.resize((320, 240)).save(folder / name)


@pytest.mark.parametrize("source", named([*PAGES, *NOTEBOOKS]))
def test_code_is_python(source: Path) -> None:
    texts = [text for _, text in blocks(source, "python")] if source.suffix == ".md" else python_of(source)
    for text in texts:
        ast.parse(text)


@pytest.mark.parametrize("source", named([*PAGES, *NOTEBOOKS]))
def test_names_exist(source: Path) -> None:
    words = words_of(source)
    chains = {tuple(chain.split(".")) for chain in re.findall(r"\binv\.([a-z_A-Z][\w.]*\w)", words)}
    classes = "|".join(name for name in inv.__all__ if name[0].isupper())
    chains |= {(name, member) for name, member in re.findall(rf"`(?:inv\.)?({classes})\.(\w+)", words)}
    assert not [".".join(chain) for chain in chains if not _exists(chain)]


def _exists(chain: tuple[str, ...]) -> bool:
    if chain[0] not in inv.__all__ and not chain[0].startswith("__"):
        return False
    value: Any = inv
    for name in chain:
        if name in getattr(value, "__dataclass_fields__", {}) or name in getattr(value, "__annotations__", {}):
            return True
        if not hasattr(value, name):
            return False
        value = getattr(value, name)
    return True


@pytest.mark.parametrize("page", named(PAGES))
def test_links_resolve(page: Path) -> None:
    text = BLOCK.sub("", page.read_text("utf-8"))
    links = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'(?:src|srcset|href)="([^"]+)"', text)
    broken = []
    for link in links:
        if re.match(r"[a-z]+://|mailto:", link):
            assert link.startswith("https://"), link
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            broken.append(link)
    assert not broken


def _anchors(page: Path) -> set[str]:
    """GitHub's anchors of a page's headings."""
    heads = re.findall(r"^#+ (.+)$", BLOCK.sub("", page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def test_every_page_is_on_the_map() -> None:
    index = (ROOT / "docs" / "index.md").read_text("utf-8")
    pages = [page.name for page in (ROOT / "docs").glob("*.md") if page.name != "index.md"]
    assert not [name for name in [*pages, *(book.name for book in NOTEBOOKS)] if name not in index]


@pytest.mark.parametrize("notebook", named(NOTEBOOKS))
def test_notebooks_are_clean(notebook: Path) -> None:
    book = nbformat.read(notebook, as_version=4)
    nbformat.validate(book)
    # Without a kernelspec JupyterLab asks for a kernel before it shows anything.
    assert book.metadata.kernelspec == {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    assert set(book.metadata) == {"kernelspec", "language_info"}
    for cell in book.cells:
        assert cell.source.strip()
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None
    # Each idea is told before it is run.
    assert book.cells[0].cell_type == "markdown"
    assert book.cells[0].source.startswith("# ")


OWN = [ROOT / "LICENSE", ROOT / "CITATION.cff", *PAGES, *NOTEBOOKS]


@pytest.mark.parametrize("source", named(OWN))
def test_no_path_of_a_machine(source: Path) -> None:
    assert MACHINE_PATH.findall(source.read_text("utf-8")) == []
    assert os.fspath(Path.home()) + "/" not in source.read_text("utf-8")


def test_machine_paths_are_seen() -> None:
    for path in ("in /home/ada/x", '"/root/x"', "C:\\Users", "(/tmp/a)"):
        assert MACHINE_PATH.search(path)
    for path in ("https://a.org/home/x", "inv_widgets/tmp/x", "../home/x"):
        assert not MACHINE_PATH.search(path)


def test_recipe_table() -> None:
    table = {row[0].strip("`"): row[1].strip("`") for row in table_after("method.md", "The recipe")}
    fields = {field.name: getattr(inv.Recipe(), field.name) for field in dataclasses.fields(inv.Recipe)}
    assert list(table) == list(fields)
    for name, cell in table.items():
        value = float(Fraction(cell)) if "/" in cell else ast.literal_eval(cell)
        assert value == fields[name], name
        assert type(value) is type(fields[name]), name


def test_targets_of_make() -> None:
    told = {row[0].strip("`").split()[1] for row in table_after("development.md", "Development", mark="#")}
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert told == set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE)) - {"help"}


def test_rules_table() -> None:
    table = {row[0].strip("`"): row[1].strip("`") for row in table_after("play.md", "Settings")}
    rules = inv.Rules()
    assert list(table) == [field.name for field in dataclasses.fields(rules)]
    for name, cell in table.items():
        value = eval(cell, {"Points": Points})
        assert value == getattr(rules, name), name
        assert isinstance(getattr(rules, name), Mapping if name == "truth" else type(value)), name


def test_fields_of_rounds() -> None:
    assert [row[0].strip("`") for row in table_after("play.md", "The label store")] == list(FIELDS)


def test_options_of_play() -> None:
    table = " ".join(row[0] for row in table_after("workshop.md", "3. Open the workshop"))
    (commands,) = (action for action in cli_parser.parser()._actions if isinstance(action, argparse._SubParsersAction))
    options = {option for action in commands.choices["play"]._actions for option in action.option_strings}
    assert set(re.findall(r"--[a-z-]+", table)) == options - {"-h", "--help", "--debug"}


@pytest.mark.parametrize("kind", ["cluster_maps", "columns", "pictures"])
def test_file_tables(kind: str) -> None:
    file = run_files.companions("NAME")[kind].name
    rows = table_after("files.md", f"`{file}`")
    schema = run_files.SCHEMAS[kind]
    assert [(row[0].strip("`"), row[1]) for row in rows] == [(field.name, _words(field.type)) for field in schema]


def _words(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"list of {_words(kind.value_type)}"
    if pa.types.is_struct(kind):
        return "struct of " + ", ".join(kind.field(i).name for i in range(kind.num_fields))
    return str(kind)


def test_schema_version() -> None:
    assert f"`schema_version` is {run_files.SCHEMA_VERSION}." in (ROOT / "docs" / "files.md").read_text("utf-8")


@pytest.mark.parametrize("page", named(PAGES))
def test_make_targets_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    text = page.read_text("utf-8")
    named_in_code = re.findall(r"(?:`|^ *(?:\$ )?)make ([a-z][\w-]*)", text, re.MULTILINE)
    assert set(named_in_code) <= targets


def test_versions_agree() -> None:
    citation = (ROOT / "CITATION.cff").read_text("utf-8")
    assert f"\nversion: {inv.__version__}\n" in citation
    assert f"\n## {inv.__version__}" in (ROOT / "CHANGELOG.md").read_text("utf-8")
    for fact in ("2405.03301", "Bianchi", "De Santis", "Tocchetti", "Brambilla", "10.24963/ijcai.2024/411"):
        assert fact in citation


def test_public_names_are_documented() -> None:
    text = "\n".join(page.read_text("utf-8") for page in PAGES)
    assert not [name for name in inv.__all__ if not re.search(rf"`[^`\n]*\b{name}\b[^`\n]*`|inv\.{name}\b", text)]


def test_notebooks_are_json_as_jupyterlab_writes_it() -> None:
    for notebook in NOTEBOOKS:
        text = notebook.read_text("utf-8")
        assert text == json.dumps(json.loads(text), indent=1, ensure_ascii=False, sort_keys=True) + "\n", notebook.name
