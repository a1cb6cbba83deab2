"""Class scores before the softmax, where a network from elsewhere ends in one.

Keras models and ONNX files usually return probabilities; an explanation starts from the logits. What the softmax was
given is read off as the network runs: nothing in it is changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils.weak import WeakTensorKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["BeforeSoftmax"]

_ENDS = {"softmax", "log_softmax", "sigmoid", "expit", "special_softmax", "special_log_softmax"}
_CARRIED = {
    "clone", "contiguous", "dropout", "flatten", "float", "identity", "reshape", "squeeze", "to",
    "type", "view",
}  # fmt: skip
SMALLEST = 1e-38
"""What a probability of 0 counts as before its logarithm is taken."""


class BeforeSoftmax(TorchFunctionMode):
    """A context that notes what every softmax and sigmoid over classes was given.

    Only functions of N x K values (also N x K x 1 x 1) are noted.
    """

    def __init__(self) -> None:
        super().__init__()
        self._made: Any = WeakTensorKeyDictionary()

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run one function and note it where it makes probabilities."""
        result = func(*args, **(kwargs or {}))
        given = args[0] if args else (kwargs or {}).get("input")
        if not isinstance(result, Tensor) or not isinstance(given, Tensor) or result is given:
            return result
        name = func.__name__.strip("_")
        if name in _CARRIED and result.numel() == given.numel():
            ending = self._made.get(given)
            if ending is not None:
                self._made[result] = ending
        elif name in _ENDS and result.ndim >= 2 and result.shape[:2].numel() == result.numel():
            self._made[result] = (name.removeprefix("special_"), given)
        return result

    def scores(self, output: Any) -> tuple[str, Any]:
        """Give what the network ends in, and its scores before that.

        Returns
        -------
        tuple
            ``"softmax"`` (also for its logarithm), with the logits N x K; ``"sigmoid"`` for one sigmoid, with two
            logits (0 and z: their softmax is 1 - sigmoid(z) and sigmoid(z)); ``"sigmoids"`` for several, with what
            they were given; ``""`` with the output itself where neither is its last step.
        """
        ending = self._made.get(output) if isinstance(output, Tensor) else None
        if ending is None:
            return "", output
        name, given = ending
        logits = given if given.ndim == 2 else given.flatten(1)
        if name.endswith("softmax"):
            return "softmax", logits
        if logits.shape[1] > 1:
            return "sigmoids", logits
        return "sigmoid", torch.cat([torch.zeros_like(logits), logits], 1)
