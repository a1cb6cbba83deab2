"""A still figure of an Interpretable Network Visualization, drawn in the kernel: SVG, or PNG made from it.

The picture stands on the left; a column a layer follows, from shallow to deep, cluster maps heaviest first. No browser
and no network connection are needed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, overload

from inv_widgets.export.drawing import Drawing, write_drawing
from inv_widgets.export.figure_parts import GAP, MARGIN, PANEL, Parts
from inv_widgets.export.looks import FigureOptions, Look
from inv_widgets.run import Run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import Unpack

    from inv_widgets.explanation import Column, Explanation

__all__ = ["STILL", "FigureOptions", "figure", "save"]

STILL: FigureOptions = {"max_layers": 24, "max_maps": 3}
"""What of an explanation stands in figures that nobody asked for, beside a view: a layer takes 60 ms and 60 kB."""

# The more columns, the narrower: (up to so many, pixels).
_COLUMN_WIDTHS = ((3, 208), (5, 172), (7, 152), (float("inf"), 136))


def figure(explanation: Explanation | Run, **options: Unpack[FigureOptions]) -> str:
    """Draw an explanation as SVG.

    Parameters
    ----------
    explanation
        An Explanation, or a Run that holds one.
    theme
        ``"light"`` (default) or ``"dark"``.
    colour_map
        ``"viridis"`` (default), ``"inferno"``, ``"turbo"``, ``"cividis"`` or ``"greys"``.
    opacity
        Of the maps on the picture, 0..1; 0.6 by default.
    layers
        Names or titles of the columns to draw; all by default. Their order stays shallow to deep.
    max_layers
        The most columns; all by default. The deepest are drawn, and how many there are is told under the picture.
    max_maps
        The most cluster maps a column; all by default. What is left out is told at the column's foot.

    Returns
    -------
    str
        An SVG document; pictures are embedded.

    Raises
    ------
    ValueError, TypeError
        If an option is not possible, or a Run does not hold exactly one explanation.
    KeyError
        If there is no such layer.
    """
    look, shown = Look.of(**options), _one(explanation)
    every = _chosen(shown, look.layers)
    columns = every[-look.max_layers :] if look.max_layers else every
    drawing = Drawing()
    parts = Parts(drawing, shown, look)
    room = next(width for most, width in _COLUMN_WIDTHS if len(columns) <= most)
    left = MARGIN + PANEL + 2 * GAP
    lower_ends = [parts.panel(f"the last {len(columns)} of {len(every)} layers" if len(columns) < len(every) else "")]
    for place, column in enumerate(columns):
        lower_ends.append(parts.column(column, left + place * (room + GAP), room))
    if not columns:
        drawing.text((left, MARGIN + 12), "No columns: no layer was explained.", size=12, fill=look["muted"])
    width = left + max(1, len(columns)) * (room + GAP) - GAP + MARGIN
    name = f"Interpretable Network Visualization of {shown.name} for {shown.target_name}, by {shown.network}"
    return drawing.finish(width, max(lower_ends) + MARGIN, background=look["background"], name=name)


@overload
def save(
    explanation: Explanation | Run, path: None = None, *, scale: float = 2, **options: Unpack[FigureOptions]
) -> str: ...
@overload
def save(
    explanation: Explanation | Run, path: str | Path, *, scale: float = 2, **options: Unpack[FigureOptions]
) -> Path: ...
def save(
    explanation: Explanation | Run,
    path: str | Path | None = None,
    *,
    scale: float = 2,
    **options: Unpack[FigureOptions],
) -> str | Path:
    """Write a figure to a ``.svg`` or ``.png`` file; without a path, give the SVG text.

    Parameters
    ----------
    explanation
        An Explanation, or a Run that holds one.
    path
        Where to write. An older file stands until the new one is whole.
    scale
        Pixels of a PNG per pixel of the drawing, above 0 and up to 8.
    **options
        As in :func:`figure`.

    Raises
    ------
    ValueError
        If `path` ends in something else, or for options as in :func:`figure`.
    """
    if path is None:
        return figure(explanation, **options)
    return write_drawing(Path(path), lambda: figure(explanation, **options), scale=scale, what="A figure")


def _one(explanation: Explanation | Run) -> Explanation:
    if not isinstance(explanation, Run):
        return explanation
    if len(explanation) != 1:
        raise ValueError(
            f"[inv-widgets] A figure shows one explanation, this run has {len(explanation)}: "
            "pick one, such as run[0] or run['dog.jpg']."
        )
    return explanation[0]


def _chosen(explanation: Explanation, layers: Sequence[str] | None) -> list[Column]:
    if layers is None:
        return list(explanation.columns)
    wanted = [explanation.column(layer) for layer in layers]
    return [column for column in explanation.columns if any(column is one for one in wanted)]
