"""How many changed pictures a method of comparison takes forward through a network at once, within bounded memory.

Not the rule of :mod:`inv_widgets.analysis.batch_sizes`: these passes give scores, without gradients of the layers and
without a t-SNE that amplifies last bits, so that a batch may have any number of rows and is never filled up. Methods
that differentiate scores with respect to the input have a bound of their own, :func:`forth_and_back`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

    from inv_widgets.analysis.paths import Path

__all__ = ["forth_and_back", "forwards"]

# Bytes of a batch's largest tensor on a CPU: for larger ones glibc asks the system each time, up to 3 times slower.
_LARGEST = 2**25
_BOUND = 2**30  # bytes of activations of one batch elsewhere
_MOST = 64  # pictures of one batch: more are no faster
_FORTH_AND_BACK = 8 * 3 * 224 * 224  # input values of one batch that goes forward and back: VGG-16 keeps 1.5 GB
_ALIVE = 4  # as many tensors as large as the largest are alive at once, about


def forwards(path: Path, inputs: Tensor) -> int:
    """Say how many inputs like these may go forward at once, where a network does with them what its path tells."""
    largest = max((torch.Size(node.shape).numel() for node in path.nodes), default=1)
    most = _LARGEST if inputs.device.type == "cpu" else _BOUND // _ALIVE
    return max(1, min(_MOST, most // max(1, largest * inputs.element_size())))


def forth_and_back(inputs: Tensor) -> int:
    """Say how many inputs like these may go forward and back at once: told by their size."""
    most = _FORTH_AND_BACK * (1 if inputs.device.type == "cpu" else 4)
    return max(1, min(_MOST, most // max(1, inputs[0].numel())))
