"""One call of a torch function: what of it depends on the network's input, and how to call it again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torch import Tensor

from inv_widgets.analysis.paths import LEAVES

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Call", "tensors_of"]

_NESTS = (tuple, list, dict)


@dataclass(frozen=True, eq=False, slots=True)
class Call:
    """One call of a torch function.

    Attributes
    ----------
    function, name
        The function, and its name without what marks a variant.
    args, kwargs
        Its arguments, with the values that they had before the call.
    inputs
        The tensors among them that depend on the network's input.
    known
        Their ids.
    inplace
        Whether it overwrites one of them.
    """

    function: Callable[..., Any]
    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    inputs: list[Tensor]
    known: frozenset[int]
    inplace: bool = False

    def again(self, change: Callable[[Tensor], Tensor]) -> Any:
        """Call the function with the inputs changed."""

        def other(x: Tensor) -> Tensor:
            return change(x) if id(x) in self.known else x.detach().clone() if self.inplace else x

        args, kwargs = _replaced((self.args, self.kwargs), other)
        result = self.function(*args, **kwargs)
        return args[0] if self.name == "setitem" else result


def tensors_of(values: Any) -> list[Tensor]:
    """List all tensors in nested tuples, lists and dicts."""
    if isinstance(values, Tensor):
        return [values]
    found: list[Tensor] = []
    for value in values.values() if isinstance(values, dict) else values if isinstance(values, _NESTS) else ():
        if type(value) in LEAVES:  # most: this runs for each function of each pass
            continue
        if isinstance(value, Tensor):
            found.append(value)
        elif isinstance(value, _NESTS) and value:
            found += tensors_of(value)
    return found


def _replaced(values: Any, change: Callable[[Tensor], Tensor]) -> Any:
    if isinstance(values, Tensor):
        return change(values)
    if isinstance(values, (tuple, list)):
        return type(values)(_replaced(value, change) for value in values)
    if isinstance(values, dict):
        return {key: _replaced(value, change) for key, value in values.items()}
    return values
