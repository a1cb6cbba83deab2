"""Misspelt words, corrected in the label's own language only (an English checker turns "colonna" into "colonel").

The words and how usual they are come from pyspellchecker. Which correction is meant is told by what others typed in
the same analysis, by dictionaries, by how usual the words are, and by how people mistype.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from inv_widgets.labels.word_lists import frequencies, strong, usual

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from inv_widgets.labels.drafts import Context, Draft

__all__ = ["correct", "correct_spelling", "distance", "has_near_word", "is_known"]

RARE = 300  # a word found less often than this, and in no dictionary, is more likely a slip
_LETTERS = {"en": "abcdefghijklmnopqrstuvwxyz", "it": "abcdefghijklmnopqrstuvwxyzàèéìòù"}
_VOWELS = frozenset("aeiouàèéìòù")
_NEIGHBOURS = {a: b for row in ("qwertyuiop", "asdfghjkl", "zxcvbnm") for a, b in itertools.pairwise(row)}


def correct_spelling(draft: Draft, context: Context) -> Draft:
    """Correct each word that the label's language does not have; what cannot be corrected is flagged "unknown"."""
    if not frequencies(draft.language):
        return draft
    flags: list[tuple[str, str]] = []
    category = set(draft.category.lower().replace(",", " ").split())

    def corrected(word: str) -> str:
        if word in category:
            return word
        if is_known(word, draft.language, context):
            return _swapped(word, draft.language) or word
        best = correct(word, draft.language, context.vocabulary)
        if best is None:
            flags.append((word, "unknown"))
        return best or word

    parts = tuple(" ".join(map(corrected, part.split())) for part in draft.parts)
    return draft.to("spelling", parts, flags=tuple(flags))


def is_known(word: str, language: str, context: Context) -> bool:
    """Tell whether a word needs no correction: dictionaries, usual words, stop-words, blocked words, class names."""
    return (
        len(word) < 3
        or not word.isalpha()
        or word in context.stop_words.get(language, frozenset())
        or word in context.own_words
        or strong(word, language)
        or usual(word, language) >= RARE
    )


def correct(word: str, language: str, vocabulary: Mapping[str, int] | None = None) -> str | None:
    """Give the word that was most likely meant; None when nothing is near enough.

    Parameters
    ----------
    word
        Lower-case letters.
    language
        ``"en"`` or ``"it"``.
    vocabulary
        How often each word was typed by others.
    """
    vocabulary = vocabulary or {}
    near = dict.fromkeys([*_one_slip(word, language), *_same_letters(word, language)])
    found = _best(word, list(near), language, vocabulary)
    if found is None and len(word) >= 5:
        found = _best(word, _two_slips(word, language), language, vocabulary)
    return found


def distance(one: str, two: str) -> int:
    """Count the slips between two words: a letter too much, missing, wrong, or two swapped (restricted Damerau)."""
    before: list[int] = []
    last = list(range(len(two) + 1))
    for i, a in enumerate(one, start=1):
        row = [i]
        for j, b in enumerate(two, start=1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == two[j - 2] and one[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]


def _best(word: str, candidates: list[str], language: str, vocabulary: Mapping[str, int]) -> str | None:
    if not candidates:
        return None
    return max(sorted(candidates), key=lambda candidate: _likelihood(word, candidate, language, vocabulary))


def _likelihood(word: str, candidate: str, language: str, vocabulary: Mapping[str, int]) -> float:
    """Say how likely `candidate` was meant, as a sum of logarithms."""
    likely = 0.5 * math.log(1 + usual(candidate, language)) + 1.5 * math.log(1 + vocabulary.get(candidate, 0))
    likely += 1.5 if strong(candidate, language) else 0.0
    if word[0] != candidate[0]:
        likely -= 2.5
    if len(candidate) < 3:
        likely -= 4.0
    return likely + _slip(word, candidate)


def _slip(word: str, candidate: str) -> float:
    """Say how usual the slip is: swapped letters and doubled ones are, wrong consonants are not."""
    if sorted(word) == sorted(candidate):
        return 3.0
    if _undoubled(word) == _undoubled(candidate):
        return 3.0
    if len(word) < len(candidate):
        return 1.5
    if len(word) > len(candidate):
        return 0.5
    wrong = [(a, b) for a, b in zip(word, candidate, strict=True) if a != b]
    if all(a in _VOWELS and b in _VOWELS for a, b in wrong):
        return 1.5
    return 0.5 if all(_NEIGHBOURS.get(a) == b or _NEIGHBOURS.get(b) == a for a, b in wrong) else 0.0


def _undoubled(word: str) -> str:
    return "".join(letter for place, letter in enumerate(word) if not place or word[place - 1] != letter)


@lru_cache(maxsize=16_384)
def _swapped(word: str, language: str) -> str | None:
    """Give a very usual word for a rare one of the same letters in another order: "withe" for "white"."""
    rare = usual(word, language)
    if rare >= RARE or not frequencies(language):
        return None
    found = max(_same_letters(word, language), key=lambda other: usual(other, language), default=word)
    return found if found[0] == word[0] and usual(found, language) > 200 * max(1, rare) else None


@lru_cache(maxsize=16_384)
def has_near_word(word: str, language: str) -> bool:
    """Tell whether a usual word of the language is one slip away."""
    return len(word) > 3 and any(usual(near, language) >= RARE for near in _one_slip(word, language))


def _one_slip(word: str, language: str) -> list[str]:
    words = frequencies(language)
    letters = _LETTERS.get(language, "")
    cuts = [(word[:i], word[i:]) for i in range(len(word) + 1)]
    forms = {a + b[1:] for a, b in cuts if b} | {a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1}
    forms |= {a + c + b for a, b in cuts for c in letters} | {a + c + b[1:] for a, b in cuts if b for c in letters}
    return [form for form in forms if form in words]


def _same_letters(word: str, language: str) -> list[str]:
    """Give the usual words of the same letters in another order."""
    return [other for other in _by_letters(language).get("".join(sorted(word)), ()) if other != word]


def _two_slips(word: str, language: str) -> list[str]:
    """Give the usual words two slips away; their first letter must be right."""
    words, counts = _by_first(language).get(word[0], ([], np.zeros((0, 27), np.int16)))
    # Two slips change the counts of letters by four at most.
    near = np.flatnonzero(np.abs(counts - _letter_counts(word)).sum(1) <= 4)
    return [words[place] for place in near.tolist() if distance(word, words[place]) == 2]


@lru_cache(maxsize=2)
def _by_letters(language: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for word in _usual_words(language):
        found["".join(sorted(word))].append(word)
    return dict(found)


@lru_cache(maxsize=2)
def _by_first(language: str) -> dict[str, tuple[list[str], NDArray[np.int16]]]:
    buckets: dict[str, list[str]] = defaultdict(list)
    for word in _usual_words(language):
        buckets[word[0]].append(word)
    return {first: (words, np.stack([_letter_counts(word) for word in words])) for first, words in buckets.items()}


def _usual_words(language: str) -> list[str]:
    return sorted(word for word, times in frequencies(language).items() if len(word) > 2 and times >= RARE)


def _letter_counts(word: str) -> NDArray[np.int16]:
    """Count a word's letters a to z; all others share the last place."""
    places = np.frombuffer(word.encode("latin-1", "replace"), np.uint8).astype(np.int64) - 97
    counts: NDArray[np.int16] = np.bincount(np.where((places >= 0) & (places < 26), places, 26), minlength=27).astype(
        np.int16
    )
    return counts
