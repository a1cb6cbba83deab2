"""Another label store, opened to read only: a file is copied first, so that it stays as it is, whatever its version."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
import urllib.parse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from inv_widgets.errors import kind_of
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
    TypeError
        If it is none of these.
    FileNotFoundError
        If there is no such file.
    StoreError
        If it cannot be read.
    """
    database = getattr(other, "database", None)
    if isinstance(database, Database):
        yield database
        return
    if not isinstance(other, (str, Path)):
        raise TypeError(
            f"[inv-widgets] other={other!r:.80} is {kind_of(other)}: give an inv.LabelStore, or its file or URL."
        )
    path = _file(other)
    if path is None:
        database = Database(other)
        try:
            yield database
        finally:
            database.close()
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
        try:
            yield database
        finally:
            database.close()


def _file(other: str | Path) -> Path | None:
    if isinstance(other, Path) or "://" not in other:
        return Path(other).expanduser()
    try:
        url = make_url(other)
    except ArgumentError:
        return None  # Database says what is wrong, without showing a password
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


def _copy(path: Path, to: Path) -> None:
    """Copy an SQLite file with what its log holds, even while others write to it."""
    address = f"file:{urllib.parse.quote(str(path.resolve()))}?mode=ro"
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
