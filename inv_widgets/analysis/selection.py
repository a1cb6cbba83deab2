"""Choose layers by what people write: ``"blocks"``, ``"last 9"``, names, patterns, titles."""

from __future__ import annotations

import difflib
import fnmatch
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from inv_widgets.analysis.layers import Layer
from inv_widgets.errors import UnknownNameError, kind_of

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["LayersError", "select"]

_LAST = re.compile(r"last\s*(\d+)", re.IGNORECASE)
_WANTED = (
    'None or "blocks" (the last layer at each map size), "last 9", "all", a name, a pattern such as "features.2*", '
    'a title such as "block 3, layer 2", or a list of these'
)


class LayersError(ValueError):
    """A choice of layers that no picture could mend."""


def select(available: Sequence[Layer], spec: Any = None) -> list[Layer]:
    """Choose layers.

    Parameters
    ----------
    available
        All layers of the network, from shallow to deep.
    spec
        None or ``"blocks"``: the last layer at each map size. ``"last N"``, ``"all"``; a layer's name or alias, a
        glob pattern of them (``"features.2*"``), a title (``"block 3, layer 2"``), a :class:`Layer`; or a list of
        these.

    Returns
    -------
    list of Layer
        Without duplicates, from shallow to deep.

    Raises
    ------
    KeyError
        For a name that no layer has; the message gives the closest ones.
    LayersError (a ValueError)
        For ``"last N"`` with more than there are, a name that means several calls, and an empty list.
    TypeError
        For anything else.
    """
    chosen = {layer.depth for layer in _choose(available, spec)}
    return [layer for layer in available if layer.depth in chosen]


def _choose(available: Sequence[Layer], spec: Any) -> Sequence[Layer]:
    if spec is None or spec == "blocks":
        return list({layer.map_shape: layer for layer in available}.values())
    if isinstance(spec, Layer):
        return _named(available, spec.name)
    if isinstance(spec, str):
        if spec == "all":
            return available
        last = _LAST.fullmatch(spec.strip())
        if last is None or any(spec in {layer.name, *layer.aliases} for layer in available):
            return _named(available, spec)
        return _last(available, int(last[1]))
    if isinstance(spec, Iterable):
        parts = list(spec)
        if not parts:
            raise LayersError(f"[inv-widgets] layers is empty: give {_WANTED}.")
        return [layer for part in parts for layer in _choose(available, part)]
    raise TypeError(f"[inv-widgets] layers={spec!r} is {kind_of(spec)}: give {_WANTED}.")


def _last(available: Sequence[Layer], count: int) -> Sequence[Layer]:
    if not 1 <= count <= len(available):
        raise LayersError(
            f'[inv-widgets] "last {count}" is not possible: the network has {len(available)} layers. '
            f'Give "last 1" to "last {len(available)}", or "all".'
        )
    return available[-count:]


def _named(available: Sequence[Layer], name: str) -> Sequence[Layer]:
    for layer in available:
        if name == layer.name:
            return [layer]
    for layer in available:
        if name in {*layer.aliases, layer.title}:
            return [layer]
    if any(sign in name for sign in "*?["):
        found = [layer for layer in available if fnmatch.fnmatchcase(layer.name, name)]
        found = found or [layer for layer in available if any(fnmatch.fnmatchcase(own, name) for own in layer.aliases)]
        if found:
            return found
        raise UnknownNameError(f"[inv-widgets] No layer matches {name!r}. {_closest(available, name.strip('*?[].'))}")
    call = re.compile(re.escape(name) + r":\d+")
    calls = [own for layer in available for own in (layer.name, *layer.aliases) if call.fullmatch(own)]
    if calls:
        listed = ", ".join(calls[:3]) + (f" ... {calls[-1]}" if len(calls) > 3 else "")
        raise LayersError(
            f"[inv-widgets] {name!r} is called several times: name one call ({listed}), or all with {name + ':*'!r}."
        )
    raise UnknownNameError(f"[inv-widgets] There is no layer {name!r}. {_closest(available, name)}")


def _closest(available: Sequence[Layer], name: str) -> str:
    names = [own for layer in available for own in (layer.name, *layer.aliases, layer.title)]
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if close:
        return f"Did you mean {' or '.join(map(repr, close))}? inv.layers(net) lists all {len(available)}."
    some = ", ".join(layer.name for layer in available[-4:])
    return f"The last of the {len(available)} are {some}; inv.layers(net) lists all. You can give {_WANTED}."
