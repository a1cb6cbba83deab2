"""The editor of synonyms: which words count as one label, and the file that keeps what people decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import traitlets

from inv_widgets.errors import kind_of
from inv_widgets.labels.labelled import LabelledRun
from inv_widgets.labels.pipeline import label
from inv_widgets.labels.synonym_files import FileChangedError, SynonymFile
from inv_widgets.labels.synonyms import SynonymTable
from inv_widgets.labels.word_groups import Words
from inv_widgets.run import as_run
from inv_widgets.widgets.base import Widget
from inv_widgets.widgets.history import History
from inv_widgets.widgets.state import State, StateTrait
from inv_widgets.widgets.synonym_messages import changed, code_of, read_message
from inv_widgets.widgets.synonym_words import differing, payload, words_of
from inv_widgets.widgets.traits import Checked, number
from inv_widgets.widgets.visible_rounds import VisibleRounds
from inv_widgets.widgets.workers import Worker

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["SynonymEditor"]

_NOTHING: frozenset[str] = frozenset()


class SynonymEditor(Widget):
    """See which words count as one label, and change it: by dragging, by keys, or from each word's menu.

    What is changed counts at once for whoever listens (`on_change`, or ``editor.observe(f, "synonyms")``), and is kept
    when it is saved: the file holds only what differs from the shipped table and WordNet. If somebody else changed the
    file meanwhile, the editor says so and asks.

    Parameters
    ----------
    labels
        What :func:`inv_widgets.label` gave; or ``(run, store)``, what one would label; or a dict ``{word: times}``.
    path
        The CSV file (columns ``label``, ``synonyms``); it is made when it is first saved.
    state
        A State that is shared with other views; by default a new one. While a reveal game on it is open, words that
        were said about pictures that its player has not answered yet are withheld.
    on_change
        Called with the new :class:`~inv_widgets.labels.synonyms.SynonymTable` after each change: hand it to `label`.
    height
        At most, 280..4000 pixels.

    Attributes
    ----------
    synonyms
        The table as it is now, saved or not. Setting it can be undone.

    Raises
    ------
    TypeError
        If `labels` is none of these, or for an unknown argument, with the closest known one.
    ValueError
        If the file is no table of synonyms.
    traitlets.TraitError
        For a value that is not possible, now or when a trait is set later.
    FileNotFoundError
        If the front end is not built.
    """

    _front_end = "synonym_editor"
    _arguments = ("labels", "path", "on_change", "synonyms")
    _kernel_only = ("_words", "_file")

    state = StateTrait()
    height = Checked(680, number(280, 4000))
    synonyms = traitlets.Instance(SynonymTable)
    _words = traitlets.Dict().tag(sync=True)
    _file = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        labels: Any = None,
        *,
        path: str | Path = "synonyms.csv",
        state: State | None = None,
        on_change: Callable[[SynonymTable], object] | None = None,
        **view: Any,
    ) -> None:
        if state is not None and not isinstance(state, State):
            raise TypeError(f"[inv-widgets] state={state!r:.80} is {kind_of(state)}: give an inv.State.")
        if on_change is not None and not callable(on_change):
            raise TypeError(f"[inv-widgets] on_change={on_change!r:.80} is {kind_of(on_change)}: give a function.")
        self._disk = SynonymFile(path)
        self._history: History[SynonymTable] = History()
        self._travels = False
        self._trouble: dict[str, str] = {}
        self._source: VisibleRounds | None = None
        self._safe_for = _NOTHING
        self._given = Words()
        super().__init__(state=State() if state is None else state, synonyms=self._disk.table, **view)
        self._groups = self._given.groups(self.synonyms)
        self._worker = Worker(self._read_again)
        self.observe(self._on_synonyms, "synonyms")
        self.labels = labels
        self.state._withholding.watch(self._on_withheld)  # noqa: SLF001 (the kernel-only part of a State)
        self.observe(self._on_state, "state")
        if on_change is not None:
            self.observe(lambda change: on_change(change["new"]), "synonyms")
        self.on_msg(self._on_message)

    @property
    def labels(self) -> Any:
        """What the words come from; set it when there are new ones. Steps back and what is not saved stay."""
        return self._labels

    @labels.setter
    def labels(self, labels: Any) -> None:
        self._labels = labels
        self._source = None
        if isinstance(labels, tuple) and len(labels) == 2:
            run = as_run(labels[0])
            self._source = VisibleRounds(run.source if isinstance(run, LabelledRun) else run, labels[1])
            self._read()
        else:
            self._feed(words_of(labels), _NOTHING)

    def refresh(self) -> None:
        """Read the rounds again, if the editor was given a run and a store, and look whether the file was changed."""
        if self._source is not None:
            self._read()
        with self._lock:
            self._look()

    def undo(self) -> None:
        """Take the last change back."""
        with self._lock:
            if self._history.can_undo:
                self._travel(self._history.undo(self.synonyms))

    def redo(self) -> None:
        """Do again what was taken back."""
        with self._lock:
            if self._history.can_redo:
                self._travel(self._history.redo(self.synonyms))

    def save(self) -> None:
        """Write the file.

        Raises
        ------
        FileChangedError
            If somebody else changed it since; see :meth:`resolve`.
        OSError
            If it cannot be written.
        """
        with self._lock:
            try:
                self._disk.write(self.synonyms)
            except OSError as error:
                self._trouble = _told(error)
                raise
            else:
                self._trouble = {}
            finally:
                self._publish()

    def resolve(self, how: str) -> None:
        """Settle that somebody else changed the file.

        Parameters
        ----------
        how
            ``"both"``: theirs, with yours on top, is saved. ``"mine"``: yours is saved, and theirs kept in a file
            beside it. ``"theirs"``: yours is dropped; undo brings it back.
        """
        with self._lock:
            mine = self.synonyms
            if how == "mine":
                self._disk.write(mine, over=True)
            elif how in {"theirs", "both"}:
                aside = self._disk.put_aside() if how == "both" else None
                theirs = self._disk.read()
                self.synonyms = mine.over(theirs) if how == "both" else theirs
                if how == "both":
                    self._disk.write(self.synonyms)
                if aside is not None and self.synonyms == theirs:
                    aside.unlink(missing_ok=True)
            else:
                raise ValueError(f"[inv-widgets] how={how!r:.40} is none of 'both', 'mine', 'theirs'.")
            self._trouble = {}
            self._publish()

    def close(self) -> None:
        """Take the editor off the screen. What is not saved is lost with it."""
        if "_worker" in self.__dict__:
            self._worker.stop()
        super().close()

    def __repr__(self) -> str:
        return f"SynonymEditor({str(self._disk.path)!r}, {len(self.synonyms.groups)} groups of your own)"

    # What is shown

    def _read(self) -> None:
        """Read the words that may be seen."""
        if self._source is None:
            return
        withheld = self.state._withholding.hashes  # noqa: SLF001
        rounds = self._source.rounds(withheld)
        self._feed(Words.of(label(self._source.run, rounds).canonical), withheld)

    def _read_again(self) -> None:
        try:
            self._read()
        except Exception as error:  # noqa: BLE001 (on a thread of its own: the view says it)
            with self._lock:
                self._trouble = _told(error)
                self._publish()

    def _feed(self, words: Words, safe_for: frozenset[str]) -> None:
        """Take words, which say nothing about pictures with these hashes."""
        groups = words.groups(self.synonyms)
        with self._lock:
            self._given, self._safe_for = words, safe_for
            self._groups = groups if groups.own == self.synonyms else words.groups(self.synonyms)
            self._look()

    def _look(self) -> None:
        """Take up what others wrote to the file, unless there is something to lose."""
        try:
            if self._disk.changed:
                if self._unsaved():
                    self._trouble = _told(FileChangedError())
                else:
                    self.synonyms = self._disk.read()
                    self._trouble = {}
        except (OSError, ValueError) as error:
            self._trouble = _told(error)
        self._publish()

    def _publish(self) -> None:
        withheld = not self.state._withholding.hashes <= self._safe_for  # noqa: SLF001
        turn = self._words.get("turn", 0) + 1
        self._words = {
            "turn": turn,
            "withheld": withheld,
            "groups": [] if withheld else payload(self._groups),
            "changed": [] if withheld else differing(self.synonyms, self._disk.table),
            "undo": self._history.can_undo,
            "redo": self._history.can_redo,
        }
        state = "unsaved" if self._unsaved() else "saved"
        self._file = {"path": str(self._disk.path), "state": state, **self._trouble}

    def _unsaved(self) -> bool:
        return dict(self.synonyms.heads) != dict(self._disk.table.heads)

    # What is changed

    def _on_synonyms(self, change: Any) -> None:
        with self._lock:
            if not self._travels:
                self._history.add(change["old"])
            if self._groups.own != change["new"]:
                self._groups = self._given.groups(change["new"])
            self._publish()

    def _travel(self, table: SynonymTable) -> None:
        self._travels = True
        try:
            self.synonyms = table
        finally:
            self._travels = False
        self._publish()

    def _change(self, kind: str, message: dict[str, Any]) -> None:
        if self._words["withheld"]:
            raise PermissionError("[inv-widgets] The words are withheld while a game is open: play first.")
        self._groups = groups = changed(self._groups, kind, message)
        self.synonyms = groups.own

    def _on_withheld(self) -> None:
        with self._lock:
            self._publish()
        if self._source is not None:
            self._worker.ask()

    def _on_state(self, change: Any) -> None:
        change["old"]._withholding.unwatch(self._on_withheld)  # noqa: SLF001
        change["new"]._withholding.watch(self._on_withheld)  # noqa: SLF001
        self._on_withheld()

    def _on_message(self, _: Any, content: Any, __: list[memoryview]) -> None:
        """Answer the browser by the message's id, errors included."""
        identifier = content.get("id") if isinstance(content, dict) else None
        try:
            kind, message = read_message(content)
            with self._lock:
                if kind in {"undo", "redo", "save"}:
                    getattr(self, kind)()
                elif kind == "resolve":
                    self.resolve(message["how"])
                elif kind == "look":
                    self._look()
                else:
                    self._change(kind, message)
            self.send({"id": identifier, "ok": True, "turn": self._words["turn"]})
        except Exception as error:  # noqa: BLE001 (whatever it was, the browser waits for an answer)
            self.send({"id": identifier, "error": str(error) or type(error).__name__, "code": code_of(error)})


def _told(error: Exception) -> dict[str, str]:
    return {"state": "conflict" if isinstance(error, FileChangedError) else "failed", "message": str(error)}
