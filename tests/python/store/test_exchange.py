"""Rounds out of a store and into another: files of three formats, and whole stores."""

import csv
import datetime as dt
import io
import json
import shutil
import sqlite3

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from simple_game import RUN, add_run, answer, play, taking
from sqlalchemy import text, update

from inv_widgets.game.rounds import Action
from inv_widgets.store import schema
from inv_widgets.store.errors import StoreError
from inv_widgets.store.exchange import content, export, frame
from inv_widgets.store.exchange_fields import FIELDS, checked
from inv_widgets.store.exchange_files import read, writer
from inv_widgets.store.label_store import LabelStore
from inv_widgets.store.merging import Imported

FORMATS = ("csv", "jsonl", "parquet")
ODD_LABELS = (
    "=1+1", "'=1+1", "+39", "-x", "@you", "\tx", "\rx", "a,b;c", 'say "hi"', "two\nlines", "two\r\nlines", "", " ",
    "🦩👩‍👩‍👧", "العين", "עין\u200f", "null", "NaN", "[]", "1e5", "\u2028", "\x85", "\ufeff", "'", "''", " =x", "'\t=",
)  # fmt: skip


@pytest.fixture
def other(make_url):
    with LabelStore(make_url()) as opened:
        yield opened


@pytest.fixture
def filled(store):
    """Every kind of round."""
    add_run(store)
    ada, bob = store.enter("Ada", on_leaderboard=True), store.enter("=bob")
    play(store, ada, "map0", *ODD_LABELS)
    corrected = play(store, ada, "map1", "wheel", outcome="lost", points=0)
    store.correct(corrected.id, ada.id, ["tyre"], "en")
    store.correct(corrected.id, ada.id, ["tyre", "hub"], "it")
    play(store, ada, "map2", outcome="resigned", points=0, seconds=None, gold=True)
    emptied = play(store, bob, "map0", "wheel")
    store.correct(emptied.id, bob.id, [], "en")
    withdrawn = play(store, bob, "map1", "wheel", language="it")
    store.withdraw(withdrawn.id, bob.id)
    skipped = store.open_round(bob.id, RUN, taking("map2"))
    store.skip(skipped.id, bob.id, [Action("show", 1.0, 1), Action("skip", 2.0)])
    store.open_round(bob.id, RUN, taking("map3"))  # stays open, and goes nowhere
    return store


def same(one, two):
    pd.testing.assert_frame_equal(one, two)


def rows_of(store, kind="jsonl"):
    return [json.loads(line) for line in content(store, f".{kind}").decode().splitlines()]


def write_rows(path, rows):
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    elif path.suffix == ".csv":
        plain = [
            {k: json.dumps(v) if isinstance(v, list) else "" if v is None else v for k, v in r.items()} for r in rows
        ]
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(plain)
    return path


# The frame


def test_a_frame_has_a_row_a_finished_round(filled):
    rounds = filled.rounds()
    assert list(rounds.columns) == list(FIELDS)
    assert list(rounds.status) == ["answered"] * 5 + ["skipped"]
    first = rounds.iloc[0]
    assert (first.player, first.run, first.cluster_map, first.picture) == ("Ada", RUN, "map0", "picture0.png")
    assert (first.outcome, first.guess, first.truth, first.points, first.language) == ("won", "cat", "cat", 50, "en")
    assert first.labels == list(ODD_LABELS)
    assert first.labels_corrected is None
    assert first.actions[0] == {"kind": "show", "at": 1.5, "value": 1}
    assert rounds.iloc[1].labels == ["wheel"]
    assert rounds.iloc[1].labels_corrected == ["tyre", "hub"]
    assert rounds.iloc[3].labels_corrected == []
    assert list(rounds.withdrawn) == [False] * 4 + [True, False]
    assert list(rounds.gold) == [False, False, True, False, False, False]
    assert rounds.guess.isna().tolist() == [False, False, True, False, False, True]
    assert pd.isna(rounds.iloc[5].answered)
    assert pd.isna(rounds.iloc[2].seconds)
    assert pd.isna(rounds.iloc[5].points)
    assert str(rounds.started.dtype) == "datetime64[us, UTC]"
    assert rounds.started.is_monotonic_increasing


def test_columns_have_their_types_without_rows(store, filled, make_url):
    with LabelStore(make_url()) as empty:
        assert (
            frame(empty).dtypes.drop(["guess", "outcome", "language"])
            == frame(filled).dtypes.drop(["guess", "outcome", "language"])
        ).all()
        assert len(frame(empty)) == 0


