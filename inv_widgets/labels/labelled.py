"""A run with its labels: each explanation is labelled when it is asked for."""

from __future__ import annotations

import dataclasses
import itertools
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, overload

from inv_widgets.explanation import Explanation
from inv_widgets.labels.rounds import TypedRound
from inv_widgets.last_read import LastRead
from inv_widgets.run import Run
from inv_widgets.summary.aggregation import Counts, MinSupport
from inv_widgets.summary.spread import Bootstrap

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd

    from inv_widgets.labels.agreement_frames import By, Consensus, Expected
    from inv_widgets.labels.canonical import Canonical
    from inv_widgets.labels.distances import Distance
    from inv_widgets.labels.drafts import Draft
    from inv_widgets.labels.places import MapPlace
    from inv_widgets.labels.rounds import Report
    from inv_widgets.labels.synonyms import SynonymTable

__all__ = ["LabelledRun", "best_labels_of", "trace_frame"]


class LabelledRun(Run):
    """What :func:`inv_widgets.label` gives: a Run whose cluster maps carry labels, rounds and members.

    Attributes
    ----------
    report
        What became of the rounds: counted, left out, about cluster maps that the run does not have.
    canonical
        What each typed text became.
    source
        The run without labels.
    """

    def __init__(  # noqa: PLR0913 (what `label` found, kept)
        self,
        run: Run,
        work: Callable[[Explanation], Explanation],
        *,
        rounds: Sequence[TypedRound],
        report: Report,
        canonical: Canonical,
        places: Mapping[str, MapPlace],
    ) -> None:
        super().__init__(errors=run.errors)
        items = _Labelled(run, work)
        self._items: Sequence[Explanation] = items
        self._labelled = items
        self._best = items.best
        self.source = run
        self._rounds = tuple(rounds)
        self.report = report
        self.canonical = canonical
        self._places = places

    @property
    def counts(self) -> dict[str, int]:
        """How often each canonical label was said, most often first."""
        return dict(sorted(self.canonical.counts.items(), key=lambda pair: (-pair[1], pair[0])))

    @property
    def best_labels(self) -> list[list[str] | None]:
        """The best labels of each explanation's cluster maps, sorted; None for one that nobody has read yet."""
        return [self._best.get(place) for place in range(len(self))]

    @property
    def synonyms(self) -> SynonymTable:
        """The table of synonyms that was used."""
        return self.canonical.synonyms

    def __repr__(self) -> str:
        return f"LabelledRun({len(self)} explanations, {len(self.canonical.counts)} labels, {self.report})"

    @property
    def keys(self) -> list[tuple[str, str]]:
        """(picture name, target name) of each explanation, without reading the explanations."""
        return self.source.keys

    @property
    def files(self) -> None:
        """None: labels stand in no file until the run is saved."""
        return

    def bare(self, places: Iterable[int]) -> Iterator[Explanation]:
        """Read explanations with their labels, without what takes long and only views show: see :meth:`Run.bare`."""
        places = list(places)
        return self._labelled.all_labelled(places, self.source.bare(places))

    @property
    def rounds(self) -> pd.DataFrame:
        """A row for each round that counts, with its canonical labels: what agreement is computed from.

        Columns: ``cluster_map, player`` (an id), ``category, language, step, share, outcome, typed, nickname, weight,
        labels``.
        """
        import pandas as pd

        columns = [each.name for each in dataclasses.fields(TypedRound)]
        rows = [{name: getattr(each, name) for name in columns} for each in self._rounds]
        frame = pd.DataFrame(rows, columns=columns)
        frame["typed"] = [list(each.typed) for each in self._rounds]
        frame["labels"] = [sorted(self.canonical.labels_of(each.texts)) for each in self._rounds]
        return frame

    def label_frame(self, min_support: int | Mapping[str, int] | MinSupport | None = None) -> pd.DataFrame:
        """Give a frame with a row for each canonical label, and what it rests on; most rounds first.

        Columns: ``label, n_rounds, n_players, n_cluster_maps, n_pictures, low_support``.

        Parameters
        ----------
        min_support
            With less a label is marked: as :func:`inv_widgets.summarize` takes it; by default 3 rounds, 2 players and
            2 pictures.
        """
        import pandas as pd

        least = MinSupport.of(min_support)
        said: dict[str, list[TypedRound]] = defaultdict(list)
        for each, labels in self._said():
            for name in labels:
                said[name].append(each)
        rows = []
        for name, rounds in said.items():
            players = len({each.player for each in rounds})
            maps = {each.cluster_map for each in rounds}
            pictures = len({self._places[each].picture for each in maps})
            low = least.lacks(Counts(len(maps), pictures, players, players, len(rounds)))
            rows.append((name, len(rounds), players, len(maps), pictures, low))
        rows.sort(key=lambda row: (-row[1], -row[2], row[0]))
        columns = ["label", "n_rounds", "n_players", "n_cluster_maps", "n_pictures", "low_support"]
        return pd.DataFrame(rows, columns=columns)

    def agreement(  # noqa: PLR0913 (each is a choice of the person who asks)
        self,
        by: By | None = None,
        *,
        distance: Distance = "masi",
        expected: Expected = "run",
        draws: int = 1000,
        confidence: float = 0.95,
        seed: int = 0,
    ) -> pd.DataFrame:
        """Tell how far players agree who saw the same cluster map: Krippendorff's alpha of their canonical labels.

        1: all agree; 0: as much as any two players on any two cluster maps of the run. Players who gave no label are
        compared with nobody. Weights that were given to :func:`inv_widgets.label` count.

        Parameters
        ----------
        by
            None: the whole run. ``"picture"``, ``"layer"`` or ``"cluster_map"``: each of them; ``"player"``: each with
            those who saw the same.
        distance
            Of two sets of labels: ``"masi"`` (sets of which one holds the other are nearer) or ``"jaccard"``.
        expected
            Compare with chance in the whole ``"run"``, or in each ``"group"`` alone: alpha of its rounds, which is near
            0 where all say the same of all its cluster maps.
        draws, confidence, seed
            Of the bootstrap over players, whose percentiles are `low` and `high`.

        Returns
        -------
        pandas.DataFrame
            ``alpha, low, high, observed, expected`` (disagreement, 0..1), ``n_cluster_maps, n_players, n_rounds`` (that
            can be compared), ``reason`` (why alpha is NaN). For a player: the cluster maps shared with others, and how
            many others.

        Raises
        ------
        ValueError
            For a choice that is none of these.
        """
        from inv_widgets.labels.agreement_frames import agreement_frame

        bootstrap = Bootstrap(draws, confidence, seed)
        return agreement_frame(
            self._said(), self._places, by=by, distance=distance, expected=expected, bootstrap=bootstrap
        )

    def consensus(self, *, smoothing: float = 0.5) -> Consensus:
        """Weigh players by how often they are right, as the answers themselves tell (Dawid and Skene, 1979).

        For each label that somebody gave a cluster map, each of its players said it or did not. The model finds how
        likely each label holds, and how likely each player says one that does.

        Parameters
        ----------
        smoothing
            Imagined answers of each player, so that little is concluded from few; 0: the model as published.

        Returns
        -------
        Consensus
            Frames `labels` and `players`.
        """
        from inv_widgets.labels.agreement_frames import consensus

        return consensus(self._said(), self._places, smoothing=smoothing)

    def _said(self) -> list[tuple[TypedRound, Iterable[str]]]:
        return [(each, self.canonical.labels_of(each.texts)) for each in self._rounds]

    @property
    def traces(self) -> pd.DataFrame:
        """A row for each text as typed, class and recorded language, with what each step did to it.

        Columns: ``typed, category, recorded, language, times, labels, steps, flags``; `language` is the one that the
        text was read in.
        """
        return trace_frame(self.canonical.drafts)

    def trace(self, typed: str) -> list[Draft]:
        """Give how a text became its labels, once for each class and recorded language; each prints as a line."""
        return [draft for (text, _, _), (_, draft) in self.canonical.drafts.items() if text == typed]


