"""Runs of any size are added by their ids; rounds on what they share count in each, whichever came first."""

import sqlite3
import uuid
from dataclasses import asdict, replace

import pytest
from simple_game import RUN, add_run, answer, choice, play, records, taking
from sqlalchemy import create_engine, func, insert, select, text
from sqlalchemy.exc import OperationalError

from inv_widgets.game.scheduling import Encounter
from inv_widgets.store import migration, schema
from inv_widgets.store.errors import StoreError
from inv_widgets.store.label_store import LabelStore
from inv_widgets.store.progress import progress
from inv_widgets.store.records import MapRecord


@pytest.fixture
def ada(store):
    return store.enter("Ada")


def rows_of(store, table):
    with store.database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(schema.metadata.tables[table]))


def test_a_run_of_half_a_million_is_a_few_rows(store, ada):
    ids = [f"{one * 2654435761 % 2**32:08x}" for one in range(100_000)]
    store.add_run("large", "Large", ids)
    assert rows_of(store, "run_members") == 256
    assert rows_of(store, "cluster_maps") == rows_of(store, "run_cluster_maps") == 0
    with pytest.raises(ValueError, match=r"Nobody has played '.*' here: choose it by Choice\(\.\.\., record=\.\.\.\)"):
        store.open_round(ada.id, "large", taking(ids[7]))
    with pytest.raises(ValueError, match="The run 'large' has no cluster map '1'"):
        store.open_round(ada.id, "large", taking("1"))
    assert rows_of(store, "rounds") == rows_of(store, "cluster_maps") == 0


def test_of_a_run_what_was_played_is_written(store, ada):
    add_run(store)
    play(store, ada, "map2", "wheel")
    assert rows_of(store, "cluster_maps") == rows_of(store, "run_cluster_maps") == 1
    row = store.rounds().iloc[0]
    assert (row.picture, row.picture_hash, row.cluster, row.weight) == ("picture1.png", "hash1", 2, 12.5)
    play(store, store.enter("Bob"), "map2", "door")
    assert rows_of(store, "cluster_maps") == rows_of(store, "run_cluster_maps") == 1


@pytest.mark.parametrize("first", ["added", "played"])
def test_rounds_count_in_runs_that_were_added_before_and_after(store, ada, first):
    add_run(store)
    if first == "added":
        add_run(store, 8, "wider")
    played = play(store, ada, "map1", "wheel")
    if first == "played":
        add_run(store, 8, "wider")
    store.add_run("else", "Else", ["map7"])
    assert store.counts("wider") == progress(store, "wider").rounds_of == {"map1": 1}
    assert store.history(ada.id, "wider") == [Encounter("map1", "hash0")]
    assert list(store.rounds("wider")["round"]) == [played.id]
    assert (store.counts("else"), len(store.rounds("else"))) == ({}, 0)
    play(store, ada, "map7", run="wider")
    assert store.counts("else") == {"map7": 1}
    assert store.counts(RUN) == {"map1": 1}


def test_rounds_that_come_in_count_in_the_runs_that_are_here(store, make_url, tmp_path, ada):
    add_run(store, 8, "wider")
    with LabelStore(make_url()) as other, LabelStore(make_url()) as third:
        add_run(other)
        play(other, other.enter("Bob"), "map3", "door")
        store.merge(other)
        assert store.counts("wider") == {"map3": 1}
        third.add_run("third", "Third", ["map3", "map4"])
        third.import_(other.export(tmp_path / "rounds.csv"))
        assert third.counts("third") == {"map3": 1}
        third.merge(store)
        assert third.open_round(third.enter("Cy").id, "wider", taking("map5")).cluster_map == "map5"
    # The other store's run came with it: it can be played here.
    assert store.open_round(ada.id, RUN, taking("map0")).cluster_map == "map0"


def test_ids_of_any_letters(store, ada):
    ids = ['"', '"b', "b", "a\\b", "è", "\N{FOOT}", "a\nb", "%", "_"]
    store.add_run("odd", "Odd", ids)
    for one in ids:
        record = MapRecord(one, "p", "h", "n", "cat", "l", 0, 1.0)
        opened = store.open_round(ada.id, "odd", lambda _, record=record: replace(choice(record.id), record=record))
        store.answer(opened.id, ada.id, answer())
    assert store.counts("odd") == dict.fromkeys(ids, 1)
    with pytest.raises(ValueError, match="has no cluster map 'a'"):
        store.open_round(ada.id, "odd", taking("a"))


# Stores of version 0001 have a row for each cluster map of each run.


def as_before(url):
    """Make a store as version 0001 left it: one run of six cluster maps, one round."""
    with LabelStore(url) as store:
        player = store.enter("Ada")
        add_run(store)
        play(store, player, "map0", "wheel")
    engine = create_engine(url if "://" in url else f"sqlite:///{url}")
    with engine.begin() as connection:
        rest = [asdict(one) for one in records(6)[1:]]
        connection.execute(insert(schema.cluster_maps), rest)
        links = [{"run_id": RUN, "cluster_map_id": one["id"]} for one in rest]
        connection.execute(insert(schema.run_cluster_maps), links)
        connection.execute(text("DROP TABLE run_members"))
        connection.execute(text(f"UPDATE {migration.VERSION_TABLE} SET version_num = '0001'"))
    engine.dispose()


