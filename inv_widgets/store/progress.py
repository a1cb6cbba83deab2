"""How a game stands, for the one who runs it: the numbers of the host's desk that the store knows, in few queries."""

from __future__ import annotations

import datetime as dt
import statistics
from collections import defaultdict
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, case, func, select

from inv_widgets.labels.agreement import Agreement, same_guess, shared_label
from inv_widgets.store.schema import THAT_COUNTS, labels, players, rounds, run_cluster_maps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection
    from sqlalchemy.sql.elements import ColumnElement

    from inv_widgets.store.label_store import LabelStore

__all__ = ["PlayerProgress", "PlayersAgreement", "Progress", "agreement", "progress"]


@dataclass(frozen=True, slots=True)
class PlayerProgress:
    """A player as the host sees one: counted rounds, and when something was last begun or answered."""

    id: str
    nickname: str
    rounds: int
    last_seen: dt.datetime


@dataclass(frozen=True, slots=True)
class Progress:
    """How a run's game stands.

    Rounds count that were answered and not withdrawn; gold ones too, but for `quotas`.

    Attributes
    ----------
    n_rounds, won, lost, resigned
        Rounds that count, and how they ended.
    skipped, withdrawn
        Rounds that do not.
    labels
        Labels of the rounds that count, as given at the answer.
    rounds_of
        Rounds that count by cluster map, gold ones included; where there are none the map is left out.
    quotas
        The same without gold: what retirement goes by.
    median_seconds
        Of the rounds that count, pauses left out; None before the first.
    players
        All who began a round, whoever was seen last first.
    n_active
        Players with a round under way, seen less than its lease ago.
    """

    n_rounds: int
    won: int
    lost: int
    resigned: int
    skipped: int
    withdrawn: int
    labels: int
    rounds_of: Mapping[str, int]
    quotas: Mapping[str, int]
    median_seconds: float | None
    players: tuple[PlayerProgress, ...]
    n_active: int


@dataclass(frozen=True, slots=True)
class PlayersAgreement:
    """Agreement of the players of one cluster map.

    Attributes
    ----------
    same_guess
        On the class.
    shared_label
        On what they saw: labels as given at the answer, before anyone knew what others had said.
    """

    same_guess: Agreement
    shared_label: Agreement


def progress(store: LabelStore, run_id: str, *, now: dt.datetime | None = None) -> Progress:
    """Give how a run's game stands now.

    Runs can share cluster maps: rounds of another run on this one's count too, as they do for retirement.

    Parameters
    ----------
    store
        A label store.
    run_id
        A run that was added to it.
    now
        The time that leases are compared with; by default the clock's.

    Raises
    ------
    StoreError
        If the store cannot be read.
    """
    now = now or dt.datetime.now(dt.timezone.utc)
    with store.database.reading() as connection:
        return _progress(connection, run_id, now)


def agreement(store: LabelStore, run_id: str) -> PlayersAgreement:
    """Give how far the players of a run agree. It reads every label, and takes some three times as long as `progress`.

    Rounds count as there.

    Raises
    ------
    StoreError
        If the store cannot be read.
    """
    with store.database.reading() as connection:
        which = and_(_of_run(run_id), THAT_COUNTS)
        return PlayersAgreement(_guesses(connection, which), _labels(connection, which))


def _of_run(run_id: str) -> ColumnElement[bool]:
    maps = select(run_cluster_maps.c.cluster_map_id).where(run_cluster_maps.c.run_id == run_id)
    return rounds.c.cluster_map_id.in_(maps)


def _progress(connection: Connection, run_id: str, now: dt.datetime) -> Progress:
    here = _of_run(run_id)
    totals, rounds_of, quotas = _totals(connection, here)
    people, n_active = _players(connection, here, now)
    seconds = connection.scalars(select(rounds.c.seconds).where(here, THAT_COUNTS, rounds.c.seconds.is_not(None))).all()
    of_counted = select(labels.c.round_id).join(rounds, rounds.c.id == labels.c.round_id).where(here, THAT_COUNTS)
    n_labels = connection.scalar(select(func.count()).select_from(of_counted.where(labels.c.version == 1).subquery()))
    return Progress(
        n_rounds=sum(rounds_of.values()),
        won=totals["won"], lost=totals["lost"], resigned=totals["resigned"],
        skipped=totals["skipped"], withdrawn=totals["withdrawn"],
        labels=n_labels or 0, rounds_of=rounds_of, quotas=quotas,
        median_seconds=statistics.median(seconds) if seconds else None,
        players=people, n_active=n_active,
    )  # fmt: skip


def _totals(connection: Connection, here: ColumnElement[bool]) -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
    withdrawn = rounds.c.withdrawn_at.is_not(None)
    keys: list[Any] = [rounds.c.cluster_map_id, rounds.c.status, rounds.c.outcome, rounds.c.gold, withdrawn]
    totals: dict[str, int] = defaultdict(int)
    rounds_of: dict[str, int] = defaultdict(int)
    quotas: dict[str, int] = defaultdict(int)
    grouped = select(*keys, func.count()).where(here).group_by(*keys)
    rows: Any = connection.execute(grouped)
    for place, status, outcome, gold, gone, count in rows:
        if gone:
            totals["withdrawn"] += count
        elif status == "answered":
            totals[outcome] += count
            rounds_of[place] += count
            if not gold:
                quotas[place] += count
        else:
            totals[status] += count
    return totals, dict(rounds_of), dict(quotas)


def _players(
    connection: Connection, here: ColumnElement[bool], now: dt.datetime
) -> tuple[tuple[PlayerProgress, ...], int]:
    seen = func.max(func.coalesce(rounds.c.answered_at, rounds.c.started_at))
    active = func.max(case(((rounds.c.status == "open") & (rounds.c.leased_until > now), 1), else_=0))
    of_player = (
        select(
            rounds.c.player_id,
            func.sum(case((THAT_COUNTS, 1), else_=0)).label("rounds"),
            seen.label("seen"),
            active.label("active"),
        )
        .where(here)
        .group_by(rounds.c.player_id)
        .subquery()
    )
    rows = connection.execute(
        select(players.c.id, players.c.nickname, of_player.c.rounds, of_player.c.seen, of_player.c.active)
        .join(of_player, of_player.c.player_id == players.c.id)
        .order_by(of_player.c.seen.desc(), players.c.id)
    ).all()
    people = tuple(PlayerProgress(one, nickname, int(count), moment) for one, nickname, count, moment, _ in rows)
    return people, sum(row.active for row in rows)


def _labels(connection: Connection, which: ColumnElement[bool]) -> Agreement:
    rows = connection.execute(
        select(rounds.c.cluster_map_id, rounds.c.id, labels.c.text)
        .join(rounds, rounds.c.id == labels.c.round_id)
        .where(which, labels.c.version == 1)
        .order_by(rounds.c.cluster_map_id, rounds.c.id)
    ).all()
    sets = (
        [[text for _, _, text in of_round] for _, of_round in groupby(of_map, key=lambda row: row[1])]
        for _, of_map in groupby(rows, key=lambda row: row[0])
    )
    return shared_label(sets)


def _guesses(connection: Connection, which: ColumnElement[bool]) -> Agreement:
    query = select(rounds.c.cluster_map_id, rounds.c.guess).where(which, rounds.c.outcome != "resigned")
    rows = connection.execute(query.order_by(rounds.c.cluster_map_id)).all()
    return same_guess([guess for _, guess in of_map] for _, of_map in groupby(rows, key=lambda row: row[0]))
