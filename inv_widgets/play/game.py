"""A game: one run, one label store, one set of rules, shared by all players of a process."""

from __future__ import annotations

import difflib
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inv_widgets.errors import UnknownNameError, kind_of
from inv_widgets.game.scheduling import Encounter, QueuedMap, Schedule, times_seen
from inv_widgets.play.choices import choices_of
from inv_widgets.play.clocks import Clocks, Sittings
from inv_widgets.play.images import GameImages
from inv_widgets.play.rules import Rules
from inv_widgets.recipe import Recipe
from inv_widgets.run import Run, as_run
from inv_widgets.run_outline import outline
from inv_widgets.store.label_store import LabelStore
from inv_widgets.store.records import Choice, MapRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from inv_widgets.explanation import Explanation
    from inv_widgets.play.images import Encoded
    from inv_widgets.run_outline import PictureOutline
    from inv_widgets.store.records import Situation

__all__ = ["Game", "GameMap", "Whole"]

CACHE_BYTES = 256_000_000
"""Masked pictures are kept up to so many bytes: some 20,000 of them."""


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


@dataclass(frozen=True, slots=True)
class Whole:
    """What a round's result shows.

    Attributes
    ----------
    image
        The whole picture.
    window
        (left, top, width, height) of what the map covers, as fractions of the picture's width and height.
    cells
        The cluster map, uint8, row by row.
    map_height, map_width
        Its size in cells.
    """

    image: Encoded
    window: tuple[float, float, float, float]
    cells: bytes
    map_height: int
    map_width: int


