"""How much a number hangs on which pictures were looked at: quartiles and bootstrap intervals over pictures."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from inv_widgets.errors import kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["Bootstrap", "quartiles"]

_AT_ONCE = 512  # labels; 4 MB with 1000 draws


def quartiles(values: Iterable[float], n: int) -> tuple[float, float, float]:
    """Give the quartiles of n numbers of which those that are 0 may be left out; none is below 0. NaN for n = 0.

    Examples
    --------
    Of 0, 0, 0, 2, 6:

    >>> quartiles([6, 2], 5)
    (0.0, 0.0, 2.0)
    """
    if n == 0:
        return math.nan, math.nan, math.nan
    ordered = sorted(values)
    zeros = n - len(ordered)
    found = []
    for quarter in (1, 2, 3):
        below, part = divmod(quarter * (n - 1), 4)
        low = ordered[below - zeros] if below >= zeros else 0.0
        high = ordered[below + 1 - zeros] if part and below + 1 >= zeros else 0.0 if part else low
        found.append(float(low + (high - low) * part / 4))
    return found[0], found[1], found[2]


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """Draw the pictures anew, with replacement, and see how far a number moves (percentile intervals).

    Parameters
    ----------
    draws
        How often.
    confidence
        The share of the draws that lie inside the interval, 0..1.
    seed
        The same seed and number of pictures give the same draws.
    """

    draws: int = 1000
    confidence: float = 0.95
    seed: int = 0

    def __post_init__(self) -> None:
        if isinstance(self.draws, bool) or not isinstance(self.draws, int) or self.draws < 1:
            raise ValueError(
                f"[inv-widgets] draws={self.draws!r} is {kind_of(self.draws)}: give how often pictures are drawn anew, "
                "an int of at least 1."
            )
        if not (isinstance(self.confidence, float) and 0 < self.confidence < 1):
            raise ValueError(
                f"[inv-widgets] confidence={self.confidence!r}: give a share between 0 and 1, such as 0.95."
            )

    @property
    def shares(self) -> tuple[float, float]:
        """The two quantiles that bound the interval."""
        return (1 - self.confidence) / 2, (1 + self.confidence) / 2

    def counts(self, n: int) -> NDArray[np.float64]:
        """Say how often each of n pictures is drawn: shape (draws, n), each row sums to n."""
        generator = np.random.default_rng(self.seed)
        return generator.multinomial(n, np.full(n, 1 / n), size=self.draws).astype(np.float64)

    def of_sums(self, scores: Sequence[Mapping[int, float]], n: int) -> list[tuple[float, float]]:
        """Give the interval of each sum over n pictures.

        Parameters
        ----------
        scores
            For each sum the pictures' parts, by the picture's number (0..n - 1); what is left out is 0.

        Returns
        -------
        list
            (low, high) of each; NaN where there are fewer than two pictures to draw from.
        """
        if n < 2:
            return [(math.nan, math.nan)] * len(scores)
        counts = self.counts(n)
        # What stands in one picture only - most labels - moves as that picture's count does.
        alone = np.quantile(counts, self.shares, axis=0).T.tolist()
        found: list[tuple[float, float]] = [(0.0, 0.0)] * len(scores)
        several = []
        for place, parts in enumerate(scores):
            if len(parts) == 1:
                ((picture, score),) = parts.items()
                found[place] = (score * alone[picture][0], score * alone[picture][1])
            elif parts:
                several.append(place)
        for start in range(0, len(several), _AT_ONCE):
            places = several[start : start + _AT_ONCE]
            dense = np.zeros((n, len(places)))
            for at, place in enumerate(places):
                dense[list(scores[place]), at] = list(scores[place].values())
            low, high = np.quantile(counts @ dense, self.shares, axis=0).tolist()
            for place, pair in zip(places, zip(low, high, strict=True), strict=True):
                found[place] = pair
        return found
