"""Global scores: what a label's scores sum up to over the cluster maps that it describes best (docs/global.md)."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inv_widgets.errors import kind_of
from inv_widgets.summary.groups import ALL
from inv_widgets.summary.spread import quartiles

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from inv_widgets.summary.evidence import ClassEvidence, Evidence, Finding
    from inv_widgets.summary.groups import Layer
    from inv_widgets.summary.spread import Bootstrap

__all__ = ["Counts", "GlobalLabel", "MinSupport", "best_examples", "count", "global_labels", "group_names"]


@dataclass(frozen=True, slots=True)
class MinSupport:
    """What a number must rest on at least; with less it is marked as having low support.

    Attributes
    ----------
    rounds, players, pictures
        How many rounds and players gave the label, and in how many pictures it is a best one.
    """

    rounds: int = 3
    players: int = 2
    pictures: int = 2

    @classmethod
    def of(cls, given: int | Mapping[str, int] | MinSupport | None) -> MinSupport:
        """Read what `summarize` takes: a number of rounds (of players and pictures 2, or as many), or a mapping."""
        if given is None or isinstance(given, MinSupport):
            return cls() if given is None else given
        if isinstance(given, Mapping):
            wrong = [name for name in given if name not in cls.__slots__]
            if wrong:
                raise TypeError(
                    f"[inv-widgets] min_support has no {wrong[0]!r}: it has {', '.join(map(repr, cls.__slots__))}."
                )
            return cls(**{name: _number(name, value) for name, value in given.items()})
        rounds = _number("rounds", given)
        return cls(rounds, min(rounds, cls().players), min(rounds, cls().pictures))

    def lacks(self, counts: Counts) -> bool:
        """Tell whether there is less. Where the players are not known, as many as possible are assumed."""
        return (
            counts.n_rounds < self.rounds
            or counts.n_players_at_most < self.players
            or counts.n_pictures < self.pictures
        )


@dataclass(frozen=True, slots=True)
class Counts:
    """What a number rests on; `n_players` is certain, `n_players_at_most` the same where players are known."""

    n_cluster_maps: int
    n_pictures: int
    n_players: int
    n_players_at_most: int
    n_rounds: int


@dataclass(frozen=True, slots=True)
class GlobalLabel:
    """A label of a class in a group of layers.

    Attributes
    ----------
    target_name, group, label
        Where it stands, and what it says.
    rank
        From 1, by score; of equal ones first what is in more pictures, then what more rounds gave, then by name.
    score
        The global score: the sum of its scores on the cluster maps where it is a best label.
    mean_weight
        The mean weight of these cluster maps, per cent of their layers; NaN in the group "all".
    counts
        What this rests on.
    n_pictures_played
        Pictures of the class with a round in these layers: what the spread is over.
    score_low, score_high
        Bootstrap interval of the score over these pictures; NaN with fewer than two.
    quartile_low, median, quartile_high
        Of the score in each of these pictures; 0 where it is no best label.
    low_support
        Whether this rests on too little.
    examples
        Ids of cluster maps, one a picture, best first.
    """

    target_name: str
    group: str
    label: str
    rank: int
    score: float
    mean_weight: float
    counts: Counts
    n_pictures_played: int
    score_low: float
    score_high: float
    quartile_low: float
    median: float
    quartile_high: float
    low_support: bool
    examples: tuple[str, ...]


def group_names(layers: Iterable[Layer]) -> tuple[str, ...]:
    """Name the groups from shallow to deep, and "all" at the end."""
    return (*dict.fromkeys(layer.group for layer in layers if layer.group), ALL)


def global_labels(evidence: Evidence, support: MinSupport, bootstrap: Bootstrap) -> tuple[GlobalLabel, ...]:
    """Sum up each class in each group of layers: classes by name, groups from shallow to deep, labels by rank."""
    rows: list[GlobalLabel] = []
    for found in evidence.classes:
        for group in group_names(evidence.layers):
            layers = {layer.name for layer in evidence.layers if group in (layer.group, ALL)}
            rows += _of_group(found, group, layers, support, bootstrap)
    return tuple(rows)


def by_label(findings: Iterable[Finding], layers: set[str]) -> dict[str, list[Finding]]:
    """Sort what was found in some layers by label."""
    found: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        if finding.layer in layers:
            found[finding.label].append(finding)
    return found


def count(findings: Sequence[Finding]) -> Counts:
    """Count what findings of one label rest on."""
    if len(findings) == 1:  # most labels, in what people type
        (only,) = findings
        players = only.players if only.who is None else len(only.who)
        return Counts(1, 1, players, players, only.rounds)
    known = [finding.who for finding in findings if finding.who is not None]
    together = len(frozenset().union(*known))
    unknown = [finding.players for finding in findings if finding.who is None]
    return Counts(
        n_cluster_maps=len(findings),
        n_pictures=len({finding.picture for finding in findings}),
        n_players=max([together, *unknown]),
        n_players_at_most=together + sum(unknown),
        n_rounds=sum(finding.rounds for finding in findings),
    )


def best_examples(findings: Sequence[Finding], *, weighted: bool) -> tuple[str, ...]:
    """Give ids of cluster maps, one a picture, best first: by score, rounds and (within a group) weight."""
    if len(findings) == 1:
        return (findings[0].cluster_map,)
    ordered = sorted(
        findings,
        key=lambda each: (-round(each.score, 9), -each.rounds, -each.weight if weighted else 0, each.cluster_map),
    )
    first: dict[str, str] = {}
    for finding in ordered:
        first.setdefault(finding.picture, finding.cluster_map)
    return tuple(first.values())


def picture_scores(findings: Sequence[Finding], numbers: Mapping[str, int]) -> dict[int, float]:
    """Sum the scores in each picture, by the picture's number."""
    if len(findings) == 1:
        return {numbers[findings[0].picture]: findings[0].score}
    parts: dict[str, list[float]] = defaultdict(list)
    for finding in findings:
        parts[finding.picture].append(finding.score)
    return {numbers[picture]: math.fsum(scores) for picture, scores in sorted(parts.items())}