def test_a_run_has_the_rounds_on_its_cluster_maps(filled):
    filled.add_run("another", "Another", ["else"])
    filled.add_run("wider", "Wider", ["map0", "map9"])
    assert len(filled.rounds(RUN)) == 6
    assert len(filled.rounds("another")) == 0
    assert list(filled.rounds("wider").cluster_map) == ["map0", "map0"]


# Files


@pytest.mark.parametrize("kind", FORMATS)
def test_out_in_and_out_again(filled, other, tmp_path, kind):
    path = filled.export(tmp_path / f"labels.{kind}")
    assert other.import_(path) == Imported(added=6)
    same(other.rounds(), filled.rounds())
    assert content(other, f".{kind}") == path.read_bytes()
    assert other.import_(path) == Imported(already=6)
    assert filled.import_(path) == Imported(already=6)
    same(other.rounds(), filled.rounds())


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_has_the_same_fields(filled, tmp_path, kind):
    path = filled.export(tmp_path / f"labels.{kind}")
    if kind == "csv":
        names = next(csv.reader(io.StringIO(path.read_text("utf-8"))))
    elif kind == "jsonl":
        names = list(json.loads(path.read_text("utf-8").splitlines()[0]))
    else:
        names = pq.read_schema(path).names
    assert names == list(FIELDS)


@pytest.mark.parametrize("kind", FORMATS)
def test_an_empty_store_makes_a_file_that_can_be_read(store, other, tmp_path, kind):
    path = store.export(tmp_path / f"labels.{kind}")
    if kind == "jsonl":
        assert path.read_bytes() == b""
    assert other.import_(path) == Imported()


def test_times_are_iso_8601_in_utc(filled):
    row = rows_of(filled)[0]
    assert row["started"].endswith("Z")
    assert dt.datetime.fromisoformat(row["started"].replace("Z", "+00:00")) == filled.rounds().started[0]


def test_no_spreadsheet_finds_a_formula(filled, tmp_path):
    path = filled.export(tmp_path / "labels.csv")
    cells = [cell for row in csv.reader(io.StringIO(path.read_text("utf-8"), newline="")) for cell in row]
    assert "'=bob" in cells
    assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) or cell.startswith(("\t", "\r")) for cell in cells)


def test_a_part_comes_in_and_then_the_rest(filled, other, tmp_path):
    rows = rows_of(filled)
    assert other.import_(write_rows(tmp_path / "some.jsonl", rows[1:3])) == Imported(added=2)
    assert other.import_(write_rows(tmp_path / "all.jsonl", rows)) == Imported(added=4, already=2)
    same(other.rounds(), filled.rounds())


def test_the_same_round_twice_in_a_file_is_one(filled, other, tmp_path):
    rows = rows_of(filled)
    assert other.import_(write_rows(tmp_path / "twice.jsonl", rows + rows)) == Imported(added=6)


def test_a_later_file_brings_corrections_and_withdrawals(filled, other, tmp_path):
    other.import_(filled.export(tmp_path / "before.jsonl"))
    ada = filled.enter("Ada")
    first, second = filled.results(ada.id, RUN)[:2]
    filled.correct(first.id, ada.id, ["eye"], "en")
    filled.withdraw(second.id, ada.id)
    after = filled.export(tmp_path / "after.jsonl")
    assert other.import_(after) == Imported(already=4, updated=2)
    same(other.rounds(), filled.rounds())
    assert other.import_(after) == Imported(already=6)


def test_a_file_is_there_whole_or_not_at_all(filled, tmp_path, monkeypatch):
    path = tmp_path / "labels.csv"
    path.write_text("older")
    with pytest.raises(ValueError, match=r"'labels.xlsx': give a name that ends in .csv, .jsonl or .parquet"):
        export(filled, tmp_path / "labels.xlsx")
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("no")))
    with pytest.raises(OSError, match="no"):
        export(filled, path)
    assert path.read_text() == "older"
    assert [one.name for one in tmp_path.iterdir() if one.suffix == ".csv"] == ["labels.csv"]


def test_players_of_a_file_do_not_get_into_the_way(filled, other, tmp_path):
    add_run(other)
    own = other.enter("Ada")
    play(other, own, "map0", "mine")
    other.import_(filled.export(tmp_path / "labels.csv"))
    assert other.enter("Ada").id == own.id
    rounds = other.rounds()
    assert rounds[rounds.player == "Ada"].player_id.nunique() == 2
    assert other.counts(RUN) == {"map0": 3, "map1": 1}


