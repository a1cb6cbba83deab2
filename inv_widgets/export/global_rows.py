"""The rows that a global chart is drawn from: one class of a payload, the labels of the highest rank.

The front end makes the same rows (``js/src/global_chart/rows.ts``), so that it can choose class, view and labels alone.
"""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from inv_widgets.export.overlays import overlay
from inv_widgets.summary.groups import ALL

if TYPE_CHECKING:
    from inv_widgets.export.global_charts import Rows, View

__all__ = ["ALL_LAYERS", "example_image", "global_rows"]

ALL_LAYERS = "all layers"
"""What the group "all" is called on screen."""

# A clear pixel: a mark without an address would ask for one called "null".
_NO_IMAGE = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="
_NONE = "\N{EN DASH}"
_IMAGE = 64  # pixels: twice what a chart shows, for screens with two pixels for one


def global_rows(payload: dict[str, Any], view: View, target: str | None, max_labels: int, **look: Any) -> Rows:
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
        `colour_map` and `opacity` of the example images in the view ``"labels"``.

    Returns
    -------
    list of dict
        With the fields that the charts of :mod:`inv_widgets.export.global_charts` name.
    """
    shown = next((each for each in payload["classes"] if each["name"] == target), None)
    if shown is None:
        return []
    if view == "labels":
        return _labels(payload, shown, max_labels, look)
    return _trends(payload, shown) if view == "trends" else _layers(payload, shown, max_labels)


def example_image(
    payload: dict[str, Any], place: int, *, colour_map: str = "viridis", opacity: float = 0.6
) -> str | None:
    """Lay an example's map on its picture, as a ``data:`` address of a square PNG; None where it was not sent."""
    shown = payload["maps"][place]
    picture = payload["pictures"][shown["picture"]]
    if shown["offset"] < 0 or "thumbnail" not in picture:
        return None
    small = np.asarray(Image.open(io.BytesIO(picture["thumbnail"])).convert("RGB"))
    height, width = small.shape[:2]
    size = shown["height"] * shown["width"]
    cells = np.frombuffer(payload["bytes"], np.uint8, size, shown["offset"]).reshape(shown["height"], shown["width"])
    scale = _IMAGE / max(height, width)
    left, top, across, down = shown["window"]
    blended = overlay(
        small,
        cells.astype(np.float32) / np.float32(255),
        (left * width, top * height, across * width, down * height),
        size=(max(1, round(width * scale)), max(1, round(height * scale))),
        colour_map=colour_map,
        opacity=opacity,
    )
    buffer = io.BytesIO()
    Image.fromarray(blended).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def _labels(
    payload: dict[str, Any], shown: dict[str, Any], max_labels: int, look: dict[str, Any]
) -> list[dict[str, Any]]:
    rows = []
    columns = shown["rows"]
    images: dict[int, str | None] = {}
    for values in zip(*columns.values(), strict=True):
        row = dict(zip(columns, values, strict=True))
        if row["rank"] > max_labels:
            continue
        group, examples, low = payload["groups"][row["group"]], row["examples"], bool(row["low"])
        if examples and examples[0] not in images:
            images[examples[0]] = example_image(payload, examples[0], **look)
        rows.append({
            "label": shown["labels"][row["label"]],
            "group": ALL_LAYERS if group == ALL else group,
            "group_order": row["group"],
            "rank": row["rank"],
            "score": row["score"],
            "score_text": _interval(row),
            "weight": row["weight"],
            "weight_text": _NONE if row["weight"] is None else f"{row['weight']:.1f} %",
            "from": row["score"] if row["from"] is None else row["from"],
            "to": row["score"] if row["to"] is None else row["to"],
            "end": max(row["score"], row["to"] or 0),
            "text": f"{row['score']:.1f}" + (" (few)" if low else ""),
            "image": (images[examples[0]] if examples else None) or _NO_IMAGE,
            **{name: row[name] for name in ("pictures", "maps", "players", "rounds")},
            **_support(low),
        })  # fmt: skip
    return sorted(rows, key=lambda row: (row["group_order"], row["rank"]))


def _trends(payload: dict[str, Any], shown: dict[str, Any]) -> list[dict[str, Any]]:
    cells, titles = _cells(shown), _titles(payload)
    rows = []
    for place, trend in enumerate(shown["trends"]):
        bounds = "" if trend["from"] is None else f" ({trend['from']:+.3f} to {trend['to']:+.3f})"
        for layer in shown["played"]:
            cell = cells.get((trend["label"], layer), _NOTHING)
            depth = payload["layers"][layer]["depth"]
            rows.append({
                "label": shown["labels"][trend["label"]],
                "place": place,
                "direction": "rises" if trend["rises"] else "falls",
                "layer": titles[layer],
                "depth": depth,
                "score": cell["score"],
                "score_text": f"{cell['score']:.2f}",
                "line": round(trend["intercept"] + trend["slope"] * depth, 4),
                "slope_text": f"{trend['slope']:+.3f}{bounds}",
                "pictures": cell["pictures"],
                "rounds": cell["rounds"],
                "note": "few" if trend["low"] and layer == shown["played"][-1] else "",
                **_support(bool(trend["low"])),
            })  # fmt: skip
    return rows


def _layers(payload: dict[str, Any], shown: dict[str, Any], max_labels: int) -> list[dict[str, Any]]:
    cells, titles = _cells(shown), _titles(payload)
    last = len(payload["groups"]) - 1
    columns = shown["rows"]
    low = {
        label: bool(value)
        for label, group, value in zip(columns["label"], columns["group"], columns["low"], strict=True)
        if group == last
    }
    return [
        {
            "label": name,
            "rank": label + 1,
            "layer": titles[layer],
            "depth": payload["layers"][layer]["depth"],
            "score": (cell := cells.get((label, layer), _NOTHING))["score"],
            "score_text": f"{cell['score']:.2f}",
            **{key: cell[key] for key in ("pictures", "maps", "rounds")},
            **_support(low.get(label, False)),
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


def _interval(row: dict[str, Any]) -> str:
    bounds = "" if row["from"] is None else f" ({row['from']:.2f} to {row['to']:.2f})"
    return f"{row['score']:.2f}{bounds}"


def _support(low: bool) -> dict[str, Any]:
    return {"low": low, "support": "low" if low else "enough"}
