"""Runs as Parquet files: rows from explanations, explanations from rows. Nothing is ever unpickled."""

from __future__ import annotations

import io
import json
import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from inv_widgets.explanation import ClusterMap, Column, Explanation, Label, Prediction, Rest
from inv_widgets.recipe import Recipe

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd
    from typing_extensions import Self

__all__ = ["SCHEMA_VERSION", "RunFiles", "RunWriter", "companions", "to_frame", "write"]

SCHEMA_VERSION = 1

_text, _int, _real = pa.string(), pa.int32(), pa.float64()
_floats, _ints, _bytes = pa.list_(pa.float32()), pa.list_(pa.int32()), pa.list_(pa.uint8())
_key = [("picture", _text), ("network", _text), ("target", pa.list_(pa.int32())), ("target_name", _text)]
_layer = [*_key, ("layer", _text), ("depth", _int), ("block", _int)]

SCHEMAS = {
    "cluster_maps": pa.schema([
        *_layer, ("cluster", _int), ("id", _text), ("weight", _real), ("n_maps", _int),
        ("channels", _ints), ("channel_weights", _floats),
        ("map", _floats), ("map_min", _real), ("map_max", _real), ("map_height", _int), ("map_width", _int),
        ("channel_thumbnails", _bytes), ("thumbnail_height", _int), ("thumbnail_width", _int),
        ("silhouette", _real), ("labels", pa.list_(pa.struct([("name", _text), ("score", _real)]))),
        ("recipe", _text), ("schema_version", _int),
    ]),
    "columns": pa.schema([
        *_layer, ("layer_in_block", _int), ("n_maps", _int), ("map_height", _int), ("map_width", _int),
        ("n_cluster_maps", _int), ("total_weight", _real), ("rest_weight", _real), ("pruned_weight", _real),
        ("dropped_weight", _real), ("n_pruned", _int), ("n_dropped", _int), ("rest_map", _floats), ("reason", _text),
        ("silhouettes", pa.list_(pa.struct([("clusters", _int), ("silhouette", _real)]))), ("schema_version", _int),
    ]),
    "pictures": pa.schema([
        *_key, ("hash", _text), ("network_hash", _text), ("image", pa.binary()), ("window", pa.list_(_real)),
        ("height", _int), ("width", _int), ("prediction", _int), ("prediction_name", _text),
        ("prediction_probability", _real), ("target_probability", _real), ("recipe", _text),
        ("n_columns", _int), ("n_cluster_maps", _int), ("schema_version", _int),
    ]),
}  # fmt: skip


def companions(path: str | Path) -> dict[str, Path]:
    """Name the three files of the run at `path` (``NAME.parquet``; the ending may be left out)."""
    path = Path(path)
    stem = path.with_suffix("") if path.suffix == ".parquet" else path
    return {
        "cluster_maps": stem.with_name(stem.name + ".parquet"),
        "columns": stem.with_name(stem.name + ".columns.parquet"),
        "pictures": stem.with_name(stem.name + ".pictures.parquet"),
    }


