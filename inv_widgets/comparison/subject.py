"""What a method is given: pictures as the network sees them, its scores and gradients, and the count of its passes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from inv_widgets.analysis.activations import capture, joined
from inv_widgets.analysis.layers import place
from inv_widgets.analysis.passes import edited, path_of, watched
from inv_widgets.analysis.selection import select
from inv_widgets.comparison import forward_batches
from inv_widgets.comparison.asked import Asked
from inv_widgets.comparison.choice import the_one
from inv_widgets.comparison.network_pass import at_input, logits_of_each
from inv_widgets.comparison.parameters import check_int
from inv_widgets.torch_support import eval_pass, output_of, widened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inv_widgets.analysis.activations import Capture
    from inv_widgets.analysis.layers import Layer
    from inv_widgets.analysis.paths import Path
    from inv_widgets.classifier import Classifier
    from inv_widgets.comparison.asked import Target
    from inv_widgets.comparison.network_pass import Watch
    from inv_widgets.pictures import Picture

__all__ = ["Subject"]


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
        How many changed pictures go through the network at once; None: as many as is fast, in less than 1 GB.
    inputs
        The preprocessed pictures, N x C x H x W, where they are known.

    Attributes
    ----------
    inputs
        N x C x H x W, on the network's device and in its dtype, without gradients.
    forwards, backwards
        How many pictures went through the network so far, and how many back.
    notes
        What methods say of their results, by name: how far an interrupted run came.
    notes_of
        The same for each picture by itself: the gap of a completeness axiom.
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
        if batch_size is not None:
            check_int("batch_size", batch_size)
        self.net = net
        self.pictures = tuple(pictures)
        self.inputs = torch.cat([net.preprocess(picture) for picture in pictures]) if inputs is None else inputs
        self.forwards = self.backwards = 0
        self.notes: dict[str, Any] = {}
        self.notes_of: list[dict[str, Any]] = [{} for _ in self.pictures]
        self._asked = Asked(net, targets)
        self._batch_size = self._given_batch = batch_size
        self._path: Path | None = None

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
        if self._asked.logits is None:
            self._asked.take(self.logits(self.inputs))
        assert self._asked.logits is not None
        return self._asked.logits

    @property
    def batch_size(self) -> int:
        """How many changed pictures may go through the network at once; needs :attr:`path`."""
        if self._batch_size is None:
            self._batch_size = forward_batches.forwards(self.path, self.inputs)
        return self._batch_size

    def layers(self, spec: Any) -> list[Layer]:
        """Choose layers, as :func:`inv_widgets.analysis.selection.select` does; needs :attr:`path`."""
        return select([layer for layer, _ in place(self.path)], spec)

    def tap(self, layer: Layer) -> int:
        """Give the node of :attr:`path` whose output a layer's maps are."""
        return place(self.path)[layer.depth][1]

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
        tap = None if layer is None else self.tap(layer)
        found = []
        with eval_pass(self.net.module), torch.no_grad():
            for start in range(0, len(inputs), size):
                batch = inputs[start : start + size]
                if tap is None or maps is None:
                    output = output_of(self.net.module, batch.clone())  # it may overwrite its input
                else:
                    output = self._edited(batch, tap, maps[start : start + size])
                found.append(logits_of_each(self.net, output, len(batch)))
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
        return torch.logsumexp(widened(logits[:, list(target)]), dim=1)

    def probabilities(self, inputs: Tensor, row: int) -> Tensor:
        """Give the softmax probability of picture `row`'s target (a group's is the sum) for M inputs; shape (M,)."""
        return self.probability_of(self.logits(inputs), row)

    def probability_of(self, logits: Tensor, row: int) -> Tensor:
        """Give the softmax probability of picture `row`'s target; M x K to (M,), float32 or float64."""
        target = self.targets[row]
        members = list(target) if isinstance(target, tuple) else [target]
        return widened(logits).softmax(1)[:, members].sum(1)

    def parts(self) -> list[list[int]]:
        """Split the rows of the pictures into parts that may go forward and back through the network at once."""
        size, rows = self.gradient_batch, list(range(len(self)))
        return [rows[start : start + size] for start in range(0, len(rows), size)]

    @property
    def gradient_batch(self) -> int:
        """How many inputs may go forward and back at once: `batch_size` if it was given, else told by their size."""
        return forward_batches.forth_and_back(self.inputs) if self._given_batch is None else self._given_batch

    def gradients(
        self, inputs: Tensor | None = None, rows: Sequence[int] | None = None, watch: Watch | None = None
    ) -> tuple[Tensor, Tensor]:
        """Give class scores and their gradients at the input: one forward and one backward pass each, counted.

        As :func:`.network_pass.at_input` does.

        Parameters
        ----------
        inputs
            M x C x H x W, which go through the network at once; None: the pictures' own, in parts.
        rows
            For each of `inputs` the picture whose target is meant; None: picture i for input i.
        """
        if inputs is not None:
            return self._differentiated(inputs, range(len(inputs)) if rows is None else rows, watch, own=False)
        found = [self._differentiated(self._of(part), part, watch, own=True) for part in self.parts()]
        return torch.cat([scores for scores, _ in found]), torch.cat([gradients for _, gradients in found])

    def _differentiated(
        self, inputs: Tensor, rows: Sequence[int], watch: Watch | None, *, own: bool
    ) -> tuple[Tensor, Tensor]:
        if not own:
            _ = self.targets

        def asked(logits: Tensor) -> list[Target]:
            if own:
                self._asked.see(rows, logits.detach())
            return [self._asked.of(row) for row in rows]

        found = at_input(self.net, inputs, asked, watch)
        self.forwards += len(inputs)
        self.backwards += len(inputs)
        return found

    def capture(self, layers: Any, *, one_by_one: bool = False) -> Capture:
        """Capture the pictures' maps and gradients at chosen layers: one forward and one backward pass.

        The pictures go through the network in parts, or one by one: then the last bits are those of each alone.
        """
        found = []
        for rows in [[row] for row in range(len(self))] if one_by_one else self.parts():
            part = capture(self.net, self._of(rows), layers=layers, targets=self._asked.wanted(rows))
            self.forwards += part.forwards * len(rows)
            self.backwards += len(rows)
            found.append(part)
        captured = found[0] if len(found) == 1 else joined(found)
        self._asked.take(captured.logits, (captured.targets, captured.target_names))
        return captured

    def maps(self, layer: Any) -> Tensor:
        """Give the pictures' maps at one layer, N x C x h x w: one forward pass without gradients, in parts.

        Raises
        ------
        KeyError, TypeError, ValueError
            For an unknown layer, and for more than one.
        """
        found = []
        for rows in self.parts():
            with eval_pass(self.net.module), torch.no_grad():
                seen = watched(self.net.module, self._of(rows).clone, layer)
                self.forwards += seen.forwards * len(rows)
                try:
                    self._asked.see(rows, logits_of_each(self.net, seen.output, len(rows)))
                    chosen = the_one(select(seen.layers, layer), layer)
                    found.append(seen.upright(chosen, seen.kept(chosen).value).contiguous())
                finally:
                    seen.clear()
        return torch.cat(found)

    def _known(self) -> tuple[tuple[Target, ...], tuple[str, ...]]:
        if self._asked.resolved is None:
            _ = self.own_logits
        assert self._asked.resolved is not None
        return self._asked.resolved

    def _of(self, rows: Sequence[int]) -> Tensor:
        """Give the inputs of some pictures, which are not to be overwritten; those of all without a copy."""
        return self.inputs if len(rows) == len(self) else self.inputs[rows]

    def _edited(self, batch: Tensor, tap: int, maps: Tensor) -> Any:
        output = edited(self.net.module, batch.clone, tap, maps)
        if output is None:
            raise RuntimeError(
                f"[inv-widgets] {self.net.name} took another way than before through its layers: what it computes "
                "depends on the picture, and its maps cannot be replaced."
            )
        return output

    @property
    def path(self) -> Path:
        """What the network does, as it was seen with an input of this shape before; else one forward pass."""
        if self._path is None:
            with eval_pass(self.net.module), torch.no_grad():
                self._path, output = path_of(self.net.module, self.inputs[:1].clone())
                if output is not None:
                    self.forwards += 1
                    self._asked.see([0], logits_of_each(self.net, output, 1).detach())
        return self._path
