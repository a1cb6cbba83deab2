"""From a database's own errors to a :class:`StoreError` that says what to do."""

from __future__ import annotations

import os
import shutil
import sqlite3
from typing import TYPE_CHECKING

from sqlalchemy import exc

from inv_widgets.store.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["trouble_of", "trouble_with"]

_ADVICE = {
    "store-busy": "is busy: another program has been writing to it for seconds. Try again, or close that program",
    "store-full": "cannot grow: its disk (or quota) is full. Free some space and go on: what was saved is still there",
    "store-readonly": "can only be read. Allow writing to it (and, for a file, to its folder), or open another store",
    "store-gone": (
        "is not there any more: it was deleted, moved, or another one took its place. Put it back, or open a new "
        "store and start again"
    ),
    "store-corrupted": (
        "is damaged or no label store. Close all programs that use it and keep a copy; what can be saved of an "
        "SQLite file, `sqlite3 FILE .recover` saves. Go on with a backup or a new store"
    ),
    "store-newer": "was made by a newer version of inv-widgets. Update this one: pip install --upgrade inv-widgets",
    "store-unreachable": "does not answer. See that its server (or disk) and the connection work, then try again",
}

# https://www.sqlite.org/rescode.html; an extended code is the primary one and a higher byte.
_SQLITE = {
    3: "store-readonly",  # PERM
    5: "store-busy",
    6: "store-busy",  # LOCKED
    8: "store-readonly",
    11: "store-corrupted",
    13: "store-full",
    15: "store-busy",  # PROTOCOL: a race for the locks of the write-ahead log
    23: "store-readonly",  # AUTH
    26: "store-corrupted",  # NOTADB
}
_SQLITE_IO, _SQLITE_CANTOPEN, _SQLITE_MOVED = 10, 14, 1032
# Python 3.10 gives no codes.
_SQLITE_WORDS = {
    "is locked": 5,
    "locking protocol": 15,
    "readonly": 8,
    "malformed": 11,
    "is full": 13,
    "not a database": 26,
    "disk I/O error": _SQLITE_IO,
    "unable to open": _SQLITE_CANTOPEN,
}
# https://www.postgresql.org/docs/current/errcodes-appendix.html: the longest beginning that fits.
_POSTGRESQL = {
    "08": "store-unreachable",
    "25006": "store-readonly",
    "28": "store-unreachable",
    "3D": "store-gone",
    "3F": "store-gone",
    "40": "store-busy",  # deadlock, serialisation
    "42501": "store-readonly",
    "42P01": "store-gone",
    "53": "store-unreachable",
    "53100": "store-full",
    "53400": "store-full",
    "55P03": "store-busy",
    "57": "store-unreachable",  # shut down, starting up
    "57014": "store-busy",  # cancelled: statement_timeout
    "58": "store-unreachable",
    "XX001": "store-corrupted",
    "XX002": "store-corrupted",
}
_LITTLE = 1 << 20


def trouble_with(name: str, code: str, detail: str = "") -> StoreError:
    """Make the error for a code.

    Parameters
    ----------
    name
        The store's path, or its URL without the password.
    code
        Beginning with ``store-``.
    detail
        The database's own words.
    """
    detail = f" ({' '.join(detail.split()):.200})" if detail.strip() else ""
    return StoreError(f"[inv-widgets] The label store {name} {_ADVICE[code]}.{detail}", code=code)


def trouble_of(error: Exception, name: str, path: Path | None) -> StoreError | None:
    """Say what a database's error means.

    Parameters
    ----------
    error
        SQLAlchemy's, or SQLite's own.
    name
        The store's path, or its URL without the password.
    path
        An SQLite store's file.

    Returns
    -------
    StoreError or None
        None for what is no trouble of the store but a wrong statement or value.
    """
    if isinstance(error, exc.TimeoutError):  # all connections of the pool are in use
        return trouble_with(name, "store-busy", str(error.args[0]) if error.args else "")
    cause: BaseException | None = error.orig if isinstance(error, exc.DBAPIError) else error
    if isinstance(cause, (exc.IntegrityError, sqlite3.IntegrityError)):
        return None
    if isinstance(cause, sqlite3.Error):
        code = _of_sqlite(cause, path)
    else:
        code = _of_postgresql(cause, lost=isinstance(error, exc.DBAPIError) and error.connection_invalidated)
    return None if code is None else trouble_with(name, code, str(cause))


def _of_sqlite(error: sqlite3.Error, path: Path | None) -> str | None:
    number: int | None = getattr(error, "sqlite_errorcode", None)
    if number is None:
        number = next((code for words, code in _SQLITE_WORDS.items() if words in str(error)), 0)
    if number == _SQLITE_MOVED:
        return "store-gone"
    primary = number & 0xFF
    if primary == _SQLITE_CANTOPEN:
        return _of_closed_file(path)
    if primary == _SQLITE_IO:
        return _of_disk(path)
    if "no such table" in str(error):  # the file was emptied, or another one took its place
        return "store-gone"
    return _SQLITE.get(primary)


def _of_closed_file(path: Path | None) -> str:
    if path is None or not path.exists():
        return "store-gone"
    return "store-unreachable" if os.access(path, os.R_OK) else "store-readonly"


def _of_disk(path: Path | None) -> str:
    # A full disk shows as this too, where SQLite enlarges its index of the write-ahead log.
    if path is None or not path.exists():
        return "store-gone"
    try:
        return "store-full" if shutil.disk_usage(path.parent).free < _LITTLE else "store-unreachable"
    except OSError:
        return "store-unreachable"


def _of_postgresql(error: BaseException | None, *, lost: bool) -> str | None:
    state = getattr(error, "sqlstate", None)
    if isinstance(state, str):
        for length in (5, 2):
            if state[:length] in _POSTGRESQL:
                return _POSTGRESQL[state[:length]]
        return None
    # No state: the connection was never made, or broke.
    if lost or type(error).__name__ in {"OperationalError", "ConnectionTimeout", "InterfaceError"}:
        words = str(error)
        return "store-gone" if "database" in words and "does not exist" in words else "store-unreachable"
    return None
