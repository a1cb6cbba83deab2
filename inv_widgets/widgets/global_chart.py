"""The global chart: what a network sees in a class, over all pictures, linked with the other views."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import traitlets

from inv_widgets.errors import kind_of
from inv_widgets.export.chart_files import save
from inv_widgets.export.global_charts import PICKED, VIEWS, bare_chart, checked, global_chart, with_rows, without_rows
from inv_widgets.export.global_payload import payload
from inv_widgets.export.global_rows import global_rows
from inv_widgets.summary.groups import layers_by_group
from inv_widgets.summary.names import chosen
from inv_widgets.summary.summary import Summary
from inv_widgets.widgets.base import Widget
from inv_widgets.widgets.state import State, StateTrait
from inv_widgets.widgets.traits import Checked, number, one_of, text

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from inv_widgets.export.chart_files import SaveOptions

__all__ = ["GlobalChart"]


class GlobalChart(Widget):
    """Show what a network sees in a class, in people's words: labels by global score, over depth, layer by layer.

    Click a label, and the Explorers on the same State show the cluster maps that carry it; choose a picture or a
    cluster map there, and its labels stand out here. All of that works in the browser and never waits for the kernel.
    While a reveal game on the State is open, examples from pictures that its player has not answered yet are withheld.

    Parameters
    ----------
    summary
        What :func:`inv_widgets.summarize` gives. Set :attr:`summary` to show another one in the same place.
    state
        A State that is shared with other views; by default a new one, at ``chart.state``.
    view
        ``"labels"`` (bars, a facet a group of layers), ``"trends"`` (labels that rise or fall with depth) or
        ``"layers"`` (a table of labels and layers).
    target
        The class's name; None: the one that State names, else the first.
    max_labels
        How many labels of a group are drawn, the best ones, 1..200; others are found by the search field.
    height
        Of the chart at most, 280..4000 pixels; it scrolls.

    Raises
    ------
    TypeError
        If `summary` is none, or for an unknown argument, with the closest known one.
    UnknownNameError
        If the summary has no class `target`.
    traitlets.TraitError
        For a value that is not possible, now or when a trait is set later.
    FileNotFoundError
        If the front end is not built.
    """

    _front_end = "global_chart"
    _arguments = ("summary",)
    _kernel_only = ("_summary", "_charts")

    state = StateTrait()
    view = Checked("labels", one_of(VIEWS))
    target = Checked(None, text)
    max_labels = Checked(12, number(1, 200))
    height = Checked(860, number(280, 4000))
    _summary = traitlets.Dict().tag(sync=True)
    _charts = traitlets.Dict().tag(sync=True)

    def __init__(self, summary: Summary, *, state: State | None = None, **view: Any) -> None:
        if state is not None and not isinstance(state, State):
            raise TypeError(f"[inv-widgets] state={state!r:.80} is {kind_of(state)}: give an inv.State.")
        self._shown = _checked_summary(summary)
        state = State() if state is None else state
        if view.get("target") is not None:
            chosen("class", view["target"], summary.targets)
        self._restyled: dict[str, Any] = {}
        sent = payload(summary, state._withholding.hashes)  # noqa: SLF001 (the kernel-only part of a State)
        super().__init__(state=state, _summary=sent, _charts={name: bare_chart(name) for name in VIEWS}, **view)
        self._withheld = state._withholding.hashes  # noqa: SLF001
        state._withholding.watch(self._on_withheld)  # noqa: SLF001
        self._on_withheld()
        self.observe(self._on_state, "state")
        self.state.groups = layers_by_group(summary.groups, summary.layers)

    @property
    def summary(self) -> Summary:
        """The global explanations that are shown. Set it, and the chart moves to the new numbers."""
        return self._shown

    @summary.setter
    def summary(self, summary: Summary) -> None:
        with self._lock:
            self._shown = _checked_summary(summary)
            self._tell()
            self.state.groups = layers_by_group(summary.groups, summary.layers)

    @property
    def chart(self) -> Any:
        """The chart of the view that is shown, an Altair chart with its data. Restyle it and set it again.

        What is set is drawn instead, for this view; it goes on following the summary and the class. It needs the param
        ``picked``, which ``chart.chart`` has. None brings back what was there at first.
        """
        with self._lock:
            rows = self._rows()
            if self.view not in self._restyled:
                return global_chart(self.view, rows)
            return with_rows(self._restyled[self.view], rows)

    @chart.setter
    def chart(self, chart: Any) -> None:
        with self._lock:
            view = self.view
            if chart is None:
                self._restyled.pop(view, None)
                self._charts = self._charts | {view: bare_chart(view)}
                return
            spec = without_rows(checked(chart))
            self._restyled[view] = chart.copy(deep=True)
            self._charts = self._charts | {view: {"spec": spec, "fits": _same_size(spec, bare_chart(view)["spec"])}}

    def save(self, path: str | Path, **options: Unpack[SaveOptions]) -> Path:
        """Write the view that is shown as a figure: `theme` ("light" or "dark"), `scale` of a PNG.

        Parameters
        ----------
        path
            A file that ends in ``.svg``, ``.png`` or ``.json`` (Vega-Lite with its data).
        **options
            See :func:`inv_widgets.export.chart_files.save`.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        ValueError
            If `path` ends in something else, or an option is not possible.
        """
        with self._lock:
            chart = self.chart
            target, label = self._target(), self.state.label
        spec: dict[str, Any] = chart.to_dict()
        if target is not None:
            spec = {"title": target} | spec
        if label is not None:
            spec["params"] = [
                param | {"value": [label]} if param.get("name") == PICKED else param for param in spec.get("params", ())
            ]
        return save(spec, Path(path), **options)

    def __repr__(self) -> str:
        return f"GlobalChart({self._shown!r}, view={self.view!r})"

    def _rows(self) -> list[dict[str, Any]]:
        look = {"colour_map": self.state.colour_map, "opacity": self.state.opacity}
        return global_rows(self._summary, self.view, self._target(), self.max_labels, **look)

    def _target(self) -> str | None:
        """Name the class that is shown: as the front end chooses it."""
        known = self._shown.targets
        return next((name for name in (self.target, self.state.target) if name in known), next(iter(known), None))

    def _tell(self) -> None:
        self._withheld = self.state._withholding.hashes  # noqa: SLF001
        self._summary = payload(self._shown, self._withheld)

    def _on_withheld(self) -> None:
        with self._lock:
            if self.state._withholding.hashes != self._withheld:  # noqa: SLF001
                self._tell()

    def _on_state(self, change: Any) -> None:
        change["old"]._withholding.unwatch(self._on_withheld)  # noqa: SLF001
        change["new"]._withholding.watch(self._on_withheld)  # noqa: SLF001
        change["new"].groups = layers_by_group(self._shown.groups, self._shown.layers)
        self._on_withheld()


def _checked_summary(summary: object) -> Summary:
    if isinstance(summary, Summary):
        return summary
    raise TypeError(
        f"[inv-widgets] summary={summary!r:.80} is {kind_of(summary)}: give what inv.summarize(labelled) returns, "
        "where labelled = inv.label(run, store)."
    )


def _same_size(spec: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether nobody gave the chart a size of its own: then it fills the room that there is."""
    return _size(spec) == _size(other)


def _size(spec: dict[str, Any]) -> tuple[Any, Any, Any]:
    return spec.get("columns"), spec.get("spec", spec).get("width"), "spec" in spec
