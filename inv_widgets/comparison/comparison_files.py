"""A comparison as two Parquet files: NAME.parquet (a row a map), NAME.pictures.parquet. Nothing is ever unpickled."""

from __future__ import annotations

import io
import json
import math
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from inv_widgets import atomic
from inv_widgets.comparison.comparison_result import ComparedMap, ComparedMethod, ComparedPicture, ComparisonResult
from inv_widgets.explanation import Prediction

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["MAPS", "as_bytes", "files", "map_of", "map_row", "read", "table_of", "write", "written"]

SCHEMA_VERSION = 1

_text, _int, _real = pa.string(), pa.int32(), pa.float64()

MAPS = pa.schema([
    ("picture", _int), ("method", _text), ("key", _text), ("native", pa.list_(pa.float32())), ("height", _int),
    ("width", _int), ("seconds", _real), ("forwards", _real), ("backwards", _real), ("peak_memory", _real),
    ("metrics", _text), ("reasons", _text), ("notes", _text), ("error", _text), ("schema_version", _int),
])  # fmt: skip

PICTURES = pa.schema([
    ("name", _text), ("hash", _text), ("image", pa.binary()), ("window", pa.list_(_real)), ("mask", pa.binary()),
    ("target", pa.list_(_int)), ("target_name", _text), ("probability", _real),
    ("predictions", pa.list_(pa.struct([("index", _int), ("name", _text), ("probability", _real)]))),
    ("schema_version", _int),
])  # fmt: skip

# Fields that are columns too, as they are.
_SAME = ("method", "seconds", "forwards", "backwards", "peak_memory", "error")
_SAME_OF_PICTURE = ("name", "hash", "target_name", "probability")

Result = TypeVar("Result", bound=ComparisonResult)


def files(path: str | Path) -> tuple[Path, Path]:
    """Name the two files of the comparison at `path` (``NAME.parquet``; the ending may be left out)."""
    path = Path(path)
    stem = path.with_suffix("") if path.suffix == ".parquet" else path
    return stem.with_name(f"{stem.name}.parquet"), stem.with_name(f"{stem.name}.pictures.parquet")


def write(
    path: str | Path, result: ComparisonResult, *, keys: Sequence[Sequence[str]] | None = None, **job: Any
) -> Path:
    """Write both files, each whole or not at all; return the path of the first.

    Parameters
    ----------
    path
        ``NAME.parquet``.
    result
        What is written.
    keys
        What names the making of each map, in the order of ``result.maps``; none for a result that cannot be resumed.
    job
        How it was made: what must be the same for a resumed comparison.
    """
    maps_file, pictures_file = files(path)
    about = {
        **job,
        "comparison": uuid.uuid4().hex,
        "network": result.network,
        "network_hash": result.network_hash,
        "metrics": list(result.metrics),
        "methods": [
            {"key": one.key, "name": one.name, "title": one.title, "family": one.family, "paper": one.paper,
             "parameters": written(one.parameters)}
            for one in result.methods
        ],
    }  # fmt: skip
    rows = [
        map_row(place, "" if keys is None else keys[place][number], each)
        for place, row in enumerate(result.maps)
        for number, each in enumerate(row)
    ]
    atomic.write(pictures_file, as_bytes([_picture_row(one) for one in result.pictures], PICTURES, about))
    # The maps last: where they stand, the pictures stand too.
    atomic.write(maps_file, as_bytes(rows, MAPS, about))
    return maps_file


def read(kind: type[Result], path: str | Path) -> Result:
    """Read both files."""
    maps_file, pictures_file = files(path)
    for file in (maps_file, pictures_file):
        if not file.exists():
            raise FileNotFoundError(
                f"[inv-widgets] There is no {file}. A comparison is two files side by side: NAME.parquet and "
                "NAME.pictures.parquet."
            )
    maps_table, about = table_of(maps_file, MAPS)
    pictures_table, also = table_of(pictures_file, PICTURES)
    if about.get("comparison") != also.get("comparison"):
        raise ValueError(
            f"[inv-widgets] {maps_file} and {pictures_file} are not of one comparison. Copy both together."
        )
    methods = tuple(ComparedMethod(**{**one, "parameters": json.loads(one["parameters"])}) for one in about["methods"])
    pictures = tuple(_picture(row) for row in pictures_table.to_pylist())
    found = {(row["picture"], row["method"]): map_of(row) for row in maps_table.to_pylist()}
    return kind(
        network=about["network"],
        network_hash=about["network_hash"],
        methods=methods,
        pictures=pictures,
        maps=tuple(tuple(found[place, one.key] for one in methods) for place in range(len(pictures))),
        metrics=tuple(about["metrics"]),
    )


