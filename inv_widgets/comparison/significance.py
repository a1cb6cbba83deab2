"""Whether scores differ from those of random counterparts: Student's t-test, and Holm's correction for several."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

__all__ = ["holm", "t_test"]

_NO_SPREAD = 1e-12


def t_test(scores: ArrayLike, random_scores: ArrayLike) -> tuple[float, float]:
    """Compare two groups of scores: Student's two-sample t-test, two-sided, with the pooled variance.

    Under the null hypothesis both groups are drawn alike, so that their variances are equal. Pooling also keeps the
    test honest where all scores of one group are 1, as they are when a layer's gradient is the same for all pictures.

    Parameters
    ----------
    scores, random_scores
        Shapes (n,) and (m,), each at least 2.

    Returns
    -------
    t, p
        t is positive where `scores` are higher. Where nothing varies at all, t is 0 or infinite and p is that of a sign
        test, 1 or 2 / 2**n.

    References
    ----------
    Student, "The Probable Error of a Mean", Biometrika 1908.
    """
    one, two = np.asarray(scores, np.float64), np.asarray(random_scores, np.float64)
    difference = float(one.mean() - two.mean())
    free = one.size + two.size - 2
    squares = float(((one - one.mean()) ** 2).sum() + ((two - two.mean()) ** 2).sum())
    error = math.sqrt(squares / free * (1 / one.size + 1 / two.size))
    if error < _NO_SPREAD:
        same = abs(difference) < _NO_SPREAD
        return (0.0, 1.0) if same else (math.copysign(math.inf, difference), 2.0 ** (1 - one.size))
    t = difference / error
    return t, float(2 * stats.t.sf(abs(t), free))


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct p-values that are tested together, so that the chance of any false alarm stays below the level.

    The smallest of n is multiplied by n, the next by n - 1, and so on; none falls below one before it, none exceeds 1.

    Parameters
    ----------
    p_values
        0..1; NaN stands for what was not tested, counts for nothing and stays NaN.

    References
    ----------
    Holm, "A Simple Sequentially Rejective Multiple Test Procedure", Scandinavian Journal of Statistics 1979.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    tested = sorted((place for place, p in enumerate(p_values) if not math.isnan(p)), key=lambda at: p_values[at])
    corrected = [math.nan] * len(p_values)
    highest = 0.0
    for rank, place in enumerate(tested):
        highest = max(highest, min(1.0, (len(tested) - rank) * p_values[place]))
        corrected[place] = highest
    return corrected
