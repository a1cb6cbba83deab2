"""Which cluster map a player gets next.

Pure: the caller knows the store and the clock, and hands in what is known. See :class:`Schedule` for the order.
"""

from __future__ import annotations

import hashlib
import operator
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Encounter", "Lease", "QueuedMap", "Schedule", "times_seen"]


@dataclass(frozen=True, slots=True)
class QueuedMap:
    """A cluster map that can be played.

    Attributes
    ----------
    cluster_map
        Its id.
    picture
        What tells its picture from others: the hash, since names can repeat.
    rounds
        Finished rounds of all players that count: neither skipped nor withdrawn ones.
    gold
        Its answer is known: it checks players, and has no quota.
    """

    cluster_map: str
    picture: str
    rounds: int = 0
    gold: bool = False

    def __post_init__(self) -> None:
        if self.rounds < 0:
            raise ValueError(f"[inv-widgets] QueuedMap(rounds={self.rounds}) is not possible: give at least 0.")


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
        queue: Sequence[QueuedMap],
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
        open_maps = self._open(queue, history)
        regular = [item for item in open_maps if not item.gold]
        if not regular:
            return None
        taken = Counter(lease.cluster_map for lease in leases if lease.player != player and lease.expires > now)
        if self._gold_is_due(player, queue, history):
            last_picture = history[-1].picture if history else None
            gold = [item for item in open_maps if item.gold and item.picture != last_picture]
            if gold:
                return self._first(player, gold, Counter(), history)
        return self._first(player, regular, taken, history)

    def remaining(self, queue: Sequence[QueuedMap], history: Sequence[Encounter]) -> int:
        """Count what is left for a player, without gold (which nobody should be able to count)."""
        return sum(not item.gold for item in self._open(queue, history))

    def rounds_left(self, player: str, queue: Sequence[QueuedMap], history: Sequence[Encounter]) -> int:
        """Count the rounds that are left for a player, gold included: this count does not tell which rounds are gold.

        Skipped rounds are not counted, and what others may retire meanwhile is.
        """
        regular = self.remaining(queue, history)
        if self.gold_every is None:
            return regular
        gold = {item.cluster_map for item in queue if item.gold}
        finished = _finished(queue, history)
        played, gold_played = len(finished), sum(cluster_map in gold for cluster_map in finished)
        gold_left = len(gold.difference(finished))
        places: dict[int, int] = {}
        left = 0
        while regular:
            block, place = divmod(played + left, self.gold_every)
            if block not in places:
                places[block] = self._gold_place(player, block)
            if gold_left and gold_played < block + (place >= places[block]):
                gold_left, gold_played = gold_left - 1, gold_played + 1
            else:
                regular -= 1
            left += 1
        return left

    def _open(self, queue: Sequence[QueuedMap], history: Sequence[Encounter]) -> list[QueuedMap]:
        played = {encounter.cluster_map for encounter in history if not encounter.skipped}
        return [item for item in queue if item.cluster_map not in played and not self._retired(item)]

    def _retired(self, item: QueuedMap) -> bool:
        return self.retire_after is not None and not item.gold and item.rounds >= self.retire_after

    def _gold_is_due(self, player: str, queue: Sequence[QueuedMap], history: Sequence[Encounter]) -> bool:
        if self.gold_every is None:
            return False
        gold = {item.cluster_map for item in queue if item.gold}
        played = _finished(queue, history)
        block, place = divmod(len(played), self.gold_every)
        due = block + (place >= self._gold_place(player, block))
        return sum(cluster_map in gold for cluster_map in played) < due

    def _gold_place(self, player: str, block: int) -> int:
        """Where in each block of rounds gold becomes due, from 0."""
        return self._hash(player, f"gold {block}") % (self.gold_every or 1)

    def _first(
        self, player: str, items: Sequence[QueuedMap], taken: Counter[str], history: Sequence[Encounter]
    ) -> QueuedMap:
        skips = Counter(encounter.cluster_map for encounter in history if encounter.skipped)
        pictures = {encounter.picture for encounter in history}
        last = history[-1] if history else Encounter("", "")
        last_map = last.cluster_map if history else None
        last_picture = last.picture if history else None

        # One after another: of a thousand maps few are left after the first ones. This runs while the store is locked.
        tied = list(items)
        if last_map is not None:
            tied = [item for item in tied if item.cluster_map != last_map] or tied
        if skips:
            tied = _least(tied, [skips.get(item.cluster_map, 0) for item in tied])
        tied = _least(tied, [0 if item.gold else item.rounds + taken.get(item.cluster_map, 0) for item in tied])
        if taken:
            tied = _least(tied, [taken.get(item.cluster_map, 0) for item in tied])
        if pictures:
            tied = _least(tied, [item.picture in pictures for item in tied])
            tied = _least(tied, [item.picture == last_picture for item in tied])
        place = self._hash(player, f"round {len(history)}") % len(tied)
        return sorted(tied, key=operator.attrgetter("cluster_map"))[place]

    def _hash(self, player: str, text: str) -> int:
        # Of repr, so that no two pairs give the same text; Python's own hash differs from process to process.
        digest = hashlib.blake2b(repr((self.seed, player, text)).encode("utf-8", "replace"), digest_size=8).digest()
        return int.from_bytes(digest, "big")


def _least(items: Sequence[QueuedMap], ranks: Sequence[int]) -> list[QueuedMap]:
    least = min(ranks)
    return [item for item, rank in zip(items, ranks, strict=True) if rank == least]


def _finished(queue: Sequence[QueuedMap], history: Sequence[Encounter]) -> list[str]:
    """Give the queue's cluster maps that a player finished; the history can have those of other games too."""
    of_queue = {item.cluster_map for item in queue}
    return [one.cluster_map for one in history if not one.skipped and one.cluster_map in of_queue]


def times_seen(picture: str, history: Iterable[Encounter]) -> int:
    """Count the rounds in which a player was shown a picture before, skipped ones too."""
    return sum(encounter.picture == picture for encounter in history)
