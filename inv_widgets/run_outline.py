"""What a run is made of, without its pictures and maps: names, hashes and ids, quick to read from files.

What a run with labels adds to the run it was made from is not needed here, and would take long: the latter is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inv_widgets.thumbnails import pixels, thumbnail

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from inv_widgets.explanation import Explanation
    from inv_widgets.run import Run
    from inv_widgets.run_files import RunFiles
    from inv_widgets.run_folder import RunFolder

__all__ = ["MapOutline", "PictureOutline", "outline", "picture_hashes", "thumbnails"]


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
    run = _plain(run)
    if run.files is None:
        return [explanation.picture_hash for explanation in run]
    files, places = run.files
    rows = files.some("pictures", ["hash"])
    return [rows[place][0]["hash"] for place in places]


def thumbnails(run: Run, places: Sequence[int]) -> list[bytes]:
    """Give the thumbnails of the explanations at `places` (WebP): as they stand in the files, else made now."""
    run = _plain(run)
    if run.files is None:
        return [thumbnail(run[place].picture) for place in places]
    files, within = run.files
    wanted = [within[place] for place in places]
    found = [rows[0].get("thumbnail") for rows in files.some("pictures", ["thumbnail"], wanted)]
    missing = [place for place, one in zip(wanted, found, strict=True) if one is None]  # an older version wrote them
    made = iter(thumbnail(pixels(rows[0]["image"])) for rows in files.some("pictures", ["image"], missing))
    return [next(made) if one is None else one for one in found]


def _plain(run: Run) -> Run:
    source: Run = getattr(run, "source", run)
    return source


def _of(explanation: Explanation) -> PictureOutline:
    cluster_maps = tuple(
        MapOutline(shown.id, column.layer, column.title, column.depth, shown.cluster, shown.weight)
        for column, shown in explanation.cluster_maps()
    )
    return PictureOutline(
        explanation.name, explanation.picture_hash, explanation.network, explanation.target_name, cluster_maps
    )


def _of_files(files: RunFiles | RunFolder, places: list[int]) -> list[PictureOutline]:
    pictures = files.some("pictures", ["picture", "hash", "network", "target_name"])
    layers, first_layer = files.columns("columns", ["layer", "block", "layer_in_block"])
    maps, first_map = files.columns("cluster_maps", ["id", "layer", "depth", "cluster", "weight"])
    # By columns: a run of ten thousand pictures has some hundred thousand cluster maps.
    words = [f"block {block}, layer {place}" for block, place in _values(layers, "block", "layer_in_block")]
    titles = list(zip(_column(layers, "layer"), words, strict=True))
    rows = list(_values(maps, "id", "layer", "depth", "cluster", "weight"))
    outlines = []
    for place in places:
        title = dict(titles[first_layer[place] : first_layer[place + 1]])
        shown = tuple(
            MapOutline(name, layer, title[layer], depth, cluster, weight)
            for name, layer, depth, cluster, weight in rows[first_map[place] : first_map[place + 1]]
        )
        outlines.append(PictureOutline(**_named(pictures[place][0]), cluster_maps=shown))
    return outlines


def _named(row: dict[str, Any]) -> dict[str, Any]:
    return {"picture_hash" if name == "hash" else name: value for name, value in row.items()}


def _values(table: pa.Table, *names: str) -> Iterator[tuple[Any, ...]]:
    return zip(*(_column(table, name) for name in names), strict=True)


def _column(table: pa.Table, name: str) -> list[Any]:
    import pyarrow as pa

    column = table[name]
    if not pa.types.is_string(column.type):
        values: list[Any] = column.to_numpy().tolist()
        return values
    # Few different words, each made once; ids are all different, and no slower so.
    coded = column.combine_chunks().dictionary_encode()
    words = coded.dictionary.to_pylist()
    return [words[code] for code in coded.indices.to_numpy().tolist()]
