"""The built front ends that come with the package, as text."""

from __future__ import annotations

import functools
from importlib import resources
from pathlib import Path

__all__ = ["front_end"]


def front_end(name: str, of: str) -> str:
    """Read ``static/NAME.js``.

    Parameters
    ----------
    name
        ``"explorer"``, ``"state"`` or ``"page"``.
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


@functools.lru_cache(maxsize=32)
def _text(path: Path, _: int) -> str:
    """Read once: a workshop's server makes hundreds of widgets, and all share one text."""
    return path.read_text("utf-8")
