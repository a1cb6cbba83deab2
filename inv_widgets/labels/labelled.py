"""A run with its labels: each explanation is labelled when it is asked for."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, overload

from inv_widgets.explanation import Explanation
from inv_widgets.labels.rounds import TypedRound
from inv_widgets.run import Run

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from inv_widgets.labels.canonical import Canonical
    from inv_widgets.labels.drafts import Draft
    from inv_widgets.labels.rounds import Report
    from inv_widgets.labels.synonyms import SynonymTable

__all__ = ["LabelledRun", "trace_frame"]


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

    def __init__(
        self,
        run: Run,
        work: Callable[[Explanation], Explanation],
        *,
        rounds: Sequence[TypedRound],
        report: Report,
        canonical: Canonical,
    ) -> None:
        super().__init__(errors=run.errors)
        self._items: Sequence[Explanation] = _Labelled(run, work)
        self.source = run
        self._rounds = tuple(rounds)
        self.report = report
        self.canonical = canonical

    @property
    def counts(self) -> dict[str, int]:
        """How often each canonical label was said, most often first."""
        return dict(sorted(self.canonical.counts.items(), key=lambda pair: (-pair[1], pair[0])))

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

    @property
    def rounds(self) -> pd.DataFrame:
        """A row for each round that counts, with its canonical labels: what agreement is computed from.

        Columns: ``cluster_map, player, category, language, step, share, outcome, typed, labels``.
        """
        import pandas as pd

        columns = [each.name for each in dataclasses.fields(TypedRound)]
        rows = [{name: getattr(each, name) for name in columns} for each in self._rounds]
        frame = pd.DataFrame(rows, columns=columns)
        frame["typed"] = [list(each.typed) for each in self._rounds]
        frame["labels"] = [sorted(self.canonical.labels_of(each.texts)) for each in self._rounds]
        return frame

    @property
    def traces(self) -> pd.DataFrame:
        """A row for each text as typed, class and recorded language, with what each step did to it.

        Columns: ``typed, category, recorded, language, times, labels, steps, flags``.
        """
        return trace_frame(self.canonical.drafts)

    def trace(self, typed: str) -> list[Draft]:
        """Give how a text became its labels, once for each class and recorded language it was typed with."""
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
            "language": draft.language,
            "times": times,
            "labels": list(draft.parts),
            "steps": [dataclasses.asdict(change) for change in draft.changes],
            "flags": [f"{word}: {flag}" for word, flag in draft.flags],
        }
        for times, draft in drafts.values()
    ]
    rows.sort(key=lambda row: -row["times"])  # type: ignore[operator]  # the drafts are in the texts' order already
    return pd.DataFrame(rows, columns=columns)


class _Labelled(Sequence[Explanation]):
    """Explanations that get their labels when they are read; the last few are kept."""

    def __init__(self, run: Run, work: Callable[[Explanation], Explanation]) -> None:
        self._run = run
        self._work = work
        self._kept: dict[int, Explanation] = {}

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
        place = range(len(self))[key]
        if place not in self._kept:
            if len(self._kept) >= _KEPT:
                self._kept.pop(next(iter(self._kept)))
            self._kept[place] = self._work(self._run[place])
        return self._kept[place]


_KEPT = 16  # explanations; a few MB each
