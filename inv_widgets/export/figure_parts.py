"""The parts of a still figure: the picture's panel, and a column with its header and cards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inv_widgets.export.colour_maps import colours
from inv_widgets.export.drawing import fitted, text_width, wrapped
from inv_widgets.export.overlays import overlay, resized
from inv_widgets.labels.support import is_low

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from inv_widgets.explanation import ClusterMap, Column, Explanation
    from inv_widgets.export.drawing import Box, Drawing
    from inv_widgets.export.looks import Look

__all__ = ["GAP", "MARGIN", "PANEL", "Parts"]

MARGIN, GAP, PANEL = 28, 20, 212  # pixels: around, between columns, the width of the picture's panel
IMAGE_SCALE = 2  # pixels of an embedded picture per pixel of the drawing


class Parts:
    """Draws parts of one explanation; each method gives the lower end of what it drew."""

    def __init__(self, drawing: Drawing, explanation: Explanation, look: Look) -> None:
        self._drawing, self._explanation, self._look = drawing, explanation, look
        self._small: dict[str, Any] = {"size": 10.5, "fill": look["muted"]}
        self._muted: dict[str, Any] = {"size": 11, "fill": look["muted"]}
        self._strong: dict[str, Any] = {"fill": look["ink"], "font_weight": "600"}

    def panel(self, left_out: str = "") -> float:
        """Draw the picture with what the network says about it, the legends, and a line on what is left out."""
        explanation, text = self._explanation, self._drawing.text
        y = MARGIN + 14.0
        for line in wrapped(explanation.target_name, 18, PANEL)[:3]:
            text((MARGIN, y), line, size=17, **self._strong)
            y += 21
        probability = _percent(100 * explanation.target_probability)
        text((MARGIN, y - 2), fitted(f"{probability} by {explanation.network}", 11, PANEL), **self._muted)
        box = (MARGIN, y + 13, *_fit(explanation.picture, PANEL, PANEL * 1.5))
        pixels = resized(explanation.picture, _pixels(box))
        self._drawing.picture(box, pixels, border=self._look["border"], name=explanation.name)
        self._window(box)
        y = box[1] + box[3] + 18
        text((MARGIN, y), fitted(explanation.name, 11, PANEL), **self._muted)
        first = explanation.prediction
        if explanation.target != first.index:
            y += 16
            share = _percent(100 * first.probability)
            name = fitted(first.name, 11, PANEL - text_width(f"first choice:  {share}", 11))
            text((MARGIN, y), f"first choice: {name} {share}", **self._muted)
        y = self._legends(y + 26)
        if left_out:
            y += 28
            text((MARGIN, y), fitted(left_out, 11, PANEL), **self._muted)
        return y

    def _legends(self, y: float) -> float:
        text = self._drawing.text
        self._drawing.gradient((MARGIN, y, PANEL, 8), colours(self._look.colour_map))
        text((MARGIN, y + 23), "low", **self._muted)
        text((MARGIN + PANEL / 2, y + 23), "activation", text_anchor="middle", **self._muted)
        text((MARGIN + PANEL, y + 23), "high", text_anchor="end", **self._muted)
        x = float(MARGIN)
        for role, word in (("accent", "shown"), ("dropped", "dropped"), ("pruned", "pruned")):
            self._drawing.rect((x, y + 40, 8, 8), fill=self._look[role], radius=2)
            text((x + 13, y + 48), word, **self._muted)
            x += 13 + text_width(word, 11) + 14
        return y + 50

    def _window(self, box: Box) -> None:
        """Outline what the network saw, where that is not the whole picture."""
        height, width = self._explanation.picture.shape[:2]
        left, top, window_width, window_height = self._explanation.window
        right, bottom = min(left + window_width, width), min(top + window_height, height)
        left, top = max(left, 0.0), max(top, 0.0)
        if (right - left) * (bottom - top) > 0.995 * width * height:
            return
        scale = box[2] / width
        place = (box[0] + left * scale + 0.5, box[1] + top * scale + 0.5)
        inner = (*place, (right - left) * scale - 1, (bottom - top) * scale - 1)
        self._drawing.rect(inner, stroke="#000000", stroke_opacity="0.55", stroke_width="2")
        self._drawing.rect(inner, stroke="#ffffff", stroke_width="1", stroke_dasharray="4 3")

    def column(self, column: Column, x: float, room: float) -> float:
        """Draw one column from `x` on, `room` pixels wide."""
        y = self._header(column, x, room)
        shown = column.cluster_maps[: self._look.max_maps]
        for cluster_map in shown:
            y = self._card(column, cluster_map, (x, y, room)) + 18
        left_out = column.cluster_maps[len(shown) :]
        lines = wrapped(column.reason, 11, room)
        if left_out:
            lines.insert(0, f"{len(left_out)} more, {_percent(sum(one.weight for one in left_out))}")
        for line in lines:
            self._drawing.text((x, y + 4), line, **self._muted)
            y += 15
        return y - (11 if lines else 18)

    def _header(self, column: Column, x: float, room: float) -> float:
        text, rect, look = self._drawing.text, self._drawing.rect, self._look
        text((x, MARGIN + 12), fitted(column.title, 13.5, room), size=13, **self._strong)
        text((x, MARGIN + 28), fitted(column.layer, 10.5, room), **self._small)
        y = MARGIN + 38.0
        rect((x, y, room, 4), fill=look["hairline"])
        rest = column.rest
        at = x
        for role, share in (
            ("accent", column.shown_weight), ("dropped", rest.dropped_weight), ("pruned", rest.pruned_weight)
        ):  # fmt: skip
            length = min(room * max(share, 0.0) / 100, x + room - at)
            if length > 0.25:
                rect((at, y, length, 4), fill=look[role])
                at += length
        text((x, y + 18), f"{_percent(column.shown_weight, 0)} shown", size=10.5, fill=look["ink"])
        at = x + room
        for role, share in (("pruned", rest.pruned_weight), ("dropped", rest.dropped_weight)):
            number = _percent(share, 0)
            text((at, y + 18), number, text_anchor="end", **self._small)
            at -= text_width(number, 10.5) + 9
            rect((at, y + 11.5, 6, 6), fill=look[role], radius=1.5)
            at -= 7
        return y + 32

    def _card(self, column: Column, cluster_map: ClusterMap, place: tuple[float, float, float]) -> float:
        x, y, room = place
        explanation, look = self._explanation, self._look
        size = _fit(explanation.picture, room, room * 1.25)
        box = (x + (room - size[0]) / 2, y, *size)
        pixels = overlay(
            explanation.picture,
            cluster_map.map,
            explanation.window,
            size=_pixels(box),
            colour_map=look.colour_map,
            opacity=look.opacity,
        )
        best = cluster_map.best_labels
        name = ", ".join(label.name for label in best) or cluster_map.name
        weight = _percent(cluster_map.weight)
        self._drawing.picture(box, pixels, border=look["border"], name=f"{name}: {weight} of {column.layer}")
        y += size[1] + 17
        beside = room - text_width(weight, 12.5) - 8
        self._drawing.text((x, y), fitted(name, 12, beside), size=12, fill=look["ink"])
        self._drawing.text((x + room, y), weight, size=12, text_anchor="end", **self._strong)
        length = room * min(max(cluster_map.weight, 0.0), 100.0) / 100
        self._drawing.rect((x, y + 7, room, 3), fill=look["hairline"], radius=1.5)
        self._drawing.rect((x, y + 7, max(length, 2), 3), fill=look["accent"], radius=1.5)
        maps = "map" if column.n_maps == 1 else "maps"
        foot = [f"{cluster_map.n_maps} of {column.n_maps} {maps}"]
        foot += [f"{len(cluster_map.members)} merged"] if cluster_map.members else []
        foot += ["low support"] if best and all(is_low(label) for label in best) else []
        self._drawing.text((x, y + 23), fitted(" · ".join(foot), 10.5, room), **self._small)
        return y + 23


def _fit(picture: NDArray[np.uint8], width: float, tallest: float) -> tuple[float, float]:
    height = width * picture.shape[0] / picture.shape[1]
    return (width, height) if height <= tallest else (width * tallest / height, tallest)


def _pixels(box: Box) -> tuple[int, int]:
    return max(1, round(box[2] * IMAGE_SCALE)), max(1, round(box[3] * IMAGE_SCALE))


def _percent(share: float, digits: int = 1) -> str:
    text = f"{share:.{digits}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return f"{text}\u00a0%".replace("-", "\N{MINUS SIGN}")
