"""From a picture and a network to an Explanation (METHOD 1.1 to 1.7)."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import torch

from inv_widgets.analysis.activations import capture
from inv_widgets.analysis.columns import explain_layer
from inv_widgets.analysis.importance import WEIGHTINGS
from inv_widgets.analysis.threads import one_thread
from inv_widgets.errors import kind_of
from inv_widgets.explanation import Explanation, Prediction
from inv_widgets.pictures import load_picture, shrink
from inv_widgets.recipe import Recipe

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from inv_widgets.analysis.activations import Capture
    from inv_widgets.classifier import Classifier
    from inv_widgets.explanation import Column
    from inv_widgets.pictures import Picture

__all__ = ["explain", "explain_layer", "named_picture", "require"]

_RECIPE = Recipe()
_PREDICTIONS = 10


def explain(
    net: Classifier, picture: Any, target: Any = None, layers: Any = None, recipe: Recipe = _RECIPE
) -> Explanation:
    """Explain one picture: for each chosen layer, which groups of feature maps speak for the class, and where.

    Interpretable Network Visualizations (arXiv 2405.03301). The network runs forward and backward once and is left as
    it was found. The same picture, network and recipe give the same explanation, bit for bit on one machine.

    Parameters
    ----------
    net
        A :class:`inv_widgets.Classifier`.
    picture
        A path, a PIL image, an array (H x W x 3; uint8, or float in 0..1) or a tensor C x H x W.
    target
        The class: an index, a category's name, a list of these (a group); None: the network's first choice.
    layers
        ``None`` or ``"blocks"``: the last layer at each map size. ``"last 9"``, ``"all"``, names, glob patterns or
        a list of them; ``inv_widgets.layers(net)`` lists what there is.
    recipe
        The numbers of the method.

    Raises
    ------
    FileNotFoundError, KeyError, IndexError, TypeError, ValueError
        For what is no network, picture, target, layer or recipe; the message says what to do.
    """
    require(net, recipe)
    loaded = named_picture(picture)
    captured = capture(net, loaded, target, layers)
    network_hash = net.hash

    def column(place: int, maps: NDArray[Any], weights: NDArray[Any]) -> Column:
        layer = captured.layers[place]
        return explain_layer(
            maps,
            weights,
            recipe,
            layer=layer.name,
            depth=layer.depth,
            block=layer.block,
            layer_in_block=layer.layer_in_block,
            note=captured.reasons[place],
            picture_hash=loaded.hash,
            network_hash=network_hash,
            target=captured.target,
        )

    columns = _side_by_side(column, captured, recipe)
    return _explanation(net, network_hash, loaded, captured, columns, recipe)


def require(net: Any, recipe: Any) -> None:
    """Refuse what is no classifier and no recipe.

    Raises
    ------
    TypeError
        With what to give instead.
    """
    for need in ("module", "preprocess", "resolve_target", "window", "hash"):
        if not hasattr(type(net), need) and not hasattr(net, need):
            raise TypeError(
                f"[inv-widgets] The network is {kind_of(net)}: give an inv.Classifier, such as "
                "inv.Classifier.from_module(module, transform, categories) or inv.Classifier.demo()."
            )
    if not isinstance(recipe, Recipe):
        raise TypeError(
            f"[inv-widgets] The recipe is {recipe!r:.80} ({type(recipe).__name__}): give inv.Recipe(), with the "
            "numbers that you change as keywords: inv.Recipe(seed=1)."
        )


def named_picture(picture: Any, name: str | None = None) -> Picture:
    """Load a picture under `name`, or under the name that it brings along (as samples of data sets do)."""
    if name is None and isinstance(picture, os.PathLike):
        own = getattr(picture, "name", None)
        name = own if isinstance(own, str) and own else None
    return load_picture(picture, name=name)


def _most_probable(chances: torch.Tensor) -> list[int]:
    """Give the indices of the classes, most probable first and the lower index first among equals."""
    order: list[int] = torch.argsort(chances, descending=True, stable=True)[:_PREDICTIONS].tolist()
    return order


def _weights_of(maps: torch.Tensor, gradients: torch.Tensor, recipe: Recipe) -> NDArray[Any]:
    weights: NDArray[Any] = _array(WEIGHTINGS[recipe.weighting](maps, gradients))[0]
    return weights


def _array(tensor: torch.Tensor) -> NDArray[Any]:
    values: NDArray[Any] = tensor.detach().float().cpu().numpy()
    return values


def _side_by_side(
    column: Callable[[int, NDArray[Any], NDArray[Any]], Column], captured: Capture, recipe: Recipe
) -> list[Column]:
    """Make the columns on as many threads as torch uses, each by one, the widest first.

    Torch's own part, the weights, stays on this thread: each thread that calls torch would bring threads of its own.
    """
    places = sorted(range(len(captured.layers)), key=lambda place: -captured.layers[place].n_maps)
    columns: dict[int, Any] = {}
    with one_thread(), ThreadPoolExecutor(min(torch.get_num_threads(), len(places)), "inv-widgets-layer") as pool:
        try:
            for place in places:
                maps = captured.maps[place]
                weights = _weights_of(maps, captured.gradients[place], recipe)
                columns[place] = pool.submit(column, place, _array(maps)[0], weights)
            return [columns[place].result() for place in range(len(places))]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _explanation(  # noqa: PLR0913, PLR0917 (all that an explanation says of itself)
    net: Classifier, network_hash: str, loaded: Picture, captured: Capture, columns: list[Column], recipe: Recipe
) -> Explanation:
    kept, _ = shrink(loaded.array, recipe.kept_picture)
    across, down = kept.shape[1] / loaded.width, kept.shape[0] / loaded.height
    left, top, width, height = net.window(loaded.height, loaded.width)
    chances = captured.probabilities[0].double().cpu()
    members = captured.target if isinstance(captured.target, tuple) else (captured.target,)
    # The first choice is the one that was explained, also where another class is just as probable.
    order = [captured.prediction, *(index for index in _most_probable(chances) if index != captured.prediction)]
    predictions = tuple(
        Prediction(index, net.categories[index], float(chances[index])) for index in order[:_PREDICTIONS]
    )
    return Explanation(
        picture=kept,
        name=loaded.name,
        picture_hash=loaded.hash,
        network=net.name,
        network_hash=network_hash,
        window=(left * across, top * down, width * across, height * down),
        target=captured.target,
        target_name=captured.target_name,
        target_probability=min(1.0, float(chances[list(members)].sum())),
        prediction=predictions[0],
        predictions=predictions,
        columns=tuple(columns),
        recipe=recipe,
    )
