"""What is known of a run's labels without reading its explanations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from inv_widgets.labels.labelled import LabelledRun, best_labels_of

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

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
    parts = ["labels.list.element.name", "labels.list.element.score"]
    table, starts = files.columns("cluster_maps", parts)
    names: dict[int, set[str]] = {}
    for row, name in _best(table["labels"]):
        names.setdefault(int(np.searchsorted(starts, row, side="right")) - 1, set()).add(name)
    return [sorted(names.get(place, ())) for place in places]


def _best(labels: pa.ChunkedArray) -> list[tuple[int, str]]:
    """Give (row, name) of those with the highest score in their row, as ``ClusterMap.best_labels`` has them.

    By columns: most rows of a big run that nobody labelled have none.
    """
    found: list[tuple[int, str]] = []
    first = 0
    for chunk in labels.chunks:
        flat = chunk.flatten()
        if len(flat):
            rows = np.repeat(np.arange(len(chunk)), np.diff(chunk.offsets.to_numpy()))
            scores = flat.field("score").to_numpy(zero_copy_only=False)
            best = np.flatnonzero(_highest(rows, scores))
            names = flat.field("name").take(best).to_pylist()
            found += zip((first + rows[best]).tolist(), names, strict=True)
        first += len(chunk)
    return found


def _highest(rows: NDArray[Any], scores: NDArray[Any]) -> NDArray[np.bool_]:
    most = np.full(rows[-1] + 1, -np.inf)
    np.maximum.at(most, rows, scores)
    close: NDArray[np.bool_] = np.isclose(scores, most[rows], rtol=1e-9, atol=0.0)
    return close
