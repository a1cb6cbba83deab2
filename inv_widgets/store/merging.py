"""Rounds from elsewhere, added to a store: what is there already stays as it is, what is new comes in, never doubled.

The rules, the same for files and for other stores:

- A round is known by its id. Equal in both: nothing happens. Answered in one, open or skipped in the other: the answer.
- Corrections of its labels and its withdrawal come in too: all versions of the labels are kept, in order of time, and
  what was withdrawn in one of the two is withdrawn.
- A player is known by the id: the same nickname from two computers stays two players.
- Who was forgotten in one of the two is forgotten: their rounds do not come back.
- Nobody answers a cluster map twice. Where a player (one id: a store that was copied and played on both sides) did, the
  earlier answer counts. The later one is kept as ``repeated``, withdrawn.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update

from inv_widgets.store import members
from inv_widgets.store.schema import (
    actions,
    cluster_maps,
    forgotten,
    labels,
    players,
    rounds,
    run_cluster_maps,
    run_members,
    runs,
)
from inv_widgets.store.whole_rounds import Version, WholeRound, one_whole_round

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection, Table

__all__ = ["Imported", "Incoming", "add"]

_BATCH = 500
_AFTER_RESULT = frozenset({"correct", "withdraw", "restore"})


@dataclass(slots=True)
class Imported:
    """What an import or a merge did, in rounds.

    Attributes
    ----------
    added
        New here; those that do not count (see `repeated`) too.
    already
        Were here, and just so.
    updated
        Were here, and got an answer, a correction or a withdrawal.
    repeated
        Of a player who answered that cluster map on another computer too: the later answer is kept, and not counted.
    left_out
        Of players who asked to be forgotten.
    forgotten
        Players (not rounds) whose data was deleted here, because they asked the other store for it.
    unknown_columns
        Of a file, which were not read.
    """

    added: int = 0
    already: int = 0
    updated: int = 0
    repeated: int = 0
    left_out: int = 0
    forgotten: int = 0
    unknown_columns: tuple[str, ...] = ()


@dataclass(slots=True)
class Incoming:
    """What comes in: rows by column, whole rounds, and the ids of forgotten players with the time."""

    runs: list[dict[str, Any]]
    cluster_maps: list[dict[str, Any]]
    run_cluster_maps: list[dict[str, Any]]
    run_members: list[dict[str, Any]]
    players: list[dict[str, Any]]
    rounds: Iterable[WholeRound]
    forgotten: Mapping[str, dt.datetime] = field(default_factory=dict)


def add(connection: Connection, incoming: Incoming) -> Imported:
    """Add what comes in, within the transaction of `connection`, which must be the only one that writes."""
    done = Imported()
    gone = _forget(connection, incoming.forgotten, done)
    _add_missing(connection, runs, incoming.runs)
    _add_missing(connection, cluster_maps, incoming.cluster_maps)
    _add_missing(connection, run_cluster_maps, incoming.run_cluster_maps)
    _add_missing(connection, run_members, incoming.run_members)
    members.link(connection)
    _add_players(connection, [row for row in incoming.players if row["id"] not in gone])
    merge = _Merge(connection, done)
    for one in incoming.rounds:
        if one.row["player_id"] in gone:
            done.left_out += 1
        else:
            merge.take(one)
    merge.flush()
    return done


def _forget(connection: Connection, others: Mapping[str, dt.datetime], done: Imported) -> set[str]:
    own = set(connection.scalars(select(forgotten.c.player_id)))
    new = [one for one in others if one not in own]
    for one in new:
        connection.execute(insert(forgotten).values(player_id=one, forgotten_at=others[one]))
        done.forgotten += connection.execute(delete(players).where(players.c.id == one)).rowcount
    return own | set(new)


def _add_missing(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    keys = [column.name for column in table.primary_key]
    here = {tuple(row) for row in connection.execute(select(*table.primary_key))}
    _insert(connection, table, [row for row in rows if tuple(row[name] for name in keys) not in here])


def _insert(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(table), rows)


def _add_players(connection: Connection, rows: list[dict[str, Any]]) -> None:
    columns = (players.c.id, players.c.store, players.c.nickname_key)
    here = {one: (store, key) for one, store, key in connection.execute(select(*columns))}
    names = set(here.values())
    for row in rows:
        one, name = row["id"], (row["store"], row["nickname_key"])
        # Who came by a file has no store; the player's own id stands there until the store itself is merged.
        from_file = one in here and here[one][0] == one and row["store"] != one
        if one in here and not (from_file and name not in names):
            continue
        if name in names:  # a copied store, in which two people took one nickname
            row, name = row | {"store": one}, (one, row["nickname_key"])  # noqa: PLW2901
        names.add(name)
        if one in here:
            connection.execute(update(players).where(players.c.id == one).values(row))
        else:
            connection.execute(insert(players).values(row))


@dataclass(slots=True)
class _Known:
    """What must be known of a round that is here; `pending`: it came in, and is not written yet."""

    id: str
    status: str
    answered_at: dt.datetime | None
    withdrawn: bool
    pending: WholeRound | None = None


class _Merge:
    def __init__(self, connection: Connection, done: Imported) -> None:
        self._connection, self._done = connection, done
        self._known: dict[str, _Known] = {}
        self._held: dict[tuple[str, str], _Known] = {}  # by player and cluster map, as the index allows one of
        self._pending: list[_Known] = []
        names = ("id", "status", "answered_at", "withdrawn_at", "player_id", "cluster_map_id")
        for one, status, answered, withdrawn, player, place in connection.execute(
            select(*(rounds.c[name] for name in names))
        ):
            known = _Known(one, status, answered, withdrawn is not None)
            self._known[one] = known
            if status in {"open", "answered"}:
                self._held[player, place] = known

    def take(self, one: WholeRound) -> None:
        known = self._known.get(one.row["id"])
        answered_at = one.row["answered_at"]
        if known is None:
            self._done.added += 1
            self._write(self._in_its_place(one))
        elif known.answered_at is None and (answered_at is not None or known.status != "skipped"):
            self._done.updated += 1
            self._write(self._in_its_place(one), over=known)
        elif answered_at is None:
            self._done.already += 1
        elif known.answered_at == answered_at:
            changed = self._correct(known, one)
            self._done.updated += changed
            self._done.already += not changed
        else:  # opened before the store was copied, and answered on both sides
            self.take(one.renamed())

    def flush(self) -> None:
        if not self._pending:
            return
        whole = [known.pending for known in self._pending if known.pending is not None]
        _insert(self._connection, rounds, [one.row for one in whole])
        _insert(self._connection, actions, [row for one in whole for row in one.action_rows()])
        _insert(self._connection, labels, [row for one in whole for row in one.label_rows()])
        for known in self._pending:
            known.pending = None
        self._pending.clear()

    def _in_its_place(self, one: WholeRound) -> WholeRound:
        """Let the earlier answer count where the player has two on one cluster map."""
        holder = self._held.get((one.row["player_id"], one.row["cluster_map_id"]))
        if one.row["status"] != "answered" or holder is None or holder.id == one.row["id"]:
            return one
        if holder.status == "open":
            self._change(holder, status="released")
            return one
        self._done.repeated += 1
        if holder.answered_at is not None and (holder.answered_at, holder.id) < (one.row["answered_at"], one.row["id"]):
            return one.changed(**_repeated(one.row["withdrawn_at"], one.row["answered_at"]))
        holder.withdrawn = True
        self._change(holder, **_repeated(None, holder.answered_at))
        return one

    def _write(self, one: WholeRound, over: _Known | None = None) -> None:
        row = one.row
        if over is not None:
            # Deleted and written anew, with its actions and labels: nothing else refers to a round.
            self._connection.execute(delete(rounds).where(rounds.c.id == over.id))
        known = _Known(row["id"], row["status"], row["answered_at"], row["withdrawn_at"] is not None, one)
        self._known[known.id] = known
        key = (row["player_id"], row["cluster_map_id"])
        if known.status == "answered":
            self._held[key] = known
        elif over is not None and self._held.get(key) is over:
            del self._held[key]
        self._pending.append(known)
        if len(self._pending) >= _BATCH:
            self.flush()

    def _change(self, known: _Known, **values: Any) -> None:
        known.status = values["status"]
        if known.pending is not None:
            known.pending = known.pending.changed(**values)
        else:
            self._connection.execute(update(rounds).where(rounds.c.id == known.id).values(values))

    def _correct(self, known: _Known, one: WholeRound) -> bool:
        """Take over corrections and a withdrawal; say whether there were any."""
        self.flush()
        changed = False
        if one.row["status"] == "answered" and one.row["withdrawn_at"] is not None and not known.withdrawn:
            known.withdrawn = changed = True
            withdrawn = {"withdrawn_at": one.row["withdrawn_at"]}
            self._connection.execute(update(rounds).where(rounds.c.id == known.id).values(withdrawn))
        if len(one.versions) > 1:
            changed = self._correct_labels(known, one) or changed
        if changed:
            self._add_actions(known, one)
        return changed

    def _add_actions(self, known: _Known, one: WholeRound) -> None:
        """Take over what was done after the result; all that came before it is the same in both."""
        here = one_whole_round(self._connection, known.id)
        here_too = set(here.actions)
        new = [action for action in one.actions if action[0] in _AFTER_RESULT and action not in here_too]
        if not new:
            return
        before = [action for action in here.actions if action[0] not in _AFTER_RESULT]
        after = sorted([*here.actions[len(before) :], *new], key=lambda action: action[1])
        merged = WholeRound(here.row, (*before, *after), here.versions)
        self._connection.execute(delete(actions).where(actions.c.round_id == known.id))
        _insert(self._connection, actions, merged.action_rows())

    def _correct_labels(self, known: _Known, one: WholeRound) -> bool:
        here = one_whole_round(self._connection, known.id)
        versions = list(here.versions)
        for version in one.versions[1:]:
            moment = version.written_at
            if not any(other.texts == version.texts and moment in {None, other.written_at} for other in versions):
                now = dt.datetime.now(dt.timezone.utc)
                versions.append(Version(moment or now, version.texts, version.language, version.after_reveal))
        if len(versions) == len(here.versions):
            return False
        merged = WholeRound(here.row, here.actions, _ordered(versions))
        self._connection.execute(delete(labels).where(labels.c.round_id == known.id))
        _insert(self._connection, labels, merged.label_rows())
        count = {"labels_version": len(versions)}
        self._connection.execute(update(rounds).where(rounds.c.id == known.id).values(count))
        return True


def _ordered(versions: list[Version]) -> tuple[Version, ...]:
    """Put versions in order of time; one without a time stays behind the one before it."""
    moments: list[dt.datetime] = []
    for version in versions:
        moments.append(version.written_at or moments[-1])
    order = sorted(range(1, len(versions)), key=moments.__getitem__)
    return tuple(versions[place] for place in (0, *order))


def _repeated(withdrawn_at: Any, answered_at: Any) -> dict[str, Any]:
    return {"status": "repeated", "withdrawn_at": withdrawn_at or answered_at}
