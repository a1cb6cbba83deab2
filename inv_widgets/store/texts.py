"""Text as databases take it. What a browser sends can hold what none of them stores."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from typing import Any

__all__ = ["clean_nickname", "json_text", "language_code", "nickname_key", "storable"]

_MOST_NICKNAME = 40
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # NUL (PostgreSQL), halves of surrogate pairs (UTF-8)
# Joiners, variants of a letter's look, fillers: nothing to see by themselves, though emoji and some scripts need them.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200c\u200d\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


def storable(text: str) -> str:
    """Put U+FFFD in the place of what no database stores."""
    return _UNSTORABLE.sub("\ufffd", text)


def nickname_key(nickname: str) -> str:
    """Give what nicknames are told apart by: "Ada" and "ada " are one, and so are two that look the same."""
    # It stands in stores, so that it can never be made in another way.
    seen = unicodedata.normalize("NFKC", _UNSEEN.sub("", storable(nickname)))
    return " ".join(seen.casefold().split())


def clean_nickname(nickname: Any) -> str:
    """Check a nickname, and give it with single spaces.

    Raises
    ------
    TypeError, ValueError
        If it is no text, has nothing to see, is longer than 40 characters or has control characters.
    """
    if not isinstance(nickname, str):
        raise TypeError(f"[inv-widgets] nickname={nickname!r:.80} is not possible: give a text.")
    clean = " ".join(storable(nickname).split())
    if not 0 < len(clean) <= _MOST_NICKNAME or not nickname_key(clean):
        raise ValueError(
            f"[inv-widgets] nickname={nickname!r:.80} is not possible: give 1 to {_MOST_NICKNAME} characters."
        )
    if any(
        unicodedata.category(letter) in {"Cc", "Cf", "Zl", "Zp"} and letter not in "\u200d\u200c" for letter in clean
    ):
        raise ValueError(f"[inv-widgets] nickname={clean!r:.80} has control characters: leave them out.")
    return clean


def language_code(language: str) -> str:
    """Give a BCP 47 code at the length that is stored."""
    return storable(language)[:35] or "und"


def json_text(value: Any) -> str | None:
    """Give an action's value as JSON; None stays None."""
    if value is None:
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return json.dumps(value)
