"""What is left of a class's probability when only a map's highest pixels are kept: Drop % and Increase %."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from inv_widgets.comparison.metrics.cases import UNSEEN, read_shown
from inv_widgets.comparison.metrics.localisation import checked_share
from inv_widgets.comparison.metrics.results import Measured, concluded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inv_widgets.classifier import Classifier
    from inv_widgets.comparison.metrics.cases import Shown

__all__ = ["Confidence", "drop", "increase", "kept_confidence", "measure_drop", "measure_increase"]


def drop(  # noqa: PLR0913 (all that is asked about)
    net: Classifier,
    pictures: Any,
    maps: Any,
    target: Any = None,
    share: float = 15,
    *,
    targets: Any = None,
    batch_size: int | None = None,
) -> Any:
    """Drop %: how much of the class's probability is lost when only the map's highest pixels are kept.

    ``100 * max(0, y - o) / y`` with y and o the softmax probability (a group's is the sum) on the picture and on what
    is kept (Chattopadhay et al., Grad-CAM++, WACV 2018; the top 15 %: Sattarzadeh et al., AAAI 2021). Their
    mean is the published number. 0..100, lower is better.

    The map's window is brought to the network's input (bilinear, averaged where it is finer); there the highest
    ``round(share / 100 * pixels)`` are kept, equal ones in the reveal game's fixed order, and the others are 0 after
    preprocessing. Padding beyond the picture stays as it is and is not counted.

    Parameters
    ----------
    net
        The network. It is left as found.
    pictures
        One picture (for all maps), or a list with one a map; any that :func:`inv_widgets.pictures.load_picture` takes.
    maps
        H x W, N x H x W, or a list of H x W, at the pictures' sizes. What lies outside the network's window does not
        matter, NaN included.
    target
        The class or group, for all pictures; None: the network's first choice for each.
    share
        Per cent of the pixels that are kept, above 0, at most 100.
    targets
        One a picture, instead of `target`.
    batch_size
        How many changed pictures go through the network at once; None: as many as is fast, in less than 1 GB.

    Returns
    -------
    float, ndarray or tensor
        float64, one number a map, in the kind that the maps came in; NaN with an :class:`UndefinedMetricWarning` where
        y is 0 or the map does not cover what the network sees.

    Raises
    ------
    TypeError, ValueError
        For maps of another size or number than the pictures, NaN or infinite values in the window, an impossible share
        or target.
    """
    shown = read_shown(net, pictures, maps, target=target, targets=targets, batch_size=batch_size)
    return concluded("drop", shown.given, measure_drop(shown, share))


def increase(  # noqa: PLR0913
    net: Classifier,
    pictures: Any,
    maps: Any,
    target: Any = None,
    share: float = 15,
    *,
    targets: Any = None,
    batch_size: int | None = None,
) -> Any:
    """Increase %: 100 where the class's probability rises when only the map's highest pixels are kept, else 0.

    ``100 * [o > y]``, see :func:`drop`; their mean is the published number. Higher is better.

    Parameters
    ----------
    net, pictures, maps, target, share, targets, batch_size
        See :func:`drop`.

    Returns
    -------
    float, ndarray or tensor
        As :func:`drop`; NaN where the map does not cover what the network sees.

    Raises
    ------
    TypeError, ValueError
        As :func:`drop`.
    """
    shown = read_shown(net, pictures, maps, target=target, targets=targets, batch_size=batch_size)
    return concluded("increase", shown.given, measure_increase(shown, share))


@dataclass(frozen=True, eq=False)
class Confidence:
    """The class's probability on each picture and on what is kept of it, from which Drop and Increase follow.

    Attributes
    ----------
    full, kept
        float64, shape (N,): y and o, 0..1.
    reasons
        For each map why it was not measured, or "".
    """

    full: NDArray[np.float64]
    kept: NDArray[np.float64]
    reasons: tuple[str, ...]

    @property
    def drop(self) -> Measured:
        """Per picture ``100 max(0, y - o) / y``."""
        reasons = tuple(
            reason or ("" if full > 0 else "the class's probability on the picture is 0")
            for reason, full in zip(self.reasons, self.full, strict=True)
        )
        lost = np.maximum(0, self.full - self.kept)
        whole = np.array([not reason for reason in reasons])
        return Measured(np.divide(100 * lost, self.full, out=np.full(lost.shape, np.nan), where=whole), reasons)

    @property
    def increase(self) -> Measured:
        """Per picture ``100 [o > y]``."""
        whole = np.array([not reason for reason in self.reasons])
        return Measured(np.where(whole, 100.0 * (self.kept > self.full), np.nan), self.reasons)


def kept_confidence(shown: Shown, share: float = 15) -> Confidence:
    """Ask the network about each picture and about what is kept of it, once: two forward passes a map."""
    part = checked_share("share", share)
    if ("kept", part) not in shown.known:
        shown.known["kept", part] = _asked(shown, part)
    found: Confidence = shown.known["kept", part]
    return found


def _asked(shown: Shown, part: float) -> Confidence:
    full, kept = np.full((2, len(shown)), np.nan)
    reasons = [""] * len(shown)
    for group in shown.groups():
        cases = [case for case in group if case.map.count]
        for case in group:
            if not case.map.count:
                reasons[case.number] = UNSEEN
        if not cases:
            continue
        subject = cases[0].subject
        own = subject.own_logits
        # Padding is neither kept nor taken away.
        hidden = [case.on(case.map.covered & ~case.map.top(part)) for case in cases]
        masked = torch.stack([case.input.masked_fill(hide, 0) for case, hide in zip(cases, hidden, strict=True)])
        found = subject.logits(masked)
        for number, case in enumerate(cases):
            full[case.number] = case.probabilities(own[case.row : case.row + 1])[0]
            # The same input, in a batch of another size, differs in its last digits: that is no increase.
            same = torch.equal(masked[number], case.input)
            kept[case.number] = full[case.number] if same else case.probabilities(found[number : number + 1])[0]
    return Confidence(full, kept, tuple(reasons))


def measure_drop(shown: Shown, share: float = 15) -> Measured:
    """Measure :func:`drop` without a warning."""
    return kept_confidence(shown, share).drop


def measure_increase(shown: Shown, share: float = 15) -> Measured:
    """Measure :func:`increase` without a warning."""
    return kept_confidence(shown, share).increase
