"""The tables. ``migrations/`` makes them; what is changed here needs a migration there (a test compares the two)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    text,
)

__all__ = [
    "THAT_COUNTS",
    "actions",
    "cluster_maps",
    "forgotten",
    "games",
    "labels",
    "metadata",
    "players",
    "rounds",
    "run_cluster_maps",
    "run_members",
    "runs",
    "settings",
]


class Moment(TypeDecorator[dt.datetime]):
    """A time in UTC. SQLite keeps no zone, so it is taken off on the way in and put back on the way out."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Any) -> dt.datetime | None:  # noqa: ARG002
        """Take a time with a zone."""
        return None if value is None else value.astimezone(dt.timezone.utc).replace(tzinfo=None)

    def process_result_value(self, value: dt.datetime | None, dialect: Any) -> dt.datetime | None:  # noqa: ARG002
        """Give a time in UTC."""
        return None if value is None else value.replace(tzinfo=dt.timezone.utc)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_ID = String(64)

THAT_COUNTS = text("status = 'answered' AND withdrawn_at IS NULL")
"""Of rounds. SQLite uses an index that is limited so only where a query says it in the same words."""

# "store": this store's own id (32 hexadecimal digits).
settings = Table(
    "settings", metadata, Column("name", String(64), primary_key=True), Column("value", Text, nullable=False)
)

runs = Table(
    "runs",
    metadata,
    Column("id", _ID, primary_key=True),  # a hash of its cluster maps' ids
    Column("name", Text, nullable=False),
    Column("n_cluster_maps", Integer, nullable=False),
    Column("added_at", Moment, nullable=False),
)

# Those with rounds, and those of runs that versions before 0002 added.
cluster_maps = Table(
    "cluster_maps",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("picture", Text, nullable=False),  # its name
    Column("picture_hash", _ID, nullable=False),
    Column("network", Text, nullable=False),
    Column("target", Text, nullable=False),  # the target class's name
    Column("layer", Text, nullable=False),
    Column("cluster", Integer, nullable=False),
    Column("weight", Float, nullable=False),  # per cent of the layer
)

# The ids of a run's cluster maps as JSON lists, those with the same first characters together: to tell whether a run
# has one, a row is read. A row each would be half a million, and seconds, for a run of ten thousand pictures.
run_members = Table(
    "run_members",
    metadata,
    Column("beginning", String(8), primary_key=True),
    Column("run_id", _ID, ForeignKey("runs.id"), primary_key=True),
    Column("ids", Text, nullable=False),
)

# Which of the cluster maps above a run has. Runs share them (a picture added makes another run): rounds count for each.
# Runs that came in with imported rounds have no rows here until they are added.
run_cluster_maps = Table(
    "run_cluster_maps",
    metadata,
    Column("run_id", _ID, ForeignKey("runs.id"), primary_key=True),
    Column("cluster_map_id", _ID, ForeignKey("cluster_maps.id"), primary_key=True),
)

# How a run is played here: one row a run that has been played. `status`: running, paused or ended (by the host).
games = Table(
    "games",
    metadata,
    Column("run_id", _ID, ForeignKey("runs.id"), primary_key=True),
    Column("status", String(16), nullable=False, server_default="running"),
    Column("changed_at", Moment, nullable=False),
)

players = Table(
    "players",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("store", _ID, nullable=False),  # the store where this player began: merged ones can have equal nicknames
    Column("nickname", Text, nullable=False),
    Column("nickname_key", Text, nullable=False),  # NFKC, case-folded, without what is not seen
    Column("secret_hash", Text, nullable=True),  # of what the player's browser keeps; null: a kernel that is trusted
    Column("language", String(35), nullable=False),
    Column("on_leaderboard", Boolean, nullable=False),
    Column("consented_at", Moment, nullable=True),  # null: no consent was asked for
    Column("created_at", Moment, nullable=False),
    Index("uq_players_store_nickname_key", "store", "nickname_key", unique=True),
)

# `status`: open, answered, skipped, released (left open, lease over, and the player went on in another run), or
# repeated (the answer of a player who had answered this cluster map already: kept, withdrawn, and never counted).
# A skipped or released round can still be answered, from another tab or a browser that was away.
# A round's id is its idempotency key: it is made when the round is opened, and an answer is written once for it.
rounds = Table(
    "rounds",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("run_id", _ID, ForeignKey("runs.id"), nullable=False),
    Column("cluster_map_id", _ID, ForeignKey("cluster_maps.id"), nullable=False),
    Column("player_id", _ID, ForeignKey("players.id", ondelete="CASCADE"), nullable=False),
    Column("status", String(16), nullable=False),
    Column("gold", Boolean, nullable=False),
    Column("times_seen", Integer, nullable=False),  # rounds in which this player was shown this picture before
    Column("step", Integer, nullable=False),  # the last one that was shown, from 0
    Column("steps", Integer, nullable=False),  # how many there are
    Column("share", Float, nullable=False),  # per cent of the picture at that step
    Column("guess", Text, nullable=True),
    Column("truth", Text, nullable=False),
    Column("outcome", String(16), nullable=True),  # won, lost, resigned
    Column("points", Integer, nullable=True),
    Column("language", String(35), nullable=True),  # of the labels, BCP 47
    Column("seconds", Float, nullable=True),  # from the first look to the answer, pauses left out
    Column("started_at", Moment, nullable=False),
    Column("answered_at", Moment, nullable=True),
    Column("leased_until", Moment, nullable=False),
    Column("withdrawn_at", Moment, nullable=True),
    Column("labels_version", Integer, nullable=False),  # the last one: 0 before the answer, 1 with it, then corrections
    Column("app_version", String(32), nullable=False),
    # A player has one open round a run, whatever the number of tabs, and never the same cluster map twice.
    Index(
        "uq_rounds_open", "player_id", "run_id", unique=True,
        sqlite_where=text("status = 'open'"), postgresql_where=text("status = 'open'"),
    ),
    Index(
        "uq_rounds_once", "player_id", "cluster_map_id", unique=True,
        sqlite_where=text("status IN ('open', 'answered')"), postgresql_where=text("status IN ('open', 'answered')"),
    ),
    Index("ix_rounds_run_id_status", "run_id", "status"),
    Index("ix_rounds_player_id_started_at", "player_id", "started_at"),
    # The counts that decide who plays what next are read off this index alone.
    Index("ix_rounds_that_count", "cluster_map_id", "gold", sqlite_where=THAT_COUNTS, postgresql_where=THAT_COUNTS),
)  # fmt: skip

# What a player did in a round, in order, so that it can be replayed.
actions = Table(
    "actions",
    metadata,
    Column("round_id", _ID, ForeignKey("rounds.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("at", Float, nullable=False),  # seconds since the round was first shown
    Column("value", Text, nullable=True),  # JSON
)

# Version 1 is what stood there at the answer. Corrections are further versions; all are kept.
labels = Table(
    "labels",
    metadata,
    Column("round_id", _ID, ForeignKey("rounds.id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("text", Text, nullable=False),  # as typed
    Column("language", String(35), nullable=False),
    Column("after_reveal", Boolean, nullable=False),
    Column("written_at", Moment, nullable=False),
)

# Ids of players whose data was deleted on request: merging an older copy must not bring them back.
forgotten = Table(
    "forgotten", metadata, Column("player_id", _ID, primary_key=True), Column("forgotten_at", Moment, nullable=False)
)
