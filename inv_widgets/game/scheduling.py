"""Which cluster map a player gets next.

Pure: the caller knows the store and the clock, and hands in what is known. See :class:`Schedule` for the order.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from inv_widgets.game.queue import MapQueue, QueuedMap

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

__all__ = ["Encounter", "Lease", "QueuedMap", "Schedule", "times_seen"]


@dataclass(frozen=True, slots=True)
class Lease:
    """A round under way: who plays which cluster map, and when that stops counting (on the caller's clock)."""

    cluster_map: str
    player: str
    expires: float


@dataclass(frozen=True, slots=True)
class Encounter:
    """A cluster map that a player was done with: by an answer or giving up (withdrawn later or not), or by a skip."""

    cluster_map: str
    picture: str
    skipped: bool = False


@dataclass(frozen=True, slots=True)
class Schedule:
    """The rule by which cluster maps are handed out.

    Never the same one twice for a player; a retired one to nobody. Of the others, the first by:

    1. not the one just skipped; then skipped the least often by this player (skipped ones come back after the others);
    2. fewest rounds, where a round under way elsewhere counts as one: else all players who are free would be sent to
       the same last map;
    3. leased to no other player, then to the fewest;
    4. a picture that this player has not seen;
    5. another picture than the last one;
    6. a choice that the seed, the player's name and the number of rounds so far fix.

    Parameters
    ----------
    retire_after
        A map with so many rounds is done; None: never. Rounds under way at that moment can go beyond it.
    gold_every
        In each so many rounds of a player one, at a place that the seed fixes, is gold while there are gold maps that
        this player has not played; None: never. Where gold would show the last picture again, it waits a round.
    seed
        Breaks ties.
    """

    retire_after: int | None = None
    gold_every: int | None = 10
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("retire_after", "gold_every"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"[inv-widgets] Schedule({name}={value}) is not possible: give at least 1, or None.")

    def next_map(
        self,
        player: str,
        queue: MapQueue | Sequence[QueuedMap],
        *,
        leases: Iterable[Lease] = (),
        history: Sequence[Encounter] = (),
        now: float = 0.0,
    ) -> QueuedMap | None:
        """Choose a player's next cluster map.

        Parameters
        ----------
        player
            Who asks; this player's own leases take nothing away.
        queue
            All cluster maps of the game, in any order.
        leases
            Rounds under way; those that expire at `now` or before are over.
        history
            What this player was done with, in order of time.
        now
            The time, on the clock of the leases.

        Returns
        -------
        QueuedMap or None
            None at the end of the queue: nothing is left for this player, now or (without new maps) later. Gold that is
            left over does not hold a player back.
        """
        queue = _in_columns(queue)
        open_maps = self._open(queue, history)
        regular = np.flatnonzero(open_maps & ~queue.gold)
        if not len(regular):
            return None
        if self._gold_is_due(player, queue, history):
            gold = open_maps & queue.gold
            if history:
                gold &= ~queue.of_pictures([history[-1].picture])
            if gold.any():
                return self._first(player, queue, np.flatnonzero(gold), Counter(), history)
        taken = Counter(lease.cluster_map for lease in leases if lease.player != player and lease.expires > now)
        return self._first(player, queue, regular, taken, history)

    def remaining(self, queue: MapQueue | Sequence[QueuedMap], history: Sequence[Encounter]) -> int:
        """Count what is left for a player, without gold (which nobody should be able to count)."""
        queue = _in_columns(queue)
        return int(np.count_nonzero(self._open(queue, history) & ~queue.gold))

    def rounds_left(self, player: str, queue: MapQueue | Sequence[QueuedMap], history: Sequence[Encounter]) -> int:
        """Count the rounds that are left for a player, gold included: this count does not tell which rounds are gold.

        Skipped rounds are not counted, and what others may retire meanwhile is.
        """
        queue = _in_columns(queue)
        regular = self.remaining(queue, history)
        if self.gold_every is None:
            return regular
        played, gold_played = _finished(queue, history)
        finished = queue.marks(one.cluster_map for one in history if not one.skipped)
        gold_left = int(np.count_nonzero(queue.gold & ~finished))
        places: dict[int, int] = {}
        left = 0
        while regular and gold_left:
            block, place = divmod(played + left, self.gold_every)
            if block not in places:
                places[block] = self._gold_place(player, block)
            if gold_played < block + (place >= places[block]):
                gold_left, gold_played = gold_left - 1, gold_played + 1
            else:
                regular -= 1
            left += 1
        return left + regular

    def _open(self, queue: MapQueue, history: Sequence[Encounter]) -> NDArray[np.bool_]:
        """Mark what this player has not played, and what is not retired."""
        open_maps = ~queue.marks(one.cluster_map for one in history if not one.skipped)
        if self.retire_after is not None and queue.rounds is not None:
            open_maps &= queue.gold | (queue.rounds < self.retire_after)
        return open_maps

    def _gold_is_due(self, player: str, queue: MapQueue, history: Sequence[Encounter]) -> bool:
        if self.gold_every is None:
            return False
        played, gold_played = _finished(queue, history)
        block, place = divmod(played, self.gold_every)
        return gold_played < block + (place >= self._gold_place(player, block))

    def _gold_place(self, player: str, block: int) -> int:
        """Where in each block of rounds gold becomes due, from 0."""
        return self._hash(player, f"gold {block}") % (self.gold_every or 1)

    def _first(
        self,
        player: str,
        queue: MapQueue,
        tied: NDArray[np.intp],
        taken: Counter[str],
        history: Sequence[Encounter],
    ) -> QueuedMap:
        # One after another: of a thousand maps few are left after the first ones. This runs while the store is locked.
        if history:
            others = tied[tied != queue.index.numbers([history[-1].cluster_map])]
            tied = others if len(others) else tied
        skips = Counter(one.cluster_map for one in history if one.skipped)
        if skips:
            tied = _least(tied, queue.tally(skips))
        under_way = queue.tally(taken)
        rounds = under_way if queue.rounds is None else queue.rounds + under_way
        tied = _least(tied, np.where(queue.gold, 0, rounds))
        if taken:
            tied = _least(tied, under_way)
        if history:
            tied = _least(tied, queue.of_pictures({one.picture for one in history}))
            tied = _least(tied, queue.of_pictures([history[-1].picture]))
        # In the order of the ids: the same choice, in whatever order the queue was given.
        return queue.item(int(tied[self._hash(player, f"round {len(history)}") % len(tied)]))

    def _hash(self, player: str, text: str) -> int:
        # Of repr, so that no two pairs give the same text; Python's own hash differs from process to process.
        digest = hashlib.blake2b(repr((self.seed, player, text)).encode("utf-8", "replace"), digest_size=8).digest()
        return int.from_bytes(digest, "big")


def _in_columns(queue: MapQueue | Sequence[QueuedMap]) -> MapQueue:
    return queue if isinstance(queue, MapQueue) else MapQueue.of(queue)


def _least(numbers: NDArray[np.intp], ranks: NDArray[np.int64] | NDArray[np.bool_]) -> NDArray[np.intp]:
    of_them = ranks[numbers]
    found: NDArray[np.intp] = numbers[of_them == of_them.min()]
    return found


def _finished(queue: MapQueue, history: Sequence[Encounter]) -> tuple[int, int]:
    """Count the queue's cluster maps that a player finished, and the gold of them; the history can have others too."""
    numbers = queue.index.numbers([one.cluster_map for one in history if not one.skipped])
    there = numbers[numbers >= 0]
    return len(there), int(np.count_nonzero(queue.gold[there]))


def times_seen(picture: str, history: Iterable[Encounter]) -> int:
    """Count the rounds in which a player was shown a picture before, skipped ones too."""
    return sum(encounter.picture == picture for encounter in history)
