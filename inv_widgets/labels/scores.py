"""How well a label describes a cluster map (docs/labels.md)."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING

from inv_widgets.errors import kind_of
from inv_widgets.explanation import Label
from inv_widgets.recipe import Recipe

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from inv_widgets.labels.rounds import TypedRound

__all__ = ["in_order", "label_score", "scored"]

_RECIPE = Recipe()


def label_score(frequency: float, mean_step: float, won: bool, recipe: Recipe = _RECIPE) -> float:
    """Give a label's score on a cluster map: ``frequency * (1 - 0.1 * mean_step)``; a quarter of it if never won.

    Parameters
    ----------
    frequency
        Rounds that gave the label on that cluster map, each once; with weights of players, the sum of theirs.
    mean_step
        The mean step (0..5) that these rounds had reached.
    won
        Whether any of these rounds was won. The quarter is for the label on that map, not for each round.
    recipe
        Its `step_discount` (0.1) and `lost_factor` (0.25) count. A score is never below 0.

    Raises
    ------
    ValueError
        For a frequency below 0, or a step that is not in 0..10.

    Examples
    --------
    >>> label_score(4, 2.5, True)
    3.0
    >>> label_score(4, 2.5, False)
    0.75
    """
    if not (frequency >= 0 and math.isfinite(frequency)):
        raise ValueError(f"[inv-widgets] frequency={frequency!r} is {kind_of(frequency)} no count: give at least 0.")
    if not 0 <= mean_step <= 10:
        raise ValueError(f"[inv-widgets] mean_step={mean_step!r} is no step: they go from 0 to 5.")
    score = frequency * max(1 - recipe.step_discount * mean_step, 0)
    return float(score if won else score * recipe.lost_factor)


def scored(
    rounds: Iterable[tuple[TypedRound, Mapping[str, Iterable[str]]]], recipe: Recipe = _RECIPE
) -> tuple[Label, ...]:
    """Score the labels of one cluster map's rounds.

    Parameters
    ----------
    rounds
        Each round with its labels: ``{label: the texts as typed that became it}``. A label counts once a round.
    recipe
        That of the explanation; see :func:`label_score`.

    Returns
    -------
    tuple
        Best first; equal scores by name.
    """
    said: Mapping[str, list[TypedRound]] = defaultdict(list)
    typed: Mapping[str, set[str]] = defaultdict(set)
    for each, labels in rounds:
        for label, texts in labels.items():
            said[label].append(each)
            typed[label].update(texts)
    return in_order(_scored(label, of_label, typed[label], recipe) for label, of_label in said.items())


def _scored(name: str, rounds: list[TypedRound], typed: set[str], recipe: Recipe) -> Label:
    mean_step = sum(each.step for each in rounds) / len(rounds)
    won = any(each.outcome == "won" for each in rounds)
    # fsum: a sum of reals must not depend on the order of the rounds.
    weight = math.fsum(each.weight for each in rounds)
    weighted_step = math.fsum(each.weight * each.step for each in rounds) / weight
    return Label(
        name,
        label_score(weight, weighted_step, won, recipe),
        frequency=len(rounds),
        mean_step=mean_step,
        won=won,
        players=len({each.player for each in rounds}),
        typed=tuple(sorted(typed)),
    )


def in_order(labels: Iterable[Label]) -> tuple[Label, ...]:
    """Sort labels: best first, equal scores by name."""
    return tuple(sorted(labels, key=lambda label: (-round(label.score, 9), label.name)))
