"""Find the layers in what a trace has seen: where each convolution's, add's or concatenation's maps are taken.

The maps of a layer are those after the activation that follows it; where none follows, those right after its norm or add.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from inv_widgets.analysis import operations
from inv_widgets.analysis.tracing import UPRIGHT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from inv_widgets.analysis.tracing import Node, Trace

__all__ = ["Site", "find_sites"]

_POINTWISE = {"act", "pass", "gate", "blend"}
_LONGEST_DETOUR = 12


@dataclass(slots=True)
class Site:
    """A layer in the graph.

    Attributes
    ----------
    kind
        ``"conv"``, ``"add"`` or ``"cat"``.
    source, tap
        The nodes that make it and whose output its maps are.
    norm, activation
        The nodes in between, where there are any.
    absorbed
        Convolutions and adds that end in this add and nowhere else.
    """

    kind: str
    source: int
    tap: int
    norm: int | None = None
    activation: int | None = None
    absorbed: list[int] = field(default_factory=list)


def find_sites(trace: Trace) -> list[Site]:
    """List the layers of a trace in the order of their maps in time."""
    graph = _Graph(trace)
    sites: list[Site] = []
    absorbed: set[int] = set()
    for index, node in enumerate(trace.nodes):
        if node.hidden or index in graph.gates or node.kind not in {"conv", "add", "cat"}:
            continue
        if node.pooled or len(node.shape) != 4 or node.order != UPRIGHT:
            continue
        site = graph.follow(index)
        if node.kind == "cat" and not graph.shrinks(site.tap):
            if not graph.shrinks(index):
                continue
            site = Site("cat", index, index)
        if node.kind == "add":
            site.absorbed = [source for before in node.inputs for source in graph.ending_in(before, index)]
            absorbed.update(site.absorbed)
        sites.append(site)
    of_source = {site.source: site for site in sites}
    for site in sites:  # an add that was itself absorbed hands its own on
        for source in list(site.absorbed):
            site.absorbed = [*of_source[source].absorbed, *site.absorbed] if source in of_source else site.absorbed
    taken: dict[int, Site] = {}
    for site in sites:
        if site.source not in absorbed:
            taken.setdefault(site.tap, site)
    return [taken[tap] for tap in sorted(taken)]


class _Graph:
    def __init__(self, trace: Trace) -> None:
        self.nodes = trace.nodes
        self.uses: list[list[int]] = [[] for _ in trace.nodes]
        for index, node in self._seen():
            for used in {*node.inputs, *(() if node.gate is None else (node.gate,))}:
                self.uses[used].append(index)
        self.gates: set[int] = set()
        for index, node in self._seen():
            if node.gate is not None:
                self.gates |= self._branch(node.gate, index)

    def _seen(self) -> Iterable[tuple[int, Node]]:
        return ((index, node) for index, node in enumerate(self.nodes) if not node.hidden)

    def _branch(self, gate: int, product: int) -> set[int]:
        """Collect what makes a gate and nothing else."""
        branch: set[int] = set()
        heap = [-gate]
        while heap:
            index = -heapq.heappop(heap)
            if index in branch or any(use not in branch and use != product for use in self.uses[index]):
                continue
            if index in self.nodes[product].inputs:
                continue
            branch.add(index)
            node = self.nodes[index]
            for used in (*node.inputs, *(() if node.gate is None else (node.gate,))):
                heapq.heappush(heap, -used)
        return branch

    def next(self, index: int) -> list[int]:
        """List who uses these maps, but for what makes gates."""
        return [use for use in self.uses[index] if use not in self.gates]

    def follow(self, source: int) -> Site:
        """Go from a convolution, add or concatenation to where its maps are taken."""
        site = Site(self.nodes[source].kind, source, source)
        current, moves_with_norm = source, self.nodes[source].kind != "add"
        while True:
            activation = self.activation(current)
            if activation is not None:
                site.activation = site.tap = activation
                return site
            after = self.next(current)
            kinds = {self.nodes[use].kind: use for use in reversed(after)}
            if "norm" in kinds:
                current = site.norm = kinds["norm"]
                if moves_with_norm:
                    site.tap = current
            elif "pass" in kinds or "gate" in kinds:
                current = min(kinds[kind] for kind in ("pass", "gate") if kind in kinds)
            elif "layout" in kinds:
                back = self._detour(kinds["layout"], self.nodes[current].shape)
                if back is None:
                    break
                current, norm, activation = back
                if activation is not None:
                    site.activation, site.tap = activation, current
                    return site
                if norm is not None:
                    site.norm = norm
                    site.tap = current if moves_with_norm else site.tap
            elif list(kinds) == ["pool"] and len(after) == 1 and len(self.next(after[0])) == 1:
                # conv, pool, activation is another order of conv, activation, pool.
                current, moves_with_norm = after[0], False
            else:
                break
        if site.norm is not None and not moves_with_norm:
            site.norm = None
        return site

    def activation(self, start: int) -> int | None:
        """Find the elementwise non-linearity that these maps go through, also where it is written in pieces.

        Among the nodes that are elementwise functions of `start` alone it is the first non-linear one past which none
        of the earlier ones is used: for ``x * sigmoid(x)`` the product.
        """
        nonlinear = {start: False}
        heap = list(self.next(start))
        heapq.heapify(heap)
        while heap:
            index = heapq.heappop(heap)
            node = self.nodes[index]
            if index in nonlinear or node.kind not in _POINTWISE or any(used not in nonlinear for used in node.inputs):
                continue
            product = node.kind == "blend" and operations.is_product(node.name)
            nonlinear[index] = node.kind == "act" or product or any(nonlinear[used] for used in node.inputs)
            for use in self.next(index):
                heapq.heappush(heap, use)
        furthest = -1
        for index in sorted(nonlinear):
            if nonlinear[index] and furthest <= index and (self._plain(index) or self._closed(start, nonlinear)):
                return index
            furthest = max([furthest, *(use for use in self.uses[index] if use in nonlinear)])
        return next((index for index in self.next(start) if self._plain(index)), None)

    def _plain(self, index: int) -> bool:
        node = self.nodes[index]
        return node.kind == "act" and (node.own or operations.plain_activation(node.name))

    def _closed(self, start: int, region: dict[int, bool]) -> bool:
        return all(use in region for use in self.next(start))

    def _detour(self, index: int, shape: tuple[int, ...]) -> tuple[int, int | None, int | None] | None:
        """Follow maps whose axes were moved until they are moved back: (where, norm, activation) or None."""
        norm = activation = None
        for _ in range(_LONGEST_DETOUR):
            node = self.nodes[index]
            if node.kind == "layout" and node.shape == shape and node.order in {None, UPRIGHT}:
                return index, norm, activation
            found = self.activation(index)
            kinds = {self.nodes[use].kind: use for use in reversed(self.next(index))}
            if found is not None:
                index = activation = found
            elif "norm" in kinds:
                index = norm = kinds["norm"]
            elif kinds.keys() & {"pass", "gate", "layout"}:
                index = min(kinds[kind] for kind in ("pass", "gate", "layout") if kind in kinds)
            else:
                return None
        return None

    def ending_in(self, index: int, add: int) -> list[int]:
        """Give the convolution or add whose open maps go into this add and nowhere else."""
        user = add
        while self.next(index) == [user]:
            node = self.nodes[index]
            if node.kind in {"conv", "add"}:
                return [index]
            if node.kind not in {"norm", "pass", "gate", "layout"} or not node.inputs:
                return []
            index, user = node.inputs[0], index
        return []

    def shrinks(self, index: int) -> bool:
        """Tell whether these maps are pooled or otherwise down-sampled next."""
        area = _area(self.nodes[index])
        waiting = [(use, False) for use in self.next(index)]
        while waiting:
            use, moved = waiting.pop()
            node = self.nodes[use]
            if node.kind in {"pass", "gate", "layout"}:
                waiting += [(after, moved or node.kind == "layout") for after in self.next(use)]
            elif node.kind == "global_pool":
                return True
            elif node.kind in {"pool", "conv"} or (node.kind == "other" and not moved):
                if len(node.shape) == 4 and 2 * _area(node) <= area:
                    return True
        return False


def _area(node: Node) -> int:
    return node.shape[-1] * node.shape[-2]
