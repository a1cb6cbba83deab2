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

from inv_widgets.analysis.memory_limits import machine_memory
from inv_widgets.analysis.passes import path_of
from inv_widgets.torch_support import eval_pass

if TYPE_CHECKING:
    from torch import Tensor

    from inv_widgets.classifier import Classifier

__all__ = ["BatchSizes"]

_MANY = 32
_TILE = 4  # on a CPU more pictures at a time than fill the tiles of all threads gain next to nothing
_BYTES_ON_CPU = 1 << 32  # of all rows; not a share of what there is, so that the rule gives the same on each machine
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
        Torch's. On a CPU a batch has one row or whole tiles for each of them: a multiple of four and of their number.
        Where that is more than 32 (nine threads: 36), one is chosen, and what is given is rounded down and not up.
    """

    def __init__(self, net: Classifier, given: int | None, threads: int) -> None:
        self._net, self._given, self._threads = net, given, threads
        self._known: dict[Any, int] = {}
        self._follows: bool | None = None
        self._bytes_a_value: float | None = None

    def of(self, inputs: Tensor) -> int:
        """Give the number of rows for inputs 1 x C x H x W like these.

        The first call must not run beside a pass of the network.

        Raises
        ------
        ValueError
            If what is given needs more memory than there is.
        """
        key = tuple(inputs.shape)
        if key not in self._known:
            self._known[key] = self._chosen(inputs) if self._given is None else self._asked(inputs, self._given)
        return self._known[key]

    def halve(self, inputs: Tensor) -> int:
        """Make batches of this shape at most half as large from now on; give their new size."""
        self._known[tuple(inputs.shape)] = rows = self._at_most(inputs, self.of(inputs) // 2)
        return rows

    def largest(self) -> int:
        """Give the largest size so far."""
        return max(self._known.values(), default=1)

    def _tile(self, inputs: Tensor) -> int:
        return math.lcm(_TILE, self._threads) if inputs.device.type == "cpu" else 1

    def _at_most(self, inputs: Tensor, rows: int) -> int:
        tile = self._tile(inputs)
        return max(1, rows // tile * tile)

    def _asked(self, inputs: Tensor, given: int) -> int:
        tile = self._tile(inputs)
        rows = given if given == 1 or tile > _MANY else given + -given % tile
        rows = self._at_most(inputs, rows)
        if rows > 1:
            self._require_room(inputs, given, rows)
        return rows

    def _require_room(self, inputs: Tensor, given: int, rows: int) -> None:
        there = _all_memory(inputs.device)
        if self._bytes_a_value is None:  # other shapes' needs are near enough in proportion
            try:
                self._bytes_a_value = _bytes(self._net, inputs) / inputs.numel()
            except Exception:  # noqa: BLE001 (networks raise anything; the pass will say so)
                self._bytes_a_value = 0.0
        need = math.ceil(self._bytes_a_value * inputs.numel())
        if there is None or rows * need <= there:
            return
        most, shape = self._at_most(inputs, there // need), " x ".join(map(str, inputs.shape[1:]))
        raise ValueError(
            f"[inv-widgets] batch_size={given} is not possible: a batch of {rows} inputs of {shape} needs about "
            f"{rows * need / 1e9:,.1f} GB, and {there / 1e9:,.1f} GB may be used here. Give at most {most}, or None."
        )

    def _chosen(self, inputs: Tensor) -> int:
        if self._follows is None:
            self._follows = _follows_the_picture(self._net)
        if self._follows:
            return 1
        need = max(1, _bytes(self._net, inputs))
        if inputs.device.type == "cpu":
            rows = self._tile(inputs)
            return rows if rows <= _MANY and rows * need <= _BYTES_ON_CPU else 1
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


def _all_memory(device: torch.device) -> int | None:
    """Say how much a batch may take at all: a GPU's memory (it halves what does not fit), else half of the machine's.

    None: nobody says.
    """
    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).total_memory)
    there = machine_memory()
    return None if there is None else there // 2
