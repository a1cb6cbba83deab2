"""The implicit biases of calls whose rule is known: the output less the linear answer to the inputs."""

from __future__ import annotations

import warnings
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import torch
from torch.autograd import forward_ad
from torch.autograd.graph import saved_tensors_hooks
from torch.nn.attention import SDPBackend, sdpa_kernel

from inv_widgets.comparison.calls import tensors_of
from inv_widgets.comparison.method import NotPossibleError

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from inv_widgets.comparison.calls import Call

__all__ = ["at_zero", "saturated", "without_linear_part", "without_slope"]

_load: Any = getattr(forward_ad, "_maybe_load_decompositions", lambda: None)
_dual: Any = forward_ad.make_dual
_parts: Any = forward_ad.unpack_dual


def at_zero(call: Call) -> Tensor | tuple[Tensor, ...] | None:
    """Compute ``f(0)`` of an affine function; None where it is 0 everywhere."""
    with torch.no_grad():
        found = tuple(tensors_of(call.again(torch.zeros_like)))
    return found if any(bool(each.any()) for each in found) else None


def saturated(call: Call, lower: float | None, upper: float | None) -> Callable[[], Tensor] | None:
    """Give the bounds where the input is beyond them; hardtanh and ReLU6 have no slope at the bounds themselves.

    Until they are asked for they are kept as masks: numbers of all saturated activations would fill the caches.
    """
    z = call.inputs[0].detach()
    at = call.name in {"hardtanh", "relu6"}
    masks: list[tuple[Tensor, float]] = []
    if lower:
        masks.append(((z <= lower) if at else (z < lower), lower))
    if upper:
        masks.append(((z >= upper) if at else (z > upper), upper))
    dtype = z.dtype

    def bias() -> Tensor:
        found = [mask.to(dtype).mul_(bound) for mask, bound in masks]
        return found[0] if len(found) == 1 else found[0] + found[1]

    return bias if masks else None


def without_slope(call: Call) -> Tensor:
    """Compute ``f(z) - f'(z) z`` of an elementwise function."""
    z = call.inputs[0].detach()
    # A graph of its own, which checkpoints around the call do not count.
    with torch.enable_grad(), saved_tensors_hooks(lambda x: x, lambda x: x):
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
        with torch.no_grad(), forward_ad.dual_level(), sdpa_kernel(SDPBackend.MATH) if attention else nullcontext():
            duals = {id(x): _dual(x.detach().clone(), x.detach().clone()) for x in call.inputs}
            parts = [_parts(y) for y in tensors_of(call.again(lambda x: duals[id(x)]))]
            return tuple((y if slope is None else y - slope).detach() for y, slope in parts)
    except (NotImplementedError, RuntimeError) as error:
        raise NotPossibleError(
            f"[inv-widgets] the implicit bias of its {call.name!r} is unknown: torch has no forward derivative of it "
            f"({str(error).splitlines()[0]})."
        ) from error
