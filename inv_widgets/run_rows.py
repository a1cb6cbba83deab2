"""Rows of a run's three files from explanations, and explanations from rows."""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from inv_widgets.explanation import ClusterMap, Column, Explanation, Label, Prediction, Rest, Rounds
from inv_widgets.recipe import Recipe
from inv_widgets.thumbnails import pixels, stored

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["ARRAYS", "SCHEMAS", "SCHEMA_VERSION", "added_after", "explanation_of", "rows_of", "to_frame", "upgraded"]

SCHEMA_VERSION = 4

_text, _int, _real = pa.string(), pa.int32(), pa.float64()
_floats, _ints, _bytes = pa.list_(pa.float32()), pa.list_(pa.int32()), pa.list_(pa.uint8())
_key = [("picture", _text), ("network", _text), ("target", pa.list_(pa.int32())), ("target_name", _text)]
_layer = [*_key, ("layer", _text), ("depth", _int), ("block", _int)]

_label = pa.struct([
    ("name", _text), ("score", _real), ("frequency", _int), ("mean_step", _real), ("won", pa.bool_()),
    ("players", _int), ("typed", pa.list_(_text)),
])  # fmt: skip
_rounds = pa.struct([
    *((name, _int) for name in ("wins", "losses", "resigns", "players")), ("mean_step", _real), ("mean_share", _real),
])  # fmt: skip
_shown = [
    ("cluster", _int), ("id", _text), ("weight", _real), ("n_maps", _int), ("channels", _ints),
    ("channel_weights", _floats), ("map", _floats), ("map_min", _real), ("map_max", _real), ("map_height", _int),
    ("map_width", _int), ("channel_thumbnails", _bytes), ("thumbnail_height", _int), ("thumbnail_width", _int),
    ("silhouette", _real), ("labels", pa.list_(_label)), ("rounds", _rounds),
]  # fmt: skip

SCHEMAS = {
    "cluster_maps": pa.schema([
        *_layer, *_shown, ("members", pa.list_(pa.struct(_shown))), ("recipe", _text), ("schema_version", _int),
    ]),
    "columns": pa.schema([
        *_layer, ("layer_in_block", _int), ("n_maps", _int), ("map_height", _int), ("map_width", _int),
        ("n_cluster_maps", _int), ("total_weight", _real), ("rest_weight", _real), ("pruned_weight", _real),
        ("dropped_weight", _real), ("n_pruned", _int), ("n_dropped", _int), ("rest_map", _floats), ("reason", _text),
        ("silhouettes", pa.list_(pa.struct([("clusters", _int), ("silhouette", _real)]))), ("schema_version", _int),
    ]),
    "pictures": pa.schema([
        *_key, ("hash", _text), ("network_hash", _text), ("image", pa.binary()), ("thumbnail", pa.binary()),
        ("window", pa.list_(_real)),
        ("height", _int), ("width", _int), ("prediction", _int), ("prediction_name", _text),
        ("prediction_probability", _real),
        ("predictions", pa.list_(pa.struct([("index", _int), ("name", _text), ("probability", _real)]))),
        ("target_probability", _real), ("recipe", _text),
        ("n_columns", _int), ("n_cluster_maps", _int), ("schema_version", _int),
    ]),
}  # fmt: skip

ARRAYS = frozenset({"map", "channels", "channel_weights", "channel_thumbnails", "rest_map"})
"""Columns of numbers: as numpy arrays they are many times faster than as lists."""

# What a version added to the ones before it; `upgraded` fills it in.
_ADDED: dict[int, dict[str, tuple[str, ...]]] = {
    2: {"pictures": ("predictions",)},
    3: {"cluster_maps": ("rounds", "members")},
    4: {"pictures": ("thumbnail",)},  # and several explanations a row group
}


def added_after(version: int, kind: str) -> set[str]:
    """Name the columns of a file of `kind` that files of `version` do not have."""
    return {name for later, added in _ADDED.items() if later > version for name in added.get(kind, ())}


