"""Rows of a run that were read without their largest columns: bare explanations are made of them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from inv_widgets.run_rows import SCHEMAS

__all__ = ["LEFT_OUT", "filled"]

LEFT_OUT = frozenset({"channel_thumbnails", "rest_map", "image", "thumbnail"})
"""Columns that are not read: two thirds of the bytes and of the time."""


def filled(kind: str, table: pa.Table) -> pa.Table:
    """Put something in the place of what was left out: no picture, no thumbnails, rests that are 0."""
    there = [field for field in SCHEMAS[kind] if field.name in table.column_names or field.name in LEFT_OUT]
    columns = {field.name: _nothing(field, table) if field.name in LEFT_OUT else table[field.name] for field in there}
    return pa.table(columns)


def _nothing(field: pa.Field, table: pa.Table) -> pa.Array:
    if field.name != "rest_map":
        return pa.array([None if field.type == pa.binary() else []] * len(table), field.type)
    sizes = np.multiply(table["map_height"].to_numpy(), table["map_width"].to_numpy(), dtype=np.int32)
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
    return pa.ListArray.from_arrays(starts, np.zeros(starts[-1], np.float32), type=field.type)
