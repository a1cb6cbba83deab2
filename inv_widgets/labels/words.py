"""What is counted: single words (the thesis), or phrases with their head nouns (the INV paper)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inv_widgets.labels.word_lists import strong
from inv_widgets.labels.wordnet import wordnet

if TYPE_CHECKING:
    from inv_widgets.labels.drafts import Context, Draft

__all__ = ["head_last", "head_place", "split_words"]

# Words that begin what describes a noun: what stands before them has the head.
_LINKS = {
    "en": frozenset({
        "behind", "by", "for", "from", "holding", "in", "like", "near", "of", "on", "over", "at", "that", "to", "under",
        "which", "who", "with", "without",
    }),
    "it": frozenset({
        "a", "ai", "al", "alla", "alle", "che", "con", "d", "da", "dal", "dalla", "degli", "dei", "del", "dell",
        "della", "delle", "dello", "di", "in", "nei", "nel", "nella", "per", "senza", "sopra", "sotto", "sul", "sulla",
    }),
}  # fmt: skip


def split_words(draft: Draft, _: Context) -> Draft:
    """Make each word a label of its own (the thesis's way)."""
    return draft.to("words", tuple(draft.words))


def head_last(draft: Draft, _: Context) -> Draft:
    """Bring each phrase to the order "what describes it, then the noun", so that its last word is its head.

    "top of the tower" becomes "of the tower top", which without stop-words is "tower top"; "ruota nera" becomes "nera
    ruota", which translates to "black wheel".
    """
    parts = []
    for part in draft.parts:
        words = part.split()
        place = head_place(words, draft.language)
        parts.append(" ".join([*words[:place], *words[place + 1 :], words[place]]) if words else "")
    return draft.to("head noun", tuple(parts))


def head_place(words: list[str], language: str) -> int:
    """Give the place of a phrase's head noun.

    English: the last noun before the first preposition; Italian: the first noun. Where no noun is known, the last word
    (Italian: the first) before the first preposition.
    """
    links = _LINKS.get(language, frozenset())
    # A phrase may begin with one: "with stripes".
    start = next((place for place, word in enumerate(words) if word not in links), 0)
    end = next((place for place in range(start + 1, len(words)) if words[place] in links), len(words))
    core = range(start, end)
    nouns = [place for place in core if _is_noun(words[place], language)]
    if language == "it":
        return nouns[0] if nouns else start
    return nouns[-1] if nouns else end - 1


def _is_noun(word: str, language: str) -> bool:
    if language == "en":
        net = wordnet()
        return net.has(word, "n") or net.singular(word) is not None
    if language == "it":
        from inv_widgets.labels.shipped import glossary, stop_words
        from inv_widgets.labels.translation import translate_word

        if word in stop_words().get("it", frozenset()) or not strong(word, "it"):
            return False
        english = (translate_word(word, glossary()) or "").split()
        # Colours and sizes are nouns and adjectives: in Italian they follow the noun.
        return bool(english) and wordnet().has(english[-1], "n") and not wordnet().has(english[-1], "a")
    return False
