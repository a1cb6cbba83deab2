"""In which language a label is: dictionaries first, then what was recorded, then lingua where it is installed."""

from __future__ import annotations

import dataclasses
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from inv_widgets.labels.spelling import has_near_word
from inv_widgets.labels.word_lists import LANGUAGES, strong, usual

if TYPE_CHECKING:
    from inv_widgets.labels.drafts import Context, Draft

__all__ = ["detect_language", "language_of"]

# A word of a dictionary says more than one that merely occurs in texts; the recorded language breaks near ties.
_DICTIONARY, _TEXTS, _RECORDED = 1.0, 0.6, 0.5
_SURE = 0.3


def detect_language(draft: Draft, context: Context) -> Draft:
    """Find the label's language; it is noted where it is not the recorded one."""
    found = language_of(draft.words, draft.recorded, context)
    note = "" if found == draft.recorded else f"{draft.recorded or 'none'} was recorded, {found} was found"
    return dataclasses.replace(draft.to("language", note=note, language=found), typed_in=found)


def language_of(words: list[str], recorded: str, context: Context) -> str:
    """Give the language of some words.

    Each word votes for the languages whose dictionary has it; the recorded language has half a word's vote more. Of
    words that no dictionary has, those count that one slip makes of a language's words; what is still unknown is asked
    of lingua where that is installed, unless a language was recorded.

    Parameters
    ----------
    words
        Lower-case.
    recorded
        The language recorded with the round, or an empty string.
    context
        Its stop-words are part of the dictionaries.

    Returns
    -------
    str
        ``"en"`` or ``"it"``; the recorded language if no dictionary knows any word; at last `context.target`.
    """
    recorded = recorded.lower().partition("-")[0]
    votes = {language: sum(_vote(word, language, context) for word in words) for language in LANGUAGES}
    if not any(votes.values()):
        near = {language: sum(has_near_word(word, language) for word in words) for language in LANGUAGES}
        best = max(LANGUAGES, key=lambda language: (near[language], language == recorded))
        if near[best] > near.get(recorded, 0) and (recorded in LANGUAGES or not recorded):
            return best
        return recorded or _by_lingua(" ".join(words)) or context.target
    if recorded and recorded not in votes:
        # A language without a dictionary here: only words that are all in another's dictionary speak against it.
        best = max(LANGUAGES, key=votes.__getitem__)
        return best if votes[best] >= len(words) * _DICTIONARY else recorded
    if recorded:
        votes[recorded] += _RECORDED
    best, second = sorted(LANGUAGES, key=lambda language: -votes[language])[:2]
    if votes[best] - votes[second] > _SURE:
        return best
    if not recorded:
        # Which of the two uses these words more.
        often = {language: sum(usual(word, language) for word in words) for language in LANGUAGES}
        return max(LANGUAGES, key=lambda language: (often[language], language == context.target))
    return recorded


def _vote(word: str, language: str, context: Context) -> float:
    if word in context.stop_words.get(language, frozenset()) or strong(word, language):
        return _DICTIONARY
    return _TEXTS if usual(word, language) else 0.0


def _by_lingua(text: str) -> str:
    detector = _detector()
    found = detector.detect_language_of(text) if detector is not None and text else None
    return "" if found is None else str(found.iso_code_639_1.name.lower())


@lru_cache(maxsize=1)
def _detector() -> Any:
    try:
        from lingua import IsoCode639_1, LanguageDetectorBuilder
    except ImportError:
        return None
    codes = [getattr(IsoCode639_1, language.upper()) for language in LANGUAGES]
    return LanguageDetectorBuilder.from_iso_codes_639_1(*codes).build()
