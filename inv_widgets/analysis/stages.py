"""The stages of an explanation: a picture is read, goes through the network, and its kept maps become columns.

:func:`inv_widgets.explain` goes through them for one picture, :mod:`.many` for many at once.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from inv_widgets.analysis.activations import capture
from inv_widgets.analysis.columns import column_of
from inv_widgets.analysis.device_pruning import prune_on_device
from inv_widgets.analysis.importance import WEIGHTINGS
from inv_widgets.analysis.pruning import prune, weigh_and_prune
from inv_widgets.explanation import Explanation, Prediction
from inv_widgets.pictures import shrink

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from inv_widgets.analysis.activations import Capture
    from inv_widgets.analysis.pruning import Pruned
    from inv_widgets.classifier import Classifier
    from inv_widgets.explanation import Column
    from inv_widgets.pictures import Picture
    from inv_widgets.recipe import Recipe

__all__ = ["Passed", "Prepared", "passed", "prepare", "pruned_maps", "through"]

_PREDICTIONS = 10


@dataclass(frozen=True)
class Prepared:
    """A picture that was read.

    Attributes
    ----------
    inputs
        The network's input, 1 x C x H x W.
    target
        As it was asked for.
    about
        What the explanation says of the picture.
    """

    inputs: Tensor
    target: Any
    about: dict[str, Any]


@dataclass(frozen=True)
class Passed:
    """What is known of a picture that went through the network, but for its maps; no tensor.

    Attributes
    ----------
    layers
        What each column says of its layer.
    about
        What the explanation says besides the columns.
    """

    layers: list[dict[str, Any]]
    about: dict[str, Any]

    def column(self, place: int, pruned: Pruned) -> Column:
        """Make one layer's column of its kept maps."""
        return column_of(pruned, self.about["recipe"], **self.layers[place])

    def without_picture(self) -> Passed:
        """Leave out what no column needs."""
        return Passed(self.layers, {"recipe": self.about["recipe"]})

    def explanation(self, columns: Sequence[Column]) -> Explanation:
        """Put the columns together."""
        return Explanation(**self.about, columns=tuple(columns))


def prepare(net: Classifier, picture: Picture, target: Any, recipe: Recipe) -> Prepared:
    """Make the network's input of a picture, and the smaller picture that is kept."""
    kept, _ = shrink(picture.array, recipe.kept_picture)
    across, down = kept.shape[1] / picture.width, kept.shape[0] / picture.height
    left, top, width, height = net.window(picture.height, picture.width)
    about = {
        "picture": kept,
        "name": picture.name,
        "picture_hash": picture.hash,
        "window": (left * across, top * down, width * across, height * down),
    }
    return Prepared(net.preprocess(picture), target, about)


def through(net: Classifier, batch: Sequence[Prepared], layers: Any, size: int | None = None) -> Capture:
    """Take pictures through the network, forward and backward.

    Parameters
    ----------
    batch
        Pictures with inputs of one shape.
    size
        How many rows the pass has: copies of the last picture fill it up. The last bits of a row's results depend on
        the number of rows, but not on what the others are.
    """
    filling = [batch[-1]] * ((size or len(batch)) - len(batch))
    rows = [*batch, *filling]
    inputs = rows[0].inputs if len(rows) == 1 else torch.cat([row.inputs for row in rows])
    return capture(net, inputs, layers=layers, targets=[row.target for row in rows])


def pruned_maps(captured: Capture, recipe: Recipe, rows: int = 1) -> Callable[[int, int], Callable[[], Pruned]]:
    """Give a function of a picture's row and a layer's place; what it returns gives the kept maps when it is called.

    On the CPU the second call does the work, without torch; where that is not possible, the first weighs the maps. On
    another device all is done at once before both.
    """
    if not _on_cpu(captured):
        maps, gradients = ([values[:rows] for values in each] for each in (captured.maps, captured.gradients))
        found = prune_on_device(maps, gradients, recipe)
        return lambda row, place: lambda: found[row][place]

    def one(row: int, place: int) -> Callable[[], Pruned]:
        maps, gradients = captured.maps[place][row], captured.gradients[place][row]
        wide = maps.float().numpy()
        prune_weighed = weigh_and_prune(recipe.weighting, gradients.element_size())
        if prune_weighed:
            return functools.partial(prune_weighed, wide, gradients.float().numpy(), recipe)
        return functools.partial(prune, wide, _weights_of(maps, gradients, recipe), recipe)

    return one


def passed(  # noqa: PLR0913, PLR0917 (all that is known by then)
    net: Classifier, network_hash: str, prepared: Prepared, captured: Capture, row: int, recipe: Recipe
) -> Passed:
    """Put together what is known of one picture of a batch."""
    chances = captured.probabilities[row].double().cpu()
    target, prediction = captured.targets[row], captured.predictions[row]
    members = target if isinstance(target, tuple) else (target,)
    # The first choice is the one that was explained, also where another class is just as probable.
    order = [prediction, *(index for index in _most_probable(chances) if index != prediction)]
    predictions = tuple(
        Prediction(index, net.categories[index], float(chances[index])) for index in order[:_PREDICTIONS]
    )
    about = prepared.about | {
        "network": net.name,
        "network_hash": network_hash,
        "target": target,
        "target_name": captured.target_names[row],
        "target_probability": min(1.0, float(chances[list(members)].sum())),
        "prediction": predictions[0],
        "predictions": predictions,
        "recipe": recipe,
    }
    layers = [
        {
            "layer": layer.name,
            "depth": layer.depth,
            "block": layer.block,
            "layer_in_block": layer.layer_in_block,
            "picture_hash": prepared.about["picture_hash"],
            "network_hash": network_hash,
            "target": target,
            "note": note,
        }
        for layer, note in zip(captured.layers, captured.reasons, strict=True)
    ]
    return Passed(layers, about)


def _on_cpu(captured: Capture) -> bool:
    return captured.maps[0].device.type == "cpu"


def _weights_of(maps: Tensor, gradients: Tensor, recipe: Recipe) -> NDArray[np.float64]:
    weights: NDArray[np.float64] = WEIGHTINGS[recipe.weighting](maps, gradients).double().numpy()
    return weights


def _most_probable(chances: Tensor) -> list[int]:
    """Give the indices of the classes, most probable first and the lower index first among equals."""
    order: list[int] = torch.argsort(chances, descending=True, stable=True)[:_PREDICTIONS].tolist()
    return order
