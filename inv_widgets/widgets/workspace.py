"""The workspace: game, explorer, chart, comparison and synonyms in one output, all on one State."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from inv_widgets.labels.labelled import LabelledRun
from inv_widgets.play.rules import Rules
from inv_widgets.run import as_run
from inv_widgets.widgets.base import Widget
from inv_widgets.widgets.comparison import Comparison
from inv_widgets.widgets.explorer import Explorer
from inv_widgets.widgets.global_chart import GlobalChart
from inv_widgets.widgets.reveal_game import RevealGame
from inv_widgets.widgets.state import State, StateTrait
from inv_widgets.widgets.synonym_editor import SynonymEditor
from inv_widgets.widgets.traits import Checked, number, one_of
from inv_widgets.widgets.workers import Worker
from inv_widgets.widgets.workspace_labels import LabelAnalysis
from inv_widgets.widgets.workspace_panes import ARRANGEMENTS, OPTIONAL, PANES, checked_panes, finished_round

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from inv_widgets.comparison.comparison_result import ComparisonResult
    from inv_widgets.explanation import Explanation
    from inv_widgets.play.game import Game
    from inv_widgets.recipe import Recipe
    from inv_widgets.run import Run
    from inv_widgets.store.label_store import LabelStore
    from inv_widgets.summary.summary import Summary
    from inv_widgets.url_files import UrlFile

__all__ = ["PANES", "Workspace"]

_PATIENCE = 10.0  # seconds that closing waits for an analysis under way
_RULES = tuple(field.name for field in dataclasses.fields(Rules))


class Workspace(Widget):
    """Play, explore, sum up and tidy up words in one output.

    After each finished round the labels are analysed again, on a thread of its own, and the Explorer and the chart
    follow without a cell being run; so they do when synonyms are changed. What the player has not answered yet stays
    withheld in all panes: until then its rounds count nowhere here.

    Parameters
    ----------
    run
        A Run, an Explanation, several, or a saved run's path; or a Game.
    store
        A LabelStore, or its file or URL; None: the file ``labels.db`` in the working directory.
    player
        A nickname; None: the browser asks for one.
    state
        A State that is shared with other views; by default a new one, at ``workspace.state``.
    synonyms
        The CSV file of synonyms.
    comparison
        What :func:`inv_widgets.compare` gives of the same pictures, or the path of a saved one: one more pane, where
        INV stands beside other methods. None: there is no such pane.
    layout
        ``"tabs"``, or ``"side by side"``: two panes at a time, where the output is wide enough.
    recipe, language, withhold
        As in :class:`~inv_widgets.widgets.reveal_game.RevealGame`.
    height
        Of each pane at most, 280..4000 pixels.
    **rules
        See :class:`~inv_widgets.play.rules.Rules`: ``rounds=10``, ``seconds=60``, ``consent="..."``.

    Attributes
    ----------
    arrangement
        ``"tabs"`` or ``"side by side"``; set it, or choose it in the view.
    shown
        The names of the two panes that are shown, left first (in tabs: the first), of ``"game"``, ``"explorer"``,
        ``"chart"``, ``"comparison"``, ``"synonyms"``.

    Raises
    ------
    TypeError, ValueError
        If `run` is no run or has no cluster maps, or `comparison` is none; for an unknown argument (with the closest
        known one), a rule that is not possible, or a file that is no table of synonyms.
    StoreError
        If the store cannot be opened.
    traitlets.TraitError
        For a value that is not possible, now or when a trait is set later.
    FileNotFoundError
        If a path names no saved run, or the front end is not built.
    """

    _front_end = "workspace"
    _arguments = (
        "run",
        "store",
        "player",
        "synonyms",
        "comparison",
        "layout",
        "recipe",
        "language",
        "withhold",
        *_RULES,
    )
    _kernel_only = ("_game", "_explorer", "_chart", "_comparison", "_synonyms", "_labels")

    state = StateTrait()
    arrangement = Checked("tabs", one_of(ARRANGEMENTS))
    shown = Checked(["game", "explorer"], checked_panes)
    height = Checked(680, number(280, 4000))
    # Each child is a trait of its own: Colab makes only those models in an output that its widgets name.
    _game = anywidget.WidgetTrait().tag(sync=True)
    _explorer = anywidget.WidgetTrait().tag(sync=True)
    _chart = anywidget.WidgetTrait().tag(sync=True)
    _comparison = anywidget.WidgetTrait().tag(sync=True)
    _synonyms = anywidget.WidgetTrait().tag(sync=True)
    _labels = traitlets.Dict().tag(sync=True)

    def __init__(  # noqa: PLR0913 (what RevealGame takes, and where the synonyms are)
        self,
        run: Game | Run | Explanation | Iterable[Explanation] | str | Path | UrlFile,
        *,
        store: LabelStore | str | Path | None = None,
        player: str | None = None,
        state: State | None = None,
        synonyms: str | Path = "synonyms.csv",
        comparison: ComparisonResult | str | Path | None = None,
        layout: Any = "tabs",
        recipe: Recipe | None = None,
        language: str | None = None,
        withhold: bool = True,
        **rules_and_view: Any,
    ) -> None:
        rules = {name: rules_and_view.pop(name) for name in _RULES if name in rules_and_view}
        state = State() if state is None else state
        # `layout` is ipywidgets' name for a box's CSS too.
        view = {"arrangement": layout} if isinstance(layout, str) else {"layout": layout}
        self._compares = comparison is not None  # `shown` may name it
        super().__init__(state=state, **view, **rules_and_view)
        self._made: list[Any] = []
        self._worker = Worker(self._relabel)
        try:
            look = {"state": self.state, "height": self.height}
            game = self._make(RevealGame, run, store=store, player=player, recipe=recipe, language=language,
                              withhold=withhold, **look, **rules)  # fmt: skip
            # Also with withhold=False: pictures travel when they are looked at, not all of them with each new label.
            self.state._withholding.withhold(self, ())  # noqa: SLF001 (the kernel-only part of a State)
            given = game.game.run
            played = as_run(given.source if isinstance(given, LabelledRun) else given)
            self._analysis = LabelAnalysis(played, game.store, game.game.maps.outline if played is given else None)
            self._make(Explorer, played, **look)
            editor = self._make(SynonymEditor, path=synonyms, **look)
            if comparison is not None:
                self._make(Comparison, comparison, explanations=played, **look)
        except BaseException:
            self.close()
            raise
        self._game, self._explorer, self._synonyms, *others = self._made
        self._comparison = others[0] if others else None
        self._chart_made: GlobalChart | None = None
        self._safe_for: frozenset[str] = frozenset()
        self._seen = finished_round(game)
        game.observe(self._on_screen, "_screen")
        editor.observe(lambda _: self.refresh(), "synonyms")
        self.observe(self._on_state, "state")
        self.observe(self._on_height, "height")
        self.state._withholding.watch(self._on_withheld)  # noqa: SLF001
        self.on_msg(self._on_message)
        self.refresh()

    @property
    def game(self) -> RevealGame:
        """The game's pane."""
        return self._game  # type: ignore[no-any-return]

    @property
    def explorer(self) -> Explorer:
        """The Explorer's pane; its `run` carries the labels."""
        return self._explorer  # type: ignore[no-any-return]

    @property
    def chart(self) -> GlobalChart | None:
        """The chart's pane; None until there are labels."""
        return self._chart_made

    @property
    def comparison(self) -> Comparison | None:
        """The comparison's pane; None where none was given."""
        return self._comparison  # type: ignore[no-any-return]

    @property
    def synonyms(self) -> SynonymEditor:
        """The synonyms' pane."""
        return self._synonyms  # type: ignore[no-any-return]

    @property
    def store(self) -> LabelStore:
        """Where rounds and labels are kept."""
        return self.game.store

    def refresh(self) -> None:
        """Analyse the labels again soon: after rounds that were played elsewhere. Nobody waits for it."""
        with self._lock:
            self._labels = self._labels | {"state": "working"}
        self._worker.ask()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the labels are analysed; False if that took longer than `timeout` seconds."""
        return self._worker.wait(timeout)

    def close(self) -> None:
        """Take everything off the screen. A store that the workspace opened is closed."""
        if "_worker" in self.__dict__:
            self._worker.stop()
            self._worker.wait(_PATIENCE)  # it may be reading from the store
            self.state._withholding.unwatch(self._on_withheld)  # noqa: SLF001
            self.state._withholding.lift(self)  # noqa: SLF001
            for child in reversed(self._made):
                child.close()
        super().close()

    def __repr__(self) -> str:
        return f"Workspace({self._game!r})"

    def _make(self, kind: Any, *arguments: Any, **options: Any) -> Any:
        child = kind(*arguments, **options)
        self._made.append(child)
        return child

    @traitlets.validate("shown")
    def _there(self, proposal: Any) -> list[str]:
        names: list[str] = proposal["value"]
        if OPTIONAL in names and not self._compares:
            raise traitlets.TraitError(
                f"[inv-widgets] Workspace: shown={names} is not possible without a comparison: give "
                "Workspace(..., comparison=inv.compare(...))."
            )
        return names

    # Labels

    def _relabel(self) -> None:
        """Analyse what this player may see, and show it."""
        try:
            self._analyse(self.state._withholding.hashes)  # noqa: SLF001
        except Exception as error:  # noqa: BLE001 (the chart's pane says it; the game goes on)
            with self._lock:
                self._labels = {"state": "failed", "message": str(error) or type(error).__name__}

    def _analyse(self, withheld: frozenset[str]) -> None:
        labelled, words, count, summary = self._analysis(withheld, self.synonyms.synonyms)
        self.synonyms._feed(words, withheld)  # noqa: SLF001
        with self._lock:
            if not self.state._withholding.hashes <= withheld:  # noqa: SLF001
                self._worker.ask()  # meanwhile more is withheld: none of this may be shown
                return
            self._safe_for = withheld
            self.explorer.run = labelled
            if self.comparison is not None:
                self.comparison.explanations = labelled  # merged cluster maps have ids of their own
            self._show(summary)
            self._labels = {"state": "ready", "rounds": labelled.report.counted, "labels": count}

    def _show(self, summary: Summary | None) -> None:
        if summary is None:
            self._drop_chart()
        elif self._chart_made is None:
            self._chart_made = self._make(GlobalChart, summary, state=self.state, height=self.height)
            self._chart = self._chart_made
        else:
            self._chart_made.summary = summary

    def _drop_chart(self) -> None:
        if self._chart_made is not None:
            chart, self._chart_made, self._chart = self._chart_made, None, None
            self._made.remove(chart)
            chart.close()

    def _on_screen(self, change: Any) -> None:
        """Follow what was finished, corrected, withdrawn or forgotten; not each step of a round."""
        told = finished_round(change["owner"])
        if told and told != self._seen:
            self._seen = told
            self.refresh()

    def _on_withheld(self) -> None:
        withheld = self.state._withholding.hashes  # noqa: SLF001
        with self._lock:
            if not withheld <= self._safe_for:
                self._drop_chart()  # the Explorer and the editor see to it themselves
        self.refresh()

    def _on_state(self, change: Any) -> None:
        change["old"]._withholding.unwatch(self._on_withheld)  # noqa: SLF001
        change["old"]._withholding.lift(self)  # noqa: SLF001
        change["new"]._withholding.withhold(self, ())  # noqa: SLF001
        for child in self._made:  # the game first: what it withholds must hold for the others
            child.state = change["new"]
        change["new"]._withholding.watch(self._on_withheld)  # noqa: SLF001
        self._on_withheld()

    def _on_height(self, change: Any) -> None:
        for child in self._made:
            child.height = change["new"]

    def _on_message(self, _: Any, content: Any, __: list[memoryview]) -> None:
        message = content if isinstance(content, dict) else {}
        if message.get("kind") == "refresh":
            self.refresh()
            self.send({"id": message.get("id"), "ok": True})
        else:
            kind = message.get("kind")
            words = f"[inv-widgets] The workspace does not know the message {kind!r:.40}."
            self.send({"id": message.get("id"), "error": words})
