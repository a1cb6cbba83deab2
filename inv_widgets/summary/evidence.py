"""What labelled explanations say, read once: where each label is a best one, and what was played at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from tqdm.auto import tqdm

from inv_widgets.summary.examples import example_of, thumbnail_of
from inv_widgets.summary.groups import Grouping

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from inv_widgets.explanation import ClusterMap, Column, Explanation
    from inv_widgets.run import Run
    from inv_widgets.summary.examples import ExampleMap, Thumbnail
    from inv_widgets.summary.groups import Groups, Layer

__all__ = ["ClassEvidence", "Evidence", "Finding", "KnowsPlayers", "gather"]


@runtime_checkable
class KnowsPlayers(Protocol):
    """A labelled run that knows who said what, so that a player of several cluster maps is counted once."""

    def who_said(self, cluster_map_id: str, label: str) -> Collection[str]:
        """Give the ids of the players who gave the label on a cluster map (not a merged one, but a member)."""
        ...


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


@dataclass(frozen=True)
class Evidence:
    """All that was read: classes by name, layers from shallow to deep, example maps by id, thumbnails by hash."""

    classes: tuple[ClassEvidence, ...]
    layers: tuple[Layer, ...]
    maps: Mapping[str, ExampleMap]
    thumbnails: Mapping[str, Thumbnail]


def gather(run: Run, places: Sequence[int], groups: Groups) -> Evidence:
    """Read explanations one at a time.

    Parameters
    ----------
    run
        A labelled run.
    places
        Of the explanations to read. A picture that stands there twice for one class counts once.
    groups
        See :data:`inv_widgets.summary.groups.Groups`.

    Raises
    ------
    ValueError
        If nothing is labelled, or the explanations are of several networks.
    """
    reader = _Reader(Grouping(groups), run if isinstance(run, KnowsPlayers) else None)
    keys = run.keys
    # By name: which of two equal pictures counts must not depend on their order.
    ordered = sorted(places, key=lambda place: (keys[place][1], keys[place][0], place))
    for place in tqdm(ordered, desc="Summarizing", unit="picture", delay=2, leave=False):
        reader.read(place, run[place])
    if reader.n_cluster_maps and not reader.labelled and not (isinstance(run, KnowsPlayers) or hasattr(run, "report")):
        raise ValueError(
            f"[inv-widgets] None of these {reader.n_cluster_maps} cluster maps has labels: label it first: "
            "labelled = inv.label(run, store), then inv.summarize(labelled)."
        )
    return reader.evidence()


class _Reader:
    def __init__(self, grouping: Grouping, players: KnowsPlayers | None) -> None:
        self.n_cluster_maps = 0
        self.labelled = False
        self._grouping = grouping
        self._players = players
        self._networks: dict[str, str] = {}
        self._pictures: dict[str, dict[str, str]] = {}
        self._played: dict[str, dict[str, set[str]]] = {}
        self._findings: dict[str, list[Finding]] = {}
        self._maps: dict[str, ExampleMap] = {}
        self._thumbnails: dict[str, Thumbnail] = {}

    def read(self, place: int, explanation: Explanation) -> None:
        self._check_network(explanation)
        target, picture = explanation.target_name, explanation.picture_hash
        pictures = self._pictures.setdefault(target, {})
        if picture in pictures:
            return
        pictures[picture] = explanation.name
        findings = self._findings.setdefault(target, [])
        played = self._played.setdefault(target, {})
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
                if picture not in self._thumbnails:
                    self._thumbnails[picture] = thumbnail_of(explanation.picture)

    def evidence(self) -> Evidence:
        classes = tuple(
            ClassEvidence(
                target,
                dict(sorted(pictures.items())),
                {layer: frozenset(there) for layer, there in sorted(self._played[target].items())},
                tuple(sorted(self._findings[target], key=lambda each: (each.label, each.picture, each.cluster_map))),
            )
            for target, pictures in sorted(self._pictures.items())
        )
        return Evidence(classes, self._grouping.layers(), self._maps, self._thumbnails)

    def _found(self, picture: str, column: Column, shown: ClusterMap) -> list[Finding]:
        members = shown.members or (shown,)
        weight = shown.weight
        found = []
        for label in shown.best_labels:
            who = None
            if self._players is not None:
                who = frozenset().union(*(self._players.who_said(member.id, label.name) for member in members))
                who = who if len(who) >= label.players else None  # these rounds are not all known any more
            found.append(
                Finding(
                    label.name,
                    picture,
                    column.layer,
                    shown.id,
                    label.score,
                    weight,
                    label.frequency,
                    label.players,
                    who,
                )
            )
        return found

    def _check_network(self, explanation: Explanation) -> None:
        self._networks.setdefault(explanation.network_hash, explanation.network)
        if len(self._networks) > 1:
            names = " and ".join(map(repr, self._networks.values()))
            raise ValueError(
                f"[inv-widgets] These explanations are of different networks, {names}: summarize them one at a time."
            )
