"""What a TCAV test found, a mark for each class and label of a summary.

Results are taken by their rows: this floor knows neither networks nor what makes such results.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from inv_widgets.errors import kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from inv_widgets.summary.summary import Summary

__all__ = ["GLYPHS", "SIGNIFICANT", "Grounds", "Mark", "Marks", "Verdict", "grounds_of", "tcav_marks"]

SIGNIFICANT = 0.05
"""Of the p-value after Holm's correction."""

Verdict = Literal["rises", "falls", "none", "untestable"]
"""The class's score rises with the label, falls with it, depends on it in no significant way, or it was not tested."""

GLYPHS: dict[Verdict, str] = {
    "rises": "\N{BLACK UP-POINTING TRIANGLE}",
    "falls": "\N{BLACK DOWN-POINTING TRIANGLE}",
    "none": "\N{WHITE CIRCLE}",
    "untestable": "?",
}
"""How verdicts are drawn."""

_NEEDED = ("label", "target_name", "layer", "score", "t", "p_holm", "testable", "reason")


class Mark(TypedDict):
    """What a test says of a label: of the layer where it is clearest, if there are several.

    `score` is 0..1, `p` after Holm's correction; both are None where it is untestable, and `reason` says why.
    `earlier`: other cluster maps carry the label now than when it was tested.
    """

    verdict: Verdict
    score: float | None
    p: float | None
    layer: str
    reason: str
    earlier: bool


Marks = dict[str, dict[str, Mark]]
"""By class and label."""

Grounds = dict[tuple[str, str], frozenset[str]]
"""By class and label: the cluster maps that carry it, by id."""


def grounds_of(summary: Summary) -> Grounds:
    """Say what a test of a summary's labels would rest on."""
    found: dict[tuple[str, str], set[str]] = {}
    for shown in summary.evidence.maps.values():
        for label in shown.labels:
            found.setdefault((shown.target_name, label), set()).add(shown.id)
    return {key: frozenset(ids) for key, ids in found.items()}


def tcav_marks(result: Any, summary: Summary, tested: Grounds | None = None) -> Marks:
    """Read a TCAV result for a summary's classes and labels; what else was tested is left out.

    Parameters
    ----------
    result
        What :func:`inv_widgets.tcav` returned, or its frame; None: no marks.
    summary
        What it is shown for.
    tested
        What the labels rested on when they were tested; None: on what they do now.

    Raises
    ------
    TypeError
        If `result` is something else.
    """
    if result is None:
        return {}
    known = {(row.target_name, row.label) for row in summary.rows}
    now = {} if tested is None else grounds_of(summary)
    found: dict[tuple[str, str], Mark] = {}
    for row in _records(result):
        key = (str(row["target_name"]), str(row["label"]))
        if key not in known:
            continue
        mark = _mark(row, earlier=tested is not None and tested.get(key) != now.get(key))
        if key not in found or _order(mark) < _order(found[key]):
            found[key] = mark
    marks: Marks = {}
    for (target, label), mark in sorted(found.items()):
        marks.setdefault(target, {})[label] = mark
    return marks


def _records(result: Any) -> Iterable[dict[Any, Any]]:
    frame = result.to_frame() if hasattr(result, "to_frame") and not hasattr(result, "columns") else result
    columns = set(getattr(frame, "columns", ()))
    if not columns >= set(_NEEDED) or not hasattr(frame, "to_dict"):
        shown = " ".join(repr(result).split())
        raise TypeError(
            f"[inv-widgets] tcav={shown:.80} is {kind_of(result)}: give what inv.tcav(net, summary, labels) returns, "
            f"or its frame with the columns {', '.join(_NEEDED)}."
        )
    records: list[dict[Any, Any]] = frame.to_dict("records")
    return records


def _mark(row: dict[Any, Any], *, earlier: bool) -> Mark:
    layer, p, score = str(row["layer"]), float(row["p_holm"]), float(row["score"])
    if not row["testable"] or math.isnan(p):
        reason = str(row["reason"])
        return {
            "verdict": "untestable", "score": None, "p": None, "layer": layer, "reason": reason, "earlier": earlier,
        }  # fmt: skip
    verdict: Verdict = "none" if p >= SIGNIFICANT else "rises" if row["t"] > 0 else "falls"
    # Four decimals of a p-value say 0 where it is none: below a thousandth it is told as such.
    return {
        "verdict": verdict, "score": round(score, 4), "p": float(f"{p:.4g}"), "layer": layer, "reason": "",
        "earlier": earlier,
    }  # fmt: skip


def _order(mark: Mark) -> tuple[bool, float]:
    """Put what was tested first, by p-value."""
    return mark["p"] is None, mark["p"] or 0.0
