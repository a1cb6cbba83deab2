"""What TCAV reads of a run and a network: regions, gradients of a class's pictures, features of masked pictures."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch
from tqdm.auto import tqdm

from inv_widgets.analysis.activations import capture
from inv_widgets.comparison.regions import regions_of
from inv_widgets.game.masked_pictures import GREY

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from inv_widgets.analysis.layers import Layer
    from inv_widgets.classifier import Classifier
    from inv_widgets.comparison.counterparts import Masked
    from inv_widgets.comparison.regions import Region
    from inv_widgets.run import Run

__all__ = ["Inputs", "Material", "features_of", "read"]

_AT_ONCE = 16  # pictures
_KEPT = 2**28  # bytes of inputs


class Inputs:
    """The network's inputs for the pictures of a run; the last 256 MB are kept."""

    def __init__(self, net: Classifier, run: Run) -> None:
        self._net, self._run = net, run
        self._kept: OrderedDict[int, tuple[Tensor, Tensor]] = OrderedDict()
        self._greys: dict[tuple[int, int], Tensor] = {}
        self._bytes = 0

    def __getitem__(self, place: int) -> tuple[Tensor, Tensor]:
        """Give the inputs (1 x C x H x W) of a picture, and of a grey one of its size."""
        if place in self._kept:
            self._kept.move_to_end(place)
            return self._kept[place]
        picture = self._run[place].picture
        size = picture.shape[0], picture.shape[1]
        if size not in self._greys:
            self._greys[size] = self._net.preprocess(np.full(picture.shape, GREY, np.uint8))
        inputs = self._net.preprocess(picture)
        self._kept[place] = inputs, self._greys[size]
        self._bytes += inputs.nbytes
        while self._bytes > _KEPT and len(self._kept) > 1:
            _, (oldest, _) = self._kept.popitem(last=False)
            self._bytes -= oldest.nbytes
        return inputs, self._greys[size]


@dataclass(frozen=True, eq=False)
class Material:
    """What a run gives for TCAV.

    Attributes
    ----------
    layers
        The chosen layers, from shallow to deep.
    regions
        Of all explanations; a picture that stands there twice for one class counts once.
    gradients
        By class: of each of its pictures and for each layer, shape (pictures, layers) of arrays (C,): the gradient of
        the class score by a shift of a channel everywhere.
    reasons
        By class: for each layer why its gradient is zero everywhere, or "".
    """

    layers: tuple[Layer, ...] = ()
    regions: list[Region] = field(default_factory=list)
    gradients: dict[str, list[list[NDArray[np.float64]]]] = field(default_factory=lambda: defaultdict(list))
    reasons: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def of_class(self, target_name: str, layer: int) -> NDArray[np.float64]:
        """Give a class's gradients at a layer: shape (pictures, C)."""
        return np.array([each[layer] for each in self.gradients[target_name]])


def read(  # noqa: PLR0913, PLR0917 (all that is asked about)
    net: Classifier,
    run: Run,
    inputs: Inputs,
    layers: Sequence[Layer],
    targets: Collection[str],
    wanted: Collection[str],
    share: float | None,
) -> Material:
    """Read a run once.

    Parameters
    ----------
    net, run, inputs
        The network, the labelled run, and its inputs.
    layers
        Where gradients are taken.
    targets
        The classes whose regions are taken.
    wanted
        The classes whose gradients are taken.
    share
        See :func:`inv_widgets.comparison.regions.regions_of`.

    Raises
    ------
    ValueError
        If the run explains another network.
    """
    material = Material(tuple(layers))
    keys = run.keys
    # By name: which of two equal pictures counts must not depend on their order.
    places = sorted(
        (place for place, (_, name) in enumerate(keys) if name in targets),
        key=lambda place: (keys[place][1], keys[place][0], place),
    )
    seen = set()
    network_hash = net.hash
    for place in tqdm(places, desc="TCAV: pictures", unit="picture", delay=2, leave=False):
        explanation = run[place]
        if explanation.network_hash != network_hash:
            raise ValueError(
                f"[inv-widgets] {explanation.name!r} was explained with {explanation.network!r}, whose weights are not "
                f"those of this network, {net.name!r}: give tcav the network that was explained, or explain it anew."
            )
        if (explanation.target_name, explanation.picture_hash) in seen:
            continue
        seen.add((explanation.target_name, explanation.picture_hash))
        tensor, _ = inputs[place]
        height, width = tensor.shape[2:]
        material.regions.extend(regions_of(explanation, place, (height, width), share))
        if explanation.target_name in wanted:
            target = explanation.target
            captured = capture(net, tensor, list(target) if isinstance(target, tuple) else target, layers)
            # A vector is a shift of channels everywhere: the slope along it sums over space.
            found = [gradient[0].double().sum((1, 2)).cpu().numpy() for gradient in captured.gradients]
            material.gradients[explanation.target_name].append(found)
            material.reasons[explanation.target_name] = captured.reasons
    return material


def features_of(
    net: Classifier, inputs: Inputs, masked: Sequence[Masked], layers: Sequence[Layer]
) -> list[NDArray[np.float64]]:
    """Show the network masked pictures: what each channel gives on average over space.

    Means, not whole maps: a vector over places would learn where regions lie.

    Returns
    -------
    list of ndarray
        For each layer, shape (len(masked), C).
    """
    shapes = [inputs[each.place][0].shape for each in masked]
    # Pictures of one size go together.
    order = sorted(range(len(masked)), key=lambda number: (tuple(shapes[number]), masked[number].place, number))
    found: list[list[NDArray[np.float64]]] = [[] for _ in masked]
    start = 0
    while start < len(order):
        batch = [number for number in order[start : start + _AT_ONCE] if shapes[number] == shapes[order[start]]]
        captured = capture(net, torch.cat([_shown(inputs, masked[number]) for number in batch]), 0, layers)
        means = [maps.double().mean((2, 3)).cpu().numpy() for maps in captured.maps]
        for row, number in enumerate(batch):
            found[number] = [values[row] for values in means]
        start += len(batch)
    return [np.array([each[layer] for each in found]) for layer in range(len(layers))]


def _shown(inputs: Inputs, masked: Masked) -> Tensor:
    """Hide all but a region behind grey, as the game does: preprocessing is the same for hidden and shown pixels."""
    tensor, grey = inputs[masked.place]
    soft = torch.from_numpy(masked.like.shown(masked.patch)).to(tensor)
    return grey + (tensor - grey) * soft
