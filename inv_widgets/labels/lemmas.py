"""Base forms: the singular of nouns; verbs as in a dictionary; adjectives as they are (rounded is not to round)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from inv_widgets.labels.word_lists import base_form
from inv_widgets.labels.wordnet import wordnet

if TYPE_CHECKING:
    from inv_widgets.labels.drafts import Context, Draft

__all__ = ["lemma", "lemmatize"]

# Things that come in pairs have no singular of their own.
_PAIRS = frozenset({
    "binoculars", "goggles", "jeans", "leggings", "overalls", "pajamas", "pants", "pliers", "pyjamas", "scissors",
    "shorts", "spectacles", "sunglasses", "tights", "trousers", "tweezers",
})  # fmt: skip


def lemmatize(draft: Draft, _: Context) -> Draft:
    """Bring each word to its base form in the label's language."""
    parts = tuple(" ".join(lemma(word, draft.language) for word in part.split()) for part in draft.parts)
    return draft.to("lemmas", parts)


@lru_cache(maxsize=65_536)
def lemma(word: str, language: str) -> str:
    """Give a word's base form.

    English nouns by WordNet's own rules (simplemma alone makes "leave" of leaves and leaves shoes as they are), other
    English words and all Italian ones by simplemma; what neither knows stays.
    """
    if language != "en":
        return base_form(word, language)
    net = wordnet()
    if word in _PAIRS:
        return word
    singular = net.singular(word) if word.endswith("s") else net.irregular(word)
    if singular is not None:
        return singular
    if net.has(word):
        return word
    return base_form(word, "en")
