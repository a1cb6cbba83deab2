"""Alembic's revisions of the label store's tables.

To change a table: change :mod:`inv_widgets.store.schema`, write the next revision beside the others in ``versions``,
and name it in ``inv_widgets.store.migration.REVISIONS``. A test compares the outcome of both on SQLite and PostgreSQL.
"""