def upgraded(kind: str, table: pa.Table) -> pa.Table:
    """Give a table of an older version as this one would have written it; a table of this version as it is."""
    if table.schema.equals(SCHEMAS[kind]) and set(table["schema_version"].to_pylist()) == {SCHEMA_VERSION}:
        return table
    missing = [name for name in SCHEMAS[kind].names if name not in table.column_names]
    if "predictions" in missing:
        parts = ("prediction", "prediction_name", "prediction_probability")
        rows = zip(*(table[name].to_pylist() for name in parts), strict=True)
        firsts = [[{"index": index, "name": name, "probability": chance}] for index, name, chance in rows]
        table = table.append_column("predictions", pa.array(firsts, SCHEMAS[kind].field("predictions").type))
    if "thumbnail" in missing:  # it is made from the picture when it is asked for
        table = table.append_column("thumbnail", pa.nulls(len(table), pa.binary()))
    if "members" in missing:  # before labels could be analysed
        labels = [[dataclasses.asdict(Label(**label)) for label in row] for row in table["labels"].to_pylist()]
        new = {"labels": labels, "rounds": [None] * len(table), "members": [[]] * len(table)}
        table = table.drop_columns(["labels"])
        for name, values in new.items():
            table = table.append_column(name, pa.array(values, SCHEMAS[kind].field(name).type))
    place = table.column_names.index("schema_version")
    table = table.set_column(place, "schema_version", pa.array([SCHEMA_VERSION] * len(table), _int))
    return table.select(SCHEMAS[kind].names)


def rows_of(explanation: Explanation, kept_as: tuple[bytes, bytes] | None = None) -> dict[str, list[dict[str, Any]]]:
    """Give one explanation's rows of the three files; `kept_as` is what :func:`stored` made of its picture already."""
    return {
        "pictures": [_picture_row(explanation, *(kept_as or stored(explanation.picture)))],
        "columns": [_column_row(explanation, column) for column in explanation.columns],
        "cluster_maps": [_cluster_map_row(explanation, *pair) for pair in explanation.cluster_maps()],
    }


def explanation_of(tables: Mapping[str, pa.Table]) -> Explanation:
    """Build one explanation from its rows of the three files."""
    rows = {kind: _rows_in(table) for kind, table in tables.items()}
    by_layer: dict[str, list[dict[str, Any]]] = {}
    for row in rows["cluster_maps"]:
        by_layer.setdefault(row["layer"], []).append(row)
    columns = tuple(_column(row, by_layer.get(row["layer"], [])) for row in rows["columns"])
    return _explanation(rows["pictures"][0], columns)


def to_frame(explanations: Iterable[Explanation]) -> pd.DataFrame:
    """Give a frame with a row a cluster map; arrays are numpy arrays, maps 2-D."""
    import pandas as pd

    names = SCHEMAS["cluster_maps"].names
    rows = []
    for explanation in explanations:
        for column, cluster_map in explanation.cluster_maps():
            row = _cluster_map_row(explanation, column, cluster_map)
            row |= {name: getattr(cluster_map, name) for name in ("map", "channels", "channel_weights", "members")}
            row |= {"target": explanation.target, "channel_thumbnails": cluster_map.channel_thumbnails}
            rows.append(row)
    return pd.DataFrame(rows, columns=names)


