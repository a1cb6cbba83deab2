"""Explanations of a labelled run that nobody has played: what a summary needs of them, without reading them.

Of ten thousand pictures people play some hundred. The others have no labels and count as pictures and layers only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from inv_widgets.summary.groups import Layer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from inv_widgets.run import Run
    from inv_widgets.run_files import RunFiles
    from inv_widgets.run_folder import RunFolder

__all__ = ["Unplayed", "unplayed"]


@dataclass(frozen=True, slots=True)
class Unplayed:
    """An explanation without labels, by its names; the layers are those of its columns."""

    name: str
    picture_hash: str
    target_name: str
    network: str
    network_hash: str
    layers: tuple[Layer, ...]
    n_cluster_maps: int


def unplayed(run: Run, places: Sequence[int], played: Iterable[str]) -> dict[int, Unplayed]:
    """Give those of a run's explanations, by their places, of which no cluster map was played.

    Parameters
    ----------
    run
        What :func:`inv_widgets.label` gave. Of one whose explanations do not stand in files nothing is known before
        they are read: then there are none.
    places
        Of the explanations that count.
    played
        Ids of the cluster maps with rounds; of merged ones, of their members.
    """
    source: Run | None = getattr(run, "source", None)
    if source is None or source.files is None:
        return {}
    files, within = source.files
    busy = _with_any(files, set(played))
    quiet = {place: within[place] for place in places if within[place] not in busy}
    if not quiet:
        return {}
    rows = files.some("pictures", ["picture", "hash", "target_name", "network", "network_hash", "n_cluster_maps"])
    table, starts = files.columns("columns", ["layer", "depth", "block", "layer_in_block"])
    parts = (table[name].to_pylist() for name in ("layer", "depth", "block", "layer_in_block"))
    layers = [
        Layer(name, f"block {block}, layer {place}", depth, block, place)
        for name, depth, block, place in zip(*parts, strict=True)
    ]
    found = {}
    for place, there in quiet.items():
        row = rows[there][0]
        found[place] = Unplayed(
            row["picture"], row["hash"], row["target_name"], row["network"], row["network_hash"],
            tuple(layers[starts[there] : starts[there + 1]]), row["n_cluster_maps"],
        )  # fmt: skip
    return found


def _with_any(files: RunFiles | RunFolder, ids: set[str]) -> set[int]:
    """Give the places in the files of explanations with any of these cluster maps, merged or not."""
    import pyarrow as pa
    import pyarrow.compute as pc

    table, starts = files.columns("cluster_maps", ["id", "members.list.element.id"])
    wanted = pa.array(sorted(ids), pa.string())
    rows = np.flatnonzero(pc.is_in(table["id"], wanted).to_numpy())
    rows = (
        np.concatenate([rows, _rows_of_members(table["members"], wanted)]) if "members" in table.column_names else rows
    )
    return set((np.searchsorted(starts, rows, side="right") - 1).tolist())


def _rows_of_members(members: pa.ChunkedArray, wanted: pa.Array) -> NDArray[np.int64]:
    import pyarrow.compute as pc

    found = [np.zeros(0, np.int64)]
    first = 0
    for chunk in members.chunks:
        flat = chunk.flatten()
        if len(flat):
            rows = np.repeat(np.arange(len(chunk)), np.diff(chunk.offsets.to_numpy()))
            found.append(first + rows[pc.is_in(flat.field("id"), wanted).to_numpy(zero_copy_only=False)])
        first += len(chunk)
    return np.concatenate(found)
