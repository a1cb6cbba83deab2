"""Which labels of a cluster map rest on too little to be taken at their word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inv_widgets.summary.aggregation import MinSupport

if TYPE_CHECKING:
    from inv_widgets.explanation import Label

__all__ = ["LEAST", "is_low"]

LEAST = MinSupport()
"""As many rounds and players as a global explanation asks for. A cluster map is of one picture: those do not count."""


def is_low(label: Label) -> bool:
    """Tell whether fewer rounds or players gave a label than it takes; what is not known is not held against it."""
    few_rounds = 0 < label.frequency < LEAST.rounds
    return few_rounds or 0 < label.players < LEAST.players
