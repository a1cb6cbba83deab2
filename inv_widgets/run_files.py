"""Runs as Parquet files, read an explanation at a time, on disk or behind URLs. Nothing is ever unpickled."""

from __future__ import annotations

import json
import os
import tempfile
import uuid
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from inv_widgets.run_groups import GroupReader, GroupWriter
from inv_widgets.run_rows import (
    SCHEMA_VERSION,
    SCHEMAS,
    added_after,
    explanation_of,
    to_frame,
    upgraded,
)
from inv_widgets.run_tables import size_of, tables_of
from inv_widgets.url_files import UrlFile, file_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from typing_extensions import Self

    from inv_widgets.explanation import Explanation

__all__ = ["SCHEMAS", "SCHEMA_VERSION", "RunFiles", "RunWriter", "companions", "opened", "to_frame", "write"]


_AT_ONCE = 16
_BYTES_AT_ONCE = 4_000_000
"""So many explanations become tables together, which takes a third of the time."""


def companions(path: str | Path | UrlFile) -> dict[str, Path | UrlFile]:
    """Name the three files of the run at `path` (``NAME.parquet``; the ending may be left out), or at a URL."""
    file = file_at(path)
    name = file.name.removesuffix(".parquet")
    return {
        "cluster_maps": file.with_name(name + ".parquet"),
        "columns": file.with_name(name + ".columns.parquet"),
        "pictures": file.with_name(name + ".pictures.parquet"),
    }


class RunWriter:
    """Write explanations one by one; the files take their names only when all are written.

    Use it as a context manager: after an exception no file is left behind and an older run of that name stands.

    Parameters
    ----------
    path
        ``NAME.parquet``, or its URL (``s3://bucket/NAME.parquet``): then the files are made in a temporary folder and
        uploaded at the end.
    job
        How the run was made, to be read back as :attr:`RunFiles.job`; anything that JSON can hold.

    Attributes
    ----------
    errors
        ``{picture name: reason}``, written when the files are closed.
    """

    def __init__(self, path: str | Path | UrlFile, *, job: Mapping[str, Any] | None = None) -> None:
        self._paths = companions(path)
        self._drafts: dict[str, Path] = {}
        self._writers: dict[str, GroupWriter] = {}
        self._waiting: list[tuple[Explanation, tuple[bytes, bytes] | None]] = []
        self._bytes = 0
        self.errors: dict[str, str] = {}
        self.job = dict(job or {})

    def __enter__(self) -> Self:
        for kind, file in self._paths.items():
            draft = self._drafts[kind] = _draft(file)
            self._writers[kind] = GroupWriter(draft, SCHEMAS[kind])
        return self

    def add(self, explanation: Explanation, kept_as: tuple[bytes, bytes] | None = None) -> None:
        """Append one explanation; `kept_as` is what :func:`.thumbnails.stored` made of its picture already."""
        self._waiting.append((explanation, kept_as))
        self._bytes += size_of(explanation)
        if len(self._waiting) >= _AT_ONCE or self._bytes >= _BYTES_AT_ONCE:
            self._add_waiting()

    def copy(
        self, tables: Mapping[str, pa.Table], *, name: str | None = None, sizes: Mapping[str, int] | None = None
    ) -> None:
        """Append one explanation as tables, such as :meth:`RunFiles.tables` gives, without decoding it.

        Parameters
        ----------
        name
            Calls the picture anew.
        sizes
            Bytes of each table, where they are known.
        """
        self._add_waiting()
        self._append(tables, sizes or {}, name)

    def __exit__(self, kind: object, *_: object) -> None:
        written = {"run": uuid.uuid4().hex, "errors": self.errors, "job": self.job}
        try:
            if kind is None:
                self._add_waiting()
            for writer in self._writers.values():
                if kind is None:
                    writer.close({"inv_widgets": json.dumps(written)})
                else:
                    writer.abandon()
            # The cluster maps last: where they stand, the companions stand too.
            for name in ("pictures", "columns", "cluster_maps") if kind is None else ():
                _move(self._drafts[name], self._paths[name])
        finally:
            for draft in self._drafts.values():
                draft.unlink(missing_ok=True)

    def _add_waiting(self) -> None:
        if not self._waiting:
            return
        tables = tables_of(*zip(*self._waiting, strict=True))
        self._waiting, self._bytes = [], 0
        for place in range(len(tables)):
            self._append(tables.of(place), tables.sizes(place))

    def _append(self, tables: Mapping[str, pa.Table], sizes: Mapping[str, int], name: str | None = None) -> None:
        for kind, table in tables.items():
            if len(table):
                self._writers[kind].add(table if name is None else _called(table, name), sizes.get(kind))


def write(
    path: str | Path | UrlFile, explanations: Iterable[Explanation], *, errors: Mapping[str, str] | None = None
) -> Path | UrlFile:
    """Write a run's three files; return the path of the first."""
    with RunWriter(path) as writer:
        writer.errors.update(errors or {})
        for explanation in explanations:
            writer.add(explanation)
    return companions(path)["cluster_maps"]


