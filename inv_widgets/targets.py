"""Which class is meant: an index, a category's name, or a group of them; and the score of it."""

from __future__ import annotations

import difflib
import operator
from typing import TYPE_CHECKING, Any

import torch

from inv_widgets.errors import UnknownNameError
from inv_widgets.torch_support import widened

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["resolve_target", "target_score"]

Target = int | tuple[int, ...]

WANTED = "an index, a category's name, a list of these (a group), or None for the network's first choice"


def resolve_target(target: Any, categories: Sequence[str], logits: torch.Tensor | None = None) -> tuple[Target, str]:
    """Say which class, or group of classes, is meant.

    Parameters
    ----------
    target
        None: the class with the highest logit. An index. A name: an exact one, else one that differs in case only,
        else one of a category's comma-separated synonyms. A list or tuple of indices and names: a group; its order
        and repetitions mean nothing.
    categories
        The names of the classes.
    logits
        Shape (K,) or (1, K); needed for None only.

    Returns
    -------
    target, name
        The index, or the group's sorted indices as a tuple, and its name: ``"a"``, or ``"a + b"`` for a group. A group
        of one is that class.

    Raises
    ------
    IndexError, KeyError, TypeError, ValueError
        For an index out of range, an unknown or ambiguous name, another type, an empty group.
    """
    if target is None:
        index = _highest(logits)
        return index, categories[index]
    if isinstance(target, (list, tuple)):
        if not target:
            raise ValueError(f"[inv-widgets] The target is an empty group: give {WANTED}.")
        indices = sorted({_one(member, categories) for member in target})
        name = " + ".join(categories[index] for index in indices)
        return (indices[0] if len(indices) == 1 else tuple(indices)), name
    index = _one(target, categories)
    return index, categories[index]


def target_score(logits: torch.Tensor, target: Target) -> torch.Tensor:
    """Give the class score that is explained: the logit, or the logsumexp of a group's logits.

    The logsumexp is the logarithm of the group's summed (unnormalised) probability, so that a group behaves as if its
    classes were one.

    Parameters
    ----------
    logits
        Shape (K,) or (1, K).
    target
        As :func:`resolve_target` returns it.

    Returns
    -------
    torch.Tensor
        A scalar that gradients flow through; a group's is at least float32.
    """
    flat = logits.reshape(-1)
    if isinstance(target, tuple):
        return torch.logsumexp(widened(flat[list(target)]), dim=0)
    return flat[target]


def _highest(logits: torch.Tensor | None) -> int:
    if logits is None:
        raise ValueError(f"[inv-widgets] No target was given and no logits to choose by: give {WANTED}.")
    return int(logits.detach().reshape(-1).argmax())


def _one(member: Any, categories: Sequence[str]) -> int:
    if isinstance(member, str):
        return _by_name(member, categories)
    index = _as_index(member)
    if not 0 <= index < len(categories):
        raise IndexError(
            f"[inv-widgets] There is no class {index}: this network has {len(categories)}, counted from 0 to "
            f"{len(categories) - 1}."
        )
    return index


def _as_index(member: Any) -> int:
    kind = getattr(member, "dtype", type(member))
    if "bool" not in str(kind) and getattr(member, "ndim", 0) == 0:
        try:
            return operator.index(member)
        except TypeError:
            pass
    raise TypeError(f"[inv-widgets] {member!r} ({type(member).__name__}) is no target: give {WANTED}.")


def _by_name(name: str, categories: Sequence[str]) -> int:
    wanted = name.strip().casefold()
    for matches in (
        [index for index, category in enumerate(categories) if category == name],
        [index for index, category in enumerate(categories) if category.strip().casefold() == wanted],
        [index for index, category in enumerate(categories) if wanted in _synonyms(category)],
    ):
        if len(matches) == 1:
            return matches[0]
        if matches:
            listed = ", ".join(map(str, matches))
            raise UnknownNameError(
                f"[inv-widgets] {len(matches)} classes are called {name!r}: give an index ({listed})."
            )
    raise UnknownNameError(f"[inv-widgets] There is no category {name!r}. {_closest(name, categories)}")


def _synonyms(category: str) -> list[str]:
    return [part.strip().casefold() for part in category.split(",")]


def _closest(name: str, categories: Sequence[str]) -> str:
    lowered = {category.casefold(): category for category in categories}
    wanted = name.strip().casefold()
    words = [category for key, category in lowered.items() if wanted in key.replace(",", " ").split()]
    close = [lowered[key] for key in difflib.get_close_matches(wanted, lowered, n=3, cutoff=0.5)]
    within = [category for key, category in lowered.items() if wanted and wanted in key]
    found = list(dict.fromkeys([*words[:3], *close, *within]))[:5]
    if found:
        return f"Did you mean {', '.join(map(repr, found))}?"
    shown = ", ".join(map(repr, categories[:5])) + (", ..." if len(categories) > 5 else "")
    return f"There are {len(categories)}: {shown}"
