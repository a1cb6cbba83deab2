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

from inv_widgets.analysis import operations
from inv_widgets.analysis.nodes import KeptValues, Node
from inv_widgets.analysis.paths import INPUT, Made, Path, Step, results_of, tensors
from inv_widgets.analysis.watching import Watcher, is_vmapped, unwatched
from inv_widgets.torch_support import version_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor, nn

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


class Trace(Watcher):
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
    path
        What was seen.
    nodes
        Its results that matter, in the order of time.
    edited
        Whether the node to edit was made, with the shape of its new value.
    """

    def __init__(self, module: nn.Module, *, keep: bool = True, edit: tuple[int, Tensor] | None = None) -> None:
        super().__init__()
        self._parts = dict(module.named_modules())
        parents = {name for name, part in self._parts.items() if next(part.children(), None) is not None}
        self.path = Path(type(module).__name__, parents)
        self.nodes = self.path.nodes
        self.edited = False
        self._edit = edit
        self._index = Made()  # the node of each tensor
        self._steps = Made()  # and the step that made it
        self._running: list[_Call] = []
        self._uses: list[int] = []  # how often each node's maps were used
        self._kept = KeptValues(self.nodes) if keep else None
        self._batch = 1

    def _hooks(self) -> Iterator[tuple[Callable[..., Any], Callable[..., None]]]:
        for name, part in self._parts.items():
            if not isinstance(part, torch.jit.ScriptModule):
                yield part.register_forward_pre_hook, self._entering(name)
                yield part.register_forward_hook, self._leaving(name)

    def clear(self) -> None:
        """Let go of all values and of the autograd graph."""
        if self._kept is not None:
            self._kept.clear()

    def watch(self, tensor: Tensor) -> None:
        """Take a tensor (N x C x H x W) as known: the network's input."""
        with unwatched():
            self._batch = tensor.shape[0]
            self._steps.put(tensor, INPUT)
            self._add(Node("input", "", "", 0, "", tuple(tensor.shape)), tensor)

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run one function and note what it did."""
        kwargs = kwargs or {}
        name = operations.base_name(func)
        inputs = self._index.among((args, kwargs))
        changed = operations.flag_inplace(func, args, kwargs)
        if self._kept is not None:
            self._connect(inputs, args, kwargs)
            if isinstance(changed, torch.Tensor):
                known = self._index.get(changed)
                self._kept.save(changed, known, name, inputs, 0 if known is None else self._uses[known])
        step = Step(func, self._steps.among((args, kwargs)), writes=changed is not None)
        result = func(*args, **kwargs)
        results = results_of(func, args, result)
        self._steps.take(step, results, self.path.steps)
        for tensor in results:
            known = self._index.get(tensor)
            if known is None or changed is not None or known not in inputs:
                self._note(func, name, inputs, args, kwargs, tensor)
        return result

    def _connect(self, inputs: list[int], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Note gradients that came only on leaving a custom autograd function."""
        found = ((index, self.nodes[index].kept) for index in inputs)
        waiting = {index: kept for index, kept in found if kept is not None and kept.edge is None}
        for tensor in tensors((args, kwargs)) if waiting else ():
            known = self._index.get(tensor)
            if known in waiting:
                waiting[known].connect(tensor)

    def _note(  # noqa: PLR0913, PLR0917
        self, func: Any, name: str, inputs: list[int], args: tuple[Any, ...], kwargs: dict[str, Any], tensor: Tensor
    ) -> None:
        inputs = list(inputs)
        if (
            is_vmapped(tensor)
            or operations.is_constant(name)
            or not (tensor.is_floating_point() or name in {"gt", "ge", "lt", "le"})
        ):
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
        self._index.put(tensor, index)
        made = self._steps.get(tensor)
        if made is not None:
            self.path.made[index] = made
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
            if call.name in self.path.parents:
                return call.name
        return ""

    def _entering(self, name: str) -> Callable[..., None]:
        def enter(module: nn.Module, args: tuple[Any, ...]) -> None:
            index = self.path.calls.get(name, 0)
            self.path.calls[name] = index + 1
            self.path.entered.append(id(module))
            argument = next((tensor for tensor in tensors(args) if self._index.get(tensor) is not None), None)
            known, version = None, 0
            if argument is not None:
                with unwatched():
                    known, version = self._index.get(argument), version_of(argument)
            if self._running:
                self._running[-1].parent = True
            self._running.append(_Call(name, index, len(self.nodes), known, version))

        return enter

    def _leaving(self, name: str) -> Callable[..., None]:
        def leave(module: nn.Module, _args: tuple[Any, ...], output: Any) -> None:
            while self._running:
                call = self._running.pop()
                if call.name == name:
                    break
            else:
                return
            if not isinstance(output, torch.Tensor) or is_vmapped(output):
                return
            with unwatched():
                if self._steps.get(output) is None:
                    self.path.opaque.add(name)
                    self._steps.take(Step(None, []), [output], self.path.steps)
                made = self._steps.get(output)
                assert made is not None
                self.path.returned.setdefault(made, (name, call.index))
                if output.is_floating_point() and call.argument is not None:
                    self._whole(module, call, output)
            if not name:
                self.path.answer = self._index.get(output)

        return leave

    def _whole(self, module: nn.Module, call: _Call, output: Tensor) -> None:
        """Take what a module did as one, where its inside was not seen or is a norm or activation in pieces."""
        assert call.argument is not None
        known = self._index.get(output)
        before = self.nodes[call.argument].shape
        after = tuple(output.shape)
        written = known == call.argument and version_of(output) != call.argument_version
        if known is None or written:
            self.path.followable = self.path.followable and not written
            kind = "other" if call.parent else operations.module_kind(module, before, after)
            self._add(Node(kind, "", call.name, call.index, self._block(), after, (call.argument,), own=True), output)
        elif not call.parent and known >= call.start:
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
