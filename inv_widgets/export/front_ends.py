"""The built front ends that come with the package, as text."""

from __future__ import annotations

import functools
import re
from importlib import resources
from pathlib import Path

__all__ = ["front_end", "page_script"]

# A script in a page exports to nobody: what `export {name as default}` gives is left where the page's looks for it.
_EXPORT = re.compile(r"export\s*\{\s*([\w$]+) as default\s*\}\s*;?\s*$")


def front_end(name: str, of: str) -> str:
    """Read ``static/NAME.js``.

    Parameters
    ----------
    name
        Such as ``"explorer"``: the front ends in ``js/src``, and ``"page"``.
    of
        Whose front end it is, for the message.

    Raises
    ------
    FileNotFoundError
        If it is not built.
    """
    file = resources.files("inv_widgets").joinpath("static", f"{name}.js")
    if not file.is_file():
        raise FileNotFoundError(
            f"[inv-widgets] The front end of {of} is not built: inv_widgets/static/{name}.js is missing. In a clone of "
            "the repository run `make build`; an installed wheel always has it, so reinstall inv-widgets."
        )
    path = Path(str(file))
    return _text(path, path.stat().st_mtime_ns)


def page_script(name: str, of: str, found_at: str) -> str:
    """Give a front end as the text of a ``<script type="module">``, which leaves it in a global variable.

    Parameters
    ----------
    name, of
        As for :func:`front_end`.
    found_at
        The variable where the page's own front end looks for it.

    Raises
    ------
    FileNotFoundError
        If it is not built.
    ValueError
        If what was built has another ending than this version knows.
    """
    text = front_end(name, of)
    found = _EXPORT.search(text)
    if found is None:
        raise ValueError(
            f"[inv-widgets] static/{name}.js ends in {text[-40:]!r}, not in `export {{name as default}}`: it is of "
            "another version. Reinstall inv-widgets, or run `make build` in a clone of the repository."
        )
    return f"{text[: found.start()]}globalThis.{found_at}={found[1]};"


@functools.lru_cache(maxsize=32)
def _text(path: Path, _: int) -> str:
    """Read once: a workshop's server makes hundreds of widgets, and all share one text."""
    return path.read_text("utf-8")
