"""Runs in a folder: parts that workers wrote side by side, and the manifest that says what of them is the run.

``OUT/manifest.json`` names the parts, each a small run of three files in ``OUT/parts``, and the file with a row an
explanation: its picture, its target, and where it stands. The manifest is written last, in one step: what it does not
name is not of the run.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import re
import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from inv_widgets.run_files import RunFiles
from inv_widgets.run_rows import SCHEMAS, explanation_of
from inv_widgets.run_writer import called
from inv_widgets.url_files import file_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from inv_widgets.explanation import Explanation
    from inv_widgets.url_files import UrlFile

__all__ = ["INDEX", "JOB", "MANIFEST", "PARTS", "VERSION", "Keys", "RunFolder", "is_run_folder", "read_json"]

MANIFEST, JOB, PARTS = "manifest.json", "job.json", "parts"
VERSION = 1

INDEX = pa.schema([
    ("picture", pa.large_string()), ("target_name", pa.dictionary(pa.int32(), pa.string())),
    ("entry", pa.binary(10)), ("part", pa.int32()), ("place", pa.int32()),
])  # fmt: skip

_OPEN = 16  # parts; three open files each

_HOLDS: dict[str, dict[str, type]] = {
    MANIFEST: {"job": dict, "generation": str, "index": str, "parts": list, "errors": dict},
    JOB: {"job": dict, "generation": str},
}
# What lies in the folder: a manifest that somebody sent may name anything.
_STEM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_FILE = re.compile(_STEM.pattern + r"\.parquet")


def is_run_folder(path: str | Path | UrlFile) -> bool:
    """Tell whether the run at a path or URL is a folder's, whole or being made."""
    folder = file_at(path)
    return not folder.name.endswith(".parquet") and any((folder / name).exists() for name in (MANIFEST, JOB))


class Keys(Sequence[tuple[str, str]]):
    """(picture's name, target's name) pairs that stand in an Arrow table: a fifth of a list's memory."""

    def __init__(self, table: pa.Table) -> None:
        self._pictures = table["picture"].combine_chunks()
        self._targets = table["target_name"].combine_chunks()

    def __len__(self) -> int:
        return len(self._pictures)

    @overload
    def __getitem__(self, place: int) -> tuple[str, str]: ...
    @overload
    def __getitem__(self, place: slice) -> list[tuple[str, str]]: ...
    def __getitem__(self, place: int | slice) -> tuple[str, str] | list[tuple[str, str]]:
        if isinstance(place, slice):
            return list(zip(self._pictures[place].to_pylist(), self._targets[place].to_pylist(), strict=True))
        place = range(len(self))[place]
        return self._pictures[place].as_py(), self._targets[place].as_py()

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self[:])


