"""What is read from a label store's tables."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, func, select

from inv_widgets.game.rounds import Action
from inv_widgets.game.scheduling import Encounter
from inv_widgets.labels.agreement import plain_label
from inv_widgets.store.records import Ranking, Said, StoredRound
from inv_widgets.store.schema import (
    THAT_COUNTS,
    actions,
    cluster_maps,
    games,
    labels,
    players,
    rounds,
    run_cluster_maps,
)

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy import ColumnElement, Connection, Select, TextClause

    from inv_widgets.store.runs import Status

__all__ = [
    "actions_of",
    "active",
    "all_counts",
    "counts",
    "encounters",
    "leaderboard",
    "n_players",
    "results",
    "said",
    "status",
    "stored_round",
]  # fmt: skip

_BATCH = 500  # rounds whose labels are read together


def stored_round(connection: Connection, round_id: str, *, lock: bool = False) -> StoredRound | None:
    """Give a round; with `lock`, as nobody else can change it before this transaction's end."""
    query = select(rounds).where(rounds.c.id == round_id)
    found = _rounds(connection, query.with_for_update() if lock else query)
    return found[0] if found else None


def results(connection: Connection, player_id: str, run_id: str) -> list[StoredRound]:
    """Give a player's rounds of a run that count, in the order of the answers."""
    of_player = select(rounds).where(rounds.c.player_id == player_id, rounds.c.run_id == run_id, THAT_COUNTS)
    return _rounds(connection, of_player.order_by(rounds.c.answered_at, rounds.c.id))


def encounters(connection: Connection, player_id: str, run_id: str | None = None) -> list[Encounter]:
    """Give what a player was done with, in order of time: all, or a run's cluster maps wherever they were played."""
    query = (
        select(rounds.c.cluster_map_id, cluster_maps.c.picture_hash, rounds.c.status)
        .join(cluster_maps, cluster_maps.c.id == rounds.c.cluster_map_id)
        .where(rounds.c.player_id == player_id, rounds.c.status.in_(("answered", "skipped", "repeated")))
        .order_by(rounds.c.started_at, rounds.c.id)
    )
    if run_id is not None:
        query = query.where((rounds.c.run_id == run_id) | rounds.c.cluster_map_id.in_(_maps_of(run_id)))
    return [Encounter(one, picture, state == "skipped") for one, picture, state in connection.execute(query).all()]


def counts(connection: Connection, run_id: str) -> dict[str, int]:
    """Give the rounds that count of each of a run's cluster maps that has any, wherever they were played; no gold."""
    found = all_counts(connection)
    of_run = connection.scalars(_maps_of(run_id)).all()
    return {one: found[one] for one in of_run if one in found}


def all_counts(connection: Connection) -> dict[str, int]:
    """Give the rounds that count of each cluster map of any run; no gold."""
    that_count = (THAT_COUNTS, ~rounds.c.gold)
    query = select(rounds.c.cluster_map_id, func.count()).where(*that_count).group_by(rounds.c.cluster_map_id)
    return {one: number for one, number in connection.execute(query).all()}  # noqa: C416 (rows are no tuples to mypy)


def said(
    connection: Connection, cluster_map_id: str, except_player: str | None, most: int | None = None
) -> tuple[int, list[Said]]:
    """Give how many rounds of others a cluster map has, and their labels as they stood at the answer."""
    others: list[ColumnElement[bool] | TextClause] = [rounds.c.cluster_map_id == cluster_map_id, THAT_COUNTS]
    if except_player is not None:
        others.append(rounds.c.player_id != except_player)
    if most is not None:
        first = select(rounds.c.id).where(*others).order_by(rounds.c.answered_at, rounds.c.id).limit(most)
        others.append(rounds.c.id.in_(list(connection.scalars(first))))
    number = connection.scalar(select(func.count()).select_from(rounds).where(*others))
    query = (
        select(labels.c.text, rounds.c.player_id)
        .join(rounds, rounds.c.id == labels.c.round_id)
        .where(*others, labels.c.version == 1)
        .order_by(rounds.c.answered_at, rounds.c.id, labels.c.position)
    )
    spellings: defaultdict[str, Counter[str]] = defaultdict(Counter)
    speakers: defaultdict[str, set[str]] = defaultdict(set)
    for words, player_id in connection.execute(query).all():
        plain = plain_label(words)
        spellings[plain][words] += 1
        speakers[plain].add(player_id)
    listed = [Said(spellings[key].most_common(1)[0][0], len(who)) for key, who in speakers.items()]
    return int(number or 0), sorted(listed, key=lambda one: (-one.players, plain_label(one.text)))


