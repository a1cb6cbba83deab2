"""A comparison as one HTML file that works from disk: no server, no kernel, no network connection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inv_widgets.atomic import write
from inv_widgets.export.comparison_figure import figure
from inv_widgets.export.documents import document, still
from inv_widgets.export.drawing import plain
from inv_widgets.export.front_ends import page_script
from inv_widgets.export.page import STATE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from inv_widgets.comparison.comparison_result import ComparisonResult
    from inv_widgets.export.comparison_added import AddedPicture

__all__ = ["PageData", "save"]

_DRAWN = {"pictures": 4, "methods": 6}
"""What readers without scripts see."""


@dataclass(frozen=True)
class PageData:
    """What a page shows.

    Attributes
    ----------
    about, rows, added
        What a Comparison's front end reads: the result's rows, and those that were added.
    state
        The State that it opens with.
    view
        Traits of the Comparison.
    result, drawn
        For the still picture, and the heading; what was added.
    """

    about: Mapping[str, Any]
    rows: Sequence[Mapping[str, Any]]
    state: object
    view: Mapping[str, Any]
    result: ComparisonResult
    added: Sequence[Mapping[str, Any]] = ()
    drawn: Sequence[AddedPicture] = ()


def save(data: PageData, path: Path, *, title: str | None = None) -> Path:
    """Write the page; an older file stands until the new one is whole."""
    names = f"{len(data.result.methods)} methods on {len(data.result.pictures)} pictures, {data.result.network}"
    heading = plain(title or names)
    told = {
        "title": heading,
        "state": {name: getattr(data.state, name) for name in STATE},
        "comparison": {"_about": dict(data.about), "_rows": list(data.rows), "_added": list(data.added), **data.view},
    }
    drawn = None
    if data.result.pictures or data.drawn:
        drawn = figure(data.result, added=data.drawn, max_pictures=_DRAWN["pictures"], max_methods=_DRAWN["methods"])
    script = page_script("comparison", "exported comparisons", "invWidgetsComparison")
    return write(path, document(told, still=still(drawn, heading), scripts=[script]))
