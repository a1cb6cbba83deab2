"""Where a run's files have given cluster maps, without making an object of each of a run's some hundred thousand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyarrow as pa
    from numpy.typing import NDArray

    from inv_widgets.run_files import RunFiles
    from inv_widgets.run_folder import RunFolder

__all__ = ["rows_with"]

_MEMBERS = "members.list.element.id"


def rows_with(
    files: RunFiles | RunFolder, ids: Iterable[str] | None, names: Iterable[str] = ()
) -> tuple[pa.Table, NDArray[np.int64], NDArray[np.int64]]:
    """Find cluster maps by their ids, or merged ones by those of their members.

    Parameters
    ----------
    files
        A run's.
    ids
        Of cluster maps; the run need not have them. None: all.
    names
        Columns to read, besides ``id`` and ``members`` (their ids; files of early versions do not have it).

    Returns
    -------
    table, rows, places
        The columns; the rows that were found, in order; and for each the place in the files of its explanation.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    table, starts = files.columns("cluster_maps", ["id", _MEMBERS, *names])
    wanted = pa.array([] if ids is None else sorted({one for one in ids if isinstance(one, str)}), pa.string())
    rows = np.arange(len(table)) if ids is None else np.flatnonzero(pc.is_in(table["id"], wanted).to_numpy())
    if ids is not None and "members" in table.column_names:
        rows = np.union1d(rows, _rows_of_members(table["members"], wanted))
    return table, rows, np.searchsorted(starts, rows, side="right") - 1


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
