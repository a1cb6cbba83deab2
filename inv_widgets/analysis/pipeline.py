"""From a picture and a network to an Explanation (docs/method.md)."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import torch

from inv_widgets.analysis.columns import explain_layer
from inv_widgets.analysis.stages import passed, prepare, pruned_maps, through
from inv_widgets.analysis.threads import one_thread
from inv_widgets.errors import kind_of
from inv_widgets.pictures import load_picture
from inv_widgets.recipe import Recipe

if TYPE_CHECKING:
    from collections.abc import Callable

    from inv_widgets.analysis.activations import Capture
    from inv_widgets.analysis.pruning import Pruned
    from inv_widgets.analysis.stages import Passed
    from inv_widgets.classifier import Classifier
    from inv_widgets.explanation import Column, Explanation
    from inv_widgets.pictures import Picture

__all__ = ["explain", "explain_layer", "named_picture", "require"]

_RECIPE = Recipe()


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
    prepared = prepare(net, named_picture(picture), target, recipe)
    captured = through(net, [prepared], layers)
    known = passed(net, net.hash, prepared, captured, 0, recipe)
    return known.explanation(_side_by_side(known, captured, recipe))


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


def _side_by_side(known: Passed, captured: Capture, recipe: Recipe) -> list[Column]:
    """Make the columns on as many threads as torch uses, each by one, the widest first.

    What torch does of it stays on this thread: each thread that calls torch would bring threads of its own.
    """
    places = sorted(range(len(captured.layers)), key=lambda place: -captured.layers[place].n_maps)
    pruned = pruned_maps(captured, recipe)
    columns: dict[int, Any] = {}

    def column(place: int, kept_maps: Callable[[], Pruned]) -> Column:
        return known.column(place, kept_maps())

    with one_thread(), ThreadPoolExecutor(min(torch.get_num_threads(), len(places)), "inv-widgets-layer") as pool:
        try:
            for place in places:
                columns[place] = pool.submit(column, place, pruned(0, place))
            return [columns[place].result() for place in range(len(places))]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
