"""Italian to English, offline: the glossary that people edit, then Italian word nets; else a word stays, flagged."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from inv_widgets.labels.shipped import TableKey, stop_words
from inv_widgets.labels.word_lists import base_form, italian_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inv_widgets.labels.drafts import Context, Draft

__all__ = ["translate", "translate_part", "translate_word"]

# Endings of Italian inflection that simplemma leaves, and what the dictionary has instead.
_ENDINGS = (("hi", "o"), ("he", "a"), ("he", "o"), ("i", "o"), ("i", "e"), ("e", "a"), ("a", "o"), ("e", "o"))


def translate(draft: Draft, context: Context) -> Draft:
    """Translate an Italian label to English; labels in other languages, and words not found, stay and are flagged."""
    if draft.language == context.target:
        return draft
    if draft.language != "it" or context.target != "en":
        flags = tuple((word, "untranslated") for word in draft.words)
        return draft.to("translation", note=f"{draft.language!r} is not translated", flags=flags)
    parts, missing = [], []
    for part in draft.parts:
        translated, not_found = translate_part(part, context.glossary)
        parts.append(translated)
        missing += not_found
    note = f"not found: {', '.join(missing)}" if missing else ""
    flags = tuple((word, "untranslated") for word in missing)
    return draft.to("translation", tuple(parts), note=note, language=context.target, flags=flags)


def translate_part(part: str, glossary: Mapping[str, str]) -> tuple[str, list[str]]:
    """Translate a part, the longest phrases of the glossary first; give the English and what was not found.

    Stop-words are gone already, so phrases are also known without theirs ("canna pesca" for canna da pesca).
    """
    phrases = _phrases(TableKey(glossary))
    words, english, missing = part.split(), [], []
    place = 0
    while place < len(words):
        size = next(
            (size for size in range(min(4, len(words) - place), 1, -1) if _key(words[place : place + size]) in phrases),
            0,
        )
        if size:
            english.append(phrases[_key(words[place : place + size])])
            place += size
            continue
        found = translate_word(words[place], glossary)
        if found is None:
            missing.append(words[place])
        english.append(found or words[place])
        place += 1
    return " ".join(english), missing


def translate_word(word: str, glossary: Mapping[str, str]) -> str | None:
    """Translate one Italian word by itself, its base form or another ending; None: not found."""
    forms = list(dict.fromkeys([word, base_form(word, "it"), *_other_endings(word)]))
    for table in (glossary, italian_words()):
        for form in forms:
            if form in table:
                return table[form]
    return None


def _other_endings(word: str) -> list[str]:
    return [word[: -len(end)] + instead for end, instead in _ENDINGS if word.endswith(end) and len(word) > 4]


def _key(words: list[str]) -> tuple[str, ...]:
    return tuple(base_form(word, "it") for word in words)


@lru_cache(maxsize=4)
def _phrases(glossary: TableKey) -> dict[tuple[str, ...], str]:
    dropped = stop_words().get("it", frozenset())
    found = {}
    for italian, english in glossary.table.items():
        words = [word for word in italian.split() if word not in dropped]
        if " " in italian and len(words) > 1:
            found[_key(words)] = english
    return found
