"""Runs as Parquet files, read an explanation at a time, on disk or behind URLs. Nothing is ever unpickled."""

from __future__ import annotations

import contextlib
import json
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from inv_widgets.run_bare import LEFT_OUT, filled
from inv_widgets.run_groups import GroupReader
from inv_widgets.run_rows import (
    SCHEMA_VERSION,
    SCHEMAS,
    added_after,
    explanation_of,
    to_frame,
    upgraded,
)
from inv_widgets.run_writer import RunWriter, companions, put_in_place, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from inv_widgets.explanation import Explanation
    from inv_widgets.url_files import UrlFile

__all__ = ["SCHEMAS", "SCHEMA_VERSION", "RunFiles", "RunWriter", "companions", "damaged", "opened", "to_frame", "write"]


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
    id
        Another one each time that a run is written.
    """

    def __init__(self, path: str | Path | UrlFile) -> None:
        paths = companions(path)
        _put_in_place(paths["cluster_maps"])
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
        self.id = str(written.get("run"))
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

    def __reduce__(self) -> tuple[Callable[[Path | UrlFile, str], RunFiles], tuple[Path | UrlFile, str]]:
        return _reopened, (self.path.absolute() if isinstance(self.path, Path) else self.path, self.id)

    def tables(self, place: int) -> dict[str, pa.Table]:
        """Read one explanation's rows of the three files, as this version writes them."""
        return {kind: upgraded(kind, reader.table(place)) for kind, reader in self._readers.items()}

    def bare(self, places: Sequence[int]) -> Iterator[Explanation]:
        """Read explanations without their pictures (black), rests' maps (0) and single channels' thumbnails (none).

        These are most of the bytes, and what counts labels asks for none. Quickest in the order of the files.
        """
        kinds = list(self._readers)
        of_kinds = (self._readers[kind].tables(places, LEFT_OUT) for kind in kinds)
        for tables in zip(*of_kinds, strict=True):
            found = zip(kinds, tables, strict=True)
            yield explanation_of({kind: upgraded(kind, filled(kind, table)) for kind, table in found})

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
    paths = companions(path)
    _put_in_place(paths["cluster_maps"])
    try:
        stats = [(file, file.stat()) for file in paths.values() if isinstance(file, Path)]
    except OSError:
        return RunFiles(path)  # which says what is missing
    if not stats:
        return RunFiles(path)  # behind a URL
    key = tuple((str(file.resolve()), one.st_ino, one.st_size, one.st_mtime_ns) for file, one in stats)
    files = _OPEN.get(key)
    if files is None:
        files = _OPEN[key] = RunFiles(path)
    return files


def damaged(error: Exception) -> bool:
    """Tell whether pyarrow could not make sense of a file: a footer that cannot be decoded is a bare OSError to it."""
    return isinstance(error, pa.ArrowInvalid) or (type(error) is OSError and error.errno is None)


def _put_in_place(path: Path | UrlFile) -> None:
    """Finish what a process that was killed while it gave files their places has begun."""
    if isinstance(path, Path):
        with contextlib.suppress(OSError):  # what is missing or does not fit is told below
            put_in_place(path)


def _reopened(path: Path | UrlFile, run: str) -> RunFiles:
    """Open the files of a run that was pickled or copied: it is its paths, not what is in them."""
    files = opened(path)
    if files.id != run:
        raise ValueError(
            f"[inv-widgets] {path} was written anew since this run was pickled or copied: load it again "
            "(inv.load), or pickle a run that is in memory: inv.Run(list(run))."
        )
    return files


def _open(kind: str, file: Path | UrlFile) -> pq.ParquetFile:
    try:
        # Behind a URL, what lies side by side comes with one request.
        parquet = pq.ParquetFile(file) if isinstance(file, Path) else pq.ParquetFile(file.open(), pre_buffer=True)
    except (pa.ArrowInvalid, OSError) as error:
        if not damaged(error):
            raise
        reason = str(error).strip().partition("\n")[0].rstrip(".")
        raise ValueError(
            f"[inv-widgets] {file} is not a Parquet file, or it is cut off or damaged: {reason}. Copy it again from "
            "where it was whole, or explain the pictures again."
        ) from error
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
