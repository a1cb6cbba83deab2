"""The database under a label store: transactions that either are saved or say why not."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import weakref
from typing import TYPE_CHECKING, Any

from sqlalchemy import exc, select, text

from inv_widgets.store.addresses import Address
from inv_widgets.store.drivers import BUSY_SECONDS, file_id, leave, make_file, postgresql_engine, sqlite_engine, use_log
from inv_widgets.store.migration import ADVISORY_LOCK, prepare
from inv_widgets.store.schema import settings
from inv_widgets.store.troubles import trouble_of, trouble_with

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

__all__ = ["Database"]

_STUCK = ("store-readonly", "store-corrupted")  # what an SQLite connection remembers when it is over


class Database:
    """An SQLite file or a PostgreSQL database that has the tables of a label store.

    They are made where they are missing, and brought to this version. Threads may share it.

    Parameters
    ----------
    where
        A path or a URL.
    change
        Make the tables, or bring them to this version. Without it, those of an earlier version are read as they are.

    Attributes
    ----------
    address
        Where it is.
    id
        The store's id, 32 hexadecimal digits.

    Raises
    ------
    StoreError
        If it cannot be used.
    TypeError, ValueError
        If `where` is neither.
    """

    def __init__(self, where: str | Path, *, change: bool = True) -> None:
        self.address = Address.of(where)
        self._path = self.address.path
        self._file: tuple[int, int] | None = None
        self._has_log = self._closed = self._current = False
        self._change = change
        self.id = ""
        self._alone = threading.Lock()  # SQLite has one writer: here threads wait in turn, there they would poll
        self._mending = threading.Lock()
        if self._path is None:
            self._engine = postgresql_engine(self.address)
        else:
            make_file(self._path, make=self.address.mode == "rw")
            self._engine = sqlite_engine(self._path, self.address.mode)
        self._finalizer = weakref.finalize(self, self._engine.dispose)
        try:
            self._prepare(make=change)
        except BaseException:
            self._finalizer()
            raise

    def close(self) -> None:
        """Close all connections. Twice is no harm."""
        self._closed = True
        self._finalizer()

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that only reads, the store as it is at the first statement.

        (PostgreSQL: as it is at each statement.)
        """
        self._still_there()
        with self._told_as_trouble(), self._engine.connect() as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self, *, alone: bool = False) -> Iterator[Connection]:
        """Give a connection whose transaction is on the disk when the block ends, and undone after an exception.

        Parameters
        ----------
        alone
            No other such transaction runs at the same time, in any process. (In SQLite all are so.)
        """
        if self._path is None:
            self._ready()
            with self._told_as_trouble(), self._engine.begin() as connection:
                if alone:
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
                yield connection
            return
        if not self._alone.acquire(timeout=2 * BUSY_SECONDS):
            raise trouble_with(self.address.name, "store-busy")
        try:
            self._ready()
            options = {"begin": "BEGIN IMMEDIATE"}
            with (
                self._told_as_trouble(),
                self._engine.connect().execution_options(**options) as connection,
                connection.begin(),
            ):
                yield connection
            self._saved_there()
        finally:
            self._alone.release()

    def scrub(self) -> None:
        """Take what was deleted out of the files too, as far as others who read allow it now."""
        try:
            if self._path is not None:
                with self._alone, self._engine.connect() as connection:
                    driver: Any = connection.connection.driver_connection
                    driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                return
            with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                for table in ("labels", "actions", "rounds", "players"):
                    connection.execute(text(f"VACUUM {table}"))
        except (exc.DBAPIError, sqlite3.Error):
            return  # nobody can read it from the store any more; the database tidies up later by itself

    @contextlib.contextmanager
    def _told_as_trouble(self) -> Iterator[None]:
        try:
            yield
        except (exc.DBAPIError, exc.TimeoutError, sqlite3.Error) as error:
            trouble = trouble_of(error, self.address.name, self._path)
            if trouble is None:
                raise
            if self._path is not None and trouble.code in _STUCK:
                self._engine.dispose()
            raise trouble from error

    # SQLite goes on happily writing into a file that was deleted or replaced. Such a write is not saved.

    def _still_there(self) -> None:
        """See that the path is the file that was opened; a copy of this store that was put there is taken for it."""
        if self._closed:
            raise ValueError(f"[inv-widgets] The label store {self.address.name} was closed: open it again.")
        if self._path is None or (self._file is not None and self._file == file_id(self._path)):
            return
        with self._mending:
            now = file_id(self._path)
            if self._file is not None and self._file == now:
                return  # another thread was faster
            # Old connections are kept while the path is empty: the old file can come back.
            if now is None or not (self._file is None or leave(self._engine, self._path)):
                raise trouble_with(self.address.name, "store-gone")
            self._file = None
            try:
                self._prepare(make=False)
            except BaseException:
                self._engine.dispose()
                raise

    def _ready(self) -> None:
        """See that the tables are this version's; those of a store that could only be read so far may not be."""
        self._still_there()
        if not self._current:
            with self._mending:
                self._prepare(make=False)
            if not self._current:
                words = "its tables are an earlier version's: it must be opened once by somebody who may change them"
                raise trouble_with(self.address.name, "store-readonly", words)

    def _saved_there(self) -> None:
        """See that what was committed went into the file that others find."""
        assert self._path is not None
        if self._file != file_id(self._path):
            raise trouble_with(self.address.name, "store-gone")
        if self._has_log and not os.path.exists(f"{self._path}-wal"):  # noqa: PTH110 (at each write)
            self._engine.dispose()  # closing writes the log, wherever it is, into the file
            raise trouble_with(self.address.name, "store-gone", "its -wal file was deleted")

    def _prepare(self, *, make: bool) -> None:
        """Make or check the tables, and get to know the store."""
        name, path = self.address.name, self._path
        with self._told_as_trouble():
            file = None if path is None else file_id(path)
            self._current = prepare(self._engine, name, make=make, change=self._change)
            with self._engine.connect() as connection:
                if path is not None and (damage := _damage(connection)):
                    raise trouble_with(name, "store-corrupted", damage)
                found = connection.scalar(select(settings.c.value).where(settings.c.name == "store"))
            if found is None:
                raise trouble_with(name, "store-corrupted", "it has no id")
            if self.id not in {"", found}:
                raise trouble_with(name, "store-gone", "the file there now is another label store")
            if path is not None:
                self._has_log = use_log(self._engine, change=self.address.mode == "rw")
        self._file, self.id = file, str(found)


def _damage(connection: Connection) -> str:
    found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    return "" if found == "ok" else str(found)
