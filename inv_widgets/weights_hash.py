"""A content hash of a network's weights that is cheap to ask for again."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from torch import nn

__all__ = ["WeightsHash"]


class WeightsHash:
    """Call it for 16 hexadecimal digits of names, shapes, types and bytes of all parameters and buffers, as they are.

    The full hash is taken again only when a tensor was exchanged or written to, or when the wrapping sum of its bytes
    differs: torch does not count what is written through ``.data``.
    """

    def __init__(self, module: nn.Module) -> None:
        self._module = module
        self._state: list[Any] | None = None
        self._hash = ""

    def __call__(self) -> str:
        """Give the hash of the weights as they are now."""
        state = [
            (name, id(tensor), tensor.data_ptr(), _version(tensor), _quick_sum(_bytes(tensor)))
            for name, tensor in self._tensors()
        ]
        if state != self._state:
            self._hash, self._state = self._full(), state
        return self._hash

    def _full(self) -> str:
        digest = hashlib.blake2b(digest_size=8)
        for name, tensor in self._tensors():
            digest.update(f"{name}|{tuple(tensor.shape)}|{tensor.dtype}|".encode())
            digest.update(_bytes(tensor).data)
        return digest.hexdigest()

    def _tensors(self) -> Iterator[tuple[str, torch.Tensor]]:
        yield from self._module.named_parameters()
        yield from self._module.named_buffers()


def _bytes(tensor: torch.Tensor) -> NDArray[np.uint8]:
    # In logical order: channels_last changes nothing.
    plain = tensor.detach().as_subclass(torch.Tensor).cpu().reshape(-1)
    return np.asarray(plain.view(torch.uint8).numpy())


def _version(tensor: torch.Tensor) -> int:
    return -1 if tensor.is_inference() else tensor._version  # noqa: SLF001


def _quick_sum(values: NDArray[np.uint8]) -> int:
    whole = len(values) // 8 * 8
    return int(values[:whole].view(np.uint64).sum()) + int(values[whole:].sum())
