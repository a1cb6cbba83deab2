"""Guided backpropagation: the gradient without what speaks against a unit, at every rectifier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.overrides import TorchFunctionMode

from inv_widgets.analysis import operations
from inv_widgets.comparison.method import NotPossibleError
from inv_widgets.torch_support import eval_pass, output_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from inv_widgets.comparison.subject import Subject

__all__ = ["guided_backprop", "rectified"]

# What leaves positive values (nearly) as they are and makes negative ones (nearly) 0.
_RECTIFIERS = {
    "celu", "elu", "gelu", "hardswish", "leaky_relu", "mish", "prelu", "relu", "relu6", "rrelu", "selu", "silu",
    "softplus", "threshold",
}  # fmt: skip
# These are rectifiers where they cut at 0.
_CLAMPS = {"clamp", "clamp_min", "clip", "hardtanh"}
_MASKED = {"relu", "relu6", "hardtanh"}  # their own derivative is 0 where their output is


def guided_backprop(subject: Subject) -> Tensor:
    """Let only positive gradients through active units: ``max_c |R_c|``, ``R' = [A > 0] [R > 0] f'(z) R``.

    Springenberg et al. 2015 (arXiv 1412.6806), section 3.4, where ``A = f(z) = max(z, 0)`` and so ``f'(z) = 1``. For
    other rectifiers f' is their own derivative: ReLU6 lets nothing through where it is saturated, SiLU and GELU act
    with their slope where their output is positive. The rule holds at every rectifier, be it a module, a function, in
    place or ``clamp(min=0)``. captum and others know the module ``nn.ReLU`` only: on ReLU6, whose rule then is
    ``f'(z) R``, they return the plain gradient.

    Parameters
    ----------
    subject
        The pictures.

    Returns
    -------
    torch.Tensor
        N x H x W, at the input's size; at least 0.

    Raises
    ------
    NotPossibleError
        On a network without rectifiers; those that are no torch function (written by hand, or as a custom autograd
        function) are not seen.
    """
    guide = _Guide()
    _, guided = subject.gradients(watch=guide)  # which enters it around the forward pass
    _require(guide)
    return guided.abs().amax(1)


def rectified(subject: Subject) -> None:
    """Raise where the network has no rectifier."""
    network = subject.net.module
    with eval_pass(network), _Guide() as guide:
        output_of(network, subject.inputs[:1].detach().clone().requires_grad_().clone())
    _require(guide)


class _Guide(TorchFunctionMode):
    """Hooks on the outputs of rectifiers (on tensors, which die with the pass; none on modules)."""

    def __init__(self) -> None:
        super().__init__()
        self.rectifiers = 0

    def watch(self, inputs: Tensor) -> None:
        """Take note of the inputs: nothing is to be done."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        if not isinstance(result, torch.Tensor):
            return result
        name = operations.base_name(func)
        rectifies = name in _RECTIFIERS or (name in _CLAMPS and _lower(name, args, kwargs) == 0)
        if rectifies and result.requires_grad:
            self.rectifiers += 1
            values = result.detach()
            # Ones and zeros of its own type: made and multiplied several times as fast as a mask.
            active = None if name in _MASKED else torch.gt(values, 0, out=torch.empty_like(values))
            hook: Any = result.register_hook
            hook(lambda gradient: _positive(gradient, active))
        return result


def _positive(gradient: Tensor | None, active: Tensor | None) -> Tensor | None:
    if gradient is None:  # quantised functions give none
        return None
    kept = gradient.clamp(min=0)
    return kept if active is None else kept * active


def _lower(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    given = args[1] if len(args) > 1 else kwargs.get("min_val" if name == "hardtanh" else "min")
    return given if isinstance(given, (int, float)) else None


def _require(guide: _Guide) -> None:
    if not guide.rectifiers:
        raise NotPossibleError("[inv-widgets] it has no rectifier (ReLU, ReLU6, SiLU ...) to guide gradients at.")
