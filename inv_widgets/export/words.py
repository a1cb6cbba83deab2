"""Words for what the kernel draws itself, from the catalogues that the front ends read (``languages/*.json``)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Words", "words_in"]

_FOLDER = Path(__file__).parents[1] / "languages"
_NAMES = {"all layers": "chart.all_layers", "rises": "chart.vega.rises", "falls": "chart.vega.falls"}
_POINTS = {"it": ","}
# What `inv.summarize` and explanations call layers and groups of layers by themselves.
_TITLES = (
    (re.compile(r"^block (?P<block>\d+)$"), "explorer.block"),
    (re.compile(r"^block (?P<block>\d+), layer (?P<layer>\d+)$"), "explorer.layer"),
    (re.compile(r"^block (?P<block>\d+), layers (?P<first>\d+)-(?P<last>\d+)$"), "explorer.layers_of"),
    (re.compile(r"^blocks (?P<first>\d+)-(?P<last>\d+)$"), "explorer.blocks"),
)


@dataclass(frozen=True)
class Words:
    """The texts of one language; see ``js/src/core/languages.ts``, which does the same in the browser.

    Attributes
    ----------
    language
        The code of the catalogue.
    texts
        By key; a key with a plural stands as ``key.one`` and ``key.other``.
    """

    language: str
    texts: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> str:
        """Give the text of a key, its placeholders filled; `count` chooses the plural."""
        form = f"{key}.{'one' if values.get('count') == 1 else 'other'}" if "count" in values else key
        return re.sub(r"\{(\w+)\}", lambda found: str(values.get(found[1], found[0])), self.texts[form])

    def number(self, value: float, digits: int, *, sign: bool = False) -> str:
        """Write a number with so many decimals."""
        return f"{value:{'+' if sign else ''}.{digits}f}".replace(".", _POINTS.get(self.language, "."))

    def called(self, name: str) -> str:
        """Say what a group of layers, a layer or a direction of the charts' rows is called on screen."""
        key = _NAMES.get(name)
        return self.title(name) if key is None else self.texts[key]

    def title(self, title: str) -> str:
        """Translate the name of a layer or of a group of layers, such as "block 3, layer 2"; other names stay."""
        head, *note = title.split(" (", 1)
        for pattern, key in _TITLES:
            found = pattern.match(head)
            if found:
                return " (".join([self(key, **found.groupdict()), *note])
        return title


def words_in(language: str | None) -> Words:
    """Give the words of a language; English where it has no catalogue ("it-CH" is Italian)."""
    base = re.split("[-_]", (language or "").lower(), maxsplit=1)[0]
    return _words(base if base in _known() else "en")


@cache
def _known() -> frozenset[str]:
    return frozenset(each.stem for each in _FOLDER.glob("*.json"))


@cache
def _words(language: str) -> Words:
    return Words(language, json.loads((_FOLDER / f"{language}.json").read_text("utf-8")))
