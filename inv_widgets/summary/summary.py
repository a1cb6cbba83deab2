"""A Summary: the global explanation of each class, with what stands behind every number."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from inv_widgets.errors import UnknownNameError, kind_of
from inv_widgets.recipe import Recipe
from inv_widgets.summary.aggregation import GlobalLabel, MinSupport
from inv_widgets.summary.filters import filtered
from inv_widgets.summary.frames import by_layer_frame, global_frame, trends_frame
from inv_widgets.summary.groups import ALL
from inv_widgets.summary.names import chosen, unknown
from inv_widgets.summary.spread import Bootstrap
from inv_widgets.summary.trends import Trend, layer_scores, trends

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd

    from inv_widgets.explanation import ClusterMap, Column
    from inv_widgets.run import Run
    from inv_widgets.summary.evidence import ClassEvidence, Evidence
    from inv_widgets.summary.examples import ExampleMap, Thumbnail
    from inv_widgets.summary.groups import Layer

__all__ = ["Summary"]


@dataclass(frozen=True, repr=False)
class Summary:
    """What a network sees in each class, as people said it (docs/global.md): made by :func:`inv_widgets.summarize`.

    It keeps small maps and thumbnails, no whole pictures; :meth:`examples` reads from the run that was summarized.

    Attributes
    ----------
    rows
        A :class:`GlobalLabel` for each class, group and label: classes by name, groups from shallow to deep and "all"
        last, labels by rank.
    groups
        The groups' names; "all" is all layers together, without weights.
    evidence
        What was read: where each label is a best one.
    min_support
        With less than this a label is marked as having low support.
    bootstrap
        How the intervals over pictures are made.
    """

    rows: tuple[GlobalLabel, ...]
    groups: tuple[str, ...]
    evidence: Evidence
    min_support: MinSupport = field(default_factory=MinSupport)
    bootstrap: Bootstrap = field(default_factory=Bootstrap)
    _run: Run | None = field(default=None, compare=False)

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Summary):
            return NotImplemented
        # The numbers follow from these; comparing them would stumble over NaN.
        return all(
            getattr(self, name) == getattr(other, name) for name in ("groups", "evidence", "min_support", "bootstrap")
        ) and [_key(row) for row in self.rows] == [_key(row) for row in other.rows]

    def __repr__(self) -> str:
        low = sum(row.low_support for row in self.rows if row.group == self.groups[-1])
        pictures = {picture for each in self.evidence.classes for picture in each.pictures}
        marked = f", {low} with low support in {self.groups[-1]!r}" if low else ""
        return (
            f"Summary({len(self.targets)} classes, {len(pictures)} pictures, {len(self.groups)} groups of layers, "
            f"{len(self.labels)} labels{marked})"
        )

    @property
    def targets(self) -> tuple[str, ...]:
        """The names of the classes, by name; also of those that have no labels yet."""
        return tuple(found.target_name for found in self.evidence.classes)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The labels' names, by name."""
        return tuple(sorted({row.label for row in self.rows}))

    @property
    def run(self) -> Run | None:
        """The labelled run that was summed up; None where there is none but numbers."""
        return self._run

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers of these groups, from shallow to deep."""
        return tuple(layer for layer in self.evidence.layers if ALL in self.groups or layer.group in self.groups)

    def to_frame(self) -> pd.DataFrame:
        """Give a frame with a row for each class, group and label.

        Columns: ``target_name, group, label, rank, score, mean_weight`` (per cent; NaN in "all"), ``n_cluster_maps,
        n_pictures, n_players, n_players_at_most, n_rounds`` (what it rests on), ``n_pictures_played, score_low,
        score_high`` (bootstrap interval over these pictures), ``quartile_low, median, quartile_high`` (of the score in
        each of them), ``low_support, examples`` (ids of cluster maps, one a picture, best first). See
        :class:`~inv_widgets.summary.aggregation.GlobalLabel`.
        """
        return global_frame(self.rows)

    def by_layer(self) -> pd.DataFrame:
        """Give a frame with a row for each class, label and layer that was played.

        Columns: ``target_name, label, layer, title, depth, group, score`` (the mean over the pictures played at that
        layer, 0 where it is no best label), ``n_cluster_maps, n_pictures, n_players, n_players_at_most, n_rounds,
        n_pictures_played``.
        """
        return by_layer_frame(
            layer_scores(found, self._labels_of(found), self.layers) for found in self.evidence.classes
        )

    def trends(self, n: int = Recipe().trend_labels) -> pd.DataFrame:
        """Give the labels of each class whose mean score per layer rises most with depth, and those that fall most.

        Columns: ``target_name, label, direction`` ("rises" or "falls"), ``slope, intercept`` (least squares over the
        layers' depth), ``slope_low, slope_high`` (bootstrap interval over pictures), ``n_layers, n_layers_found,
        n_cluster_maps, n_pictures, n_players, n_players_at_most, n_rounds, low_support``. Layers depend on each other
        and the steepest of many labels are picked, so that a p-value would say too much: there is none.

        Parameters
        ----------
        n
            How many of each, at most: a label that is flat neither rises nor falls.
        """
        if isinstance(n, bool) or not isinstance(n, int) or n < 1:
            raise ValueError(f"[inv-widgets] n={n!r:.80} is {kind_of(n)}: give how many labels, an int of at least 1.")
        return trends_frame(self._trends(n))

    def examples(
        self, label: str, target_name: str | None = None, group: str = ALL
    ) -> list[tuple[str, Column, ClusterMap]]:
        """Read the cluster maps that show a label: one a picture, best first.

        Parameters
        ----------
        label, group
            As in :meth:`to_frame`.
        target_name
            Can be left out where the label stands for one class only.

        Returns
        -------
        list
            (the explanation's name, its column, the cluster map) of each.

        Raises
        ------
        UnknownNameError
            If there is no such label, class or group.
        """
        assert self._run is not None
        found = []
        for shown in self.example_maps(label, target_name, group):
            explanation = self._run[shown.place]
            found += [(explanation.name, *pair) for pair in explanation.cluster_maps() if pair[1].id == shown.id]
        return found

    def example_maps(self, label: str, target_name: str | None = None, group: str = ALL) -> list[ExampleMap]:
        """Give what :meth:`examples` gives in small, without reading anything."""
        return [self.evidence.maps[key] for key in self._row(label, target_name, group).examples]

    def example_map(self, cluster_map_id: str) -> ExampleMap:
        """Give a cluster map by the id that stands in a frame's `examples`."""
        if cluster_map_id not in self.evidence.maps:
            raise UnknownNameError(
                f"[inv-widgets] No cluster map {cluster_map_id!r} with a best label in this summary: take an id from "
                "the column 'examples' of to_frame()."
            )
        return self.evidence.maps[cluster_map_id]

    def thumbnail(self, picture_hash: str) -> Thumbnail:
        """Give a small version of a picture, by :attr:`ExampleMap.picture_hash`."""
        if picture_hash not in self.evidence.thumbnails:
            raise UnknownNameError(
                f"[inv-widgets] No picture with the hash {picture_hash!r} and a label in this summary."
            )
        return self.evidence.thumbnails[picture_hash]

    def filter(
        self,
        *,
        target: str | Iterable[str] | None = None,
        group: str | Iterable[str] | None = None,
        label: str | Iterable[str] | None = None,
    ) -> Summary:
        """Keep one or several classes, groups of layers or labels; ranks and numbers stay what they are.

        Raises
        ------
        UnknownNameError
            For a name that is not there, with the closest ones.
        """
        targets = chosen("class", target, self.targets)
        groups = chosen("group", group, self.groups)
        rows = [row for row in self.rows if row.target_name in targets and row.group in groups]
        labels = None if label is None else set(chosen("label", label, sorted({row.label for row in rows})))
        return dataclasses.replace(
            self,
            rows=tuple(row for row in rows if labels is None or row.label in labels),
            groups=groups,
            evidence=filtered(self.evidence, targets),
        )

    @cached_property
    def _by_class(self) -> dict[str, set[str]]:
        labels: dict[str, set[str]] = {target: set() for target in self.targets}
        for row in self.rows:
            labels[row.target_name].add(row.label)
        return labels

    def _labels_of(self, found: ClassEvidence) -> set[str]:
        return self._by_class[found.target_name]

    def _trends(self, n: int) -> Iterator[Trend]:
        for found in self.evidence.classes:
            yield from trends(
                found, self._labels_of(found), self.layers, n=n, support=self.min_support, bootstrap=self.bootstrap
            )

    def _row(self, label: str, target_name: str | None, group: str) -> GlobalLabel:
        chosen("group", group, self.groups)
        if target_name is not None:
            chosen("class", target_name, self.targets)
        rows = [row for row in self.rows if row.group == group and target_name in (None, row.target_name)]
        found = [row for row in rows if row.label == label]
        if not found:
            of_class = f" of {target_name!r}" if target_name is not None else ""
            raise unknown(
                "label", label, sorted({row.label for row in rows}), where=f"in the group {group!r}{of_class}"
            )
        if len(found) > 1:
            names = ", ".join(repr(row.target_name) for row in found)
            raise ValueError(
                f"[inv-widgets] {label!r} is a label of several classes: give target_name, one of {names}."
            )
        return found[0]


def _key(row: GlobalLabel) -> tuple[str, str, str]:
    return row.target_name, row.group, row.label
