"""Words that must never become labels: insults, and answers that say nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inv_widgets.labels.drafts import Context, Draft

__all__ = ["block", "without_blocked"]


def block(draft: Draft, context: Context) -> Draft:
    """Drop blocked words and phrases; a part that is an answer that says nothing goes whole."""
    parts, reasons = [], []
    for part in draft.parts:
        kept, found = without_blocked(part, context.blocked, context.longest_blocked)
        parts.append(kept)
        reasons += found
    return draft.to("blocked", tuple(parts), note="; ".join(dict.fromkeys(reasons)))


def without_blocked(part: str, blocked: Mapping[str, str], longest: int = 6) -> tuple[str, list[str]]:
    """Give what is left of a part, and why words went.

    A single word goes wherever it stands if it is rude, and when it stands alone if it says nothing ("no" does not
    spoil "no windows"). Phrases, of at most `longest` words, go wherever they stand.
    """
    reasons = []
    if part in blocked:
        return "", [blocked[part]]
    words = part.split()
    kept: list[str] = []
    place = 0
    while place < len(words):
        size, reason = next(
            (
                (size, blocked[phrase])
                for size in range(min(longest, len(words) - place), 0, -1)
                if (phrase := " ".join(words[place : place + size])) in blocked
                and (size > 1 or blocked[phrase] == "rude")
            ),
            (0, ""),
        )
        if size:
            reasons.append(reason)
        else:
            kept.append(words[place])
        place += max(1, size)
    return " ".join(kept), reasons
