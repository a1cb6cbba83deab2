"""Misspelt words, corrected in the label's own language only (an English checker turns "colonna" into "colonel").

The words and how usual they are come from pyspellchecker. Which correction is meant is told by what others typed in
the same analysis, by dictionaries, by how usual the words are, and by how people mistype.
"""

from __future__ import annotations

import itertools
import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from inv_widgets.labels.word_lists import frequencies, strong, usual

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from inv_widgets.labels.drafts import Context, Draft

__all__ = ["correct", "correct_spelling", "distance", "is_known"]

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
    found = _best(word, _one_slip(word, language), language, vocabulary)
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
    """Give a very usual word for a rare one that differs by two swapped letters: "withe" for "white"."""
    rare = usual(word, language)
    if rare >= RARE or not frequencies(language):
        return None
    swaps = (word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(len(word) - 1))
    found = max(swaps, key=lambda swap: usual(swap, language), default=word)
    return found if usual(found, language) > 200 * max(1, rare) else None


def _one_slip(word: str, language: str) -> list[str]:
    words = frequencies(language)
    letters = _LETTERS.get(language, "")
    cuts = [(word[:i], word[i:]) for i in range(len(word) + 1)]
    forms = {a + b[1:] for a, b in cuts if b} | {a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1}
    forms |= {a + c + b for a, b in cuts for c in letters} | {a + c + b[1:] for a, b in cuts if b for c in letters}
    return [form for form in forms if form in words]


def _two_slips(word: str, language: str) -> list[str]:
    """Give the words two slips away; the first or the second letter must be right."""
    words, lengths, signatures = _index(language)
    wanted = _signature(word)
    # Two slips change at most four letters of the set of letters.
    near = np.flatnonzero((np.abs(lengths - len(word)) <= 2) & (_bits(signatures ^ np.uint32(wanted)) <= 4))
    return [
        candidate
        for candidate in (words[place] for place in near.tolist())
        if (candidate[0] == word[0] or candidate[1:2] == word[1:2]) and distance(word, candidate) == 2
    ]


@lru_cache(maxsize=2)
def _index(language: str) -> tuple[list[str], NDArray[np.int64], NDArray[np.uint32]]:
    words = sorted(word for word, times in frequencies(language).items() if len(word) > 2 and times >= RARE)
    lengths = np.array([len(word) for word in words], np.int64)
    return words, lengths, np.array([_signature(word) for word in words], np.uint32)


def _signature(word: str) -> int:
    """Pack the set of a word's letters into bits; letters beyond a-z share one."""
    bits = 0
    for letter in word:
        place = ord(letter) - 97
        bits |= 1 << (place if 0 <= place < 26 else 26)
    return bits


def _bits(values: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Count the bits that are set."""
    pairs = values - ((values >> 1) & 0x55555555)
    fours = (pairs & 0x33333333) + ((pairs >> 2) & 0x33333333)
    counted: NDArray[np.uint32] = np.asarray(
        (((fours + (fours >> 4)) & 0x0F0F0F0F) * np.uint32(0x01010101)) >> 24, np.uint32
    )
    return counted
