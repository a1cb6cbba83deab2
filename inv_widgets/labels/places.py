"""Where a run's cluster maps stand: their pictures and layers, without reading pictures or maps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inv_widgets.run import Run

__all__ = ["MapPlace", "map_places"]


@dataclass(frozen=True, slots=True)
class MapPlace:
    """The picture's name and the layer of a cluster map; `depth` is the layer's place among all layers."""

    picture: str
    layer: str
    depth: int


def map_places(run: Run) -> dict[str, MapPlace]:
    """Give the place of each cluster map by its id; of merged ones, of their members."""
    if run.files is not None:
        files, places = run.files
        rows = files.some("cluster_maps", ["id", "picture", "layer", "depth", "members.list.element.id"])
        shown = [row for place in places for row in rows[place]]
        return {
            one["id"]: MapPlace(row["picture"], row["layer"], row["depth"])
            for row in shown
            for one in (row.get("members") or (row,))
        }
    return {
        one.id: MapPlace(explanation.name, column.layer, column.depth)
        for explanation in run
        for column, shown in explanation.cluster_maps()
        for one in (shown.members or (shown,))
    }