def test_a_run_that_came_by_a_file_can_be_played(filled, other, tmp_path):
    other.import_(filled.export(tmp_path / "labels.csv"))
    add_run(other)
    play(other, other.enter("eve"), "map0", "wheel")
    assert other.counts(RUN)["map0"] == 3


# Files that went through a spreadsheet


def as_csv(store, separator=",", end="\n", change=lambda name, cell: cell):
    buffer = io.StringIO(newline="")
    rows = list(csv.reader(io.StringIO(content(store, ".csv").decode(), newline="")))
    writer = csv.writer(buffer, delimiter=separator, lineterminator=end)
    writer.writerow(rows[0])
    writer.writerows([change(name, cell) for name, cell in zip(rows[0], row, strict=True)] for row in rows[1:])
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("separator", "end", "encoding"),
    [(",", "\n", "utf-8-sig"), (";", "\r\n", "utf-8-sig"), ("\t", "\r\n", "utf-16"), (";", "\n", "utf-8")],
)
def test_other_separators_and_encodings_are_read(filled, other, tmp_path, separator, end, encoding):
    def italian(name, cell):
        if name in {"gold", "withdrawn"}:
            return {"true": "VERO", "false": "FALSO"}[cell]
        return cell.replace(".", ",") if separator != "," and name in {"weight", "share", "seconds"} else cell

    path = tmp_path / "labels.csv"
    path.write_bytes(as_csv(filled, separator, end, italian).encode(encoding))
    assert other.import_(path) == Imported(added=6)
    same(other.rounds(), filled.rounds())


def test_columns_that_others_added_are_passed_over_and_named(filled, other, tmp_path):
    lines = as_csv(filled, change=lambda _, cell: cell.replace("\n", " ").replace("\r", " ")).splitlines()
    path = tmp_path / "labels.csv"
    path.write_text("\n".join([lines[0] + ",remark,", *(line + ",good,," for line in lines[1:]), ",,,"]), "utf-8")
    assert other.import_(path) == Imported(added=6, unknown_columns=("remark",))


# What is malformed


ROW = {
    "round": "first", "run": "run", "player": "Ada", "player_id": "ada", "picture": "dog.jpg", "picture_hash": "hash",
    "network": "network", "target": "dog", "layer": "layer", "cluster": 0, "cluster_map": "map", "weight": 12.5,
    "status": "answered", "step": 2, "steps": 6, "share": 8.0, "guess": "dog", "truth": "dog", "outcome": "won",
    "points": 68, "labels": ["ear"], "labels_corrected": None, "language": "en", "times_seen": 0, "gold": False,
    "withdrawn": False, "started": "2026-11-21T09:30:00Z", "answered": "2026-11-21T09:30:20+00:00", "seconds": 20.0,
    "actions": [{"kind": "label", "at": 3.5, "value": "ear"}], "app_version": "0.1.0",
}  # fmt: skip


def test_a_row_that_is_not_malformed(tmp_path):
    found = read(write_rows(tmp_path / "labels.jsonl", [ROW]), "0.1.0")
    assert found.rows["first"]["answered"] == dt.datetime(2026, 11, 21, 9, 30, 20, tzinfo=dt.timezone.utc)
    assert {**found.rows["first"], "started": 0, "answered": 0} == ROW | {"started": 0, "answered": 0}


