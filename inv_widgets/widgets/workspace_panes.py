"""The panes of a Workspace: their names, and which two are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inv_widgets.widgets.reveal_game import RevealGame

__all__ = ["ARRANGEMENTS", "OPTIONAL", "PANES", "checked_panes", "finished_round"]

PANES = ("game", "explorer", "chart", "comparison", "synonyms")
OPTIONAL = "comparison"
"""The pane that is there only where it was asked for."""

ARRANGEMENTS = ("tabs", "side by side")


def checked_panes(value: Any) -> list[str]:
    """Take the names of two panes."""
    names = list(value) if isinstance(value, list | tuple) else []
    if len(names) != 2 or len(set(names)) != 2 or not set(names) <= set(PANES):
        raise ValueError(f"is not possible: give two of {', '.join(map(repr, PANES))}.")
    return names


def finished_round(game: RevealGame) -> tuple[Any, ...]:
    """Say which finished round the game shows, and what was changed in it; empty where it shows none."""
    screen = game._screen  # noqa: SLF001 (what the browser was told)
    if screen["kind"] != "result":
        return ("asks",) if screen["kind"] in {"welcome", "end"} else ()
    return tuple(map(str, (screen[name] for name in ("round", "labels", "withdrawn", "corrected"))))
