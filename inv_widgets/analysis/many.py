"""Explanations of many pictures, in order, as they are made: what ``explain_many`` and its workers go through.

Errors of single pictures are results here, not exceptions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inv_widgets.analysis.parts import part_key
from inv_widgets.analysis.pipeline import explain, named_picture
from inv_widgets.analysis.selection import LayersError
from inv_widgets.errors import UnknownNameError
from inv_widgets.recipe import Recipe

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator

    from inv_widgets.analysis.picture_lists import Entry
    from inv_widgets.classifier import Classifier
    from inv_widgets.explanation import Explanation

__all__ = ["Outcome", "outcomes", "target_text"]

_RECIPE = Recipe()


@dataclass(frozen=True)
class Outcome:
    """What became of one picture.

    Attributes
    ----------
    entry
        The picture as it was given.
    key
        What its explanation is known by: the picture's content and the target that was asked for; None where it could
        not be read.
    explanation
        None where it failed, and where the key was known.
    error
        Why it could not be explained.
    """

    entry: Entry
    key: str | None = None
    explanation: Explanation | None = None
    error: Exception | None = None

    @property
    def reason(self) -> str:
        """The error in words, without the package's name; empty where there was none."""
        if self.error is None:
            return ""
        return str(self.error).removeprefix("[inv-widgets] ") or type(self.error).__name__


def outcomes(  # noqa: PLR0913 (by keyword)
    net: Classifier,
    entries: Iterable[Entry],
    *,
    layers: Any = None,
    recipe: Recipe = _RECIPE,
    known: Callable[[str], bool] | Container[str] = (),
    batch_size: int | None = None,  # noqa: ARG001
    workers: int | None = None,  # noqa: ARG001
) -> Iterator[Outcome]:
    """Explain pictures; give what became of each, in their order.

    Parameters
    ----------
    net
        A :class:`inv_widgets.Classifier`.
    entries
        Named pictures with their targets; gone through once, as needed.
    layers, recipe
        As :func:`inv_widgets.explain` takes them.
    known
        The keys of pictures that need not be explained again: a container, or a function of a key.

    Raises
    ------
    KeyError, ValueError, TypeError
        For an unknown target or layer, and what else is no single picture's fault.
    """
    is_known = known if callable(known) else known.__contains__
    for entry in entries:
        key = None
        try:
            picture = named_picture(entry.picture, entry.name)
        except Exception as error:  # noqa: BLE001 (decoders raise anything)
            yield Outcome(entry, error=error)
            continue
        key = part_key(picture.hash, target_text(net, entry.target))
        if is_known(key):
            yield Outcome(entry, key)
            continue
        try:
            made = explain(net, picture, entry.target, layers, recipe)
        except (UnknownNameError, LayersError, TypeError, MemoryError):
            raise  # not this picture's fault: an unknown layer, a wrong argument
        except Exception as error:  # noqa: BLE001 (networks raise anything too)
            yield Outcome(entry, key, error=error)
            continue
        yield Outcome(entry, key, made)


def target_text(net: Classifier, target: Any) -> str:
    """Say which target was asked for, as keys have it.

    Raises
    ------
    KeyError, IndexError, TypeError, ValueError
        For what is no target of the network.
    """
    return "first choice" if target is None else repr(net.resolve_target(target)[0])
