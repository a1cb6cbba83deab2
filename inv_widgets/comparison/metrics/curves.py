"""How a class's probability rises as a map's pixels are shown, and falls as they are taken away (RISE, BMVC 2018)."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import torch
from scipy import ndimage
from torch.nn import functional as F  # noqa: N812 (as everywhere)
from tqdm.auto import tqdm

from inv_widgets.comparison.metrics.cases import UNSEEN, read_shown
from inv_widgets.comparison.metrics.results import Measured, warn_of
from inv_widgets.torch_support import widened

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray
    from torch import Tensor

    from inv_widgets.classifier import Classifier
    from inv_widgets.comparison.metrics.cases import Case, Shown

__all__ = ["Curves", "curves", "deletion", "insertion", "measure_deletion", "measure_insertion"]

Baseline = Literal["blur", "grey", "zero"]

_TAPS, _SIGMA = 11, 5.0  # of the authors' blur, in pixels of the input


@dataclass(frozen=True, eq=False)
class Curves:
    """Curves of a class's probability, one a map, and the areas under them.

    Attributes
    ----------
    auc
        The areas, 0..1 (trapezoids over `shares`), in the kind that the maps came in; a float for a single map.
    shares
        For each map the share of pixels that were changed, 0..1, float64, shape (steps + 1,).
    probabilities
        For each map the probability after each step, 0..1, of the same shape.
    reasons
        For each map why it has no curve, or "".
    """

    auc: Any
    shares: tuple[NDArray[np.float64], ...]
    probabilities: tuple[NDArray[np.float64], ...]
    reasons: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.shares)

    def to_frame(self) -> pd.DataFrame:
        """Give a row a step: ``picture`` (from 0), ``share`` and ``probability`` (0..1)."""
        import pandas as pd

        numbers = np.repeat(np.arange(len(self)), [len(each) for each in self.shares])
        return pd.DataFrame(
            {
                "picture": numbers,
                "share": np.concatenate(self.shares),
                "probability": np.concatenate(self.probabilities),
            }
        )


def insertion(  # noqa: PLR0913 (all that is asked about)
    net: Classifier,
    pictures: Any,
    maps: Any,
    target: Any = None,
    *,
    step: int | None = None,
    baseline: Baseline = "blur",
    targets: Any = None,
    batch_size: int | None = None,
) -> Curves:
    """Show a picture pixel by pixel, the map's highest first, and follow the class's softmax probability.

    Petsiuk et al., RISE, BMVC 2018, section 3.2, with the authors' numbers: from the blurred picture (11 x 11 pixels,
    sigma 5, beyond the edge 0) to the picture, a row's worth of pixels (224 of 224 x 224) at a time. A large area is
    good. Ranks and padding are those of :func:`inv_widgets.comparison.metrics.confidence.drop`.

    Parameters
    ----------
    net, pictures, maps, target, targets, batch_size
        See :func:`inv_widgets.comparison.metrics.confidence.drop`.
    step
        Pixels of the network's input that change at a time; None: its width.
    baseline
        What hides a pixel: ``"blur"``; ``"zero"`` after preprocessing; ``"grey"``: mid-grey before preprocessing.

    Returns
    -------
    Curves
        With ``auc``, one a map; NaN with an :class:`UndefinedMetricWarning` where the map does not cover what the
        network sees.

    Raises
    ------
    TypeError, ValueError
        As drop, and for an impossible step or baseline.
    """
    shown = read_shown(net, pictures, maps, target=target, targets=targets, batch_size=batch_size)
    found = curves(shown, "insertion", step, baseline)
    warn_of("insertion", found.reasons)
    return found


def deletion(  # noqa: PLR0913
    net: Classifier,
    pictures: Any,
    maps: Any,
    target: Any = None,
    *,
    step: int | None = None,
    baseline: Baseline = "zero",
    targets: Any = None,
    batch_size: int | None = None,
) -> Curves:
    """Take a picture away pixel by pixel, the map's highest first, and follow the class's softmax probability.

    Petsiuk et al., RISE, BMVC 2018, section 3.2: pixels are set to 0 after preprocessing. A small area is good.

    Parameters
    ----------
    net, pictures, maps, target, step, baseline, targets, batch_size
        See :func:`insertion`.

    Returns
    -------
    Curves
        As :func:`insertion`.

    Raises
    ------
    TypeError, ValueError
        As :func:`insertion`.
    """
    shown = read_shown(net, pictures, maps, target=target, targets=targets, batch_size=batch_size)
    found = curves(shown, "deletion", step, baseline)
    warn_of("deletion", found.reasons)
    return found


def curves(
    shown: Shown, kind: Literal["insertion", "deletion"], step: int | None = None, baseline: Baseline | None = None
) -> Curves:
    """Make the curves of :func:`insertion` or :func:`deletion` without a warning."""
    hidden_by = ("blur" if kind == "insertion" else "zero") if baseline is None else baseline
    if hidden_by not in get_args(Baseline):
        raise ValueError(f"[inv-widgets] baseline={baseline!r} is not known: give one of {get_args(Baseline)}.")
    if step is not None and (isinstance(step, bool) or not hasattr(step, "__index__") or operator.index(step) < 1):
        raise ValueError(f"[inv-widgets] step={step!r} is not possible: give a whole number of pixels, or None.")
    shares, chances, reasons = [], [], []
    for case in tqdm(shown, desc=kind, unit="picture", delay=2, leave=False):
        seen = case.map.count > 0
        changed, found = _curve(case, kind, step, hidden_by) if seen else (np.zeros(0), np.zeros(0))
        shares.append(changed)
        chances.append(found)
        reasons.append("" if seen else UNSEEN)
    auc = shown.given.result(_areas(shares, chances))
    return Curves(auc, tuple(shares), tuple(chances), tuple(reasons))


def measure_insertion(shown: Shown, step: int | None = None, baseline: Baseline = "blur") -> Measured:
    """Measure the area under the :func:`insertion` curve without a warning."""
    return _measured(curves(shown, "insertion", step, baseline))


def measure_deletion(shown: Shown, step: int | None = None, baseline: Baseline = "zero") -> Measured:
    """Measure the area under the :func:`deletion` curve without a warning."""
    return _measured(curves(shown, "deletion", step, baseline))


def _measured(found: Curves) -> Measured:
    return Measured(_areas(found.shares, found.probabilities), found.reasons)


def _areas(shares: Sequence[NDArray[np.float64]], chances: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Give the areas by trapezoids; NaN where there is no curve."""
    pairs = zip(shares, chances, strict=True)
    return np.array([((y[1:] + y[:-1]) / 2 * np.diff(x)).sum() if len(x) else np.nan for x, y in pairs])