MALFORMED = [
    ("step", "two"), ("step", -1), ("step", 6), ("step", 1.5), ("step", 10**40), ("step", True), ("steps", 0),
    ("share", 101), ("share", "much"), ("share", None), ("weight", float("inf")), ("cluster", ""),
    ("status", "open"), ("status", "done"), ("outcome", "win"), ("outcome", None), ("points", None), ("answered", None),
    ("answered", "yesterday"), ("started", "2026-11-21T09:30:00"), ("started", 3), ("gold", "maybe"),
    ("round", ""), ("round", " "), ("round", "x" * 65), ("round", 5), ("player", ""), ("player", None),
    ("player_id", "1.23E+15"), ("cluster_map", "1,2E+15"), ("truth", "a\0b"), ("picture", "\ud800"),
    ("labels", "wheel"), ("labels", [1]), ("labels", None), ("labels", ["\ud83d"]), ("labels", ["a\0"]),
    ("labels_corrected", {}), ("actions", [{"kind": "show"}]), ("actions", [{"kind": "show", "at": -1}]),
    ("actions", [{"kind": "show", "at": 1, "value": {}}]), ("actions", [{"kind": "", "at": 1}]), ("actions", [3]),
    ("actions", [{"kind": "label", "at": 1, "value": "\udc00"}]), ("seconds", -3), ("language", "e" * 36),
    ("times_seen", None), ("app_version", ""),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value"), MALFORMED)
def test_a_malformed_value_is_named(tmp_path, field, value):
    rows = [ROW, ROW | {"round": "second"}, ROW | {"round": "third", field: value}]
    with pytest.raises(ValueError, match=rf"^\[inv-widgets\] labels.jsonl, line 3: {field}: .*Nothing was imported.$"):
        read(write_rows(tmp_path / "labels.jsonl", rows), "0.1.0")


def test_nothing_comes_in_of_a_file_with_a_fault(filled, other, tmp_path):
    rows = rows_of(filled)
    path = write_rows(tmp_path / "labels.jsonl", [*rows[:5], rows[5] | {"step": 9}])
    with pytest.raises(ValueError, match=r"labels.jsonl, line 6: step: 9 is not below steps, 6. Nothing was imported"):
        other.import_(path)
    assert len(other.rounds()) == 0
    assert other.player(rows[0]["player_id"]) is None


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("name", "content_", "words"),
    [
        ("a.jsonl", b'{"round": "x"}\n', "line 1: it lacks the fields run, player"),
        ("a.jsonl", b"\n\n[]\n", "line 3: it is no object"),
        ("a.jsonl", b'{"round": "x', "line 1: it is not JSON .* cut off"),
        ("a.jsonl", b"\xff\n", "line 1: it is not in UTF-8"),
        ("a.jsonl", b"[" * 100_000, "line 1: it is not JSON"),
        ("a.csv", b"", "line 1: it lacks the fields round"),
        ("a.csv", b"round,run\n", "line 1: it lacks the fields player"),
        ("a.csv", b"caf\xe9", "line 1: it is not in UTF-8"),
        ("a.parquet", b"PAR1", "not a Parquet file, or it is cut off"),
        ("a.txt", b"", "give a name that ends in"),
    ],
)
def test_other_files_are_refused(store, tmp_path, name, content_, words):
    path = tmp_path / name
    path.write_bytes(content_)
    with pytest.raises(ValueError, match=rf"^\[inv-widgets\] .*{words}"):
        store.import_(path)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
class TestRefusedFiles:
    def test_a_line_of_csv_that_is_cut_off(self, filled, other, tmp_path):
        path = tmp_path / "labels.csv"
        path.write_bytes(content(filled, ".csv")[:-400])
        with pytest.raises(ValueError, match=r"labels.csv, line \d+: "):
            other.import_(path)
        lines = as_csv(filled, change=lambda _, cell: cell.replace("\n", " ").replace("\r", " ")).splitlines()
        path.write_text("\n".join([*lines[:3], ",".join(lines[3].split(",")[:7])]), "utf-8")
        with pytest.raises(ValueError, match="line 4: it has 7 cells and the header 31"):
            other.import_(path)
        assert len(other.rounds()) == 0

    def test_lines_are_counted_with_breaks_in_cells(self, filled, other, tmp_path):
        bad = as_csv(filled, change=lambda name, cell: "much" if name == "share" and cell == "2.0" else cell)
        text_ = bad.replace("answered", "ans\nwered", 1).replace("ans\nwered", "answered", 1)
        path = tmp_path / "labels.csv"
        path.write_text(text_, "utf-8", newline="")
        with pytest.raises(ValueError, match=r"labels.csv, line 2: share: 'much' is no number from 0 to 100"):
            other.import_(path)

    def test_a_field_twice(self, filled, other, tmp_path):
        text_ = content(filled, ".csv").decode()
        path = tmp_path / "labels.csv"
        path.write_text(text_.replace("app_version", "app_version,round", 1), "utf-8", newline="")
        with pytest.raises(ValueError, match="line 1: it has the fields round twice"):
            other.import_(path)

    def test_a_list_that_a_spreadsheet_cut(self, filled, other, tmp_path):
        path = tmp_path / "labels.csv"
        path.write_text(
            as_csv(filled, change=lambda name, cell: cell[:20] if name == "actions" else cell),
            newline="",
            encoding="utf-8",
        )
        with pytest.raises(ValueError, match=r"actions: .*cut off"):
            other.import_(path)

    def test_a_round_twice_that_differs(self, filled, other, tmp_path):
        rows = rows_of(filled)
        path = write_rows(tmp_path / "labels.jsonl", [*rows, rows[0] | {"points": 1}])
        with pytest.raises(ValueError, match=r"line 7: round: .* stands in this file twice, and differs"):
            other.import_(path)

    def test_a_newer_version(self, filled, other, tmp_path):
        rows = rows_of(filled)
        newer = [row | {"app_version": "99.1", "mood": "good"} for row in rows]
        with pytest.raises(ValueError, match=r"written by inv-widgets 99.1 and has fields that are unknown .*mood"):
            other.import_(write_rows(tmp_path / "labels.jsonl", newer))
        # Nothing in it is unknown: it can be read.
        assert (
            other.import_(write_rows(tmp_path / "labels.jsonl", [row | {"app_version": "99.1"} for row in rows])).added
            == 6
        )
        table = pq.read_table(filled.export(tmp_path / "labels.parquet"))
        pq.write_table(table.replace_schema_metadata({"inv_widgets": '{"rounds": 2}'}), tmp_path / "labels.parquet")
        with pytest.raises(ValueError, match="fields of version 2, this inv-widgets reads up to 1: upgrade"):
            other.import_(tmp_path / "labels.parquet")

    def test_parquet_with_other_columns(self, filled, other, tmp_path):
        path = filled.export(tmp_path / "labels.parquet")
        table = pq.read_table(path)
        pq.write_table(table.drop_columns(["truth"]), path)
        with pytest.raises(ValueError, match=r"labels.parquet, its columns: it lacks truth"):
            other.import_(path)
        pq.write_table(table.set_column(table.schema.get_field_index("step"), "step", pa.array(["x"] * 6)), path)
        with pytest.raises(ValueError, match=r"labels.parquet, row 1: step: 'x' is no whole number"):
            other.import_(path)
        wrong = pa.array([[{"kind": "a", "at": 1.0, "value": "{"}]] * 6)
        pq.write_table(table.set_column(table.schema.get_field_index("actions"), "actions", wrong), path)
        with pytest.raises(ValueError, match=r"labels.parquet, row 1: actions: "):
            other.import_(path)
        assert len(other.rounds()) == 0

    def test_no_file(self, store, tmp_path):
        with pytest.raises(FileNotFoundError):
            store.import_(tmp_path / "no.csv")


