"""Saliency maps beside the network's inputs that they explain, in groups that go through the network together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from inv_widgets.comparison.metrics.at_input import at_input
from inv_widgets.comparison.metrics.inputs import read_maps, window_mask
from inv_widgets.comparison.subject import Subject
from inv_widgets.pictures import load_picture

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from inv_widgets.classifier import Classifier
    from inv_widgets.comparison.metrics.at_input import AtInput
    from inv_widgets.comparison.metrics.inputs import Given
    from inv_widgets.pictures import Picture

__all__ = ["UNSEEN", "Case", "Shown", "read_shown"]

UNSEEN = "the map says nothing of what the network sees"

_AT_ONCE = 16  # pictures


@dataclass(frozen=True, eq=False)
class Case:
    """One saliency map and the input that it explains.

    Attributes
    ----------
    number
        Its place among the maps.
    subject, row
        The pictures that go through the network together, and which of them is this map's.
    map
        The map at the input's size.
    """

    number: int
    subject: Subject
    row: int
    map: AtInput

    @property
    def input(self) -> Tensor:
        """The network's input, C x h x w."""
        return self.subject.inputs[self.row]

    def scores(self, logits: Tensor) -> NDArray[np.float64]:
        """Give the class score before the softmax (a group's is the logsumexp): logits M x K to (M,)."""
        found: NDArray[np.float64] = self.subject.score_of(logits.cpu().double(), self.row).numpy()
        return found

    def probabilities(self, logits: Tensor) -> NDArray[np.float64]:
        """Give the softmax probability of the case's class (a group's is the sum): logits M x K to (M,)."""
        found: NDArray[np.float64] = self.subject.probability_of(logits.cpu().double(), self.row).numpy()
        return found

    def on(self, array: NDArray[Any]) -> Tensor:
        """Bring an array to the input's device."""
        return torch.from_numpy(array).to(self.input.device)


@dataclass(frozen=True, eq=False)
class Shown:
    """Pictures with their maps, checked.

    Attributes
    ----------
    net
        The network.
    pictures
        One a map, or one for all maps.
    given
        The maps, valid in the network's window.
    targets
        One a picture.
    batch_size
        See :class:`~inv_widgets.comparison.subject.Subject`.
    known
        What the network said already, for metrics that follow from the same passes.
    """

    net: Classifier
    pictures: tuple[Picture, ...]
    given: Given
    targets: tuple[Any, ...]
    batch_size: int | None = None
    known: dict[Any, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.given)

    def groups(self) -> Iterator[list[Case]]:
        """Give the cases, up to 16 at a time whose inputs have one shape."""
        if len(self.pictures) == 1:
            subject = Subject(self.net, self.pictures, self.targets, batch_size=self.batch_size)
            for start in range(0, len(self), _AT_ONCE):
                yield [self._case(number, subject, 0) for number in range(start, min(start + _AT_ONCE, len(self)))]
            return
        waiting: list[tuple[int, Tensor]] = []
        for number, picture in enumerate(self.pictures):
            tensor = self.net.preprocess(picture)
            if waiting and (len(waiting) == _AT_ONCE or waiting[0][1].shape != tensor.shape):
                yield self._group(waiting)
                waiting = []
            waiting.append((number, tensor))
        yield self._group(waiting)

    def __iter__(self) -> Iterator[Case]:
        for group in self.groups():
            yield from group

    def _group(self, waiting: list[tuple[int, Tensor]]) -> list[Case]:
        numbers = [number for number, _ in waiting]
        subject = Subject(
            self.net,
            [self.pictures[number] for number in numbers],
            [self.targets[number] for number in numbers],
            batch_size=self.batch_size,
            inputs=torch.cat([tensor for _, tensor in waiting]),
        )
        return [self._case(number, subject, row) for row, number in enumerate(numbers)]

    def _case(self, number: int, subject: Subject, row: int) -> Case:
        picture = subject.pictures[row]
        size = int(subject.inputs.shape[2]), int(subject.inputs.shape[3])
        window = self.net.window(picture.height, picture.width)
        return Case(number, subject, row, at_input(self.given.maps[number], self.given.valid[number], window, size))


def read_shown(  # noqa: PLR0913 (all that is asked about)
    net: Classifier,
    pictures: Any,
    maps: Any,
    *,
    target: Any = None,
    targets: Any = None,
    batch_size: int | None = None,
) -> Shown:
    """Check pictures and their maps.

    Parameters
    ----------
    net
        The network.
    pictures
        One picture for all maps, or a list with one a map.
    maps
        As :func:`~inv_widgets.comparison.metrics.inputs.read_maps` takes them, at the pictures' sizes. NaN is allowed
        outside the network's window.
    target, targets
        One class or group for all pictures, or a list with one a picture; None: the network's first choice.
    batch_size
        How many changed pictures go through the network at once; None: as many as is fast, in less than 1 GB.

    Raises
    ------
    TypeError, ValueError
        For maps of another size or number than the pictures.
    """
    several = isinstance(pictures, (list, tuple)) or getattr(pictures, "ndim", 0) == 4
    loaded = tuple(load_picture(each) for each in (pictures if several else [pictures]))
    if not loaded:
        raise ValueError("[inv-widgets] There are no pictures: give one, or a list with one a saliency map.")
    sizes = [(picture.height, picture.width) for picture in loaded]
    given = read_maps(maps, [window_mask(net.window(*size), size) for size in sizes], name="pictures")
    if targets is None:
        wanted = (target,) * len(loaded)
    elif target is not None:
        raise ValueError("[inv-widgets] Give target (one for all pictures) or targets (one each), not both.")
    elif isinstance(targets, (str, bytes)) or len(targets) != len(loaded):
        raise ValueError(
            f"[inv-widgets] targets={targets!r} does not fit {len(loaded)} pictures: give a list, one each."
        )
    else:
        wanted = tuple(targets)
    return Shown(net, loaded, given, wanted, batch_size)
