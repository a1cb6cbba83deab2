"""The layers of a network: which there are, what they are called, and how to choose among them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from inv_widgets.analysis.layer_graph import Site, find_sites

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor, nn

    from inv_widgets.analysis.nodes import Node
    from inv_widgets.analysis.paths import Path

__all__ = ["Layer", "Network", "layers", "place"]


class Network(Protocol):
    """What is needed of a :class:`inv_widgets.Classifier`."""

    @property
    def module(self) -> nn.Module:
        """The network."""

    def preprocess(self, picture: Any) -> Tensor:
        """Make the input, 1 x C x H x W."""

    def logits_of(self, output: Any) -> Tensor:
        """Find the logits, 1 x K, in what the network returned."""

    def resolve_target(self, target: Any = None, logits: Tensor | None = None) -> tuple[int | tuple[int, ...], str]:
        """Say which class or group is meant, and its name."""

    def score(self, logits: Tensor, target: Any) -> Tensor:
        """Give the class score, a scalar."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer whose maps can be explained.

    Attributes
    ----------
    name
        The module of its convolution; of an add or a concatenation the block. ``name:0``, ``name:1`` ... count the
        calls of a module that is called more than once.
    aliases
        Other names that choose it: its activation's, ``name:0`` where there is one call only, and those of the
        block and of the convolutions that end in its add.
    kind
        ``"conv"``, ``"add"`` or ``"cat"``.
    activation
        The module of the activation after which the maps are taken (with ``:call`` where it is called more than
        once), or the name of its function; "" where none follows.
    n_maps, map_shape
        How many feature maps there are, and their (height, width) in cells, for the picture that was asked about.
    depth
        0 for the shallowest.
    block, layer_in_block
        Counted from 1: a block is a run of layers with maps of one size.
    """

    name: str
    aliases: tuple[str, ...]
    kind: str
    activation: str
    n_maps: int
    map_shape: tuple[int, int]
    depth: int
    block: int
    layer_in_block: int

    @property
    def title(self) -> str:
        """The layer in words: ``block 3, layer 2``."""
        return f"block {self.block}, layer {self.layer_in_block}"


def layers(net: Network, picture: Any = None) -> list[Layer]:
    """List the layers whose maps can be explained, from shallow to deep; runs the network once, without gradients.

    Feature maps are taken after the activation that follows a convolution, whether it is a module or a function, or
    after that of the add in which a residual block ends; where no activation follows, right after the norm or the
    add. A concatenation is a layer where it is pooled or down-sampled next.

    Parameters
    ----------
    net
        A :class:`inv_widgets.Classifier`.
    picture
        The picture by which map sizes are told. None: a grey one of 224 x 224 pixels.

    Returns
    -------
    list of Layer
        With names, numbers of maps and map sizes; each can be given as a layer to all that takes one.

    Raises
    ------
    ValueError
        If the network has no convolution that can be explained, or does not take the grey picture.
    RuntimeError, TypeError
        If it does not take the picture that was given.

    Examples
    --------
    >>> import inv_widgets as inv
    >>> last = inv.layers(inv.Classifier.demo("fashion"), inv.datasets.fashion()[0])[-1]
    >>> last.n_maps, last.map_shape
    (96, (7, 7))
    """
    import numpy as np
    import torch

    from inv_widgets.analysis.paths import remember
    from inv_widgets.analysis.tracing import Trace
    from inv_widgets.torch_support import eval_pass, output_of

    grey = picture is None
    inputs = net.preprocess(np.full((224, 224, 3), 128, np.uint8) if grey else picture)
    with eval_pass(net.module), torch.no_grad():
        try:
            with Trace(net.module, keep=False) as trace:
                trace.watch(inputs)
                output_of(net.module, inputs)
        except (RuntimeError, AssertionError, ValueError, IndexError) as error:
            if not grey:
                raise
            size = " x ".join(map(str, inputs.shape))
            raise ValueError(
                f"[inv-widgets] The network does not take a grey picture of 224 x 224 pixels, preprocessed to {size}: "
                f"{error.__cause__ or error}. Say layers(net, picture) with a picture that it takes."
            ) from error
        remember(net.module, inputs, trace.path)
    return [layer for layer, _ in place(trace.path)]


def place(path: Path) -> list[tuple[Layer, int]]:
    """Give the layers of a path, from shallow to deep, each with the node whose output its maps are.

    Raises
    ------
    ValueError
        If there are none.
    """
    if path.placed is not None:
        return path.placed
    batch = path.nodes[0].shape[0]
    sites = [site for site in find_sites(path) if path.nodes[site.tap].shape[0] == batch]
    if not sites:
        raise ValueError(
            f"[inv-widgets] No convolutional layer was found in {path.network}: feature maps are N x C x h x w, made "
            "by 2-D convolutions before global pooling. Networks without them (transformers, MLPs) have none."
        )
    names = _names(path, sites)
    convolutions = _convolution_names(path)
    placed: list[tuple[Layer, int]] = []
    blocks = layer_in_block = 0
    for depth, site in enumerate(_shallow_to_deep(path, sites)):
        _, n_maps, height, width = path.nodes[site.tap].map_shape
        same = bool(placed) and placed[-1][0].map_shape == (height, width)
        blocks, layer_in_block = (blocks, layer_in_block + 1) if same else (blocks + 1, 1)
        name = names[site.source]
        activation, aliases = _activation(path, site)
        aliases += _further_names(path, site, convolutions)
        own = Layer(
            name, tuple(aliases), site.kind, activation, n_maps, (height, width), depth, blocks, layer_in_block
        )  # fmt: skip
        placed.append((own, site.tap))
    path.placed = _without_ambiguity(placed)
    return path.placed


def _shallow_to_deep(path: Path, sites: list[Site]) -> list[Site]:
    """Put what a layer is made of before it, and of parallel branches the larger maps first."""
    bit = {site.source: 1 << place for place, site in enumerate(sites)}
    upstream: list[int] = []
    for index, node in enumerate(path.nodes):
        mask = bit.get(index, 0)
        for used in node.sources:
            mask |= upstream[used]
        upstream.append(mask)

    def order(site: Site) -> tuple[int, int]:
        shape = path.nodes[site.tap].map_shape
        return -shape[-1] * shape[-2], site.tap

    done, result, waiting = 0, [], list(sites)
    while waiting:
        ready = [site for site in waiting if not upstream[site.tap] & ~done & ~bit[site.source]]
        following = min(ready or waiting, key=order)
        waiting.remove(following)
        done |= bit[following.source]
        result.append(following)
    return result


def _convolution_names(path: Path) -> dict[int, list[str]]:
    """Name every convolution: the main name first."""
    made: dict[str, list[int]] = {}
    for index, node in enumerate(path.nodes):
        if node.kind == "conv" and not node.hidden:
            made.setdefault(node.module or node.name, []).append(index)
    names: dict[int, list[str]] = {}
    for base, indices in made.items():
        for call, index in enumerate(indices):
            names[index] = [base, f"{base}:0"] if len(indices) == 1 else [f"{base}:{call}"]
    return names


def _names(path: Path, sites: list[Site]) -> dict[int, str]:
    names: dict[int, str] = {}
    convolutions = _convolution_names(path)
    bases = {site.source: _base(path, site) for site in sites if site.kind != "conv"}
    count = Counter(bases.values())
    calls: Counter[str] = Counter()
    for site in sites:
        if site.kind == "conv":
            names[site.source] = convolutions[site.source][0]
            continue
        base = bases[site.source]
        names[site.source] = base if count[base] == 1 else f"{base}:{calls[base]}"
        calls[base] += 1
    twice = {name for name, number in Counter(names.values()).items() if number > 1}
    for site in sites:  # a functional convolution and an add of one block
        if site.kind != "conv" and names[site.source] in twice:
            names[site.source] += f".{site.kind}"
    return names


def _base(path: Path, site: Site) -> str:
    node = path.nodes[site.source]
    if site.kind == "cat" and site.norm is not None and path.nodes[site.norm].module:
        return path.nodes[site.norm].module
    return _block(path, node) or site.kind


def _block(path: Path, node: Node) -> str:
    """Name the innermost module that does more than this one function."""
    if node.module in path.parents:
        return node.module
    here = [other for other in path.nodes if (other.module, other.call) == (node.module, node.call)]
    return node.module if len(here) > 1 else node.block or node.module


def _activation(path: Path, site: Site) -> tuple[str, list[str]]:
    if site.activation is None:
        return "", []
    node = path.nodes[site.activation]
    if not node.own:
        return node.name, []
    called = f"{node.module}:{node.call}"
    return (node.module, [node.module, called]) if path.calls.get(node.module, 1) == 1 else (called, [called])


def _further_names(path: Path, site: Site, convolutions: dict[int, list[str]]) -> list[str]:
    if site.kind == "conv":
        return convolutions[site.source]
    block = _block(path, path.nodes[site.source])
    absorbed = [name for source in site.absorbed for name in convolutions.get(source, [])]
    return [*([block] if block else []), *absorbed]


def _without_ambiguity(placed: Sequence[tuple[Layer, int]]) -> list[tuple[Layer, int]]:
    """Keep only aliases that mean one layer."""
    meant = Counter(alias for layer, _ in placed for alias in {layer.name, *layer.aliases})
    kept = []
    for layer, tap in placed:
        aliases = dict.fromkeys(alias for alias in layer.aliases if meant[alias] == 1 and alias != layer.name)
        kept.append((replace(layer, aliases=tuple(aliases)), tap))
    return kept