def test_a_store_of_the_version_before_goes_on(url):
    as_before(url)
    with LabelStore(url) as store:
        ada = store.enter("Ada")
        assert store.counts(RUN) == {"map0": 1}
        assert store.open_round(ada.id, RUN, taking("map5")).cluster_map == "map5"  # before the game adds its run again
        store.answer(store.open_round(ada.id, RUN, taking("map5")).id, ada.id, answer("door"))
        add_run(store)
        add_run(store, 8, "wider")
        assert store.counts("wider") == {"map0": 1, "map5": 1}
        assert rows_of(store, "cluster_maps") == rows_of(store, "run_cluster_maps") / 2 == 6
        assert store.open_round(store.enter("Bob").id, "wider", taking("map7")).cluster_map == "map7"


def revision_of(url):
    engine = create_engine(url if "://" in url else f"sqlite:///{url}")
    with engine.connect() as connection:
        found = connection.scalar(text(f"SELECT version_num FROM {migration.VERSION_TABLE}"))
    engine.dispose()
    return found


def test_a_process_of_the_version_before_writes_on(url):
    with LabelStore(url) as store:
        add_run(store, 8, "wider")
        # It adds another run by rows, and somebody plays there.
        with store.database.writing() as connection:
            connection.execute(insert(schema.cluster_maps), [asdict(one) for one in records(2)])
        store.add_run(RUN, "A run", ["map0", "map1"])
        with store.database.writing() as connection:
            of_wider = schema.run_cluster_maps.c.run_id == "wider"
            connection.execute(schema.run_cluster_maps.delete().where(of_wider))
        play(store, store.enter("Ada"), "map0", "wheel")
        add_run(store, 8, "wider")
        assert store.counts("wider") == {"map0": 1}
        assert len(store.rounds("wider")) == 1


def test_a_merge_leaves_the_other_store_as_it_is(url, make_url):
    as_before(url)
    with LabelStore(make_url()) as store:
        assert store.merge(url).added == 1
        assert store.merge(url).already == 1
        add_run(store)
        assert store.counts(RUN) == {"map0": 1}
    assert revision_of(url) == "0001"
    LabelStore(url).close()
    assert revision_of(url) == migration.REVISIONS[-1]


def test_a_user_who_may_not_change_the_tables_is_told_who_must(postgresql_url):
    """On PostgreSQL one user can own the tables and another one play."""
    as_before(postgresql_url)
    engine = create_engine(postgresql_url)
    user = f"player_{uuid.uuid4().hex[:8]}"
    with engine.begin() as connection:
        connection.execute(text(f"CREATE ROLE {user} LOGIN"))
        rights = "SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public"
        connection.execute(text(f"GRANT {rights} TO {user}"))
        connection.execute(text(f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO {user}"))
    engine.dispose()
    with LabelStore(postgresql_url.replace("postgres@", f"{user}@")) as store:
        assert store.counts(RUN) == {"map0": 1}
        with pytest.raises(StoreError, match=r"can only be read.*must be opened once by somebody who may") as caught:
            add_run(store, 8, "wider")
        assert caught.value.code == "store-readonly"
        LabelStore(postgresql_url).close()  # the owner does
        add_run(store, 8, "wider")
        assert store.counts("wider") == {"map0": 1}


def test_a_store_of_the_version_before_can_be_read_where_nothing_can_be_written(tmp_path, make_url):
    path = tmp_path / "old.db"
    as_before(str(path))
    before = path.read_bytes()
    with LabelStore(f"sqlite:///{path}?mode=ro") as store:
        assert len(store.rounds(RUN)) == 1
        assert store.counts(RUN) == {"map0": 1}
        assert store.export(tmp_path / "rounds.csv").exists()
        with pytest.raises(StoreError) as caught:
            store.enter("Bob")
        assert caught.value.code == "store-readonly"
        with LabelStore(make_url()) as other:
            assert other.merge(store).added == 1
    assert path.read_bytes() == before


def test_what_was_read_only_at_first_is_brought_up_when_it_can_be_written(tmp_path, monkeypatch):
    path = tmp_path / "old.db"
    as_before(str(path))
    real = migration._bring_up
    monkeypatch.setattr(migration, "_bring_up", lambda *_, **__: refuse())
    with LabelStore(path) as store:
        assert store.counts(RUN) == {"map0": 1}
        monkeypatch.setattr(migration, "_bring_up", real)
        add_run(store, 8, "wider")
        assert store.counts("wider") == {"map0": 1}
    assert revision_of(str(path)) == migration.REVISIONS[-1]


def refuse():
    raise OperationalError("", {}, sqlite3.OperationalError("attempt to write a readonly database"))
