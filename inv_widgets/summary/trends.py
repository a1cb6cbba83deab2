"""How a label's score goes with depth: mean score per layer, least-squares slope (docs/global.md)."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from inv_widgets.summary.aggregation import by_label, count

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from inv_widgets.summary.aggregation import Counts, MinSupport
    from inv_widgets.summary.evidence import ClassEvidence, Finding
    from inv_widgets.summary.groups import Layer
    from inv_widgets.summary.spread import Bootstrap

__all__ = ["LayerScores", "Trend", "layer_scores", "slopes", "trends"]


@dataclass(frozen=True)
class LayerScores:
    """Mean scores of a class's labels at its layers.

    Attributes
    ----------
    target_name, labels, layers
        The class; its labels by name; the layers that were played, from shallow to deep.
    scores
        Shape (labels, layers): the sum of a label's scores where it is a best label, divided by `n_pictures_played`; 0
        where it is none.
    counts
        What the scores rest on, by the places of label and layer; those that are 0 are left out.
    n_pictures_played
        For each layer the pictures of the class with a round there.
    """

    target_name: str
    labels: tuple[str, ...]
    layers: tuple[Layer, ...]
    scores: NDArray[np.float64]
    counts: Mapping[tuple[int, int], Counts]
    n_pictures_played: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Trend:
    """How a label's mean score per layer goes with depth.

    Attributes
    ----------
    target_name, label
        Where it stands.
    direction
        ``"rises"`` or ``"falls"``.
    slope, intercept
        Of the least-squares line over the layers' depth (:attr:`Layer.depth`): score per layer, and score at depth 0.
    slope_low, slope_high
        Bootstrap interval over pictures; NaN with fewer than two. It does not make up for having picked the steepest
        of many labels.
    n_layers, n_layers_found
        Layers that the line rests on (those that were played), and those of them where it is a best label.
    counts
        What this rests on.
    low_support
        Whether this rests on too little.
    """

    target_name: str
    label: str
    direction: str
    slope: float
    intercept: float
    slope_low: float
    slope_high: float
    n_layers: int
    n_layers_found: int
    counts: Counts
    low_support: bool


def layer_scores(evidence: ClassEvidence, labels: Collection[str], layers: Iterable[Layer]) -> LayerScores:
    """Give a class's labels at each of the layers where it was played."""
    played = tuple(layer for layer in layers if evidence.played.get(layer.name))
    columns = {layer.name: at for at, layer in enumerate(played)}
    ordered = tuple(sorted(labels))
    numbers = {label: row for row, label in enumerate(ordered)}
    n_played = tuple(len(evidence.played[layer.name]) for layer in played)
    found: dict[tuple[int, int], list[Finding]] = defaultdict(list)
    for finding in evidence.findings:
        if finding.label in numbers and finding.layer in columns:
            found[numbers[finding.label], columns[finding.layer]].append(finding)
    scores = np.zeros((len(ordered), len(played)))
    for (row, at), findings in found.items():
        scores[row, at] = math.fsum(each.score for each in findings) / n_played[at]
    counts = {place: count(findings) for place, findings in found.items()}
    return LayerScores(evidence.target_name, ordered, played, scores, counts, n_played)


def trends(  # noqa: PLR0913 (what it takes is what a Summary has)
    evidence: ClassEvidence,
    labels: Collection[str],
    layers: Sequence[Layer],
    *,
    n: int,
    support: MinSupport,
    bootstrap: Bootstrap,
) -> list[Trend]:
    """Find a class's n labels that rise most with depth, and the n that fall most, steepest first.

    A layer that was played counts with 0 for a label that is no best label there; one that nobody played does not
    count. With fewer than two layers there are no trends.
    """
    means = layer_scores(evidence, labels, layers)
    played, ordered = means.layers, means.labels
    if len({layer.depth for layer in played}) < 2:
        return []
    depths = np.array([layer.depth for layer in played], np.float64)
    slope, intercept = slopes(means.scores, depths)
    rounded: list[float] = np.round(slope, 9).tolist()  # equal but for rounding: by name
    rising = sorted((row for row, rise in enumerate(rounded) if rise > 0), key=lambda row: (-rounded[row], row))
    falling = sorted((row for row, rise in enumerate(rounded) if rise < 0), key=lambda row: (rounded[row], row))
    picked = [("rises", row) for row in rising[:n]] + [("falls", row) for row in falling[:n]]
    names = {layer.name for layer in played}
    of_label = by_label(evidence.findings, names)
    draw = _Draws(evidence, played, depths, bootstrap)
    result = []
    for direction, row in picked:
        findings = of_label[ordered[row]]
        counts = count(findings)
        low, high = draw.interval(findings)
        result.append(
            Trend(
                target_name=evidence.target_name,
                label=ordered[row],
                direction=direction,
                slope=float(slope[row]),
                intercept=float(intercept[row]),
                slope_low=low,
                slope_high=high,
                n_layers=len(played),
                n_layers_found=len({each.layer for each in findings}),
                counts=counts,
                low_support=support.lacks(counts),
            )
        )
    return result


def slopes(scores: NDArray[np.float64], depths: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit a least-squares line to each row; NaN scores are left out.

    Parameters
    ----------
    scores
        Shape (n, layers).
    depths
        Shape (layers,).

    Returns
    -------
    slope, intercept
        Shape (n,) each; NaN for a row with fewer than two depths.
    """
    there = ~np.isnan(scores)
    number = there.sum(axis=1)
    x, y = np.where(there, depths, 0.0), np.where(there, scores, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        x_mean, y_mean = x.sum(axis=1) / number, y.sum(axis=1) / number
        x_off = np.where(there, depths - x_mean[:, None], 0.0)
        y_off = np.where(there, scores - y_mean[:, None], 0.0)
        slope = (x_off * y_off).sum(axis=1) / (x_off**2).sum(axis=1)
    return slope, y_mean - slope * x_mean


class _Draws:
    """Slopes of labels when the class's pictures are drawn anew."""

    def __init__(
        self, evidence: ClassEvidence, layers: Sequence[Layer], depths: NDArray[np.float64], bootstrap: Bootstrap
    ) -> None:
        pictures = sorted(frozenset().union(*(evidence.played[layer.name] for layer in layers)))
        self._numbers = {picture: number for number, picture in enumerate(pictures)}
        self._columns = {layer.name: at for at, layer in enumerate(layers)}
        self._depths, self._bootstrap = depths, bootstrap
        if len(pictures) >= 2:
            self._counts = bootstrap.counts(len(pictures))
            mask = [[float(picture in evidence.played[layer.name]) for layer in layers] for picture in pictures]
            self._drawn = self._counts @ np.array(mask)  # how often a picture that was played there was drawn

    def interval(self, findings: Sequence[Finding]) -> tuple[float, float]:
        if len(self._numbers) < 2:
            return math.nan, math.nan
        scores = np.zeros((len(self._numbers), len(self._columns)))
        for finding in findings:
            scores[self._numbers[finding.picture], self._columns[finding.layer]] += finding.score
        with np.errstate(invalid="ignore", divide="ignore"):
            means = np.where(self._drawn > 0, (self._counts @ scores) / self._drawn, np.nan)
        slope, _ = slopes(means, self._depths)
        slope = slope[np.isfinite(slope)]
        if not slope.size:
            return math.nan, math.nan
        low, high = np.quantile(slope, self._bootstrap.shares)
        return float(low), float(high)
