"""A game: one run, one label store, one set of rules, shared by all players of a process."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inv_widgets.errors import UnknownNameError, kind_of
from inv_widgets.game.scheduling import Encounter, Schedule, times_seen
from inv_widgets.play.choices import choices_of
from inv_widgets.play.clocks import Clocks, Sittings
from inv_widgets.play.images import GameImages
from inv_widgets.play.maps import GameMaps, categories_of, sorted_names
from inv_widgets.play.rules import Rules
from inv_widgets.recipe import Recipe
from inv_widgets.run import Run, as_run
from inv_widgets.run_outline import outline
from inv_widgets.store.label_store import LabelStore
from inv_widgets.store.records import Choice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from inv_widgets.explanation import Explanation
    from inv_widgets.game.queue import MapQueue
    from inv_widgets.play.images import Encoded
    from inv_widgets.play.maps import GameMap
    from inv_widgets.store.records import Situation
    from inv_widgets.url_files import UrlFile

__all__ = ["Game", "Whole"]

CACHE_BYTES = 256_000_000
"""Masked pictures are kept up to so many bytes: some 20,000 of them."""


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
        run: Run | Explanation | Iterable[Explanation] | str | Path | UrlFile,
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
        self.maps = GameMaps(outline(self._run), rules)
        self.categories = categories_of(self.maps, rules)
        first = self._run[0]
        self.recipe = first.recipe if recipe is None else recipe
        if len(self.categories) == 1 and rules.categories is None:  # it would be the answer
            self.categories = sorted_names([*self.categories, *(one.name for one in first.predictions)])
        self.run_id = _digest(b"run", *self.maps.index.sorted.tolist())
        self.schedule = Schedule(rules.retire_after, rules.gold_interval, rules.seed)
        self.clocks, self.sittings = Clocks(), Sittings()
        self._images = GameImages(self._run, self.recipe, cache_bytes)
        self._own_store = not isinstance(store, LabelStore)
        self.store = LabelStore(store) if isinstance(store, str | Path) else store
        if not isinstance(self.store, LabelStore):
            raise TypeError(f"[inv-widgets] store={store!r:.80} is {kind_of(store)}: give an inv.LabelStore or a path.")
        try:
            self.store.add_run(self.run_id, self.title or "Deep Reveal", self.maps.index)
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
        return _digest(b"game", self.store.id.encode(), self.run_id.encode())

    @property
    def n_maps(self) -> int:
        """Cluster maps that can be played, without gold."""
        return len(self.maps) - int(self.maps.gold.sum())

    @property
    def pictures(self) -> list[str]:
        """Names of the pictures, in the order of the run."""
        return list(dict.fromkeys(self.maps.outline.pictures[place] for place in self.maps.places))

    @functools.cached_property
    def picture_hashes(self) -> frozenset[str]:
        """Hashes of the pictures."""
        return frozenset(self.maps.pictures)

    def hashes_of(self, picture: str) -> frozenset[str]:
        """Give the hashes of the pictures of a name that are played."""
        return self.maps.hashes_of.get(picture, frozenset())

    @property
    def layers(self) -> dict[str, str]:
        """Titles of the layers by their names, from shallow to deep."""
        return self.maps.layers

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
                record=one.record,
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

    def usual_rounds(self) -> int:
        """Give the rounds that a cluster map usually has; gold has no quota, so many more, which must not show."""
        rounds = np.sort(self.maps.tally(self.store.counts(self.run_id))[~self.maps.gold])
        return int(rounds[(len(rounds) - 1) // 2])

    def choices(self, cluster_map: str) -> list[str] | None:
        """Give the classes that a round offers, or None for all: a function of the picture and the seed only."""
        if self.rules.choices is None or self.rules.choices >= len(self.categories):
            return None
        one = self._map(cluster_map)
        plausible = self._images.picture(one.place).plausible
        picture = one.record.picture_hash
        truths = self.maps.pictures[picture]
        key = (self.rules.seed, picture, *sorted(truths))
        return choices_of(one.truth, plausible, self.categories, self.rules.choices, key=key, other_truths=truths)

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

    def _queue(self, counts: Mapping[str, int]) -> MapQueue:
        return self.maps.queue.played(counts) if counts else self.maps.queue


def _digest(*parts: bytes) -> str:
    return hashlib.blake2b(b"\n".join(parts), digest_size=8).hexdigest()


def _eight_bits(values: Any) -> bytes:
    return bytes(np.rint(np.nan_to_num(values) * np.float32(255)).astype(np.uint8).tobytes())
