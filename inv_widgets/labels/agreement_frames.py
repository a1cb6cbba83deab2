"""Agreement of players after the label analysis, in frames: alpha by picture, layer or player; whom to believe."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from inv_widgets.errors import kind_of
from inv_widgets.labels.alpha import Disagreement, Ratings
from inv_widgets.labels.dawid_skene import Answers, dawid_skene

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from inv_widgets.labels.distances import Distance
    from inv_widgets.labels.places import MapPlace
    from inv_widgets.labels.rounds import TypedRound
    from inv_widgets.summary.spread import Bootstrap

__all__ = ["By", "Consensus", "Expected", "agreement_frame", "consensus", "ratings_of"]

By = Literal["picture", "layer", "player", "cluster_map"]
Expected = Literal["run", "group"]

_NUMBERS = (
    "alpha", "low", "high", "observed", "expected", "n_cluster_maps", "n_players", "n_rounds", "reason",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Consensus:
    """Which labels hold and whom to believe, by the model of Dawid and Skene.

    Attributes
    ----------
    labels
        A row for each label that somebody gave a cluster map, most probable first within it: ``cluster_map, picture,
        layer, label, n_said, n_players`` (who said it; who was there), ``share`` (one by the other), ``probability``.
    players
        A row a player: ``player, nickname, n_cluster_maps, hits`` (how likely they say a label that holds),
        ``false_alarms`` (how likely they say one that does not).
    steps, converged
        Of the expectation-maximisation.
    """

    labels: pd.DataFrame
    players: pd.DataFrame
    steps: int
    converged: bool

    def __repr__(self) -> str:
        how = "converged" if self.converged else "not converged"
        return f"Consensus({len(self.labels)} labels on cluster maps, {len(self.players)} players, {how})"


def ratings_of(rounds: Iterable[tuple[TypedRound, Iterable[str]]]) -> Ratings:
    """Make ratings of rounds with their labels; a player's rounds on one cluster map are one rating."""
    said: dict[tuple[str, str], set[str]] = defaultdict(set)
    for each, labels in rounds:
        said[each.cluster_map, each.player].update(labels)
    return Ratings.of(said)


def agreement_frame(  # noqa: PLR0913 (each is a choice of the person who asks)
    rounds: Sequence[tuple[TypedRound, Iterable[str]]],
    places: Mapping[str, MapPlace],
    *,
    by: By | None,
    distance: Distance,
    expected: Expected,
    bootstrap: Bootstrap,
) -> pd.DataFrame:
    """See :meth:`inv_widgets.labels.labelled.LabelledRun.agreement`."""
    import pandas as pd

    if by is not None and by not in get_args(By):
        raise ValueError(
            f"[inv-widgets] by={by!r:.80} is no grouping: give {', '.join(map(repr, get_args(By)))} or None."
        )
    if expected not in get_args(Expected) or (by == "player" and expected == "group"):
        advice = "'run'" if by == "player" else "'run' or 'group'"
        raise ValueError(f"[inv-widgets] expected={expected!r:.80}: give {advice}.")
    ratings = ratings_of(rounds)
    weights = _weights(rounds, ratings, bootstrap)
    whole = Disagreement(ratings, distance, weights)
    chance = whole.expected()
    if by == "player":
        names = {each.player: each.nickname for each, _ in rounds}
        rows = [
            {"player": name, "nickname": names[name], **_player_row(whole, chance, place, bootstrap)}
            for place, name in enumerate(ratings.coders)
        ]
        return pd.DataFrame(rows, columns=["player", "nickname", *_NUMBERS])
    rows = []
    for name, units in _groups(ratings, places, by).items():
        part, against = whole, chance
        if expected == "group" and by is not None:
            part = Disagreement(ratings.only(ratings.units[unit] for unit in units), distance, weights)
            against = part.expected()
        row = _row(part, units, against, bootstrap)
        rows.append(row if by is None else {by: name, **row})
    return pd.DataFrame(rows, columns=[*([by] if by else []), *_NUMBERS])


def consensus(
    rounds: Sequence[tuple[TypedRound, Iterable[str]]], places: Mapping[str, MapPlace], *, smoothing: float
) -> Consensus:
    """See :meth:`inv_widgets.labels.labelled.LabelledRun.consensus`."""
    import pandas as pd

    if isinstance(smoothing, bool) or not isinstance(smoothing, int | float) or not 0 <= smoothing < float("inf"):
        raise ValueError(f"[inv-widgets] smoothing={smoothing!r:.80} is {kind_of(smoothing)}: give at least 0.")
    ratings = ratings_of(rounds)
    names = {each.player: each.nickname for each, _ in rounds}
    items, asked = _questions(ratings)
    item, coder, answer = (np.array([row[column] for row in asked], np.int64) for column in range(3))
    fitted = dawid_skene(Answers(item, coder, answer), smoothing=float(smoothing))
    said = np.bincount(item, answer, len(items)).astype(np.int64) if items else np.zeros(0, np.int64)
    there = np.bincount(item, minlength=len(items))
    rows: list[dict[str, Any]] = [
        {
            "cluster_map": unit, "picture": places[unit].picture, "layer": places[unit].layer, "label": label,
            "n_said": int(said[place]), "n_players": int(there[place]), "share": float(said[place] / there[place]),
            "probability": float(fitted.probabilities[place, 1]),
        }
        for place, (unit, label) in enumerate(items)
    ]  # fmt: skip
    rows.sort(key=lambda row: (row["cluster_map"], -row["probability"], row["label"]))
    maps = np.bincount(ratings.coder, minlength=len(ratings.coders))
    players = [
        {
            "player": name, "nickname": names[name], "n_cluster_maps": int(maps[place]),
            "hits": float(fitted.confusion[place, 1, 1]), "false_alarms": float(fitted.confusion[place, 0, 1]),
        }
        for place, name in enumerate(ratings.coders)
    ]  # fmt: skip
    columns = ["cluster_map", "picture", "layer", "label", "n_said", "n_players", "share", "probability"]
    return Consensus(
        pd.DataFrame(rows, columns=columns),
        pd.DataFrame(players, columns=["player", "nickname", "n_cluster_maps", "hits", "false_alarms"]),
        fitted.steps,
        fitted.converged,
    )


