"""Another label store, opened to read only: it stays as it is, whatever its version; a file is copied first."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
import urllib.parse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inv_widgets.errors import kind_of
from inv_widgets.store.addresses import Address
from inv_widgets.store.engine import Database
from inv_widgets.store.errors import StoreError
from inv_widgets.store.troubles import trouble_of

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["opened"]


@contextlib.contextmanager
def opened(other: Any) -> Iterator[Database]:
    """Give the database of another store: a LabelStore, which stays open, a file, or a URL.

    Raises
    ------
    TypeError, ValueError
        If it is none of these.
    FileNotFoundError
        If there is no such file.
    StoreError
        If it cannot be read.
    """
    if not isinstance(other, (str, Path)):
        database = getattr(other, "database", None)
        if not isinstance(database, Database):
            raise TypeError(
                f"[inv-widgets] other={other!r:.80} is {kind_of(other)}: give an inv.LabelStore, or its file or URL."
            )
        yield database
        return
    path = Address.of(other).path
    if path is None:
        with _closing(Database(other, change=False)) as database:
            yield database
        return
    if not path.is_file():
        raise FileNotFoundError(f"[inv-widgets] There is no label store at {path}. Check the path.")
    with tempfile.TemporaryDirectory(prefix="inv-widgets-") as folder:
        copied = Path(folder).resolve() / "store.db"
        _copy(path, copied)
        try:
            database = Database(copied)
        except StoreError as error:
            raise StoreError(str(error).replace(str(copied), str(path)), code=error.code) from None
        with _closing(database):
            yield database


@contextlib.contextmanager
def _closing(database: Database) -> Iterator[Database]:
    try:
        yield database
    finally:
        database.close()


def _copy(path: Path, to: Path) -> None:
    """Copy an SQLite file with what its log holds, even while others write to it."""
    address = f"file:{urllib.parse.quote(str(path))}?mode=ro"
    try:
        try:
            _back_up(address, to)
        except sqlite3.OperationalError:
            # In a folder that cannot be written (a memory stick, a share) there is no place for the log's index.
            _back_up(f"{address}&immutable=1", to)
    except sqlite3.Error as error:
        raise (trouble_of(error, str(path), path) or error) from error


def _back_up(address: str, to: Path) -> None:
    with (
        contextlib.closing(sqlite3.connect(address, uri=True, timeout=5)) as source,
        contextlib.closing(sqlite3.connect(to)) as target,
    ):
        source.backup(target)
