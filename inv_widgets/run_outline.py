"""What a run is made of, without its pictures and maps: names, hashes and ids, quick to read from files.

What a run with labels adds to the run it was made from is not needed here, and would take long: the latter is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from inv_widgets.id_index import IdIndex
from inv_widgets.thumbnails import pixels, thumbnail

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from inv_widgets.run import Run
    from inv_widgets.run_files import RunFiles
    from inv_widgets.run_folder import RunFolder

__all__ = ["LayerOutline", "MapOutline", "Outline", "PictureOutline", "outline", "picture_hashes", "thumbnails"]


@dataclass(frozen=True, slots=True)
class LayerOutline:
    """A layer by its names: `title` is it in words, `depth` its place among all layers."""

    layer: str
    title: str
    depth: int


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


@dataclass(frozen=True, eq=False)
class Outline(Sequence[PictureOutline]):
    """A run's outline in columns; as a sequence, an entry an explanation, in the run's order.

    A run of ten thousand pictures has some hundred thousand cluster maps: as an object each they would take a second
    and half a gigabyte.

    Attributes
    ----------
    pictures, hashes, networks, targets
        By explanation: the picture's name and hash, the network's name and the target's.
    starts
        Cluster maps ``starts[i]`` up to ``starts[i + 1]`` are explanation i's.
    ids
        Of the cluster maps.
    layers, layer_codes
        The layers, and by cluster map the place of its layer there.
    clusters, weights
        By cluster map.
    """

    pictures: list[str]
    hashes: list[str]
    networks: list[str]
    targets: list[str]
    starts: NDArray[np.int64]
    ids: list[str] | pa.Array
    layers: list[LayerOutline]
    layer_codes: NDArray[np.int64]
    clusters: NDArray[np.int64]
    weights: NDArray[np.float64]

    @cached_property
    def by_id(self) -> IdIndex:
        """The cluster maps' ids."""
        return IdIndex(self.ids if isinstance(self.ids, list) else self.ids.to_pylist())

    @cached_property
    def places(self) -> NDArray[np.int64]:
        """By cluster map, the explanation that has it."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    def cluster_map(self, row: int) -> MapOutline:
        """Give a cluster map by its place among all."""
        one, layer = self.ids[row], self.layers[int(self.layer_codes[row])]
        name = one if isinstance(one, str) else one.as_py()
        weight, cluster = float(self.weights[row]), int(self.clusters[row])
        return MapOutline(name, layer.layer, layer.title, layer.depth, cluster, weight)

    def __len__(self) -> int:
        return len(self.pictures)

    @overload
    def __getitem__(self, place: int) -> PictureOutline: ...
    @overload
    def __getitem__(self, place: slice) -> list[PictureOutline]: ...
    def __getitem__(self, place: int | slice) -> PictureOutline | list[PictureOutline]:
        if isinstance(place, slice):
            return [self[one] for one in range(len(self))[place]]
        place = range(len(self))[place]
        shown = tuple(self.cluster_map(row) for row in range(self.starts[place], self.starts[place + 1]))
        return PictureOutline(
            self.pictures[place], self.hashes[place], self.networks[place], self.targets[place], shown
        )

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, Sequence) else NotImplemented

    __hash__ = None  # type: ignore[assignment]


def outline(run: Run) -> Outline:
    """Give a run's outline."""
    if run.files is None:
        return _of_explanations(run)
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


def _of_explanations(run: Run) -> Outline:
    names, counts, rows = [], [], []
    layers: dict[LayerOutline, int] = {}
    for one in run:
        names.append((one.name, one.picture_hash, one.network, one.target_name))
        counts.append(sum(len(column.cluster_maps) for column in one.columns))
        for column, shown in one.cluster_maps():
            layer = LayerOutline(column.layer, column.title, column.depth)
            rows.append((shown.id, layers.setdefault(layer, len(layers)), shown.cluster, shown.weight))
    ids, codes, clusters, weights = map(list, zip(*rows, strict=True)) if rows else ([], [], [], [])
    pictures, hashes, networks, targets = map(list, zip(*names, strict=True)) if names else ([], [], [], [])
    return Outline(
        pictures, hashes, networks, targets, _starts(counts), ids, list(layers),
        np.array(codes, np.int64), np.array(clusters, np.int64), np.array(weights, np.float64),
    )  # fmt: skip


def _of_files(files: RunFiles | RunFolder, places: list[int]) -> Outline:
    names, _ = files.columns("pictures", ["hash", "network"])  # the picture's name in a folder's part may be another
    columns, first_column = files.columns("columns", ["layer", "depth", "block", "layer_in_block"])
    maps, first_map = files.columns("cluster_maps", ["id", "layer", "cluster", "weight"])
    layers, codes = _layers(columns, first_column, maps, first_map)
    keys = [(names_of[0], names_of[1]) for names_of in files.keys]
    hashes, networks = _words(names, "hash"), _words(names, "network")
    values = [codes, maps["cluster"].to_numpy(), maps["weight"].to_numpy()]
    ids, starts = maps["id"].combine_chunks(), first_map
    if places != list(range(len(keys))):
        spans = [(first_map[place], first_map[place + 1]) for place in places]
        starts = _starts([stop - start for start, stop in spans])
        rows = np.concatenate([np.arange(start, stop) for start, stop in spans] or [np.zeros(0, np.int64)])
        values = [value[rows] for value in values]
        ids = ids.take(rows)
    return Outline(
        [keys[place][0] for place in places], [hashes[place] for place in places],
        [networks[place] for place in places], [keys[place][1] for place in places],
        starts, ids, layers, values[0], values[1].astype(np.int64), values[2].astype(np.float64),
    )  # fmt: skip


def _layers(
    columns: pa.Table, first_column: NDArray[np.int64], maps: pa.Table, first_map: NDArray[np.int64]
) -> tuple[list[LayerOutline], NDArray[np.int64]]:
    """Give the different layers, and which of them each cluster map has: that of its explanation with its name."""
    import pyarrow.compute as pc

    layers: dict[tuple[Any, ...], int] = {}
    parts = zip(*(_words(columns, name) for name in ("layer", "depth", "block", "layer_in_block")), strict=True)
    kinds = np.array([layers.setdefault(part, len(layers)) for part in parts], np.int64)
    made = [LayerOutline(name, f"block {block}, layer {at}", depth) for name, depth, block, at in layers]
    if not len(maps):
        return made, np.zeros(0, np.int64)
    words = columns["layer"].combine_chunks().dictionary_encode()
    of_map = pc.index_in(maps["layer"].combine_chunks(), words.dictionary).to_numpy(zero_copy_only=False)
    keys = [
        np.repeat(np.arange(len(starts) - 1), np.diff(starts)) * len(words.dictionary) + code
        for starts, code in ((first_column, words.indices.to_numpy()), (first_map, of_map))
    ]
    order = np.argsort(keys[0], kind="stable")
    found = order[np.minimum(np.searchsorted(keys[0], keys[1], sorter=order), len(order) - 1)]
    return made, kinds[found]


def _starts(counts: Sequence[int]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(np.asarray(counts, np.int64))]).astype(np.int64)


def _words(table: pa.Table, name: str) -> list[Any]:
    import pyarrow as pa

    column = table[name]
    if not pa.types.is_string(column.type):
        values: list[Any] = column.to_numpy().tolist()
        return values
    # Few different words, each made once; ids are all different, and no slower so.
    coded = column.combine_chunks().dictionary_encode()
    words = coded.dictionary.to_pylist()
    return [words[code] for code in coded.indices.to_numpy().tolist()]
