"""Which words are counted as one: the table that people edit wins; then WordNet: the same synset, or one is-a step."""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from inv_widgets import atomic
from inv_widgets.errors import kind_of
from inv_widgets.labels.shipped import fold, read_rows, shipped_path
from inv_widgets.labels.wordnet import Kind, wordnet

__all__ = ["COLUMNS", "SynonymTable", "as_synonyms", "shipped_synonyms", "table_text", "wordnet_groups"]

COLUMNS = ("label", "synonyms")


@dataclass(frozen=True)
class SynonymTable:
    """A table of synonyms. To change one word by word, see :class:`inv_widgets.labels.word_groups.WordGroups`.

    Attributes
    ----------
    groups
        The words that count as each label. A label without synonyms stays apart from all others.

    Raises
    ------
    ValueError
        If a word stands in two groups.
    """

    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        groups: dict[str, tuple[str, ...]] = {}
        for label, synonyms in self.groups.items():
            name = fold(label)
            members = (fold(word) for word in (*groups.get(name, ()), *synonyms))
            groups[name] = tuple(dict.fromkeys(word for word in members if word and word != name))
        object.__setattr__(self, "groups", groups)
        times = Counter(word for label, synonyms in groups.items() for word in (label, *synonyms))
        twice = sorted(word for word, count in times.items() if count > 1)
        if twice:
            raise ValueError(
                f"[inv-widgets] {', '.join(map(repr, twice[:5]))} stand{'s' if len(twice) == 1 else ''} in more than "
                "one group of the synonyms: leave each word in one row only."
            )

    @classmethod
    def read(cls, path: str | Path) -> SynonymTable:
        """Read a CSV file with the columns ``label`` and ``synonyms`` (words with ``;`` between them)."""
        groups: dict[str, tuple[str, ...]] = {}
        for label, synonyms in read_rows(path, COLUMNS):
            if label:
                groups[fold(label)] = (*groups.get(fold(label), ()), *(word for word in synonyms.split(";") if word))
        return cls(groups)

    @classmethod
    def of_heads(cls, heads: Mapping[str, str]) -> SynonymTable:
        """Make a table of the label that each word counts as."""
        groups: dict[str, tuple[str, ...]] = dict.fromkeys(heads.values(), ())
        for word, head in heads.items():
            if word != head:
                groups[head] = (*groups[head], word)
        return cls(groups)

    def save(self, path: str | Path) -> Path:
        """Write the table as CSV; the file appears whole or not at all."""
        return atomic.write(Path(path), table_text(self).encode())

    @cached_property
    def heads(self) -> Mapping[str, str]:
        """The label of each word of the table, labels themselves included."""
        return {word: label for label, synonyms in self.groups.items() for word in (label, *synonyms)}

    def label_of(self, word: str) -> str | None:
        """Give the label that a word counts as; None: the table does not have it."""
        return self.heads.get(word)

    def over(self, other: SynonymTable) -> SynonymTable:
        """Put this table on top of another: what it says of a word counts, the other speaks for the rest."""
        heads = {
            word: self.heads.get(label, label) for word, label in other.heads.items() if word not in self.heads
        } | dict(self.heads)
        return SynonymTable.of_heads(heads)


