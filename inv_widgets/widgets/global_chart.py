"""The global chart: what a network sees in a class, over all pictures, linked with the other views."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import traitlets

from inv_widgets.errors import kind_of
from inv_widgets.export.chart_files import checked_theme, save
from inv_widgets.export.chart_specs import bare_chart, checked, with_rows, without_rows
from inv_widgets.export.drawable_names import drawable
from inv_widgets.export.global_charts import PICKED, VIEWS, global_chart
from inv_widgets.export.global_payload import payload
from inv_widgets.export.global_rows import class_shown, global_rows
from inv_widgets.export.page import STATE
from inv_widgets.export.page_chart import save_page
from inv_widgets.export.tcav_marks import grounds_of, tcav_marks
from inv_widgets.export.words import words_in
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

    Click a label, and the Explorers on the same State show the cluster maps that carry it; drag over layers, and they
    show these columns; choose a picture or a cluster map there, and its labels stand out here. All of that works in the
    browser and never waits for the kernel.
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
        The class's name; None: the one that State names, else that of the picture that an Explorer shows.
    max_labels
        How many labels of a group are drawn, the best ones, 1..200; others are found by the search field.
    height
        Of the chart at most, 280..4000 pixels; it scrolls.
    tcav
        What :func:`inv_widgets.tcav` gives for this summary: labels that the class's score depends on are marked. Set
        :attr:`tcav` later as well.

    Raises
    ------
    TypeError
        If `summary` or `tcav` is none, or for an unknown argument, with the closest known one.
    UnknownNameError
        If the summary has no class `target`.
    traitlets.TraitError
        For a value that is not possible, now or when a trait is set later.
    FileNotFoundError
        If the front end is not built.
    """

    _front_end = "global_chart"
    _arguments = ("summary", "tcav")
    _kernel_only = ("_summary", "_charts", "_tcav")

    state = StateTrait()
    view = Checked("labels", one_of(VIEWS))
    target = Checked(None, text)
    max_labels = Checked(12, number(1, 200))
    height = Checked(860, number(280, 4000))
    _summary = traitlets.Dict().tag(sync=True)
    _charts = traitlets.Dict().tag(sync=True)
    _tcav = traitlets.Dict().tag(sync=True)

    def __init__(self, summary: Summary, *, state: State | None = None, tcav: Any = None, **view: Any) -> None:
        if state is not None and not isinstance(state, State):
            raise TypeError(f"[inv-widgets] state={state!r:.80} is {kind_of(state)}: give an inv.State.")
        self._shown = _checked_summary(summary)
        state = State() if state is None else state
        if view.get("target") is not None:
            chosen("class", view["target"], summary.targets)
        self._restyled: dict[str, Any] = {}
        self._tested, marks = tcav, tcav_marks(tcav, summary)
        self._grounds = {} if tcav is None else grounds_of(summary)
        sent = payload(summary, state._withholding.hashes)  # noqa: SLF001 (the kernel-only part of a State)
        charts = {name: bare_chart(name) for name in VIEWS}
        super().__init__(state=state, _summary=sent, _charts=charts, _tcav=marks, **view)
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
            self._tcav = tcav_marks(self._tested, summary, self._grounds)
            self.state.groups = layers_by_group(summary.groups, summary.layers)

    @property
    def tcav(self) -> Any:
        """The TCAV result whose marks are shown; None: none. What it says of other classes and labels is left out.

        It stays when another summary is set. Labels that this one lacks lose their marks; where other cluster maps
        carry a label now, the mark says that it was tested before.
        """
        return self._tested

    @tcav.setter
    def tcav(self, tcav: Any) -> None:
        with self._lock:
            marks = tcav_marks(tcav, self._shown)
            self._tested, self._tcav = tcav, marks
            self._grounds = {} if tcav is None else grounds_of(self._shown)

    @property
    def chart(self) -> Any:
        """The chart of the view that is shown, an Altair chart with its data. Restyle it and set it again.

        What is set is drawn instead, for this view; it goes on following the summary and the class. It needs the param
        ``picked``, which ``chart.chart`` has. None brings back what was there at first.
        """
        with self._lock:
            rows = self._rows()
            if self.view not in self._restyled:
                return global_chart(self.view, rows, self.state.language)
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
        """Write the chart as a page, or the view that is shown as a figure.

        Parameters
        ----------
        path
            A file that ends in ``.html`` (all views with their links, from disk and without a kernel), ``.svg``,
            ``.png`` or ``.json`` (Vega-Lite with its data).
        **options
            `theme` (``"light"`` or ``"dark"``; of a page by default the reader's) and `scale` of a PNG: see
            :func:`inv_widgets.export.chart_files.save`.

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
            target, label, language = self._target(), self.state.label, words_in(self.state.language).language
        spec: dict[str, Any] = chart.to_dict()
        if target is not None:
            spec = {"title": target} | spec
        if label is not None:
            spec["params"] = [
                param | {"value": [drawable(label)]} if param.get("name") == PICKED else param
                for param in spec.get("params", ())
            ]
        path = Path(path)
        if path.suffix.lower() in {".html", ".htm"}:
            if "scale" in options:
                raise ValueError(f"[inv-widgets] scale={options['scale']!r} is of a PNG: a page has none.")
            return self._save_page(path, target, spec, options.get("theme"))
        return save(spec, path, language=language, **options)

    def __repr__(self) -> str:
        return f"GlobalChart({self._shown!r}, view={self.view!r})"

    def _save_page(self, path: Path, target: str | None, spec: dict[str, Any], theme: str | None) -> Path:
        if theme is not None:
            checked_theme(theme)
        with self._lock:
            told = {
                "title": target or words_in(self.state.language)("chart.nothing"),
                "chart": {name: getattr(self, name) for name in _OF_PAGE},
                "state": {name: getattr(self.state, name) for name in STATE},
            }
        return save_page(path, told if theme is None else told | {"theme": theme}, spec)

    def _rows(self) -> list[dict[str, Any]]:
        state = self.state
        return global_rows(
            self._summary, self.view, self._target(), self.max_labels, marks=self._tcav, layers=state.layers,
            group=state.group if state.label is None else None, language=state.language, colour_map=state.colour_map,
            opacity=state.opacity,
        )  # fmt: skip

    def _target(self) -> str | None:
        """Name the class that is shown: as the front end chooses it."""
        return class_shown(self._summary, self.state.picture, self.target, self.state.target)

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


_OF_PAGE = ("_summary", "_charts", "_tcav", "view", "target", "max_labels", "height")


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
