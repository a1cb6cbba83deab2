"""Watch one forward pass: which function made which tensor, in which module, out of what.

A :class:`Trace` is a torch function mode (it sees functions, operators and in-place methods alike) with hooks on all
modules (they say in which module, and at which of its calls, a function runs). It keeps the values that may become feature
maps, and where in the autograd graph their gradients are; in-place functions that follow change neither.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch.autograd.graph import GradientEdge, get_gradient_edge
from torch.overrides import TorchFunctionMode
from torch.utils.weak import WeakTensorKeyDictionary

from inv_widgets.analysis import operations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from torch import Tensor, nn
    from typing_extensions import Self

__all__ = ["UPRIGHT", "Node", "Trace"]

UPRIGHT = (0, 1, 2, 3)  # N x C x h x w

# Kinds of results whose values may be feature maps.
_KEPT = {"conv", "norm", "act", "add", "cat", "blend", "layout"}
# Kinds through which an activation takes the place of what stands before it.
_BEFORE_ACTIVATION = {"conv", "norm", "add", "pass", "gate"}


@dataclass(slots=True, eq=False)
class Node:
    """One result of one function; other results are referred to by their index, so that there are no cycles.

    Attributes
    ----------
    kind
        See :mod:`inv_widgets.analysis.operations`.
    name
        The function's plain name, or "" where only the module was seen.
    module, call
        The innermost module that was running and the index of its call; `block` is the innermost with children.
    inputs
        The maps that it was made of; a gate's own origin stands in `gate`.
    origin
        The index of the maps of which this is an elementwise function.
    pooled
        Whether it was made of globally pooled maps only.
    permutation, order
        How a layout function moves the axes, and which of N, C, h, w (0..3) each axis is; None where unknown.
    hidden
        Whether it is a part of what a whole module does.
    own
        Whether a whole module, and nothing else, made it.
    value, edge, version
        Kept maps: their values, where their gradient is, and the version of the storage that they were read at.
    """

    kind: str
    name: str
    module: str
    call: int
    block: str
    shape: tuple[int, ...]
    inputs: tuple[int, ...] = ()
    gate: int | None = None
    origin: int = 0
    pooled: bool = False
    permutation: tuple[int, ...] | None = None
    order: tuple[int, ...] | None = None
    hidden: bool = False
    own: bool = False
    value: Tensor | None = None
    edge: GradientEdge | None = None
    version: int = 0


@dataclass(slots=True)
class _Call:
    """A module that is running."""

    name: str
    index: int
    start: int
    argument: int | None
    argument_version: int
    parent: bool = False  # whether it has called other modules


@dataclass(slots=True)
class _Held:
    """Which nodes keep a value in which storage."""

    nodes: dict[int, list[int]] = field(default_factory=dict)

    def add(self, storage: int, index: int) -> None:
        self.nodes.setdefault(storage, []).append(index)


class Trace(TorchFunctionMode):
    """A context in which one forward pass is watched.

    Parameters
    ----------
    module
        The network. Its hooks are removed on leaving the context.
    keep
        Whether to keep values and gradient edges.

    Attributes
    ----------
    nodes
        What was seen, in the order of time.
    calls
        How often each module was called.
    parents
        The names of all modules that have children.
    network
        The class of the network.
    """

    def __init__(self, module: nn.Module, *, keep: bool = True) -> None:
        super().__init__()
        self.nodes: list[Node] = []
        self.calls: dict[str, int] = {}
        self._module = module
        self.parents = {name for name, part in module.named_modules() if next(part.children(), None) is not None}
        self.network = type(module).__name__
        self._keep = keep
        self._index = WeakTensorKeyDictionary()
        self._running: list[_Call] = []
        self._uses: list[int] = []  # how often each node's maps were used
        self._held = _Held()
        self._hooks: list[Any] = []
        self._paused = False
        self._batch = 1

    def __enter__(self) -> Self:
        try:
            for name, part in self._module.named_modules():
                if isinstance(part, torch.jit.ScriptModule):
                    continue
                self._hooks.append(part.register_forward_pre_hook(self._entering(name)))
                self._hooks.append(part.register_forward_hook(self._leaving(name)))
            super().__enter__()
        except BaseException:
            self._unhook()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            super().__exit__(kind, error, trace)
        finally:
            self._unhook()
            self._index.clear()

    def clear(self) -> None:
        """Let go of all values and of the autograd graph."""
        self.nodes.clear()
        self._held.nodes.clear()

    def watch(self, tensor: Tensor) -> None:
        """Take a tensor (N x C x H x W) as known: the network's input."""
        self._batch = tensor.shape[0]
        self._add(Node("input", "", "", 0, "", tuple(tensor.shape)), tensor)

    def intact(self, index: int) -> bool:
        """Tell whether a kept value is what it was when it was made."""
        node = self.nodes[index]
        return node.value is not None and node.value._version == node.version  # noqa: SLF001

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run one function and note what it did."""
        kwargs = kwargs or {}
        if self._paused:
            return func(*args, **kwargs)
        name = operations.base_name(func)
        inputs = [self._index[tensor] for tensor in _tensors((args, kwargs)) if tensor in self._index]
        changed = operations.flag_inplace(func, args, kwargs)
        if self._keep and isinstance(changed, torch.Tensor):
            self._save(changed, name, inputs)
        result = func(*args, **kwargs)
        if func.__name__ == "__setitem__":
            self._note(func, name, inputs, args, kwargs, args[0])
        else:
            for tensor in _tensors(result):
                known = self._index.get(tensor)
                if known is None or changed is not None or known not in inputs:
                    self._note(func, name, inputs, args, kwargs, tensor)
        return result

    def _note(  # noqa: PLR0913, PLR0917
        self, func: Any, name: str, inputs: list[int], args: tuple[Any, ...], kwargs: dict[str, Any], tensor: Tensor
    ) -> None:
        inputs = list(inputs)
        if not tensor.is_floating_point() and name not in {"gt", "ge", "lt", "le"}:
            return
        maps = [self.nodes[index] for index in inputs]
        kind = operations.classify(name, maps, args, kwargs, tensor)
        if not inputs and (kind != "conv" or not self._is_maps(args, kwargs)):
            return
        shape = tuple(tensor.shape)
        gate = None
        if kind == "gate":
            gate = inputs.pop(0 if operations.gate_first(maps, shape) else 1)
        elif kind in {"conv", "norm", "layout", "pool", "global_pool"}:
            inputs = inputs[:1]  # what else there is belongs to weights
        elif kind in {"pass", "act"} and len(inputs) > 1 and len({self.nodes[i].shape for i in inputs}) > 1:
            inputs = [i for i in inputs if self.nodes[i].shape == shape][:1] or inputs[:1]
        call = self._running[-1] if self._running else None
        node = Node(
            kind, name, call.name if call else "", call.index if call else 0, self._block(), shape, tuple(inputs), gate,
        )  # fmt: skip
        if kind == "layout":
            node.permutation = operations.permutation(func, args, kwargs)
        # A convolution as large as its input is a fully connected layer.
        node.pooled = kind == "conv" and bool(maps) and operations.covers(maps[0].shape, shape, args, kwargs)
        self._add(node, tensor)

    def _add(self, node: Node, tensor: Tensor) -> None:
        index = len(self.nodes)
        whole = [self.nodes[i] for i in node.inputs]
        pointwise = bool(whole) and node.kind in {"act", "pass", "gate", "blend"}
        node.origin = whole[0].origin if pointwise else index
        node.pooled |= node.kind == "global_pool" or (bool(whole) and all(maps.pooled for maps in whole))
        node.order = _order(node, whole)
        self.nodes.append(node)
        self._uses.append(0)
        for used in (*node.inputs, *(() if node.gate is None else (node.gate,))):
            self._uses[used] += 1
        self._index[tensor] = index
        if node.kind == "act" and node.inputs and (node.own or operations.plain_activation(node.name)):
            self._release_before(node.inputs[0])
        elif node.kind == "norm" and node.inputs and self.nodes[node.inputs[0]].kind == "conv":
            self._release(node.inputs[0])
        if node.kind in _KEPT and len(node.shape) == 4:
            self._hold(index, tensor)

    def _hold(self, index: int, tensor: Tensor) -> None:
        if not self._keep:
            return
        node = self.nodes[index]
        node.value = tensor.detach()
        node.version = node.value._version  # noqa: SLF001
        node.edge = get_gradient_edge(tensor) if tensor.requires_grad else None
        self._held.add(node.value.untyped_storage().data_ptr(), index)

    def _save(self, tensor: Tensor, name: str, inputs: list[int]) -> None:
        """Copy kept values that are about to be overwritten, but not those that this very function replaces."""
        for index in self._held.nodes.pop(tensor.untyped_storage().data_ptr(), ()):
            node = self.nodes[index]
            if node.value is None:
                continue
            if self._replaced(index, tensor, name, inputs):
                self._release(index)
            elif self.intact(index):
                node.value = node.value.clone()
                node.version = node.value._version  # noqa: SLF001

    def _replaced(self, index: int, tensor: Tensor, name: str, inputs: list[int]) -> bool:
        node = self.nodes[index]
        if self._index.get(tensor) != index or node.kind not in _BEFORE_ACTIVATION:
            return False
        if operations.plain_activation(name):
            return True
        # x += y takes in an open x that nothing else has used; see layer_graph.
        shapes = {self.nodes[other].shape for other in inputs}
        return name == "add" and len(inputs) == 2 and len(shapes) == 1 and self._uses[index] == 0

    def _release(self, index: int) -> None:
        node = self.nodes[index]
        node.value = node.edge = None

    def _release_before(self, index: int) -> None:
        """Let go of the values whose place an activation takes: before it a norm, before that a convolution."""
        normed = False
        while self.nodes[index].kind in _BEFORE_ACTIVATION and not (normed and self.nodes[index].kind == "add"):
            self._release(index)
            normed = normed or self.nodes[index].kind == "norm"
            if self.nodes[index].kind in {"conv", "add"} or not self.nodes[index].inputs:
                break
            index = self.nodes[index].inputs[0]

    def _is_maps(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        """Whether a convolution's input is maps that something unseen has made, and not a weight."""
        given = args[0] if args else kwargs.get("input")
        return isinstance(given, torch.Tensor) and given.ndim == 4 and given.shape[0] == self._batch

    def _block(self) -> str:
        for call in reversed(self._running):
            if call.name in self.parents:
                return call.name
        return ""

    def _entering(self, name: str) -> Callable[..., None]:
        def enter(_module: nn.Module, args: tuple[Any, ...]) -> None:
            self._paused = True
            index = self.calls.get(name, 0)
            self.calls[name] = index + 1
            argument = next((tensor for tensor in _tensors(args) if tensor in self._index), None)
            known = None if argument is None else self._index[argument]
            version = 0 if argument is None else argument._version  # noqa: SLF001
            if self._running:
                self._running[-1].parent = True
            self._running.append(_Call(name, index, len(self.nodes), known, version))
            self._paused = False

        return enter

    def _leaving(self, name: str) -> Callable[..., None]:
        def leave(module: nn.Module, _args: tuple[Any, ...], output: Any) -> None:
            while self._running:
                call = self._running.pop()
                if call.name == name:
                    break
            else:
                return
            self._paused = True
            if isinstance(output, torch.Tensor) and output.is_floating_point() and call.argument is not None:
                self._whole(module, call, output)
            self._paused = False

        return leave

    def _whole(self, module: nn.Module, call: _Call, output: Tensor) -> None:
        """Take what a module did as one, where its inside was not seen or is a norm or activation in pieces."""
        assert call.argument is not None
        known = self._index.get(output)
        before = self.nodes[call.argument].shape
        after = tuple(output.shape)
        unseen = known is None or (known == call.argument and output._version != call.argument_version)  # noqa: SLF001
        if unseen:
            kind = "other" if call.parent else operations.module_kind(module, before, after)
            self._add(Node(kind, "", call.name, call.index, self._block(), after, (call.argument,), own=True), output)
        elif not call.parent and known is not None and known >= call.start:
            inner = range(call.start, len(self.nodes))
            self.nodes[known].own = len(inner) == 1
            kind = self._kind_in_pieces(module, call, known) if before == after else None
            if kind is not None and len(inner) > 1:
                for index in inner:
                    self.nodes[index].hidden = True
                    self._release(index)
                node = Node(kind, self.nodes[known].name, call.name, call.index, self._block(), after, (call.argument,))
                node.own = True
                self._add(node, output)

    def _kind_in_pieces(self, module: nn.Module, call: _Call, last: int) -> str | None:
        if operations.is_norm(module):
            return "norm"
        origin = self.nodes[call.argument].origin if call.argument is not None else None
        inner = self.nodes[call.start : last + 1]
        nonlinear = any(node.kind == "act" or (node.kind == "blend" and node.name == "mul") for node in inner)
        return "act" if nonlinear and all(node.origin == origin for node in inner) else None

    def _unhook(self) -> None:
        while self._hooks:
            self._hooks.pop().remove()
        self._running.clear()


def _tensors(values: Any) -> Iterator[Tensor]:
    if isinstance(values, torch.Tensor):
        yield values
    elif isinstance(values, (tuple, list)):
        for value in values:
            yield from _tensors(value)
    elif isinstance(values, dict):
        for value in values.values():
            yield from _tensors(value)


def _order(node: Node, inputs: list[Node]) -> tuple[int, ...] | None:
    if node.kind in {"input", "conv"}:
        return UPRIGHT
    known = next((maps.order for maps in inputs if maps.order is not None), None)
    if node.kind != "layout" or known is None:
        return known if len(node.shape) == 4 else None
    return None if node.permutation is None else tuple(known[axis] for axis in node.permutation)
