"""Finished rounds as one piece each: the row, what was done in it, and all versions of its labels."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select, text

from inv_widgets.store.schema import actions, labels, rounds, run_cluster_maps

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from sqlalchemy import Connection

__all__ = ["Version", "WholeRound", "at_one_time", "one_whole_round", "whole_rounds"]

_BATCH = 500  # rounds that are read together; SQLite takes at most 32766 parameters


@dataclass(frozen=True, slots=True)
class Version:
    """Labels as they stood at one time; `written_at` None: nobody knows when."""

    written_at: dt.datetime | None
    texts: tuple[str, ...]
    language: str
    after_reveal: bool


@dataclass(frozen=True, slots=True)
class WholeRound:
    """A round's row by column, its actions (kind, at, value as JSON), and its labels, first version first."""

    row: dict[str, Any]
    actions: tuple[tuple[str, float, str | None], ...]
    versions: tuple[Version, ...]

    def renamed(self) -> WholeRound:
        """Give it another id, always the same one: for a second answer to a round, from another computer."""
        key = f"{self.row['id']} {self.row['answered_at']}".encode()
        return self.changed(id=hashlib.blake2b(key, digest_size=16).hexdigest())

    def changed(self, **values: Any) -> WholeRound:
        """Give it with other values in its row."""
        return WholeRound(self.row | values, self.actions, self.versions)

    def action_rows(self) -> list[dict[str, Any]]:
        """Give the rows of its actions."""
        return [
            {"round_id": self.row["id"], "number": number, "kind": kind, "at": at, "value": value}
            for number, (kind, at, value) in enumerate(self.actions)
        ]

    def label_rows(self) -> list[dict[str, Any]]:
        """Give the rows of its labels. A version that took all away has none; the round's `labels_version` tells."""
        return [
            {
                "round_id": self.row["id"], "version": number, "position": position, "text": words,
                "language": version.language, "after_reveal": version.after_reveal,
                "written_at": version.written_at or self.row["answered_at"],
            }
            for number, version in enumerate(self.versions, start=1)
            for position, words in enumerate(version.texts)
        ]  # fmt: skip


def at_one_time(connection: Connection) -> None:
    """Let a transaction that only reads see the store as it is now until its end; call this first."""
    if connection.dialect.name == "postgresql":  # SQLite does so anyway
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))


def whole_rounds(connection: Connection, run_id: str | None = None) -> Iterator[WholeRound]:
    """Read finished rounds in the order in which they were started.

    Finished are those that were skipped, and those that were answered, whether the answer counts or not. A run's are
    those on its cluster maps, in whatever run they were played.
    """
    finished = or_(rounds.c.status == "skipped", rounds.c.answered_at.is_not(None))
    query = select(rounds.c.id).where(finished).order_by(rounds.c.started_at, rounds.c.id)
    if run_id is not None:
        maps = select(run_cluster_maps.c.cluster_map_id).where(run_cluster_maps.c.run_id == run_id)
        query = query.where((rounds.c.run_id == run_id) | rounds.c.cluster_map_id.in_(maps))
    ids = list(connection.scalars(query))
    for start in range(0, len(ids), _BATCH):
        yield from _batch(connection, ids[start : start + _BATCH])


def one_whole_round(connection: Connection, round_id: str) -> WholeRound:
    """Read one round, finished or not, that is there."""
    return next(_batch(connection, [round_id]))


def _batch(connection: Connection, ids: list[str]) -> Iterator[WholeRound]:
    done: dict[str, list[tuple[str, float, str | None]]] = {one: [] for one in ids}
    said: dict[str, dict[int, Version]] = {one: {} for one in ids}
    query = select(actions.c.round_id, actions.c.kind, actions.c.at, actions.c.value)
    for one, kind, at, value in connection.execute(
        query.where(actions.c.round_id.in_(ids)).order_by(actions.c.round_id, actions.c.number)
    ):
        done[one].append((kind, at, value))
    columns = (labels.c[name] for name in ("round_id", "version", "text", "language", "after_reveal", "written_at"))
    for one, number, words, language, after_reveal, written_at in connection.execute(
        select(*columns)
        .where(labels.c.round_id.in_(ids))
        .order_by(labels.c.round_id, labels.c.version, labels.c.position)
    ):
        before = said[one].get(number, Version(written_at, (), language, after_reveal))
        said[one][number] = replace(before, texts=(*before.texts, words))
    found = {row["id"]: dict(row) for row in connection.execute(select(rounds).where(rounds.c.id.in_(ids))).mappings()}
    for one in ids:
        yield WholeRound(found[one], tuple(done[one]), _versions(found[one], said[one]))


def _versions(row: dict[str, Any], said: dict[int, Version]) -> tuple[Version, ...]:
    language = row["language"] or "und"
    return tuple(
        said.get(number) or Version(row["answered_at"] if number == 1 else None, (), language, after_reveal=number > 1)
        for number in range(1, row["labels_version"] + 1)
    )
