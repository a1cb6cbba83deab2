"""Which cluster maps runs have, for runs of half a million: ids only, until a cluster map comes into play.

What holds after each function here: of each run whose ids are in ``run_members``, ``run_cluster_maps`` has those that
``cluster_maps`` has. So what is asked of rounds joins these two, as if all of a run's cluster maps stood there.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, inspect, select

from inv_widgets.store.schema import cluster_maps, run_cluster_maps, run_members
from inv_widgets.store.texts import storable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from inv_widgets.store.records import MapRecord

__all__ = ["bring_into_play", "known", "link", "rows", "write"]

_BEGINNING = 2  # characters: 256 rows for ids in hexadecimal digits


def known(connection: Connection, run_id: str) -> bool:
    """Say whether a run's ids are here."""
    return connection.scalar(select(run_members.c.run_id).where(run_members.c.run_id == run_id).limit(1)) is not None


def rows(connection: Connection) -> list[dict[str, Any]]:
    """Give all rows; none of a store that an earlier version made and that can only be read."""
    if not inspect(connection).has_table(run_members.name):
        return []
    return [dict(row) for row in connection.execute(select(run_members)).mappings()]


def write(connection: Connection, run_id: str, ids: Iterable[str]) -> None:
    """Write a run's ids, in place of those that were here; the transaction must be alone."""
    together: defaultdict[str, list[str]] = defaultdict(list)
    for one in ids:
        together[one[:_BEGINNING]].append(one)
    connection.execute(delete(run_members).where(run_members.c.run_id == run_id))
    texts: defaultdict[str, list[str]] = defaultdict(list)
    for beginning, some in together.items():
        texts[storable(beginning)] += some
    if texts:
        values = [{"beginning": one, "run_id": run_id, "ids": json.dumps(some)} for one, some in texts.items()]
        connection.execute(insert(run_members), values)
    link(connection, [run_id])


def link(connection: Connection, run_ids: Iterable[str] | None = None) -> None:
    """Link the cluster maps that are here to the runs that have them; None: to all runs with ids."""
    if run_ids is None:
        run_ids = connection.scalars(select(run_members.c.run_id).distinct()).all()
    for run_id in run_ids:
        linked = select(run_cluster_maps.c.cluster_map_id).where(run_cluster_maps.c.run_id == run_id)
        others = set(connection.scalars(select(cluster_maps.c.id).where(cluster_maps.c.id.not_in(linked))))
        if others:
            of_run = connection.scalars(select(run_members.c.ids).where(run_members.c.run_id == run_id))
            _link(connection, [(run_id, one) for ids in of_run for one in json.loads(ids) if one in others])


def bring_into_play(connection: Connection, run_id: str, cluster_map: str, record: MapRecord | None) -> None:
    """See that a run has a cluster map, and write it with its first round; the transaction must be alone.

    Raises
    ------
    ValueError
        If the run does not have it, or nobody has played it and `record` is not its record.
    """
    of_map = run_cluster_maps.c.cluster_map_id == cluster_map
    linked = set(connection.scalars(select(run_cluster_maps.c.run_id).where(of_map)))
    if run_id in linked:
        return
    near = select(run_members.c.run_id, run_members.c.ids).where(run_members.c.beginning == _beginning(cluster_map))
    quoted = json.dumps(cluster_map)
    # All runs that have it: rounds of one count in the others.
    having = {one for one, ids in connection.execute(near).all() if quoted in ids and cluster_map in json.loads(ids)}
    if run_id not in having:
        raise ValueError(f"[inv-widgets] The run {run_id!r:.80} has no cluster map {cluster_map!r:.80}.")
    if connection.scalar(select(cluster_maps.c.id).where(cluster_maps.c.id == cluster_map)) is None:
        if record is None or record.id != cluster_map:
            raise ValueError(
                f"[inv-widgets] Nobody has played {cluster_map!r:.80} here: choose it by Choice(..., record=...), "
                "which says what it is."
            )
        names = ("picture", "network", "target", "layer")
        texts = {name: storable(getattr(record, name)) for name in names}
        same = {name: getattr(record, name) for name in ("id", "picture_hash", "cluster", "weight")}
        connection.execute(insert(cluster_maps).values(**same, **texts))
    _link(connection, [(one, cluster_map) for one in sorted(having - linked)])


def _beginning(one: str) -> str:
    return storable(one[:_BEGINNING])


def _link(connection: Connection, pairs: list[tuple[str, str]]) -> None:
    if pairs:
        values = [{"run_id": run_id, "cluster_map_id": one} for run_id, one in pairs]
        connection.execute(insert(run_cluster_maps), values)
