"""The results of a network's functions, and which of their values are kept.

A value is kept by reference, and copied just before a function overwrites it; it is let go of when the activation
that takes its place is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inv_widgets.analysis import operations
from inv_widgets.analysis.kept import Kept

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["CHANNELS_LAST", "UPRIGHT", "KeptValues", "Node"]

UPRIGHT = (0, 1, 2, 3)  # N x C x h x w
CHANNELS_LAST = (0, 2, 3, 1)  # N x h x w x C, as Keras keeps its maps

# Kinds of results whose values may be feature maps.
_KEPT = {"conv", "norm", "act", "add", "cat", "blend", "layout"}
# Kinds whose place an activation takes.
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
    convolved
        Whether all of it comes from convolutions, and nothing but norms, activations, pools, sums and the like since.
    permutation, order
        How a layout function moves the axes, and which of N, C, h, w (0..3) each axis is; None where unknown.
    hidden
        Whether it is a part of what a whole module does.
    own
        Whether a whole module, and nothing else, made it.
    kept
        The maps as they were when they were made, where they may be asked for.
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
    convolved: bool = False
    permutation: tuple[int, ...] | None = None
    order: tuple[int, ...] | None = None
    hidden: bool = False
    own: bool = False
    kept: Kept | None = None

    @property
    def sources(self) -> tuple[int, ...]:
        """All maps that it was made of, those of a gate included."""
        return self.inputs if self.gate is None else (*self.inputs, self.gate)

    @property
    def map_shape(self) -> tuple[int, ...]:
        """The shape as N x C x h x w, whatever the order of the axes is."""
        if self.order != CHANNELS_LAST:
            return self.shape
        return self.shape[0], self.shape[3], self.shape[1], self.shape[2]

    def upright(self, values: Tensor) -> Tensor:
        """Put values or gradients of these maps as N x C x h x w; a view."""
        return values.permute(0, 3, 1, 2) if self.order == CHANNELS_LAST else values

    @property
    def activates(self) -> bool:
        """Whether it is an activation in its own right, not a piece of one."""
        return self.kind == "act" and (self.own or operations.plain_activation(self.name))

    def inherit(self, inputs: list[Node], index: int) -> None:
        """Take over what the maps that this was made of tell about it."""
        pointwise = bool(inputs) and self.kind in {"act", "pass", "gate", "blend"}
        self.origin = inputs[0].origin if pointwise else index
        self.pooled |= self.kind == "global_pool" or (bool(inputs) and all(maps.pooled for maps in inputs))
        carried = self.kind not in {"input", "other"} and bool(inputs) and all(maps.convolved for maps in inputs)
        self.convolved = self.kind == "conv" or carried
        known = next((maps.order for maps in inputs if maps.order is not None), None)
        if self.kind in {"input", "conv"}:
            self.order = UPRIGHT
        elif self.kind == "layout":
            moved = self.permutation
            self.order = None if moved is None or known is None else tuple(known[axis] for axis in moved)
        else:
            self.order = known if len(self.shape) == 4 else None


class KeptValues:
    """The values of nodes and where in the autograd graph their gradients are; in-place functions change neither.

    Parameters
    ----------
    nodes
        All nodes; the list grows while the network runs.
    """

    def __init__(self, nodes: list[Node]) -> None:
        self._nodes = nodes
        self._storages: dict[int, list[int]] = {}  # the nodes that keep a value, by the storage that holds it

    def add(self, index: int, tensor: Tensor) -> None:
        """Keep a node's value if it may be feature maps, and let go of those whose place it takes."""
        node = self._nodes[index]
        if node.kind == "act" and node.inputs and node.activates:
            self._release_before(node.inputs[0])
        elif node.kind == "norm" and node.inputs and self._nodes[node.inputs[0]].kind == "conv":
            self.release(node.inputs[0])
        if node.kind in _KEPT and len(node.shape) == 4:
            node.kept = Kept.of(tensor)
            self._storages.setdefault(node.kept.storage, []).append(index)

    def save(self, tensor: Tensor, known: int | None, name: str, inputs: list[int], uses: int) -> None:
        """Copy the values that a function is about to overwrite, but not the one that its result replaces.

        Parameters
        ----------
        tensor, known
            What is overwritten, and its node.
        name, inputs
            The function's plain name, and the nodes that it is called with.
        uses
            How often the tensor was used before.
        """
        for index in self._storages.pop(tensor.untyped_storage().data_ptr(), ()):
            node = self._nodes[index]
            if node.kept is None:
                continue
            if known == index and self._replaced(node, name, inputs, uses):
                self.release(index)
            elif node.kept.intact:
                node.kept.save()

    def release(self, index: int) -> None:
        """Let go of a node's value."""
        self._nodes[index].kept = None

    def clear(self) -> None:
        """Let go of all values."""
        for index in range(len(self._nodes)):
            self.release(index)
        self._storages.clear()

    def _replaced(self, node: Node, name: str, inputs: list[int], uses: int) -> bool:
        if node.kind not in _BEFORE_ACTIVATION:
            return False
        if operations.plain_activation(name):
            return True
        # x += y takes in an open x that nothing else has used; see layer_graph.
        summands = [self._nodes[index] for index in inputs]
        alike = len({maps.shape for maps in summands}) == 1 and not any(maps.pooled for maps in summands)
        return name == "add" and len(inputs) == 2 and alike and uses == 0

    def _release_before(self, index: int) -> None:
        """Let go of what stands before an activation: a norm, a convolution; not an add before a norm."""
        normed = False
        node = self._nodes[index]
        while (node.order == CHANNELS_LAST and node.kind == "layout") or (
            node.kind in _BEFORE_ACTIVATION and not (normed and node.kind == "add")
        ):
            self.release(index)
            normed = normed or node.kind == "norm"
            if node.kind in {"conv", "add"} or not node.inputs:
                break
            index = node.inputs[0]
            node = self._nodes[index]