class RunFiles:
    """The three files of a saved run, read an explanation at a time.

    Attributes
    ----------
    path
        Where ``NAME.parquet`` is; a :class:`inv_widgets.url_files.UrlFile` behind a URL.
    keys
        (picture's name, target's name) of each explanation.
    errors
        ``{picture name: reason}`` of the pictures that could not be explained.
    job
        How the run was made, as it was given to :class:`RunWriter`.
    """

    def __init__(self, path: str | Path | UrlFile) -> None:
        paths = companions(path)
        self.path: Path | UrlFile = paths["cluster_maps"]
        missing = [file.name for file in paths.values() if not file.exists()]
        if len(missing) == len(paths):
            raise FileNotFoundError(f"[inv-widgets] There is no run at {paths['cluster_maps']}. Check the path.")
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
        small = ["picture", "target_name", "n_columns", "n_cluster_maps"]
        found = self._files["pictures"].read(small)
        self.keys = list(zip(found["picture"].to_pylist(), found["target_name"].to_pylist(), strict=True))
        counts = {
            "pictures": [1] * len(self.keys),
            "columns": found["n_columns"].to_pylist(),
            "cluster_maps": found["n_cluster_maps"].to_pylist(),
        }
        self._readers = {kind: self._reader(kind, counts[kind]) for kind in self._files}

    def tables(self, place: int) -> dict[str, pa.Table]:
        """Read one explanation's rows of the three files, as this version writes them."""
        return {kind: upgraded(kind, reader.table(place)) for kind, reader in self._readers.items()}

    def some(self, kind: str, names: list[str], places: Sequence[int] | None = None) -> list[list[dict[str, Any]]]:
        """Read some columns of one file, of all rows or of the explanations at `places`: a list of rows an explanation.

        Other columns are not decoded, other row groups not read.
        """
        return self._readers[kind].rows(names, places)

    def columns(self, kind: str, names: list[str]) -> tuple[pa.Table, NDArray[np.int64]]:
        """Read some columns of one file as they are; rows ``starts[i]`` up to ``starts[i + 1]`` are explanation i's."""
        return self._readers[kind].columns(names)

    def read(self, place: int) -> Explanation:
        """Read one explanation."""
        return explanation_of(self.tables(place))

    def _reader(self, kind: str, counts: list[int]) -> GroupReader:
        try:
            return GroupReader(self._files[kind], counts)
        except ValueError as error:
            raise ValueError(
                f"[inv-widgets] {companions(self.path)[kind]} does not fit its companions: {error}."
            ) from None


_OPEN: weakref.WeakValueDictionary[tuple[tuple[str | int, ...], ...], RunFiles] = weakref.WeakValueDictionary()


def opened(path: str | Path | UrlFile) -> RunFiles:
    """Open a run's files, or give those that are open already, as long as nobody has written them anew.

    A cell that is run again leaves its first Explorer behind, unseen: two of a run must not take twice the memory.
    """
    paths = companions(path).values()
    try:
        stats = [(file, file.stat()) for file in paths if isinstance(file, Path)]
    except OSError:
        return RunFiles(path)  # which says what is missing
    if not stats:
        return RunFiles(path)  # behind a URL
    key = tuple((str(file.resolve()), one.st_ino, one.st_size, one.st_mtime_ns) for file, one in stats)
    files = _OPEN.get(key)
    if files is None:
        files = _OPEN[key] = RunFiles(path)
    return files


def _draft(file: Path | UrlFile) -> Path:
    """Name the local file that is written first."""
    if isinstance(file, Path):
        file.parent.mkdir(parents=True, exist_ok=True)
        return file.with_name(f".{file.name}.{uuid.uuid4().hex[:8]}")
    return Path(tempfile.gettempdir(), f"inv-widgets-{uuid.uuid4().hex}.parquet")


def _move(draft: Path, file: Path | UrlFile) -> None:
    if isinstance(file, Path):
        os.replace(draft, file)  # noqa: PTH105 (in one step)
    else:
        file.put(draft)


def _open(kind: str, file: Path | UrlFile) -> pq.ParquetFile:
    try:
        # Behind a URL, what lies side by side comes with one request.
        parquet = pq.ParquetFile(file) if isinstance(file, Path) else pq.ParquetFile(file.open(), pre_buffer=True)
    except pa.ArrowInvalid as error:
        raise ValueError(f"[inv-widgets] {file} is not a Parquet file, or it is cut off: {error}.") from error
    missing = set(SCHEMAS[kind].names) - set(parquet.schema_arrow.names)
    if "schema_version" not in missing:
        rows = parquet.metadata.num_rows
        version = parquet.read_row_group(0, ["schema_version"])["schema_version"][0].as_py() if rows else 1
        if version > SCHEMA_VERSION:
            raise ValueError(
                f"[inv-widgets] {file} has schema version {version}, this inv-widgets reads up to {SCHEMA_VERSION}: "
                "upgrade inv-widgets to read it."
            )
        missing -= added_after(version, kind)
    if missing:
        lacks = ", ".join(sorted(missing))
        raise ValueError(f"[inv-widgets] {file} is no run of inv-widgets: it lacks the columns {lacks}.")
    return parquet


def _written(parquet: pq.ParquetFile) -> dict[str, Any]:
    metadata = parquet.metadata.metadata or {}
    found: dict[str, Any] = json.loads(metadata.get(b"inv_widgets", b"{}"))
    return found


def _called(table: pa.Table, name: str) -> pa.Table:
    place = table.schema.get_field_index("picture")
    if table["picture"][0].as_py() == name:
        return table
    return table.set_column(place, table.schema.field(place), pa.array([name] * len(table), pa.string()))
