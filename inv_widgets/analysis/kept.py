"""Maps that are kept as they were when the network made them, whatever overwrites them afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.autograd.graph import GradientEdge, get_gradient_edge

from inv_widgets.torch_support import version_of

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Kept"]


@dataclass(slots=True)
class Kept:
    """Maps as they were when they were made, and where in the autograd graph their gradients are.

    Attributes
    ----------
    value
        The maps, detached: by reference until :meth:`save` copies them.
    version
        That of their storage when they were read.
    edge
        Where their gradient is; None where they have none (yet).
    """

    value: Tensor
    version: int
    edge: GradientEdge | None

    @classmethod
    def of(cls, tensor: Tensor) -> Kept:
        """Keep what the network has just made."""
        value = tensor.detach()
        if value.is_inference():  # its storage has no version by which to tell that it is intact
            value = _copied(value)
        return cls(value, version_of(value), get_gradient_edge(tensor) if tensor.requires_grad else None)

    @property
    def intact(self) -> bool:
        """Whether nothing has overwritten them unseen."""
        return version_of(self.value) == self.version

    @property
    def storage(self) -> int:
        """Where their values lie."""
        return self.value.untyped_storage().data_ptr()

    def save(self) -> None:
        """Copy the values: something is about to overwrite them."""
        self.value = _copied(self.value)
        self.version = version_of(self.value)

    def connect(self, tensor: Tensor) -> None:
        """Note where the gradient is, if it came only on leaving a custom autograd function."""
        if self.edge is None and tensor.requires_grad:
            self.edge = get_gradient_edge(tensor)


def _copied(values: Tensor) -> Tensor:
    with torch.inference_mode(mode=False):
        return values.clone()
