"""What is typed becomes plain lower-case words: no markup, possessives, punctuation, pictograms or keyboard noise."""

from __future__ import annotations

import html
import re
import unicodedata
from typing import TYPE_CHECKING

from inv_widgets.labels.shipped import fold
from inv_widgets.labels.word_lists import LANGUAGES, strong, usual

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inv_widgets.labels.drafts import Context, Draft

__all__ = ["clean", "clean_text", "is_noise", "remove_noise", "remove_stop_words"]

_SCRIPTS = re.compile(r"<(script|style)\b.*?(</\1\s*>|$)", re.DOTALL | re.IGNORECASE)
_TAGS = re.compile(r"</?[a-z!][^<>]*>", re.IGNORECASE)
_QUOTES = str.maketrans(dict.fromkeys("\u2018\u2019\u02bc\u0060\u00b4", "'"))
_POSSESSIVE = re.compile(r"(?<=\w)'s\b|(?<=s)'(?!\w)")
# Italian words that lose their last vowel: l'occhio, dell'uomo, c'è.
_ELISION = re.compile(r"\b(l|un|d|[nsd]?[aeu]ll|quell|quest|bell|c|s|n|m|t|v|dov|com|cos)'(?=[aeiouhàèéìòù])")
_CENSORED = re.compile(r"[^\W\d_]+[*#@$]+[^\W\d_]*")
_PARTS = re.compile(r"[,;/|\n\r\u2022\u060c\u3001]+| - |\band/or\b")
_HYPHENED = re.compile(r"\w+(?:-\w+)+")

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_VOWELS = frozenset("aeiouyàáâäèéêëìíîïòóôöùúûü")


def clean(draft: Draft, context: Context) -> Draft:
    """Lower-case; drop markup, possessives, punctuation, pictograms; commas and slashes part what was typed."""
    return draft.to("clean", clean_text(draft.typed, context.blocked))


def clean_text(typed: str, blocked: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Give the parts of what was typed, each lower-case words with single spaces.

    Letters and digits of all scripts stay, with their marks. A rude word behind stars is written out, so that the
    step that blocks such words sees it.

    Examples
    --------
    >>> clean_text("The <b>dog's</b> EAR, l'occhio!")
    ('the dog ear', 'l occhio')
    """
    text = html.unescape(typed)
    text = _TAGS.sub(" ", _SCRIPTS.sub(" ", text))
    text = unicodedata.normalize("NFKC", text).lower().translate(_QUOTES)
    text = _CENSORED.sub(lambda found: _uncensored(found[0], blocked or {}), text)
    text = _ELISION.sub(r"\1 ", _POSSESSIVE.sub("", text)).replace("'", "")
    text = _HYPHENED.sub(_hyphened, text)
    parts = (" ".join(_plain(part).split()) for part in _PARTS.split(text))
    return tuple(part for part in parts if part)


def remove_noise(draft: Draft, _: Context) -> Draft:
    """Drop words that no one could read: digits only, keyboard rows, letters without a vowel."""
    parts = tuple(" ".join(word for word in part.split() if not is_noise(word)) for part in draft.parts)
    return draft.to("noise", parts)


def is_noise(word: str) -> bool:
    """Tell whether a word is a number, a run over the keyboard, a repeated key, or cannot be spoken.

    Words that a dictionary has are none; nor are words in scripts that are not Latin.
    """
    if word.isdigit() or (len(word) > 3 and any(word in row or word[::-1] in row for row in _ROWS)):
        return True
    if not word.isascii() or any(usual(word, language) or strong(word, language) for language in LANGUAGES):
        return False
    letters = re.sub(r"[^a-z]", "", word)
    repeated = len(set(letters)) <= max(1, len(letters) // 3) or re.fullmatch(r"(.{2,4})\1+", letters) is not None
    if len(letters) < 4:
        return len(letters) < 2 or repeated
    unspoken = not _VOWELS & set(letters) and (len(letters) > 5 or any(set(letters) <= set(row) for row in _ROWS))
    return repeated or unspoken


def remove_stop_words(draft: Draft, context: Context) -> Draft:
    """Drop articles, prepositions and the like of the label's own language; a small list, see `shipped.stop_words`."""
    words = context.stop_words.get(draft.language, frozenset())
    return draft.to(
        "stop words", tuple(" ".join(word for word in part.split() if word not in words) for part in draft.parts)
    )


def _plain(text: str) -> str:
    """Keep letters, digits and their marks; everything else (emoji, symbols, controls) becomes a space."""
    return "".join(sign if unicodedata.category(sign)[0] in "LNM" or sign == "-" else " " for sign in text).replace(
        " -", " "
    )


def _hyphened(found: re.Match[str]) -> str:
    """Keep a hyphen only where a dictionary has the word so: t-shirt, x-ray, well-known."""
    word = found[0]
    if word[1] == "-":
        return word
    return (
        word
        if any(usual(word, each) or strong(word, each) for each in LANGUAGES) or len(word) <= 3
        else " ".join(word.split("-"))
    )


def _uncensored(text: str, blocked: Mapping[str, str]) -> str:
    pattern = re.compile(re.sub(r"[*#@$]+", lambda stars: rf"\w{{1,{len(stars[0]) + 2}}}", text))
    return next((word for word in blocked if blocked[word] == "rude" and pattern.fullmatch(fold(word))), text)
