"""What a SynonymEditor reads its words from, and how it tells them to the browser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from inv_widgets.errors import kind_of
from inv_widgets.labels.canonical import Canonical
from inv_widgets.labels.labelled import LabelledRun
from inv_widgets.labels.word_groups import WordGroups, Words

if TYPE_CHECKING:
    from inv_widgets.labels.synonyms import SynonymTable

__all__ = ["differing", "payload", "placed", "words_of"]


def words_of(labels: Any) -> Words:
    """Read what an editor takes as `labels`, but for a run and a store.

    Raises
    ------
    TypeError
        If it is none of these.
    """
    if labels is None:
        return Words()
    if isinstance(labels, LabelledRun):
        return Words.of(labels.canonical)
    if isinstance(labels, Canonical):
        return Words.of(labels)
    if isinstance(labels, Words):
        return labels
    if isinstance(labels, Mapping):
        return Words.counted(labels)
    raise TypeError(
        f"[inv-widgets] labels={labels!r:.80} is {kind_of(labels)}: give what inv.label returned, (run, store), or a "
        "dict {word: times}."
    )


def placed(table: SynonymTable) -> dict[str, str]:
    """Give the words that a table puts somewhere; names of groups stay where they are."""
    return {word: head for word, head in table.heads.items() if word != head or not table.groups[word]}


def differing(one: SynonymTable, other: SynonymTable) -> list[str]:
    """Give the words that two tables put elsewhere, in alphabetical order."""
    first, second = placed(one), placed(other)
    return sorted(word for word in first.keys() | second.keys() if first.get(word) != second.get(word))


def payload(groups: WordGroups) -> list[list[Any]]:
    """Give groups as the browser reads them: ``[name, [[word, times, why], ...]]``, without what nobody said."""
    own = groups.own.heads
    sent = []
    for group in groups.groups:
        shown = [one for one in group.members if one.count or (one.word in own and one.word != group.name)]
        shown = shown or [one for one in group.members if one.word in own]
        if shown:
            sent.append([group.name, [[one.word, one.count, one.why] for one in shown]])
    return sent
