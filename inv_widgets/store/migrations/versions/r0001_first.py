"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "cluster_maps",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("picture", sa.Text(), nullable=False),
        sa.Column("picture_hash", sa.String(length=64), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("layer", sa.Text(), nullable=False),
        sa.Column("cluster", sa.Integer(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cluster_maps"),
    )
    op.create_table(
        "forgotten",
        sa.Column("player_id", sa.String(length=64), nullable=False),
        sa.Column("forgotten_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("player_id", name="pk_forgotten"),
    )
    op.create_table(
        "players",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("store", sa.String(length=64), nullable=False),
        sa.Column("nickname", sa.Text(), nullable=False),
        sa.Column("nickname_key", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=True),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("on_leaderboard", sa.Boolean(), nullable=False),
        sa.Column("consented_at", sa.DateTime(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_players"),
    )
    op.create_index("uq_players_store_nickname_key", "players", ["store", "nickname_key"], unique=True)
    op.create_table(
        "runs",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("n_cluster_maps", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
    )
    op.create_table(
        "settings",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_settings"),
    )
    op.create_table(
        "games",
        sa.Column("run_id", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=16), server_default="running", nullable=False),
        sa.Column("changed_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_games_run_id_runs"),
        sa.PrimaryKeyConstraint("run_id", name="pk_games"),
    )
    op.create_table(
        "rounds",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("run_id", sa.String(length=64), nullable=False),
        sa.Column("cluster_map_id", sa.String(length=64), nullable=False),
        sa.Column("player_id", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("gold", sa.Boolean(), nullable=False),
        sa.Column("times_seen", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.Column("share", sa.Float(), nullable=False),
        sa.Column("guess", sa.Text(), nullable=True),
        sa.Column("truth", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("points", sa.Integer(), nullable=True),
        sa.Column("language", sa.String(length=35), nullable=True),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("answered_at", sa.DateTime(), nullable=True),
        sa.Column("leased_until", sa.DateTime(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(), nullable=True),
        sa.Column("labels_version", sa.Integer(), nullable=False),
        sa.Column("app_version", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["cluster_map_id"], ["cluster_maps.id"], name="fk_rounds_cluster_map_id_cluster_maps"),
        sa.ForeignKeyConstraint(["player_id"], ["players.id"], name="fk_rounds_player_id_players", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_rounds_run_id_runs"),
        sa.PrimaryKeyConstraint("id", name="pk_rounds"),
    )
    op.create_index("ix_rounds_player_id_started_at", "rounds", ["player_id", "started_at"])
    op.create_index("ix_rounds_run_id_status", "rounds", ["run_id", "status"])
    op.create_index(
        "ix_rounds_that_count",
        "rounds",
        ["cluster_map_id", "gold"],
        sqlite_where=sa.text("status = 'answered' AND withdrawn_at IS NULL"),
        postgresql_where=sa.text("status = 'answered' AND withdrawn_at IS NULL"),
    )
    op.create_index(
        "uq_rounds_once",
        "rounds",
        ["player_id", "cluster_map_id"],
        unique=True,
        sqlite_where=sa.text("status IN ('open', 'answered')"),
        postgresql_where=sa.text("status IN ('open', 'answered')"),
    )
    op.create_index(
        "uq_rounds_open",
        "rounds",
        ["player_id", "run_id"],
        unique=True,
        sqlite_where=sa.text("status = 'open'"),
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_table(
        "run_cluster_maps",
        sa.Column("run_id", sa.String(length=64), nullable=False),
        sa.Column("cluster_map_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["cluster_map_id"], ["cluster_maps.id"], name="fk_run_cluster_maps_cluster_map_id_cluster_maps"
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_run_cluster_maps_run_id_runs"),
        sa.PrimaryKeyConstraint("run_id", "cluster_map_id", name="pk_run_cluster_maps"),
    )
    op.create_table(
        "actions",
        sa.Column("round_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["round_id"], ["rounds.id"], name="fk_actions_round_id_rounds", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("round_id", "number", name="pk_actions"),
    )
    op.create_table(
        "labels",
        sa.Column("round_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("after_reveal", sa.Boolean(), nullable=False),
        sa.Column("written_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["round_id"], ["rounds.id"], name="fk_labels_round_id_rounds", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("round_id", "version", "position", name="pk_labels"),
    )