def table_of(file: Path, schema: pa.Schema) -> tuple[pa.Table, dict[str, Any]]:
    """Read one file and what it says of itself.

    Raises
    ------
    ValueError
        For what is no such file.
    """
    try:
        table = pq.read_table(file)
    except pa.ArrowInvalid as error:
        raise ValueError(f"[inv-widgets] {file} is not a Parquet file, or it is cut off: {error}.") from error
    missing = set(schema.names) - set(table.column_names)
    if missing:
        raise ValueError(
            f"[inv-widgets] {file} is no comparison: it lacks the columns {', '.join(sorted(missing))}. A saved run is "
            "read by inv.load."
        )
    newest = max(table["schema_version"].to_pylist(), default=SCHEMA_VERSION)
    if newest > SCHEMA_VERSION:
        raise ValueError(
            f"[inv-widgets] {file} has schema version {newest}, this inv-widgets reads up to {SCHEMA_VERSION}: upgrade "
            "inv-widgets to read it."
        )
    return table, json.loads((table.schema.metadata or {}).get(b"inv_widgets", b"{}"))


def map_row(picture: int, key: str, found: ComparedMap) -> dict[str, Any]:
    """Give a map's row."""
    native = found.native
    return {
        "picture": picture,
        "key": key,
        **{name: getattr(found, name) for name in _SAME},
        "native": None if native is None else native.ravel(),
        "height": 0 if native is None else native.shape[0],
        "width": 0 if native is None else native.shape[1],
        "metrics": written({name: None if math.isnan(value) else value for name, value in found.metrics.items()}),
        "reasons": written(found.reasons),
        "notes": written(found.notes),
        "schema_version": SCHEMA_VERSION,
    }


def map_of(row: Mapping[str, Any]) -> ComparedMap:
    """Give the map of a row."""
    native = row["native"]
    metrics = json.loads(row["metrics"])
    return ComparedMap(
        **{name: row[name] for name in _SAME},
        native=None if native is None else np.array(native, np.float32).reshape(row["height"], row["width"]),
        metrics={name: math.nan if value is None else float(value) for name, value in metrics.items()},
        reasons=json.loads(row["reasons"]),
        notes=json.loads(row["notes"]),
    )


def written(values: Mapping[str, Any]) -> str:
    """Write parameters or notes as JSON; what JSON cannot hold is written as its text."""
    return json.dumps(dict(values), default=_plain)


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):  # arrays, tensors and their numbers
        return value.tolist()
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=str)
    return str(value)


def as_bytes(rows: list[dict[str, Any]], schema: pa.Schema, about: Mapping[str, Any]) -> bytes:
    """Give a Parquet file with what it says of itself."""
    table = pa.Table.from_pylist(rows, schema.with_metadata({"inv_widgets": json.dumps(about)}))
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def _png(pixels: NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def _picture_row(one: ComparedPicture) -> dict[str, Any]:
    return {
        **{name: getattr(one, name) for name in _SAME_OF_PICTURE},
        "image": _png(one.picture),
        "window": list(one.window),
        "mask": None if one.mask is None else _png(one.mask),
        "target": list(one.target) if isinstance(one.target, tuple) else [one.target],
        "predictions": [{"index": p.index, "name": p.name, "probability": p.probability} for p in one.predictions],
        "schema_version": SCHEMA_VERSION,
    }


def _picture(row: Mapping[str, Any]) -> ComparedPicture:
    with Image.open(io.BytesIO(row["image"])) as image:
        picture = np.array(image.convert("RGB"))
    mask = None
    if row["mask"] is not None:
        with Image.open(io.BytesIO(row["mask"])) as image:
            mask = np.array(image.convert("1"))
    target = row["target"]
    return ComparedPicture(
        **{name: row[name] for name in _SAME_OF_PICTURE},
        picture=picture,
        window=tuple(row["window"]),
        mask=mask,
        target=target[0] if len(target) == 1 else tuple(target),
        predictions=tuple(Prediction(**one) for one in row["predictions"]),
    )
