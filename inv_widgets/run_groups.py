"""One Parquet file of a run: the rows of several explanations share a row group, and one explanation's never part.

A row group costs memory and time as soon as a file is opened, whether it is read or not: ten thousand would take over a
gigabyte. Read as a whole they cost what they hold. So explanations stand together, a few megabytes at a time.
"""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["GROUP_BYTES", "GROUP_EXPLANATIONS", "GroupReader", "GroupWriter"]

GROUP_EXPLANATIONS = 32
GROUP_BYTES = 16_000_000
"""A row group ends after so many explanations, or where it would grow larger than this."""

# What other programs look rows up by. Smallest and largest values of maps and pictures help nobody.
_LOOKED_UP = ["picture", "target_name", "layer"]


class GroupWriter:
    """Writes one file, an explanation's rows at a time.

    Parameters
    ----------
    path
        The file.
    schema
        Of the tables that :meth:`add` gets.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        names = [name for name in _LOOKED_UP if name in schema.names]
        # A dictionary of the numbers in maps costs more than it saves.
        texts = [field.name for field in schema if field.type == pa.string()]
        self._writer = pq.ParquetWriter(path, schema, compression="zstd", use_dictionary=texts, write_statistics=names)
        self._waiting: list[pa.Table] = []
        self._bytes = 0

    def add(self, table: pa.Table, size: int | None = None) -> None:
        """Append one explanation's rows; `size` in bytes, where that is known."""
        size = table.nbytes if size is None else size
        if self._waiting and (len(self._waiting) >= GROUP_EXPLANATIONS or self._bytes + size > GROUP_BYTES):
            self._write()
        self._waiting.append(table)
        self._bytes += size

    def close(self, metadata: Mapping[str, str]) -> None:
        """Write what waits, and the file's metadata."""
        self._write()
        self._writer.add_key_value_metadata(metadata)
        self._writer.close()

    def abandon(self) -> None:
        """Let go of the file; what waits is not written."""
        self._writer.close()

    def _write(self) -> None:
        if self._waiting:
            table = pa.concat_tables(self._waiting).combine_chunks()  # one piece is a fifth faster to write
            self._writer.write_table(table, row_group_size=len(table))
        self._waiting, self._bytes = [], 0


class GroupReader:
    """Reads one file, an explanation's rows at a time; the row group that was read last is kept.

    Parameters
    ----------
    file
        As :class:`GroupWriter` wrote it, or with a row group an explanation, as files of earlier versions are.
    counts
        How many of its rows belong to each explanation, in order.

    Raises
    ------
    ValueError
        If the file has another number of rows.
    """

    def __init__(self, file: pq.ParquetFile, counts: Sequence[int]) -> None:
        self._file = file
        self._starts = _starts(counts)
        self._groups = _starts([file.metadata.row_group(i).num_rows for i in range(file.metadata.num_row_groups)])
        if self._starts[-1] != self._groups[-1]:
            raise ValueError(f"it has {self._groups[-1]} rows, not {self._starts[-1]}")
        self._kept: tuple[int, pa.Table] | None = None
        self._reading = threading.Lock()  # views of one run may ask from several threads

    def table(self, place: int) -> pa.Table:
        """Read one explanation's rows, all columns."""
        start, stop = self._starts[place], self._starts[place + 1]
        if start == stop:
            return self._file.schema_arrow.empty_table()
        group = self._group(place)
        with self._reading:
            kept = self._kept
            if kept is None or kept[0] != group:
                kept = self._kept = (group, self._file.read_row_group(group))
        return kept[1].slice(int(start - self._groups[group]), int(stop - start))

    def tables(self, places: Sequence[int], left_out: Collection[str] = ()) -> Iterator[pa.Table]:
        """Read the rows of the explanations at `places`, in that order, all columns but some.

        A row group is decoded as far as it must be, and once where places that stand in it follow each other; the next
        one meanwhile, on another thread.
        """
        names = [name for name in self._file.schema_arrow.names if name not in left_out]
        groups = (
            (group, [self._span(place, group) for place in together])
            for group, together in itertools.groupby(places, self._group)
        )
        with ThreadPoolExecutor(1) as thread:
            reads = ((thread.submit(self._head, group, spans, names), spans) for group, spans in groups)
            end: list[Any] = [None]
            for (read, spans), _ in itertools.pairwise(itertools.chain(reads, end)):
                head = read.result()
                yield from (head.slice(start, stop - start) for start, stop in spans)

    def _head(self, group: int, spans: list[tuple[int, int]], names: list[str]) -> pa.Table:
        """Read a row group up to the last of some rows."""
        last = max(stop for _, stop in spans)
        if not last:  # explanations without rows
            return pa.schema([self._file.schema_arrow.field(name) for name in names]).empty_table()
        with self._reading:
            batches = self._file.iter_batches(last, row_groups=[group], columns=names, use_threads=False)
            return pa.table(next(batches))

    def columns(self, names: list[str]) -> tuple[pa.Table, NDArray[np.int64]]:
        """Read some columns of all rows; those of explanation i are ``starts[i]`` up to ``starts[i + 1]``."""
        with self._reading:
            return self._file.read(names), self._starts

    def rows(self, names: list[str], places: Sequence[int] | None = None) -> list[list[dict[str, Any]]]:
        """Read some columns: a list of rows an explanation, for all or for those at `places`."""
        if places is None:
            rows = self.columns(names)[0].to_pylist()
            return [rows[start:stop] for start, stop in itertools.pairwise(self._starts.tolist())]
        groups = {place: self._group(place) for place in places if self._starts[place] < self._starts[place + 1]}
        with self._reading:
            read = {group: self._file.read_row_group(group, names).to_pylist() for group in set(groups.values())}
        return [
            read[groups[place]][slice(*self._span(place, groups[place]))] if place in groups else [] for place in places
        ]

    def _span(self, place: int, group: int) -> tuple[int, int]:
        """Give the rows within a row group that are an explanation's."""
        start, stop = (int(self._starts[i] - self._groups[group]) for i in (place, place + 1))
        return start, stop

    def _group(self, place: int) -> int:
        return int(np.searchsorted(self._groups, self._starts[place], side="right")) - 1


def _starts(counts: Sequence[int]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(np.asarray(counts, np.int64))]).astype(np.int64)