class RunWriter:
    """Write explanations one by one; the files take their names only when all are written.

    Use it as a context manager: after an exception no file is left behind and an older run of that name stands.

    Parameters
    ----------
    path
        ``NAME.parquet``.
    job
        How the run was made, to be read back as :attr:`RunFiles.job`; anything that JSON can hold.

    Attributes
    ----------
    errors
        ``{picture name: reason}``, written when the files are closed.
    """

    def __init__(self, path: str | Path, *, job: Mapping[str, Any] | None = None) -> None:
        self._paths = companions(path)
        self._drafts = {
            kind: file.with_name(f".{file.name}.{uuid.uuid4().hex[:8]}") for kind, file in self._paths.items()
        }
        self._writers: dict[str, pq.ParquetWriter] = {}
        self.errors: dict[str, str] = {}
        self.job = dict(job or {})

    def __enter__(self) -> Self:
        self._paths["cluster_maps"].parent.mkdir(parents=True, exist_ok=True)
        for kind, draft in self._drafts.items():
            self._writers[kind] = pq.ParquetWriter(draft, SCHEMAS[kind], compression="zstd")
        return self

    def add(self, explanation: Explanation) -> None:
        """Append one explanation as one row group of each file."""
        for kind, rows in _rows(explanation).items():
            if rows:
                self._writers[kind].write_table(pa.Table.from_pylist(rows, SCHEMAS[kind]))

    def copy(self, tables: Mapping[str, pa.Table], *, name: str | None = None) -> None:
        """Append what :meth:`RunFiles.tables` gave, without decoding it; `name` calls the picture anew."""
        for kind, table in tables.items():
            if len(table):
                self._writers[kind].write_table(table if name is None else _called(table, name))

    def __exit__(self, kind: object, *_: object) -> None:
        written = {"run": uuid.uuid4().hex, "errors": self.errors, "job": self.job}
        try:
            for writer in self._writers.values():
                writer.add_key_value_metadata({"inv_widgets": json.dumps(written)})
                writer.close()
            # The cluster maps last: where they stand, the companions stand too.
            for name in ("pictures", "columns", "cluster_maps") if kind is None else ():
                os.replace(self._drafts[name], self._paths[name])  # noqa: PTH105
        finally:
            for draft in self._drafts.values():
                draft.unlink(missing_ok=True)


def write(path: str | Path, explanations: Iterable[Explanation], *, errors: Mapping[str, str] | None = None) -> Path:
    """Write a run's three files; return the path of the first."""
    with RunWriter(path) as writer:
        writer.errors.update(errors or {})
        for explanation in explanations:
            writer.add(explanation)
    return companions(path)["cluster_maps"]


def to_frame(explanations: Iterable[Explanation]) -> pd.DataFrame:
    """Give a frame with a row a cluster map; arrays are numpy arrays, maps 2-D."""
    import pandas as pd

    names = SCHEMAS["cluster_maps"].names
    rows = []
    for explanation in explanations:
        for column, cluster_map in explanation.cluster_maps():
            row = _cluster_map_row(explanation, column, cluster_map)
            row |= {name: getattr(cluster_map, name) for name in ("map", "channels", "channel_weights")}
            row |= {"target": explanation.target, "channel_thumbnails": cluster_map.channel_thumbnails}
            rows.append(row)
    return pd.DataFrame(rows, columns=names)


class RunFiles:
    """The three files of a saved run, read an explanation at a time."""

    def __init__(self, path: str | Path) -> None:
        paths = companions(path)
        missing = [file.name for file in paths.values() if not file.exists()]
        if missing:
            raise FileNotFoundError(
                f"[inv-widgets] {paths['cluster_maps']} is not a whole run: {', '.join(missing)} is missing. "
                "A run is three files side by side: NAME.parquet, NAME.columns.parquet, NAME.pictures.parquet."
            )
        self._files = {kind: _open(kind, file) for kind, file in paths.items()}
        of_all = [_written(file) for file in self._files.values()]
        if len({one.get("run") for one in of_all}) > 1:
            raise ValueError(
                f"[inv-widgets] {paths['cluster_maps']} and its companions are not of one run: they were written at "
                "different times. Copy all three together, or explain the pictures again."
            )
        written = of_all[0]
        self.errors: dict[str, str] = written.get("errors", {})
        self.job: dict[str, Any] = written.get("job", {})
        small = ["picture", "target_name", "hash", "n_columns", "n_cluster_maps"]
        rows = self._files["pictures"].read(small).to_pylist()
        self.keys = [(row["picture"], row["target_name"]) for row in rows]
        self.hashes: list[str] = [row["hash"] for row in rows]
        # An explanation without cluster maps has no row group in their file.
        self._groups = {
            "pictures": _places([True] * len(rows)),
            "columns": _places([row["n_columns"] > 0 for row in rows]),
            "cluster_maps": _places([row["n_cluster_maps"] > 0 for row in rows]),
        }

    def tables(self, place: int) -> dict[str, pa.Table]:
        """Read one explanation's rows of the three files."""
        tables = {}
        for kind, groups in self._groups.items():
            group = groups[place]
            file = self._files[kind]
            tables[kind] = SCHEMAS[kind].empty_table() if group is None else file.read_row_group(group)
        return tables

    def read(self, place: int) -> Explanation:
        """Read one explanation."""
        rows = {kind: table.to_pylist() for kind, table in self.tables(place).items()}
        picture = rows["pictures"][0]
        by_layer: dict[str, list[dict[str, Any]]] = {}
        for row in rows["cluster_maps"]:
            by_layer.setdefault(row["layer"], []).append(row)
        columns = tuple(_column(row, by_layer.get(row["layer"], [])) for row in rows["columns"])
        return _explanation(picture, columns)


