"""What goes into the store and comes out of it: plain frozen records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from inv_widgets.game.rounds import Action
    from inv_widgets.game.scheduling import Encounter, Lease
    from inv_widgets.game.scoring import Outcome

__all__ = ["Answer", "Choice", "MapRecord", "Player", "Ranking", "Said", "Situation", "StoredRound"]


@dataclass(frozen=True, slots=True)
class MapRecord:
    """A cluster map as the store knows it: no picture, no map, only what tells it from others."""

    id: str
    picture: str
    picture_hash: str
    network: str
    target: str
    layer: str
    cluster: int
    weight: float


@dataclass(frozen=True, slots=True)
class Player:
    """Who plays: by nickname only."""

    id: str
    nickname: str
    language: str
    on_leaderboard: bool
    consented_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Situation:
    """What the choice of a player's next cluster map depends on.

    Attributes
    ----------
    counts
        Finished rounds that count, per cluster map id: neither gold, skipped nor withdrawn ones. Other runs' cluster
        maps are among them; those without any are not.
    leases
        Other players' open rounds, `expires` in seconds since 1970.
    history
        What this player was done with, in order of time: answered (withdrawn or not) and skipped rounds.
    now
        Seconds since 1970.
    """

    counts: Mapping[str, int]
    leases: tuple[Lease, ...]
    history: tuple[Encounter, ...]
    now: float


@dataclass(frozen=True, slots=True)
class Choice:
    """The cluster map that a player gets, and what the store must remember of it.

    `record` is written with the first round on the cluster map; it may be None where there was one.
    """

    cluster_map: str
    truth: str
    gold: bool
    times_seen: int
    steps: int
    share: float
    record: MapRecord | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """How a round ended. `guess` is None when the player gave up; `seconds` leaves pauses out."""

    outcome: Outcome
    guess: str | None
    points: int
    labels: tuple[str, ...]
    language: str
    actions: tuple[Action, ...]
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class StoredRound:
    """A round as it stands in the store.

    `labels` is the last version, `labels_at_answer` the first; they differ where the player corrected them.
    """

    id: str
    run_id: str
    cluster_map: str
    player_id: str
    status: str
    gold: bool
    times_seen: int
    step: int
    steps: int
    share: float
    guess: str | None
    truth: str
    outcome: Outcome | None
    points: int | None
    language: str | None
    seconds: float | None
    started_at: dt.datetime
    answered_at: dt.datetime | None
    withdrawn: bool
    labels: tuple[str, ...] = ()
    labels_at_answer: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """A label that others gave on a cluster map, and how many did."""

    text: str
    players: int


@dataclass(frozen=True, slots=True)
class Ranking:
    """A row of the leaderboard."""

    player_id: str
    nickname: str
    points: int
    rounds: int
    wins: int
