"""A content hash of a network's weights that is cheap to ask for again."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from inv_widgets.torch_support import between_passes, version_of

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
        """Give the hash of the weights as they are now, or before another thread's pass that is under way."""
        with between_passes():  # some networks write to their buffers, which are put back afterwards
            return self._now()

    def _now(self) -> str:
        tensors = _held_by(self._module)
        sums = _quick_sums([tensor for _, tensor in tensors])
        state = [
            (name, id(tensor), tensor.data_ptr(), version_of(tensor), of_bytes)
            for (name, tensor), of_bytes in zip(tensors, sums, strict=True)
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


def _held_by(module: nn.Module) -> list[tuple[str, torch.Tensor]]:
    """List parameters and buffers under a name; torch's own lists of a deep network take milliseconds."""
    found: list[tuple[str, torch.Tensor]] = []
    seen: set[int] = set()
    todo = [("", module)]
    while todo:
        prefix, each = todo.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        for held in (each._parameters, each._buffers):  # noqa: SLF001
            found += [(prefix + name, tensor) for name, tensor in held.items() if tensor is not None]
        todo += [(f"{prefix}{name}.", below) for name, below in each._modules.items() if below is not None]  # noqa: SLF001
    return found


def _bytes(tensor: torch.Tensor) -> NDArray[np.uint8]:
    return np.asarray(_flat_bytes(tensor).cpu().numpy())


def _flat_bytes(tensor: torch.Tensor) -> torch.Tensor:
    # In logical order: channels_last changes nothing.
    return tensor.detach().as_subclass(torch.Tensor).reshape(-1).contiguous().view(torch.uint8)


_FEW = 1 << 20  # bytes that numpy sums before torch has begun


def _quick_sums(tensors: list[torch.Tensor]) -> list[int]:
    """Sum each tensor's bytes, eight at a time as numbers that wrap, where the tensor is; sums cross over together."""
    found = [0] * len(tensors)
    sums: dict[int, torch.Tensor] = {}
    with torch.inference_mode(mode=False), torch.no_grad():
        for place, tensor in enumerate(tensors):
            values = _flat_bytes(tensor)
            whole = len(values) // 8 * 8
            if values.storage_offset() % 8:
                values = values.clone()  # eight bytes at a time only where eight of them begin
            if values.is_cpu and len(values) < _FEW:
                few = values.numpy()
                found[place] = int(few[:whole].view(np.int64).sum()) + int(few[whole:].sum())
                continue
            sums[place] = values[:whole].view(torch.int64).sum() + values[whole:].sum()
        for device in {each.device for each in sums.values()}:
            there = [place for place, each in sums.items() if each.device == device]
            for place, value in zip(there, torch.stack([sums[place] for place in there]).tolist(), strict=True):
                found[place] = value
    return found