def _open(kind: str, file: Path) -> pq.ParquetFile:
    try:
        parquet = pq.ParquetFile(file)
    except pa.ArrowInvalid as error:
        raise ValueError(f"[inv-widgets] {file} is not a Parquet file, or it is cut off: {error}.") from error
    missing = sorted(set(SCHEMAS[kind].names) - set(parquet.schema_arrow.names))
    if "schema_version" not in missing and parquet.metadata.num_rows:
        version = parquet.read_row_group(0, ["schema_version"])["schema_version"][0].as_py()
        if version > SCHEMA_VERSION:
            raise ValueError(
                f"[inv-widgets] {file} has schema version {version}, this inv-widgets reads up to {SCHEMA_VERSION}: "
                "upgrade inv-widgets to read it."
            )
    if missing:
        raise ValueError(f"[inv-widgets] {file} is no run of inv-widgets: it lacks the columns {', '.join(missing)}.")
    return parquet


def _written(parquet: pq.ParquetFile) -> dict[str, Any]:
    metadata = parquet.metadata.metadata or {}
    found: dict[str, Any] = json.loads(metadata.get(b"inv_widgets", b"{}"))
    return found


def _called(table: pa.Table, name: str) -> pa.Table:
    place = table.schema.get_field_index("picture")
    return table.set_column(place, table.schema.field(place), pa.array([name] * len(table), _text))


def _places(present: list[bool]) -> list[int | None]:
    places, count = [], 0
    for here in present:
        places.append(count if here else None)
        count += here
    return places


def _key_of(explanation: Explanation) -> dict[str, Any]:
    target = explanation.target
    return {
        "picture": explanation.name,
        "network": explanation.network,
        "target": list(target) if isinstance(target, tuple) else [target],
        "target_name": explanation.target_name,
        "schema_version": SCHEMA_VERSION,
    }


def _rows(explanation: Explanation) -> dict[str, list[dict[str, Any]]]:
    return {
        "pictures": [_picture_row(explanation)],
        "columns": [_column_row(explanation, column) for column in explanation.columns],
        "cluster_maps": [_cluster_map_row(explanation, *pair) for pair in explanation.cluster_maps()],
    }


def _cluster_map_row(explanation: Explanation, column: Column, cluster_map: ClusterMap) -> dict[str, Any]:
    height, width = cluster_map.map.shape
    thumbnails = cluster_map.channel_thumbnails
    same = ("cluster", "id", "weight", "n_maps", "channels", "channel_weights", "map_min", "map_max", "silhouette")
    return {
        **_key_of(explanation),
        **{name: getattr(column, name) for name in ("layer", "depth", "block")},
        **{name: getattr(cluster_map, name) for name in same},
        "map": cluster_map.map.ravel(),
        "map_height": height,
        "map_width": width,
        "channel_thumbnails": thumbnails.ravel(),
        "thumbnail_height": thumbnails.shape[1],
        "thumbnail_width": thumbnails.shape[2],
        "labels": [{"name": label.name, "score": label.score} for label in cluster_map.labels],
        "recipe": explanation.recipe.to_json(),
    }


