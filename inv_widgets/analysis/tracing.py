"""Watch one forward pass: which function made which tensor, in which module, out of what.

A :class:`Trace` is a torch function mode (it sees functions, operators and in-place methods alike) with hooks on
all modules (they say in which module, and at which of its calls, a function runs). It keeps the values that may
become feature maps, and where in the autograd graph their gradients are; in-place functions that follow change
neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils.weak import WeakTensorKeyDictionary

from inv_widgets.analysis import operations
from inv_widgets.analysis.nodes import KeptValues, Node

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from torch import Tensor, nn
    from typing_extensions import Self

__all__ = ["Trace"]


@dataclass(slots=True)
class _Call:
    """A module that is running."""

    name: str
    index: int
    start: int
    argument: int | None
    argument_version: int
    parent: bool = False  # whether it has called other modules


class Trace(TorchFunctionMode):
    """A context in which one forward pass is watched.

    Parameters
    ----------
    module
        The network. Its hooks are removed on leaving the context.
    keep
        Whether to keep values and gradient edges.
    edit
        The index of a node, and what its value becomes at the moment when it is made: the rest of the network sees
        these numbers instead. For passes without gradients.

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
    edited
        Whether the node to edit was made, with the shape of its new value.
    """

    def __init__(self, module: nn.Module, *, keep: bool = True, edit: tuple[int, Tensor] | None = None) -> None:
        super().__init__()
        self.nodes: list[Node] = []
        self.calls: dict[str, int] = {}
        self._module = module
        self.parents = {name for name, part in module.named_modules() if next(part.children(), None) is not None}
        self.network = type(module).__name__
        self.edited = False
        self._edit = edit
        self._answer: int | None = None  # the node that the network returned
        self._index: Any = WeakTensorKeyDictionary()
        self._running: list[_Call] = []
        self._uses: list[int] = []  # how often each node's maps were used
        self._kept = KeptValues(self.nodes) if keep else None
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
            super().__enter__()  # type: ignore[no-untyped-call]
        except BaseException:
            self._unhook()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            super().__exit__(kind, error, trace)  # type: ignore[no-untyped-call]
        finally:
            self._unhook()
            self._index.clear()

    def clear(self) -> None:
        """Let go of all values and of the autograd graph."""
        if self._kept is not None:
            self._kept.clear()
        self.nodes.clear()

    def leading(self) -> set[int]:
        """Give the nodes that lead to what the network returned; all of them where that is not known."""
        if self._answer is None:
            return set(range(len(self.nodes)))
        found, waiting = set(), [self._answer]
        while waiting:
            index = waiting.pop()
            if index not in found:
                found.add(index)
                waiting += self.nodes[index].sources
        return found

    def watch(self, tensor: Tensor) -> None:
        """Take a tensor (N x C x H x W) as known: the network's input."""
        self._batch = tensor.shape[0]
        self._add(Node("input", "", "", 0, "", tuple(tensor.shape)), tensor)

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run one function and note what it did."""
        kwargs = kwargs or {}
        if self._paused:
            return func(*args, **kwargs)
        name = operations.base_name(func)
        inputs = [self._used(tensor) for tensor in _tensors((args, kwargs)) if tensor in self._index]
        changed = operations.flag_inplace(func, args, kwargs)
        if self._kept is not None and isinstance(changed, torch.Tensor):
            known = self._index.get(changed)
            self._kept.save(changed, known, name, inputs, 0 if known is None else self._uses[known])
        result = func(*args, **kwargs)
        if func.__name__ == "__setitem__":
            self._note(func, name, inputs, args, kwargs, args[0])
        else:
            for tensor in _tensors(result):
                known = self._index.get(tensor)
                if known is None or changed is not None or known not in inputs:
                    self._note(func, name, inputs, args, kwargs, tensor)
        return result

    def _used(self, tensor: Tensor) -> int:
        index: int = self._index[tensor]
        if self._kept is not None:
            self._kept.connect(index, tensor)
        return index

    def _note(  # noqa: PLR0913, PLR0917
        self, func: Any, name: str, inputs: list[int], args: tuple[Any, ...], kwargs: dict[str, Any], tensor: Tensor
    ) -> None:
        inputs = list(inputs)
        if operations.is_constant(name) or not (tensor.is_floating_point() or name in {"gt", "ge", "lt", "le"}):
            return
        maps = [self.nodes[index] for index in inputs]
        kind = operations.classify(name, maps, args, kwargs, tensor)
        if not inputs and (kind != "conv" or not self._is_maps(args, kwargs)):
            return
        shape = tuple(tensor.shape)
        gate = None
        if kind == "gate":
            gate = inputs.pop(0 if operations.gate_first(maps, shape) else 1)
        elif kind == "pass" and name == "add" and self._is_bias(inputs, args):
            kind = "norm"  # it completes a convolution
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
        node.inherit([self.nodes[used] for used in node.inputs], index)
        self.nodes.append(node)
        self._uses.append(0)
        for used in node.sources:
            self._uses[used] += 1
        self._index[tensor] = index
        if self._kept is not None:
            self._kept.add(index, tensor)
        if self._edit is not None and self._edit[0] == index:
            maps = node.upright(tensor)
            if maps.shape == self._edit[1].shape:
                maps.copy_(self._edit[1])
                self.edited = True

    def _is_maps(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        """Whether a convolution's input is maps that something unseen has made, and not a weight."""
        given = args[0] if args else kwargs.get("input")
        return isinstance(given, torch.Tensor) and given.ndim == 4 and given.shape[0] == self._batch

    def _is_bias(self, inputs: list[int], args: tuple[Any, ...]) -> bool:
        """Whether a module that has just convolved adds a number a map: Keras's layers do so themselves."""
        node = self.nodes[inputs[0]] if len(inputs) == 1 else None
        while node is not None and node.kind in {"layout", "pass"} and node.inputs:
            node = self.nodes[node.inputs[0]]
        here = (self._running[-1].name, self._running[-1].index) if self._running else ("", 0)
        if node is None or node.kind != "conv" or (node.module, node.call) != here:
            return False
        return any(isinstance(one, torch.Tensor) and one.shape.numel() == node.shape[1] for one in args[:2])

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
            if not name and isinstance(output, torch.Tensor):
                self._answer = self._index.get(output)
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
            whole = self._kind_in_pieces(module, call, known) if before == after else None
            if whole is not None and len(inner) > 1:
                for index in inner:
                    self.nodes[index].hidden = True
                    if self._kept is not None:
                        self._kept.release(index)
                name = self.nodes[known].name
                node = Node(whole, name, call.name, call.index, self._block(), after, (call.argument,), own=True)
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
