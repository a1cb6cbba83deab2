"""One call for every method: a picture and a network in, a map at the picture's size out."""

from __future__ import annotations

import difflib
import time
from collections import defaultdict
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import torch

from inv_widgets.analysis.pipeline import named_picture, require
from inv_widgets.comparison.enlarging import laid_on
from inv_widgets.comparison.method import Method, NoGradientError, NotPossibleError
from inv_widgets.comparison.methods import makes_maps, method_named, possible
from inv_widgets.comparison.subject import Subject
from inv_widgets.recipe import Recipe
from inv_widgets.validation import all_finite

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from inv_widgets.classifier import Classifier
    from inv_widgets.pictures import Picture

__all__ = ["Attribution", "Preset", "arguments_of", "attribute", "saliency"]

Target = int | tuple[int, ...]
Preset = Literal["default", "paper"]


@dataclass(frozen=True, eq=False)
class Attribution:
    """One method's map of one picture, and what it took.

    Attributes
    ----------
    map
        float32, shape (H, W) of the picture; 0 outside the network's window.
    native
        The map as the method made it, float32, shape (h, w): of the window, in a layer's or the input's resolution.
    method, parameters
        What made it.
    target, target_name, probability
        The class or group, and its softmax probability on the picture.
    seconds
        Wall time, without reading the picture; of pictures that were explained together each one's share.
    forwards, backwards
        How many (changed) pictures went through the network for this one, and how many back.
    notes
        What the method says of its result, such as the gap of its completeness.
    """

    map: NDArray[np.float32]
    native: NDArray[np.float32]
    method: Method
    parameters: Mapping[str, Any]
    target: Target
    target_name: str
    probability: float
    seconds: float
    forwards: float
    backwards: float
    notes: Mapping[str, Any]


def saliency(  # noqa: PLR0913 (each may be left out)
    net: Classifier,
    picture: Any,
    method: str = "grad_cam",
    target: Any = None,
    *,
    preset: Preset = "default",
    batch_size: int | None = None,
    **parameters: Any,
) -> Any:
    """Say where a network sees what speaks for a class, by any of the field's methods.

    Parameters
    ----------
    net
        The network; it is left as it was found.
    picture
        A picture in any form, or a list of them.
    method
        A name of :func:`inv_widgets.methods`.
    target
        The class: an index, a category's name, a list of these (a group); None: each picture's most probable one.
    preset
        ``"default"``: parameters that finish in seconds. ``"paper"``: the paper's own.
    batch_size
        How many changed pictures go through the network at once; None: as many as is fast, in less than 1 GB.
    **parameters
        The method's own, over those of the preset; ``inv_widgets.methods()`` names them.

    Returns
    -------
    ndarray, or a list of them for a list of pictures
        float32, shape (H, W) of the picture; 0 outside what the network sees. Not normalised: units are the method's.

    Raises
    ------
    NotPossibleError
        Where the network does not allow the method; the message names those that it allows.
    RuntimeError
        Where the network fails on its input; the message says on which.
    KeyError, IndexError, TypeError, ValueError
        For what is no network, picture, method, target or parameter; the message says what to do.

    Examples
    --------
    >>> import inv_widgets as inv
    >>> net = inv.Classifier.demo("fashion")
    >>> inv.saliency(net, inv.datasets.fashion()[0], "grad_cam").shape
    (28, 28)
    """
    many = isinstance(picture, (list, tuple))
    pictures = picture if many else [picture]
    found = attribute(net, pictures, method, target, preset=preset, batch_size=batch_size, **parameters)
    maps = [each.map for each in found]
    return maps if many else maps[0]


def attribute(  # noqa: PLR0913 (each may be left out)
    net: Classifier,
    pictures: Iterable[Any],
    method: str | Method,
    target: Any = None,
    *,
    targets: Sequence[Any] | None = None,
    preset: Preset = "default",
    batch_size: int | None = None,
    **parameters: Any,
) -> list[Attribution]:
    """Explain pictures by one method, and say what each took; the parameters are those of :func:`saliency`.

    Parameters
    ----------
    targets
        A target for each picture, instead of `target`.
    """
    require(net, Recipe())
    chosen = makes_maps(method if isinstance(method, Method) else method_named(method))
    arguments = arguments_of(chosen, preset, parameters)
    loaded = [named_picture(picture) for picture in pictures]
    wanted = [target] * len(loaded) if targets is None else list(targets)
    if len(wanted) != len(loaded):
        raise ValueError(f"[inv-widgets] {len(wanted)} targets for {len(loaded)} pictures: give one for each.")
    found: dict[int, Attribution] = {}
    for places, inputs in _alike(net, loaded).values():
        subject = Subject(
            net, [loaded[i] for i in places], [wanted[i] for i in places], inputs=inputs, batch_size=batch_size,
        )  # fmt: skip
        made = _run(subject, chosen, arguments)
        found.update(zip(places, made, strict=True))
    return [found[place] for place in range(len(loaded))]


