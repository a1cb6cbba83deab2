"""Which explanations are summarized, and what is left of the evidence when some classes are picked."""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from inv_widgets.errors import UnknownNameError, kind_of
from inv_widgets.summary.names import unknown

if TYPE_CHECKING:
    from collections.abc import Collection

    from inv_widgets.run import Run
    from inv_widgets.summary.evidence import Evidence

__all__ = ["filtered", "places_of"]


def filtered(evidence: Evidence, targets: Collection[str]) -> Evidence:
    """Keep what belongs to some classes; the layers stay."""
    if len(targets) == len(evidence.classes):
        return evidence
    maps = {key: shown for key, shown in evidence.maps.items() if shown.target_name in targets}
    pictures = {shown.picture_hash for shown in maps.values()}
    return dataclasses.replace(
        evidence,
        classes=tuple(found for found in evidence.classes if found.target_name in targets),
        maps=maps,
        thumbnails={key: small for key, small in evidence.thumbnails.items() if key in pictures},
    )


def places_of(run: Run, target: Any) -> list[int]:
    """Find the explanations of a class: its name, its index, a group's indices, or several names; None: all.

    Raises
    ------
    UnknownNameError, TypeError
        If the run has no such class, or it is none of these.
    """
    names = [name for _, name in run.keys]
    if target is None:
        return list(range(len(names)))
    several = [target] if isinstance(target, str) or not isinstance(target, Iterable) else list(target)
    if several and all(isinstance(each, str) for each in several):
        known = sorted(set(names))
        for each in several:
            if each not in known:
                raise unknown("class", each, known, where="in this run")
        return [place for place, name in enumerate(names) if name in several]
    wanted = _indices(several, target)
    places = [place for place in range(len(names)) if _indices(run[place].target, target) == wanted]
    if not places:
        raise UnknownNameError(
            f"[inv-widgets] No explanation of the class {target!r} in this run. Give a name: "
            f"{', '.join(map(repr, sorted(set(names))[:12]))}."
        )
    return places


def _indices(target: Any, given: Any) -> set[int]:
    try:
        return {operator.index(index) for index in (target if isinstance(target, Iterable) else [target])}
    except TypeError:
        raise TypeError(
            f"[inv-widgets] target={given!r:.80} is {kind_of(given)}: give a class's name, its index, the indices of a "
            "group, or several names."
        ) from None