def test_a_fault_in_the_middle_of_writing_leaves_nothing(filled, other, tmp_path, monkeypatch):
    from inv_widgets.store import merging

    def broken(*_):
        raise RuntimeError("the power is gone")

    monkeypatch.setattr(merging._Merge, "flush", broken)
    with pytest.raises(RuntimeError):
        other.import_(filled.export(tmp_path / "labels.csv"))
    monkeypatch.undo()
    assert len(other.rounds()) == 0
    assert other.import_(tmp_path / "labels.csv").added == 6


# Any text and any round

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12) | st.sampled_from(
    ODD_LABELS
)
WORDS = TEXT.filter(str.strip)
IDS = st.text("abcdef0123456789_-", min_size=8, max_size=24)
MOMENTS = st.integers(-(10**15), 4 * 10**15).map(
    lambda microseconds: dt.datetime(2000, 1, 1, tzinfo=dt.timezone.utc) + dt.timedelta(microseconds=microseconds)
)
VALUES = (
    st.none()
    | TEXT
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.lists(TEXT, max_size=2)
)
ACTIONS = st.fixed_dictionaries({"kind": WORDS, "at": st.floats(0, 1e6), "value": VALUES})


@st.composite
def rounds(draw):
    status = draw(st.sampled_from(["answered", "answered", "skipped", "repeated"]))
    steps = draw(st.integers(1, 9))
    given_ = status != "skipped"
    outcome = draw(st.sampled_from(["won", "lost", "resigned"])) if given_ else None
    moment = draw(MOMENTS)
    return {
        "round": draw(st.uuids(version=4)).hex, "run": draw(st.sampled_from(["r1", "r2"])), "player": draw(WORDS),
        "player_id": draw(IDS), "picture": draw(TEXT), "picture_hash": draw(IDS), "network": draw(TEXT),
        "target": draw(TEXT), "layer": draw(TEXT), "cluster": draw(st.integers(-5, 5)), "cluster_map": draw(IDS),
        "weight": draw(st.floats(-100, 100)), "status": status, "step": draw(st.integers(0, steps - 1)), "steps": steps,
        "share": draw(st.floats(0, 100)), "guess": draw(st.none() | WORDS) if given_ else None, "truth": draw(TEXT),
        "outcome": outcome, "points": draw(st.integers(-9, 999)) if given_ else None,
        "labels": draw(st.lists(TEXT, max_size=3)) if given_ else [],
        "labels_corrected": draw(st.none() | st.lists(TEXT, max_size=2)) if given_ else None,
        "language": draw(st.none() | st.sampled_from(["en", "it"])) if given_ else None,
        "times_seen": draw(st.integers(0, 9)), "gold": draw(st.booleans()),
        "withdrawn": given_ and (status == "repeated" or draw(st.booleans())),
        "started": moment.isoformat(), "answered": draw(MOMENTS).isoformat() if given_ else None,
        "seconds": draw(st.none() | st.floats(0, 1e5)) if given_ else None,
        "actions": draw(st.lists(ACTIONS, max_size=3)), "app_version": "0.1.0",
    }  # fmt: skip


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(rounds(), max_size=4, unique_by=lambda row: row["round"]))
def test_whatever_was_said_goes_through_every_format(tmp_path, rows):
    expected = {row["round"]: checked(row) for row in rows}
    for kind in FORMATS:
        path = tmp_path / f"labels.{kind}"
        path.write_bytes(writer(path)(expected.values()))
        assert read(path, "0.1.0").rows == expected
        assert writer(path)(read(path, "0.1.0").rows.values()) == path.read_bytes()


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(rounds(), max_size=9, unique_by=(lambda row: row["player_id"], lambda row: row["cluster_map"])))
def test_whatever_was_said_comes_back_from_a_store(make_url, tmp_path, rows):
    path = tmp_path / "labels.parquet"
    expected = [checked(row) for row in rows]
    path.write_bytes(writer(path)(expected))
    with LabelStore(make_url()) as one:
        assert one.import_(path) == Imported(added=len(rows))
        again = one.export(tmp_path / "again.csv")
        ordered = sorted(expected, key=lambda row: (row["started"], row["round"]))
        assert list(read(again, "0.1.0").rows.values()) == ordered