def _run(subject: Subject, method: Method, arguments: Mapping[str, Any]) -> list[Attribution]:
    start = time.perf_counter()
    try:
        maps = method.function(subject, **arguments)
    except NotPossibleError as error:
        raise _explained(subject, method, error) from error
    except ValueError as error:
        impossible = _impossible(subject, method)
        if impossible is None:
            raise
        raise _explained(subject, method, impossible) from error
    maps = maps.detach().float().cpu()  # waits for a GPU
    seconds = time.perf_counter() - start
    forwards, backwards = subject.forwards, subject.backwards
    if maps.ndim != 3 or len(maps) != len(subject):
        raise RuntimeError(f"[inv-widgets] {method.name} gave {tuple(maps.shape)} for {len(subject)} pictures.")
    count = len(subject)
    chances = [float(subject.probability_of(subject.own_logits[i : i + 1], i)) for i in range(count)]
    return [
        Attribution(
            map=_laid(subject, picture, maps[place]),
            native=maps[place].numpy(),
            method=method,
            parameters=MappingProxyType(dict(arguments)),
            target=subject.targets[place],
            target_name=subject.target_names[place],
            probability=chances[place],
            seconds=seconds / count,
            forwards=forwards / count,
            backwards=backwards / count,
            notes=MappingProxyType({**subject.notes, **subject.notes_of[place]}),
        )
        for place, picture in enumerate(subject.pictures)
    ]


def _laid(subject: Subject, picture: Picture, values: torch.Tensor) -> NDArray[np.float32]:
    if not all_finite(values):
        raise ValueError(
            "[inv-widgets] The map has values that are NaN or infinite. Check the network's weights, or use float32."
        )
    window = subject.net.window(picture.height, picture.width)
    return laid_on(values.numpy(), picture.height, picture.width, window)


def _alike(net: Classifier, pictures: Sequence[Picture]) -> dict[Any, tuple[list[int], torch.Tensor]]:
    """Put pictures together whose inputs have one shape."""
    places: dict[Any, list[int]] = defaultdict(list)
    inputs = [net.preprocess(picture) for picture in pictures]
    for place, each in enumerate(inputs):
        places[each.shape].append(place)
    # Of one picture too: what transforms return may lie in memory as no network is used to.
    return {shape: (own, torch.cat([inputs[place] for place in own])) for shape, own in places.items()}


def arguments_of(method: Method, preset: Any, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Give all of a method's parameters: the given ones over those of the preset.

    Raises
    ------
    TypeError, ValueError
        For a parameter or preset that is not there.
    """
    if preset not in ("default", "paper"):  # a tuple: what is given may not be hashable
        raise ValueError(f'[inv-widgets] preset={preset!r} is not possible: give "default" or "paper".')
    for name in parameters:
        if name not in method.defaults:
            close = difflib.get_close_matches(name, list(method.defaults), n=1, cutoff=0.5)
            hint = f"Did you mean {close[0]!r}?" if close else f"It has {', '.join(method.defaults) or 'none'}."
            raise TypeError(f"[inv-widgets] {method.title} has no parameter {name!r}. {hint}")
    paper = method.paper_defaults if preset == "paper" else {}
    return {**method.defaults, **paper, **parameters}


def _impossible(subject: Subject, method: Method) -> NotPossibleError | None:
    """Say why the network does not allow a method that failed; None where it does."""
    try:
        if method.check is not None:
            method.check(subject)
    except NotPossibleError as error:
        return error
    return None


def _explained(subject: Subject, method: Method, error: NotPossibleError) -> NotPossibleError:
    why = str(error).removeprefix("[inv-widgets] ").rstrip(".")
    names = possible(subject)
    if isinstance(error, NoGradientError):
        names = [name for name in names if not method_named(name).differentiates]
    allowed = ", ".join(names) or "none"
    name = subject.net.name
    return NotPossibleError(
        f"[inv-widgets] {method.title} is not possible on {name}: {why}. Possible here are: {allowed}."
    )