class Game:
    """A game that people can play: give it to one RevealGame in a notebook or to all of a workshop.

    Parameters
    ----------
    run
        A Run, an Explanation, several, or a saved run's path.
    store
        A LabelStore, or its file or URL.
    rules
        How it is played.
    recipe
        Shares, picture size and soft edge; None: those of the run's first explanation.
    cache_bytes
        Masked pictures are kept in memory up to so many bytes.

    Attributes
    ----------
    maps
        The cluster maps by id, in the order of the run.
    run_id
        A hash of the cluster maps' ids: the same run has the same, wherever it is played.
    categories
        The classes to choose from, in the order of the alphabet.

    Raises
    ------
    TypeError, ValueError
        If `run` is no run, has no cluster maps, or only gold; if a truth is none of the categories.
    UnknownNameError
        If `rules.gold` or `rules.truth` names what the run does not have.
    StoreError
        If the store cannot be used.
    """

    def __init__(
        self,
        run: Run | Explanation | Iterable[Explanation] | str | Path,
        store: LabelStore | str | Path = "labels.db",
        rules: Rules | None = None,
        recipe: Recipe | None = None,
        *,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        rules = Rules() if rules is None else rules
        for name, value, wanted in (("rules", rules, Rules), ("recipe", recipe or Recipe(), Recipe)):
            if not isinstance(value, wanted):
                raise TypeError(f"[inv-widgets] {name}={value!r:.80} is {kind_of(value)}: give inv.{wanted.__name__}.")
        self._run = as_run(run)
        self.rules = rules
        outlines = outline(self._run)
        self.maps: Mapping[str, GameMap] = _maps(outlines, rules)
        self.categories = _categories(self.maps.values(), rules)
        self.recipe = self._run[0].recipe if recipe is None else recipe
        self.run_id = _digest("run", *sorted(self.maps))
        self.schedule = Schedule(rules.retire_after, rules.gold_interval, rules.seed)
        self._unplayed = [QueuedMap(name, one.record.picture_hash, gold=one.gold) for name, one in self.maps.items()]
        self.clocks, self.sittings = Clocks(), Sittings()
        self._images = GameImages(self._run, self.recipe, cache_bytes)
        self._own_store = not isinstance(store, LabelStore)
        self.store = LabelStore(store) if isinstance(store, str | Path) else store
        if not isinstance(self.store, LabelStore):
            raise TypeError(f"[inv-widgets] store={store!r:.80} is {kind_of(store)}: give an inv.LabelStore or a path.")
        try:
            self.store.add_run(self.run_id, self.title or "Deep Reveal", [one.record for one in self.maps.values()])
        except Exception:
            self.close()
            raise

    def __repr__(self) -> str:
        return f"Game({len(self.maps)} cluster maps of {len(self.pictures)} pictures, {self.store!r})"

    @property
    def run(self) -> Run:
        """What is played."""
        return self._run

    @property
    def title(self) -> str | None:
        """The game's name, where the rules give one."""
        return self.rules.title

    @property
    def key(self) -> str:
        """What tells this game from others in a browser's storage."""
        return _digest("game", self.store.id, self.run_id)

    @property
    def n_maps(self) -> int:
        """Cluster maps that can be played, without gold."""
        return sum(not one.gold for one in self.maps.values())

    @property
    def pictures(self) -> list[str]:
        """Names of the pictures, in the order of the run."""
        return list(dict.fromkeys(one.record.picture for one in self.maps.values()))

    @property
    def picture_hashes(self) -> frozenset[str]:
        """Hashes of the pictures."""
        return frozenset(one.record.picture_hash for one in self.maps.values())

    @property
    def layers(self) -> dict[str, str]:
        """Titles of the layers by their names, from shallow to deep."""
        return {one.record.layer: one.title for one in sorted(self.maps.values(), key=lambda one: one.depth)}

    def chooser(self, player_id: str) -> Callable[[Situation], Choice | None]:
        """Give the function that chooses a player's next cluster map, for ``LabelStore.open_round``."""

        def choose(situation: Situation) -> Choice | None:
            chosen = self.schedule.next_map(
                player_id,
                self._queue(situation.counts),
                leases=situation.leases,
                history=situation.history,
                now=situation.now,
            )
            if chosen is None:
                return None
            one = self.maps[chosen.cluster_map]
            return Choice(
                cluster_map=chosen.cluster_map,
                truth=one.truth,
                gold=one.gold,
                times_seen=times_seen(one.record.picture_hash, situation.history),
                steps=len(self.recipe.reveal_shares),
                share=self.recipe.reveal_shares[0],
            )

        return choose

    def rounds_left(self, player_id: str, history: Sequence[Encounter], counts: Mapping[str, int] | None = None) -> int:
        """Count the rounds that are left for a player, an open one included.

        Parameters
        ----------
        player_id
            Who plays.
        history
            What this player was done with.
        counts
            Finished rounds per cluster map; read from the store where the rules need them and None is given.
        """
        if self.rules.retire_after is None:
            counts = {}
        elif counts is None:
            counts = self.store.counts(self.run_id)
        return self.schedule.rounds_left(player_id, self._queue(counts), history)

    def choices(self, cluster_map: str) -> list[str] | None:
        """Give the classes that a round offers, or None for all: a function of the picture and the seed only."""
        if self.rules.choices is None or self.rules.choices >= len(self.categories):
            return None
        one = self._map(cluster_map)
        plausible = self._images.picture(one.place).plausible
        key = (self.rules.seed, one.record.picture_hash, one.truth)
        return choices_of(one.truth, plausible, self.categories, self.rules.choices, key=key)

    def masked(self, cluster_map: str, step: int) -> Encoded:
        """Give the picture as a step shows it.

        Raises
        ------
        UnknownNameError, ValueError
            If there is no such cluster map or step.
        """
        last = len(self.recipe.reveal_shares) - 1
        if not 0 <= step <= last:
            raise ValueError(f"[inv-widgets] There is no step {step}: this game's go from 0 to {last}.")
        return self._images.masked(self._map(cluster_map).place, cluster_map, step)

    def whole(self, cluster_map: str) -> Whole:
        """Give what a round's result shows: never before the answer is saved.

        Raises
        ------
        UnknownNameError
            If there is no such cluster map.
        """
        place = self._map(cluster_map).place
        source = self._images.picture(place)
        values = source.maps[cluster_map]
        return Whole(self._images.whole(place), source.window_share, _eight_bits(values), *values.shape)

    def precompute(
        self, progress: Callable[[int, int], None] | None = None, stop: Callable[[], bool] | None = None
    ) -> int:
        """Make all masked pictures, as far as there is room for them, so that no player waits for one.

        Parameters
        ----------
        progress
            Called with the number of cluster maps done and of all.
        stop
            Asked between cluster maps; when it says True the rest is left for later.

        Returns
        -------
        int
            The number of cluster maps that are ready.
        """
        done = 0
        for cluster_map, one in self.maps.items():  # in the order of the run: each picture is read once
            if (stop is not None and stop()) or not self._images.fill(one.place, cluster_map):
                break
            done += 1
            if progress is not None:
                progress(done, len(self.maps))
        return done

    def close(self) -> None:
        """Close the store, if this game opened it."""
        if self._own_store and isinstance(self.store, LabelStore):
            self.store.close()

    def _map(self, cluster_map: str) -> GameMap:
        if cluster_map not in self.maps:
            raise UnknownNameError(f"[inv-widgets] There is no cluster map {cluster_map!r} in this game.")
        return self.maps[cluster_map]

    def _queue(self, counts: Mapping[str, int]) -> list[QueuedMap]:
        # Made once where nothing was played: a run can have thousands.
        if not counts:
            return self._unplayed
        return [
            QueuedMap(item.cluster_map, item.picture, counts[item.cluster_map], item.gold)
            if item.cluster_map in counts
            else item
            for item in self._unplayed
        ]


def _digest(*parts: str) -> str:
    return hashlib.blake2b("\n".join(parts).encode("utf-8", "replace"), digest_size=8).hexdigest()


def _eight_bits(values: Any) -> bytes:
    import numpy as np

    return bytes(np.rint(np.nan_to_num(values) * np.float32(255)).astype(np.uint8).tobytes())


def _maps(outlines: Sequence[PictureOutline], rules: Rules) -> dict[str, GameMap]:
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


def _categories(maps: Iterable[GameMap], rules: Rules) -> list[str]:
    maps = list(maps)
    truths = {one.truth: one.record.picture for one in maps}
    if rules.categories is None:
        return _sorted(truths | {one.record.target: "" for one in maps})
    for truth, picture in truths.items():
        if truth not in rules.categories:
            raise ValueError(
                f"[inv-widgets] The class of {picture!r} is {truth!r}, which is none of the {len(rules.categories)} "
                f"categories: nobody could guess it. {_closest(truth, rules.categories)} Add it, or say what the "
                "picture shows by Rules(truth={picture: class})."
            )
    return _sorted(rules.categories)


def _sorted(names: Iterable[str]) -> list[str]:
    return sorted(set(names), key=lambda name: (name.casefold(), name))


def _closest(name: str, known: Iterable[str]) -> str:
    known = sorted(set(known))
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    if close:
        return f"Did you mean {', '.join(map(repr, close))}?"
    return f"There are: {', '.join(map(repr, known[:8]))}{', ...' if len(known) > 8 else ''}."
