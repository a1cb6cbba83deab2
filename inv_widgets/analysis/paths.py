"""What a network did in a pass, step by step, remembered so that the same pass again can be followed at little cost.

A path says which functions ran, on which of each other's results, with results of which shapes, and which modules were
called. Two passes of one path make the same layers in the same places. Nothing is kept of the tensors.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, ref

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from torch import Tensor, nn

    from inv_widgets.analysis.layers import Layer
    from inv_widgets.analysis.nodes import Node
    from inv_widgets.analysis.shortcuts import Shortcut

__all__ = [
    "INPUT", "LEAVES", "Made", "Path", "Step", "followed", "forget", "number", "remember", "remembered", "results_of",
    "tensors",
]  # fmt: skip

INPUT = -1  # in place of a step: the network's input
LEAVES = frozenset({int, float, bool, str, type(None), torch.Size, torch.dtype, torch.device})
_PATHS = 8  # of one network: for as many shapes of its input
_MISSES = 3  # a network that leaves its path so often in a row is not followed any more


@dataclass(slots=True)
class Step:
    """One function, or one module in which none was seen.

    Attributes
    ----------
    function
        What ran; for such a module None.
    inputs
        The numbers of its arguments; see :func:`number`.
    shapes
        Of its results.
    before
        For each result the number that it had before, if it is no new tensor, else None.
    writes
        Whether it overwrites a tensor.
    only
        The shape of its result, if that is one new tensor.
    """

    function: Any
    inputs: list[int]
    shapes: list[torch.Size] = field(default_factory=list)
    before: list[int | None] = field(default_factory=list)
    writes: bool = False
    only: torch.Size | None = None


@dataclass(eq=False)
class Path:
    """What a network did with an input of one shape.

    Attributes
    ----------
    network
        Its class.
    parents
        The names of all modules that have children.
    nodes
        The results that matter, in the order of time; see :mod:`inv_widgets.analysis.nodes`.
    calls
        How often each module was called.
    answer
        The node that the network returned, if that is known.
    steps
        All functions that ran.
    made
        For each node the number of the tensor; nodes of tensors without a number are missing.
    entered
        The modules in the order of their calls, by their id.
    opaque
        The names of modules whose result was made unseen.
    followable
        Whether nothing was seen that the steps do not tell.
    returned
        For numbers of tensors the name of the first module that returned it, and the index of the call.
    placed
        The layers, each with its node, once they were asked for.
    shortcuts
        For nodes that were wanted together how hooks alone take them; None where they cannot.
    """

    network: str
    parents: set[str]
    nodes: list[Node] = field(default_factory=list)
    calls: dict[str, int] = field(default_factory=dict)
    answer: int | None = None
    steps: list[Step] = field(default_factory=list)
    made: dict[int, int] = field(default_factory=dict)
    entered: list[int] = field(default_factory=list)
    opaque: set[str] = field(default_factory=set)
    followable: bool = True
    returned: dict[int, tuple[str, int]] = field(default_factory=dict)
    placed: list[tuple[Layer, int]] | None = None
    shortcuts: dict[tuple[int, ...], Shortcut | None] = field(default_factory=dict)

    def leading(self) -> set[int]:
        """Give the nodes that lead to what the network returned; all of them where that is not known."""
        if self.answer is None:
            return set(range(len(self.nodes)))
        found, waiting = set(), [self.answer]
        while waiting:
            index = waiting.pop()
            if index not in found:
                found.add(index)
                waiting += self.nodes[index].sources
        return found


class Made:
    """Which tensor was made by what: a number for each, by identity. Keeps no tensor alive."""

    __slots__ = ("_numbers",)

    def __init__(self) -> None:
        self._numbers: dict[int, tuple[ref[Tensor], int]] = {}

    def put(self, tensor: Tensor, number: int) -> None:
        """Give a tensor its number."""
        self._numbers[id(tensor)] = ref(tensor), number

    def get(self, tensor: Tensor) -> int | None:
        """Give a tensor's number, if it has one."""
        found = self._numbers.get(id(tensor))
        # Another tensor may have had this id before.
        return found[1] if found is not None and found[0]() is tensor else None

    def among(self, values: Iterable[Any]) -> list[int]:
        """Give the numbers of all known tensors among values, and in lists and dicts among them."""
        found = []
        numbers = self._numbers
        for value in values:
            if type(value) in LEAVES:  # most arguments: this runs for each function of each pass
                continue
            known = numbers.get(id(value))
            if known is not None:
                if known[0]() is value:
                    found.append(known[1])
            elif isinstance(value, (tuple, list)):
                found += self.among(value)
            elif isinstance(value, dict):
                found += self.among(value.values())
        return found

    def take(self, step: Step, results: Sequence[Tensor], steps: list[Step]) -> None:
        """Write down a step and number its results."""
        at = len(steps)
        steps.append(step)
        for place, tensor in enumerate(results):
            step.shapes.append(tensor.shape)
            step.before.append(self.get(tensor))
            self.put(tensor, number(at, place))
        step.only = step.shapes[0] if step.before == [None] else None

    def clear(self) -> None:
        """Forget all."""
        self._numbers.clear()