def leaderboard(connection: Connection, run_id: str, limit: int) -> list[Ranking]:
    """Give the players who want to be seen, the one with most points first."""
    points, number = func.sum(rounds.c.points), func.count()
    wins = func.sum(case((rounds.c.outcome == "won", 1), else_=0))
    query = (
        select(players.c.id, players.c.nickname, points, number, wins)
        .join(rounds, rounds.c.player_id == players.c.id)
        .where(players.c.on_leaderboard, rounds.c.run_id == run_id, THAT_COUNTS)
        .group_by(players.c.id, players.c.nickname)
        .order_by(points.desc(), number, players.c.nickname, players.c.id)
        .limit(limit)
    )
    return [Ranking(one, nickname, int(sum_), n, int(won)) for one, nickname, sum_, n, won in connection.execute(query)]


def status(connection: Connection, run_id: str) -> Status:
    """Say how a run is played."""
    found: Status | None = connection.scalar(select(games.c.status).where(games.c.run_id == run_id))
    return found or "running"


def n_players(connection: Connection, run_id: str) -> int:
    """Count the players who were given a round of a run."""
    query = select(func.count(rounds.c.player_id.distinct())).where(rounds.c.run_id == run_id)
    return int(connection.scalar(query) or 0)


def active(connection: Connection, run_id: str, now: dt.datetime) -> int:
    """Count the players who have a round of a run under way."""
    under_way = (rounds.c.run_id == run_id, rounds.c.status == "open", rounds.c.leased_until > now)
    return int(connection.scalar(select(func.count()).select_from(rounds).where(*under_way)) or 0)


def actions_of(connection: Connection, round_id: str) -> list[Action]:
    """Give what was done in a round, in order."""
    query = select(actions.c.kind, actions.c.at, actions.c.value).where(actions.c.round_id == round_id)
    return [
        Action(kind, at, None if value is None else json.loads(value))
        for kind, at, value in connection.execute(query.order_by(actions.c.number))
    ]


def _maps_of(run_id: str) -> Select[Any]:
    return select(run_cluster_maps.c.cluster_map_id).where(run_cluster_maps.c.run_id == run_id)


_SAME = (
    "id", "run_id", "player_id", "status", "gold", "times_seen", "step", "steps", "share", "guess", "truth", "outcome",
    "points", "language", "seconds", "started_at", "answered_at",
)  # fmt: skip


def _rounds(connection: Connection, query: Select[Any]) -> list[StoredRound]:
    rows = connection.execute(query).mappings().all()
    words = _labels_of(connection, [row["id"] for row in rows if row["labels_version"] > 0])
    return [
        StoredRound(
            **{name: row[name] for name in _SAME},
            cluster_map=row["cluster_map_id"],
            withdrawn=row["withdrawn_at"] is not None,
            labels=tuple(words[row["id"], row["labels_version"]]),
            labels_at_answer=tuple(words[row["id"], 1]),
        )
        for row in rows
    ]


def _labels_of(connection: Connection, ids: list[str]) -> defaultdict[tuple[str, int], list[str]]:
    found: defaultdict[tuple[str, int], list[str]] = defaultdict(list)
    for start in range(0, len(ids), _BATCH):
        some = ids[start : start + _BATCH]
        query = select(labels.c.round_id, labels.c.version, labels.c.text).where(labels.c.round_id.in_(some))
        for one, version, words in connection.execute(query.order_by(labels.c.position)).all():
            found[one, version].append(words)
    return found
