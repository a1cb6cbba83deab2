"""Explanations outside a notebook: still figures, pages that work from disk, tables. Neither torch nor a browser."""

from inv_widgets.export.figures import figure, save
from inv_widgets.export.page import page
from inv_widgets.export.tables import table

__all__ = ["figure", "page", "save", "table"]