def _rows_in(table: pa.Table) -> list[dict[str, Any]]:
    """Give each row of a table as a dict."""
    names = table.column_names
    columns = [_values(table[name]) if name in ARRAYS else table[name].to_pylist() for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _values(column: pa.ChunkedArray) -> list[NDArray[Any]]:
    values = []
    for chunk in column.chunks:
        flat, starts = chunk.flatten().to_numpy(zero_copy_only=False), chunk.offsets.to_numpy()
        starts = starts - starts[0]  # a slice's offsets count from the whole
        values += [flat[start:stop] for start, stop in itertools.pairwise(starts)]
    return values


def _key_of(explanation: Explanation) -> dict[str, Any]:
    target = explanation.target
    return {
        "picture": explanation.name,
        "network": explanation.network,
        "target": list(target) if isinstance(target, tuple) else [target],
        "target_name": explanation.target_name,
        "schema_version": SCHEMA_VERSION,
    }


def _cluster_map_row(explanation: Explanation, column: Column, cluster_map: ClusterMap) -> dict[str, Any]:
    return {
        **_key_of(explanation),
        **{name: getattr(column, name) for name in ("layer", "depth", "block")},
        **_shown_row(cluster_map),
        "members": [_shown_row(member) for member in cluster_map.members],
        "recipe": explanation.recipe.to_json(),
    }


def _shown_row(cluster_map: ClusterMap) -> dict[str, Any]:
    height, width = cluster_map.map.shape
    thumbnails = cluster_map.channel_thumbnails
    same = ("cluster", "id", "weight", "n_maps", "channels", "channel_weights", "map_min", "map_max", "silhouette")
    return {
        **{name: getattr(cluster_map, name) for name in same},
        "map": cluster_map.map.ravel(),
        "map_height": height,
        "map_width": width,
        "channel_thumbnails": thumbnails.ravel(),
        "thumbnail_height": thumbnails.shape[1],
        "thumbnail_width": thumbnails.shape[2],
        "labels": [dataclasses.asdict(label) for label in cluster_map.labels],
        "rounds": None if cluster_map.rounds is None else dataclasses.asdict(cluster_map.rounds),
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


def _picture_row(explanation: Explanation, image: bytes, small: bytes) -> dict[str, Any]:
    height, width = explanation.picture.shape[:2]
    return {
        **_key_of(explanation),
        "hash": explanation.picture_hash,
        "network_hash": explanation.network_hash,
        "image": image,
        "thumbnail": small,
        "window": list(explanation.window),
        "height": height,
        "width": width,
        "prediction": explanation.prediction.index,
        "prediction_name": explanation.prediction.name,
        "prediction_probability": explanation.prediction.probability,
        "predictions": [
            {"index": one.index, "name": one.name, "probability": one.probability} for one in explanation.predictions
        ],
        "target_probability": explanation.target_probability,
        "recipe": explanation.recipe.to_json(),
        "n_columns": len(explanation.columns),
        "n_cluster_maps": sum(1 for _ in explanation.cluster_maps()),
    }


def _cluster_map(row: dict[str, Any]) -> ClusterMap:
    small = (row["thumbnail_height"], row["thumbnail_width"])
    thumbnails = np.array(row["channel_thumbnails"], np.uint8)
    same = ("id", "cluster", "channels", "channel_weights", "map_min", "map_max", "silhouette")
    return ClusterMap(
        **{name: row[name] for name in same},
        map=np.array(row["map"], np.float32).reshape(row["map_height"], row["map_width"]),
        channel_thumbnails=thumbnails.reshape(thumbnails.size // max(1, small[0] * small[1]), *small),
        labels=tuple(Label(**{**label, "typed": tuple(label["typed"])}) for label in row["labels"]),
        rounds=None if row["rounds"] is None else Rounds(**row["rounds"]),
        members=tuple(_cluster_map(member) for member in row.get("members", ())),
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


def _picture(row: dict[str, Any]) -> NDArray[np.uint8]:
    if row["image"] is None:  # it was left out
        return np.zeros((row["height"], row["width"], 3), np.uint8)
    return pixels(row["image"])


def _explanation(row: dict[str, Any], columns: tuple[Column, ...]) -> Explanation:
    target = row["target"]
    return Explanation(
        picture=_picture(row),
        name=row["picture"],
        picture_hash=row["hash"],
        network=row["network"],
        network_hash=row["network_hash"],
        window=tuple(row["window"]),
        target=target[0] if len(target) == 1 else tuple(target),
        target_name=row["target_name"],
        target_probability=row["target_probability"],
        prediction=Prediction(row["prediction"], row["prediction_name"], row["prediction_probability"]),
        predictions=tuple(Prediction(**one) for one in row["predictions"]),
        columns=columns,
        recipe=Recipe.from_json(row["recipe"]),
    )
