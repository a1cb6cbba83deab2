"""The attention matrices of one forward pass, however the network computes them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional as F  # noqa: N812 (as everywhere)
from torch.overrides import TorchFunctionMode

from inv_widgets.analysis import operations
from inv_widgets.comparison.method import NotPossibleError

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

__all__ = ["AttentionMaps"]


class AttentionMaps(TorchFunctionMode):
    """A context around the forward pass of one picture, in which attention is kept: nothing of the network is changed.

    It sees ``scaled_dot_product_attention`` (whose matrix is computed once more from queries and keys),
    ``multi_head_attention_forward`` (which is asked for its weights), and a softmax over the last axis of heads x
    tokens x tokens that is written by hand.

    Attributes
    ----------
    maps
        For each block, in the order of the pass, heads x tokens x tokens; each row sums to 1.
    grids
        (h, w) of each convolution's output: patch embeddings tell the grid of the tokens.

    Raises
    ------
    NotPossibleError
        In the pass, for attention within windows, and for such where queries and keys are other tokens.
    """

    def __init__(self) -> None:
        super().__init__()
        self.maps: list[Tensor] = []
        self.grids: list[tuple[int, int]] = []

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        name = operations.base_name(func)
        if func is F.multi_head_attention_forward:
            wanted = {**kwargs, "need_weights": True, "average_attn_weights": False}
            output, weights = func(*args, **wanted)
            self._keep(weights if weights.ndim == 4 else weights[None])
            return output, self._asked(weights, kwargs)
        result = func(*args, **kwargs)
        if name == "scaled_dot_product_attention":
            self._keep(_matrix(*args, **kwargs))
        elif name == "softmax" and result.ndim >= 4 and _axis(args, kwargs) in {-1, result.ndim - 1}:
            self._keep(result.flatten(0, -4))
        elif name == "conv2d":
            self.grids.append((result.shape[-2], result.shape[-1]))
        return result

    def _keep(self, weights: Tensor) -> None:
        queries, keys = weights.shape[-2:]
        if len(weights) != 1:
            raise NotPossibleError(
                f"[inv-widgets] its attention works within {len(weights)} windows of {keys} tokens each (as in Swin): "
                "no matrix says how much all tokens take from all others."
            )
        if queries != keys:
            raise NotPossibleError(
                f"[inv-widgets] {queries} of its tokens attend to {keys} others: matrices that are not square have no "
                "product over all blocks."
            )
        self.maps.append(weights[0].detach())

    @staticmethod
    def _asked(weights: Tensor, kwargs: dict[str, Any]) -> Tensor | None:
        """Give the weights as the network wanted them."""
        if not kwargs.get("need_weights", True):
            return None
        return weights.mean(-3) if kwargs.get("average_attn_weights", True) else weights


def _matrix(
    query: Tensor,
    key: Tensor,
    _value: Tensor,
    attn_mask: Tensor | None = None,
    _dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
    **_others: Any,
) -> Tensor:
    """Give ``softmax(scale Q K^T + mask)``."""
    scores = query @ key.transpose(-2, -1) * (1 / math.sqrt(query.shape[-1]) if scale is None else scale)
    if is_causal:
        attn_mask = torch.ones_like(scores, dtype=torch.bool).tril()
    if attn_mask is not None and attn_mask.dtype == torch.bool:
        scores = scores.masked_fill(~attn_mask, -math.inf)
    elif attn_mask is not None:
        scores = scores + attn_mask
    return scores.softmax(-1)


def _axis(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return args[1] if len(args) > 1 else kwargs.get("dim")
