"""What the package's error messages share."""

from __future__ import annotations

from typing import Any

__all__ = ["UnknownNameError", "counted", "kind_of"]


class UnknownNameError(KeyError):
    """A picture, category, layer or column that is not there, or a name that means several; reads as its message.

    The text of a plain KeyError is its argument's repr: in quotes, with line breaks and quotes escaped.
    """

    def __str__(self) -> str:
        return str(self.args[0]) if len(self.args) == 1 else super().__str__()


def counted(number: int, noun: str) -> str:
    """Say how many things there are: ``"1 picture"``, ``"2 pictures"``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def kind_of(value: Any) -> str:
    """Say in words what a value is: ``"an int"``, ``"a str"``."""
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in set('aeiou') else 'a'} {name}"
