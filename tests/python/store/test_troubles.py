"""Each trouble of a store made for real, and the same store used again when it is over."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import tempfile
import threading
from pathlib import Path

import pytest
from postgres import find_binaries, running
from simple_game import RUN, add_run, answer, play, taking
from sqlalchemy import text

from inv_widgets.store import drivers, troubles
from inv_widgets.store.errors import CODES, RoundUnknownError, StoreError
from inv_widgets.store.label_store import LabelStore

RETRY = {"store-busy", "store-full", "store-unreachable"}


@contextlib.contextmanager
def trouble(code, *words):
    """Expect a StoreError of a code, with a message that says what to do, and no password."""
    with pytest.raises(StoreError) as caught:
        yield
    error = caught.value
    message = str(error)
    assert error.code == code, message
    assert error.retry == (code in RETRY)
    assert message.startswith("[inv-widgets] The label store ")
    for word in words:
        assert word in message
    assert "s3cret" not in message


@pytest.fixture
def quick(monkeypatch):
    """Let nobody wait for a lock for long."""
    monkeypatch.setattr(drivers, "BUSY_SECONDS", 0.3)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "labels.db"


@pytest.fixture
def round_of(request):
    """Give a function that makes a game on a store, with a round that is open."""

    def make(store):
        add_run(store)
        ada = store.enter("Ada")
        play(store, ada, "map0", "fur")
        return ada, store.open_round(ada.id, RUN, taking("map1"))

    return make


def goes_on(store, ada, opened):
    """The answer that could not be saved is saved, once, and what was there is there."""
    done = store.answer(opened.id, ada.id, answer("tail"))
    assert store.answer(opened.id, ada.id, answer("tail")) == done
    assert [one.labels for one in store.results(ada.id, RUN)] == [("fur",), ("tail",)]


# Busy


def test_busy(quick, url, request, round_of, database):
    with LabelStore(url) as store:
        ada, opened = round_of(store)
        with contextlib.closing(_lock(database, url, request)):
            with trouble("store-busy", "Try again"):
                store.answer(opened.id, ada.id, answer("tail"))
            with trouble("store-busy"):
                store.enter("Grace")
            assert store.round(opened.id).status == "open"  # reading waits for nobody
        goes_on(store, ada, opened)


def _lock(database, url, request):
    if database == "sqlite":
        other = sqlite3.connect(url, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        return other
    other = request.getfixturevalue("postgresql").connect(url.split("@/")[1].split("?")[0])
    other.execute("BEGIN")
    other.execute("LOCK TABLE rounds, players IN SHARE MODE")
    return other


def test_busy_within_a_process(quick, path, round_of, monkeypatch):
    monkeypatch.setattr("inv_widgets.store.engine.BUSY_SECONDS", 0.1)
    with LabelStore(path) as store:
        ada, opened = round_of(store)
        inside, leave = threading.Event(), threading.Event()

        def hold():
            with store.database.writing():
                inside.set()
                leave.wait(20)

        thread = threading.Thread(target=hold)
        thread.start()
        inside.wait(20)
        try:
            with trouble("store-busy"):
                store.answer(opened.id, ada.id, answer("tail"))
        finally:
            leave.set()
            thread.join()
        goes_on(store, ada, opened)


def test_busy_when_all_connections_are_in_use(url, monkeypatch, round_of):
    monkeypatch.setattr(drivers, "_POOL", {"pool_size": 1, "max_overflow": 0, "pool_timeout": 0.1})
    with LabelStore(url) as store:
        ada, opened = round_of(store)
        with store.database.reading(), trouble("store-busy"):
            store.round(opened.id)
        goes_on(store, ada, opened)


# Full


def test_full_by_its_number_of_pages(path, round_of):
    with LabelStore(path) as store:
        ada, opened = round_of(store)

        def limit(pages):
            with store.database._engine.connect() as connection:
                connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")

        limit(1)  # which SQLite takes for: not one page more
        with trouble("store-full", "Free some space"):
            for number in range(2000):
                store.enter(f"Player {number}")
        with trouble("store-full"):
            store.answer(opened.id, ada.id, answer(*("x" * 200 for _ in range(20))))
        limit(100000)
        goes_on(store, ada, opened)


@pytest.fixture
def small_disk(tmp_path):
    """Give a folder of a file system of so many bytes, which can be made read-only; root on Linux can have one."""
    mounted = []

    def make(size):
        folder = tmp_path / "disk"
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=777", "none", folder]
        if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("no file system can be mounted here (that takes root on Linux)")
        mounted.append(folder)
        return folder

    yield make
    for folder in mounted:
        subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_disk(small_disk, round_of):
    disk = small_disk(1 << 20)
    with LabelStore(disk / "labels.db") as store:
        ada, opened = round_of(store)
        filler = disk / "filler"
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        with trouble("store-full"):
            for number in range(2000):
                store.enter(f"Player {number}")
        with trouble("store-full"):
            store.answer(opened.id, ada.id, answer(*("x" * 200 for _ in range(20))))
        assert store.round(opened.id).status == "open"
        with trouble("store-full"):
            LabelStore(disk / "other.db")
        filler.unlink()
        goes_on(store, ada, opened)


def test_a_full_disk_under_postgresql(small_disk, postgresql, round_of):
    disk = small_disk(24 << 20)
    place = disk / "place"
    place.mkdir()
    shutil.chown(place, "postgres", "postgres")
    for folder in place.parents:  # the server must get there
        if folder.stat().st_uid == os.getuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    with postgresql.connect() as connection:
        connection.execute(f"CREATE TABLESPACE small LOCATION '{place}'")
        connection.execute("CREATE DATABASE small TEMPLATE template0 TABLESPACE small")
    try:
        with LabelStore(postgresql.url("small")) as store:
            ada, opened = round_of(store)
            with contextlib.suppress(OSError), (disk / "filler").open("wb", buffering=0) as file:
                while True:
                    file.write(bytes(4096))
            with trouble("store-full"):
                for number in range(3000):
                    store.enter(f"Player {number}")
            (disk / "filler").unlink()
            goes_on(store, ada, opened)
    finally:
        postgresql.drop("small")
        with postgresql.connect() as connection:
            connection.execute("DROP TABLESPACE small")


# Read-only


def test_read_only_by_url(path, round_of):
    with LabelStore(path) as store:
        ada, opened = round_of(store)
    with LabelStore(f"sqlite:///{path}?mode=ro") as store:
        assert store.round(opened.id) == opened
        assert "mode=ro" in store.url
        with trouble("store-readonly", "Allow writing", str(path)):
            store.answer(opened.id, ada.id, answer("tail"))
    with LabelStore(path) as store:
        goes_on(store, ada, opened)


def test_a_read_only_disk(small_disk, round_of):
    disk = small_disk(4 << 20)
    with LabelStore(disk / "labels.db") as store:
        ada, opened = round_of(store)
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    with LabelStore(disk / "labels.db") as store:
        assert store.round(opened.id) == opened
        with trouble("store-readonly"):
            store.answer(opened.id, ada.id, answer("tail"))
        with trouble("store-readonly"):
            LabelStore(disk / "new.db")
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
        goes_on(store, ada, opened)


@contextlib.contextmanager
def as_a_plain_user(folder):
    """Be a user whom the file system's permissions concern, and let the folder be that user's."""
    if os.geteuid() != 0:
        yield
        return
    nobody = 65534
    os.chown(folder, nobody, nobody)
    os.setresuid(nobody, nobody, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


def test_a_file_without_leave_to_write(round_of, path):
    LabelStore(path).close()  # all modules are loaded: the plain user may have no leave to read them
    with tempfile.TemporaryDirectory() as name, as_a_plain_user(name):
        path = Path(name).resolve() / "labels.db"
        with LabelStore(path) as store:
            ada, opened = round_of(store)
        path.chmod(0o444)
        path.parent.chmod(0o555)
        with LabelStore(path) as store:
            assert store.round(opened.id) == opened
            with trouble("store-readonly"):
                store.answer(opened.id, ada.id, answer("tail"))
            with trouble("store-readonly"):
                LabelStore(path.with_name("new.db"))
            path.parent.chmod(0o755)
            path.chmod(0o644)
            goes_on(store, ada, opened)
        path.chmod(0o000)
        with trouble("store-readonly"):
            LabelStore(path)


def test_a_read_only_postgresql(postgresql, postgresql_url, round_of):
    name = postgresql_url.split("@/")[1].split("?")[0]
    with LabelStore(postgresql_url) as store:
        ada, opened = round_of(store)

    def read_only(on):
        with postgresql.connect() as connection:
            connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = {on}")

    read_only("on")
    with LabelStore(postgresql_url) as store:
        assert store.round(opened.id) == opened
        with trouble("store-readonly"):
            store.answer(opened.id, ada.id, answer("tail"))
    read_only("off")
    with LabelStore(postgresql_url) as store:
        goes_on(store, ada, opened)


# Gone


def _files(path):
    return [file for file in path.parent.iterdir() if file.name.startswith(path.name)]


def test_deleted_and_put_back(path, round_of, tmp_path):
    with LabelStore(path) as store:
        ada, opened = round_of(store)
        aside = tmp_path / "aside"
        aside.mkdir()
        for file in _files(path):
            file.rename(aside / file.name)
        for _ in range(2):
            with trouble("store-gone", "Put it back"):
                store.answer(opened.id, ada.id, answer("tail"))
            with trouble("store-gone"):
                store.round(opened.id)
        assert not path.exists()  # no empty one takes its place
        for file in aside.iterdir():
            file.rename(path.parent / file.name)
        goes_on(store, ada, opened)


@pytest.mark.parametrize("what", ["all its files", "the file only"])
def test_deleted_while_something_is_written(path, round_of, what):
    with LabelStore(path) as store:
        ada, _ = round_of(store)
        with trouble("store-gone"), store.database.writing() as connection:
            connection.execute(text("UPDATE players SET nickname = 'Lost'"))
            for file in _files(path) if what == "all its files" else [path]:
                file.unlink()
        with trouble("store-gone"):
            store.player(ada.id)


def test_its_log_deleted(path, round_of):
    with LabelStore(path) as store:
        ada, opened = round_of(store)
        path.with_name("labels.db-wal").unlink()
        with trouble("store-gone"):
            store.answer(opened.id, ada.id, answer("tail"))
        goes_on(store, ada, opened)
    with LabelStore(path) as store:
        assert len(store.results(ada.id, RUN)) == 2


def test_replaced_by_a_backup_of_itself(path, round_of, tmp_path):
    with LabelStore(path) as store:
        ada, opened = round_of(store)
        with (
            contextlib.closing(sqlite3.connect(path)) as source,
            contextlib.closing(sqlite3.connect(tmp_path / "b")) as to,
        ):
            source.backup(to)
        (tmp_path / "b").rename(path)
        goes_on(store, ada, opened)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM rounds WHERE status = 'answered'").fetchone() == (2,)


@pytest.mark.parametrize("kind", ["store", "empty", "other", "garbage"])
def test_replaced_by_another_file(path, round_of, tmp_path, kind):
    with LabelStore(path) as store:
        ada, opened = round_of(store)
        other = tmp_path / "other.db"
        if kind == "store":
            LabelStore(other).close()
        elif kind == "other":
            with contextlib.closing(sqlite3.connect(other)) as connection:
                connection.execute("CREATE TABLE mine (x)")
        else:
            other.write_bytes(b"" if kind == "empty" else b"garbage " * 1000)
        before = other.read_bytes()
        aside = path.with_name("kept.db")
        path.rename(aside)
        other.rename(path)
        for _ in range(2):
            with trouble("store-corrupted" if kind == "garbage" else "store-gone"):
                store.answer(opened.id, ada.id, answer("tail"))
        assert path.read_bytes() == before
        path.unlink()
        aside.rename(path)
        goes_on(store, ada, opened)


def test_a_postgresql_database_that_was_dropped(postgresql, round_of):
    name = postgresql.new_database()
    with LabelStore(postgresql.url(name)) as store:
        ada, opened = round_of(store)
        postgresql.drop(name)
        with trouble("store-gone"):
            store.answer(opened.id, ada.id, answer("tail"))
    with trouble("store-gone"):
        LabelStore(postgresql.url(name))


def test_postgresql_tables_that_were_dropped(postgresql, postgresql_url, round_of):
    with LabelStore(postgresql_url) as store:
        ada, opened = round_of(store)
        with postgresql.connect(postgresql_url.split("@/")[1].split("?")[0]) as connection:
            connection.execute("DROP SCHEMA public CASCADE")
        with trouble("store-gone"):
            store.answer(opened.id, ada.id, answer("tail"))


def test_nowhere(tmp_path):
    with trouble("store-gone", "there is no folder"):
        LabelStore(tmp_path / "missing" / "labels.db")
    with trouble("store-gone"):
        LabelStore(f"sqlite:///{tmp_path / 'labels.db'}?mode=ro")
    assert not (tmp_path / "labels.db").exists()
    with pytest.raises(IsADirectoryError, match="is a folder"):
        LabelStore(tmp_path)


# Corrupted


@pytest.mark.parametrize("content", [b"player,labels\nada,fur\n" * 300, b"SQLite format 3\0" + bytes(range(256)) * 64])
def test_a_file_that_is_no_database(path, content):
    path.write_bytes(content)
    with trouble("store-corrupted", "keep a copy", str(path)):
        LabelStore(path)
    assert path.read_bytes() == content


def test_a_damaged_file_is_found_when_it_is_opened(path, round_of):
    with LabelStore(path) as store:
        round_of(store)
    _damage(path)
    with trouble("store-corrupted"):
        LabelStore(path)


def test_damaged_while_it_is_open_and_repaired(path, round_of):
    with LabelStore(path) as store:
        ada, opened = round_of(store)
        store.database._engine.dispose()  # all is in the file now, nothing in memory
        whole = path.read_bytes()
        _damage(path)
        with trouble("store-corrupted", "Go on with a backup"):
            store.answer(opened.id, ada.id, answer("tail"))
        with path.open("r+b") as file:
            file.write(whole)
        goes_on(store, ada, opened)


def _damage(path):
    """Write over all pages but the first one, which says what the file is."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        pages = path.stat().st_size // size
        for page in range(1, pages):
            file.seek(page * size)
            file.write(b"\xa5" * size)


