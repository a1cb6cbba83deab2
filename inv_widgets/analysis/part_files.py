"""The parts of a run that is being made: files of some explanations each, quick to write and to read again.

A part a picture would be ten thousand files of a run of ten thousand; so explanations that come quickly share one.
Parts are for this machine and a short time: Arrow's own format, nothing compressed, a row an explanation. A part's name
ends with the CRC-32 of its bytes: a power cut can leave a file of the right length with zeros in it.
"""

from __future__ import annotations

import time
import uuid
import zlib
from typing import TYPE_CHECKING

import pyarrow as pa

from inv_widgets import atomic
from inv_widgets.run_rows import SCHEMAS
from inv_widgets.run_tables import Tables, size_of, tables_of

if TYPE_CHECKING:
    from collections.abc import KeysView
    from pathlib import Path

    from inv_widgets.explanation import Explanation
    from inv_widgets.run_files import RunWriter

__all__ = ["PartFiles"]

SECONDS = 2.0
"""An explanation is written at once where the last part is older than this; a process that is killed loses no more."""

MOST = 64
MOST_BYTES = 16_000_000
"""Explanations a part: so many, or as many as have so many bytes."""

_OPEN = 4  # parts
_ENDING = ".arrow"
_READ = 1 << 17  # bytes at a time, which a core's cache holds


class PartFiles:
    """The parts in a folder, found there or just made.

    A part that was cut off or damaged, as after a power cut, does not count.

    Parameters
    ----------
    folder
        It need not exist before something is added.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._waiting: dict[str, tuple[Explanation, tuple[bytes, bytes] | None]] = {}
        self._bytes = 0  # of what waits
        self._written = 0.0  # when
        self._places: dict[str, tuple[Path, int]] = {}
        self._open: dict[Path, Tables] = {}  # the part that was written last, or those that were read last
        for file in sorted(folder.glob(f"[!.]*{_ENDING}")):
            self._places |= {key: (file, place) for place, key in enumerate(_keys(file))}

    def __contains__(self, key: object) -> bool:
        return key in self._places or key in self._waiting

    def keys(self) -> KeysView[str]:
        """Give the keys of all explanations that are written."""
        return self._places.keys()

    def is_written(self, key: str) -> bool:
        """Tell whether an explanation is in a part, and not only taken."""
        return key in self._places

    def add(self, key: str, explanation: Explanation, kept_as: tuple[bytes, bytes] | None = None) -> None:
        """Take an explanation; it is written now, or with others that follow soon.

        Parameters
        ----------
        key
            What it is known by.
        kept_as
            What :func:`inv_widgets.thumbnails.stored` made of its picture, where that is done already.
        """
        self._waiting[key] = (explanation, kept_as)
        self._bytes += size_of(explanation)
        late = time.monotonic() - self._written >= SECONDS
        if late or len(self._waiting) >= MOST or self._bytes >= MOST_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write what waits, as one part that appears whole or not at all."""
        if not self._waiting:
            return
        keys, tables = list(self._waiting), tables_of(*zip(*self._waiting.values(), strict=True))
        content = _packed(keys, tables)
        file = self._folder / f"{uuid.uuid4().hex[:16]}-{zlib.crc32(content):08x}{_ENDING}"
        atomic.write(file, content)
        self._places |= {key: (file, place) for place, key in enumerate(keys)}
        self._open = {file: tables}
        self._waiting.clear()
        self._bytes = 0
        self._written = time.monotonic()

    def copy(self, key: str, writer: RunWriter, name: str) -> None:
        """Append an explanation to a run, under a name."""
        file, place = self._places[key]
        if file not in self._open:
            if len(self._open) >= _OPEN:
                self._open.pop(next(iter(self._open)))
            self._open[file] = _unpacked(file)
        tables = self._open[file]
        writer.copy(tables.of(place), name=name, sizes=tables.sizes(place))


def _packed(keys: list[str], tables: Tables) -> memoryview:
    """Give a part's content: a column of keys, and for each kind one of lists, which hold the rows of its table."""
    columns = {"key": pa.array(keys, pa.string())}
    for kind, table in tables.of_kind.items():
        rows = table.combine_chunks().to_struct_array()
        rows = rows.chunk(0) if rows.num_chunks else pa.array([], rows.type)
        columns[kind] = pa.ListArray.from_arrays(pa.array(tables.starts[kind], pa.int32()), rows)
    part = pa.table(columns)
    buffer = pa.BufferOutputStream()
    with pa.ipc.new_file(buffer, part.schema) as writer:
        writer.write_table(part)
    return memoryview(buffer.getvalue())


def _unpacked(file: Path) -> Tables:
    with pa.OSFile(str(file)) as opened:  # not mapped: Windows removes no file that is
        part = pa.ipc.open_file(opened).read_all().combine_chunks()
    of_kind, starts = {}, {}
    for kind, schema in SCHEMAS.items():
        lists = part[kind].chunk(0)
        starts[kind] = lists.offsets.to_pylist()
        of_kind[kind] = pa.Table.from_batches([pa.RecordBatch.from_struct_array(lists.values)]).cast(schema)
    return Tables(of_kind, starts)


def _keys(file: Path) -> list[str]:
    """Give the keys of a part's explanations; none where it is not what was written."""
    try:
        if not file.stem.endswith(f"-{_checksum(file):08x}"):
            return []
        with pa.OSFile(str(file)) as opened:
            options = pa.ipc.IpcReadOptions(included_fields=[0])
            keys: list[str] = pa.ipc.open_file(opened, options=options).read_all()["key"].to_pylist()
    except (pa.ArrowException, OSError, KeyError):
        return []
    return keys


def _checksum(file: Path) -> int:
    checksum, buffer = 0, bytearray(_READ)
    with file.open("rb", buffering=0) as opened:
        while size := opened.readinto(buffer):
            checksum = zlib.crc32(memoryview(buffer)[:size], checksum)
    return checksum
