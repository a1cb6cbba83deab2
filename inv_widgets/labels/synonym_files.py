"""A table of synonyms on disk that several people and programs may edit: nothing of theirs is written over unseen."""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path
from typing import TYPE_CHECKING

from inv_widgets import atomic
from inv_widgets.labels.shipped import fold
from inv_widgets.labels.synonyms import COLUMNS, SynonymTable, table_text

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["FileChangedError", "SynonymFile"]


class FileChangedError(OSError):
    """Somebody else wrote the file since it was read."""


class SynonymFile:
    """A ``synonyms.csv``: read, watched for changes by others, written whole.

    Comments (rows that start with ``#``) and columns besides ``label`` and ``synonyms`` stay.

    Parameters
    ----------
    path
        The file; it need not exist yet.

    Attributes
    ----------
    table
        What the file held when it was last read or written.

    Raises
    ------
    ValueError
        If the file is no table of synonyms.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.table = SynonymTable()
        self._seen: str | None = None
        self.read()

    @property
    def changed(self) -> bool:
        """Whether somebody else wrote (or removed) the file since."""
        return _digest(self._content()) != self._seen

    def read(self) -> SynonymTable:
        """Read the file anew; a missing file is an empty table."""
        content = self._content()
        self.table = SynonymTable() if content is None else SynonymTable.read(self.path)
        self._seen = _digest(content)
        return self.table

    def write(self, table: SynonymTable, *, over: bool = False) -> None:
        """Write a table; the file appears whole or not at all.

        Parameters
        ----------
        table
            What to write.
        over
            Write it even if somebody else changed the file; theirs is kept beside it (:meth:`put_aside`).

        Raises
        ------
        FileChangedError
            If somebody else changed the file.
        OSError
            If it cannot be written.
        """
        if self.changed:
            if not over:
                raise FileChangedError(f"[inv-widgets] {self.path} was changed by somebody else since it was read.")
            self.put_aside()
        content = self._text(table).encode()
        atomic.write(self.path, content)
        self.table, self._seen = table, _digest(content)

    def put_aside(self) -> Path | None:
        """Keep a copy of the file as it stands on disk; give its path, None where there is no file."""
        content = self._content()
        if content is None:
            return None
        name = f"{self.path.stem}.{_digest(content)}{self.path.suffix}"
        return atomic.write(self.path.with_name(name), content)

    def _text(self, table: SynonymTable) -> str:
        """Write a table as CSV, with the comments and further columns that the file has."""
        comments, heading, notes = _others(self._content())
        return table_text(table, comments=comments, heading=heading, notes=notes)

    def _content(self) -> bytes | None:
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return None


def _digest(content: bytes | None) -> str | None:
    return None if content is None else hashlib.blake2b(content, digest_size=4).hexdigest()


def _others(before: bytes | None) -> tuple[list[Sequence[str]], list[str], dict[str, list[str]]]:
    try:
        rows = list(csv.reader(io.StringIO((before or b"").decode("utf-8-sig"), newline="")))
    except (UnicodeDecodeError, csv.Error):
        return [], [], {}
    comments: list[Sequence[str]] = [row for row in rows if row and row[0].lstrip().startswith("#")]
    data = [row for row in rows if any(cell.strip() for cell in row) and not row[0].lstrip().startswith("#")]
    names = [cell.strip().lower() for cell in data[0]] if data else []
    if "label" not in names:
        return comments, [], {}
    others = [place for place, name in enumerate(names) if name not in COLUMNS]
    notes = {
        fold(row[names.index("label")]): [row[place] if place < len(row) else "" for place in others]
        for row in data[1:]
        if len(row) > names.index("label")
    }
    return comments, [data[0][place] for place in others], notes
