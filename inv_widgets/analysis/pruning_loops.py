"""A loop over maps and gradients, in the few types and words that numba compiles (see :mod:`.compiled`)."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["SURVEY", "survey"]

SURVEY = "void(int32[:,::1], float32[:,::1], boolean, int32[:,::1], float64[::1])"

_ZERO, _ONE = np.float32(0), np.float32(1)
_ALL_BUT_SIGN = np.int32(0x7FFFFFFF)


def survey(bits: Any, gradients: Any, guided: bool, ends: Any, weights: Any) -> None:
    """Find each map's largest and smallest value and its weight, in one sweep.

    The bits of numbers of one sign are in the numbers' order, which also puts NaN at an end: comparing them takes
    vector registers, which comparing numbers that may be NaN does not.

    Parameters
    ----------
    bits
        int32, shape (C, cells): the bits of float32 maps.
    gradients
        float32, shape (C, cells): dY/dA, score per unit of activation.
    guided
        Whether a gradient counts only where both it and the map are positive, as in
        :func:`inv_widgets.analysis.importance.guided`; else all do, as in
        :func:`inv_widgets.analysis.importance.grad_cam`. Where one is NaN or infinite, the weight is not finite.
    ends
        int32, shape (2, C): written; the bits of each map's largest and smallest value. Where a map holds NaN, one of
        them is.
    weights
        float64, shape (C,): written.
    """
    channels, cells = bits.shape
    for k in range(channels):
        high, low = np.int32(-0x80000000), np.int32(0x7FFFFFFF)
        total = _ZERO
        if guided:
            for cell in range(cells):
                value, gradient = bits[k, cell], gradients[k, cell]
                place = value ^ ((value >> 31) & _ALL_BUT_SIGN)
                high, low = max(high, place), min(low, place)
                total += gradient * (_ONE if (value > 0) & (gradient > _ZERO) else _ZERO)
        else:
            for cell in range(cells):
                value = bits[k, cell]
                place = value ^ ((value >> 31) & _ALL_BUT_SIGN)
                high, low = max(high, place), min(low, place)
                total += gradients[k, cell]
        ends[0, k] = high ^ ((high >> 31) & _ALL_BUT_SIGN)
        ends[1, k] = low ^ ((low >> 31) & _ALL_BUT_SIGN)
        weights[k] = total / cells
