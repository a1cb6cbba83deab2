"""Attention rollout: how much of each patch reaches the class token through all blocks of a Transformer."""

from __future__ import annotations

import math
import numbers
from typing import TYPE_CHECKING, Any

import torch

from inv_widgets.comparison.attention_maps import AttentionMaps
from inv_widgets.comparison.method import NotPossibleError
from inv_widgets.comparison.parameters import check_choice

if TYPE_CHECKING:
    from torch import Tensor

    from inv_widgets.comparison.subject import Subject

__all__ = ["attending", "attention_rollout"]

_MOST_PREFIX = 8  # tokens before those of the grid: class, distillation, registers


def attention_rollout(subject: Subject, *, head_fusion: str, discard: float, residual: float) -> Tensor:
    """Multiply the blocks' attention: ``R = A_L ... A_2 A_1`` with ``A_l = residual I + (1 - residual) W_l``.

    Abnar & Zuidema 2020 (arXiv 2005.00928), equations 1 and 2: W_l is a block's attention, mean over the heads, and
    residual = 0.5 stands for the skip connection; rows sum to 1. The class token's row of R is laid on the grid; where
    there is no such token, the mean of all rows. It does not depend on the class.

    Parameters
    ----------
    subject
        The pictures.
    head_fusion
        ``"mean"`` (the paper), ``"max"`` or ``"min"`` over the heads.
    discard
        Which share of each block's attention, the lowest, is left out (0: the paper), at least 0 and below 1. What the
        class token takes from itself stays.
    residual
        How much of each block's output is its input, from 0 to 1.

    Returns
    -------
    torch.Tensor
        N x h x w, at the grid of the patches; shares of the class token, at least 0.

    Raises
    ------
    NotPossibleError
        On networks without attention, or with such within windows (Swin).
    """
    check_choice("head_fusion", head_fusion, ("mean", "max", "min"))
    if not _is_share(discard) or discard == 1:
        raise ValueError(f"[inv-widgets] discard={discard!r} is not possible: give a share from 0 to below 1.")
    if not _is_share(residual):
        raise ValueError(f"[inv-widgets] residual={residual!r} is not possible: give a share from 0 to 1.")
    return torch.stack([_rolled(subject, row, head_fusion, discard, residual) for row in range(len(subject))])


def attending(subject: Subject) -> None:
    """Raise where the network has no attention over all tokens that can be rolled out."""
    _grid(_watched(subject, 0), subject)


def _rolled(subject: Subject, row: int, head_fusion: str, discard: float, residual: float) -> Tensor:
    seen = _watched(subject, row)
    (height, width), prefix = _grid(seen, subject)
    identity = torch.eye(seen.maps[0].shape[-1], device=seen.maps[0].device)
    rolled = identity
    for heads in seen.maps:
        weights = _fused(heads.float(), head_fusion)
        if discard:
            lowest = weights.flatten().argsort()[: int(discard * weights.numel())]
            weights.view(-1)[lowest[lowest != 0]] = 0
        mixed = residual * identity + (1 - residual) * weights
        rolled = (mixed / mixed.sum(-1, keepdim=True).clamp(min=torch.finfo(mixed.dtype).tiny)) @ rolled
    taken = rolled[0] if prefix else rolled.mean(0)
    return taken[prefix:].view(height, width)


def _fused(heads: Tensor, head_fusion: str) -> Tensor:
    if head_fusion == "mean":
        return heads.mean(0)
    return heads.amax(0) if head_fusion == "max" else heads.amin(0)


def _watched(subject: Subject, row: int) -> AttentionMaps:
    seen = AttentionMaps()
    with seen:
        subject.logits(subject.inputs[row : row + 1])
    if not seen.maps:
        raise NotPossibleError("[inv-widgets] it has no attention over tokens.")
    return seen


def _grid(seen: AttentionMaps, subject: Subject) -> tuple[tuple[int, int], int]:
    """Find height and width of the tokens' grid, and how many tokens stand before it."""
    counts = sorted({maps.shape[-1] for maps in seen.maps})
    if len(counts) > 1:
        raise NotPossibleError(
            f"[inv-widgets] its blocks attend over {' and '.join(map(str, counts))} tokens: matrices of several sizes "
            "have no product over all blocks."
        )
    tokens = counts[0]
    for height, width in reversed(seen.grids):
        if 0 <= tokens - height * width <= _MOST_PREFIX:
            return (height, width), tokens - height * width
    across = subject.inputs.shape[3] / subject.inputs.shape[2]
    for prefix in range(_MOST_PREFIX + 1):
        height = round(math.sqrt((tokens - prefix) / across)) if tokens > prefix else 0
        if height and (tokens - prefix) % height == 0 and round(height * across) * height == tokens - prefix:
            return (height, (tokens - prefix) // height), prefix
    raise NotPossibleError(f"[inv-widgets] its {tokens} tokens are no grid over the picture.")


def _is_share(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool) and 0 <= float(value) <= 1