# Stores


def count(store, table):
    with store.database.reading() as connection:
        return connection.scalar(text(f"SELECT count(*) FROM {table}"))


def test_a_store_comes_in_whole(filled, other):
    assert other.merge(filled) == Imported(added=6)
    same(other.rounds(), filled.rounds())
    for table in ("players", "cluster_maps", "runs", "run_cluster_maps", "labels", "actions"):
        assert count(other, table) == count(filled, table)
    assert other.merge(filled) == Imported(already=6)
    assert filled.merge(other) == Imported(already=6)
    assert filled.merge(filled) == Imported(already=6)
    same(other.rounds(), filled.rounds())


def test_all_versions_of_labels_come_in(filled, other):
    ada = filled.enter("Ada")
    other.merge(filled)
    second = filled.results(ada.id, RUN)[1]
    with filled.database.reading() as one, other.database.reading() as two:
        query = text(
            "SELECT version, position, text, language, after_reveal FROM labels WHERE round_id = :id ORDER BY 1, 2"
        )
        assert one.execute(query, {"id": second.id}).all() == two.execute(query, {"id": second.id}).all()
        assert len(two.execute(query, {"id": second.id}).all()) == 4
    filled.correct(second.id, ada.id, ["last"], "en")
    filled.withdraw(second.id, ada.id)
    assert other.merge(filled) == Imported(already=5, updated=1)
    same(other.rounds(), filled.rounds())
    assert other.merge(filled) == Imported(already=6)


def test_corrections_on_both_sides_go_by_time(filled, other):
    ada = filled.enter("Ada")
    other.merge(filled)
    first = filled.results(ada.id, RUN)[0]
    filled.correct(first.id, ada.id, ["earlier"], "en")
    other.correct(first.id, ada.id, ["later"], "en")
    other.merge(filled)
    filled.merge(other)
    assert other.round(first.id).labels == filled.round(first.id).labels == ("later",)
    assert count(other, "labels") == count(filled, "labels")
    assert other.merge(filled).updated == filled.merge(other).updated == 0


def test_equal_nicknames_of_two_computers_stay_two_players(store, other):
    for one, label in ((store, "here"), (other, "there")):
        add_run(one)
        play(one, one.enter("Ada"), "map0", label)
    assert store.merge(other) == Imported(added=1)
    rounds_ = store.rounds()
    assert list(rounds_.player) == ["Ada", "Ada"]
    assert rounds_.player_id.nunique() == 2
    assert store.counts(RUN) == {"map0": 2}
    assert other.merge(store) == Imported(added=1, already=1)
    same(store.rounds(), other.rounds())


