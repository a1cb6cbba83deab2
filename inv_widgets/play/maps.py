"""The cluster maps of a game: what the rules make of a run."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from inv_widgets.errors import UnknownNameError, counted
from inv_widgets.game.queue import MapQueue
from inv_widgets.store.records import MapRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from inv_widgets.play.rules import Rules
    from inv_widgets.run_outline import Outline

__all__ = ["GameMap", "GameMaps", "categories_of", "sorted_names"]


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


class GameMaps(Mapping[str, GameMap]):
    """The cluster maps of a run by id, in its order, as the rules have them; each is made when it is asked for.

    An id that stands there twice is that of its first explanation.

    Parameters
    ----------
    outline
        The run's.
    rules
        Whose `gold` and `truth` count.

    Attributes
    ----------
    truths
        The class to guess, by explanation.
    gold
        By number (the ids in the order of the alphabet), whether a cluster map is gold.

    Raises
    ------
    ValueError
        If there is nothing to play, or only gold.
    UnknownNameError
        If the rules name what the run does not have.
    """

    def __init__(self, outline: Outline, rules: Rules) -> None:
        self.outline, self.index = outline, outline.by_id
        self.gold = _gold(outline, rules.gold)
        _check_truths(outline, rules)
        self.truths = [
            rules.truth.get(picture, target) for picture, target in zip(outline.pictures, outline.targets, strict=True)
        ]
        if not len(self):
            raise ValueError(
                f"[inv-widgets] There is nothing to play: this run has {counted(len(outline), 'explanation')} and no "
                "cluster maps. Give one that inv.explain_many made of at least one picture."
            )
        if self.gold.all():
            raise ValueError("[inv-widgets] All cluster maps of this run are gold: leave some out of Rules(gold=...).")

    def __len__(self) -> int:
        return len(self.index)

    def __iter__(self) -> Iterator[str]:
        return (self.index[number] for number in np.argsort(self.index.first).tolist())

    def __contains__(self, name: object) -> bool:
        return name in self.index

    def __getitem__(self, name: str) -> GameMap:
        number = self.index.number(name)
        if number is None:
            raise KeyError(name)
        row, outline = int(self.index.first[number]), self.outline
        shown, place = outline.cluster_map(row), int(outline.places[row])
        record = MapRecord(
            shown.id, outline.pictures[place], outline.hashes[place], outline.networks[place], outline.targets[place],
            shown.layer, shown.cluster, shown.weight,
        )  # fmt: skip
        return GameMap(record, place, shown.title, shown.depth, self.truths[place], bool(self.gold[number]))

    @cached_property
    def places(self) -> list[int]:
        """The explanations with a cluster map that is played, in the run's order."""
        return np.unique(self.outline.places[self.index.first]).tolist()  # type: ignore[no-any-return]

    @cached_property
    def layers(self) -> dict[str, str]:
        """Titles of the layers by their names, from shallow to deep."""
        known = self.outline.layers
        codes, firsts = np.unique(self.outline.layer_codes[np.sort(self.index.first)], return_index=True)
        there = [known[code] for code in codes[np.argsort(firsts)].tolist()]
        return {one.layer: one.title for one in sorted(there, key=lambda one: one.depth)}

    @cached_property
    def pictures(self) -> dict[str, set[str]]:
        """The classes to guess on each picture that is played, by its hash."""
        found: dict[str, set[str]] = {}
        for place in self.places:
            found.setdefault(self.outline.hashes[place], set()).add(self.truths[place])
        return found

    @cached_property
    def hashes_of(self) -> dict[str, frozenset[str]]:
        """Hashes of the pictures that are played, by the pictures' names."""
        found: dict[str, set[str]] = {}
        for place in self.places:
            found.setdefault(self.outline.pictures[place], set()).add(self.outline.hashes[place])
        return {name: frozenset(hashes) for name, hashes in found.items()}

    def tally(self, counts: Mapping[str, int]) -> NDArray[np.int64]:
        """Give what is counted by cluster map, by number; those of other games may be among them."""
        return self.queue.tally(counts)

    def n_with(self, counts: Mapping[str, int], least: int, *, gold: bool = True) -> int:
        """Count the cluster maps for which at least so many are counted; without `gold`, the others only."""
        return int(np.count_nonzero((self.tally(counts) >= least) & (gold | ~self.gold)))

    @cached_property
    def queue(self) -> MapQueue:
        """The cluster maps, as if nobody had played."""
        codes = {one: code for code, one in enumerate(dict.fromkeys(self.outline.hashes))}
        of_place = np.array([codes[one] for one in self.outline.hashes], np.int64)
        pictures = of_place[self.outline.places[self.index.first]]
        return MapQueue(self.index, list(codes), pictures, self.gold)


def _gold(outline: Outline, names: Sequence[str]) -> NDArray[np.bool_]:
    index = outline.by_id
    gold = np.zeros(len(index), bool)
    if not names:
        return gold
    places: dict[str, list[int]] = {}
    for place, picture in enumerate(outline.pictures):
        places.setdefault(picture, []).append(place)
    by_row = np.zeros(len(outline.places), bool)
    for name in names:
        number = index.number(name)
        if number is not None:
            gold[number] = True
        elif name in places:
            for place in places[name]:
                by_row[outline.starts[place] : outline.starts[place + 1]] = True
        else:
            advice = _closest(name, [*places, *index])
            raise UnknownNameError(
                f"[inv-widgets] Rules(gold=[{name!r}]): this run has no such picture or cluster map. {advice}"
            )
    ids = outline.ids
    marked = [ids[row] for row in np.flatnonzero(by_row).tolist()]
    gold[index.numbers([one if isinstance(one, str) else one.as_py() for one in marked])] = True
    return gold


def _check_truths(outline: Outline, rules: Rules) -> None:
    if rules.truth and not set(outline.pictures) & set(rules.truth):
        name = next(iter(rules.truth))
        raise UnknownNameError(
            f"[inv-widgets] Rules(truth={{{name!r}: ...}}) names no picture of this run. "
            f"{_closest(name, outline.pictures)}"
        )


def categories_of(maps: GameMaps, rules: Rules) -> list[str]:
    """Give the classes to choose from; refuse a truth that is none of them."""
    outline = maps.outline
    truths = {maps.truths[place]: outline.pictures[place] for place in maps.places}
    if rules.categories is None:
        return sorted_names({*truths, *(outline.targets[place] for place in maps.places)})
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
