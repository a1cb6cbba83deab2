"""A still figure of a comparison, drawn in the kernel: SVG, or PNG made from it. Pictures down, methods across."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from inv_widgets.comparison.comparison_frames import COSTS, measures, unit_of
from inv_widgets.comparison.metrics.registry import METRICS
from inv_widgets.errors import UnknownNameError
from inv_widgets.export.colour_maps import colours
from inv_widgets.export.comparison_added import AddedPicture, with_added
from inv_widgets.export.comparison_order import method_order, picture_order, value_of
from inv_widgets.export.drawing import Drawing, fitted, wrapped, write_drawing
from inv_widgets.export.looks import Look, check_options
from inv_widgets.export.overlays import resized
from inv_widgets.export.saliency_drawing import AGAINST, FOR, MapLook, drawn, is_signed, outlined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inv_widgets.comparison.comparison_result import ComparedMap, ComparedPicture, ComparisonResult

__all__ = ["figure", "save", "still"]

MARGIN, GAP = 24, 12
IMAGE_SCALE = 2  # pixels of an embedded picture per pixel of the drawing
_LINE = 14
_HIGHEST = 1.5  # of a picture's height to its width; higher ones are made narrower
_STILL = {"max_pictures": 4, "max_methods": 6}


@dataclass(frozen=True)
class _Options:
    theme: Any = "light"
    colour_map: str = "viridis"
    opacity: float = 0.6
    view: str = "overlay"
    share: float = 20.0
    signs: str = "both"
    outline: bool = True
    cell_size: float = 144
    metrics: Sequence[str] | None = None
    methods: Sequence[str] | None = None
    pictures: Sequence[str] | None = None
    sort_methods: str | None = None
    sort_pictures: str | None = None
    max_methods: int | None = None
    max_pictures: int | None = None

    @classmethod
    def of(cls, options: dict[str, Any]) -> _Options:
        check_options(cls, options)
        made = cls(**options)
        if made.view not in {"overlay", "mask", "map"} or made.signs not in {"both", "positive"}:
            raise ValueError(
                f"[inv-widgets] view={made.view!r}, signs={made.signs!r} are not possible: view is overlay, mask or "
                "map; signs both or positive."
            )
        return made


def figure(result: ComparisonResult, *, added: Sequence[AddedPicture] = (), **options: Any) -> str:
    """Draw a comparison as SVG.

    Parameters
    ----------
    result
        What :func:`inv_widgets.compare` gives.
    added
        Pictures that were added on screen; each is marked so.
    **options
        ``theme``, ``colour_map``, ``opacity``, ``view``, ``share``, ``signs``, ``outline``, ``cell_size``,
        ``metrics``, ``sort_methods``, ``sort_pictures`` as in ``inv.Comparison``; ``methods`` (keys) and ``pictures``
        (names) to draw, ``max_methods`` and ``max_pictures``.

    Raises
    ------
    TypeError, ValueError, UnknownNameError
        If an option, a method or a picture is not there or not possible.
    """
    return _Figure(result, added, _Options.of(options)).draw()


def save(
    result: ComparisonResult,
    path: str | Path,
    *,
    scale: float = 2,
    added: Sequence[AddedPicture] = (),
    **options: Any,
) -> Path:
    """Write the figure to a ``.svg`` or ``.png`` file; `scale`: pixels of a PNG per pixel of the drawing."""

    def draw() -> str:
        return figure(result, added=added, **options)

    return write_drawing(Path(path), draw, scale=scale, what="A comparison", endings=".svg, .png or .html")


def still(result: ComparisonResult, **options: Any) -> bytes:
    """Give the first pictures and methods as a small JPEG."""
    import vl_convert

    svg = figure(result, **(options | _STILL))
    image = Image.open(io.BytesIO(vl_convert.svg_to_png(svg, scale=0.75))).convert("RGB")
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85, optimize=True)
    return buffer.getvalue()


class _Figure:
    def __init__(self, result: ComparisonResult, added: Sequence[AddedPicture], options: _Options) -> None:
        self._result, self._options = result, options
        self._rows = [
            *zip(result.pictures, result.maps, strict=True),
            *((one.picture, one.row(result.methods)) for one in added),
        ]
        self._look = Look.of(theme=options.theme, colour_map=options.colour_map, opacity=options.opacity)
        self._map_look = MapLook(
            options.view, options.share, options.signs, options.colour_map, options.opacity, options.theme
        )
        chosen = _places([method.key for method in result.methods], options.methods, "method")
        self._methods = [place for place in method_order(result, options.sort_methods) if place in chosen]
        named = _places([picture.name for picture, _ in self._rows], options.pictures, "picture")
        order = with_added(picture_order(result, options.sort_pictures, chosen), len(result.pictures), added)
        self._pictures = [place for place in order if place in named]
        self._left_out = [
            len(places) - most if most is not None and len(places) > most else 0
            for places, most in ((self._methods, options.max_methods), (self._pictures, options.max_pictures))
        ]
        self._methods = self._methods[: options.max_methods]
        self._pictures = self._pictures[: options.max_pictures]
        known = measures(result)
        self._measures = [name for name in (options.metrics if options.metrics is not None else known[:3])
                          if name in known and name not in COSTS]  # fmt: skip
        self._drawing = Drawing()
        self._small: dict[str, Any] = {"size": 10.5, "fill": self._look["muted"]}
        self._strong: dict[str, Any] = {"fill": self._look["ink"], "font_weight": "600"}

    def draw(self) -> str:
        result, text, cell = self._result, self._drawing.text, self._options.cell_size
        width = MARGIN * 2 + (1 + len(self._methods)) * (cell + GAP) - GAP
        heads = [wrapped(result.methods[place].label, 12.5, cell)[:2] for place in self._methods]
        top = MARGIN + 14.0
        for number, lines in enumerate(heads, 1):
            for line, label in enumerate(lines):
                text((self._x(number), top + 16 * line), label, size=12, **self._strong)
        y = top + 16 * (max(map(len, heads), default=1) - 1) + 12
        for place in self._pictures:
            y = self._row(place, y) + 16
        if not self._rows or not self._methods:
            text((MARGIN, top), "Nothing was compared.", size=12, fill=self._look["muted"])
        y = self._foot(y, width)
        n_added = sum(map(self._is_added, self._pictures))
        more = f" and {n_added} added" if n_added else ""
        name = f"{len(self._methods)} methods on {len(self._pictures) - n_added} pictures{more}, by {result.network}"
        return self._drawing.finish(max(width, 240), y + MARGIN, background=self._look["background"], name=name)

    def _x(self, column: int) -> float:
        return MARGIN + column * (self._options.cell_size + GAP)

    def _is_added(self, place: int) -> bool:
        return place >= len(self._result.pictures)

    def _row(self, place: int, y: float) -> float:
        (picture, maps), cell, text = self._rows[place], self._options.cell_size, self._drawing.text
        width, height = _fit(picture, cell)
        size = (max(1, round(width * IMAGE_SCALE)), max(1, round(height * IMAGE_SCALE)))
        pixels = resized(picture.picture, size)
        if self._options.outline and picture.mask is not None:
            pixels = outlined(pixels, picture.mask)
        self._drawing.picture((self._x(0), y, width, height), pixels, border=self._look["border"], name=picture.name)
        at = y + height + 14
        marked = 46 if self._is_added(place) else 0
        text((self._x(0), at), fitted(picture.name, 11, cell - marked), size=11, **self._strong)
        if marked:
            text((self._x(0) + cell, at), "added", text_anchor="end", **self._small)
        first = picture.predictions[0] if picture.predictions else None
        said = [f"{picture.target_name} {100 * picture.probability:.1f}\u00a0%"]
        if first is not None and first.name != picture.target_name:
            said.append(f"first choice: {first.name} {100 * first.probability:.1f}\u00a0%")
        for line in said:
            at += _LINE
            text((self._x(0), at), fitted(line, 10.5, cell), **self._small)
        ends = [at]
        for number, method in enumerate(self._methods, 1):
            ends.append(self._cell(picture, maps[method], self._x(number), y, (width, height)))
        return max(ends)

    def _cell(
        self, picture: ComparedPicture, found: ComparedMap, x: float, y: float, fitting: tuple[float, float]
    ) -> float:
        width, height = fitting
        cell, text = self._options.cell_size, self._drawing.text
        if found.native is None or not found.native.size:
            self._drawing.rect((x, y, width, height), fill="none", stroke=self._look["hairline"], radius=3)
            why = found.error.removeprefix("[inv-widgets] ") or "The map was not kept."
            for line, words in enumerate(wrapped(why, 10.5, width - 16)[: max(1, int((height - 16) // _LINE))]):
                text((x + 8, y + 18 + _LINE * line), words, **self._small)
            return y + height
        size = (max(1, round(width * IMAGE_SCALE)), max(1, round(height * IMAGE_SCALE)))
        pixels = drawn(picture.picture, found.native, picture.window, size, self._map_look)
        if self._options.outline and picture.mask is not None:
            pixels = outlined(pixels, picture.mask)
        self._drawing.picture((x, y, width, height), pixels, border=self._look["border"], name=found.method)
        at = y + height + 14
        passes = f"{found.forwards:.0f} + {found.backwards:.0f} passes"
        text((x, at), fitted(f"{_seconds(found.seconds)} · {passes}", 10.5, cell), **self._small)
        for name in self._measures:
            at += _LINE
            value = value_of(found, name)
            number = f"{value:.1f}\u00a0%" if unit_of(name) else f"{value:.3g}"
            number = "\N{EN DASH}" if math.isnan(value) else number
            text((x, at), fitted(METRICS[name].title.removesuffix(" %"), 10.5, cell - 50), **self._small)
            text((x + cell, at), number, size=10.5, fill=self._look["ink"], text_anchor="end")
        return at

    def _foot(self, y: float, width: float) -> float:
        """Say what the colours mean, and what was left out."""
        text = self._drawing.text
        x = float(MARGIN)
        shown = [self._rows[row][1][column] for row in self._pictures for column in self._methods]
        signed = [is_signed(one.native) for one in shown if one.native is not None and one.native.size]
        if self._options.view != "mask" and shown:
            if not all(signed) or self._options.signs == "positive":
                self._drawing.gradient((x, y + 2, 90, 8), colours(self._options.colour_map))
                text((x, y + 22), "low", **self._small)
                text((x + 90, y + 22), "high", text_anchor="end", **self._small)
                x += 120
            if any(signed) and self._options.signs == "both":
                for colour, word in ((FOR, "for"), (AGAINST, "against")):
                    self._drawing.rect((x, y + 2, 8, 8), fill="#{:02x}{:02x}{:02x}".format(*colour), radius=2)
                    text((x + 13, y + 10), word, **self._small)
                    x += 64
            elif any(signed):
                text((x, y + 10), "negative values are drawn as 0", **self._small)
        left = [f"{count} more {what}" for count, what in zip(self._left_out, ("methods", "pictures"), strict=True)
                if count]  # fmt: skip
        if left:
            text((width - MARGIN, y + 10), " and ".join(left), text_anchor="end", **self._small)
        return y + 22


def _fit(picture: ComparedPicture, cell: float) -> tuple[float, float]:
    height, width = picture.picture.shape[:2]
    scale = min(cell / width, _HIGHEST * cell / height)
    return max(4.0, width * scale), max(4.0, height * scale)


def _places(names: list[str], chosen: Sequence[str] | None, what: str) -> set[int]:
    if chosen is None:
        return set(range(len(names)))
    for name in chosen:
        if name not in names:
            raise UnknownNameError(f"[inv-widgets] There is no {what} {name!r}. There are: {', '.join(names[:20])}.")
    return {place for place, name in enumerate(names) if name in set(chosen)}


def _seconds(value: float) -> str:
    return f"{1000 * value:.0f} ms" if value < 0.95 else f"{value:.1f} s"