def _curve(
    case: Case, kind: str, step: int | None, baseline: Baseline
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    subject, count = case.subject, case.map.count
    width = int(case.input.shape[2]) if step is None else operator.index(step)
    changed = np.minimum(np.arange(0, count + width, width), count)
    hidden = torch.where(case.on(case.map.covered), _baseline(case, baseline), case.input)
    start, finish = (hidden, case.input) if kind == "insertion" else (case.input, hidden)
    ranks = case.on(case.map.ranks)
    found = []
    for batch in np.array_split(changed, range(subject.batch_size, len(changed), subject.batch_size)):
        moved = ranks[None] < case.on(batch)[:, None, None]
        found.append(case.probabilities(subject.logits(torch.where(moved[:, None], finish, start))))
    return changed / count, np.concatenate(found)


def _baseline(case: Case, kind: Baseline) -> Tensor:
    if kind == "zero":
        return torch.zeros_like(case.input)
    if kind == "grey":
        picture = case.subject.pictures[case.row]
        grey = np.full((picture.height, picture.width, 3), 128, np.uint8)
        return case.subject.net.preprocess(grey)[0]
    spike = np.zeros(_TAPS)
    spike[_TAPS // 2] = 1
    # Folded back at the kernel's own edge, as the authors make it.
    taps = torch.from_numpy(ndimage.gaussian_filter1d(spike, _SIGMA, mode="reflect"))
    wide = widened(case.input)
    taps = taps.to(wide)
    down = F.conv2d(wide[:, None], taps.reshape(1, 1, -1, 1), padding=(_TAPS // 2, 0))
    return F.conv2d(down, taps.reshape(1, 1, 1, -1), padding=(0, _TAPS // 2))[:, 0].to(case.input.dtype)
