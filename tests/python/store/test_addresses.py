import sqlite3
from pathlib import Path

import pytest

from inv_widgets.store import troubles
from inv_widgets.store.addresses import Address
from inv_widgets.store.label_store import LabelStore

FILES = ("labels.db", "./labels.db", "sqlite:///labels.db", "sqlite+pysqlite:///labels.db", Path("labels.db"))
SERVERS = ("postgresql", "postgres", "postgresql+psycopg2", "postgresql+psycopg")


@pytest.mark.parametrize("where", FILES)
def test_files(where, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path.resolve() / "labels.db"
    with LabelStore(where) as store:
        assert path.exists()
        assert (repr(store), store.url) == (f"LabelStore({str(path)!r})", f"sqlite:///{path}")
        monkeypatch.chdir("/")
        store.enter("Ada")  # it stays where it was opened
        with LabelStore(store.url) as again:
            assert again.enter("Ada") == store.enter("Ada")


def test_the_default_and_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    LabelStore().close()
    assert (tmp_path / "labels.db").exists()
    assert Address.of("~/x.db").path == tmp_path.resolve() / "x.db"


def test_odd_file_names(tmp_path):
    path = tmp_path / "what? 100% #1 é.db"
    with LabelStore(path) as store:
        store.enter("Ada")
    assert sorted(one.name for one in tmp_path.iterdir()) == [path.name]


@pytest.mark.parametrize("server", SERVERS)
def test_postgresql_by_any_name_and_never_with_its_password(server):
    address = Address.of(f"{server}://ada:s3cret@host/x")
    assert address.name == address.shown == "postgresql+psycopg://ada:***@host/x"
    assert address.path is None


@pytest.mark.parametrize(
    ("where", "error", "words"),
    [
        ("", TypeError, "a label store at '' .*give a path or a URL"),
        (None, TypeError, "a label store at None .*give a path or a URL"),
        (3, TypeError, r"a label store at 3 \(an int\)"),
        (":memory:", ValueError, "in memory would be lost"),
        ("sqlite://", ValueError, "in memory would be lost"),
        ("mysql://ada:s3cret@host/x", ValueError, "cannot be kept in 'mysql': give sqlite:///"),
        ("https://ada:s3cret@host:port/x", ValueError, "URL cannot be read: give sqlite:///"),
    ],
)
def test_what_is_no_address(where, error, words):
    with pytest.raises(error, match=f"(?i){words}") as caught:
        LabelStore(where)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("database is locked", "store-busy"),
        ("locking protocol", "store-busy"),
        ("attempt to write a readonly database", "store-readonly"),
        ("database disk image is malformed", "store-corrupted"),
        ("file is not a database", "store-corrupted"),
        ("database or disk is full", "store-full"),
        ("no such table: rounds", "store-gone"),
        ("unable to open database file", "store-gone"),
        ("disk I/O error", "store-gone"),
    ],
)
def test_sqlite_without_codes(words, code, tmp_path):
    """Python 3.10 passes on SQLite's words only. (In this test there is no file.)"""
    found = troubles.trouble_of(sqlite3.OperationalError(words), "labels.db", tmp_path / "labels.db")
    assert found.code == code
    assert words in str(found)


def test_what_is_committed_is_on_the_disk(store, database):
    """The settings under which the databases themselves promise that."""
    with store.database.writing() as connection:
        if database == "postgresql":
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
            assert connection.exec_driver_sql("SHOW lock_timeout").scalar() == "5s"
            return
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "busy_timeout")
        }
    full = 2
    assert found == {
        "journal_mode": "wal", "synchronous": full, "foreign_keys": 1, "secure_delete": 1, "busy_timeout": 5000,
    }  # fmt: skip
