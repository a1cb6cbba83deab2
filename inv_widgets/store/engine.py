"""The database under a label store: connections, and transactions that either are saved or say why not."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import threading
import time
import urllib.parse
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, QueuePool, create_engine, event, exc, make_url, select, text

from inv_widgets.errors import kind_of
from inv_widgets.store.migration import ADVISORY_LOCK, prepare
from inv_widgets.store.schema import settings
from inv_widgets.store.troubles import trouble_of, trouble_with

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

__all__ = ["Database"]

_BUSY_SECONDS = 5.0
_POOL: dict[str, Any] = {"pool_size": 8, "max_overflow": 24, "pool_timeout": 10}


class Database:
    """An SQLite file or a PostgreSQL database that has the tables of a label store.

    It is made where it is missing (SQLite), and brought to this version's tables. Threads may share it.

    Parameters
    ----------
    where
        A path, or a URL: ``sqlite:///PATH`` (with ``?mode=ro`` only to read), ``postgresql+psycopg://...``.

    Attributes
    ----------
    name
        The path, or the URL without its password.
    path
        The SQLite file, absolute.
    id
        The store's id, 32 hexadecimal digits.

    Raises
    ------
    StoreError
        If it cannot be used.
    TypeError, ValueError
        If `where` is neither.
    """

    def __init__(self, where: str | Path) -> None:
        self._url, self.path, self._mode = _read(where)
        self.name = str(self.path) if self.path else self._url.render_as_string(hide_password=True)
        self._file: tuple[int, int] | None = None
        self._closed = False
        self._wal = False
        self._alone = threading.Lock()  # SQLite has one writer; here threads wait in turn, there they would poll
        self._mending = threading.RLock()
        self._engine = self._sqlite_engine(self.path) if self.path else self._postgresql_engine()
        self._finalizer = weakref.finalize(self, self._engine.dispose)
        try:
            if self.path is not None:
                _make_file(self.path, self.name, make=self._mode == "rw")
            self.id = self._prepare(make=True)
        except BaseException:
            self._finalizer()
            raise

    @property
    def url(self) -> str:
        """The URL, without its password."""
        return self._url.render_as_string(hide_password=True)

    def close(self) -> None:
        """Close all connections. Twice is no harm."""
        self._closed = True
        self._finalizer()

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection whose transaction sees the store as it is at its first statement, and writes nothing."""
        self._still_there()
        with self._told_as_trouble(), self._engine.connect() as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self, *, alone: bool = False) -> Iterator[Connection]:
        """Give a connection whose transaction is saved for good when the block ends, and undone after an exception.

        Parameters
        ----------
        alone
            No other such transaction runs at the same time, in any process. (In SQLite all are so.)
        """
        if self.path is None:
            with self._told_as_trouble(), self._engine.begin() as connection:
                if alone:
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
                yield connection
            return
        if not self._alone.acquire(timeout=2 * _BUSY_SECONDS):
            raise trouble_with(self.name, "store-busy")
        try:
            self._still_there()
            with self._told_as_trouble():
                with self._engine.connect().execution_options(inv_begin="BEGIN IMMEDIATE") as connection:
                    with connection.begin():
                        yield connection
                self._saved_there()
        finally:
            self._alone.release()

    def scrub(self) -> None:
        """Take what was deleted out of the files too, as far as other readers allow it now."""
        try:
            if self.path is not None:
                with self._alone, self._engine.connect() as connection:
                    driver: Any = connection.connection.driver_connection
                    driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            else:
                with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                    for table in ("labels", "actions", "rounds", "players"):
                        connection.execute(text(f"VACUUM {table}"))
        except exc.DBAPIError:
            return  # it is deleted for every reader of the store; the database tidies up by itself later

    @contextlib.contextmanager
    def _told_as_trouble(self) -> Iterator[None]:
        try:
            yield
        except (exc.DBAPIError, exc.TimeoutError, sqlite3.Error) as error:
            trouble = trouble_of(error, self.name, self.path)
            if trouble is None:
                raise
            raise trouble from error

    # SQLite goes on happily writing into a file that was deleted or replaced. Such a write is not saved.

    def _still_there(self) -> None:
        """See that the path is the file that was opened; a copy of this store that was put there is taken for it."""
        if self._closed:
            raise ValueError(f"[inv-widgets] The label store {self.name} was closed: open it again.")
        if self.path is None or self._file == _identity(self.path):
            return
        with self._mending:
            if self._file == _identity(self.path):
                return
            self._file = None
            # Closing the last connection writes the old file's log into the old file, and takes the log away.
            self._engine.dispose()
            if _identity(self.path) is None:
                raise trouble_with(self.name, "store-gone")
            try:
                found = self._prepare(make=False)
            except BaseException:
                self._file = None
                raise
            if found != self.id:
                self._file = None
                raise trouble_with(self.name, "store-gone", "the file there now is another label store")

    def _saved_there(self) -> None:
        assert self.path is not None
        if self._file != _identity(self.path) or not self._log_is_there():
            self._engine.dispose()
            raise trouble_with(self.name, "store-gone")

    def _log_is_there(self) -> bool:
        return not self._wal or os.path.exists(f"{self.path}-wal")  # noqa: PTH110 (at each write)

    def _prepare(self, *, make: bool) -> str:
        """Make or check the tables and give the store's id."""
        with self._told_as_trouble():
            if self.path is not None:
                self._file = _identity(self.path)
                self._wal = _use_log(self._engine, change=self._mode == "rw")
            prepare(self._engine, self.name, make=make)
            with self._engine.connect() as connection:
                if self.path is not None and (damage := _damage(connection)):
                    raise trouble_with(self.name, "store-corrupted", damage)
                found = connection.scalar(select(settings.c.value).where(settings.c.name == "store"))
        if found is None:
            raise trouble_with(self.name, "store-corrupted", "it has no id")
        return str(found)

    def _sqlite_engine(self, path: Path) -> Engine:
        # Never "rwc": a file that is gone must not come back empty.
        address = f"file:{urllib.parse.quote(str(path))}?mode={self._mode}"

        def connect() -> sqlite3.Connection:
            connection = sqlite3.connect(
                address, uri=True, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            try:
                for pragma in ("synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
                    connection.execute(f"PRAGMA {pragma}")
            except BaseException:
                connection.close()
                raise
            return connection

        engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool, **_POOL)

        @event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            connection.exec_driver_sql(connection.get_execution_options().get("inv_begin", "BEGIN"))

        return engine

    def _postgresql_engine(self) -> Engine:
        arguments: dict[str, Any] = {
            "connect_timeout": 5, "application_name": "inv-widgets",
            "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 15000,
        }  # fmt: skip
        arguments = {name: value for name, value in arguments.items() if name not in self._url.query}
        try:
            engine = create_engine(self._url, connect_args=arguments, pool_pre_ping=True, **_POOL)
        except ModuleNotFoundError as error:
            raise ImportError(
                f"[inv-widgets] {self.name} needs the package {error.name}: pip install 'inv-widgets[postgres]'."
            ) from error

        @event.listens_for(engine, "connect")
        def connect(connection: Any, _: Any) -> None:
            for setting in (
                f"lock_timeout = {int(_BUSY_SECONDS * 1000)}",
                "statement_timeout = 60000",
                "idle_in_transaction_session_timeout = 60000",
                "synchronous_commit = on",
            ):
                connection.execute(f"SET {setting}")
            connection.commit()

        return engine


def _read(where: Any) -> tuple[URL, Path | None, str]:
    """Give the URL, an SQLite file's path, and how it is opened: "rw" or "ro"."""
    if isinstance(where, Path):
        return _of_file(str(where), "rw")
    if not isinstance(where, str) or not where.strip():
        raise TypeError(f"[inv-widgets] A label store at {where!r:.80} ({kind_of(where)}): give a path or a URL.")
    if "://" not in where:
        return _of_file(where, "rw")
    advice = "give sqlite:///labels.db or postgresql+psycopg://user:password@host/database"
    try:
        url = make_url(where)
    except exc.ArgumentError:
        # Not the URL itself: it may hold a password.
        raise ValueError(f"[inv-widgets] The label store's URL cannot be read: {advice}.") from None
    backend = url.get_backend_name()
    if backend in {"postgresql", "postgres"}:
        return url.set(drivername="postgresql+psycopg"), None, "rw"
    if backend != "sqlite":
        raise ValueError(f"[inv-widgets] A label store cannot be kept in {backend!r}: {advice}.")
    mode = url.query.get("mode", "rw")
    return _of_file((url.database or "").removeprefix("file:"), "ro" if mode == "ro" else "rw")


def _of_file(name: str, mode: str) -> tuple[URL, Path, str]:
    if name in {"", ":memory:"}:
        raise ValueError("[inv-widgets] A label store in memory would be lost with the program: give a file's path.")
    path = Path(name).expanduser().resolve()
    return URL.create("sqlite", database=str(path), query={} if mode == "rw" else {"mode": mode}), path, mode


def _make_file(path: Path, name: str, *, make: bool) -> None:
    if path.is_dir():
        raise IsADirectoryError(f"[inv-widgets] {path} is a folder: give the path of a label store in it, a file.")
    if path.exists():
        return
    if not make:
        raise trouble_with(name, "store-gone")
    if not path.parent.is_dir():
        raise trouble_with(name, "store-gone", f"there is no folder {path.parent}")
    try:
        path.touch()
    except OSError as error:
        code = "store-full" if error.errno in {errno.ENOSPC, errno.EDQUOT} else "store-readonly"
        raise trouble_with(name, code, str(error)) from error


def _use_log(engine: Engine, *, change: bool) -> bool:
    """Say whether the file has a write-ahead log, and give it one where that is possible."""
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        for wait in (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, None):
            # Others who do the same at once get "locked" without any waiting.
            try:
                mode = driver.execute(f"PRAGMA journal_mode{'=WAL' if change else ''}").fetchone()
            except sqlite3.OperationalError as error:
                if "readonly" in str(error):  # it stays as it is
                    return _use_log(engine, change=False)
                if wait is None or "locked" not in str(error):
                    raise
                time.sleep(wait)
            else:
                return bool(mode[0] == "wal")
    return False


def _damage(connection: Connection) -> str:
    found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    return "" if found == "ok" else str(found)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 (at each write)
    except OSError:
        return None
    return found.st_dev, found.st_ino
