"""Bringing a database to this version's tables, and refusing one that is ahead of them."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from sqlalchemy import exc, insert, inspect, text

from inv_widgets.store.schema import metadata, settings
from inv_widgets.store.troubles import trouble_of, trouble_with

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

__all__ = ["ADVISORY_LOCK", "REVISIONS", "VERSION_TABLE", "prepare"]

ADVISORY_LOCK = 0x696E7677
"""PostgreSQL's lock ("invw") of all who must be the only writer."""

REVISIONS = ("0001", "0002")
"""The revisions in ``migrations/versions``, oldest first: Alembic itself is loaded only where there is one to run."""

VERSION_TABLE = "inv_widgets_version"
"""Alembic's own table. Not called as usual: a PostgreSQL database may be another program's too."""


def prepare(engine: Engine, name: str, *, make: bool = True, change: bool = True) -> bool:
    """Make the tables or bring them up to date, where that is needed; several processes may do so at once.

    What an earlier version made and nobody can write stays as it is: it can be read.

    Parameters
    ----------
    engine
        Of an SQLite file that is there, or a PostgreSQL database.
    name
        The store's, for messages.
    make
        Make the tables where there are none.
    change
        Bring tables of an earlier version up to date.

    Returns
    -------
    bool
        Whether the tables are this version's.

    Raises
    ------
    StoreError
        If the tables are of a newer version, or there are none and `make` is not set.
    ValueError
        If tables of these names are there and belong to another program.
    """
    with engine.connect() as connection:
        found = _checked(connection, name, make=make)
    if found == REVISIONS[-1]:
        return True
    if found is not None and not change:
        return False
    try:
        _bring_up(engine, name, make=make)
    except exc.DBAPIError as error:
        trouble = trouble_of(error, name, None)
        if found is None or trouble is None or trouble.code != "store-readonly":
            raise
        return False
    return True


def _bring_up(engine: Engine, name: str, *, make: bool) -> None:
    with engine.connect().execution_options(begin="BEGIN IMMEDIATE") as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        found = _checked(connection, name, make=make)  # again: another process may have been faster
        if found != REVISIONS[-1]:
            _upgrade(connection)
        if found is None:
            connection.execute(insert(settings).values(name="store", value=uuid.uuid4().hex))


def _checked(connection: Connection, name: str, *, make: bool) -> str | None:
    tables = set(inspect(connection).get_table_names())
    found: str | None = None
    if VERSION_TABLE in tables:
        found = connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))  # noqa: S608 (a constant)
    if found is not None:
        if found not in REVISIONS:
            raise trouble_with(name, "store-newer", f"its tables are of revision {found}")
        return found
    if others := sorted(tables & set(metadata.tables)):
        raise ValueError(
            f"[inv-widgets] {name} is another program's database (it has tables called {', '.join(others)}): give "
            "another file or database for the label store."
        )
    if not make:
        raise trouble_with(name, "store-gone", "what is there now is no label store")
    return None


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "inv_widgets.store:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
