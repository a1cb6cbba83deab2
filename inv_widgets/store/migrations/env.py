"""What Alembic runs: the revisions, in the transaction of :func:`inv_widgets.store.migration.prepare`."""

from __future__ import annotations

from alembic import context

from inv_widgets.store.migration import VERSION_TABLE
from inv_widgets.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,  # SQLite can alter little: it copies tables
)
context.run_migrations()
