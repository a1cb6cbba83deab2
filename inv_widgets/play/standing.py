"""Where a player stands, from the rounds that count: answered and not withdrawn."""

from __future__ import annotations

import dataclasses
import statistics
from typing import TYPE_CHECKING, Any

from inv_widgets.game.scoring import Score, next_streak

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from inv_widgets.store.records import StoredRound

__all__ = ["score_of", "statistics_of"]


def score_of(results: Sequence[StoredRound]) -> Score:
    """Add up rounds in the order in which they were answered, with the points that they brought then."""
    streak = best = 0
    counts = {"won": 0, "lost": 0, "resigned": 0}
    for result in results:
        if result.outcome is not None:
            counts[result.outcome] += 1
            streak = next_streak(streak, result.outcome)
            best = max(best, streak)
    points = sum(result.points or 0 for result in results)
    return Score(points, counts["won"], counts["lost"], counts["resigned"], streak, best)


def statistics_of(results: Sequence[StoredRound], titles: Mapping[str, str], layers: Sequence[str]) -> dict[str, Any]:
    """Give a player's own numbers.

    Parameters
    ----------
    results
        Rounds that count.
    titles
        The layers' titles by cluster map.
    layers
        The layers' titles, from shallow to deep.

    Returns
    -------
    dict
        As JSON has it; numbers that are not there (no win, no time) are None.
    """
    score = score_of(results)
    wins = [result.step for result in results if result.outcome == "won"]
    seconds = [result.seconds for result in results if result.seconds is not None]
    points = [result.points for result in results if result.points is not None]
    rows: dict[str, dict[str, Any]] = {}
    for result in results:
        title = titles.get(result.cluster_map, "")
        row = rows.setdefault(title, {"layer_title": title, "rounds": 0, "wins": 0})
        row["rounds"] += 1
        row["wins"] += result.outcome == "won"
    order = {title: place for place, title in enumerate(layers)}
    return {
        **dataclasses.asdict(score),
        "rounds": score.rounds,
        "mean_step_of_wins": round(statistics.fmean(wins), 2) if wins else None,
        "best_points": max(points, default=None),
        "seconds_median": round(statistics.median(seconds), 1) if seconds else None,
        "by_layer": sorted(rows.values(), key=lambda row: order.get(row["layer_title"], len(order))),
        "labels": sum(len(result.labels) for result in results),
    }
