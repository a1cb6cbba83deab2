"""Connections to SQLite and PostgreSQL, set up so that what is committed is on the disk."""

from __future__ import annotations

import errno
import os
import sqlite3
import time
import urllib.parse
from typing import TYPE_CHECKING, Any

from sqlalchemy import QueuePool, create_engine, event, exc

from inv_widgets.store.troubles import trouble_with

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection, Engine

    from inv_widgets.store.addresses import Address, Mode

__all__ = ["BUSY_SECONDS", "file_id", "leave", "make_file", "postgresql_engine", "sqlite_engine", "use_log"]

BUSY_SECONDS = 5.0
"""For so long a connection waits for another one that writes."""

_POOL: dict[str, Any] = {"pool_size": 8, "max_overflow": 24, "pool_timeout": 10}


def sqlite_engine(path: Path, mode: Mode) -> Engine:
    """Give an engine whose transactions begin with their execution option `begin`, by default ``BEGIN``."""

    def connect() -> sqlite3.Connection:
        try:
            # Never "rwc": a file that is gone must not come back empty.
            return _sqlite_connection(path, f"mode={mode}")
        except sqlite3.OperationalError:
            # A read-only disk has no place for the files that readers with a write-ahead log keep beside it.
            if os.path.exists(f"{path}-wal") or os.access(path.parent, os.W_OK) or not os.access(path, os.R_OK):  # noqa: PTH110
                raise
            return _sqlite_connection(path, "mode=ro&immutable=1")

    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool, **_POOL)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))

    return engine


def _sqlite_connection(path: Path, options: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{urllib.parse.quote(str(path))}?{options}",
        uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False,
    )  # fmt: skip
    try:
        for pragma in ("synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


def postgresql_engine(address: Address) -> Engine:
    """Give an engine that finds out within seconds that its server is gone.

    Raises
    ------
    ImportError
        If psycopg is not installed.
    """
    arguments: dict[str, Any] = {
        "connect_timeout": 5, "application_name": "inv-widgets",
        "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 15000,
    }  # fmt: skip
    arguments = {name: value for name, value in arguments.items() if name not in address.url.query}
    try:
        engine = create_engine(address.url, connect_args=arguments, pool_pre_ping=True, **_POOL)
    except ImportError as error:
        raise ImportError(
            f"[inv-widgets] {address.name} needs psycopg, which cannot be loaded ({error}): "
            "pip install 'inv-widgets[postgres]'."
        ) from error

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _: Any) -> None:
        for setting in (
            f"lock_timeout = {int(BUSY_SECONDS * 1000)}",
            "statement_timeout = 60000",
            "idle_in_transaction_session_timeout = 60000",
            "synchronous_commit = on",
        ):
            connection.execute(f"SET {setting}")
        connection.commit()

    return engine


def make_file(path: Path, *, make: bool) -> None:
    """See that an SQLite file is there; an empty one is an empty database."""
    if path.is_dir():
        raise IsADirectoryError(f"[inv-widgets] {path} is a folder: give the path of a label store in it, a file.")
    if path.exists():
        return
    if not make:
        raise trouble_with(str(path), "store-gone")
    if not path.parent.is_dir():
        raise trouble_with(str(path), "store-gone", f"there is no folder {path.parent}")
    try:
        path.touch()
    except OSError as error:
        code = "store-full" if error.errno in {errno.ENOSPC, errno.EDQUOT} else "store-readonly"
        raise trouble_with(str(path), code, str(error)) from error


def use_log(engine: Engine, *, change: bool) -> bool:
    """Say whether an SQLite file has a write-ahead log; with `change`, give it one where that is possible."""
    pragma = f"PRAGMA journal_mode{'=WAL' if change else ''}"
    # Of several who change it at once all but one get "locked", with no waiting by SQLite.
    deadline = time.monotonic() + BUSY_SECONDS
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        while True:
            try:
                return bool(driver.execute(pragma).fetchone()[0] == "wal")
            except sqlite3.OperationalError as error:  # noqa: PERF203 (once a store)
                if "readonly" in str(error) and change:  # it stays as it is
                    return use_log(engine, change=False)
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)


def leave(engine: Engine, path: Path) -> bool:
    """Close the connections to a file in whose place there is another one now; say whether that was possible.

    The old file's write-ahead log still stands beside the new file. Whoever opens that would get the old content poured
    over it, so the log is written into the old file (wherever that is) and removed.
    """
    files = [path.with_name(f"{path.name}{ending}") for ending in ("-wal", "-shm")]
    if engine.pool.checkedin() == 0:  # type: ignore[attr-defined]  # a QueuePool
        return False
    try:
        with engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            busy, _, _ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except (exc.DBAPIError, sqlite3.Error):
        return False
    if busy:
        return False
    engine.dispose()
    if files[0].exists() and files[0].stat().st_size == 0:
        for file in files:
            file.unlink(missing_ok=True)
    return True


def file_id(path: Path) -> tuple[int, int] | None:
    """Say which file a path is just now, however it is called; None: none."""
    try:
        found = os.stat(path)  # noqa: PTH116 (at each write)
    except OSError:
        return None
    return found.st_dev, found.st_ino
