"""Which labels rest on too little to be taken at their word: the one place where that is decided for a label.

What is too little stands in :class:`inv_widgets.summary.aggregation.MinSupport`, for global explanations too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inv_widgets.summary.aggregation import MinSupport

if TYPE_CHECKING:
    from inv_widgets.explanation import Label

__all__ = ["LEAST", "is_low"]

LEAST = MinSupport()
"""What a global explanation asks for; a cluster map is of one picture, so only its rounds and players are looked at."""


def is_low(label: Label) -> bool:
    """Tell whether fewer rounds or players gave a cluster map's label than it takes.

    What is not known (0: a label that was not made by :func:`inv_widgets.label`) is not held against it.
    """
    return 0 < label.frequency < LEAST.rounds or 0 < label.players < LEAST.players
