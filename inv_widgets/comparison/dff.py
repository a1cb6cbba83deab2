"""Deep feature factorization: concepts that pictures share, and what the network makes of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from tqdm.auto import tqdm

from inv_widgets.analysis.pipeline import named_picture, require
from inv_widgets.comparison.choice import maps_of, one_layer
from inv_widgets.comparison.dff_result import Concepts
from inv_widgets.comparison.factorization import factorize
from inv_widgets.comparison.intervention import with_maps
from inv_widgets.comparison.subject import Subject
from inv_widgets.recipe import Recipe
from inv_widgets.torch_support import widened

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from inv_widgets.classifier import Classifier
    from inv_widgets.comparison.factorization import Factors

__all__ = ["dff", "dff_map"]


def dff(  # noqa: PLR0913 (each may be left out)
    net: Classifier,
    pictures: Any,
    layer: Any = None,
    n_concepts: int = 4,
    target: Any = None,
    *,
    seed: int = 0,
    batch_size: int | None = None,
) -> Concepts:
    """Find the concepts that a layer's maps are made of, the same ones in all pictures.

    Deep feature factorization (Collins, Achanta & Suesstrunk, ECCV 2018): the maps of all pictures together are
    factorized into `n_concepts` directions, and how strong each is at each place. Each concept is then classified by
    the rest of the network: the layer's maps are replaced by what this concept alone makes of them. The network is left
    as it was found.

    Parameters
    ----------
    net
        The network.
    pictures
        A picture in any form, or several; they may be of any size, but the network's inputs must have one.
    layer
        One layer, as in ``inv_widgets.layers(net)``; None: the last one.
    n_concepts
        How many concepts; at least 1.
    target
        The class that concepts are scored for: an index, a name, a list of these (a group); None: each picture's most
        probable one.
    seed
        Of the factorization's start.
    batch_size
        How many passes at once; None: as many as is fast, in less than 1 GB.

    Returns
    -------
    Concepts

    Raises
    ------
    KeyError, IndexError, TypeError, ValueError
        For what is no network, picture, layer, target or number; the message says what to do.

    Examples
    --------
    >>> import inv_widgets as inv
    >>> net = inv.Classifier.demo("fashion")
    >>> concepts = inv.dff(net, inv.datasets.fashion()[:3], n_concepts=3)
    >>> concepts.maps.shape
    (3, 3, 7, 7)
    """
    require(net, Recipe())
    given = list(pictures) if isinstance(pictures, (list, tuple)) else [pictures]
    if not given:
        raise ValueError("[inv-widgets] There are no pictures: give at least one.")
    loaded = [named_picture(picture) for picture in given]
    shapes = {tuple(net.preprocess(picture).shape[1:]) for picture in loaded}
    if len(shapes) > 1:
        raise ValueError(
            f"[inv-widgets] The network's inputs have {len(shapes)} sizes ({', '.join(map(str, sorted(shapes)))}): "
            "concepts need maps of one size. Give pictures of one size, or a transform that resizes."
        )
    subject = Subject(net, loaded, [target] * len(loaded), batch_size=batch_size)
    maps = maps_of(subject, "last 1" if layer is None else layer)
    chosen = one_layer(subject, "last 1" if layer is None else layer)
    factors = factorize(_array(maps), n_concepts, seed)
    rows = tqdm(range(len(loaded)), desc="DFF", unit="picture", delay=2, leave=False)
    logits = [_classified(subject, chosen.name, factors, row, row, maps) for row in rows]
    scores = [subject.score_of(of_row, row) for row, of_row in enumerate(logits)]
    chances = torch.stack(logits)
    return Concepts(
        pictures=tuple(picture.array for picture in loaded),
        names=tuple(picture.name for picture in loaded),
        windows=tuple(net.window(picture.height, picture.width) for picture in loaded),
        layer=chosen.name,
        maps=factors.maps.astype(np.float32),
        directions=factors.directions.astype(np.float32),
        categories=net.categories,
        probabilities=_array(widened(chances).softmax(-1)),
        targets=subject.targets,
        target_names=subject.target_names,
        target_scores=_array(torch.stack(scores)),
        error=factors.error,
        clipped=factors.clipped,
        converged=factors.converged,
    )


def dff_map(subject: Subject, *, layer: Any, n_concepts: Any, seed: Any) -> Tensor:
    """Of each picture's own concepts take the one that scores highest for the target, alone: its map ``h_k``.

    Each picture is factorized by itself, so that its map does not depend on which others are explained beside it;
    :func:`dff` gives the concepts of several pictures together.

    Notes: ``"concept"`` (which of them, the heaviest being 0), ``"error"`` and ``"clipped"`` as in :class:`.Factors`.

    Parameters
    ----------
    subject
        The pictures.
    layer, n_concepts, seed
        As in :func:`dff`.

    Returns
    -------
    torch.Tensor
        N x h x w, at the layer's size, at least 0; units of the activation.
    """
    maps = maps_of(subject, layer)
    chosen = one_layer(subject, layer).name
    found = []
    for row, notes in enumerate(subject.notes_of):
        factors = factorize(_array(maps[row : row + 1]), n_concepts, seed)
        scores = subject.score_of(_classified(subject, chosen, factors, 0, row, maps), row)
        best = int(scores.argmax())
        notes.update(concept=best, error=factors.error, clipped=factors.clipped)
        found.append(torch.from_numpy(factors.maps[0, best]))
    return torch.stack(found)


def _classified(  # noqa: PLR0913, PLR0917
    subject: Subject, layer: str, factors: Factors, place: int, row: int, like: Tensor
) -> Tensor:
    """Give the logits for each concept alone, K x classes: the layer's maps are replaced by its own part of them."""
    return with_maps(subject, layer, torch.from_numpy(factors.part(place)).to(like.device, subject.inputs.dtype), row)


def _array(values: Tensor) -> NDArray[Any]:
    array: NDArray[Any] = widened(values).detach().cpu().numpy()
    return array
