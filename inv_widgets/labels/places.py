"""Where a run's cluster maps stand: their pictures and layers, without reading pictures or maps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inv_widgets.run_search import rows_with

if TYPE_CHECKING:
    from collections.abc import Iterable

    from inv_widgets.run import Run

__all__ = ["MapPlace", "map_places"]


@dataclass(frozen=True, slots=True)
class MapPlace:
    """The picture's name and the layer of a cluster map; `depth` is the layer's place among all layers."""

    picture: str
    layer: str
    depth: int


def map_places(run: Run, wanted: Iterable[str] | None = None) -> dict[str, MapPlace]:
    """Give the places of cluster maps by their ids; of merged ones, of their members.

    Parameters
    ----------
    run
        A run without labels.
    wanted
        Ids; None: all. Those that the run does not have are left out; of a run of half a million, the others are not
        looked at.
    """
    wanted = None if wanted is None else set(wanted)
    if run.files is None:
        return {
            one.id: MapPlace(explanation.name, column.layer, column.depth)
            for explanation in run
            for column, shown in explanation.cluster_maps()
            for one in (shown.members or (shown,))
            if wanted is None or one.id in wanted
        }
    files, places = run.files
    table, rows, at = rows_with(files, wanted, ["layer", "depth"])
    keys, of_run = files.keys, set(places)
    found: dict[str, MapPlace] = {}
    for row, place in zip(table.take(rows).to_pylist(), at.tolist(), strict=True):
        if place in of_run:
            where = MapPlace(keys[place][0], row["layer"], row["depth"])
            parts = [one["id"] for one in row.get("members") or (row,)]
            found.update((one, where) for one in parts if wanted is None or one in wanted)
    return found