class RunFolder:
    """A run in a folder, on disk or behind a URL; it has the face of :class:`inv_widgets.run_files.RunFiles`.

    Parts are opened when one of their explanations is read, and the last few stay open.

    Attributes
    ----------
    path
        The folder.
    keys
        (picture's name, target's name) of each explanation.
    errors
        ``{picture name: reason}`` of the pictures that could not be explained.
    job
        How the run was made.

    Raises
    ------
    FileNotFoundError
        Where the run is not whole.
    ValueError
        For a manifest or index that is none, or of a newer version, and where they name files outside the folder.
    """

    def __init__(self, path: str | Path | UrlFile) -> None:
        self.path: Path | UrlFile = file_at(path)
        manifest = read_json(self.path / MANIFEST)
        if manifest is None:
            raise FileNotFoundError(
                f"[inv-widgets] The run in {self.path} is not whole: there is no {MANIFEST}. The same call of "
                "explain_many goes on with it."
            )
        self.job: dict[str, Any] = manifest["job"]
        self.errors: dict[str, str] = manifest["errors"]
        self.parts: list[str] = manifest["parts"]
        for name in (manifest["index"], *self.parts):
            if not isinstance(name, str) or not _FILE.fullmatch(name):
                raise ValueError(
                    f"[inv-widgets] {self.path / MANIFEST} names {name!r:.200}, which is no .parquet file's name in "
                    "that folder, so nothing is read. Ask who made it for the folder as explain_many wrote it."
                )
        self.index: pa.Table = _index(self.path / manifest["index"], len(self.parts))
        self.keys = Keys(self.index)
        self._part_of = self.index["part"].to_numpy()
        self._place_of = self.index["place"].to_numpy()
        self._open: OrderedDict[int, RunFiles] = OrderedDict()
        self._opening = threading.Lock()  # views of one run may ask from several threads

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_open": OrderedDict(), "_opening": None}  # open files and locks are this process's own

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__ |= state | {"_opening": threading.Lock()}

    def tables(self, place: int) -> dict[str, pa.Table]:
        """Read one explanation's rows of its part's three files, as this version writes them."""
        part, within = int(self._part_of[place]), int(self._place_of[place])
        tables = self._part_with(part, within).tables(within)
        name = self.keys[place][0]
        return {kind: called(table, name) for kind, table in tables.items()}

    def bare(self, places: Sequence[int]) -> Iterator[Explanation]:
        """Read explanations without pictures and more: see :meth:`inv_widgets.run_files.RunFiles.bare`."""
        for part, together in itertools.groupby(places, lambda place: int(self._part_of[place])):
            of_part = list(together)
            within = [int(self._place_of[place]) for place in of_part]
            read = self._part_with(part, max(within)).bare(within)
            for place, explanation in zip(of_part, read, strict=True):
                yield dataclasses.replace(explanation, name=self.keys[place][0])

    def some(self, kind: str, names: list[str], places: Sequence[int] | None = None) -> list[list[dict[str, Any]]]:
        """Read some columns of one kind, of all rows or of the explanations at `places`: a list of rows each."""
        places = range(len(self.keys)) if places is None else places
        by_part: dict[int, list[int]] = {}
        for place in places:
            by_part.setdefault(int(self._part_of[place]), []).append(place)
        found: dict[int, list[dict[str, Any]]] = {}
        for part, of_part in by_part.items():
            within = [int(self._place_of[place]) for place in of_part]
            found.update(zip(of_part, self._part_with(part, max(within)).some(kind, names, within), strict=True))
        if "picture" in names:
            for place, rows in found.items():
                name = self.keys[place][0]
                found[place] = [row | {"picture": name} for row in rows]
        return [found[place] for place in places]

    def columns(self, kind: str, names: list[str]) -> tuple[pa.Table, NDArray[np.int64]]:
        """Read some columns of one kind as they are; rows ``starts[i]`` up to ``starts[i + 1]`` are explanation i's.

        The picture's name is that in its part.
        """
        if not self.parts or not len(self.keys):
            return pa.schema([SCHEMAS[kind].field(name.partition(".")[0]) for name in names]).empty_table(), np.zeros(
                1, np.int64
            )
        last = np.zeros(len(self.parts), np.int64)
        np.maximum.at(last, self._part_of, self._place_of)
        read = [self._part_with(part, int(last[part])).columns(kind, names) for part in range(len(self.parts))]
        firsts = np.concatenate([[0], np.cumsum([len(table) for table, _ in read])])
        spans = [
            (firsts[part] + read[part][1][place], firsts[part] + read[part][1][place + 1])
            for part, place in zip(self._part_of.tolist(), self._place_of.tolist(), strict=True)
        ]
        order = np.concatenate([np.arange(start, stop) for start, stop in spans])
        starts = np.concatenate([[0], np.cumsum([stop - start for start, stop in spans])])
        return pa.concat_tables([table for table, _ in read]).take(pa.array(order)), starts

    def read(self, place: int) -> Explanation:
        """Read one explanation."""
        return explanation_of(self.tables(place))

    def _places(self) -> Iterator[tuple[int, int]]:
        return zip(self._part_of.tolist(), self._place_of.tolist(), strict=True)

    def _part_with(self, part: int, place: int) -> RunFiles:
        """Give a part that must have an explanation at `place`."""
        files = self._part(part)
        if place >= len(files.keys):
            raise ValueError(
                f"[inv-widgets] The index of {self.path} names explanation {place} of {self.parts[part]}, which has "
                f"{len(files.keys)}, counted from 0: one of the two is damaged or another run's. Copy the folder "
                "again, or explain the pictures again."
            )
        return files

    def _part(self, part: int) -> RunFiles:
        with self._opening:
            if part not in self._open:
                if len(self._open) >= _OPEN:
                    self._open.popitem(last=False)
                self._open[part] = RunFiles(self.path / PARTS / self.parts[part])
            self._open.move_to_end(part)
            return self._open[part]


def read_json(file: Path | UrlFile) -> dict[str, Any] | None:
    """Read the manifest or the job of a run in a folder; None where there is no such file.

    Raises
    ------
    ValueError
        For a file that is none, that lacks something, or of a newer version.
    """
    try:
        found = json.loads(file.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise ValueError(f"[inv-widgets] {file} is not of a run of inv-widgets: {error}.") from error
    if not isinstance(found, dict) or not isinstance(found.get("inv_widgets"), int):
        raise ValueError(f"[inv-widgets] {file} is not of a run of inv-widgets.")  # noqa: TRY004 (a file's content)
    if found["inv_widgets"] > VERSION:
        raise ValueError(
            f"[inv-widgets] {file} has version {found['inv_widgets']}, this inv-widgets reads up to {VERSION}: "
            "upgrade inv-widgets to read it."
        )
    lacks = [name for name, kind in _HOLDS[file.name].items() if not isinstance(found.get(name), kind)]
    if not lacks and not _STEM.fullmatch(found["generation"]):  # what the names of new files begin with
        lacks = ["generation"]
    if lacks:
        raise ValueError(
            f"[inv-widgets] {file} is damaged: {', '.join(lacks)} is missing, or not what it should be. Copy the "
            "folder again, or explain the pictures again into a new one."
        )
    return found


def _index(file: Path | UrlFile, n_parts: int) -> pa.Table:
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(
            f"[inv-widgets] {file} is missing: a run's folder is copied with all that is in it."
        ) from None
    try:
        table = pq.read_table(pa.BufferReader(content)).cast(INDEX)
        _check_index(table, n_parts)
    except (ValueError, OSError, pa.ArrowException) as error:
        reason = str(error).strip().partition("\n")[0]
        raise ValueError(
            f"[inv-widgets] {file} is damaged ({reason}): copy the folder again, or explain the pictures again."
        ) from error
    return table


def _check_index(table: pa.Table, n_parts: int) -> None:
    table.validate(full=True)
    if any(column.null_count for column in table.columns):
        raise ValueError("it has gaps")
    parts, places = table["part"], table["place"]
    if len(table) and (pc.min(parts).as_py() < 0 or pc.max(parts).as_py() >= n_parts or pc.min(places).as_py() < 0):
        raise ValueError(f"it names others than the run's {n_parts} parts")
