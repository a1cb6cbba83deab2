"""Find the layers in what a network did: where each convolution's, add's or concatenation's maps are taken.

The maps of a layer are those after the activation that follows it; where none follows, those right after its norm
or add.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from inv_widgets.analysis import operations
from inv_widgets.analysis.nodes import CHANNELS_LAST, UPRIGHT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from inv_widgets.analysis.nodes import Node
    from inv_widgets.analysis.paths import Path

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


def find_sites(path: Path) -> list[Site]:
    """List the layers of a path in the order of their maps in time."""
    graph = _Graph(path)
    sites = [site for index in range(len(path.nodes)) if (site := graph.site(index)) is not None]
    of_source = {site.source: site for site in sites}
    absorbed = {source for site in sites for source in site.absorbed}
    for site in sites:  # an add that was itself absorbed hands its own on
        handed = [further for source in site.absorbed if source in of_source for further in of_source[source].absorbed]
        site.absorbed = [*handed, *site.absorbed]
    taken: dict[int, Site] = {}
    for site in sites:
        if site.source not in absorbed:
            taken.setdefault(site.tap, site)
    return [taken[tap] for tap in sorted(taken)]


class _Graph:
    def __init__(self, path: Path) -> None:
        self.nodes = path.nodes
        self.uses: list[list[int]] = [[] for _ in path.nodes]
        for index, node in self._seen():
            for used in set(node.sources):
                self.uses[used].append(index)
        self._activated: int | None = None  # by which activation the last step came to its maps
        self.gates: set[int] = set()
        for index, node in self._seen():
            if node.gate is not None:
                branch = self._branch(node.gate, index)
                # What is added to maps makes no layer only where it is one number a map.
                self.gates |= {i for i in branch if operations.is_product(node.name) or _area(self.nodes[i]) == 1}

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
            for used in self.nodes[index].sources:
                heapq.heappush(heap, -used)
        return branch

    def next(self, index: int) -> list[int]:
        """List who uses these maps, but for what makes gates."""
        return [use for use in self.uses[index] if use not in self.gates]

    def site(self, index: int) -> Site | None:
        """Give the layer that this node makes, or None where it makes none."""
        node = self.nodes[index]
        # Tokens of a transformer may have the order of channels-last maps too, but no convolution has made them.
        ordered = node.order == UPRIGHT or (node.order == CHANNELS_LAST and node.convolved)
        are_maps = len(node.shape) == 4 and ordered and not node.pooled
        if node.hidden or index in self.gates or node.kind not in {"conv", "add", "cat"} or not are_maps:
            return None
        site = self.follow(index)
        if node.kind == "cat" and not self._shrinks(site.tap):
            return Site("cat", index, index) if self._shrinks(index) else None
        if node.kind == "add":
            site.absorbed = [source for before in node.inputs for source in self._ending_in(before, index)]
        return site

    def follow(self, source: int) -> Site:
        """Go from a convolution, add or concatenation to where its maps are taken."""
        site = Site(self.nodes[source].kind, source, source)
        current = source
        # A norm after an add or a pool counts only where an activation comes after it.
        settles = site.kind != "add"
        while True:
            step = self._step(current)
            if step is None:
                return site
            what, current, norm = step
            if what == "act":
                site.tap, site.norm = current, site.norm if norm is None else norm
                site.activation = self._activated
                return site
            settles = settles and what != "pool"
            if norm is not None and settles:
                site.tap, site.norm = current, norm

    def _step(self, index: int) -> tuple[str, int, int | None] | None:
        """Go to the next node of a layer: what it is, its index, and the norm on the way; None where the layer ends."""
        activation = self.activation(index)
        if activation is not None:
            self._activated = activation
            return "act", activation, None
        after = self.next(index)
        kinds = {self.nodes[use].kind: use for use in reversed(after)}
        if "norm" in kinds:
            return "norm", kinds["norm"], kinds["norm"]
        for kind in ("pass", "gate"):
            if kind in kinds:
                return "pass", kinds[kind], None
        if "layout" in kinds:
            return self._detour(kinds["layout"], self.nodes[index].shape)
        if list(kinds) == ["pool"] and len(after) == 1 and len(self.next(after[0])) == 1:
            # conv, pool, activation is another order of conv, activation, pool.
            return "pool", after[0], None
        return None

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
        closed = all(use in nonlinear for use in self.next(start))
        furthest = -1
        for index in sorted(nonlinear):
            if nonlinear[index] and furthest <= index and (closed or self.nodes[index].activates):
                return index
            furthest = max([furthest, *(use for use in self.uses[index] if use in nonlinear)])
        return next((index for index in self.next(start) if self.nodes[index].activates), None)

    def _detour(self, index: int, shape: tuple[int, ...]) -> tuple[str, int, int | None] | None:
        """Follow maps whose axes were moved: to their activation, or until they are moved back; None where neither."""
        norm = activation = None
        for _ in range(_LONGEST_DETOUR):
            node = self.nodes[index]
            if node.kind == "layout" and node.shape == shape and node.order in {None, UPRIGHT}:
                self._activated = activation
                return "pass" if activation is None else "act", index, norm
            found = self.activation(index)
            after = self.next(index)
            kinds = {self.nodes[use].kind: use for use in reversed(after)}
            onwards = [kinds[kind] for kind in ("pass", "gate", "layout") if kind in kinds]
            if found is not None:
                if self.nodes[found].order == CHANNELS_LAST:
                    self._activated = found
                    return "act", found, norm
                index = activation = found
            elif "norm" in kinds:
                index = norm = kinds["norm"]
            elif norm is not None and self._branches(norm, after):
                return "norm", norm, norm
            elif onwards:
                index = min(onwards)
            else:
                return None
        return None

    def _branches(self, norm: int, after: list[int]) -> bool:
        """Tell whether channels-last maps go several ways, or into a sum or pool, so that here they are complete."""
        kinds = {self.nodes[use].kind for use in after}
        whole = len(after) > 1 or bool(kinds & {"add", "cat", "global_pool"})
        return self.nodes[norm].order == CHANNELS_LAST and whole and "other" not in kinds

    def _ending_in(self, index: int, add: int) -> list[int]:
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

    def _shrinks(self, index: int) -> bool:
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
                smaller = len(node.shape) == 4 and 2 * _area(node) <= area
                if smaller:
                    return True
        return False


def _area(node: Node) -> int:
    return node.map_shape[-1] * node.map_shape[-2] if len(node.shape) == 4 else 1
