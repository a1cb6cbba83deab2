"""What a round is worth to the player.

These points only make the game a game. They are ours, not the method's (so they stand here and not in ``Recipe``), and
no label's score depends on them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

__all__ = ["Outcome", "Points", "Score", "next_streak", "points_of"]

Outcome = Literal["won", "lost", "resigned"]


@dataclass(frozen=True, slots=True)
class Points:
    """The numbers of the score.

    Attributes
    ----------
    most, fewest
        For a right guess at the first and at the last step; in between they fall evenly.
    lost, resigned
        For a wrong guess and for giving up.
    streak_bonus, streak_bonus_most
        Added to a win for each win just before it, up to so many points.
    """

    most: int = 100
    fewest: int = 20
    lost: int = 0
    resigned: int = 0
    streak_bonus: int = 5
    streak_bonus_most: int = 25

    def __post_init__(self) -> None:
        if not self.most >= self.fewest >= max(self.lost, self.resigned, 0):
            raise ValueError(
                f"[inv-widgets] {self} would reward the wrong thing: give most >= fewest >= lost and resigned, and "
                "fewest of at least 0."
            )
        if not 0 <= self.streak_bonus <= self.streak_bonus_most:
            raise ValueError(f"[inv-widgets] {self} is not possible: give 0 <= streak_bonus <= streak_bonus_most.")


@dataclass(frozen=True, slots=True)
class Score:
    """Where a player stands: all rounds that count, in the order they were finished.

    Attributes
    ----------
    points
        The sum over the rounds.
    wins, losses, resigns
        Numbers of rounds.
    streak, best_streak
        Wins in a row: now, and at most so far.
    """

    points: int = 0
    wins: int = 0
    losses: int = 0
    resigns: int = 0
    streak: int = 0
    best_streak: int = 0

    @property
    def rounds(self) -> int:
        """All rounds that count."""
        return self.wins + self.losses + self.resigns


def points_of(outcome: Outcome, step: int, *, steps: int = 6, streak: int = 0, points: Points | None = None) -> int:
    """Give the points of one round.

    A win at step k of n is worth ``most - (most - fewest) * k / (n - 1)``, rounded, and the bonus for the streak.

    Parameters
    ----------
    outcome
        How the round ended.
    step
        The last step that was shown, from 0.
    steps
        How many there are: ``len(recipe.reveal_shares)``.
    streak
        Wins in a row before this round.
    points
        The numbers; by default ``Points()``.

    Raises
    ------
    ValueError
        For an unknown outcome, a step that is not there, or a negative streak.
    """
    points = points or Points()
    _check(outcome)
    if not 0 <= step < steps:
        raise ValueError(f"[inv-widgets] There is no step {step}: with {steps} steps they go from 0 to {steps - 1}.")
    if streak < 0:
        raise ValueError(f"[inv-widgets] streak={streak} is not possible: give at least 0.")
    if outcome != "won":
        return points.lost if outcome == "lost" else points.resigned
    base = points.most - (points.most - points.fewest) * step / max(1, steps - 1)
    return round(base) + min(streak * points.streak_bonus, points.streak_bonus_most)


def next_streak(streak: int, outcome: Outcome) -> int:
    """Give the wins in a row after a round: one more after a win, else 0. Skipped rounds leave a streak as it is."""
    _check(outcome)
    return streak + 1 if outcome == "won" else 0


def _check(outcome: str) -> None:
    known = get_args(Outcome)
    if outcome not in known:
        raise ValueError(f"[inv-widgets] There is no outcome {outcome!r}: give {', '.join(map(repr, known))}.")
