"""What is known of a run's labels without reading its explanations."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from inv_widgets.labels.labelled import LabelledRun, best_labels_of

if TYPE_CHECKING:
    from inv_widgets.run import Run

__all__ = ["known_labels"]


def known_labels(run: Run) -> list[list[str] | None]:
    """Give what the cluster maps of each explanation are called: their best labels, sorted.

    None for an explanation of a :class:`~inv_widgets.labels.labelled.LabelledRun` that nobody has read yet: to label it
    now would take as long as to show it.
    """
    if isinstance(run, LabelledRun):
        return run.best_labels
    if run.files is None:
        return [best_labels_of(explanation) for explanation in run]
    files, places = run.files
    labels = files.some("cluster_maps", ["labels"])
    return [sorted({name for row in labels[place] for name in _best(row["labels"])}) for place in places]


def _best(labels: list[dict[str, Any]]) -> list[str]:
    """Give the names of those with the highest score, as ``ClusterMap.best_labels`` has them."""
    most = max((label["score"] for label in labels), default=0.0)
    return [label["name"] for label in labels if math.isclose(label["score"], most, rel_tol=1e-9)]
