import importlib
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text

from inv_widgets.store import migrations
from inv_widgets.store.errors import StoreError
from inv_widgets.store.label_store import LabelStore
from inv_widgets.store.migration import REVISIONS, VERSION_TABLE, prepare
from inv_widgets.store.schema import metadata


@pytest.fixture
def empty(database, request, tmp_path):
    """Give the URL of a database without tables, for the store and for SQLAlchemy."""
    if database == "postgresql":
        return request.getfixturevalue("postgresql_url")
    return f"sqlite:///{tmp_path / 'labels.db'}"


@pytest.fixture
def engine(empty):
    made = create_engine(empty)
    yield made
    made.dispose()


def description(engine):
    """Say all that a database knows of its tables, in its own words."""
    if engine.dialect.name == "sqlite":
        query = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"
        with engine.connect() as connection:
            return {name: normal(sql) for name, sql in connection.execute(text(query))}
    queries = (
        (
            "SELECT table_name || '.' || column_name, concat_ws(' ', data_type, character_maximum_length, is_nullable, "
            "column_default) FROM information_schema.columns WHERE table_schema = 'public'"
        ),
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace",
    )
    with engine.connect() as connection:
        return {
            f"{number} {key}": value
            for number, query in enumerate(queries)
            for key, value in connection.execute(text(query))
        }


def normal(sql):
    """Put a CREATE TABLE's lines in order: constraints are written in another one by the two."""
    lines = [line.strip().rstrip(",") for line in sql.splitlines() if line.strip()]
    return sorted(re.sub(r"\s+", " ", line) for line in lines)


def test_migrations_make_the_tables_of_the_schema(empty, engine):
    metadata.create_all(engine)
    planned = description(engine)
    with engine.begin() as connection:
        metadata.drop_all(connection)
    LabelStore(empty).close()
    made = description(engine)
    own = {key for key in made if VERSION_TABLE in key}
    assert own
    assert {key: value for key, value in made.items() if key not in own} == planned


def test_the_list_of_revisions_is_that_of_the_modules():
    folder = Path(migrations.__file__).parent / "versions"
    modules = [
        importlib.import_module(f"{migrations.__name__}.versions.{file.stem}") for file in sorted(folder.glob("r*.py"))
    ]
    assert tuple(module.revision for module in modules) == REVISIONS
    assert [module.down_revision for module in modules] == [None, *REVISIONS[:-1]]
    assert all("inv_widgets" not in Path(module.__file__).read_text() for module in modules)


def test_a_store_of_a_newer_version_is_refused_and_left_as_it_is(empty, engine):
    LabelStore(empty).close()
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    with pytest.raises(StoreError, match=r"newer version.*pip install --upgrade inv-widgets.*revision 9999") as caught:
        LabelStore(empty)
    assert (caught.value.code, caught.value.retry) == ("store-newer", False)
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '{REVISIONS[-1]}'"))
    LabelStore(empty).close()


def test_an_interrupted_migration_leaves_nothing(empty, engine, monkeypatch):
    def broken(*_):
        raise RuntimeError("interrupted")

    monkeypatch.setattr("inv_widgets.store.migration.insert", broken)
    with pytest.raises(RuntimeError, match="interrupted"):
        LabelStore(empty)
    assert inspect(engine).get_table_names() == []
    monkeypatch.undo()
    LabelStore(empty).close()


def test_another_programs_database_is_left_alone(empty, engine):
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE runs (experiment INTEGER)"))
    with pytest.raises(ValueError, match=r"another program's database \(it has tables called runs\): give another"):
        LabelStore(empty)
    assert inspect(engine).get_table_names() == ["runs"]


def test_beside_another_programs_tables(empty, engine):
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('theirs')"))
    with LabelStore(empty) as store:
        store.enter("Ada")
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "theirs"


def test_processes_that_open_a_new_store_at_once(empty):
    script = textwrap.dedent("""
        import sys, time
        from inv_widgets.store.label_store import LabelStore
        print("ready", flush=True)
        sys.stdin.readline()
        with LabelStore(sys.argv[1]) as store:
            store.enter(sys.argv[2])
            print(store.id)
    """)
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", script, empty, f"player {number}"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for number in range(4)
    ]  # fmt: skip
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=60) for process in processes]
    assert [errors for _, errors in answers] == [""] * 4
    assert len({found for found, _ in answers}) == 1
    with LabelStore(empty) as store, store.database.reading() as connection:
        assert connection.scalar(text("SELECT count(*) FROM players")) == 4


def test_nothing_is_loaded_or_written_where_nothing_is_to_be_done(tmp_path):
    path = tmp_path / "labels.db"
    LabelStore(path).close()
    before = path.read_bytes()
    script = (
        "import sys; from inv_widgets.store.label_store import LabelStore; "
        f"LabelStore({str(path)!r}).close(); sys.exit(sum(name in sys.modules for name in "
        "('alembic', 'torch', 'sklearn', 'pandas', 'pyarrow', 'psycopg')))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
    assert path.read_bytes() == before


def test_without_leave_to_make_tables_none_are_made(engine):
    with pytest.raises(StoreError, match="is no label store"):
        prepare(engine, "there", make=False)
    assert inspect(engine).get_table_names() == []
