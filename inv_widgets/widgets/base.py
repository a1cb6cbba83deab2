"""What all widgets have: their front end, advice on misspelt arguments, a lock, state that reaches every output."""

from __future__ import annotations

import difflib
import threading
from typing import Any, ClassVar

import anywidget
import traitlets
from ipywidgets.widgets import widget as ipywidgets_widget

from inv_widgets.export.front_ends import front_end

__all__ = ["Widget"]


class Widget(anywidget.AnyWidget):  # type: ignore[misc, unused-ignore]
    """The base of all widgets.

    Unknown keyword arguments are refused. Messages and state from the browser are handled under `_lock`: JupyterLab
    delivers them on another thread while a cell runs.
    """

    _front_end: ClassVar[str]
    """The name of the module in ``static/``."""
    _arguments: ClassVar[tuple[str, ...]] = ()
    """Arguments of the constructor that are no traits, for advice."""
    _kernel_only: ClassVar[tuple[str, ...]] = ()
    """Synchronised traits that the browser cannot set."""

    _esm = traitlets.Unicode().tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        known = [name for name in (*self._arguments, *self.trait_names(sync=True)) if _public(name)]
        for name in traits:
            if name not in known and _public(name):
                raise TypeError(_advice(type(self).__name__, name, known))
        self._lock = threading.RLock()
        super().__init__(**traits)

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse misspelt names: nothing would come of them. Other people's subclasses may add their own."""
        if _public(name) and not hasattr(type(self), name) and type(self).__module__.startswith("inv_widgets."):
            known = [trait for trait in self.trait_names(sync=True) if _public(trait)]
            raise AttributeError(_advice(type(self).__name__, name, known, noun="trait", verb="has"))
        super().__setattr__(name, value)

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take state from the browser; tell the other outputs where the host does not (Colab: one frame an output)."""
        sync_data = {name: value for name, value in sync_data.items() if name not in self._kernel_only}
        with self._lock:
            super().set_state(sync_data)
        if not getattr(ipywidgets_widget, "JUPYTER_WIDGETS_ECHO", False):
            self.send_state([name for name in sync_data if self.has_trait(name)])

    @traitlets.default("_esm")
    def _read_front_end(self) -> str:
        return front_end(self._front_end, type(self).__name__)


# ipywidgets' own traits may be given too, but are no advice.
_HOST_TRAITS = frozenset(ipywidgets_widget.Widget.class_trait_names()) | {"layout", "tooltip", "tabbable"}


def _public(name: str) -> bool:
    return not name.startswith("_") and name not in _HOST_TRAITS


def _advice(widget: str, name: str, known: list[str], *, noun: str = "argument", verb: str = "takes") -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"Did you mean {close[0]!r}? " if close else ""
    return f"[inv-widgets] {widget} has no {noun} {name!r}. {hint}It {verb}: {', '.join(known)}."
