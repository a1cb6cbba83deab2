"""What a player does to a round: opening, revealing, answering, skipping, correcting, withdrawing.

Each function is one transaction's body, and can be sent twice without harm.
"""

from __future__ import annotations

import datetime as dt
import math
import secrets
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, select, update

from inv_widgets import __version__
from inv_widgets.game.scheduling import Encounter, Lease
from inv_widgets.store import members, queries
from inv_widgets.store.errors import PlayerUnknownError, RoundUnknownError
from inv_widgets.store.players import player, unknown
from inv_widgets.store.records import Choice, Situation
from inv_widgets.store.schema import actions, cluster_maps, labels, rounds, runs
from inv_widgets.store.texts import json_text, language_code, storable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sqlalchemy import Connection

    from inv_widgets.game.rounds import Action
    from inv_widgets.store.records import Answer, StoredRound

__all__ = ["answer", "correct", "open_round", "reveal", "skip", "withdraw"]

_OPEN = ("id", "run_id", "cluster_map_id", "leased_until")


def open_round(
    connection: Connection,
    player_id: str,
    run_id: str,
    choose: Callable[[Situation], Choice | None],
    lease: float,
) -> StoredRound | None:
    """Give the player's open round of a run, or open the one that is chosen; the transaction must be alone."""
    if player(connection, player_id) is None:
        raise PlayerUnknownError(unknown(player_id))
    now = _now()
    until = now + dt.timedelta(seconds=lease)
    open_ones = {
        row.run_id: row
        for row in connection.execute(
            select(*(rounds.c[name] for name in _OPEN), cluster_maps.c.picture_hash)
            .join(cluster_maps, cluster_maps.c.id == rounds.c.cluster_map_id)
            .where(rounds.c.player_id == player_id, rounds.c.status == "open")
        )
    }
    if run_id in open_ones:
        round_id = open_ones[run_id].id
        connection.execute(update(rounds).where(rounds.c.id == round_id).values(leased_until=until))
        return _again(connection, round_id)
    history = queries.encounters(connection, player_id)
    for other in open_ones.values():
        if other.leased_until <= now:
            connection.execute(update(rounds).where(rounds.c.id == other.id).values(status="released"))
        else:  # in another tab, of another run: not here too
            history.append(Encounter(other.cluster_map_id, other.picture_hash))
    choice = choose(_situation(connection, player_id, tuple(history), now))
    if choice is None:
        return None
    _check(connection, run_id, choice, history)
    members.bring_into_play(connection, run_id, choice.cluster_map, choice.record)
    round_id = secrets.token_urlsafe(18)
    values = {
        "id": round_id, "run_id": run_id, "cluster_map_id": choice.cluster_map,
        "player_id": player_id, "status": "open", "gold": choice.gold, "times_seen": choice.times_seen, "step": 0,
        "steps": choice.steps, "share": choice.share, "truth": storable(choice.truth), "started_at": now,
        "leased_until": until, "labels_version": 0, "app_version": __version__,
    }  # fmt: skip
    connection.execute(insert(rounds).values(values))
    return _again(connection, round_id)


def reveal(  # noqa: PLR0913, PLR0917 (a row's columns)
    connection: Connection, round_id: str, player_id: str, step: int, share: float, lease: float
) -> int:
    """Note that a step is shown, and give the furthest one shown so far."""
    found = _own(connection, round_id, player_id)
    if not 0 <= step < found.steps:
        raise ValueError(
            f"[inv-widgets] There is no step {step}: this round has {found.steps}, from 0 to {found.steps - 1}."
        )
    if found.outcome is not None:
        return found.step
    until = _now() + dt.timedelta(seconds=lease)
    further = {"step": step, "share": share} if step > found.step else {}
    connection.execute(update(rounds).where(rounds.c.id == round_id).values(leased_until=until, **further))
    return max(step, found.step)


def answer(connection: Connection, round_id: str, player_id: str, given: Answer) -> StoredRound:
    """Write how a round ended, the first time; the transaction must be alone."""
    found = _own(connection, round_id, player_id)
    if found.outcome is not None:
        return found
    now = _now()
    connection.execute(
        update(rounds)
        .where(rounds.c.id == round_id)
        .values(
            outcome=given.outcome, points=given.points, language=language_code(given.language), answered_at=now,
            guess=None if given.guess is None else storable(given.guess), labels_version=1,
            seconds=given.seconds if given.seconds is not None and math.isfinite(given.seconds) else None,
            **_status_of_answer(connection, found, now),
        )
    )  # fmt: skip
    _write_actions(connection, round_id, given.actions)
    _write_labels(connection, round_id, 1, given.labels, given.language, now)
    return _again(connection, round_id)


def skip(connection: Connection, round_id: str, player_id: str, done: Sequence[Action]) -> StoredRound:
    """Close a round without an answer, unless it has one."""
    found = _own(connection, round_id, player_id)
    if found.outcome is not None or found.status == "skipped":
        return found
    connection.execute(update(rounds).where(rounds.c.id == round_id).values(status="skipped"))
    _write_actions(connection, round_id, done)
    return _again(connection, round_id)


