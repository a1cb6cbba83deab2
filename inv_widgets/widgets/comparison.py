"""The comparison view: pictures down, methods across, each map on its picture with what it cost and how it measures."""

from __future__ import annotations

import base64
import contextlib
import math
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import traitlets

from inv_widgets.comparison.comparison_result import ComparisonResult
from inv_widgets.errors import kind_of
from inv_widgets.export import comparison_figure, comparison_page
from inv_widgets.export import comparison_payload as payload
from inv_widgets.export.comparison_order import BY
from inv_widgets.widgets.base import Widget
from inv_widgets.widgets.comparison_desk import ComparisonDesk
from inv_widgets.widgets.comparison_rows import Explained
from inv_widgets.widgets.state import State, StateTrait
from inv_widgets.widgets.traits import Checked, number, one_of, optional, texts
from inv_widgets.widgets.uploads import LARGEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from inv_widgets.explanation import Explanation
    from inv_widgets.run import Run
    from inv_widgets.url_files import UrlFile

__all__ = ["Comparison"]

WHOLE_BYTES = 24_000_000
"""Rows are sent whole up to so many bytes; the others come when they are looked at."""

_BY_METHOD = tuple(sign + name for name in BY for sign in ("", "-"))
_BY_PICTURE = (*_BY_METHOD, "name", "-name", "probability", "-probability")


