"""How many pictures go through the network at a time.

A batch runs with the same number of rows always, filled up where pictures are missing: the last bits of a row's results
depend on how many rows there are (and no t-SNE forgives that), but not on what the other rows are. Nor do they depend
on a row's place, if the rows fill whole tiles of the matrix products: on a CPU with two threads, the last rows of 5, 6,
7 and 10 get other logits than the first, those of 4, 8 and 12 do not.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from inv_widgets.analysis.passes import path_of
from inv_widgets.torch_support import eval_pass

if TYPE_CHECKING:
    from torch import Tensor

    from inv_widgets.classifier import Classifier

__all__ = ["BatchSizes"]

_FEW = 4  # on a CPU more pictures at a time gain next to nothing
_MANY = 32
_TILE = 4
_BYTES_A_ROW_ON_CPU = 1 << 29
_BYTES_ELSEWHERE = 1 << 31  # on devices that do not say what they have
_SHARE_OF_DEVICE = 8  # one part in so many of a GPU's memory
_COPIES = 2  # of each activation; VGG-16 and EfficientNet-Lite0 were measured to need 1.1


class BatchSizes:
    """Says how many rows a batch has, for each shape of input.

    Parameters
    ----------
    net
        The network.
    given
        What the user asked for; None: chosen by a rule that looks at nothing but the network, the input's shape, the
        device and torch's number of threads. A network whose input is as large as the picture gets one at a time: no
        two pictures need be of one size.
    threads
        Torch's.
    """

    def __init__(self, net: Classifier, given: int | None, threads: int) -> None:
        self._net, self._given, self._threads = net, given, threads
        self._known: dict[Any, int] = {}
        self._follows: bool | None = None

    def of(self, inputs: Tensor) -> int:
        """Give the number of rows for inputs 1 x C x H x W like these."""
        key = tuple(inputs.shape)
        if key not in self._known:
            self._known[key] = self._even(inputs, self._chosen(inputs) if self._given is None else self._given)
        return self._known[key]

    def halve(self, inputs: Tensor) -> int:
        """Make batches of this shape smaller from now on; give their new size."""
        self._known[tuple(inputs.shape)] = rows = max(1, self.of(inputs) // 2)
        return rows

    def largest(self) -> int:
        """Give the largest size so far."""
        return max(self._known.values(), default=1)

    def _even(self, inputs: Tensor, rows: int) -> int:
        if rows == 1 or inputs.device.type != "cpu":
            return rows
        whole = math.lcm(_TILE, self._threads)
        return -(-rows // whole) * whole

    def _chosen(self, inputs: Tensor) -> int:
        if self._follows is None:
            self._follows = _follows_the_picture(self._net)
        if self._follows:
            return 1
        need = max(1, _bytes(self._net, inputs))
        if inputs.device.type == "cpu":  # machines with more cores have more memory
            return max(_FEW, self._threads) if need <= _BYTES_A_ROW_ON_CPU else 1
        fitting = _memory(inputs.device) // need
        return max(1, min(_MANY, 1 << max(0, fitting.bit_length() - 1)))


def _follows_the_picture(net: Classifier) -> bool:
    """Whether pictures of several sizes become inputs of several sizes, or cannot be made inputs at all."""
    greys = [np.full((height, width, 3), 128, np.uint8) for height, width in ((224, 256), (256, 224), (300, 300))]
    try:
        return len({tuple(net.preprocess(grey).shape) for grey in greys}) > 1
    except Exception:  # noqa: BLE001 (transforms raise anything)
        return True


def _bytes(net: Classifier, inputs: Tensor) -> int:
    """Estimate what one row needs: all results of the network's functions, forward and backward."""
    with eval_pass(net.module), torch.no_grad():
        path, _ = path_of(net.module, inputs.clone())
    return sum(math.prod(node.shape) for node in path.nodes) * inputs.element_size() * _COPIES


def _memory(device: torch.device) -> int:
    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).total_memory) // _SHARE_OF_DEVICE
    return _BYTES_ELSEWHERE
