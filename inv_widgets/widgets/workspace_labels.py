"""What a Workspace makes of the rounds that a player may see: labels, and their summary."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from inv_widgets.labels.pipeline import label
from inv_widgets.labels.word_groups import Words
from inv_widgets.summary.pipeline import summarize
from inv_widgets.widgets.visible_rounds import VisibleRounds

if TYPE_CHECKING:
    from inv_widgets.labels.labelled import LabelledRun
    from inv_widgets.labels.synonyms import SynonymTable
    from inv_widgets.run import Run
    from inv_widgets.run_outline import Outline
    from inv_widgets.store.label_store import LabelStore
    from inv_widgets.summary.summary import Summary

__all__ = ["LabelAnalysis", "Labels"]


class Labels(NamedTuple):
    """A run with its labels, all words, how many labels there are, and the summary (None where there are none)."""

    labelled: LabelledRun
    words: Words
    n_labels: int
    summary: Summary | None


class LabelAnalysis:
    """Analyses labels, without those of pictures that are withheld.

    Parameters
    ----------
    run
        What is played.
    store
        Where its rounds are.
    known
        The run's outline, where it is known.
    """

    def __init__(self, run: Run, store: LabelStore, known: Outline | None = None) -> None:
        self._run = run
        self._source = VisibleRounds(run, store, known)

    def __call__(self, withheld: frozenset[str], synonyms: SynonymTable) -> Labels:
        """Analyse anew; `withheld`: hashes of pictures."""
        labelled = label(self._run, self._source.rounds(withheld), synonyms=synonyms)
        n_labels = len(labelled.canonical.counts)
        summary = summarize(self._source.of(labelled, withheld), progress=False) if n_labels else None
        return Labels(labelled, Words.of(labelled.canonical), n_labels, summary)
