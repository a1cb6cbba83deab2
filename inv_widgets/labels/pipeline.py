"""From a run and what people typed to a labelled run (docs/labels.md)."""

from __future__ import annotations

import dataclasses
import functools
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from inv_widgets.labels.canonical import Canonical, Options, canonical_labels, chosen_steps
from inv_widgets.labels.drafts import Context
from inv_widgets.labels.labelled import LabelledRun
from inv_widgets.labels.merging import merge_column, unmerge_column
from inv_widgets.labels.places import map_places
from inv_widgets.labels.rounds import TypedRound, counting_rounds, rounds_frame, tally
from inv_widgets.labels.scores import scored
from inv_widgets.labels.shipped import fold, read_pairs
from inv_widgets.run import Run, as_run

if TYPE_CHECKING:
    from pathlib import Path

    from inv_widgets.explanation import ClusterMap, Explanation
    from inv_widgets.labels.drafts import Step
    from inv_widgets.labels.embeddings import Embedder
    from inv_widgets.labels.grouping import Linkage
    from inv_widgets.recipe import Recipe
    from inv_widgets.url_files import UrlFile

__all__ = ["label"]


def label(  # noqa: PLR0913 (each is a choice of the person who analyses; all have defaults)
    run: Run | Explanation | Iterable[Explanation] | str | Path | UrlFile,
    store: Any,
    *,
    synonyms: Any = None,
    phrases: bool = False,
    steps: Mapping[str, Step | None] | None = None,
    glossary: str | Path | Mapping[str, str] | None = None,
    blocked: Iterable[str] = (),
    embeddings: bool | Embedder = False,
    cut: float | None = 0.85,
    linkage: Linkage = "complete",
    corrections: bool = False,
    most_seen: int | None = None,
    weights: Mapping[str, float] | None = None,
    merge: bool = True,
) -> LabelledRun:
    """Give each cluster map the labels that people gave it, scored, and merge those that they call the same.

    What was typed is cleaned, corrected, translated to English, split into words and united with its synonyms; each
    step leaves its trace (:attr:`LabelledRun.traces`). Then each label is scored on each cluster map, and the cluster
    maps of a layer and picture that share a best label are merged (docs/labels.md). The order of the rounds does not
    matter. Nothing is downloaded.

    Parameters
    ----------
    run
        A Run, an Explanation, several, or a saved run's path. A labelled run is labelled anew.
    store
        A LabelStore, or the frame that its ``rounds()`` gives.
    synonyms
        A CSV file that people edit (columns ``label``, ``synonyms``), a dict ``{label: [synonym, ...]}`` or a
        SynonymTable: it wins over the shipped table and over WordNet. False: no table.
    phrases
        Keep phrases whole and group them by their heads, or by embeddings (the INV paper); else split them into words
        (the thesis).
    steps
        Steps to switch off (None) or to swap (a function ``(draft, context) -> draft``): ``clean, language, noise,
        spelling, blocked, class_name, head_noun, stop_words, translation, lemmas, words, synonyms, wordnet``.
    glossary
        Italian words and their English: a CSV file (columns ``italian``, ``english``) or a dict, on top of the shipped
        one.
    blocked
        Words that must not become labels, besides the shipped ones.
    embeddings
        True: labels of near meaning count as one too (extra ``embeddings``); or a function from labels to an array.
    cut, linkage
        How alike (cosine) embeddings must be to count as one, None for the silhouette's choice; ``"complete"`` or
        ``"average"``.
    corrections
        Count the labels as players corrected them after the result, not as they first typed them.
    most_seen
        Leave out rounds on pictures that the player had already been shown more often than this.
    weights
        How much a round of some players counts, by nickname or id: ``{"ada": 3.0}`` for an expert, below 1 for novices;
        1 for all others. Scores and agreement follow; numbers of rounds and players stay what they are.
    merge
        False: leave the cluster maps apart.

    Returns
    -------
    LabelledRun
        A Run; each explanation is labelled when it is read. Its `report` says which rounds counted.

    Warns
    -----
    UserWarning
        If rounds are about cluster maps that the run does not have, or `weights` names a player without rounds.
    """
    run = as_run(run)
    options = Options(
        synonyms, phrases, dict(steps or {}), embeddings, cut, linkage, context=_context(glossary, blocked)
    )
    chosen_steps(options)  # a wrong choice is told before the rounds are read
    base = run.source if isinstance(run, LabelledRun) else run
    frame = rounds_frame(store)
    places = map_places(base, set(frame["cluster_map"]))
    rounds, report = counting_rounds(frame, places, corrections=corrections, most_seen=most_seen, weights=weights)
    if report.unmatched:
        warnings.warn(
            f"[inv-widgets] {report}: see .report.unmatched for their ids. Label the run that was played, or filter "
            "the rounds by their field 'run'.",
            UserWarning,
            stacklevel=2,
        )
    strangers = sorted({*(weights or ())} - {name for each in rounds for name in (each.player, each.nickname)})
    if strangers:
        warnings.warn(
            f"[inv-widgets] weights: no round that counts is of {', '.join(map(repr, strangers[:5]))}.",
            UserWarning,
            stacklevel=2,
        )
    canonical = canonical_labels(Counter(key for each in rounds for key in each.texts), options)
    work = _Work(rounds, canonical, merge=merge)
    return LabelledRun(base, work, rounds=rounds, report=report, canonical=canonical, places=places)


