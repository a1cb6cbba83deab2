"""Capture the feature maps of chosen layers, and the gradients of the class score with respect to them, in one pass."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from inv_widgets.analysis.passes import watched
from inv_widgets.analysis.selection import select
from inv_widgets.torch_support import eval_pass, widened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch.autograd.graph import GradientEdge

    from inv_widgets.analysis.layers import Layer, Network

__all__ = ["Capture", "capture", "joined", "only"]

Target = int | tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Capture:
    """What one forward and one backward pass gave, for N pictures.

    Attributes
    ----------
    logits, probabilities
        Class scores before and after the softmax, N x K; probabilities are float32 or float64.
    targets, target_names
        For each picture the class, or the group of classes, whose score was differentiated.
    predictions
        For each picture the index of the highest logit.
    layers
        The chosen layers, from shallow to deep.
    maps, gradients
        A tensor N x C x h x w a layer, in the network's dtype and on its device, detached. A gradient is that of the
        picture's own class score, per unit of activation.
    reasons
        For each layer why its gradient is zero everywhere, or "".
    available
        All layers of the network, from shallow to deep.
    forwards
        How many forward passes it took: 1, or 2 where the network did not do what it did with inputs of this shape
        before.
    """

    logits: Tensor
    probabilities: Tensor
    targets: tuple[Target, ...]
    target_names: tuple[str, ...]
    predictions: tuple[int, ...]
    layers: tuple[Layer, ...]
    maps: tuple[Tensor, ...]
    gradients: tuple[Tensor, ...]
    reasons: tuple[str, ...]
    available: tuple[Layer, ...]
    forwards: int = 1

    @property
    def target(self) -> Target:
        """The first picture's target."""
        return self.targets[0]

    @property
    def target_name(self) -> str:
        """The name of the first picture's target."""
        return self.target_names[0]

    @property
    def prediction(self) -> int:
        """The class that the network finds most probable for the first picture."""
        return self.predictions[0]


def capture(
    net: Network, picture: Any, target: Any = None, layers: Any = None, *, targets: Sequence[Any] | None = None
) -> Capture:
    """Capture maps and gradients of all chosen layers in exactly one forward and one backward pass.

    The backward pass is asked for the gradients of the chosen maps only: none is computed for a parameter or for
    what lies below the shallowest chosen layer. The network is left as it was found, after an exception and after
    Ctrl-C as well. Works inside ``no_grad`` and ``inference_mode``, and with frozen parameters. Passes of several
    threads wait for each other.

    Parameters
    ----------
    net
        A :class:`inv_widgets.Classifier`.
    picture
        A picture, as :meth:`Classifier.preprocess` takes it; or the preprocessed input of one or several, as a tensor
        N x C x H x W.
    target
        The class that is explained: None (of each picture its most probable one), an index, a name, or a group (a
        list of these); the same for all pictures.
    layers
        Which layers; see :func:`inv_widgets.analysis.selection.select`.
    targets
        A target for each picture, instead of `target`.

    Raises
    ------
    KeyError, IndexError, ValueError, TypeError
        For an unknown target or layer, and for a network without convolutional layers.
    """
    inputs = picture if isinstance(picture, Tensor) and picture.ndim == 4 else net.preprocess(picture)
    count = inputs.shape[0]
    with eval_pass(net.module):
        # A copy that is no leaf: gradients are tracked through frozen parameters, and the network may overwrite it.
        seen = watched(net.module, lambda: inputs.detach().clone().requires_grad_().clone(), layers)
        try:
            logits = torch.cat([net.logits_of(only(seen.output, row, count)) for row in range(count)])
            resolved, names = _targets(net, [target] * count if targets is None else targets, logits)
            available = tuple(seen.layers)
            chosen = tuple(select(available, layers))
            score = torch.stack([net.score(logits[row], resolved[row]) for row in range(count)]).sum()
            kept = [seen.kept(layer) for layer in chosen]
            maps = [each.value for each in kept]
            gradients, reasons = _gradients(score, [each.edge for each in kept], maps)
            maps, gradients = (
                [seen.upright(*each).contiguous() for each in zip(chosen, values, strict=True)]
                for values in (maps, gradients)
            )
        finally:
            seen.clear()
        logits = logits.detach()
    return Capture(
        logits=logits,
        probabilities=widened(logits).softmax(1),
        targets=resolved,
        target_names=names,
        predictions=tuple(logits.argmax(1).tolist()),
        layers=chosen,
        maps=tuple(maps),
        gradients=tuple(gradients),
        reasons=reasons,
        available=available,
        forwards=seen.forwards,
    )


def joined(parts: Sequence[Capture]) -> Capture:
    """Put captures of the same layers and different pictures together, in their order."""
    first = parts[0]
    return dataclasses.replace(
        first,
        logits=torch.cat([part.logits for part in parts]),
        probabilities=torch.cat([part.probabilities for part in parts]),
        targets=tuple(target for part in parts for target in part.targets),
        target_names=tuple(name for part in parts for name in part.target_names),
        predictions=tuple(index for part in parts for index in part.predictions),
        maps=tuple(torch.cat([part.maps[place] for part in parts]) for place in range(len(first.maps))),
        gradients=tuple(torch.cat([part.gradients[place] for part in parts]) for place in range(len(first.maps))),
    )


def _gradients(
    score: Tensor, edges: list[GradientEdge | None], maps: list[Tensor]
) -> tuple[list[Tensor], tuple[str, ...]]:
    """Differentiate the score with respect to the maps; where that is not possible, gradients are 0."""
    reachable = list(dict.fromkeys(edge for edge in edges if edge is not None))
    found: dict[GradientEdge, Tensor | None] = {}
    if reachable and score.requires_grad:
        found = dict(zip(reachable, torch.autograd.grad(score, reachable, allow_unused=True), strict=True))
    gradients: list[Tensor] = []
    reasons: list[str] = []
    for edge, values in zip(edges, maps, strict=True):
        gradient = None if edge is None else found.get(edge)
        gradients.append(torch.zeros_like(values) if gradient is None else gradient.detach())
        if edge is None:
            reasons.append("The network computes this layer without gradients (detached, or under no_grad).")
        elif gradient is None:
            reasons.append("The class score does not depend on this layer.")
        else:
            reasons.append("")
    return gradients, tuple(reasons)


def _targets(net: Network, targets: Sequence[Any], logits: Tensor) -> tuple[tuple[Target, ...], tuple[str, ...]]:
    if len(targets) != len(logits):
        raise ValueError(f"[inv-widgets] {len(targets)} targets for {len(logits)} pictures: give one for each.")
    resolved = [net.resolve_target(one, row.detach()) for one, row in zip(targets, logits, strict=True)]
    return tuple(index for index, _ in resolved), tuple(name for _, name in resolved)


def only(output: Any, row: int, count: int) -> Any:
    """Cut one picture's part out of whatever a network returned for several."""
    if count == 1:
        return output
    if isinstance(output, Tensor):
        return output[row : row + 1] if output.ndim and output.shape[0] == count else output
    if dataclasses.is_dataclass(output) and not isinstance(output, (type, Mapping)):
        output = {field.name: getattr(output, field.name) for field in dataclasses.fields(output)}
    if isinstance(output, Mapping):
        return {key: only(value, row, count) for key, value in output.items()}
    if isinstance(output, (list, tuple)):
        return [only(value, row, count) for value in output]
    return output
