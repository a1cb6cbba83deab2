"""A summary's numbers as pandas frames; empty ones have the same columns and kinds of values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable

    from inv_widgets.summary.aggregation import Counts, GlobalLabel
    from inv_widgets.summary.trends import LayerScores, Trend

__all__ = ["by_layer_frame", "global_frame", "trends_frame"]

_COUNTS = {
    "n_cluster_maps": "int64",
    "n_pictures": "int64",
    "n_players": "int64",
    "n_players_at_most": "int64",
    "n_rounds": "int64",
}

_GLOBAL = {
    "target_name": "object", "group": "object", "label": "object", "rank": "int64", "score": "float64",
    "mean_weight": "float64", **_COUNTS, "n_pictures_played": "int64", "score_low": "float64", "score_high": "float64",
    "quartile_low": "float64", "median": "float64", "quartile_high": "float64", "low_support": "bool",
    "examples": "object",
}  # fmt: skip

_BY_LAYER = {
    "target_name": "object", "label": "object", "layer": "object", "title": "object", "depth": "int64",
    "group": "object", "score": "float64", **_COUNTS, "n_pictures_played": "int64",
}  # fmt: skip

_TRENDS = {
    "target_name": "object", "label": "object", "direction": "object", "slope": "float64", "intercept": "float64",
    "slope_low": "float64", "slope_high": "float64", "n_layers": "int64", "n_layers_found": "int64", **_COUNTS,
    "low_support": "bool",
}  # fmt: skip


def global_frame(rows: Iterable[GlobalLabel]) -> pd.DataFrame:
    """Make :meth:`Summary.to_frame`."""
    return _frame((_row(row, examples=list(row.examples)) for row in rows), _GLOBAL)


def by_layer_frame(classes: Iterable[LayerScores]) -> pd.DataFrame:
    """Make :meth:`Summary.by_layer`: a row for each label and layer, also where the score is 0."""
    parts = [_layer_columns(found) for found in classes]
    columns = {name: [value for part in parts for value in part[name]] for name in _BY_LAYER}
    return pd.DataFrame(columns, columns=list(_BY_LAYER)).astype(_BY_LAYER)


def trends_frame(rows: Iterable[Trend]) -> pd.DataFrame:
    """Make :meth:`Summary.trends`."""
    return _frame(map(_row, rows), _TRENDS)


def _layer_columns(found: LayerScores) -> dict[str, list[Any]]:
    n, layers = len(found.labels), found.layers
    columns: dict[str, list[Any]] = {
        "target_name": [found.target_name] * (n * len(layers)),
        "label": [label for label in found.labels for _ in layers],
        "layer": [layer.name for layer in layers] * n,
        "title": [layer.title for layer in layers] * n,
        "depth": [layer.depth for layer in layers] * n,
        "group": [layer.group for layer in layers] * n,
        "score": found.scores.ravel().tolist(),
        "n_pictures_played": list(found.n_pictures_played) * n,
    }
    for name in _COUNTS:
        values = columns[name] = [0] * (n * len(layers))
        for (row, at), counts in found.counts.items():
            values[row * len(layers) + at] = getattr(counts, name)
    return columns


def _row(row: GlobalLabel | Trend, **instead: Any) -> dict[str, Any]:
    counts: Counts = row.counts
    return (
        {name: getattr(row, name) for name in row.__slots__ if name != "counts"}
        | {name: getattr(counts, name) for name in _COUNTS}
        | instead
    )


def _frame(rows: Iterable[dict[str, Any]], kinds: dict[str, str]) -> pd.DataFrame:
    every = list(rows)
    return pd.DataFrame({name: [row[name] for row in every] for name in kinds}, columns=list(kinds)).astype(kinds)
