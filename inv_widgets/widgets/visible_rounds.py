"""The rounds whose pictures no open game withholds: from others nothing may be told, not even a word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from inv_widgets.explanation import Explanation
from inv_widgets.labels.rounds import rounds_frame
from inv_widgets.run import Run
from inv_widgets.run_outline import outline

if TYPE_CHECKING:
    import pandas as pd

    from inv_widgets.labels.labelled import LabelledRun
    from inv_widgets.run_outline import Outline

__all__ = ["VisibleRounds"]


class VisibleRounds:
    """A run and a store, seen as far as a player may see them.

    Parameters
    ----------
    run
        A Run without labels.
    store
        What :func:`inv_widgets.label` takes.
    known
        The run's outline, where it is known.
    """

    def __init__(self, run: Run, store: Any, known: Outline | None = None) -> None:
        self.run, self._store = run, store
        self._known = outline(run) if known is None else known
        self._hashes = self._known.hashes

    def rounds(self, withheld: frozenset[str]) -> pd.DataFrame:
        """Give the rounds of this run's cluster maps on pictures that are not withheld, by their hashes."""
        frame = rounds_frame(self._store)
        # What the run does not have belongs to another game of the store: nothing is known about its pictures.
        seen = [one is not None and one not in withheld for one in self._pictures_of(frame["cluster_map"])]
        return frame[np.array(seen, bool)]

    def _pictures_of(self, ids: pd.Series) -> list[str | None]:
        index, places = self._known.by_id, self._known.places
        return [
            None if number < 0 else self._hashes[places[index.first[number]]]
            for number in index.numbers(list(ids)).tolist()
        ]

    def of(self, labelled: LabelledRun, withheld: frozenset[str]) -> Run:
        """Keep the explanations of a run with the same pictures whose pictures are not withheld."""
        if not withheld.intersection(self._hashes):
            return labelled
        return _Seen(labelled, [place for place, one in enumerate(self._hashes) if one not in withheld])


class _Seen(Run):
    """Some explanations of a labelled run, read when they are asked for, and the rounds behind its labels."""

    def __init__(self, labelled: LabelledRun, places: list[int]) -> None:
        super().__init__()
        self._items: Sequence[Explanation] = _Some(labelled, places)
        # What needs no labels (names, hashes, classes) is read from there.
        self.source: Run = labelled.source._pick(places)  # noqa: SLF001
        self.rounds = labelled.rounds

    @property
    def keys(self) -> list[tuple[str, str]]:
        return self.source.keys


class _Some(Sequence[Explanation]):
    def __init__(self, run: Run, places: list[int]) -> None:
        self._run, self._places = run, places

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, key: int) -> Explanation: ...
    @overload
    def __getitem__(self, key: slice) -> list[Explanation]: ...
    def __getitem__(self, key: int | slice) -> Explanation | list[Explanation]:
        if isinstance(key, slice):
            return [self._run[place] for place in self._places[key]]
        return self._run[self._places[key]]
