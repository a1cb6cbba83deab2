"""The one layer that a method works at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inv_widgets.comparison.method import NoGradientError
from inv_widgets.torch_support import widened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from inv_widgets.analysis.activations import Capture
    from inv_widgets.analysis.layers import Layer
    from inv_widgets.comparison.subject import Subject

__all__ = ["maps_and_gradients", "maps_of", "one_layer", "the_one", "with_gradients"]


def one_layer(subject: Subject, layer: Any) -> Layer:
    """Choose one layer, in any form that :func:`inv_widgets.analysis.selection.select` takes.

    Raises
    ------
    KeyError, TypeError, ValueError
        For an unknown layer, and for more than one.
    """
    return the_one(subject.layers(layer), layer)


def maps_and_gradients(subject: Subject, layer: Any, *, one_by_one: bool = False) -> tuple[Tensor, Tensor]:
    """Capture one layer's maps and the gradients of the class scores there: two tensors N x C x h x w.

    One forward and one backward pass. Half precision comes as float32: sums over many cells would lose digits.

    Raises
    ------
    KeyError, TypeError, ValueError
        For an unknown layer, and for more than one.
    NoGradientError
        If no gradient comes to the layer.
    """
    captured = subject.capture(layer, one_by_one=one_by_one)
    the_one(captured.layers, layer)
    with_gradients(captured)
    return widened(captured.maps[0]), widened(captured.gradients[0])


def maps_of(subject: Subject, layer: Any) -> Tensor:
    """Give one layer's maps, N x C x h x w, at least float32: one forward pass without gradients."""
    return widened(subject.maps(layer))


def with_gradients(captured: Capture) -> None:
    """Raise where no gradient comes to any of the layers: their maps would speak for no class.

    Raises
    ------
    NoGradientError
        With the reason.
    """
    if all(captured.reasons):
        names = ", ".join(layer.name for layer in captured.layers)
        raise NoGradientError(f"[inv-widgets] no gradient comes to its layer {names}: {captured.reasons[-1]}")


def the_one(found: Sequence[Layer], asked: Any) -> Layer:
    """Give the only layer that was found.

    Raises
    ------
    ValueError
        If there are more.
    """
    if len(found) == 1:
        return found[0]
    names = ", ".join(layer.name for layer in found[:3]) + (" ..." if len(found) > 3 else "")
    raise ValueError(
        f"[inv-widgets] layer={asked!r} means {len(found)} layers ({names}), and this works at one: give one of them."
    )
