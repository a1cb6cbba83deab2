"""An Explorer as one HTML file that works from disk: no server, no kernel, no network connection."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inv_widgets.atomic import write
from inv_widgets.export.documents import document, still
from inv_widgets.export.drawing import plain
from inv_widgets.export.figures import STILL, figure
from inv_widgets.export.payload import pictures
from inv_widgets.export.words import words_in
from inv_widgets.run import as_run

if TYPE_CHECKING:
    from collections.abc import Iterable

    from inv_widgets.explanation import Explanation
    from inv_widgets.run import Run
    from inv_widgets.summary.summary import Summary
    from inv_widgets.url_files import UrlFile

__all__ = ["page"]

MOST_BYTES = 250_000_000
"""Of pictures and maps in a page: all of it is text that a browser reads before it shows anything."""

# What a State holds. The page starts with it and never asks anybody.
STATE = (
    "picture", "target", "layer", "cluster_map", "label", "group", "layers", "groups", "colour_map", "opacity",
    "language",
)  # fmt: skip


def page(  # noqa: PLR0913 (each may be left out)
    run: Run | Explanation | Iterable[Explanation] | str | Path | UrlFile,
    path: str | Path,
    *,
    title: str | None = None,
    state: Mapping[str, Any] | object | None = None,
    summary: Summary | None = None,
    tcav: Any = None,
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
    tcav
        What :func:`inv_widgets.tcav` gives for `summary`: the chart marks the labels that the class's score depends on.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ValueError
        If `path` ends in something else, `state` has a value that is none of a State's, there is a `tcav` without a
        `summary`, or the page would be larger than browsers open (about 250 MB: some hundred explanations).
    FileNotFoundError
        If the page's front end is not built.
    TypeError
        If `state`, `summary` or `tcav` is something else.
    """
    path = Path(path)
    if path.suffix.lower() not in {".html", ".htm"}:
        raise ValueError(f"[inv-widgets] A page cannot be written to {path.name!r}: give a name that ends in .html.")
    if tcav is not None and summary is None:
        raise ValueError("[inv-widgets] tcav=... is shown in the chart: give the summary that it was made for too.")
    opened, run = _state(state), as_run(run)
    shown = pictures(run, most=MOST_BYTES)
    told = {"title": plain(title or _title(run, opened.get("language"))), "pictures": shown, "state": opened}
    scripts: list[str] = []
    if summary is not None:
        from inv_widgets.export.page_chart import chart_data, chart_script
        from inv_widgets.summary.groups import layers_by_group

        chart = chart_data(summary, tcav)
        linked = {"target": _class(run, opened), "groups": layers_by_group(summary.groups, summary.layers)}
        told |= {"chart": chart, "state": opened | linked}
        scripts.append(chart_script())  # scripts run in their order: the page's finds the chart's
    return write(path, document(told, still=_still(run), scripts=scripts))


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


def _title(run: Run, language: str | None) -> str:
    words = words_in(language)
    if len(run) == 0:
        return words("page.none")
    first = run[0]
    if len(run) == 1:
        return f"{first.name}: {first.target_name}"
    return words("page.explanations", count=len(run), network=first.network)


def _still(run: Run) -> str:
    """Draw the first explanation, for readers whose browser runs no scripts."""
    if len(run) == 0:
        return still(None)
    first = run[0]
    return still(figure(first, **STILL), f"Cluster maps of {first.name} for {first.target_name}")
