"""What a method asks of a network, checked before it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inv_widgets.comparison.method import NotPossibleError

if TYPE_CHECKING:
    from inv_widgets.comparison.subject import Subject

__all__ = ["convolutions"]


def convolutions(subject: Subject) -> None:
    """Raise where the network has no convolutional layer whose maps can be seen."""
    try:
        subject.layers("all")
    except ValueError as error:
        raise NotPossibleError(str(error)) from error
