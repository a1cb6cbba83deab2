"""Traits that say what was wrong, with what value, and what to do."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import traitlets

__all__ = ["Checked", "named_texts", "number", "one_of", "optional", "text", "texts"]


class Checked(traitlets.TraitType[Any, Any]):
    """A synchronised trait whose values go through `check`.

    Parameters
    ----------
    default
        The first value.
    check
        Returns the value to keep, or raises ValueError with the end of a sentence that begins with the value.
    """

    def __init__(self, default: Any, check: Callable[[Any], Any]) -> None:
        super().__init__(default_value=default)
        self._check = check
        self.tag(sync=True)

    def default(self, obj: Any = None) -> Any:
        """Give the first value; a list or dict is each object's own."""
        value = super().default(obj)
        return value.copy() if isinstance(value, list | dict) else value

    def validate(self, obj: Any, value: Any) -> Any:
        """Check a value; raise TraitError."""
        try:
            return self._check(value)
        except ValueError as error:
            raise traitlets.TraitError(
                f"[inv-widgets] {type(obj).__name__}: {self.name}={value!r:.120} {error}"
            ) from None


def one_of(choices: Sequence[str]) -> Callable[[Any], str]:
    """Take one of a few words."""

    def check(value: Any) -> str:
        if isinstance(value, str) and value in choices:
            return value
        raise ValueError(f"is not possible: give one of {', '.join(map(repr, choices))}.")

    return check


def number(low: float, high: float) -> Callable[[Any], float]:
    """Take a number from `low` to `high`; a whole number where both are whole."""
    whole = isinstance(low, int) and isinstance(high, int)

    def check(value: Any) -> float:
        if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
            value = value.item()  # numpy's scalars
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise ValueError(f"is not a number: give one from {low} to {high}.")
        if not low <= value <= high:
            raise ValueError(f"is out of range: give a number from {low} to {high}.")
        return round(value) if whole else float(value)

    return check


def optional(check: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Take None too."""
    return lambda value: None if value is None else check(value)


def text(value: Any) -> str | None:
    """Take a text or None."""
    if value is None or isinstance(value, str):
        return value
    raise ValueError("is not a text: give a str, or None for none.")


def texts(value: Any) -> list[str]:
    """Take several texts."""
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        items = list(value)
        if all(isinstance(item, str) for item in items):
            return items
    raise ValueError("is not a list of texts: give a list of str.")


def named_texts(value: Any) -> dict[str, list[str]]:
    """Take several texts under each of some names."""
    if isinstance(value, Mapping) and all(isinstance(name, str) for name in value):
        try:
            return {name: texts(items) for name, items in value.items()}
        except ValueError:
            pass
    raise ValueError("is not possible: give a dict of names and lists of str.")