def _column_row(explanation: Explanation, column: Column) -> dict[str, Any]:
    rest = column.rest
    same = ("layer", "depth", "block", "layer_in_block", "n_maps", "total_weight", "reason")
    return {
        **_key_of(explanation),
        **{name: getattr(column, name) for name in same},
        "map_height": column.map_shape[0],
        "map_width": column.map_shape[1],
        "n_cluster_maps": len(column.cluster_maps),
        "rest_weight": rest.weight,
        **{name: getattr(rest, name) for name in ("pruned_weight", "dropped_weight", "n_pruned", "n_dropped")},
        "rest_map": rest.weighted_sum.ravel(),
        "silhouettes": [{"clusters": k, "silhouette": value} for k, value in column.silhouettes.items()],
    }


def _picture_row(explanation: Explanation) -> dict[str, Any]:
    buffer = io.BytesIO()
    Image.fromarray(explanation.picture).save(buffer, "PNG")
    height, width = explanation.picture.shape[:2]
    return {
        **_key_of(explanation),
        "hash": explanation.picture_hash,
        "network_hash": explanation.network_hash,
        "image": buffer.getvalue(),
        "window": list(explanation.window),
        "height": height,
        "width": width,
        "prediction": explanation.prediction.index,
        "prediction_name": explanation.prediction.name,
        "prediction_probability": explanation.prediction.probability,
        "target_probability": explanation.target_probability,
        "recipe": explanation.recipe.to_json(),
        "n_columns": len(explanation.columns),
        "n_cluster_maps": sum(1 for _ in explanation.cluster_maps()),
    }


def _cluster_map(row: dict[str, Any]) -> ClusterMap:
    thumbnail = (row["thumbnail_height"], row["thumbnail_width"])
    thumbnails = np.array(row["channel_thumbnails"], np.uint8)
    same = ("id", "cluster", "channels", "channel_weights", "map_min", "map_max", "silhouette")
    return ClusterMap(
        **{name: row[name] for name in same},
        map=np.array(row["map"], np.float32).reshape(row["map_height"], row["map_width"]),
        channel_thumbnails=thumbnails.reshape(thumbnails.size // max(1, thumbnail[0] * thumbnail[1]), *thumbnail),
        labels=tuple(Label(**label) for label in row["labels"]),
    )


def _column(row: dict[str, Any], cluster_maps: list[dict[str, Any]]) -> Column:
    shape = (row["map_height"], row["map_width"])
    same = ("layer", "depth", "block", "layer_in_block", "n_maps", "total_weight", "reason")
    rest = ("pruned_weight", "dropped_weight", "n_pruned", "n_dropped")
    return Column(
        **{name: row[name] for name in same},
        map_shape=shape,
        rest=Rest(**{name: row[name] for name in rest}, weighted_sum=np.reshape(row["rest_map"], shape)),
        silhouettes={entry["clusters"]: entry["silhouette"] for entry in row["silhouettes"]},
        cluster_maps=tuple(_cluster_map(cluster) for cluster in cluster_maps),
    )


def _explanation(row: dict[str, Any], columns: tuple[Column, ...]) -> Explanation:
    with Image.open(io.BytesIO(row["image"])) as image:
        picture = np.array(image.convert("RGB"))
    target = row["target"]
    return Explanation(
        picture=picture,
        name=row["picture"],
        picture_hash=row["hash"],
        network=row["network"],
        network_hash=row["network_hash"],
        window=tuple(row["window"]),
        target=target[0] if len(target) == 1 else tuple(target),
        target_name=row["target_name"],
        target_probability=row["target_probability"],
        prediction=Prediction(row["prediction"], row["prediction_name"], row["prediction_probability"]),
        columns=columns,
        recipe=Recipe.from_json(row["recipe"]),
    )
