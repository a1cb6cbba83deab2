"""The folder that workers write parts of a run into: what of it is made already, and the manifest at the end."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import os
import shutil
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from inv_widgets import atomic
from inv_widgets.analysis.parts import lock, require_same
from inv_widgets.analysis.picture_lists import UniqueNames
from inv_widgets.pictures import load_picture
from inv_widgets.run_files import companions, damaged
from inv_widgets.run_folder import INDEX, JOB, MANIFEST, PARTS, VERSION, RunFolder, read_json
from inv_widgets.url_files import file_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from inv_widgets.analysis.picture_lists import Entry
    from inv_widgets.url_files import UrlFile

__all__ = ["PartsFolder", "entry_id", "owned"]

_READERS = 16  # footers of parts are small: what takes time is asking for them


def entry_id(entry: Entry, target: str) -> bytes:
    """Say in 10 bytes what is to be explained: the picture's name, what it is, and the target in words.

    A picture in a file is known by its path, not by what is in it: reading a million pictures twice, to know that they
    have not changed, costs more than a person who knows it. Others are known by their content.
    """
    picture = entry.picture
    if isinstance(picture, (str, os.PathLike)):
        what = f"path {os.fspath(picture)}"
    else:
        try:
            what = f"content {load_picture(picture).hash}"
        except Exception as error:  # noqa: BLE001 (no picture: the worker will say so)
            what = f"error {error}"
    text = json.dumps([entry.name, what, target])
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=10).digest()


@contextlib.contextmanager
def owned(out: str | Path) -> Iterator[Path | UrlFile]:
    """Give the folder, on a disk to one process at a time.

    Raises
    ------
    RuntimeError
        While another process works on it.
    ValueError
        For a file's name.
    """
    folder = file_at(out)
    if folder.name.endswith(".parquet"):
        raise ValueError(
            f"[inv-widgets] out={str(out)!r} is a file's name, and several workers write into a folder: give "
            f"{str(out).removesuffix('.parquet')!r}."
        )
    if isinstance(folder, Path):
        folder = folder.absolute()
    with lock(folder) if isinstance(folder, Path) else contextlib.nullcontext():
        yield folder


class PartsFolder:
    """A run in a folder while it is made.

    Parameters
    ----------
    folder
        Where the run is.
    job
        How the run is made: what must be the same for a resumed run.
    resume
        Go on with what is there. False: what is there stays the run until this one is whole, and is then removed.

    Attributes
    ----------
    generation
        What the names of parts begin with; another one after ``resume=False``.

    Raises
    ------
    ValueError
        If what is there was made in another way.
    """

    def __init__(self, folder: Path | UrlFile, job: Mapping[str, Any], *, resume: bool) -> None:
        self.folder = folder
        self._job = dict(job)
        manifest, begun = read_json(folder / MANIFEST), read_json(folder / JOB)
        self._replaced = {_within(name) for name in manifest["parts"]} if manifest else set()
        there = (begun or manifest) if resume else None
        if there is not None and manifest is None and not self._parts_of(there["generation"]):
            there = None  # it was begun, and no more
        self.generation: str = there["generation"] if there else uuid.uuid4().hex[:8]
        self._parts: list[str] = []
        self._made: dict[bytes, _Place] = {}
        self._errors: dict[str, str] = {}
        self._taken_over: list[_Place] | None = None
        if there is None:
            self._write(JOB, {"job": self._job, "generation": self.generation})
            return
        require_same(there["job"], self._job, folder)
        if manifest is not None and manifest["generation"] == self.generation:
            self._take_over(RunFolder(folder))
        self._find()

    def __contains__(self, entry: bytes) -> bool:
        return entry in self._made

    def add(self, file: str, rows: Sequence[tuple[bytes, str, str]]) -> None:
        """Add a part with its (entry, picture name, target name) rows; what is there already stays where it is."""
        self._parts.append(file)
        for place, (entry, picture, target) in enumerate(rows):
            self._made.setdefault(entry, _Place(picture, target, entry, len(self._parts) - 1, place))

    def commit(self, wanted: Sequence[tuple[bytes, str]], errors: Mapping[str, str]) -> None:
        """Make the run whole: the wanted explanations, then those that it held before; remove what it does not name.

        Parameters
        ----------
        wanted
            (entry, picture name) pairs, in order; those that were not made are left out.
        errors
            ``{picture name: reason}``; earlier ones of other pictures stay.
        """
        asked, asked_for = {entry for entry, _ in wanted}, {name for _, name in wanted}
        errors = {name: why for name, why in self._errors.items() if name not in asked_for} | dict(errors)
        rows = [self._made[entry] for entry, _ in wanted if entry in self._made]
        names = UniqueNames(row.picture for row in rows)
        older = [row for entry, row in self._made.items() if entry not in asked]
        rows += [row._replace(picture=names.take(row.picture)) for row in older]
        if rows == self._taken_over and errors == self._errors:
            return
        used = sorted({row.part for row in rows})
        number = {part: place for place, part in enumerate(used)}
        parts = [self._parts[part] for part in used]
        old = read_json(self.folder / MANIFEST)
        index = f"index-{uuid.uuid4().hex[:8]}.parquet"
        self._put(index, _parquet([row._replace(part=number[row.part]) for row in rows]))
        manifest = {"job": self._job, "generation": self.generation, "index": index, "count": len(rows)}
        self._write(MANIFEST, manifest | {"parts": parts, "errors": errors})
        self._clean(set(parts))
        if old is not None:
            _remove(self.folder / _within(old["index"]))

    def _take_over(self, run: RunFolder) -> None:
        self._errors, self._parts = run.errors, list(run.parts)
        columns = (run.index[name].to_pylist() for name in INDEX.names)
        self._taken_over = list(itertools.starmap(_Place, zip(*columns, strict=True)))
        self._made = {row.entry: row for row in self._taken_over}

    def _find(self) -> None:
        """Find the parts that are whole and that no manifest names yet."""
        taken = {*self._parts, *self._replaced}
        files = [name for name in self._parts_of(self.generation) if name not in taken]
        with ThreadPoolExecutor(_READERS, "inv-widgets-parts") as pool:
            for file, rows in zip(files, pool.map(self._rows_of, files), strict=True):
                if rows is not None:
                    self.add(file, rows)

    def _parts_of(self, generation: str) -> list[str]:
        """List the parts that are whole: their file of cluster maps comes last."""
        names = _names(self.folder / PARTS)
        return [name for name in names if name.startswith(f"{generation}-") and name.count(".") == 1]

    def _rows_of(self, name: str) -> list[tuple[bytes, str, str]] | None:
        file = self.folder / PARTS / name
        try:
            parquet = pq.ParquetFile(file if isinstance(file, Path) else file.open())
            rows = json.loads(parquet.metadata.metadata[b"inv_widgets"])["job"]["rows"]
        except (pa.ArrowInvalid, KeyError, ValueError):
            return None  # cut off, where files do not appear in one step
        except OSError as error:
            if damaged(error):
                return None
            raise
        return [(bytes.fromhex(entry), picture, target) for entry, picture, target in rows]

    def _clean(self, named: set[str]) -> None:
        """Remove what was replaced; on a disk, which is this process's own meanwhile, also what was left lying."""
        folder = self.folder / PARTS
        if isinstance(folder, Path):
            stems = {file.partition(".")[0] for file in named}
            for name in _names(folder):
                if name.lstrip(".").partition(".")[0] not in stems:
                    _remove(folder / name)
            return
        for file in self._replaced - named:
            for one in companions(folder / file).values():
                _remove(one)

    def _write(self, name: str, content: Mapping[str, Any]) -> None:
        self._put(name, json.dumps({"inv_widgets": VERSION, **content}).encode())

    def _put(self, name: str, content: bytes) -> None:
        file = self.folder / name
        if isinstance(file, Path):
            atomic.write(file, content)
        else:
            file.write_bytes(content)


class _Place(NamedTuple):
    """A row of the index."""

    picture: str
    target_name: str
    entry: bytes
    part: int
    place: int


def _parquet(rows: list[_Place]) -> bytes:
    columns = zip(*rows, strict=True) if rows else [()] * len(INDEX)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, INDEX, strict=True)]
    buffer = pa.BufferOutputStream()
    pq.write_table(pa.table(arrays, schema=INDEX), buffer, compression="zstd")
    content: bytes = buffer.getvalue().to_pybytes()
    return content


def _names(folder: Path | UrlFile) -> list[str]:
    if not isinstance(folder, Path):
        return folder.names()
    return sorted(file.name for file in folder.iterdir()) if folder.is_dir() else []


def _within(name: str) -> str:
    """Give a name without folders: what somebody else's manifest names elsewhere is nothing to remove."""
    return PureWindowsPath(name).name


def _remove(file: Path | UrlFile) -> None:
    with contextlib.suppress(OSError):  # another process has it open, or has removed it
        if isinstance(file, Path) and file.name.startswith(".") and file.is_dir():  # a worker's drafts
            shutil.rmtree(file)
        else:
            file.unlink()