def trace_frame(drafts: Mapping[tuple[str, str, str], tuple[int, Draft]]) -> pd.DataFrame:
    """Make a frame of traces, most typed first."""
    import pandas as pd

    columns = ["typed", "category", "recorded", "language", "times", "labels", "steps", "flags"]
    rows = [
        {
            "typed": draft.typed,
            "category": draft.category,
            "recorded": draft.recorded,
            "language": draft.typed_in or draft.language,
            "times": times,
            "labels": list(draft.parts),
            "steps": [dataclasses.asdict(change) for change in draft.changes],
            "flags": [f"{word}: {flag}" for word, flag in draft.flags],
        }
        for times, draft in drafts.values()
    ]
    rows.sort(key=lambda row: -row["times"])  # type: ignore[operator]  # the drafts are in the texts' order already
    return pd.DataFrame(rows, columns=columns)


def best_labels_of(explanation: Explanation) -> list[str]:
    """Give the best labels of an explanation's cluster maps, sorted."""
    return sorted({label.name for _, shown in explanation.cluster_maps() for label in shown.best_labels})


class _Labelled(Sequence[Explanation]):
    """Explanations that get their labels when they are read; the last few are kept."""

    def __init__(self, run: Run, work: Callable[[Explanation], Explanation]) -> None:
        self._run = run
        self._work = work
        self._last = LastRead()
        self.best: dict[int, list[str]] = {}

    def __len__(self) -> int:
        return len(self._run)

    def __iter__(self) -> Iterator[Explanation]:
        return (self[place] for place in range(len(self)))

    @overload
    def __getitem__(self, key: int) -> Explanation: ...
    @overload
    def __getitem__(self, key: slice) -> list[Explanation]: ...
    def __getitem__(self, key: int | slice) -> Explanation | list[Explanation]:
        if isinstance(key, slice):
            return [self[place] for place in range(len(self))[key]]
        return self._last.get(range(len(self))[key], self._read)

    def all_labelled(self, places: Iterable[int], explanations: Iterable[Explanation]) -> Iterator[Explanation]:
        """Label explanations that were read otherwise."""
        return itertools.starmap(self._labelled, zip(places, explanations, strict=True))

    def _read(self, place: int) -> Explanation:
        return self._labelled(place, self._run[place])

    def _labelled(self, place: int, explanation: Explanation) -> Explanation:
        found = self._work(explanation)
        self.best[place] = best_labels_of(found)
        return found
