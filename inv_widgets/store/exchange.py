"""Rounds out of the store and into it: a frame, files (CSV, JSONL, Parquet), and other stores.

:mod:`~inv_widgets.store.exchange_fields` has the fields, :mod:`~inv_widgets.store.exchange_files` the formats,
:mod:`~inv_widgets.store.merging` the rules by which rounds from elsewhere come in.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from inv_widgets.atomic import write
from inv_widgets.store import members
from inv_widgets.store.exchange_fields import FIELDS
from inv_widgets.store.exchange_files import read, writer
from inv_widgets.store.merging import Imported, Incoming, add
from inv_widgets.store.reading_stores import opened
from inv_widgets.store.schema import cluster_maps, forgotten, players, run_cluster_maps, runs
from inv_widgets.store.texts import nickname_key
from inv_widgets.store.whole_rounds import Version, WholeRound, at_one_time, whole_rounds

if TYPE_CHECKING:
    import pandas as pd
    from sqlalchemy import Connection

    from inv_widgets.store.label_store import LabelStore

__all__ = ["Imported", "content", "export", "frame", "import_file", "merge"]


def frame(store: LabelStore, run_id: str | None = None) -> pd.DataFrame:
    """Give all finished rounds (answered, withdrawn or not, and skipped), a row a round, oldest first.

    Parameters
    ----------
    store
        A label store.
    run_id
        The rounds on this run's cluster maps; None: all.

    Returns
    -------
    DataFrame
        The columns of :data:`~inv_widgets.store.exchange_fields.FIELDS`. `weight` and `share` are in per cent,
        `step` counts from 0, `seconds` leaves pauses out. `started` and `answered` are times in UTC; `labels`,
        `labels_corrected` and `actions` (dicts of ``kind``, ``at``, ``value``) are lists. What is missing is None, NaN
        or NaT.
    """
    import pandas as pd

    rows = _rows(store, run_id)
    kinds: dict[str, str] = dict.fromkeys(("cluster", "step", "steps", "times_seen"), "int64")
    kinds |= dict.fromkeys(("weight", "share", "seconds"), "float64") | dict.fromkeys(("gold", "withdrawn"), "bool")
    kinds |= dict.fromkeys(("started", "answered"), "datetime64[us, UTC]") | {"points": "Int64"}
    kinds |= dict.fromkeys(("labels", "labels_corrected", "actions"), "object")
    return pd.DataFrame({name: pd.Series([row[name] for row in rows], dtype=kinds.get(name, "str")) for name in FIELDS})


def export(store: LabelStore, path: str | Path, run_id: str | None = None) -> Path:
    """Write what :func:`frame` gives into a file that appears whole or not at all.

    Parameters
    ----------
    store
        A label store.
    path
        A file that ends in ``.csv``, ``.jsonl`` or ``.parquet``. In CSV, lists are JSON, and a text that a spreadsheet
        would take for a formula gets a leading apostrophe, which :func:`import_file` takes away again.
    run_id
        The rounds on this run's cluster maps; None: all.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ValueError
        If `path` ends in something else.
    """
    path = Path(path)
    to_content = writer(path)
    return write(path, to_content(_rows(store, run_id)))


def content(store: LabelStore, suffix: str, run_id: str | None = None) -> bytes:
    """Give the bytes of the file that :func:`export` would write; `suffix` is ``.csv``, ``.jsonl`` or ``.parquet``."""
    return writer(Path(f"rounds{suffix}"))(_rows(store, run_id))


def import_file(store: LabelStore, path: str | Path) -> Imported:
    """Add the rounds of an exported file that the store does not have yet.

    A file has no more of the labels' corrections than the last one, and nothing of who was forgotten: to unite the
    stores of several computers, use :func:`merge`. Players who come by a file keep their ids and nicknames, but are not
    this store's own: nobody can go on to play as one of them here.

    Parameters
    ----------
    store
        A label store.
    path
        A file that ends in ``.csv``, ``.jsonl`` or ``.parquet``; a CSV may have gone through a spreadsheet.

    Returns
    -------
    Imported
        What was added, and what was there already.

    Raises
    ------
    ValueError
        If anything in the file is malformed; then nothing is imported.
    OSError
        If the file cannot be read.
    StoreError
        If the store cannot be written.
    """
    from inv_widgets import __version__

    found = read(Path(path), __version__)
    with store.database.writing(alone=True) as connection:
        done = add(connection, _of_file(list(found.rows.values())))
    done.unknown_columns = found.unknown_columns
    return done


def merge(store: LabelStore, other: LabelStore | str | Path) -> Imported:
    """Add all finished rounds of another store that this one does not have yet.

    The other store is only read. For the rules see :mod:`inv_widgets.store.merging`.

    Parameters
    ----------
    store
        A label store.
    other
        Another one: open, or its file or URL.

    Returns
    -------
    Imported
        What was added, and what was there already.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    StoreError
        If one of the stores cannot be used.
    """
    with opened(other) as source, source.reading() as reader, store.database.writing(alone=True) as connection:
        at_one_time(reader)
        return add(connection, _of_store(reader))


def _rows(store: LabelStore, run_id: str | None) -> list[dict[str, Any]]:
    with store.database.reading() as connection:
        at_one_time(connection)
        names = {row.id: row.nickname for row in connection.execute(select(players.c.id, players.c.nickname))}
        maps = {row["id"]: row for row in connection.execute(select(cluster_maps)).mappings()}
        return [
            _row(one, names[one.row["player_id"]], maps[one.row["cluster_map_id"]])
            for one in whole_rounds(connection, run_id)
        ]


def _row(one: WholeRound, nickname: str, place: Any) -> dict[str, Any]:
    row, versions = one.row, one.versions
    values = row | {
        "round": row["id"],
        "run": row["run_id"],
        "player": nickname,
        **{name: place[name] for name in _MAP},
        "cluster_map": place["id"],
        "labels": list(versions[0].texts) if versions else [],
        "labels_corrected": list(versions[-1].texts) if len(versions) > 1 else None,
        "withdrawn": row["withdrawn_at"] is not None,
        "started": row["started_at"],
        "answered": row["answered_at"],
        "actions": [
            {"kind": kind, "at": at, "value": None if value is None else json.loads(value)}
            for kind, at, value in one.actions
        ],
    }
    return {name: values[name] for name in FIELDS}


_MAP = ("picture", "picture_hash", "network", "target", "layer", "cluster", "weight")
_SAME = (
    "player_id", "status", "gold", "times_seen", "step", "steps", "share", "guess", "truth", "outcome", "points",
    "language", "seconds", "app_version",
)  # fmt: skip


def _of_file(rows: list[dict[str, Any]]) -> Incoming:
    maps = {row["cluster_map"]: {"id": row["cluster_map"], **{name: row[name] for name in _MAP}} for row in rows}
    first: dict[str, dict[str, Any]] = {}
    played: dict[str, set[str]] = {}
    for row in sorted(rows, key=lambda row: row["started"]):
        first.setdefault(row["player_id"], row)
        played.setdefault(row["run"], set()).add(row["cluster_map"])
    return Incoming(
        runs=[
            {"id": run, "name": run, "n_cluster_maps": len(of_run), "added_at": rows[0]["started"]}
            for run, of_run in played.items()
        ],
        cluster_maps=list(maps.values()),
        run_cluster_maps=[],  # a file may have some of the run's only
        run_members=[],
        players=[_player(row) for row in first.values()],
        rounds=[_whole_round(row) for row in rows],
    )


def _player(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["player_id"],
        "store": row["player_id"],  # the file does not say; so no two nicknames can get into each other's way
        "nickname": row["player"],
        "nickname_key": nickname_key(row["player"]),
        "secret_hash": None,
        "language": row["language"] or "und",
        "on_leaderboard": False,
        "consented_at": None,
        "created_at": row["started"],
    }


def _whole_round(row: dict[str, Any]) -> WholeRound:
    moment = row["answered"] or row["started"]
    values = {name: row[name] for name in _SAME} | {
        "id": row["round"],
        "run_id": row["run"],
        "cluster_map_id": row["cluster_map"],
        "started_at": row["started"],
        "answered_at": row["answered"],
        "leased_until": row["started"],
        "withdrawn_at": moment if row["withdrawn"] else None,
    }
    language = row["language"] or "und"
    versions: tuple[Version, ...] = ()
    if row["answered"] is not None:
        versions = (Version(moment, tuple(row["labels"]), language, after_reveal=False),)
    if row["labels_corrected"] is not None:
        versions += (Version(None, tuple(row["labels_corrected"]), language, after_reveal=True),)
    values["labels_version"] = len(versions)
    actions = tuple(
        (action["kind"], action["at"], None if action["value"] is None else json.dumps(action["value"]))
        for action in row["actions"]
    )
    return WholeRound(values, actions, versions)


def _of_store(reader: Connection) -> Incoming:
    def rows(table: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in reader.execute(select(table)).mappings()]

    gone = {row["player_id"]: row["forgotten_at"] for row in rows(forgotten)}
    return Incoming(
        rows(runs), rows(cluster_maps), rows(run_cluster_maps), members.rows(reader), rows(players),
        whole_rounds(reader), gone,
    )  # fmt: skip
