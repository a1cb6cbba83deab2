"""The tables that are shipped with the label analysis, and how a person's own tables are read.

All are plain CSV files in ``labels/data`` (UTF-8, with a heading) that can be copied and edited.
"""

from __future__ import annotations

import csv
import gzip
from functools import lru_cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "TableKey",
    "blocked_words",
    "class_names",
    "fold",
    "glossary",
    "packed_lines",
    "read_pairs",
    "read_rows",
    "shipped_path",
    "stop_words",
]


def shipped_path(name: str) -> Path:
    """Give the path of a table that is shipped, such as ``"glossary.csv"``."""
    return Path(str(resources.files("inv_widgets.labels"))) / "data" / name


def fold(text: str) -> str:
    """Lower-case, without apostrophes and with single spaces: how words stand in tables."""
    return " ".join(text.lower().replace("'", "").replace("\N{RIGHT SINGLE QUOTATION MARK}", "").split())


def read_rows(path: str | Path, columns: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Read the named columns of a CSV file, a row a tuple; empty rows and rows that start with ``#`` are left out.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If a column is missing or the file is no UTF-8 text.
    """
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
    except UnicodeDecodeError:
        raise ValueError(f"[inv-widgets] {path} is not UTF-8 text: save it as UTF-8 CSV.") from None
    except csv.Error as error:
        raise ValueError(f"[inv-widgets] {path} is no CSV table: {error}.") from None
    except FileNotFoundError:
        raise FileNotFoundError(
            f"[inv-widgets] There is no table {path}: give a CSV file with the columns {', '.join(columns)}."
        ) from None
    rows = [row for row in rows if any(cell.strip() for cell in row) and not row[0].lstrip().startswith("#")]
    heading = [cell.strip().lower() for cell in rows[0]] if rows else []
    missing = [column for column in columns if column not in heading]
    if missing:
        raise ValueError(
            f"[inv-widgets] {path} has no column {', '.join(missing)}: its first line must name {', '.join(columns)}."
        )
    places = [heading.index(column) for column in columns]
    return [tuple(row[place].strip() if place < len(row) else "" for place in places) for row in rows[1:]]


def read_pairs(path: str | Path, columns: tuple[str, str]) -> dict[str, str]:
    """Read a table of two columns as a dict of folded texts."""
    return {fold(one): fold(two) for one, two in read_rows(path, columns) if one and two}


@lru_cache(maxsize=1)
def glossary() -> Mapping[str, str]:
    """Italian words and phrases with their English ones."""
    return MappingProxyType(read_pairs(shipped_path("glossary.csv"), ("italian", "english")))


@lru_cache(maxsize=1)
def class_names() -> Mapping[str, tuple[str, ...]]:
    """Other names of classes, in any language, by the English name."""
    names: dict[str, tuple[str, ...]] = {}
    for english, other in read_rows(shipped_path("class_names.csv"), ("english", "italian")):
        names[fold(english)] = (*names.get(fold(english), ()), fold(other))
    return MappingProxyType(names)


@lru_cache(maxsize=1)
def stop_words() -> Mapping[str, frozenset[str]]:
    """Words that name nothing, by language. Never face, side, front, back, top, big: they matter here."""
    words: dict[str, set[str]] = {}
    for language, word in read_rows(shipped_path("stop_words.csv"), ("language", "word")):
        words.setdefault(language, set()).add(fold(word))
    return MappingProxyType({language: frozenset(of_language) for language, of_language in words.items()})


@lru_cache(maxsize=1)
def blocked_words() -> Mapping[str, str]:
    """Words and phrases that must never become labels, with the reason, in all languages."""
    rows = read_rows(shipped_path("blocked.csv"), ("language", "word", "reason"))
    return MappingProxyType({fold(word): reason for _, word, reason in rows})


class TableKey:
    """A table as a cache's key: by identity, so that a table of thousands of words is not hashed for each label."""

    def __init__(self, table: Mapping[str, str]) -> None:
        self.table = table

    def __hash__(self) -> int:
        return id(self.table)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TableKey) and self.table is other.table


def packed_lines(name: str) -> list[list[str]]:
    """Read a packed table that is shipped: tab-separated fields."""
    text = gzip.decompress(shipped_path(name).read_bytes()).decode()
    return [line.split("\t") for line in text.splitlines()]