def number(step: int, place: int) -> int:
    """Give a number to one result of one step."""
    return (step << 10) + place


def results_of(function: Callable[..., Any], args: tuple[Any, ...], result: Any) -> Sequence[Tensor]:
    """List the tensors that a function has made or changed."""
    if isinstance(result, torch.Tensor):
        return (result,)
    return list(tensors(args[0] if function.__name__ == "__setitem__" else result))


def tensors(values: Any) -> Iterator[Tensor]:
    """List the tensors in what a function was given or has returned."""
    if isinstance(values, torch.Tensor):
        yield values
    elif isinstance(values, (tuple, list)):
        for value in values:
            yield from tensors(value)
    elif isinstance(values, dict):
        for value in values.values():
            yield from tensors(value)


@dataclass(eq=False)
class _Memory:
    structure: list[Any]
    paths: OrderedDict[Any, Path] = field(default_factory=OrderedDict)
    misses: int = 0


memories: WeakKeyDictionary[nn.Module, _Memory] = WeakKeyDictionary()


def remembered(module: nn.Module, inputs: Tensor) -> Path | None:
    """Give the path that a network took with an input like this one; None where none is known.

    Call it, as the other functions here, within :func:`inv_widgets.torch_support.eval_pass`.
    """
    memory = memories.get(module)
    if memory is None or memory.misses >= _MISSES:
        return None
    path = memory.paths.get(_key(inputs))
    return path if path is not None and memory.structure == _structure(module) else None


def remember(module: nn.Module, inputs: Tensor, path: Path) -> None:
    """Keep the path that a network took."""
    structure = _structure(module)
    memory = memories.get(module)
    if memory is None or memory.structure != structure:
        memory = memories[module] = _Memory(structure)
    memory.paths[_key(inputs)] = path
    if len(memory.paths) > _PATHS:
        memory.paths.popitem(last=False)


def followed(module: nn.Module) -> None:
    """Note that a network took the path that was remembered."""
    memories[module].misses = 0


def forget(module: nn.Module, inputs: Tensor) -> None:
    """Let go of a path that a network did not take again."""
    memory = memories[module]
    memory.paths.pop(_key(inputs), None)
    memory.misses += 1


def _key(inputs: Tensor) -> Any:
    return tuple(inputs.shape), inputs.dtype, inputs.device


def _structure(module: nn.Module) -> list[Any]:
    """Tell networks apart by their modules and how these are called."""
    found: list[Any] = []
    waiting, seen = [module], set()
    while waiting:
        part = waiting.pop()
        if part in seen:
            continue
        seen.add(part)
        children = part._modules  # noqa: SLF001 (named_modules takes ten times as long)
        found.append((id(part), type(part), *children.keys()))
        waiting += [child for child in children.values() if child is not None]
    return found
