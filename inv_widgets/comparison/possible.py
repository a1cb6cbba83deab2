"""What a method asks of a network, checked before it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from inv_widgets.analysis.layers import place
from inv_widgets.analysis.tracing import Trace
from inv_widgets.comparison.method import NotPossibleError
from inv_widgets.torch_support import eval_pass

if TYPE_CHECKING:
    from inv_widgets.comparison.subject import Subject

__all__ = ["convolutions"]


def convolutions(subject: Subject) -> None:
    """Raise where the network has no convolutional layer whose maps can be seen."""
    network = subject.net.module
    with eval_pass(network), torch.no_grad(), Trace(network, keep=False) as trace:
        first = subject.inputs[:1].clone()
        trace.watch(first)
        network(first)
    try:
        place(trace)
    except ValueError as error:
        raise NotPossibleError(str(error)) from error
