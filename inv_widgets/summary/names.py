"""Names that a summary knows, and what to say about one that it does not."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from inv_widgets.errors import UnknownNameError, kind_of

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["chosen", "unknown"]


def chosen(
    kind: str, wanted: str | Iterable[str] | None, known: Sequence[str], *, where: str = "in this summary"
) -> tuple[str, ...]:
    """Pick one name or several of those that are known, in their order; None picks all.

    Raises
    ------
    UnknownNameError
        For a name that is not known, with the closest ones.
    TypeError
        For what is no name.
    """
    if wanted is None:
        return tuple(known)
    names = [wanted] if isinstance(wanted, str) or not isinstance(wanted, Iterable) else list(wanted)
    there = set(known)
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"[inv-widgets] {kind}={name!r:.80} is {kind_of(name)}: give a name, or several in a list.")
        if name not in there:
            raise unknown(kind, name, known, where=where)
    picked = set(names)
    return tuple(name for name in known if name in picked)


def unknown(kind: str, name: str, known: Sequence[str], *, where: str = "in this summary") -> UnknownNameError:
    """Make the error about a name that is not there."""
    close = _closest(name, known)
    if close:
        advice = f"Did you mean {', '.join(map(repr, close))}?"
    elif not known:
        advice = f"It has no {kind} at all."
    else:
        more = f" and {len(known) - _LISTED} more" if len(known) > _LISTED else ""
        advice = f"There are: {', '.join(map(repr, known[:_LISTED]))}{more}."
    return UnknownNameError(f"[inv-widgets] No {kind} {name!r} {where}. {advice}")


_LISTED = 12


def _closest(name: str, known: Sequence[str]) -> list[str]:
    folded: dict[str, str] = {}
    for each in known:
        folded.setdefault(each.casefold(), each)
    return [folded[each] for each in difflib.get_close_matches(name.casefold(), folded, n=3, cutoff=0.5)]
