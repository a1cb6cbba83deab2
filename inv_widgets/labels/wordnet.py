"""WordNet 3.0's nouns and adjectives, as shipped: which words it has, their senses, singulars, and who is near whom.

Source: G. A. Miller, WordNet: a lexical database for English, CACM 38(11), 1995; its licence: ``data/LICENCES.md``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from inv_widgets.labels.shipped import packed_lines

__all__ = ["Kind", "WordNet", "wordnet"]

Kind = Literal["n", "a"]

# The rules of WordNet's own Morphy for nouns, in its order.
_ENDINGS = (
    ("ses", "s"), ("xes", "x"), ("zes", "z"), ("ches", "ch"), ("shes", "sh"), ("men", "man"), ("ies", "y"), ("s", ""),
)  # fmt: skip


class WordNet:
    """The parts of WordNet that labels need. Words are lower-case, with spaces in phrases."""

    def __init__(self) -> None:
        self._senses: dict[str, dict[str, str]] = {"n": {}, "a": {}, "x": {}}
        for kind, lemma, senses in packed_lines("wordnet.tsv.gz"):
            self._senses[kind][lemma] = senses

    def has(self, word: str, kind: Kind | None = None) -> bool:
        """Tell whether a base form is there, as a noun ("n"), an adjective ("a") or either."""
        return any(word in self._senses[each] for each in ((kind,) if kind else ("n", "a")))

    def singular(self, word: str) -> str | None:
        """Give the noun of which `word` is the irregular or regular plural; None: of none."""
        irregular = self.irregular(word)
        if irregular is not None:
            return irregular
        for ending, instead in _ENDINGS:
            base = word[: -len(ending)] + instead
            if word.endswith(ending) and len(base) > 2 and base in self._senses["n"] and not word.endswith("ss"):
                return base
        return None

    def irregular(self, word: str) -> str | None:
        """Give the noun of which `word` is an irregular plural."""
        return self._senses["x"].get(word)

    def knows(self, word: str) -> bool:
        """Tell whether the word, or its singular, is there."""
        return self.has(word) or self.singular(word) is not None

    def senses(self, word: str, kind: Kind, most: int | None = None) -> list[tuple[str, tuple[str, ...]]]:
        """Give a word's senses, most usual first: (synset, the synsets one is-a step up)."""
        entry = self._senses[kind].get(word, "").split()[:most]
        return [(parts[0], tuple(parts[1:])) for parts in (sense.split("^") for sense in entry)]


@lru_cache(maxsize=1)
def wordnet() -> WordNet:
    """Read the shipped WordNet, once."""
    return WordNet()
