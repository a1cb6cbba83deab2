"""The stores that the tests run on: each an SQLite file and a PostgreSQL database."""

import uuid

import pytest
from postgres import postgresql, postgresql_url  # noqa: F401 (fixtures)

from inv_widgets.store.label_store import LabelStore
from inv_widgets.store.schema import metadata


class Databases:
    """PostgreSQL databases with empty tables. They are used again: emptying one is quicker than making one."""

    def __init__(self, server):
        self._server, self._free = server, []

    def take(self):
        """Give a database's name; the store in it has an id of its own."""
        if self._free:
            return self._free.pop()
        name = self._server.new_database()
        LabelStore(self._server.url(name)).close()
        return name

    def give_back(self, name):
        """Empty a database."""
        tables = ", ".join(table for table in metadata.tables if table != "settings")
        with self._server.connect(name) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            connection.execute(f"TRUNCATE {tables}")
            connection.execute("UPDATE settings SET value = %s WHERE name = 'store'", [uuid.uuid4().hex])
        self._free.append(name)


@pytest.fixture(scope="session")
def databases(postgresql):  # noqa: F811
    """Give the databases of the session."""
    return Databases(postgresql)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request):
    """Say which database a test runs on."""
    return request.param


@pytest.fixture
def make_url(database, request, tmp_path):
    """Give a function that gives the URL of another new store, with an id of its own."""
    made = []
    if database == "postgresql":
        server, databases = (request.getfixturevalue(name) for name in ("postgresql", "databases"))

    def make():
        if database == "sqlite":
            return str(tmp_path / f"labels_{uuid.uuid4().hex[:8]}.db")
        made.append(databases.take())
        return server.url(made[-1])

    yield make
    for name in made:
        databases.give_back(name)


@pytest.fixture
def url(make_url):
    """Give the URL of a new store."""
    return make_url()


@pytest.fixture
def store(url):
    """Give a new store."""
    with LabelStore(url) as opened:
        yield opened