def _questions(ratings: Ratings) -> tuple[list[tuple[str, str]], list[tuple[int, int, int]]]:
    """Ask each player of a cluster map about each label that one of them gave it: (item, player, whether said)."""
    there: dict[int, list[tuple[int, frozenset[str]]]] = defaultdict(list)
    for unit, coder, said in zip(*(each.tolist() for each in (ratings.unit, ratings.coder, ratings.said)), strict=True):
        there[unit].append((coder, ratings.sets[said]))
    items: list[tuple[str, str]] = []
    asked = []
    for unit, given in there.items():
        for label in sorted(set().union(*(labels for _, labels in given))):
            asked += [(len(items), coder, int(label in labels)) for coder, labels in given]
            items.append((ratings.units[unit], label))
    return items, asked


def _weights(
    rounds: Iterable[tuple[TypedRound, Iterable[str]]], ratings: Ratings, bootstrap: Bootstrap
) -> NDArray[np.float64]:
    """Give the players' weights: as they are, then as often as each is drawn."""
    weight = {each.player: each.weight for each, _ in rounds}
    own = np.array([[weight[coder] for coder in ratings.coders]], np.float64)
    if len(ratings.coders) < 2:
        return own
    return np.concatenate([own, own * bootstrap.counts(len(ratings.coders))])


def _groups(ratings: Ratings, places: Mapping[str, MapPlace], by: By | None) -> dict[str, list[int]]:
    """Give the places of each group's cluster maps: layers from shallow to deep, others in the run's order."""
    if by is None:
        return {"": list(range(len(ratings.units)))}
    known = {unit: place for place, unit in enumerate(ratings.units)}
    ordered = sorted(places.items(), key=lambda pair: pair[1].depth if by == "layer" else 0)  # else: the run's order
    groups: dict[str, list[int]] = defaultdict(list)
    for unit, place in ordered:
        if unit in known:
            groups[unit if by == "cluster_map" else getattr(place, by)].append(known[unit])
    return dict(groups)


def _row(found: Disagreement, units: list[int], chance: NDArray[np.float64], bootstrap: Bootstrap) -> dict[str, Any]:
    ratings = found.ratings
    players: dict[int, set[int]] = defaultdict(set)
    wanted = set(units)
    for unit, coder in zip(ratings.unit.tolist(), ratings.coder.tolist(), strict=True):
        if unit in wanted:
            players[unit].add(coder)
    shared = {unit: coders for unit, coders in players.items() if len(coders) > 1}
    counts = {
        "n_cluster_maps": len(shared),
        "n_players": len(set().union(*shared.values())),
        "n_rounds": sum(map(len, shared.values())),
    }
    return _numbers(found.observed(units), chance, bootstrap) | counts


def _player_row(found: Disagreement, chance: NDArray[np.float64], place: int, bootstrap: Bootstrap) -> dict[str, Any]:
    ratings = found.ratings
    own = set(ratings.unit[ratings.coder == place].tolist())
    others = [
        (unit, coder)
        for unit, coder in zip(ratings.unit.tolist(), ratings.coder.tolist(), strict=True)
        if unit in own and coder != place
    ]
    counts = {
        "n_cluster_maps": len({unit for unit, _ in others}),
        "n_players": len({coder for _, coder in others}),
        "n_rounds": len({unit for unit, _ in others}),
    }
    return _numbers(found.observed_of(place), chance, bootstrap) | counts


def _numbers(observed: NDArray[np.float64], expected: NDArray[np.float64], bootstrap: Bootstrap) -> dict[str, Any]:
    """Give alpha and its interval from the values as they are and those of each draw."""
    with np.errstate(invalid="ignore", divide="ignore"):
        values = 1.0 - observed / np.where(expected > 0, expected, np.nan)
    drawn = values[1:][~np.isnan(values[1:])]
    low, high = np.quantile(drawn, bootstrap.shares).tolist() if len(drawn) else (np.nan, np.nan)
    reason = ""
    if np.isnan(observed[0]):
        reason = "no cluster map with labels of two players"
    elif np.isnan(values[0]):
        reason = "all say the same: there is no chance to compare with"
    return {
        "alpha": float(values[0]), "low": low, "high": high,
        "observed": float(observed[0]), "expected": float(expected[0]), "reason": reason,
    }  # fmt: skip
