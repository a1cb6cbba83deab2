"""The rows that a global chart is drawn from: one class of a payload, the labels of the highest rank.

The front end makes the same rows (``js/src/global_chart/rows.ts``), so that it can choose class, view and labels alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from inv_widgets.export.drawable_names import drawable
from inv_widgets.export.example_images import example_image
from inv_widgets.export.tcav_marks import GLYPHS
from inv_widgets.export.words import Words, words_in
from inv_widgets.summary.groups import ALL

if TYPE_CHECKING:
    from collections.abc import Collection

    from typing_extensions import Unpack

    from inv_widgets.export.global_charts import Rows, View
    from inv_widgets.export.tcav_marks import Mark, Marks

__all__ = ["ALL_LAYERS", "NO_IMAGE", "Look", "class_shown", "global_rows"]

ALL_LAYERS = "all layers"
"""What the group "all" is called on screen."""

NO_IMAGE = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="
"""A clear pixel: a mark without an address would ask for one called "null"."""
_NONE = "\N{EN DASH}"


class Look(TypedDict, total=False):
    """What of State changes the rows.

    Attributes
    ----------
    layers
        Names of the layers that are brushed; empty: all.
    group
        The group of layers that stands out; None, or one where the class has no label: all.
    marks
        What a TCAV test says of labels.
    language
        A code such as ``"en"``.
    colour_map, opacity
        Of the example images in the view ``"labels"``.
    """

    layers: Collection[str]
    group: str | None
    marks: Marks
    language: str
    colour_map: str
    opacity: float


def class_shown(payload: dict[str, Any], picture: str | None, *targets: str | None) -> str | None:
    """Name the class that is shown: the first of `targets` that there is, else that of the picture (None: the first).

    An Explorer shows the same.
    """
    names = [each["name"] for each in payload["classes"]]
    explained = payload["explained"]
    of_pictures = [names[place] for place in explained["class"]]
    wanted = [*targets, dict(zip(explained["picture"][::-1], of_pictures[::-1], strict=True)).get(picture)]
    return next((name for name in [*wanted, *of_pictures[:1], *names[:1]] if name in names), None)


def global_rows(payload: dict[str, Any], view: View, target: str | None, max_labels: int, **look: Unpack[Look]) -> Rows:
    """Make the rows of one view of one class.

    Parameters
    ----------
    payload
        As :func:`inv_widgets.export.global_payload.payload` gives it.
    view
        ``"labels"``, ``"trends"`` or ``"layers"``.
    target
        The class's name; another than the summary has gives no rows.
    max_labels
        How many labels of a group, the best ones.
    **look
        See :class:`Look`.

    Returns
    -------
    list of dict
        With the fields that the charts of :mod:`inv_widgets.export.global_charts` name.
    """
    shown = next((each for each in payload["classes"] if each["name"] == target), None)
    if shown is None:
        return []
    made = _Made(payload, shown, look)
    if view == "labels":
        return _labels(made, max_labels)
    return _trends(made) if view == "trends" else _layers(made, max_labels)


class _Made:
    """What all rows of a class have in common."""

    def __init__(self, payload: dict[str, Any], shown: dict[str, Any], look: Look) -> None:
        self.payload, self.shown = payload, shown
        self.words: Words = words_in(look.get("language"))
        self._look = look
        self._marks = look.get("marks", {}).get(shown["name"], {})
        self.titles = _titles(payload)
        named = [layer["name"] for layer in payload["layers"]]
        brushed = {name for name in look.get("layers", ()) if name in named}
        self._brushed = bool(brushed)
        self._layers = {place for place, name in enumerate(named) if not brushed or name in brushed}
        self._groups = {payload["layers"][place]["group"] for place in self._layers} | {ALL}
        group = look.get("group")
        self._group = group if group in {payload["groups"][place] for place in shown["rows"]["group"]} else None

    def image(self, place: int) -> str | None:
        colour_map, opacity = self._look.get("colour_map", "viridis"), self._look.get("opacity", 0.6)
        return example_image(self.payload, place, colour_map=colour_map, opacity=opacity)

    def of_group(self, group: str) -> dict[str, Any]:
        """Say whether a group of layers is brushed, in part at least, and whether it stands out or none does."""
        return {"in_range": group in self._groups, "in_group": self._group in {None, group}}

    def of_layer(self, place: int) -> dict[str, Any]:
        """Name a layer, and say whether it is brushed."""
        layer, title = self.payload["layers"][place], self.titles[place]
        return {
            "layer": title,
            "layer_text": self.words.title(title),
            "layer_name": layer["name"],
            "depth": layer["depth"],
            "in_range": place in self._layers,
            "in_group": self._group in {None, layer["group"]},
            "brushed": self._brushed,
        }

    def support(self, low: bool) -> dict[str, Any]:
        return {"low": low, "support": self.words("chart.vega.low" if low else "chart.vega.enough")}

    def tested(self, label: str) -> dict[str, Any]:
        """Say what a TCAV test found; nothing where none was made."""
        mark = self._marks.get(label)
        if mark is None:
            return {"mark": "", "verdict": "", "mark_text": _NONE}
        return {"mark": GLYPHS[mark["verdict"]], "verdict": mark["verdict"], "mark_text": self._mark_text(mark)}

    def interval(self, low: float | None, high: float | None, digits: int, *, sign: bool = False) -> str:
        if low is None or high is None:
            return ""
        bounds = {"from": self.words.number(low, digits, sign=sign), "to": self.words.number(high, digits, sign=sign)}
        return f" ({self.words('chart.interval', **bounds)})"

    def _mark_text(self, mark: Mark) -> str:
        if mark["score"] is None or mark["p"] is None:
            return self.words("chart.tcav.untestable")
        titles = {layer["name"]: title for layer, title in zip(self.payload["layers"], self.titles, strict=True)}
        number = self.words.number
        return self.words(
            "chart.tcav.text_earlier" if mark["earlier"] else "chart.tcav.text",
            words=self.words(f"chart.tcav.{mark['verdict']}"),
            score=number(mark["score"], 2),
            p=f"< {number(0.001, 3)}" if mark["p"] < 0.001 else f"= {number(mark['p'], 3)}",
            layer=self.words.title(titles.get(mark["layer"], mark["layer"])),
        )


def _labels(made: _Made, max_labels: int) -> list[dict[str, Any]]:
    rows = []
    payload, shown, words = made.payload, made.shown, made.words
    columns = shown["rows"]
    images: dict[int, str | None] = {}
    for values in zip(*columns.values(), strict=True):
        row = dict(zip(columns, values, strict=True))
        if row["rank"] > max_labels:
            continue
        group, examples, low = payload["groups"][row["group"]], row["examples"], bool(row["low"])
        label = shown["labels"][row["label"]]
        if examples and examples[0] not in images:
            images[examples[0]] = made.image(examples[0])
        score = words.number(row["score"], 1)
        rows.append({
            "label": drawable(label),
            "group": ALL_LAYERS if group == ALL else drawable(group),
            "group_order": row["group"],
            "rank": row["rank"],
            "score": row["score"],
            "score_text": words.number(row["score"], 2) + made.interval(row["from"], row["to"], 2),
            "weight": row["weight"],
            "weight_text": _NONE if row["weight"] is None else f"{words.number(row['weight'], 1)} %",
            "from": row["score"] if row["from"] is None else row["from"],
            "to": row["score"] if row["to"] is None else row["to"],
            "end": max(row["score"], row["to"] or 0),
            "text": words("chart.few_score", score=score) if low else score,
            "image": (images[examples[0]] if examples else None) or NO_IMAGE,
            **{name: row[name] for name in ("pictures", "maps", "players", "rounds")},
            **made.support(low),
            **made.tested(label),
            **made.of_group(group),
        })  # fmt: skip
    return sorted(rows, key=lambda row: (row["group_order"], row["rank"]))


def _trends(made: _Made) -> list[dict[str, Any]]:
    shown, words = made.shown, made.words
    cells = _cells(shown)
    rows = []
    for place, trend in enumerate(shown["trends"]):
        for layer in shown["played"]:
            cell = cells.get((trend["label"], layer), _NOTHING)
            at = made.of_layer(layer)
            bounds = made.interval(trend["from"], trend["to"], 3, sign=True)
            rows.append({
                "label": drawable(shown["labels"][trend["label"]]),
                "place": place,
                "direction": "rises" if trend["rises"] else "falls",
                **at,
                "score": cell["score"],
                "score_text": words.number(cell["score"], 2),
                "line": round(trend["intercept"] + trend["slope"] * at["depth"], 4),
                "slope_text": words.number(trend["slope"], 3, sign=True) + bounds,
                "pictures": cell["pictures"],
                "rounds": cell["rounds"],
                "note": words("chart.vega.few") if trend["low"] and layer == shown["played"][-1] else "",
                **made.support(bool(trend["low"])),
            })  # fmt: skip
    return rows


def _layers(made: _Made, max_labels: int) -> list[dict[str, Any]]:
    shown = made.shown
    cells = _cells(shown)
    last = len(made.payload["groups"]) - 1
    columns = shown["rows"]
    low = {
        label: bool(value)
        for label, group, value in zip(columns["label"], columns["group"], columns["low"], strict=True)
        if group == last
    }
    return [
        {
            "label": drawable(name),
            "rank": label + 1,
            **made.of_layer(layer),
            "score": (cell := cells.get((label, layer), _NOTHING))["score"],
            "score_text": made.words.number(cell["score"], 2),
            **{key: cell[key] for key in ("pictures", "maps", "rounds")},
            **made.support(low.get(label, False)),
        }
        for label, name in enumerate(shown["labels"][:max_labels])
        for layer in shown["played"]
    ]


_NOTHING: dict[str, Any] = {"score": 0.0, "maps": 0, "pictures": 0, "rounds": 0}


def _cells(shown: dict[str, Any]) -> dict[tuple[int, int], dict[str, Any]]:
    columns = shown["cells"]
    rows = (dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True))
    return {(row["label"], row["layer"]): row for row in rows}


def _titles(payload: dict[str, Any]) -> list[str]:
    """Name the layers in words; networks with branches can have two layers of one title."""
    titles = [layer["title"] for layer in payload["layers"]]
    return [
        title if titles.count(title) == 1 else f"{title} ({layer['name']})"
        for title, layer in zip(titles, payload["layers"], strict=True)
    ]
