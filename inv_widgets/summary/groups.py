"""Which layers belong together: three by three (docs/global.md), or as one likes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from inv_widgets.errors import kind_of
from inv_widgets.summary.names import unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inv_widgets.explanation import Column

__all__ = ["ALL", "Grouping", "Groups", "Layer", "layers_by_group"]

ALL = "all"
"""The name of the group of all layers together."""

Groups = int | Mapping[str, str | Iterable[str]] | Callable[["Column"], str | None]
"""How layers are grouped: so many a group, ``{name: layers or patterns}``, or a function of a Column."""

_GIVE = (
    "Give a number of layers a group, {name: [layers or patterns]}, or a function that takes a Column and returns a "
    "group's name, or None."
)


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer of the network, by its names.

    Attributes
    ----------
    name
        The module's name.
    title
        In words, such as ``"block 3, layer 2"``.
    depth
        Place among all layers of the network, from 0.
    block, layer_in_block
        From 1.
    group
        The name of its group; empty: it is in no group but ``"all"``.
    """

    name: str
    title: str
    depth: int
    block: int
    layer_in_block: int
    group: str = ""


class Grouping:
    """Group the layers of the columns that it is shown.

    Parameters
    ----------
    groups
        See :data:`Groups`. A number counts from the deepest layer, so that the shallowest group may have fewer: the
        last nine layers of a VGG-16 give "block 3", "block 4" and "block 5".

    Raises
    ------
    TypeError, ValueError
        If `groups` is none of these.
    """

    def __init__(self, groups: Groups) -> None:
        self._groups = _checked(groups)
        self._layers: dict[str, Layer] = {}

    @property
    def asks_columns(self) -> bool:
        """Whether a function says the group of each column: then it must be shown all of them."""
        return callable(self._groups)

    def see(self, column: Column) -> None:
        """Take note of a column's layer."""
        group = _answer(self._groups, column) if callable(self._groups) else ""
        self.take(Layer(column.layer, column.title, column.depth, column.block, column.layer_in_block, group))

    def take(self, layer: Layer) -> None:
        """Take note of a layer."""
        known = self._layers.setdefault(layer.name, layer)
        if known.group != layer.group:
            raise ValueError(
                f"[inv-widgets] groups puts the layer {layer.name!r} into {known.group!r} for one picture and into "
                f"{layer.group!r} for another: the group may depend on the layer only."
            )

    def layers(self) -> tuple[Layer, ...]:
        """Give all layers that were seen, from shallow to deep, with their groups."""
        layers = sorted(self._layers.values(), key=lambda layer: (layer.depth, layer.name))
        if callable(self._groups):
            return tuple(layers)
        if isinstance(self._groups, int):
            names = _by_number(layers, self._groups)
        else:
            names = _by_name(layers, self._groups) if layers else {}
        return tuple(
            Layer(each.name, each.title, each.depth, each.block, each.layer_in_block, names.get(each.name, ""))
            for each in layers
        )


def layers_by_group(groups: Iterable[str], layers: Sequence[Layer]) -> dict[str, list[str]]:
    """Give the names of each group's layers, in their order; "all" is left out."""
    return {group: [layer.name for layer in layers if layer.group == group] for group in groups if group != ALL}


def _checked(groups: Groups) -> int | dict[str, tuple[str, ...]] | Callable[[Column], str | None]:
    if isinstance(groups, bool) or not (isinstance(groups, int | Mapping) or callable(groups)):
        raise TypeError(f"[inv-widgets] groups={groups!r:.80} is {kind_of(groups)}. {_GIVE}")
    if isinstance(groups, int):
        if groups < 1:
            raise ValueError(f"[inv-widgets] groups={groups}: a group has at least 1 layer. {_GIVE}")
        return groups
    if not isinstance(groups, Mapping):
        return groups
    checked = {}
    for name, patterns in groups.items():
        _check_name(name)
        patterns = (patterns,) if isinstance(patterns, str) else patterns  # noqa: PLW2901 (one pattern alone)
        if not isinstance(patterns, Iterable):
            raise TypeError(f"[inv-widgets] groups[{name!r}] is {kind_of(patterns)}: give names of layers or patterns.")
        checked[name] = tuple(map(str, patterns))
    return checked


def _check_name(name: object) -> None:
    if not isinstance(name, str):
        raise TypeError(f"[inv-widgets] A group is called {name!r:.80}, {kind_of(name)}: give it a name in words.")
    if not name or name == ALL:
        raise ValueError(
            f"[inv-widgets] A group cannot be called {name!r}: "
            + ("it means all layers together. Give it another name." if name else "give it a name.")
        )


def _answer(groups: Callable[[Column], str | None], column: Column) -> str:
    name = groups(column)
    if name is None:
        return ""
    _check_name(name)
    return name


def _by_name(layers: Sequence[Layer], groups: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, patterns in groups.items():
        for pattern in patterns:
            exact = [layer for layer in layers if pattern in (layer.name, layer.title)]
            matching = exact or [
                layer for layer in layers if fnmatchcase(layer.name, pattern) or fnmatchcase(layer.title, pattern)
            ]
            if not matching:
                raise unknown("layer", pattern, [layer.name for layer in layers], where=f"for the group {name!r}")
            for layer in matching:
                if found.setdefault(layer.name, name) != name:
                    raise ValueError(
                        f"[inv-widgets] The layer {layer.name!r} is in two groups, {found[layer.name]!r} and {name!r}: "
                        "put it into one."
                    )
    return found


def _by_number(layers: Sequence[Layer], number: int) -> dict[str, str]:
    """Count from the deepest layer: the shallowest group is the one that may have fewer."""
    stops = range(len(layers), 0, -number)
    chunks = [layers[max(0, stop - number) : stop] for stop in reversed(stops)]
    sizes = Counter(layer.block for layer in layers)
    names = [_name(chunk, sizes) for chunk in chunks]
    repeated = {name for name, times in Counter(names).items() if times > 1}
    found: dict[str, str] = {}
    taken: defaultdict[str, int] = defaultdict(int)
    for chunk, name in zip(chunks, names, strict=True):
        unique = name if name not in repeated else _titles(chunk)
        taken[unique] += 1  # networks with branches can have two layers of one title
        unique = unique if taken[unique] == 1 else f"{unique} ({taken[unique]})"
        found |= {layer.name: unique for layer in chunk}
    return found


def _name(chunk: Sequence[Layer], sizes: Mapping[int, int]) -> str:
    blocks = sorted({layer.block for layer in chunk})
    if len(blocks) > 1:
        return f"blocks {_range(str(blocks[0]), str(blocks[-1]))}"
    if len(chunk) == sizes[blocks[0]]:
        return f"block {blocks[0]}"
    places = sorted(layer.layer_in_block for layer in chunk)
    if len(places) == 1:
        return f"block {blocks[0]}, layer {places[0]}"
    return f"block {blocks[0]}, layers {_range(str(places[0]), str(places[-1]))}"


def _titles(chunk: Sequence[Layer]) -> str:
    first, last = chunk[0].title, chunk[-1].title
    return first if first == last else f"{first} to {last}"


def _range(first: str, last: str) -> str:
    return first if first == last else f"{first}-{last}"  # a hyphen: people type these names
