"""The implicit biases of calls whose rule is known: the output less the linear answer to the inputs."""

from __future__ import annotations

import warnings
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import torch
from torch.autograd import forward_ad
from torch.nn.attention import SDPBackend, sdpa_kernel

from inv_widgets.comparison.calls import tensors_of
from inv_widgets.comparison.method import NotPossibleError

if TYPE_CHECKING:
    from torch import Tensor

    from inv_widgets.comparison.calls import Call

__all__ = ["at_zero", "saturated", "without_linear_part", "without_slope"]

_load: Any = getattr(forward_ad, "_maybe_load_decompositions", lambda: None)
_dual: Any = forward_ad.make_dual
_parts: Any = forward_ad.unpack_dual


def at_zero(call: Call) -> Tensor | tuple[Tensor, ...] | None:
    """Compute ``f(0)`` of an affine function; None where it is 0 everywhere."""
    found = tuple(each.detach() for each in tensors_of(call.again(torch.zeros_like)))
    return found if any(bool(each.any()) for each in found) else None


def saturated(call: Call, lower: float | None, upper: float | None) -> Tensor | None:
    """Give the bounds where the input is beyond them; hardtanh and ReLU6 have no slope at the bounds themselves."""
    z = call.inputs[0].detach()
    at = call.name in {"hardtanh", "relu6"}
    bias = None
    # Comparisons that write ones and zeros of the input's own type are several times as fast as masks.
    if lower:
        bias = (torch.le if at else torch.lt)(z, lower, out=torch.empty_like(z)).mul_(lower)
    if upper:
        high = (torch.ge if at else torch.gt)(z, upper, out=torch.empty_like(z)).mul_(upper)
        bias = high if bias is None else bias + high
    return bias


def without_slope(call: Call) -> Tensor:
    """Compute ``f(z) - f'(z) z`` of an elementwise function."""
    z = call.inputs[0].detach()
    with torch.enable_grad():
        leaf = z.clone().requires_grad_()
        (y,) = tensors_of(call.again(lambda _: leaf.clone()))
        (slope,) = torch.autograd.grad(y.sum(), leaf)
    return y.detach() - slope * z


def without_linear_part(call: Call) -> tuple[Tensor, ...]:
    """Compute ``f(x) - J x`` with dual numbers."""
    attention = "attention" in call.name  # its fused kernels know no forward mode
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # torch's own, on first use
            _load()
        with forward_ad.dual_level(), sdpa_kernel(SDPBackend.MATH) if attention else nullcontext():
            duals = {id(x): _dual(x.detach().clone(), x.detach().clone()) for x in call.inputs}
            parts = [_parts(y) for y in tensors_of(call.again(lambda x: duals[id(x)]))]
            return tuple((y if slope is None else y - slope).detach() for y, slope in parts)
    except (NotImplementedError, RuntimeError) as error:
        raise NotPossibleError(
            f"[inv-widgets] the implicit bias of its {call.name!r} is unknown: torch has no forward derivative of it "
            f"({str(error).splitlines()[0]})."
        ) from error
