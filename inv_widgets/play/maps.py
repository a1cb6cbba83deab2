"""The cluster maps of a game: what the rules make of a run."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inv_widgets.errors import UnknownNameError
from inv_widgets.store.records import MapRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from inv_widgets.play.rules import Rules
    from inv_widgets.run_outline import PictureOutline

__all__ = ["GameMap", "categories_of", "maps_of", "sorted_names"]


@dataclass(frozen=True, slots=True)
class GameMap:
    """A cluster map in a game.

    Attributes
    ----------
    record
        What the store knows of it.
    place
        Where the run has its explanation.
    title
        Its layer in words.
    depth
        Its layer's place among all layers of the network.
    truth
        The class to guess.
    gold
        Its answer is known: it checks players.
    """

    record: MapRecord
    place: int
    title: str
    depth: int
    truth: str
    gold: bool


def maps_of(outlines: Sequence[PictureOutline], rules: Rules) -> dict[str, GameMap]:
    """Give the cluster maps of a run by id, in its order, as the rules have them; refuse what cannot be played."""
    gold = _gold(outlines, rules.gold)
    _check_truths(outlines, rules)
    maps: dict[str, GameMap] = {}
    for place, one in enumerate(outlines):
        truth = rules.truth.get(one.picture, one.target_name)
        for shown in one.cluster_maps:
            record = MapRecord(
                shown.id, one.picture, one.picture_hash, one.network, one.target_name,
                shown.layer, shown.cluster, shown.weight,
            )  # fmt: skip
            maps.setdefault(shown.id, GameMap(record, place, shown.title, shown.depth, truth, shown.id in gold))
    if not maps:
        raise ValueError(
            f"[inv-widgets] There is nothing to play: this run has {len(outlines)} explanations and no cluster maps. "
            "Give one that inv.explain_many made of at least one picture."
        )
    if all(one.gold for one in maps.values()):
        raise ValueError("[inv-widgets] All cluster maps of this run are gold: leave some out of Rules(gold=...).")
    return maps


def _gold(outlines: Sequence[PictureOutline], names: Sequence[str]) -> set[str]:
    by_picture: dict[str, set[str]] = {}
    for one in outlines:
        by_picture.setdefault(one.picture, set()).update(shown.id for shown in one.cluster_maps)
    ids = set().union(*by_picture.values()) if by_picture else set()
    gold: set[str] = set()
    for name in names:
        if name in ids:
            gold.add(name)
        elif name in by_picture:
            gold |= by_picture[name]
        else:
            advice = _closest(name, [*by_picture, *ids])
            raise UnknownNameError(
                f"[inv-widgets] Rules(gold=[{name!r}]): this run has no such picture or cluster map. {advice}"
            )
    return gold


def _check_truths(outlines: Sequence[PictureOutline], rules: Rules) -> None:
    pictures = [one.picture for one in outlines]
    if rules.truth and not set(pictures) & set(rules.truth):
        name = next(iter(rules.truth))
        raise UnknownNameError(
            f"[inv-widgets] Rules(truth={{{name!r}: ...}}) names no picture of this run. {_closest(name, pictures)}"
        )


def categories_of(maps: Iterable[GameMap], rules: Rules) -> list[str]:
    """Give the classes to choose from; refuse a truth that is none of them."""
    maps = list(maps)
    truths = {one.truth: one.record.picture for one in maps}
    if rules.categories is None:
        return sorted_names(truths | {one.record.target: "" for one in maps})
    for truth, picture in truths.items():
        if truth not in rules.categories:
            raise ValueError(
                f"[inv-widgets] The class of {picture!r} is {truth!r}, which is none of the {len(rules.categories)} "
                f"categories: nobody could guess it. {_closest(truth, rules.categories)} Add it, or say what the "
                "picture shows by Rules(truth={picture: class})."
            )
    return sorted_names(rules.categories)


def sorted_names(names: Iterable[str]) -> list[str]:
    """Give each name once, in the order of the alphabet."""
    return sorted(set(names), key=lambda name: (name.casefold(), name))


def _closest(name: str, known: Iterable[str]) -> str:
    known = sorted(set(known))
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    if close:
        return f"Did you mean {', '.join(map(repr, close))}?"
    return f"There are: {', '.join(map(repr, known[:8]))}{', ...' if len(known) > 8 else ''}."
