"""Parameters of methods, checked in one place; each error names what was given and what to give."""

from __future__ import annotations

import math
import numbers
from typing import Any, TypeVar

__all__ = ["check_choice", "check_int", "check_number", "check_seed"]

T = TypeVar("T")


def check_int(name: str, value: Any, least: int = 1, most: float = math.inf) -> int:
    """Take a whole number of `least` to `most`."""
    number = int(value) if isinstance(value, numbers.Integral) and not isinstance(value, bool) else None
    if number is None or not least <= number <= most:
        up_to = "" if most == math.inf else f" and at most {most}"
        raise ValueError(
            f"[inv-widgets] {name}={value!r:.80} is not possible: give a whole number of at least {least}{up_to}."
        )
    return number


def check_seed(value: Any) -> int:
    """Take a seed: a whole number of at least 0."""
    return check_int("seed", value, 0, 2**32 - 1)


def check_number(name: str, value: Any, above: float, most: float = math.inf) -> float:
    """Take a finite number above `above` and up to `most`."""
    number = float(value) if isinstance(value, numbers.Real) and not isinstance(value, bool) else math.nan
    if not math.isfinite(number) or not above < number <= most:
        up_to = "" if most == math.inf else f" and up to {most:g}"
        raise ValueError(f"[inv-widgets] {name}={value!r:.80} is not possible: give a number above {above:g}{up_to}.")
    return number


def check_choice(name: str, value: Any, choices: tuple[T, ...]) -> T:
    """Take one of the choices."""
    for choice in choices:
        if isinstance(value, type(choice)) and value == choice:
            return choice
    raise ValueError(f"[inv-widgets] {name}={value!r:.80} is not possible: give {' or '.join(map(repr, choices))}.")
