"""Runs in the store: which cluster maps they have, and how the host lets them be played."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Literal, TypeAlias

from sqlalchemy import insert, select, update

from inv_widgets.store import members
from inv_widgets.store.schema import games, runs
from inv_widgets.store.texts import storable

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection

__all__ = ["Status", "add_run", "set_status"]

Status: TypeAlias = Literal["running", "paused", "ended"]
_STATUSES = ("running", "paused", "ended")


def add_run(connection: Connection, run_id: str, name: str, ids: Collection[str]) -> None:
    """Write what is not there yet of a run; the transaction must be alone."""
    values = {"name": storable(name), "n_cluster_maps": len(ids)}
    found = connection.execute(select(runs.c.name, runs.c.n_cluster_maps).where(runs.c.id == run_id)).one_or_none()
    if found is None:
        connection.execute(insert(runs).values(id=run_id, added_at=_now(), **values))
    elif tuple(found) != tuple(values.values()):  # it can have come with imported rounds, by its id only
        connection.execute(update(runs).where(runs.c.id == run_id).values(values))
    if found is None or found.n_cluster_maps != len(ids) or not members.known(connection, run_id):
        members.write(connection, run_id, ids)
    else:  # a process of the version before can have written rounds of other runs since
        members.link(connection, [run_id])


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


def _now() -> dt.datetime:
    return dt.datetime.now(dt.timezone.utc)
