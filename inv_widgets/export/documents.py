"""HTML files that work from disk: data, scripts and a still picture in one document that asks nobody for anything."""

from __future__ import annotations

import base64
import hashlib
from html import escape
from typing import TYPE_CHECKING, Any

from inv_widgets.export.drawing import plain
from inv_widgets.export.front_ends import front_end
from inv_widgets.export.payload import to_json
from inv_widgets.export.words import words_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["document", "still"]

# The data stand before the scripts; nothing is fetched, so that a page opened from disk is whole.
_DOCUMENT = """<!DOCTYPE html>
<html lang="{language}">
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


def document(data: dict[str, Any], *, still: str, scripts: Sequence[str] = ()) -> bytes:
    """Make the document.

    Parameters
    ----------
    data
        What the page's front end reads: ``title``, ``state``, and what is shown.
    still
        HTML for readers whose browser runs no scripts.
    scripts
        What runs before the page's front end, in this order.

    Raises
    ------
    FileNotFoundError
        If the page's front end is not built.
    """
    safe = [_inside(script) for script in (*scripts, front_end("page", "exported pages"))]
    text = _DOCUMENT.format(
        language=words_in(data.get("state", {}).get("language")).language,
        policy=_policy(safe),
        title=escape(data["title"]),
        data=to_json(data),
        still=still,
        root=_ROOT,
        scripts="\n".join(f'<script type="module">{script}</script>' for script in safe),
    )
    return text.encode("utf-8")


def still(svg: str | None, name: str = "") -> str:
    """Give an SVG as an image that has a name, after a line that says why it stands still."""
    told = '<p style="margin: 20px 28px">This page needs JavaScript to be explored.</p>'
    if svg is None:
        return told
    data = base64.b64encode(svg.encode("utf-8")).decode("ascii")
    return f'{told}<img style="max-width: 100%" alt="{escape(plain(name))}" src="data:image/svg+xml;base64,{data}">'


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
