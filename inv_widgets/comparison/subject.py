"""What a method is given: pictures as the network sees them, its scores and gradients, and the count of its passes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from inv_widgets.analysis.activations import capture, only
from inv_widgets.analysis.layers import place
from inv_widgets.analysis.selection import select
from inv_widgets.analysis.tracing import Trace
from inv_widgets.torch_support import eval_pass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inv_widgets.analysis.activations import Capture
    from inv_widgets.analysis.layers import Layer
    from inv_widgets.classifier import Classifier
    from inv_widgets.pictures import Picture

__all__ = ["Subject"]

Target = int | tuple[int, ...]

_BOUND = 2**30  # bytes of activations of one batch
_MOST = 64  # pictures of one batch: more are no faster
_ALIVE = 4  # as many tensors as large as the largest are alive at once, about


class Subject:
    """One or more pictures of one network, whose inputs have one shape; what every method gets.

    All passes of a method go through here: they run in eval mode, leave the network as it was found, and are counted.

    Parameters
    ----------
    net
        The network.
    pictures
        N pictures, as :func:`inv_widgets.pictures.load_picture` returns them.
    targets
        For each the class that is explained, in any form that :meth:`Classifier.resolve_target` takes.
    batch_size
        How many changed pictures go through the network at once; None: what 1 GB of activations allows, at most 64.
    inputs
        The preprocessed pictures, N x C x H x W, where they are known.

    Attributes
    ----------
    inputs
        N x C x H x W, on the network's device and in its dtype, without gradients.
    forwards, backwards
        How many pictures went through the network so far, and how many back.
    notes
        What methods say of their results, by name: the gap of a completeness axiom, how far an interrupted run came.
    """

    def __init__(
        self,
        net: Classifier,
        pictures: Sequence[Picture],
        targets: Sequence[Any],
        *,
        batch_size: int | None = None,
        inputs: Tensor | None = None,
    ) -> None:
        self.net = net
        self.pictures = tuple(pictures)
        self.inputs = torch.cat([net.preprocess(picture) for picture in pictures]) if inputs is None else inputs
        self.forwards = self.backwards = 0
        self.notes: dict[str, Any] = {}
        self._wanted = tuple(targets)
        self._resolved: tuple[tuple[Target, ...], tuple[str, ...]] | None = None
        self._batch_size = batch_size
        self._logits: Tensor | None = None
        self._seen: Trace | None = None
        if all(target is not None for target in targets):
            self._resolve(None)

    def __len__(self) -> int:
        return len(self.pictures)

    @property
    def targets(self) -> tuple[Target, ...]:
        """For each picture its class, or the indices of its group; one forward pass where that is not known yet."""
        return self._known()[0]

    @property
    def target_names(self) -> tuple[str, ...]:
        """For each picture the name of its class or group."""
        return self._known()[1]

    @property
    def own_logits(self) -> Tensor:
        """The pictures' own logits, N x K, detached; one forward pass where no pass has been made yet."""
        if self._logits is None:
            self._logits = self.logits(self.inputs)
            self._resolve(self._logits)
        return self._logits

    @property
    def batch_size(self) -> int:
        """How many changed pictures may go through the network at once; measured with a forward pass the first time."""
        if self._batch_size is None:
            self._measure()
        assert self._batch_size is not None
        return self._batch_size

    def layers(self, spec: Any) -> list[Layer]:
        """Choose layers, as :func:`inv_widgets.analysis.selection.select` does; one forward pass the first time."""
        return select([layer for layer, _ in self._placed()], spec)

    def logits(self, inputs: Tensor, *, layer: Layer | None = None, maps: Tensor | None = None) -> Tensor:
        """Run the network on M inputs, in batches and without gradients.

        Parameters
        ----------
        inputs
            M x C x H x W, of the pictures' own shape.
        layer, maps
            A layer, and the M x C x h x w that take the place of its maps; see :mod:`.intervention`.

        Returns
        -------
        torch.Tensor
            M x K.
        """
        if not len(inputs):
            return self.own_logits[:0]
        size = self.batch_size if len(inputs) > 1 else 1
        tap = None if layer is None else self._placed()[layer.depth][1]
        found = []
        with eval_pass(self.net.module), torch.no_grad():
            for start in range(0, len(inputs), size):
                # A copy: the network may overwrite its input.
                batch = inputs[start : start + size].clone()
                if tap is None or maps is None:
                    output = self.net.module(batch)
                else:
                    output = self._edited(batch, tap, maps[start : start + size])
                found.append(self._rows(output, len(batch)))
                self.forwards += len(batch)
        return torch.cat(found)

    def scores(self, inputs: Tensor, row: int) -> Tensor:
        """Give the class scores (before the softmax) of M inputs for the target of picture `row`; shape (M,)."""
        return self.score_of(self.logits(inputs), row)

    def score_of(self, logits: Tensor, row: int) -> Tensor:
        """Give the class score of picture `row`'s target, as :meth:`Classifier.score` does; M x K to (M,)."""
        target = self.targets[row]
        if isinstance(target, int):
            return logits[:, target]
        members = logits[:, list(target)]
        return torch.logsumexp(members.float() if members.dtype.itemsize < 4 else members, dim=1)

    def probabilities(self, inputs: Tensor, row: int) -> Tensor:
        """Give the softmax probability of picture `row`'s target (a group's is the sum) for M inputs; shape (M,)."""
        return self.probability_of(self.logits(inputs), row)

    def probability_of(self, logits: Tensor, row: int) -> Tensor:
        """Give the softmax probability of picture `row`'s target; M x K to (M,), float32 or float64."""
        target = self.targets[row]
        members = list(target) if isinstance(target, tuple) else [target]
        wide = logits if logits.dtype == torch.float64 else logits.float()
        return wide.softmax(1)[:, members].sum(1)

    def gradients(self, inputs: Tensor | None = None, rows: Sequence[int] | None = None) -> tuple[Tensor, Tensor]:
        """Differentiate class scores with respect to the input: one forward and one backward pass each.

        Parameters
        ----------
        inputs
            M x C x H x W; None: the pictures' own. They go through the network at once.
        rows
            For each the picture whose target is meant; None: picture i for input i.

        Returns
        -------
        scores, gradients
            Shapes (M,) and M x C x H x W, detached.
        """
        inputs = self.inputs if inputs is None else inputs
        with eval_pass(self.net.module):
            leaf = inputs.detach().clone().requires_grad_()
            logits = self._rows(self.net.module(leaf.clone()), len(leaf))
            if rows is None and inputs is self.inputs:
                self._logits = logits.detach()
                self._resolve(self._logits)
            targets = self.targets if rows is None else [self.targets[row] for row in rows]
            scores = torch.stack([self.net.score(each, target) for each, target in zip(logits, targets, strict=True)])
            (gradients,) = torch.autograd.grad(scores.sum(), leaf)
        self.forwards += len(leaf)
        self.backwards += len(leaf)
        return scores.detach(), gradients.detach()

    def capture(self, layers: Any) -> Capture:
        """Capture the pictures' maps and gradients at chosen layers: one forward and one backward pass."""
        wanted = self._wanted if self._resolved is None else self.targets
        captured = capture(self.net, self.inputs, layers=layers, targets=wanted)
        self.forwards += len(self)
        self.backwards += len(self)
        self._logits = captured.logits
        self._resolved = captured.targets, captured.target_names
        return captured

    def _known(self) -> tuple[tuple[Target, ...], tuple[str, ...]]:
        if self._resolved is None:
            _ = self.own_logits
        assert self._resolved is not None
        return self._resolved

    def _resolve(self, logits: Tensor | None) -> None:
        if self._resolved is None:
            rows = [None] * len(self) if logits is None else list(logits)
            pairs = [self.net.resolve_target(one, row) for one, row in zip(self._wanted, rows, strict=True)]
            self._resolved = tuple(target for target, _ in pairs), tuple(name for _, name in pairs)

    def _rows(self, output: Any, count: int) -> Tensor:
        """Find each picture's logits; M x K."""
        first = self.net.logits_of(only(output, 0, count))
        plain = isinstance(output, Tensor) and output.shape == (count, first.shape[1])
        if plain and bool(torch.isfinite(output.detach()).all()):
            assert isinstance(output, Tensor)
            return output
        return torch.cat([first, *(self.net.logits_of(only(output, row, count)) for row in range(1, count))])

    def _edited(self, batch: Tensor, tap: int, maps: Tensor) -> Any:
        with Trace(self.net.module, keep=False, edit=(tap, maps)) as trace:
            trace.watch(batch)
            output = self.net.module(batch)
        if not trace.edited:
            raise RuntimeError(
                f"[inv-widgets] {self.net.name} took another way than before through its layers: what it computes "
                "depends on the picture, and its maps cannot be replaced."
            )
        return output

    def _placed(self) -> list[tuple[Layer, int]]:
        """Give all layers, each with the node of a trace whose output its maps are."""
        return place(self._trace())

    def _trace(self) -> Trace:
        """Watch one pass of the first picture, once."""
        if self._seen is None:
            with eval_pass(self.net.module), torch.no_grad(), Trace(self.net.module, keep=False) as trace:
                first = self.inputs[:1].clone()
                trace.watch(first)
                logits = self._rows(self.net.module(first), 1)
            self._seen = trace
            self.forwards += 1
            if len(self) == 1 and self._logits is None:
                self._logits = logits
                self._resolve(logits)
        return self._seen

    def _measure(self) -> None:
        largest = max((torch.Size(node.shape).numel() for node in self._trace().nodes), default=1)
        self._batch_size = max(1, min(_MOST, _BOUND // max(1, largest * _ALIVE * self.inputs.element_size())))
