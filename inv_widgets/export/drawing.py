"""Drawing in SVG: boxes, pictures and lines of text that fit. The XML writer sets all text: none is markup."""

from __future__ import annotations

import base64
import io
import re
import unicodedata
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from PIL import Image

from inv_widgets.atomic import write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["FONT", "Box", "Drawing", "fitted", "plain", "text_width", "wrapped", "write_drawing"]

Box = tuple[float, float, float, float]  # left, top, width, height

SVG = "http://www.w3.org/2000/svg"
# Faces with the metrics of Arial or close to them, which `text_width` knows; system-ui can be a much wider one.
FONT = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', 'Segoe UI', Roboto, sans-serif"
# What XML 1.0 cannot hold, and lone surrogates (from file names that are not UTF-8).
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_WHITE_SPACE = re.compile(r"[ \t\r\n]+")  # a line does not break at a no-break space


class Drawing:
    """An SVG drawing that grows; lengths are pixels."""

    def __init__(self) -> None:
        self.root = ET.Element("svg", {"xmlns": SVG, "font-family": FONT, "role": "img"})
        self._clips = 0

    def finish(self, width: float, height: float, *, background: str, name: str) -> str:
        """Set size, background and the name that screen readers say; give the SVG text."""
        size = {"width": _n(width), "height": _n(height)}
        self.root.attrib |= {**size, "viewBox": f"0 0 {size['width']} {size['height']}"}
        title = ET.Element("title")
        title.text = plain(name)
        self.root.insert(0, title)
        self.root.insert(1, ET.Element("rect", {**size, "fill": background}))
        return ET.tostring(self.root, encoding="unicode")

    def rect(self, box: Box, *, fill: str = "none", radius: float = 0, **more: str) -> None:
        """Draw a box (left, top, width, height)."""
        x, y, width, height = box
        attributes = {"x": _n(x), "y": _n(y), "width": _n(width), "height": _n(height), "fill": fill}
        if radius:
            attributes["rx"] = _n(radius)
        ET.SubElement(self.root, "rect", attributes | _dashed(more))

    def text(self, at: tuple[float, float], text: str, *, size: float, fill: str, **more: str) -> None:
        """Set one line of text; `at` is the left (or, by ``text_anchor``, the right) end of its base line."""
        attributes = {"x": _n(at[0]), "y": _n(at[1]), "font-size": _n(size), "fill": fill}
        element = ET.SubElement(self.root, "text", attributes | _dashed(more))
        element.text = plain(text)

    def picture(self, box: Box, pixels: NDArray[np.uint8], *, border: str, name: str) -> None:
        """Place a picture with a hairline around it; `name` is its tooltip."""
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "JPEG", quality=90, subsampling=0)
        address = "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
        x, y, width, height = box
        self._clips += 1
        clip = ET.SubElement(self.root, "clipPath", {"id": f"clip-{self._clips}"})
        place = {"x": _n(x), "y": _n(y), "width": _n(width), "height": _n(height)}
        ET.SubElement(clip, "rect", {**place, "rx": "3"})
        attributes = {**place, "href": address, "preserveAspectRatio": "none", "clip-path": f"url(#clip-{self._clips})"}
        image = ET.SubElement(self.root, "image", attributes)
        ET.SubElement(image, "title").text = plain(name)
        inset = (x + 0.5, y + 0.5, width - 1, height - 1)
        self.rect(inset, radius=2.5, stroke=border, stroke_opacity="0.16", pointer_events="none")

    def gradient(self, box: Box, colours: tuple[str, ...]) -> None:
        """Draw a bar that goes through `colours` from left to right."""
        element = ET.SubElement(self.root, "linearGradient", {"id": "colours"})
        for i in range(0, len(colours), 15):
            stop = {"offset": f"{i / (len(colours) - 1):.4f}", "stop-color": colours[i]}
            ET.SubElement(element, "stop", stop)
        self.rect(box, fill="url(#colours)", radius=2)


def write_drawing(
    path: Path, draw: Callable[[], str], *, scale: float, what: str, endings: str = ".svg or .png"
) -> Path:
    """Write an SVG, or a PNG of it; an older file stands until the new one is whole.

    Parameters
    ----------
    path
        Its ending chooses.
    draw
        Gives the SVG, once it is known that it can be written.
    scale
        Pixels of a PNG per pixel of the drawing, above 0 and up to 8.
    what, endings
        What is written, and what names may end in, for the message.

    Raises
    ------
    ValueError
        If `path` ends in something else, or for another scale.
    """
    suffix = path.suffix.lower()
    if suffix not in {".svg", ".png"}:
        raise ValueError(
            f"[inv-widgets] {what} cannot be written to {path.name!r}: give a name that ends in {endings}."
        )
    if not 0 < scale <= 8:
        raise ValueError(f"[inv-widgets] scale={scale!r} is not possible: give a number above 0 and up to 8.")
    svg = draw()
    if suffix == ".svg":
        return write(path, svg.encode("utf-8"))
    import vl_convert

    return write(path, vl_convert.svg_to_png(svg, scale=scale))


def plain(text: str) -> str:
    """Replace what an XML document cannot hold."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def text_width(text: str, size: float) -> float:
    """Estimate the width of a line in a sans-serif face of `size` pixels; a little too much rather than too little."""
    return size * sum(_width(character) for character in text)


def fitted(text: str, size: float, room: float) -> str:
    """Cut a line with an ellipsis where it is wider than `room`."""
    text = " ".join(_WHITE_SPACE.split(text.strip()))
    if text_width(text, size) <= room:
        return text
    while text and text_width(text + "…", size) > room:
        text = text[:-1]
    return text.rstrip() + "…"


def wrapped(text: str, size: float, room: float) -> list[str]:
    """Break a text into lines no wider than `room`; a word that is too wide is cut."""
    lines: list[str] = []
    for word in filter(None, _WHITE_SPACE.split(text)):
        if lines and text_width(f"{lines[-1]} {word}", size) <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return [fitted(line, size, room) for line in lines]


_NARROW, _SLIM, _BROAD = set("iljIt.,:;'|!/()[] \u00a0·"), set('frJ-{}*"'), set("mMwWGOQ%@—…")


def _width(character: str) -> float:  # in ems, after the metrics of Arial
    if unicodedata.combining(character) or unicodedata.category(character) in {"Cf", "Mn"}:
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return 1.05
    if character in _NARROW:
        return 0.29
    if character in _SLIM:
        return 0.37
    if character in _BROAD:
        return 0.88
    return 0.70 if character.isupper() else 0.56


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _dashed(names: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in names.items()}
