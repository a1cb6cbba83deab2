"""The global chart in an exported page, beside an Explorer or alone: its data, and its front end as a script."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inv_widgets.atomic import write
from inv_widgets.errors import kind_of
from inv_widgets.export.chart_files import svg
from inv_widgets.export.chart_specs import bare_chart
from inv_widgets.export.documents import document, still
from inv_widgets.export.drawing import plain
from inv_widgets.export.front_ends import page_script
from inv_widgets.export.global_charts import VIEWS
from inv_widgets.export.global_payload import payload
from inv_widgets.export.global_rows import NO_IMAGE
from inv_widgets.export.tcav_marks import tcav_marks
from inv_widgets.summary.summary import Summary

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["chart_data", "chart_script", "save_page"]


def chart_data(summary: object, tcav: Any = None) -> dict[str, Any]:
    """Give what a GlobalChart's front end reads, without a widget.

    Raises
    ------
    TypeError
        If `summary` is none, or `tcav` no result of a test.
    """
    if not isinstance(summary, Summary):
        raise TypeError(
            f"[inv-widgets] summary={summary!r:.80} is {kind_of(summary)}: give what inv.summarize(labelled) returns, "
            "where labelled = inv.label(run, store)."
        )
    charts = {name: bare_chart(name) for name in VIEWS}
    return {"_summary": payload(summary), "_charts": charts, "_tcav": tcav_marks(tcav, summary)}


def save_page(path: Path, told: dict[str, Any], spec: dict[str, Any]) -> Path:
    """Write a page with a chart alone, linked inside itself, that works from disk.

    Parameters
    ----------
    path
        The file.
    told
        ``title`` (the page's heading), ``chart`` and ``state`` (traits of the chart and of its State), and ``theme``
        (``"light"`` or ``"dark"``) where it is not the reader's.
    spec
        The chart as it stands, for readers whose browser runs no scripts.
    """
    told = told | {"title": plain(told["title"])}
    return write(path, document(told, still=still(svg(_bare(spec)), told["title"]), scripts=[chart_script()]))


def _bare(spec: dict[str, Any]) -> dict[str, Any]:
    """Leave out the images of rows: few see this drawing, and it would be most of the page."""
    rows = spec.get("data", {}).get("values")
    if not isinstance(rows, list):
        return spec
    bare = [row | {"image": NO_IMAGE} if isinstance(row, dict) and "image" in row else row for row in rows]
    return spec | {"data": spec["data"] | {"values": bare}}


def chart_script() -> str:
    """Give the chart's front end as a script; see :func:`.page_script`."""
    return page_script("global_chart", "exported pages with a chart", "invWidgetsGlobalChart")
