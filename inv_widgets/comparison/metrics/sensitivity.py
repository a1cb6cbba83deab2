"""Whether a map's numbers add up: Sensitivity-n (Ancona et al., ICLR 2018)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from tqdm.auto import tqdm

from inv_widgets.comparison.metrics.cases import UNSEEN, read_shown
from inv_widgets.comparison.metrics.results import concluded, gathered
from inv_widgets.comparison.parameters import check_int, check_seed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from inv_widgets.classifier import Classifier
    from inv_widgets.comparison.metrics.cases import Case, Shown
    from inv_widgets.comparison.metrics.results import Measured

__all__ = ["measure_sensitivity_n", "sensitivity_n"]

_SIZES, _LARGEST = 10, 0.8


def sensitivity_n(  # noqa: PLR0913 (all that is asked about)
    net: Classifier,
    pictures: Any,
    maps: Any,
    target: Any = None,
    *,
    sizes: Sequence[int] | None = None,
    subsets: int = 100,
    seed: int = 0,
    targets: Any = None,
    batch_size: int | None = None,
) -> Any:
    """Sensitivity-n: how well a map's sum over some pixels foretells what the class score loses without them.

    For each n, `subsets` random sets of n pixels of the network's input are set to 0 after preprocessing; Pearson's
    correlation between the sums of the map over the sets and the losses of the class score (before the softmax; a
    group's is the logsumexp), averaged over n (Ancona et al., ICLR 2018, section 4). -1..1, higher is better. It
    measures maps that claim to share out the score, such as Integrated Gradients; others need not do well. The map is
    brought to the input as in :func:`inv_widgets.comparison.metrics.confidence.drop`.

    Parameters
    ----------
    net, pictures, maps, target, targets, batch_size
        See :func:`inv_widgets.comparison.metrics.confidence.drop`.
    sizes
        The n, each at least 1 and under the number of pixels; None: ten from 1 to 80 % of the pixels, evenly in the
        logarithm. A picture costs ``len(sizes) * subsets`` forward passes.
    subsets
        Sets for each n, at least 2; the paper's 100.
    seed
        Of the sets; the same for every map on one size of input, so that methods are compared on the same sets.

    Returns
    -------
    float, ndarray or tensor
        float64, one number a map, in the kind that the maps came in; NaN with an :class:`UndefinedMetricWarning` where
        no correlation exists: a constant map, or a score that never changes.

    Raises
    ------
    TypeError, ValueError
        As drop, and for impossible sizes, subsets or seed.
    """
    shown = read_shown(net, pictures, maps, target=target, targets=targets, batch_size=batch_size)
    return concluded("sensitivity_n", shown.given, measure_sensitivity_n(shown, sizes, subsets, seed))


def measure_sensitivity_n(
    shown: Shown, sizes: Sequence[int] | None = None, subsets: int = 100, seed: int = 0
) -> Measured:
    """Measure :func:`sensitivity_n` without a warning."""
    number, first = check_int("subsets", subsets, 2), check_seed(seed)
    wanted = None if sizes is None else [check_int("sizes", size) for size in sizes]
    if wanted is not None and not wanted:
        raise ValueError("[inv-widgets] sizes is empty: give numbers of pixels, or None.")
    cases = tqdm(shown, desc="sensitivity-n", unit="picture", delay=2, leave=False)
    return gathered(_correlation(case, wanted, number, first) for case in cases)


def _correlation(case: Case, sizes: list[int] | None, subsets: int, seed: int) -> tuple[float, str]:
    places = np.flatnonzero(case.map.covered)
    if not places.size:
        return math.nan, UNSEEN
    if sizes is None:
        largest = max(1, int(_LARGEST * places.size))
        sizes = sorted({int(size) for size in np.geomspace(1, largest, _SIZES).round()})
    if max(sizes) >= places.size:
        if places.size == 1:
            return math.nan, "the network sees one pixel"
        raise ValueError(
            f"[inv-widgets] sizes={sizes!r} is not possible: the network sees {places.size} pixels of this picture, "
            "give fewer."
        )
    values = case.map.values.ravel()[places]
    if values.min() == values.max():
        return math.nan, "the map is constant"
    full = case.scores(case.subject.own_logits[case.row : case.row + 1])[0]
    generator = np.random.default_rng(seed)
    found = []
    for size in sizes:
        drawn = np.array([generator.choice(places.size, size, replace=False) for _ in range(subsets)])
        losses = full - _scores_without(case, places[drawn])
        found.append(_pearson(values[drawn].sum(1), losses))
    known = [each for each in found if not math.isnan(each)]
    if not known:
        return math.nan, "the class score, or the map's sum, is the same for all sets of pixels"
    return float(np.mean(known)), ""


def _scores_without(case: Case, sets: NDArray[np.intp]) -> NDArray[np.float64]:
    """Give the class scores with each set of pixels at 0."""
    subject, found = case.subject, []
    channels, height, width = case.input.shape
    for start in range(0, len(sets), subject.batch_size):
        batch = case.on(sets[start : start + subject.batch_size])
        kept = torch.ones(len(batch), height * width, dtype=case.input.dtype, device=case.input.device)
        kept.scatter_(1, batch, 0)
        changed = case.input * kept.reshape(-1, 1, height, width)
        found.append(case.scores(subject.logits(changed.expand(-1, channels, -1, -1))))
    return np.concatenate(found)


def _pearson(one: NDArray[np.float64], two: NDArray[np.float64]) -> float:
    one, two = one - one.mean(), two - two.mean()
    spread = math.sqrt(float((one**2).sum()) * float((two**2).sum()))
    return float((one * two).sum()) / spread if spread > 0 else math.nan
