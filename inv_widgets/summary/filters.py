"""Which explanations are summarized, and what is left of the evidence when some classes are picked."""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inv_widgets.errors import kind_of
from inv_widgets.summary.names import chosen

if TYPE_CHECKING:
    from collections.abc import Collection

    from inv_widgets.run import Run
    from inv_widgets.summary.evidence import Evidence

__all__ = ["Choice", "choice_of", "filtered"]


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


@dataclass(frozen=True, slots=True)
class Choice:
    """Which explanations to summarize: those at `places`; `indices` are the target's that was asked for, if any."""

    places: tuple[int, ...]
    indices: frozenset[int] | None = None


def choice_of(run: Run, target: Any) -> Choice:
    """Read what `summarize` takes as a target: a name, an index, a group's indices, or several names; None: all.

    Raises
    ------
    UnknownNameError, TypeError
        If the run has no class of this name, or it is none of these.
    """
    names = [name for _, name in run.keys]
    everything = tuple(range(len(names)))
    if target is None:
        return Choice(everything)
    several: list[Any] = [target] if isinstance(target, str) or not isinstance(target, Iterable) else list(target)
    if several and all(isinstance(each, str) for each in several):
        wanted = chosen("class", several, sorted(set(names)), where="in this run")
        return Choice(tuple(place for place in everything if names[place] in wanted))
    try:
        indices = frozenset(operator.index(index) for index in several)
    except TypeError:
        indices = frozenset()
    if not indices or isinstance(target, bool):
        raise TypeError(
            f"[inv-widgets] target={target!r:.80} is {kind_of(target)}: give a class's name, its index, the indices of "
            "a group, or several names."
        )
    targets = run.targets
    return Choice(tuple(place for place in everything if frozenset(targets[place]) == indices), indices)
