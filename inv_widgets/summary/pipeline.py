"""From labelled explanations to a Summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inv_widgets.run import as_run
from inv_widgets.summary.aggregation import MinSupport, global_labels, group_names
from inv_widgets.summary.evidence import gather
from inv_widgets.summary.filters import choice_of
from inv_widgets.summary.spread import Bootstrap
from inv_widgets.summary.summary import Summary

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from inv_widgets.explanation import Explanation
    from inv_widgets.run import Run
    from inv_widgets.summary.groups import Groups
    from inv_widgets.url_files import UrlFile

__all__ = ["summarize"]


def summarize(  # noqa: PLR0913 (each may be left out)
    labelled: Run | Explanation | Iterable[Explanation] | str | Path | UrlFile,
    *,
    groups: Groups = 3,
    target: str | int | Sequence[str] | Sequence[int] | None = None,
    min_support: int | Mapping[str, int] | MinSupport | None = None,
    draws: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
    progress: bool = True,
) -> Summary:
    """Sum up what people said about the cluster maps of many pictures: the global explanation of each class.

    A label's global score (docs/global.md) is the sum of its scores on the cluster maps where it is a best label,
    within each group of layers, and over all layers together (the group "all", without weights, which lose their
    meaning between shallow and deep layers). The order of pictures and rounds does not matter, to the last bit.

    Parameters
    ----------
    labelled
        What :func:`inv_widgets.label` returned, or its saved file. Read once, one explanation at a time.
    groups
        So many layers a group, counted from the deepest; ``{name: names or patterns of layers}``; or a function that
        takes a Column and returns a group's name, or None.
    target
        Only this class: its name, its index, the indices of a group, or several names.
    min_support
        What a number must rest on to be taken at its word: so many rounds; or a mapping of ``"rounds"`` (3),
        ``"players"`` (2) and ``"pictures"`` (2). What has less is kept and marked as having low support.
    draws, confidence, seed
        Of the bootstrap over pictures: see :class:`~inv_widgets.summary.spread.Bootstrap`.
    progress
        Whether a bar is shown where it takes longer than two seconds.

    Raises
    ------
    ValueError
        If nothing is labelled, or the explanations are of several networks.
    UnknownNameError
        If there is no such class or layer, with the closest names.
    TypeError
        If an argument is of another kind.
    """
    run = as_run(labelled)
    support, bootstrap = MinSupport.of(min_support), Bootstrap(draws, confidence, seed)
    evidence = gather(run, choice_of(run, target), groups, progress=progress)
    return Summary(
        rows=global_labels(evidence, support, bootstrap),
        groups=group_names(evidence.layers),
        evidence=evidence,
        min_support=support,
        bootstrap=bootstrap,
        _run=run,
    )
