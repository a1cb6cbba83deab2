"""Take the maps of a forward pass whose path is known by hooks on a few modules: no function is watched.

Where all maps that are wanted are what modules return, hooks on these modules take them, at a fraction of what it
costs to follow each function. The maps are right by what they are: what call n of a module returned. That this is still
the layer that was asked for is seen from the modules that ran, in their order and with inputs of which shapes, and from
the autograd graph that the pass has left. It has a node for each differentiable function, in place or not, so that one
more, one less, another one or another order is noticed, be it a module or not. What is not seen makes no difference to
which maps these are: functions that are not differentiable, and arguments that are no tensors. That nothing has
overwritten the maps, before they were returned or after, is told by the version of their storage.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch.nn.modules.module import register_module_forward_pre_hook

from inv_widgets.analysis.kept import Kept
from inv_widgets.analysis.paths import tensors
from inv_widgets.analysis.watching import Hooks, has_compiled, unwatched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from torch import Tensor, nn
    from torch.autograd.graph import Node

    from inv_widgets.analysis.paths import Path

__all__ = ["Hooked", "Shortcut", "shortcut_of"]

_functions: Any = torch._C._functions  # noqa: SLF001
_PARAMETER: type = _functions.AccumulateGrad  # the type of the nodes of parameters


@dataclass(slots=True)
class Shortcut:
    """What a network does when it takes a path, as hooks on modules see it.

    Attributes
    ----------
    calls
        For each module to hook, by its name, the nodes that are its results, by the index of the call.
    parts
        All modules of the network, by their id.
    seen
        What is to be seen again: the calls of modules, each with the shape of its input; of each of the maps the
        shape, the version of the storage and the place in the autograd graph; this graph.
    """

    calls: dict[str, dict[int, list[int]]]
    parts: frozenset[int]
    seen: Any = None


class Hooked(Hooks):
    """A context in which one forward pass is run and maps are taken.

    Parameters
    ----------
    module
        The network.
    shortcut
        Which maps.
    start
        The network's input; it must have a gradient function.

    Attributes
    ----------
    kept
        What was kept, by node.
    """

    def __init__(self, module: nn.Module, shortcut: Shortcut, start: Tensor) -> None:
        self.kept: dict[int, Kept] = {}
        self._shortcut = shortcut
        self._wanted = [(module.get_submodule(name), calls) for name, calls in shortcut.calls.items()]
        self._start = start.grad_fn  # now: the network may overwrite its input
        self._entered: list[Any] = []

    def _hooks(self) -> Iterator[tuple[Callable[..., Any], Callable[..., None]]]:
        yield register_module_forward_pre_hook, self._enter
        for part, calls in self._wanted:
            yield part.register_forward_hook, self._leaving(calls)

    def same(self, output: Any) -> bool:
        """Whether the network, which returned this, did what the shortcut knows, and the maps are intact."""
        return bool(self._seen(output) == self._shortcut.seen)

    def learnt(self, output: Any, known: dict[int, Kept]) -> Shortcut | None:
        """Complete the shortcut by what was seen; None where hooks did not take what is known to be the maps."""
        self._shortcut.seen = self._seen(output) if _equal(self.kept, known) else None
        return None if self._shortcut.seen is None else self._shortcut

    def _seen(self, output: Any) -> Any:
        """Say which modules were called, what the maps are, and the graph; None where one of these is not known."""
        edges = [kept.edge for kept in self.kept.values() if kept.edge is not None]
        roots = [tensor.grad_fn for tensor in tensors(output) if tensor.grad_fn is not None]
        intact = all(kept.intact for kept in self.kept.values())
        if not intact or len(edges) < len(self.kept) or not roots or self._start is None:
            return None
        graph, places = _graph([*roots, *(edge.node for edge in edges)], self._start)
        maps = [
            (node, kept.value.shape, kept.version, places[edge.node], edge.output_nr)
            for (node, kept), edge in zip(self.kept.items(), edges, strict=True)
        ]
        return self._entered, maps, graph

    def _enter(self, module: nn.Module, args: Any) -> None:
        if id(module) in self._shortcut.parts:
            first = args[0] if args else None
            with unwatched():
                self._entered.append((id(module), first.shape if isinstance(first, torch.Tensor) else None))

    def _leaving(self, calls: dict[int, list[int]]) -> Callable[..., None]:
        number = itertools.count()

        def leave(_module: nn.Module, _args: Any, output: Any) -> None:
            nodes = calls.get(next(number))
            if nodes is not None and isinstance(output, torch.Tensor):
                with unwatched():
                    self.kept.update(dict.fromkeys(nodes, Kept.of(output)))

        return leave


def shortcut_of(module: nn.Module, path: Path, wanted: Iterable[int]) -> Shortcut | None:
    """Say which modules return the nodes that are wanted; None where one of them is not what a module returns."""
    if has_compiled(module.modules()):
        return None
    calls: dict[str, dict[int, list[int]]] = {}
    for node in wanted:
        returned = path.returned.get(path.made[node])
        if returned is None:
            return None
        name, call = returned
        calls.setdefault(name, {}).setdefault(call, []).append(node)
    return Shortcut(calls, frozenset(map(id, module.modules())))


def _equal(one: dict[int, Kept], other: dict[int, Kept]) -> bool:
    """Tell whether maps that were taken in two ways are the same tensors at the same time."""
    return one.keys() == other.keys() and all(_is(one[node], other[node]) for node in one)


def _is(one: Kept, other: Kept) -> bool:
    if one.edge is None or other.edge is None:
        return False
    values = [(kept.value.data_ptr(), kept.value.shape, kept.value.stride(), kept.version) for kept in (one, other)]
    return values[0] == values[1] and one.edge.node is other.edge.node and one.edge.output_nr == other.edge.output_nr


def _graph(roots: list[Node], start: Node) -> tuple[list[Any], dict[Node, int]]:
    """Write down the autograd graph between roots and start, without parameters, and number its nodes."""
    places = {start: 0}
    found: list[Any] = []
    waiting = roots[::-1]
    while waiting:
        node = waiting.pop()
        place = places.get(node)
        if place is not None:
            found.append(place)
            continue
        places[node] = len(places)
        after = [(each, nr) for each, nr in node.next_functions if each is not None and type(each) is not _PARAMETER]
        found += (node.name(), [nr for _, nr in after])
        waiting += [each for each, _ in after]
    return found, places
