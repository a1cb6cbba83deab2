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
    from inv_widgets.summary.summary import Summary

__all__ = ["page"]

# What a State holds. The page starts with it and never asks anybody.
STATE = (
    "picture", "target", "layer", "cluster_map", "label", "group", "layers", "groups", "colour_map", "opacity",
    "language",
)  # fmt: skip


def page(
    run: Run | Explanation | Iterable[Explanation] | str | Path,
    path: str | Path,
    *,
    title: str | None = None,
    state: Mapping[str, Any] | object | None = None,
    summary: Summary | None = None,
) -> Path:
    """Write one HTML file with an Explorer of `run` inside, and a global chart beside it where a summary is given.

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
    summary
        What :func:`inv_widgets.summarize` gives for `run`, a labelled one: the chart stands beside the Explorer and is
        linked with it both ways. The page is about 1 MB larger then.

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
    TypeError
        If `state` or `summary` is something else.
    """
    path = Path(path)
    if path.suffix.lower() not in {".html", ".htm"}:
        raise ValueError(f"[inv-widgets] A page cannot be written to {path.name!r}: give a name that ends in .html.")
    scripts, opened, run = [_front_end()], _state(state), as_run(run)
    title = plain(title or _title(run))
    told = {"title": title, "pictures": pictures(run), "state": opened}
    if summary is not None:
        from inv_widgets.export.page_chart import chart_data, chart_script
        from inv_widgets.summary.groups import layers_by_group

        chart = chart_data(summary)
        linked = {"target": _class(run, opened), "groups": layers_by_group(summary.groups, summary.layers)}
        told |= {"chart": chart, "state": opened | linked}
        scripts.insert(0, _inside(chart_script()))  # scripts run in their order: the page's finds the chart's
    document = _DOCUMENT.format(
        policy=_policy(scripts),
        title=escape(title),
        data=to_json(told),
        still=_still(run),
        root=_ROOT,
        scripts="\n".join(f'<script type="module">{script}</script>' for script in scripts),
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
{scripts}
</body>
</html>
"""
_ROOT = '<div id="inv-widgets-root"></div>'


def _front_end() -> str:
    return _inside(front_end("page", "exported pages"))


def _inside(script: str) -> str:
    # Inside <script>, these two would end or confuse it; in JavaScript they can only stand inside strings and comments.
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _policy(scripts: Iterable[str]) -> str:
    digests = [base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii") for script in scripts]
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return "; ".join([
        "default-src 'none'",
        f"script-src {allowed}",
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


def _class(run: Run, opened: Mapping[str, Any]) -> str | None:
    """Name the class that the page opens with, so that chart and Explorer begin with one."""
    names = (each.target_name for each in run if opened.get("picture") in {None, each.name})
    return opened.get("target") or next(names, None)


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
