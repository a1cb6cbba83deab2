"""How far players agree who saw the same cluster map, as a host wants to see it while a game runs.

Labels are compared as they were typed, but for case, width and white space: nothing is translated, corrected or split
into words, so "a red roof" and "roof" differ. That makes it a floor: after cleaning, agreement can only grow.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Agreement", "plain_label", "same_guess", "shared_label"]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How many pairs of players agree, over all cluster maps.

    Attributes
    ----------
    pairs
        Pairs of players of one cluster map who both said something.
    agreeing
        Those of them who agree.
    """

    pairs: int
    agreeing: int

    @property
    def share(self) -> float | None:
        """The share of the pairs that agree, 0..1; None without pairs."""
        return self.agreeing / self.pairs if self.pairs else None


def shared_label(label_sets: Iterable[Iterable[Iterable[str]]]) -> Agreement:
    """Count the pairs of players of one cluster map who gave at least one same label.

    Parameters
    ----------
    label_sets
        For each cluster map, the labels of each of its players. A player without labels is in no pair.

    Returns
    -------
    Agreement
        Each pair counts the same, so a cluster map with many players weighs more than one with few.

    Examples
    --------
    >>> shared_label([[["Wheel", "tyre"], ["wheel "], ["door"]]])  # of three pairs one
    Agreement(pairs=3, agreeing=1)
    """
    pairs = agreeing = 0
    for of_players in label_sets:
        said = [labels for given in of_players if (labels := {plain_label(label) for label in given} - {""})]
        pairs += _pairs(len(said))
        agreeing += _sharing(said)
    return Agreement(pairs, agreeing)


def same_guess(guesses: Iterable[Iterable[str | None]]) -> Agreement:
    """Count the pairs of players of one cluster map who guessed the same class, right or wrong.

    Parameters
    ----------
    guesses
        For each cluster map, the guess of each of its players; None (gave up) is in no pair. Classes are compared to
        the letter.
    """
    pairs = agreeing = 0
    for of_players in guesses:
        counts = Counter(guess for guess in of_players if guess is not None)
        pairs += _pairs(counts.total())
        agreeing += sum(map(_pairs, counts.values()))
    return Agreement(pairs, agreeing)


def plain_label(label: str) -> str:
    """Give a label as it is compared: NFKC, case folded, white space around it gone and within it one space."""
    folded = unicodedata.normalize("NFKC", label).casefold()
    return " ".join(unicodedata.normalize("NFKC", folded).split())


def _pairs(count: int) -> int:
    return count * (count - 1) // 2


def _sharing(said: list[set[str]]) -> int:
    # A bit a player: who gave a label, and for each player all who share one. Pairs one by one would be 300 times more.
    givers: dict[str, int] = {}
    for place, labels in enumerate(said):
        for label in labels:
            givers[label] = givers.get(label, 0) | 1 << place
    partners = 0
    for labels in said:
        sharing = 0
        for label in labels:
            sharing |= givers[label]
        partners += sharing.bit_count() - 1  # not with oneself
    return partners // 2
