"""Writing a run's three Parquet files, on disk or behind URLs: they appear whole or not at all.

On a disk they are drafted in a folder beside, ``.NAME.`` and eight digits. When all is written, one step decides: it is
renamed ``.NAME.whole``. From then on that is the run; whoever opens or writes it next puts what is left there in its
place.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from inv_widgets.run_groups import GroupWriter
from inv_widgets.run_rows import SCHEMAS
from inv_widgets.run_tables import size_of, tables_of
from inv_widgets.url_files import UrlFile, file_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from typing_extensions import Self

    from inv_widgets.explanation import Explanation

__all__ = ["RunWriter", "called", "companions", "put_in_place", "write"]

# The cluster maps last: where they stand, the companions stand too.
_ORDER = ("pictures", "columns", "cluster_maps")
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
        self._drafts: Path | None = None
        self._writers: dict[str, GroupWriter] = {}
        self._waiting: list[tuple[Explanation, tuple[bytes, bytes] | None]] = []
        self._bytes = 0
        self.errors: dict[str, str] = {}
        self.job = dict(job or {})

    def __enter__(self) -> Self:
        try:
            self._drafts = _folder_of_drafts(self._paths["cluster_maps"])
            for kind, file in self._paths.items():
                self._writers[kind] = GroupWriter(self._drafts / file.name, SCHEMAS[kind])
        except BaseException:
            self._give_up()
            raise
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
        try:
            if kind is None:
                self._finish()
        finally:
            self._give_up()

    def _finish(self) -> None:
        self._add_waiting()
        written = json.dumps({"run": uuid.uuid4().hex, "errors": self.errors, "job": self.job})
        for writer in self._writers.values():
            writer.close({"inv_widgets": written})
        assert self._drafts is not None
        path = self._paths["cluster_maps"]
        if isinstance(path, Path):
            put_in_place(path)  # what another writer has left
            try:
                self._drafts.rename(_whole(path))
            except OSError as error:
                if not _whole(path).exists():
                    raise
                raise FileExistsError(
                    f"[inv-widgets] {str(path)!r} is being saved by another process too: save it again, or under "
                    f"another name. Where no other process is at work, delete the folder {str(_whole(path))!r}."
                ) from error
            try:
                put_in_place(path)
            except OSError:
                self._take_back(_whole(path))
                raise
        else:
            for file in (self._paths[kind] for kind in _ORDER):
                assert isinstance(file, UrlFile)
                file.put(self._drafts / file.name)

    def _take_back(self, whole: Path) -> None:
        """Let the run that was there before stay, where none of the files has its place yet."""
        if all((whole / file.name).exists() for file in self._paths.values()):
            shutil.rmtree(whole, ignore_errors=True)

    def _give_up(self) -> None:
        """Let go of drafts that have not become files."""
        for writer in self._writers.values():
            with contextlib.suppress(OSError, pa.ArrowException):  # a full disk was told of already
                writer.abandon()
        if self._drafts is not None:
            shutil.rmtree(self._drafts, ignore_errors=True)

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
                self._writers[kind].add(table if name is None else called(table, name), sizes.get(kind))


def write(
    path: str | Path | UrlFile, explanations: Iterable[Explanation], *, errors: Mapping[str, str] | None = None
) -> Path | UrlFile:
    """Write a run's three files; return the path of the first."""
    with RunWriter(path) as writer:
        writer.errors.update(errors or {})
        for explanation in explanations:
            writer.add(explanation)
    return companions(path)["cluster_maps"]


def called(table: pa.Table, name: str) -> pa.Table:
    """Give one explanation's rows with another name of the picture."""
    if not len(table) or table["picture"][0].as_py() == name:
        return table
    place = table.schema.get_field_index("picture")
    return table.set_column(place, table.schema.field(place), pa.array([name] * len(table), pa.string()))


def put_in_place(path: Path) -> None:
    """Give the files of a run that was written whole their places, where whoever wrote it was stopped before.

    Several processes may do so at once.

    Raises
    ------
    OSError
        Where that is not possible, as of files that others have open on Windows; the next call goes on with it.
    """
    whole = _whole(path)
    if not whole.exists():
        return
    files = companions(path)
    for kind in _ORDER:
        with contextlib.suppress(FileNotFoundError):  # it has its place
            os.replace(whole / files[kind].name, str(files[kind]))  # noqa: PTH105 (in one step)
    with contextlib.suppress(OSError):
        whole.rmdir()


def _whole(path: Path) -> Path:
    return path.with_name(f".{path.name.removesuffix('.parquet')}.whole")


def _folder_of_drafts(path: Path | UrlFile) -> Path:
    if not isinstance(path, Path):
        return Path(tempfile.mkdtemp(prefix="inv-widgets-"))
    folder = _whole(path).with_suffix(f".{uuid.uuid4().hex[:8]}")
    folder.mkdir(parents=True)
    return folder
