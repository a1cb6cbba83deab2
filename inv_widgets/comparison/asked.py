"""What is asked about pictures: the class of each, which may be known only from the network's own answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from inv_widgets.classifier import Classifier

__all__ = ["Asked", "Target"]

Target = int | tuple[int, ...]


class Asked:
    """The classes of N pictures.

    Parameters
    ----------
    net
        The network.
    wanted
        For each picture the class, in any form that :meth:`Classifier.resolve_target` takes; None: its most probable.

    Attributes
    ----------
    logits
        The pictures' own, N x K, detached; None until all have been seen.
    resolved
        For each its class or the indices of its group, and for each its name; None until they are known.
    """

    def __init__(self, net: Classifier, wanted: Sequence[Any]) -> None:
        self._net = net
        self._wanted = tuple(wanted)
        self._rows: dict[int, Tensor] = {}
        self.logits: Tensor | None = None
        self.resolved: tuple[tuple[Target, ...], tuple[str, ...]] | None = None
        if all(target is not None for target in wanted):
            self._resolve([None] * len(self._wanted))

    def see(self, rows: Sequence[int], logits: Tensor) -> None:
        """Take note of what the network answered to some of the pictures."""
        self._rows.update(zip(rows, logits, strict=True))
        if len(self._rows) == len(self._wanted) and self.logits is None:
            self.take(torch.stack([self._rows[row] for row in range(len(self._wanted))]))

    def take(self, logits: Tensor, resolved: tuple[tuple[Target, ...], tuple[str, ...]] | None = None) -> None:
        """Take all pictures' logits, and what was made of them elsewhere."""
        self.logits = logits
        if resolved is not None:
            self.resolved = resolved
        elif self.resolved is None:
            self._resolve(list(logits))

    def of(self, row: int) -> Target:
        """Give the class or group of a picture; where it was asked about its most probable one, once it was seen."""
        if self.resolved is not None:
            return self.resolved[0][row]
        return self._net.resolve_target(self._wanted[row], self._rows[row])[0]

    def wanted(self, rows: Sequence[int]) -> list[Any]:
        """Give what is asked about some of the pictures: as far as it is known, else as it was given."""
        targets: Sequence[Any] = self._wanted if self.resolved is None else self.resolved[0]
        return [targets[row] for row in rows]

    def _resolve(self, logits: Sequence[Tensor | None]) -> None:
        pairs = [self._net.resolve_target(one, row) for one, row in zip(self._wanted, logits, strict=True)]
        self.resolved = tuple(target for target, _ in pairs), tuple(name for _, name in pairs)
