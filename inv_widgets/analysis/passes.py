"""Forward passes that are watched: a network whose path is known is followed, any other is traced."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from inv_widgets.analysis import paths
from inv_widgets.analysis.following import Followed
from inv_widgets.analysis.layers import place
from inv_widgets.analysis.selection import select
from inv_widgets.analysis.shortcuts import Hooked, shortcut_of
from inv_widgets.analysis.tracing import Trace
from inv_widgets.torch_support import output_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor, nn

    from inv_widgets.analysis.kept import Kept
    from inv_widgets.analysis.layers import Layer
    from inv_widgets.analysis.paths import Path

__all__ = ["Pass", "edited", "path_of", "watched"]

_SHORTCUTS = 64  # of one path: for as many choices of layers


class Pass:
    """What one forward pass gave.

    Attributes
    ----------
    output
        What the network returned.
    path
        What it did.
    forwards
        How often it ran: twice where it did not do what it did before.
    """

    def __init__(self, output: Any, path: Path, kept: dict[int, Kept], forwards: int) -> None:
        self.output, self.path, self.forwards = output, path, forwards
        self._kept = kept

    @property
    def layers(self) -> list[Layer]:
        """All layers of the network, from shallow to deep."""
        return [layer for layer, _ in place(self.path)]

    def kept(self, layer: Layer) -> Kept:
        """Give a layer's maps as they were when they were made, in the network's order of axes.

        Raises
        ------
        RuntimeError
            If something overwrote them unseen.
        """
        found = self._kept.get(self.tap(layer))
        if found is None or not found.intact:
            raise RuntimeError(
                f"[inv-widgets] The maps of layer {layer.name!r} were overwritten in place by something that is no "
                "torch function (a custom autograd function or compiled code). Make it write to a new tensor, or leave "
                "this layer out."
            )
        return found

    def upright(self, layer: Layer, values: Tensor) -> Tensor:
        """Put values or gradients of a layer's maps as N x C x h x w; a view."""
        return self.path.nodes[self.tap(layer)].upright(values)

    def tap(self, layer: Layer) -> int:
        """Give the node whose output a layer's maps are."""
        return place(self.path)[layer.depth][1]

    def clear(self) -> None:
        """Let go of the output, of all values and of the autograd graph."""
        self._kept.clear()
        self.output = None


def watched(module: nn.Module, inputs: Callable[[], Tensor], layers: Any) -> Pass:
    """Run a network and keep the maps of chosen layers; call it in an ``eval_pass``.

    Parameters
    ----------
    module
        The network.
    inputs
        Makes its input, which it may overwrite.
    layers
        Which layers; see :func:`inv_widgets.analysis.selection.select`. A choice that is not possible is no error here:
        choose again among the layers of the result.
    """
    start = inputs()
    path = paths.remembered(module, start)
    taps = None if path is None else _taps(path, layers)
    forwards = 1
    if path is not None and taps is not None:
        output, kept = _again(module, start, path, taps)
        if kept is not None:
            return Pass(output, path, kept, forwards)
        del output
        paths.forget(module, start)
        start, forwards = inputs(), 2
    with Trace(module) as trace:
        trace.watch(start)
        output = output_of(module, start)
    kept = {index: node.kept for index, node in enumerate(trace.nodes) if node.kept is not None}
    trace.clear()
    paths.remember(module, start, trace.path)
    return Pass(output, trace.path, kept, forwards)


def path_of(module: nn.Module, inputs: Tensor) -> tuple[Path, Any]:
    """Give what a network does with an input, which it may overwrite, and what it returned.

    Call it in an ``eval_pass``. Where it is known what it did with another input of this shape, it does not run: then
    None is returned for its output.
    """
    path = paths.remembered(module, inputs)
    if path is not None:
        return path, None
    with Trace(module, keep=False) as trace:
        trace.watch(inputs)
        output = output_of(module, inputs)
    paths.remember(module, inputs, trace.path)
    return trace.path, output


def edited(module: nn.Module, inputs: Callable[[], Tensor], tap: int, maps: Tensor) -> Any:
    """Run a network with other maps at one node of its path, without gradients; call it in an ``eval_pass``.

    Returns
    -------
    Any
        What it returned; None where it did not make maps of this shape there.
    """
    start = inputs()
    path = paths.remembered(module, start)
    if path is not None and path.followable and tap in path.made:
        with Followed(module, path, edit=(tap, maps)) as follower:
            follower.watch(start)
            output = output_of(module, start)
        if follower.same and follower.edited:
            paths.followed(module)
            return output
        paths.forget(module, start)
        start = inputs()
    with Trace(module, keep=False, edit=(tap, maps)) as trace:
        trace.watch(start)
        output = output_of(module, start)
    paths.remember(module, start, trace.path)
    return output if trace.edited else None


def _again(module: nn.Module, start: Tensor, path: Path, taps: list[int]) -> tuple[Any, dict[int, Kept] | None]:
    """Run a network that is thought to take a path: what it returned, and the maps; None where it took another."""
    key = tuple(taps)
    differentiates = start.grad_fn is not None
    shortcut = path.shortcuts.get(key)
    if shortcut is not None and differentiates:
        with Hooked(module, shortcut, start) as taken:
            output = output_of(module, start)
        if not taken.same(output):
            return output, None
        paths.followed(module)
        return output, taken.kept
    # Hooks learn, where they can, what they are to see when they are alone.
    learns = differentiates and key not in path.shortcuts
    shortcut = shortcut_of(module, path, taps) if learns else None
    hooked = None if shortcut is None else Hooked(module, shortcut, start)
    with hooked or nullcontext(), Followed(module, path, taps) as follower:
        follower.watch(start)
        output = output_of(module, start)
    if not follower.same:
        return output, None
    if learns:
        if len(path.shortcuts) == _SHORTCUTS:
            path.shortcuts.clear()
        path.shortcuts[key] = None if hooked is None else hooked.learnt(output, follower.kept)
    if path.shortcuts.get(key) is None:
        paths.followed(module)  # else when the shortcut has held
    return output, follower.kept


def _taps(path: Path, layers: Any) -> list[int] | None:
    """Give the nodes of chosen layers, if these can be followed."""
    if not path.followable:
        return None
    try:
        placed = place(path)
        taps = [placed[layer.depth][1] for layer in select([layer for layer, _ in placed], layers)]
    except (LookupError, TypeError, ValueError):
        return None  # said where the network has run
    return taps if all(tap in path.made for tap in taps) else None
