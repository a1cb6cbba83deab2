"""Global charts as specifications: somebody's own is checked, rows are taken out and put in."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from typing import TYPE_CHECKING, Any

import altair as alt

from inv_widgets.errors import kind_of
from inv_widgets.export.global_charts import IS_PICKED, PICKED, VIEWS, global_chart

if TYPE_CHECKING:
    from inv_widgets.export.global_charts import Rows, View

__all__ = ["bare_chart", "checked", "with_rows", "without_rows"]


def checked(chart: Any) -> dict[str, Any]:
    """Take an Altair chart that somebody restyled, as a specification.

    Raises
    ------
    TypeError
        If it is no Altair chart.
    ValueError
        If it has not the param ``picked``, or what it has cannot be set from outside.
    """
    if not isinstance(chart, alt.TopLevelMixin) or not hasattr(chart, "to_dict"):
        raise TypeError(
            f"[inv-widgets] chart={chart!r:.80} is {kind_of(chart)}: give an Altair chart, such as "
            "chart.chart.configure_axis(labelFontSize=14)."
        )
    spec: dict[str, Any] = chart.to_dict()
    params = [param for param in _params(spec) if param.get("name") == PICKED]
    if not params or any("select" in param for param in params):
        was = "has no param" if not params else "has a selection instead of a plain param"
        raise ValueError(
            f"[inv-widgets] This chart {was} {PICKED!r}, so labels picked elsewhere could not be shown in it. "
            f"Start from chart.chart, or add .add_params(alt.param(name={PICKED!r}, value=[])) and let those marks "
            f"stand out with `{IS_PICKED}`."
        )
    return spec


def bare_chart(view: View) -> dict[str, Any]:
    """Give one of the three charts as the front end takes it: its specification, without rows, fitted to its room."""
    return {"spec": deepcopy(_bare_spec(view)), "fits": True}


@cache
def _bare_spec(view: View) -> dict[str, Any]:
    # Altair checks each part of a chart against its schema: a fifth of a second, and always with the same result.
    return without_rows(checked(global_chart(view, [])))


def without_rows(spec: dict[str, Any]) -> dict[str, Any]:
    """Leave out the rows of named data: the front end has them."""

    def strip(value: Any) -> Any:
        if isinstance(value, list):
            return [strip(each) for each in value]
        if not isinstance(value, dict):
            return value
        if value.get("name") in VIEWS and "values" in value:
            return {"name": value["name"]}
        return {name: strip(each) for name, each in value.items()}

    stripped: dict[str, Any] = strip({name: value for name, value in spec.items() if name != "datasets"})
    return stripped | ({"datasets": spec["datasets"]} if "datasets" in spec else {})


def with_rows(chart: Any, rows: Rows) -> Any:
    """Give a copy of a chart whose named data are these rows; data of other names stay."""
    copy = chart.copy(deep=True)
    if isinstance(copy.data, alt.InlineData) and copy.data.name in VIEWS:
        copy.data = alt.InlineData(values=rows, name=copy.data.name)
    return copy


def _params(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, list):
        return [param for each in value for param in _params(each)]
    if not isinstance(value, dict):
        return []
    inner = [
        param for name, each in value.items() if name not in {"params", "data", "datasets"} for param in _params(each)
    ]
    return [*(value.get("params") or ()), *inner]
