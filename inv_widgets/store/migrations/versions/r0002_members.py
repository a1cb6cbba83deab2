"""The ids of a run's cluster maps in few rows, so that a large run is added at once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table. Runs that are there have all their cluster maps in ``run_cluster_maps``."""
    op.create_table(
        "run_members",
        sa.Column("beginning", sa.String(length=8), nullable=False),
        sa.Column("run_id", sa.String(length=64), nullable=False),
        sa.Column("ids", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_run_members_run_id_runs"),
        sa.PrimaryKeyConstraint("beginning", "run_id", name="pk_run_members"),
    )
