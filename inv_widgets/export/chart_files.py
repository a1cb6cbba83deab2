"""Charts as files, drawn in the kernel: no browser, no network connection."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from inv_widgets.atomic import write
from inv_widgets.errors import kind_of

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["SCHEMA", "SaveOptions", "checked_theme", "save", "svg"]

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
"""What the front end draws with; charts of Altair 5.5 name version 5 and are drawn all the same."""


class SaveOptions(TypedDict, total=False):
    """How a chart is written; see :func:`save`."""

    theme: Literal["light", "dark"]
    scale: float


def save(spec: dict[str, Any], path: Path, *, theme: str = "light", scale: float = 2.0, language: str = "en") -> Path:
    """Write a Vega-Lite chart.

    Parameters
    ----------
    spec
        The specification, with its data.
    path
        A file that ends in ``.svg``, ``.png`` or ``.json``. An older file stands until the new one is whole.
    theme
        ``"light"`` or ``"dark"``; colours that the specification names win.
    scale
        Pixels of a PNG for one of the chart, 0.25..8.
    language
        Of the numbers on axes.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ValueError
        If `path` ends in something else, or an option is not possible.
    """
    checked_theme(theme)
    if isinstance(scale, bool) or not isinstance(scale, int | float) or not 0.25 <= scale <= 8:
        raise ValueError(f"[inv-widgets] scale={scale!r} is {kind_of(scale)}: give a number from 0.25 to 8.")
    kind = path.suffix.lower()
    if kind not in {".svg", ".png", ".json"}:
        raise ValueError(
            f"[inv-widgets] A chart cannot be written to {path.name!r}: give a name that ends in .html, .svg, .png or "
            ".json."
        )
    if kind == ".json":
        return write(path, json.dumps(_themed(spec, theme), ensure_ascii=False, indent=1).encode("utf-8"))
    if kind == ".svg":
        return write(path, svg(spec, theme=theme, language=language).encode("utf-8"))
    import vl_convert

    return write(path, vl_convert.vegalite_to_png(_themed(spec, theme), scale=scale, **_options(language)))


def svg(spec: dict[str, Any], *, theme: str = "light", language: str = "en") -> str:
    """Draw a Vega-Lite chart as an SVG, whose text stays text."""
    import vl_convert

    drawn: str = vl_convert.vegalite_to_svg(_themed(spec, theme), **_options(language))
    return drawn


def checked_theme(theme: object) -> None:
    """Take "light" or "dark".

    Raises
    ------
    ValueError
        For anything else.
    """
    if theme not in _THEMES:
        raise ValueError(f'[inv-widgets] No theme {theme!r}: give "light" or "dark".')


def _options(language: str) -> dict[str, Any]:
    import vl_convert

    # Nothing may be fetched.
    options: dict[str, Any] = {"vl_version": vl_convert.get_vegalite_versions()[-1], "allowed_base_urls": []}
    locale = _LOCALES.get(language)
    return options if locale is None else options | {"format_locale": locale}


def _themed(spec: dict[str, Any], theme: str) -> dict[str, Any]:
    return spec | {"$schema": SCHEMA, "config": _merged(_THEMES[theme], spec.get("config", {}))}


_LOCALES = {"it": "it-IT"}


def _theme(background: str, ink: str, quiet: str, line: str) -> dict[str, Any]:
    return {
        "background": background,
        "font": "system-ui, -apple-system, Segoe UI, Roboto, Noto Sans, sans-serif",
        "padding": 12,
        "view": {"stroke": None},
        "title": {"color": ink, "anchor": "start", "fontSize": 15},
        "axis": {
            "labelColor": ink,
            "titleColor": quiet,
            "gridColor": line,
            "domainColor": line,
            "tickColor": line,
            "titleFontWeight": "normal",
        },
        "legend": {"labelColor": quiet, "titleColor": quiet, "titleFontWeight": "normal"},
        "header": {"labelColor": ink, "titleColor": quiet},
        "text": {"color": ink},
        "rule": {"color": ink},
    }


_THEMES = {
    "light": _theme("#ffffff", "#1f2328", "#5c636c", "#dcdfe4"),
    "dark": _theme("#17181b", "#e8eaed", "#a3a9b2", "#34373d"),
}


def _merged(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Let the second win, deep down."""
    merged = dict(first)
    for name, value in second.items():
        old = merged.get(name)
        merged[name] = _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged
