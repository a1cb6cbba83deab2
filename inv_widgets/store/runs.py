"""Runs in the store: which cluster maps they have, and how the host lets them be played."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from sqlalchemy import insert, select, update

from inv_widgets.store.schema import cluster_maps, games, run_cluster_maps, runs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection, Table

    from inv_widgets.store.records import MapRecord

__all__ = ["Status", "add_run", "set_status"]

Status: TypeAlias = Literal["running", "paused", "ended"]
_STATUSES = ("running", "paused", "ended")
_FIELDS = ("id", "picture", "picture_hash", "network", "target", "layer", "cluster", "weight")


def add_run(connection: Connection, run_id: str, name: str, maps: Iterable[MapRecord]) -> None:
    """Write what is not there yet of a run; the transaction must be alone."""
    rows = {one.id: {field: getattr(one, field) for field in _FIELDS} for one in maps}
    _add(connection, cluster_maps, [rows[one] for one in _missing(connection, select(cluster_maps.c.id), rows)])
    values = {"name": name, "n_cluster_maps": len(rows)}
    if connection.scalar(select(runs.c.id).where(runs.c.id == run_id)) is None:
        connection.execute(insert(runs).values(id=run_id, added_at=_now(), **values))
    else:  # it can have come with imported rounds, by its id only
        connection.execute(update(runs).where(runs.c.id == run_id).values(values))
    of_run = select(run_cluster_maps.c.cluster_map_id).where(run_cluster_maps.c.run_id == run_id)
    missing = _missing(connection, of_run, rows)
    _add(connection, run_cluster_maps, [{"run_id": run_id, "cluster_map_id": one} for one in missing])


def set_status(connection: Connection, run_id: str, status: Status) -> None:
    """Let a run be played, pause or end it; the transaction must be alone."""
    if status not in _STATUSES:
        raise ValueError(
            f"[inv-widgets] status={status!r:.80} is not possible: give {', '.join(map(repr, _STATUSES))}."
        )
    if connection.scalar(select(runs.c.id).where(runs.c.id == run_id)) is None:
        raise ValueError(f"[inv-widgets] This store has no run {run_id!r:.80}: call add_run first.")
    values = {"status": status, "changed_at": _now()}
    if connection.execute(update(games).where(games.c.run_id == run_id).values(values)).rowcount == 0:
        connection.execute(insert(games).values(run_id=run_id, **values))


def _missing(connection: Connection, here: Any, wanted: Iterable[str]) -> list[str]:
    known = set(connection.scalars(here))
    return [one for one in wanted if one not in known]


def _add(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(table), rows)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.timezone.utc)
