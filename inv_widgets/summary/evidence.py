"""What labelled explanations say, read once: where each label is a best one, and what was played at all."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tqdm.auto import tqdm

from inv_widgets.run_outline import picture_hashes, thumbnails
from inv_widgets.summary.examples import Thumbnail, example_of
from inv_widgets.summary.groups import Grouping
from inv_widgets.summary.names import unknown
from inv_widgets.summary.unplayed import Unplayed, unplayed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from inv_widgets.explanation import ClusterMap, Column, Explanation
    from inv_widgets.run import Run
    from inv_widgets.summary.examples import ExampleMap
    from inv_widgets.summary.filters import Choice
    from inv_widgets.summary.groups import Groups, Layer

__all__ = ["ClassEvidence", "Evidence", "Explained", "Finding", "gather"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A label that is a best one of a cluster map.

    Attributes
    ----------
    label, score, rounds, players
        The label, its score there, and how many rounds and players gave it.
    picture
        The picture's hash.
    layer, cluster_map
        The layer's name and the cluster map's id.
    weight
        Of the cluster map, per cent of its layer.
    who
        The players' ids; None where they are not known.
    """

    label: str
    picture: str
    layer: str
    cluster_map: str
    score: float
    weight: float
    rounds: int
    players: int
    who: frozenset[str] | None = None


@dataclass(frozen=True)
class ClassEvidence:
    """What was found in the explanations of one class.

    Attributes
    ----------
    target_name
        The class.
    pictures
        The name of each picture, by its hash.
    played
        By layer, the hashes of the pictures with a cluster map that was played there.
    findings
        Sorted, so that nothing depends on the order of pictures or rounds.
    """

    target_name: str
    pictures: Mapping[str, str]
    played: Mapping[str, frozenset[str]]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Explained:
    """An explanation that was read: the picture's name and hash, and the class."""

    picture: str
    picture_hash: str
    target_name: str


@dataclass(frozen=True)
class Evidence:
    """All that was read: classes by name, layers from shallow to deep, example maps by id, thumbnails by hash.

    `explained` is in the run's order, in which other views show it; no number depends on it.
    """

    classes: tuple[ClassEvidence, ...]
    layers: tuple[Layer, ...]
    maps: Mapping[str, ExampleMap]
    thumbnails: Mapping[str, Thumbnail]
    explained: tuple[Explained, ...] = field(default=(), compare=False)


def gather(run: Run, choice: Choice, groups: Groups, *, progress: bool = True) -> Evidence:
    """Read explanations one at a time.

    Parameters
    ----------
    run
        A labelled run. One that has its `rounds` too (a frame with ``cluster_map, player, labels``) lets a player of
        several cluster maps count once.
    choice
        Which explanations to take. A picture that stands there twice for one class counts once.
    groups
        See :data:`inv_widgets.summary.groups.Groups`.
    progress
        Whether a bar is shown, after two seconds.

    Raises
    ------
    ValueError
        If nothing is labelled, or the explanations are of several networks.
    """
    frame = getattr(run, "rounds", None)  # of a LabelledRun; one from a file does not know any more
    said = None if frame is None else _who_said(frame)
    reader = _Reader(Grouping(groups), said)
    keys = run.keys
    counted = _counted(run, choice.places)
    passed = {} if frame is None or reader.asks_columns else unplayed(run, choice.places, frame["cluster_map"])
    for place, one in passed.items():
        reader.take(place, one, counts=place in counted)
    # In the run's order: what stands together in its files is read together.
    there = [place for place in choice.places if place not in passed]
    # Who is asked for each column's group may look at all of it.
    read = (run[place] for place in there) if reader.asks_columns else run.bare(there)
    bar = tqdm(read, "Summarizing", len(there), unit="picture", delay=2, leave=False, disable=not progress)
    for place, explanation in zip(there, bar, strict=True):
        reader.read(place, explanation, counts=place in counted)
    if choice.indices is not None and not reader.n_explanations:
        index = ", ".join(map(str, sorted(choice.indices)))
        raise unknown("class with index", index, sorted({name for _, name in keys}), where="in this run")
    if reader.n_cluster_maps and not reader.labelled and said is None:
        raise ValueError(
            f"[inv-widgets] None of these {reader.n_cluster_maps} cluster maps has labels: label it first: "
            "inv.label(run, store) gives what inv.summarize takes."
        )
    shown = reader.first_places
    small = dict(zip(shown, map(Thumbnail.of, thumbnails(run, list(shown.values()))), strict=True))
    return reader.evidence(small)