class _Work:
    """What labels one explanation."""

    def __init__(self, rounds: Iterable[TypedRound], canonical: Canonical, *, merge: bool) -> None:
        self._rounds: dict[str, list[TypedRound]] = defaultdict(list)
        for each in rounds:
            self._rounds[each.cluster_map].append(each)
        self._canonical = canonical
        self._merge = merge

    def __call__(self, explanation: Explanation) -> Explanation:
        columns, recipe = [], explanation.recipe
        for column in explanation.columns:
            apart = tuple(self._counted(shown, [shown.id], recipe) for shown in unmerge_column(column))
            changed = dataclasses.replace(column, cluster_maps=apart)
            if self._merge:
                merged = merge_column(explanation, changed, functools.partial(self._counted_anew, recipe=recipe))
                changed = dataclasses.replace(changed, cluster_maps=merged)
            columns.append(changed)
        return dataclasses.replace(explanation, columns=tuple(columns))

    def _counted(self, shown: ClusterMap, ids: list[str], recipe: Recipe) -> ClusterMap:
        rounds = [each for one in ids for each in self._rounds.get(one, ())]
        if not rounds and not shown.labels and shown.rounds is None:
            return shown  # most of them
        labels = scored(((each, self._labels_of(each)) for each in rounds), recipe)
        return dataclasses.replace(shown, labels=labels, rounds=tally(rounds))

    def _counted_anew(self, merged: ClusterMap, recipe: Recipe) -> ClusterMap:
        """Count a merged cluster map's rounds and players from its members' rounds; the scores stay the average."""
        counted = self._counted(merged, [member.id for member in merged.members], recipe)
        about = {label.name: label for label in counted.labels}
        labels = tuple(dataclasses.replace(about[label.name], score=label.score) for label in merged.labels)
        return dataclasses.replace(counted, labels=labels)

    def _labels_of(self, each: TypedRound) -> dict[str, list[str]]:
        """Give a round's canonical labels, with the texts that became each."""
        return self._canonical.labels_of(each.texts)


def _context(glossary: str | Path | Mapping[str, str] | None, blocked: Iterable[str]) -> Context:
    context = Context()
    if glossary is not None:
        if isinstance(glossary, Mapping):
            own = {fold(italian): fold(english) for italian, english in glossary.items()}
        else:
            own = read_pairs(glossary, ("italian", "english"))
        context = dataclasses.replace(context, glossary={**context.glossary, **own})
    words = [blocked] if isinstance(blocked, str) else list(blocked)
    if words:
        own_blocked = {fold(word): "blocked by you" for word in words}
        context = dataclasses.replace(context, blocked={**context.blocked, **own_blocked})
    return context
