"""What a run is made of, without its pictures and maps: names, hashes and ids, quick to read from files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inv_widgets.explanation import Explanation
    from inv_widgets.run import Run
    from inv_widgets.run_files import RunFiles

__all__ = ["MapOutline", "PictureOutline", "outline", "picture_hashes"]


@dataclass(frozen=True, slots=True)
class MapOutline:
    """A cluster map by its names: `title` is the layer's in words, `depth` its place among all layers."""

    id: str
    layer: str
    title: str
    depth: int
    cluster: int
    weight: float


@dataclass(frozen=True, slots=True)
class PictureOutline:
    """An explanation by its names."""

    picture: str
    picture_hash: str
    network: str
    target_name: str
    cluster_maps: tuple[MapOutline, ...]


def outline(run: Run) -> list[PictureOutline]:
    """Give a run's outline, an entry an explanation, in its order."""
    if run.files is None:
        return [_of(explanation) for explanation in run]
    files, places = run.files
    return _of_files(files, places)


def picture_hashes(run: Run) -> list[str]:
    """Give the hash of each explanation's picture, in the run's order."""
    if run.files is None:
        return [explanation.picture_hash for explanation in run]
    files, places = run.files
    rows = files.some("pictures", ["hash"])
    return [rows[place][0]["hash"] for place in places]


def _of(explanation: Explanation) -> PictureOutline:
    cluster_maps = tuple(
        MapOutline(shown.id, column.layer, column.title, column.depth, shown.cluster, shown.weight)
        for column, shown in explanation.cluster_maps()
    )
    return PictureOutline(
        explanation.name, explanation.picture_hash, explanation.network, explanation.target_name, cluster_maps
    )


def _of_files(files: RunFiles, places: list[int]) -> list[PictureOutline]:
    pictures = files.some("pictures", ["picture", "hash", "network", "target_name"])
    layers = files.some("columns", ["layer", "block", "layer_in_block"])
    cluster_maps = files.some("cluster_maps", ["id", "layer", "depth", "cluster", "weight"])
    return [_of_rows(pictures[place][0], layers[place], cluster_maps[place]) for place in places]


def _of_rows(
    picture: dict[str, Any], layers: list[dict[str, Any]], cluster_maps: list[dict[str, Any]]
) -> PictureOutline:
    titles = {row["layer"]: f"block {row['block']}, layer {row['layer_in_block']}" for row in layers}
    maps = tuple(MapOutline(title=titles[row["layer"]], **row) for row in cluster_maps)
    return PictureOutline(picture["picture"], picture["hash"], picture["network"], picture["target_name"], maps)