def correct(connection: Connection, round_id: str, player_id: str, texts: Sequence[str], language: str) -> StoredRound:
    """Write a further version of an answered round's labels, if they differ from the last one."""
    found = _answered(connection, round_id, player_id)
    if tuple(map(storable, texts)) == found.labels:
        return found
    version = 1 + int(connection.scalar(select(rounds.c.labels_version).where(rounds.c.id == round_id)) or 0)
    connection.execute(update(rounds).where(rounds.c.id == round_id).values(labels_version=version))
    now = _now()
    _write_labels(connection, round_id, version, texts, language, now)
    _append_action(connection, found, "correct", now, list(map(storable, texts)))
    return _again(connection, round_id)


def withdraw(connection: Connection, round_id: str, player_id: str, withdrawn: bool) -> StoredRound:
    """Let an answered round count no more, or again. A repeated one never counts."""
    found = _answered(connection, round_id, player_id)
    if found.withdrawn == withdrawn or found.status != "answered":
        return found
    now = _now()
    change = {"withdrawn_at": now if withdrawn else None}
    connection.execute(update(rounds).where(rounds.c.id == round_id).values(change))
    _append_action(connection, found, "withdraw" if withdrawn else "restore", now, None)
    return _again(connection, round_id)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.timezone.utc)


def _again(connection: Connection, round_id: str) -> StoredRound:
    found = queries.stored_round(connection, round_id)
    assert found is not None
    return found


def _own(connection: Connection, round_id: str, player_id: str) -> StoredRound:
    found = queries.stored_round(connection, round_id, lock=True)
    if found is None or found.player_id != player_id:
        raise RoundUnknownError(
            f"[inv-widgets] This store has no round {round_id!r:.80} of this player: it is another store, or the "
            "player's data was deleted. Nothing was saved; copy what was typed."
        )
    return found


def _answered(connection: Connection, round_id: str, player_id: str) -> StoredRound:
    found = _own(connection, round_id, player_id)
    if found.outcome is None:
        raise RoundUnknownError(f"[inv-widgets] The round {round_id!r:.80} has no answer yet: answer it first.")
    return found


def _situation(connection: Connection, player_id: str, history: tuple[Encounter, ...], now: dt.datetime) -> Situation:
    under_way = select(rounds.c.cluster_map_id, rounds.c.player_id, rounds.c.leased_until).where(
        rounds.c.status == "open", rounds.c.leased_until > now, rounds.c.player_id != player_id
    )
    leases = tuple(Lease(one, who, until.timestamp()) for one, who, until in connection.execute(under_way).all())
    return Situation(queries.all_counts(connection), leases, history, now.timestamp())


def _check(connection: Connection, run_id: str, choice: Choice, history: Iterable[Encounter]) -> None:
    if connection.scalar(select(runs.c.id).where(runs.c.id == run_id)) is None:
        raise ValueError(f"[inv-widgets] This store has no run {run_id!r:.80}: call add_run first.")
    if any(one.cluster_map == choice.cluster_map and not one.skipped for one in history):
        raise ValueError(
            f"[inv-widgets] This player has played {choice.cluster_map!r:.80} already: choose another one."
        )


def _status_of_answer(connection: Connection, found: StoredRound, now: dt.datetime) -> dict[str, object]:
    """Let the earlier answer count where the player has two on one cluster map."""
    other = connection.execute(
        select(rounds.c.id, rounds.c.status).where(
            rounds.c.player_id == found.player_id, rounds.c.cluster_map_id == found.cluster_map,
            rounds.c.status.in_(("open", "answered")), rounds.c.id != found.id,
        )
    ).one_or_none()  # fmt: skip
    if other is not None and other.status == "answered":
        return {"status": "repeated", "withdrawn_at": now}
    if other is not None:
        connection.execute(update(rounds).where(rounds.c.id == other.id).values(status="released"))
    return {"status": "answered"}


def _write_actions(connection: Connection, round_id: str, done: Sequence[Action]) -> None:
    connection.execute(delete(actions).where(actions.c.round_id == round_id))  # of a skip, before a late answer
    if done:
        rows = [
            {
                "round_id": round_id, "number": number, "kind": storable(one.kind)[:32], "at": one.at,
                "value": json_text(one.value),
            }
            for number, one in enumerate(done)
        ]  # fmt: skip
        connection.execute(insert(actions), rows)


def _append_action(
    connection: Connection, of: StoredRound, kind: str, now: dt.datetime, value: list[str] | None
) -> None:
    """Write what came after the result. The clock is the store's: it never goes back behind the browser's last one."""
    last = select(func.max(actions.c.number), func.max(actions.c.at)).where(actions.c.round_id == of.id)
    number, at = connection.execute(last).one()
    row = {
        "round_id": of.id, "number": 0 if number is None else number + 1, "kind": kind,
        "at": max(at or 0.0, (now - of.started_at).total_seconds()), "value": json_text(value),
    }  # fmt: skip
    connection.execute(insert(actions).values(row))


def _write_labels(  # noqa: PLR0913, PLR0917 (a row's columns)
    connection: Connection, round_id: str, version: int, texts: Sequence[str], language: str, now: dt.datetime
) -> None:
    if texts:
        rows = [
            {
                "round_id": round_id, "version": version, "position": position, "text": storable(words),
                "language": language_code(language), "after_reveal": version > 1, "written_at": now,
            }
            for position, words in enumerate(texts)
        ]  # fmt: skip
        connection.execute(insert(labels), rows)
