"""The class's own name says nothing about what the network saw: it goes, in each language known, plurals too."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from inv_widgets.labels.lemmas import lemma
from inv_widgets.labels.shipped import TableKey, fold

if TYPE_CHECKING:
    from collections.abc import Iterable

    from inv_widgets.labels.drafts import Context, Draft

__all__ = ["names_of", "remove_class_name", "without_names"]


def remove_class_name(draft: Draft, context: Context) -> Draft:
    """Drop the whole name of the picture's class wherever it stands; a part of a name of several words stays."""
    names = names_of(draft.category, context)
    return draft.to("class name", tuple(without_names(part, names, draft.language) for part in draft.parts))


def names_of(category: str, context: Context) -> tuple[str, ...]:
    """Give all names of a class: its own (split at commas, as ImageNet's), its table's, and what translates to it."""
    return _names(
        category, context.class_names.get(fold(category), ()), TableKey(context.glossary) if context.glossary else None
    )


def without_names(part: str, names: Iterable[str], language: str) -> str:
    """Drop each name from a part; words are compared in their base form, and joined (chainsaw for chain saw)."""
    bases = [lemma(word, language) for word in part.split()]
    for name in sorted(names, key=len, reverse=True):
        words = part.split()
        plain = name.split()
        wanted = [lemma(word, language) for word in plain]
        joined = "".join(plain)
        if wanted[0] not in bases and plain[0] not in words and joined not in bases and joined not in words:
            continue
        bases = [lemma(word, language) for word in words]
        size, kept, place = len(wanted), [], 0
        while place < len(words):
            if bases[place : place + size] == wanted or plain == words[place : place + size]:
                place += size
            elif joined in (bases[place], words[place]):
                place += 1
            else:
                kept.append(words[place])
                place += 1
        part = " ".join(kept)
    return part


@lru_cache(maxsize=4096)
def _names(category: str, others: tuple[str, ...], glossary: TableKey | None) -> tuple[str, ...]:
    own = [fold(re.sub(r"[-_/]+", " ", name)) for name in category.split(",")]
    own += [fold(name) for name in category.split(",")]
    translated = [italian for italian, english in glossary.table.items() if english in own] if glossary else []
    return tuple(dict.fromkeys(name for name in (*own, *others, *translated) if name))
