"""What is known of single words: how usual they are (pyspellchecker's lists), their base forms (simplemma), Italian.

Both packages are small and work offline. Where one is missing, its part of the analysis does nothing.
"""

from __future__ import annotations

from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from inv_widgets.labels.shipped import glossary, packed_lines
from inv_widgets.labels.wordnet import wordnet

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LANGUAGES", "base_form", "frequencies", "italian_words", "strong", "usual"]

LANGUAGES = ("en", "it")


@lru_cache(maxsize=4)
def frequencies(language: str) -> Mapping[str, int]:
    """Give a language's words with how often they were found; empty where pyspellchecker or its list is missing."""
    if language not in LANGUAGES:  # the German list, for one, has no nouns in lower case
        return MappingProxyType({})
    try:
        from spellchecker import SpellChecker

        counts = SpellChecker(language=language).word_frequency.dictionary
    except (ImportError, ValueError):
        return MappingProxyType({})
    return MappingProxyType(dict(counts))


@lru_cache(maxsize=1)
def italian_words() -> Mapping[str, str]:
    """Italian base forms with an English word each, from the Italian word nets."""
    return MappingProxyType({italian: english for italian, english in packed_lines("italian.tsv.gz")})  # noqa: C416


@lru_cache(maxsize=65_536)
def base_form(word: str, language: str) -> str:
    """Give a word's base form as simplemma has it; the word itself where simplemma is missing."""
    try:
        import simplemma
    except ImportError:
        return word
    if language not in LANGUAGES:
        return word
    return str(simplemma.lemmatize(word, lang=language)).lower()


@lru_cache(maxsize=65_536)
def strong(word: str, language: str) -> bool:
    """Tell whether a dictionary has the word (or its base form): WordNet, or the glossary and the Italian word nets."""
    if language == "en":
        return wordnet().knows(word)
    if language == "it":
        known = (glossary(), italian_words())
        return any(form in words for form in (word, base_form(word, "it")) for words in known)
    return False


def usual(word: str, language: str) -> int:
    """Give how often the word was found in a large collection of texts; 0: never."""
    return frequencies(language).get(word, 0)