def test_who_was_forgotten_stays_so_and_is_so_everywhere(filled, other, make_url):
    other.merge(filled)
    ada = filled.enter("Ada")
    assert filled.forget(ada.id) == 3
    assert filled.merge(other) == Imported(already=3, left_out=3)
    assert filled.player(ada.id) is None
    assert other.merge(filled) == Imported(already=3, forgotten=1)
    assert other.player(ada.id) is None
    assert list(other.rounds().player) == ["=bob"] * 3
    with LabelStore(make_url()) as third:
        assert third.merge(filled) == Imported(added=3)
        assert third.merge(other) == Imported(already=3)
        assert count(third, "forgotten") == 1


def test_a_file_does_not_bring_back_who_was_forgotten(filled, tmp_path):
    path = filled.export(tmp_path / "labels.csv")
    filled.forget(filled.enter("Ada").id)
    assert filled.import_(path) == Imported(already=3, left_out=3)
    assert list(filled.rounds().player) == ["=bob"] * 3


def test_a_store_after_its_file(filled, other, tmp_path):
    other.import_(filled.export(tmp_path / "labels.csv"))
    # The file had the last correction, not the one before it.
    assert other.merge(filled) == Imported(already=5, updated=1)
    assert other.merge(filled) == Imported(already=6)
    same(other.rounds(), filled.rounds())
    ada = filled.enter("Ada")
    assert other.player(ada.id) == filled.player(ada.id)  # on the leaderboard, as it was there
    filled.forget(ada.id)
    assert other.merge(filled).forgotten == 1


def test_files_are_only_read(filled, make_url, tmp_path, database):
    if database != "sqlite":
        pytest.skip("about SQLite files")
    path = filled.database.address.path
    filled.close()
    before = path.read_bytes()
    with LabelStore(tmp_path / "target.db") as target:
        assert target.merge(path) == Imported(added=6)
        assert target.merge(str(path)) == target.merge(f"sqlite:///{path}") == Imported(already=6)
        assert path.read_bytes() == before
        with pytest.raises(FileNotFoundError, match=r"\[inv-widgets\] There is no label store at .*no.db"):
            target.merge(tmp_path / "no.db")
        assert not (tmp_path / "no.db").exists()
        with pytest.raises(TypeError, match=r"other=3 is an int: give an inv.LabelStore, or its file or URL"):
            target.merge(3)
        (tmp_path / "broken.db").write_bytes(b"SQLite format 3\0" + b"x" * 5000)
        with pytest.raises(StoreError, match=r"broken.db is damaged") as caught:
            target.merge(tmp_path / "broken.db")
        assert caught.value.code == "store-corrupted"


def test_a_store_on_a_medium_that_cannot_be_written(filled, tmp_path, monkeypatch, database):
    if database != "sqlite":
        pytest.skip("about SQLite files")
    path = filled.database.address.path
    filled.close()
    connect = sqlite3.connect

    def read_only(address, **options):  # as on a memory stick: no place for the log's index
        if "mode=ro" in str(address) and "immutable=1" not in address:
            raise sqlite3.OperationalError("unable to open database file")
        return connect(address, **options)

    monkeypatch.setattr("inv_widgets.store.reading_stores.sqlite3.connect", read_only)
    with LabelStore(tmp_path / "target.db") as target:
        assert target.merge(path) == Imported(added=6)


def test_from_a_url(filled, make_url, url):
    with LabelStore(make_url()) as target:
        assert target.merge(url) == Imported(added=6)
        same(target.rounds(), filled.rounds())


def test_from_one_database_to_the_other(filled, tmp_path):
    with LabelStore(tmp_path / "laptop.db") as laptop:
        assert laptop.merge(filled) == Imported(added=6)
        same(laptop.rounds(), filled.rounds())
        assert filled.merge(laptop) == Imported(already=6)


# A store that was copied, and played on both sides


@pytest.fixture
def copies(filled, other):
    """Two stores with the same players and rounds, one of them open."""
    ada = filled.enter("Ada")
    open_round = filled.open_round(ada.id, RUN, taking("map3"))
    other.merge(filled)
    with filled.database.reading() as source, other.database.writing(alone=True) as target:
        for row in source.execute(schema.rounds.select().where(schema.rounds.c.status == "open")).mappings():
            target.execute(schema.rounds.insert().values(dict(row)))
    return filled, other, ada, open_round


def test_an_answer_wins_over_an_open_round(copies):
    here, there, ada, open_round = copies
    there.answer(open_round.id, ada.id, answer("eye"))
    assert here.merge(there) == Imported(already=6, updated=1)
    same(here.rounds(), there.rounds())
    assert here.actions(open_round.id) == there.actions(open_round.id)
    assert there.merge(here) == Imported(already=7)


