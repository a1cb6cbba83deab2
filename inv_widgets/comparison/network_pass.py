"""One pass through a network: each picture's logits, and the gradients of class scores at the input."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch import Tensor

from inv_widgets.analysis.activations import only
from inv_widgets.comparison.method import NoGradientError
from inv_widgets.torch_support import eval_pass, output_of
from inv_widgets.validation import all_finite

if TYPE_CHECKING:
    from collections.abc import Callable

    from inv_widgets.classifier import Classifier
    from inv_widgets.comparison.asked import Target

__all__ = ["Watch", "at_input", "logits_of_each"]


class Watch(Protocol):
    """A context around forward passes."""

    def __enter__(self) -> Any: ...

    def __exit__(self, kind: Any, error: Any, trace: Any, /) -> Any: ...  # noqa: PYI036 (torch's modes take any)

    def watch(self, inputs: Tensor) -> None:
        """Take note of what is about to go through the network."""


def at_input(
    net: Classifier, inputs: Tensor, targets: Callable[[Tensor], list[Target]], watch: Watch | None = None
) -> tuple[Tensor, Tensor]:
    """Differentiate class scores with respect to inputs that go through the network at once.

    Parameters
    ----------
    net
        The network.
    inputs
        M x C x H x W.
    targets
        Says which class of each is meant, when their logits, M x K, are known.
    watch
        A context around the forward pass; it is told its inputs.

    Returns
    -------
    scores, gradients
        Shapes (M,) and M x C x H x W, detached.

    Raises
    ------
    NoGradientError
        If no gradient comes to the input.
    """
    with eval_pass(net.module):
        leaf = inputs.detach().clone().requires_grad_()
        with watch or nullcontext():
            start = leaf.clone()
            if watch is not None:
                watch.watch(start)
            logits = logits_of_each(net, output_of(net.module, start), len(leaf))
            each = zip(logits, targets(logits), strict=True)
            scores = torch.stack([net.score(row, target) for row, target in each])
        gradients = _gradient(scores.sum(), leaf) if scores.requires_grad else None
    if gradients is None:
        raise NoGradientError("[inv-widgets] no gradient comes to the input: the network detaches it on its way.")
    return scores.detach(), gradients.detach()


def _gradient(score: Tensor, leaf: Tensor) -> Tensor | None:
    try:
        return torch.autograd.grad(score, leaf, allow_unused=True)[0]
    except RuntimeError as error:
        if "checkpoint" not in str(error):
            raise
        raise NoGradientError(
            "[inv-widgets] it runs parts of itself again on the way back (torch.utils.checkpoint) in a way that allows "
            "no gradient at its input: turn gradient checkpointing off, or give it use_reentrant=False."
        ) from error


def logits_of_each(net: Classifier, output: Any, count: int) -> Tensor:
    """Find each picture's logits in what a network returned for `count`; M x K."""
    first = net.logits_of(only(output, 0, count))
    if count == 1:
        return first
    plain = isinstance(output, Tensor) and output.shape == (count, first.shape[1])
    if plain and all_finite(output):
        assert isinstance(output, Tensor)
        return output
    return torch.cat([first, *(net.logits_of(only(output, row, count)) for row in range(1, count))])
