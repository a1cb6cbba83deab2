"""The label store: what players did and said, in one SQLite file or a PostgreSQL database.

:mod:`~inv_widgets.store.schema` has the tables, :mod:`~inv_widgets.store.label_store` the LabelStore,
:mod:`~inv_widgets.store.exchange` files in and out.
"""