def _of_group(
    evidence: ClassEvidence, group: str, layers: set[str], support: MinSupport, bootstrap: Bootstrap
) -> list[GlobalLabel]:
    found = by_label(evidence.findings, layers)
    played = sorted(frozenset().union(*(there for layer, there in evidence.played.items() if layer in layers)))
    numbers = {picture: number for number, picture in enumerate(played)}
    labels = sorted(found)
    parts = [picture_scores(found[label], numbers) for label in labels]
    bounds = bootstrap.of_sums(parts, len(played))
    counted = [count(found[label]) for label in labels]
    # Exact sums: the same whatever the order.
    sums = [math.fsum(finding.score for finding in found[label]) for label in labels]
    ranked = sorted(
        range(len(labels)),
        key=lambda at: (-round(sums[at], 9), -counted[at].n_pictures, -counted[at].n_rounds, labels[at]),
    )
    rows = []
    for rank, at in enumerate(ranked, 1):
        findings = found[labels[at]]
        weights = [finding.weight for finding in findings]
        low, middle, high = quartiles(parts[at].values(), len(played))
        rows.append(
            GlobalLabel(
                target_name=evidence.target_name,
                group=group,
                label=labels[at],
                rank=rank,
                score=sums[at],
                mean_weight=math.nan if group == ALL else math.fsum(weights) / len(weights),
                counts=counted[at],
                n_pictures_played=len(played),
                score_low=bounds[at][0],
                score_high=bounds[at][1],
                quartile_low=low,
                median=middle,
                quartile_high=high,
                low_support=support.lacks(counted[at]),
                examples=best_examples(findings, weighted=group != ALL),
            )
        )
    return rows


def _number(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise TypeError(
            f"[inv-widgets] min_support: {name}={value!r:.80} is {kind_of(value)}: give a count, an int of at least "
            "0, or a mapping of 'rounds', 'players', 'pictures' to such counts."
        )
    return value