def test_an_answer_wins_over_a_skip_whichever_way_they_meet(copies):
    here, there, ada, open_round = copies
    here.skip(open_round.id, ada.id, [])
    there.answer(open_round.id, ada.id, answer("eye"))
    assert there.merge(here) == Imported(already=7)
    assert here.merge(there) == Imported(already=6, updated=1)
    same(here.rounds(), there.rounds())
    assert here.round(open_round.id).status == "answered"


def test_a_skip_wins_over_an_open_round(copies):
    here, there, ada, open_round = copies
    there.skip(open_round.id, ada.id, [Action("skip", 1.0)])
    assert here.merge(there).updated == 1
    assert here.round(open_round.id).status == "skipped"
    same(here.rounds(), there.rounds())


def test_of_two_answers_to_one_round_the_earlier_counts(copies):
    here, there, ada, open_round = copies
    there.answer(open_round.id, ada.id, answer("earlier"))
    here.answer(open_round.id, ada.id, answer("later"))
    assert here.merge(there) == Imported(added=1, already=6, repeated=1)
    assert there.merge(here).repeated >= 0
    for one in (here, there):
        rounds_ = one.rounds()
        on_map = rounds_[rounds_.cluster_map == "map3"]
        assert on_map[on_map.status == "answered"].labels.tolist() == [["earlier"]]
        assert ["later"] in on_map[on_map.status == "repeated"].labels.tolist()
        assert on_map[on_map.status == "repeated"].withdrawn.all()
        assert one.counts(RUN)["map3"] == 1
    before = here.rounds()
    assert here.merge(there).updated == 0
    assert there.merge(here).added == 0
    assert here.merge(there).added == 0
    assert len(before) <= len(here.rounds()) <= len(before) + 1


def test_of_two_rounds_on_a_cluster_map_the_earlier_answer_counts(copies):
    here, there, ada, open_round = copies
    for one, label in ((there, "earlier"), (here, "later")):
        one.skip(open_round.id, ada.id, [])
        play(one, ada, "map4", label)
    assert here.merge(there) == Imported(added=1, already=7, repeated=1)
    assert there.merge(here) == Imported(added=1, already=8)
    same(here.rounds(), there.rounds())
    on_map = here.rounds()[lambda rounds_: rounds_.cluster_map == "map4"]
    assert dict(zip(on_map.status, on_map.labels, strict=True)) == {"answered": ["earlier"], "repeated": ["later"]}
    assert on_map.withdrawn.tolist() == (on_map.status == "repeated").tolist()
    assert here.counts(RUN)["map4"] == 1
    assert here.merge(there) == there.merge(here) == Imported(already=9)


def test_a_round_under_way_is_taken_back_where_its_map_was_answered_elsewhere(copies):
    here, there, ada, open_round = copies
    there.skip(open_round.id, ada.id, [])
    play(there, ada, "map4", "eye")
    here.skip(open_round.id, ada.id, [])
    under_way = here.open_round(ada.id, RUN, taking("map4"))
    assert here.merge(there) == Imported(added=1, already=7)
    assert here.round(under_way.id).status == "released"
    late = here.answer(under_way.id, ada.id, answer("late"))
    assert late.status == "repeated"
    assert here.counts(RUN)["map4"] == 1


def test_two_people_who_took_one_nickname_in_two_copies(copies):
    here, there, _, _ = copies
    with there.database.writing() as connection:  # a copied file has the same id
        connection.execute(update(schema.settings).where(schema.settings.c.name == "store").values(value=here.id))
    where = there.database.address
    with LabelStore(where.path or where.url.render_as_string(hide_password=False)) as copied:
        assert copied.id == here.id
        for one in (here, copied):
            play(one, one.enter("Zoe"), "map5", "eye")
        assert here.merge(copied).added == 1
        rounds_ = here.rounds()
        assert rounds_[rounds_.player == "Zoe"].player_id.nunique() == 2
        assert here.enter("Zoe").id != copied.enter("Zoe").id


def test_a_copied_file_is_the_same_store(filled, tmp_path, database):
    if database != "sqlite":
        pytest.skip("about SQLite files")
    path = filled.database.address.path
    filled.close()
    shutil.copy(path, tmp_path / "copy.db")
    with LabelStore(path) as here:
        assert here.merge(tmp_path / "copy.db") == Imported(already=6)