def _counted(run: Run, places: Iterable[int]) -> set[int]:
    """Of equal pictures of one class, choose the first by name: which one counts must not depend on their order."""
    keys, hashes = run.keys, picture_hashes(run)
    firsts: dict[tuple[str, str], int] = {}
    for place in sorted(places, key=lambda place: (keys[place][0], place)):
        firsts.setdefault((keys[place][1], hashes[place]), place)
    return set(firsts.values())


_Said = dict[tuple[str, str], set[str]]
"""The players who gave a label on a cluster map, by its id and the label."""


def _who_said(frame: pd.DataFrame) -> _Said:
    said: _Said = defaultdict(set)
    for cluster_map, player, labels in zip(frame["cluster_map"], frame["player"], frame["labels"], strict=True):
        for label in labels:
            said[cluster_map, label].add(player)
    return dict(said)


class _Reader:
    def __init__(self, grouping: Grouping, said: _Said | None) -> None:
        self.n_explanations = 0
        self.n_cluster_maps = 0
        self.labelled = False
        self._grouping = grouping
        self._said = said
        self._networks: dict[str, str] = {}
        self._pictures: dict[str, dict[str, str]] = {}
        self._played: dict[str, dict[str, set[str]]] = {}
        self._findings: dict[str, list[Finding]] = {}
        self._maps: dict[str, ExampleMap] = {}
        self._explained: dict[int, Explained] = {}
        self.first_places: dict[str, int] = {}

    @property
    def asks_columns(self) -> bool:
        """Whether columns must be read to know their groups."""
        return self._grouping.asks_columns

    def take(self, place: int, one: Explanation | Unplayed, *, counts: bool) -> None:
        """Count an explanation as a picture; of one that nobody played, that and its layers are all there is."""
        self._check_network(one)
        self.n_explanations += 1
        target, picture = one.target_name, one.picture_hash
        self._explained[place] = Explained(one.name, picture, target)
        if counts:
            self._pictures.setdefault(target, {})[picture] = one.name
            self._findings.setdefault(target, [])
            self._played.setdefault(target, {})
            if isinstance(one, Unplayed):
                self.n_cluster_maps += one.n_cluster_maps
                for layer in one.layers:
                    self._grouping.take(layer)

    def read(self, place: int, explanation: Explanation, *, counts: bool) -> None:
        """Take note of all that an explanation's labels say."""
        self.take(place, explanation, counts=counts)
        if not counts:
            return
        picture = explanation.picture_hash
        findings, played = self._findings[explanation.target_name], self._played[explanation.target_name]
        for column in explanation.columns:
            self._grouping.see(column)
        for column, shown in explanation.cluster_maps():
            self.n_cluster_maps += 1
            if shown.rounds is not None or shown.labels:
                self.labelled = True
                played.setdefault(column.layer, set()).add(picture)
            found = self._found(picture, column, shown)
            if found:
                findings += found
                labels = tuple(sorted(each.label for each in found))
                self._maps[shown.id] = example_of(place, explanation, column, shown, labels)
                self.first_places.setdefault(picture, place)

    def evidence(self, thumbnails: Mapping[str, Thumbnail]) -> Evidence:
        """Give all that was read; the thumbnails are of the pictures in `first_places`."""
        classes = tuple(
            ClassEvidence(
                target,
                dict(sorted(pictures.items())),
                {layer: frozenset(there) for layer, there in sorted(self._played[target].items())},
                tuple(sorted(self._findings[target], key=lambda each: (each.label, each.picture, each.cluster_map))),
            )
            for target, pictures in sorted(self._pictures.items())
        )
        explained = tuple(told for _, told in sorted(self._explained.items()))
        return Evidence(classes, self._grouping.layers(), self._maps, thumbnails, explained)

    def _found(self, picture: str, column: Column, shown: ClusterMap) -> list[Finding]:
        members = shown.members or (shown,)
        weight = shown.weight
        found = []
        for label in shown.best_labels:
            where = (label.name, picture, column.layer, shown.id)
            who = self._who(label.name, members)
            who = who if who is not None and len(who) >= label.players else None  # else not all rounds are known
            found.append(Finding(*where, label.score, weight, label.frequency, label.players, who))
        return found

    def _who(self, label: str, members: Iterable[ClusterMap]) -> frozenset[str] | None:
        if self._said is None:
            return None
        return frozenset(player for member in members for player in self._said.get((member.id, label), ()))

    def _check_network(self, explanation: Explanation | Unplayed) -> None:
        self._networks.setdefault(explanation.network_hash, explanation.network)
        if len(self._networks) > 1:
            names = " and ".join(map(repr, self._networks.values()))
            raise ValueError(
                f"[inv-widgets] These explanations are of different networks, {names}: summarize them one at a time."
            )