def table_text(
    table: SynonymTable,
    *,
    comments: Iterable[Iterable[str]] = (),
    heading: Sequence[str] = (),
    notes: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """Write a table as CSV, groups by name.

    Parameters
    ----------
    comments
        Rows that stand above it.
    heading, notes
        The names of further columns, and what stands there for some of the labels.
    """
    text = io.StringIO(newline="")
    rows = csv.writer(text, lineterminator="\n")
    rows.writerows(comments)
    rows.writerow([*COLUMNS, *heading])
    nothing = [""] * len(heading)
    for label, synonyms in sorted(table.groups.items()):
        rows.writerow([label, "; ".join(synonyms), *(notes or {}).get(label, nothing)])
    return text.getvalue()


@lru_cache(maxsize=1)
def shipped_synonyms() -> SynonymTable:
    """Read the table that is shipped: spellings, and words that the authors of the method counted as one."""
    return SynonymTable.read(shipped_path("synonyms.csv"))


def as_synonyms(given: Any) -> SynonymTable:
    """Make a table of what `label` takes as synonyms.

    Parameters
    ----------
    given
        None: the shipped table. A CSV file's path, a dict ``{label: [synonym, ...]}``, a frame with the columns
        ``label`` and ``synonyms``, or a SynonymTable: on top of the shipped one. False: no table at all.
    """
    if given is None:
        return shipped_synonyms()
    if given is False:
        return SynonymTable()
    if isinstance(given, SynonymTable):
        table = given
    elif isinstance(given, str | Path):
        table = SynonymTable.read(given)
    elif isinstance(given, Mapping):
        table = SynonymTable({label: _words(synonyms) for label, synonyms in given.items()})
    elif hasattr(given, "columns") and set(COLUMNS) <= set(given.columns):
        rows = zip(given["label"], given["synonyms"], strict=True)
        table = SynonymTable({str(label): _words(synonyms) for label, synonyms in rows})
    else:
        raise TypeError(
            f"[inv-widgets] synonyms is {kind_of(given)}: give a CSV file's path, a dict {{label: [synonym, ...]}}, a "
            "SynonymTable, or None for the shipped table."
        )
    return table.over(shipped_synonyms())


def wordnet_groups(
    counts: Mapping[str, int],
    table: SynonymTable,
    *,
    classes: Mapping[str, frozenset[str]] | None = None,
    hops: int = 1,
    senses: int = 1,
) -> dict[str, str]:
    """Let each word count as the most used word that is near to it in WordNet.

    Words join a head directly, never through a chain of others (WordNet leads from anything to anything in a few
    steps). The table's words stay where the table puts them; others may join them.

    Parameters
    ----------
    counts
        How often each word was said.
    table
        The synonyms that people gave.
    classes
        The classes of the pictures that each word was said of: an is-a step joins only words that were said of one
        class ("leaf" of churches is no "blade" of chain saws, though WordNet says so). None: any words.
    hops
        0: the same synset only. 1: or one is-a step.
    senses
        So many of each word's most usual senses count: with all of them, most words are near to many.

    Returns
    -------
    dict
        ``{word: head}`` for words that join another.
    """
    order = sorted(counts, key=lambda word: (-counts[word], word))
    place = {word: rank for rank, word in enumerate(order)}
    by_synset: dict[str, list[str]] = defaultdict(list)
    by_up: dict[str, list[str]] = defaultdict(list)
    joined = {}
    for word in order:
        synsets, up = _synsets(word, senses)
        heads = [head for synset in synsets for head in by_synset[synset]]
        if hops:
            steps = [head for synset in synsets for head in by_up[synset]]
            steps += [head for synset in up for head in by_synset[synset]]
            heads += [head for head in steps if classes is None or classes[word] & classes[head]]
        if heads and table.label_of(word) is None:
            joined[word] = min(heads, key=place.__getitem__)
            continue
        for synset in synsets:
            by_synset[synset].append(word)
        for synset in up:
            by_up[synset].append(word)
    return joined


def _synsets(word: str, senses: int) -> tuple[list[str], list[str]]:
    """Give a word's synsets, and those one is-a step up; as an adjective and as a noun."""
    net = wordnet()
    kinds: tuple[Kind, ...] = ("n", "a")
    found = [
        (kind + synset, [kind + each for each in up]) for kind in kinds for synset, up in net.senses(word, kind, senses)
    ]
    return [synset for synset, _ in found], [each for _, up in found for each in up]


def _words(synonyms: Any) -> tuple[str, ...]:
    if isinstance(synonyms, str):
        return tuple(word for word in synonyms.split(";") if word.strip())
    if isinstance(synonyms, Iterable):
        return tuple(map(str, synonyms))
    return ()