class Comparison(Widget):
    """Compare methods: a row a picture, a column a method, under each map its cost and its metrics.

    Looking, probing, sorting and hiding work in the browser and never wait for the kernel. With a network at hand
    pictures can be dropped on the view, and asked about for other classes: rows fill method by method.

    Parameters
    ----------
    result
        What :func:`inv_widgets.compare` gives, or the path of a saved one.
    run
        ``run(picture, target, keys) -> ComparisonResult`` explains one more picture by some methods; by default what
        the result brings along (``result.rerun``), which one that was read from a file does not.
    state
        A State that is shared with other views; by default a new one, at ``comparison.state``.
    explanations
        A Run (or explanations) of the same pictures: a cluster map that is chosen in an Explorer on the same State is a
        column of its own.
    view
        ``"overlay"``, ``"mask"`` (the picture where the map is highest) or ``"map"``.
    share
        How much of what the network sees the mask shows: the top 0.5..100 per cent of its pixels.
    signs
        How maps with negative values are drawn: ``"both"`` (for in red, against in blue, nothing at 0) or
        ``"positive"`` (the positive part in the colour map).
    outline
        Show the ground truth's outline, where there is one.
    cell_size
        Width of the pictures, 72..400 pixels.
    metrics
        Names of the measures that stand under each map; None: the first three.
    hidden_methods
        Keys of the methods that are not shown.
    sort_methods, sort_pictures
        The measure that columns and rows are sorted by, best first (``"-measure"``: worst first; rows also by
        ``"name"`` or ``"probability"``); None: as they were given. Rows count the methods that are shown.
    height
        Of the view at most, 280..4000 pixels.

    Raises
    ------
    TypeError
        If `result` is none, or for an unknown argument, with the closest known one.
    traitlets.TraitError
        For a value that is not possible, now or when a trait is set later.
    FileNotFoundError
        If a path names no saved comparison, or the front end is not built.
    """

    _front_end = "comparison"
    _arguments = ("result", "run", "explanations")
    _kernel_only = ("_about", "_rows", "_added")

    state = StateTrait()
    view = Checked("overlay", one_of(("overlay", "mask", "map")))
    share = Checked(20.0, number(0.5, 100.0))
    signs = Checked("both", one_of(("both", "positive")))
    outline = traitlets.Bool(default_value=True).tag(sync=True)
    cell_size = Checked(144, number(72, 400))
    metrics = Checked(None, optional(texts))
    hidden_methods = Checked([], texts)
    sort_methods = Checked(None, optional(one_of(_BY_METHOD)))
    sort_pictures = Checked(None, optional(one_of(_BY_PICTURE)))
    height = Checked(720, number(280, 4000))
    _about = traitlets.Dict().tag(sync=True)
    _rows = traitlets.List(traitlets.Dict()).tag(sync=True)
    _added = traitlets.List(traitlets.Dict()).tag(sync=True)

    def __init__(
        self,
        result: ComparisonResult | str | Path,
        *,
        run: Callable[..., ComparisonResult] | None = None,
        state: State | None = None,
        explanations: Run | Explanation | Iterable[Explanation] | str | Path | UrlFile | None = None,
        **view: Any,
    ) -> None:
        self._result = _read(result)
        run = self._result.rerun if run is None else run
        if run is not None and not callable(run):
            raise TypeError(
                f"[inv-widgets] run={run!r:.80} is {kind_of(run)}: give a function run(picture, target, keys) that "
                "returns a ComparisonResult, such as result.rerun of a live one."
            )
        if state is not None and not isinstance(state, State):
            raise TypeError(f"[inv-widgets] state={state!r:.80} is {kind_of(state)}: give an inv.State.")
        self._explained = Explained(explanations)
        state = State() if state is None else state
        self._games = state  # whose games withhold; the trait is not there yet
        self._desk = ComparisonDesk(
            self._result,
            run,
            self._explained,
            withheld=lambda: self._games._withholding.hashes,  # noqa: SLF001 (the kernel-only part of a State)
            told=self._tell,
        )
        about = payload.about(self._result) | {
            "live": run is not None,
            "categories": [str(name) for name in getattr(run, "categories", None) or ()],
            "largest": LARGEST,
        }
        super().__init__(state=state, _about=about, _rows=self._sent(), **view)
        self._heads_only = False
        state._withholding.watch(self._on_withheld)  # noqa: SLF001
        self._on_withheld()
        self.observe(self._on_state, "state")
        self.on_msg(self._on_message)

    @property
    def result(self) -> ComparisonResult:
        """What is compared; rows that were added are not in it."""
        return self._result

    @property
    def explanations(self) -> Run | None:
        """The explanations whose cluster maps can be a column; set it to others, such as labelled ones."""
        return self._explained.run

    @explanations.setter
    def explanations(
        self, explanations: Run | Explanation | Iterable[Explanation] | str | Path | UrlFile | None
    ) -> None:
        explained = Explained(explanations, self._explained.version + 1)
        with self._lock:
            self._explained = explained
            self._desk.explain(explained)
            self._rows = self._sent()
            self._tell()

    @property
    def added(self) -> list[ComparisonResult]:
        """What was made for the rows that were added: for each row and method a result of its own, in their order."""
        with self._lock:
            return self._desk.made()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until all rows are filled; False if that took longer than `timeout` seconds."""
        return self._desk.wait(timeout)

    def save(self, path: str | Path, **options: Any) -> Path:
        """Write the comparison as it is shown: a figure, or a page that works from disk.

        Rows that were added are in it too, marked so; the means are those of the result.

        Parameters
        ----------
        path
            A file that ends in ``.svg``, ``.png`` or ``.html``.
        **options
            Of a figure: `theme`, `scale`, or other `colour_map`, `opacity`, `view`, `share`, `signs`, `outline`,
            `metrics`, `cell_size`, `methods`, `pictures`. Of a page: `title`.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        ValueError, TypeError
            If `path` ends in something else, or an option is not possible.
        """
        path = Path(path)
        with self._lock:
            shown = self._desk.visible()
            page = path.suffix.lower() in {".html", ".htm"}
            added = self._desk.added_pictures()
            rows = [row for row in self._desk.rows(math.inf) if not row.get("withheld")] if page else []
            whole = self._desk.whole_added() if page else []
        if page:
            view = {name: getattr(self, name) for name in _VIEW}
            data = comparison_page.PageData(self._about | {"live": False}, rows, self.state, view, shown, whole, added)
            return comparison_page.save(data, path, **options)
        return comparison_figure.save(shown, path, added=added, **(self._look() | options))

    def close(self) -> None:
        """Take the view off the screen; what is being compared ends."""
        desk = self.__dict__.get("_desk")  # what could not be made is closed too
        if desk is not None:
            desk.close()
        super().close()

    def __repr__(self) -> str:
        return f"Comparison({self._result!r})"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        bundle: tuple[dict[str, Any], dict[str, Any]] | None = super()._repr_mimebundle_(**kwargs)
        if bundle is not None and self._result.pictures:
            # For readers without a kernel: GitHub, nbconvert, a notebook that was reopened. Never at the view's cost.
            with contextlib.suppress(Exception):
                drawn = comparison_figure.still(self._desk.visible(), **self._look())
                bundle[0]["image/jpeg"] = base64.b64encode(drawn).decode("ascii")
        return bundle

    def _look(self) -> dict[str, Any]:
        own = {name: getattr(self, name) for name in _VIEW if name not in {"hidden_methods", "height"}}
        hidden = set(self.hidden_methods)
        methods = [method.key for method in self._result.methods if method.key not in hidden]
        return own | {"colour_map": self.state.colour_map, "opacity": self.state.opacity, "methods": methods}

    def _sent(self) -> list[dict[str, Any]]:
        # While a game is open, pictures come when they are looked at.
        active = self._games._withholding.active  # noqa: SLF001
        return self._desk.rows(WHOLE_BYTES, heads_only=active)

    def _tell(self) -> None:
        """Send what is known of the added rows."""
        with self._lock:
            self._added = self._desk.added()

    def _on_withheld(self) -> None:
        with self._lock:
            active = self.state._withholding.active  # noqa: SLF001
            if active or self._heads_only:
                self._rows = self._sent()
                self._heads_only = active
                self._tell()

    def _on_state(self, change: Any) -> None:
        self._games = change["new"]
        change["old"]._withholding.unwatch(self._on_withheld)  # noqa: SLF001
        change["new"]._withholding.watch(self._on_withheld)  # noqa: SLF001
        self._on_withheld()

    def _on_message(self, _: Any, content: dict[str, Any], buffers: list[memoryview]) -> None:
        """Answer the browser's questions by their id, errors included."""
        try:
            with self._lock:
                told, sent = (
                    self._file(content) if content.get("kind") == "file" else self._desk.answer(content, buffers)
                )
            self.send({"id": content.get("id"), **told}, buffers=sent)
        except Exception as error:  # noqa: BLE001 (whatever it was, the browser waits for an answer)
            self.send({"id": content.get("id"), "error": str(error) or type(error).__name__})

    def _file(self, content: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
        kind = str(content.get("format"))
        options = {"theme": content["theme"]} if kind in {"svg", "png"} and "theme" in content else {}
        with tempfile.TemporaryDirectory() as folder:
            path = self.save(Path(folder) / f"comparison.{kind}", **options)
            return {"name": path.name}, [path.read_bytes()]


_VIEW = (
    "view", "share", "signs", "outline", "cell_size", "metrics", "hidden_methods", "sort_methods", "sort_pictures",
    "height",
)  # fmt: skip


def _read(result: Any) -> ComparisonResult:
    if isinstance(result, str | Path):
        return ComparisonResult.load(result)
    if not isinstance(result, ComparisonResult):
        raise TypeError(
            f"[inv-widgets] result={result!r:.80} is {kind_of(result)}: give what inv.compare(...) returns, or the "
            "path of a saved one."
        )
    return result
