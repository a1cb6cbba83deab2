"""An Explorer as one HTML file that works from disk: no server, no kernel, no network connection."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inv_widgets.atomic import write
from inv_widgets.export.drawing import plain
from inv_widgets.export.figures import figure
from inv_widgets.export.front_ends import front_end
from inv_widgets.export.payload import pictures, to_json
from inv_widgets.run import as_run

if TYPE_CHECKING:
    from collections.abc import Iterable

    from inv_widgets.explanation import Explanation
    from inv_widgets.run import Run

__all__ = ["page"]

# What a State holds. The page starts with it and never asks anybody.
STATE = ("picture", "target", "layer", "cluster_map", "label", "group", "colour_map", "opacity", "language")


def page(
    run: Run | Explanation | Iterable[Explanation] | str | Path,
    path: str | Path,
    *,
    title: str | None = None,
    state: Mapping[str, Any] | object | None = None,
) -> Path:
    """Write one HTML file with an Explorer of `run` inside.

    Parameters
    ----------
    run
        A Run, an Explanation, several, or a saved run's path.
    path
        A file that ends in ``.html``. An older file stands until the new one is whole.
    title
        The page's heading; by default it is made of the picture's or the network's name.
    state
        Where the page opens: an ``inv.State``, or a dict of some of its values, such as ``{"picture": "dog.jpg"}``.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ValueError
        If `path` ends in something else, or `state` has a value that is none of a State's.
    FileNotFoundError
        If the page's front end is not built.
    """
    path = Path(path)
    if path.suffix.lower() not in {".html", ".htm"}:
        raise ValueError(f"[inv-widgets] A page cannot be written to {path.name!r}: give a name that ends in .html.")
    script, opened, run = _front_end(), _state(state), as_run(run)
    title = plain(title or _title(run))
    data = to_json({"title": title, "pictures": pictures(run), "state": opened})
    document = _DOCUMENT.format(
        policy=_policy(script), title=escape(title), data=data, still=_still(run), root=_ROOT, script=script
    )
    return write(path, document.encode("utf-8"))


# The data stand before the script; nothing is fetched, so that a page opened from disk is whole.
_DOCUMENT = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="inv-widgets">
<title>{title}</title>
<style>html, body {{ margin: 0; min-height: 100%; }} noscript {{ font: 14px sans-serif; }}</style>
</head>
<body>
{root}
<noscript>{still}</noscript>
<script type="application/json" id="inv-widgets-data">{data}</script>
<script type="module">{script}</script>
</body>
</html>
"""
_ROOT = '<div id="inv-widgets-root"></div>'


def _front_end() -> str:
    # Inside <script>, these two would end or confuse it; in JavaScript they can only stand inside strings and comments.
    return front_end("page", "exported pages").replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _policy(script: str) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    return "; ".join([
        "default-src 'none'",
        f"script-src 'sha256-{digest}'",
        "style-src 'unsafe-inline'",
        "img-src data: blob:",
        "font-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    ])  # fmt: skip


def _state(state: Mapping[str, Any] | object | None) -> dict[str, Any]:
    if state is None:
        return {}
    if not isinstance(state, Mapping):
        missing = [name for name in STATE if not hasattr(state, name)]
        if missing:
            raise TypeError(
                f"[inv-widgets] state={state!r:.80} is not a State: give an inv.State or a dict of {', '.join(STATE)}."
            )
        return {name: getattr(state, name) for name in STATE}
    unknown = sorted(set(state) - set(STATE))
    if unknown:
        raise ValueError(f"[inv-widgets] A State has no {', '.join(map(repr, unknown))}. It has: {', '.join(STATE)}.")
    return dict(state)


def _title(run: Run) -> str:
    if len(run) == 0:
        return "No explanations"
    first = run[0]
    if len(run) == 1:
        return f"{first.name}: {first.target_name}"
    return f"{len(run)} explanations of {first.network}"


def _still(run: Run) -> str:
    """Draw the first explanation, for readers whose browser runs no scripts."""
    told = '<p style="margin: 20px 28px">This page needs JavaScript to be explored.</p>'
    if len(run) == 0:
        return told
    first = run[0]
    svg = base64.b64encode(figure(first, max_maps=3).encode("utf-8")).decode("ascii")
    name = escape(plain(f"Cluster maps of {first.name} for {first.target_name}"))
    return f'{told}<img style="max-width: 100%" alt="{name}" src="data:image/svg+xml;base64,{svg}">'