# Unreachable


@pytest.mark.parametrize("where", ["127.0.0.1:1", "/?host=/nowhere"])
def test_no_server(where):
    with trouble("store-unreachable", "does not answer"):
        LabelStore(f"postgresql+psycopg://ada:s3cret@{where}{'/x' if '?' not in where else ''}")


def test_a_server_that_stops_and_starts(postgresql, round_of):
    del postgresql  # only for the skip where there is none
    with running(find_binaries()) as server, LabelStore(server.url("postgres")) as store:
        ada, opened = round_of(store)
        server.stop()
        for _ in range(2):
            with trouble("store-unreachable", "try again"):
                store.answer(opened.id, ada.id, answer("tail"))
        server.start()
        goes_on(store, ada, opened)


def test_a_connection_cut_in_the_middle(postgresql, url_of_postgresql, round_of):
    with LabelStore(url_of_postgresql) as store:
        ada, opened = round_of(store)
        with trouble("store-unreachable"), store.database.writing() as connection:
            own = connection.scalar(text("SELECT pg_backend_pid()"))
            with postgresql.connect() as other:
                other.execute("SELECT pg_terminate_backend(%s)", [own])
            connection.execute(text("UPDATE players SET nickname = 'Lost'"))
        assert store.player(ada.id).nickname == "Ada"
        goes_on(store, ada, opened)


@pytest.fixture
def url_of_postgresql(postgresql_url):
    return postgresql_url


# The errors themselves


def test_codes():
    assert [StoreError("message", code=code).retry for code in CODES] == [code in RETRY for code in CODES]
    with pytest.raises(ValueError, match="no code 'store-odd': give one of store-busy"):
        StoreError("message", code="store-odd")
    assert isinstance(RoundUnknownError("message"), OSError)
    assert set(troubles._ADVICE) == {code for code in CODES if code.startswith("store-")}


def test_what_is_no_trouble_of_the_store_stays_what_it_is(store):
    with pytest.raises(Exception, match=r"(?i)syntax") as caught, store.database.writing() as connection:
        connection.execute(text("SELEC 1"))
    assert not isinstance(caught.value, StoreError)
