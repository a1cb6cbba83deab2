"""The global chart in an exported page: its data, and its front end as a script that stands beside the page's own."""

from __future__ import annotations

import re
from typing import Any

from inv_widgets.errors import kind_of
from inv_widgets.export.front_ends import front_end
from inv_widgets.export.global_charts import VIEWS, bare_chart
from inv_widgets.export.global_payload import payload
from inv_widgets.summary.summary import Summary

__all__ = ["chart_data", "chart_script"]

# A script in a page exports to nobody: what `export {name as default}` gives is left where the page's looks for it.
_EXPORT = re.compile(r"export\s*\{\s*([\w$]+) as default\s*\}\s*;?\s*$")
_FOUND_AT = "globalThis.invWidgetsGlobalChart"


def chart_data(summary: object) -> dict[str, Any]:
    """Give what a GlobalChart's front end reads, without a widget.

    Raises
    ------
    TypeError
        If `summary` is none.
    """
    if not isinstance(summary, Summary):
        raise TypeError(
            f"[inv-widgets] summary={summary!r:.80} is {kind_of(summary)}: give what inv.summarize(labelled) returns, "
            "where labelled = inv.label(run, store)."
        )
    return {"_summary": payload(summary), "_charts": {name: bare_chart(name) for name in VIEWS}}


def chart_script() -> str:
    """Give the chart's front end as the text of a ``<script type="module">``.

    Raises
    ------
    FileNotFoundError
        If it is not built.
    ValueError
        If what was built has another ending than this version knows.
    """
    text = front_end("global_chart", "exported pages with a chart")
    found = _EXPORT.search(text)
    if found is None:
        raise ValueError(
            f"[inv-widgets] static/global_chart.js ends in {text[-40:]!r}, not in `export {{name as default}}`: it is "
            "of another version. Reinstall inv-widgets, or run `make build` in a clone of the repository."
        )
    return f"{text[: found.start()]}{_FOUND_AT}={found[1]};"
