"""State: what several views share. It has no view of its own."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

from inv_widgets.errors import kind_of
from inv_widgets.export.colour_maps import COLOUR_MAPS
from inv_widgets.widgets.base import Widget
from inv_widgets.widgets.traits import Checked, named_texts, number, one_of, text, texts
from inv_widgets.widgets.withholding import Withholding

__all__ = ["State", "StateTrait"]


class State(Widget):
    """What several views show: give the same State to each, and they follow one another.

    The views are linked in the browser, so they follow even while the kernel is busy. ``state.observe(f, "picture")``
    calls ``f`` in Python when the picture changes.

    Parameters
    ----------
    picture, target
        Names of the picture and of the target class; None: the first.
    layer
        Name of a layer; None: none is chosen.
    cluster_map
        Id of the cluster map whose detail is open; None: closed.
    label, group
        A label, and a group of layers such as ``"block 3"``; None: none is chosen.
    layers
        Names of the layers that are brushed: views of columns keep to these. Empty: all. Names that a view's run lacks
        are ignored there; where it has none of them, it shows all.
    groups
        What belongs to each group: ``{"early": ["features.0", "features.2"]}``. A GlobalChart on this State says it.
        Where it is empty, views take blocks.
    colour_map
        ``"viridis"``, ``"inferno"``, ``"turbo"``, ``"cividis"`` or ``"greys"``.
    opacity
        Of the maps on the picture, 0..1.
    language
        Of labels: a code such as ``"en"``.

    Raises
    ------
    TypeError
        For an unknown argument, with the closest known one.
    traitlets.TraitError
        For a value that is not possible, now or when a trait is set later.
    """

    _front_end = "state"
    # Headless: JupyterLab and others draw nothing for it.
    _view_name = traitlets.Unicode(None, allow_none=True).tag(sync=True)  # type: ignore[assignment, unused-ignore]

    picture = Checked(None, text)
    target = Checked(None, text)
    layer = Checked(None, text)
    cluster_map = Checked(None, text)
    label = Checked(None, text)
    group = Checked(None, text)
    layers = Checked([], texts)
    groups = Checked({}, named_texts)
    colour_map = Checked("viridis", one_of(COLOUR_MAPS))
    opacity = Checked(0.6, number(0.0, 1.0))
    language = Checked("en", text)

    def __init__(self, **traits: Any) -> None:
        self._withholding = Withholding()
        super().__init__(**traits)

    def __repr__(self) -> str:
        shown = {name: getattr(self, name) for name in _SHOWN}
        return f"State({', '.join(f'{name}={value!r}' for name, value in shown.items() if value not in (None, []))})"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:  # noqa: ARG002
        return {"text/plain": repr(self)}, {}


class StateTrait(anywidget.WidgetTrait):  # type: ignore[misc, unused-ignore]
    """A State that a view shares, synchronised by reference."""

    allow_none = False

    def __init__(self) -> None:
        super().__init__()
        self.tag(sync=True)

    def validate(self, obj: Any, value: Any) -> State:
        """Take a State only; raise TraitError."""
        if isinstance(value, State):
            return value
        name = type(obj).__name__
        raise traitlets.TraitError(
            f"[inv-widgets] {name}: {self.name}={value!r:.80} is {kind_of(value)}: give an inv.State."
        )


_SHOWN = ("picture", "target", "layer", "cluster_map", "label", "group", "layers", "colour_map", "opacity", "language")
