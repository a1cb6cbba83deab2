"""The implicit bias of one operation: what is left of its output without the linear answer to its inputs.

``b = y - sum_i J_i x_i``. An operation that is homogeneous of degree d in all its inputs (``f(t x) = t^d f(x)``) has
``sum_i J_i x_i = d y`` (Euler), so ``b = (1 - d) y``: none for ReLU, pooling and sums, ``-y`` for the product of two,
``y`` for a quotient. Affine operations have ``b = f(0)``: the bias of a convolution, ``beta - mean gamma / sd`` of
batch normalisation. Clamps have their bounds where they are saturated, activations ``f(z) - f'(z) z``. For all others
J x is computed in forward mode.
"""

from __future__ import annotations

import warnings
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.autograd import forward_ad
from torch.nn import functional as F  # noqa: N812 (as everywhere)
from torch.nn.attention import SDPBackend, sdpa_kernel

from inv_widgets.analysis import operations
from inv_widgets.comparison.method import NotPossibleError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Call", "implicit_bias", "tensors_of"]

_NESTS = (tuple, list, dict)
_load: Any = getattr(forward_ad, "_maybe_load_decompositions", lambda: None)
_dual: Any = forward_ad.make_dual
_parts: Any = forward_ad.unpack_dual

_LAYOUT = {
    "T", "broadcast_to", "channel_shuffle", "chunk", "diagonal", "expand", "expand_as", "flatten", "flip", "fold",
    "gather", "getitem", "index_select", "iter", "mT", "moveaxis", "movedim", "narrow", "permute", "pixel_shuffle",
    "pixel_unshuffle", "repeat", "reshape", "reshape_as", "roll", "rot90", "select", "split", "squeeze", "swapaxes",
    "swapdims", "t", "tensor_split", "tile", "transpose", "unbind", "unflatten", "unfold", "unsqueeze", "view",
    "view_as",
}  # fmt: skip
_SAME = {
    "alpha_dropout", "bfloat16", "clone", "contiguous", "cpu", "cuda", "double", "dropout", "dropout1d", "dropout2d",
    "dropout3d", "feature_alpha_dropout", "float", "half", "positive", "to", "type", "type_as",
}  # fmt: skip
_MEANS = {
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d",
    "cumsum", "interpolate", "mean", "sum", "upsample", "upsample_bilinear", "upsample_nearest",
}  # fmt: skip
_SUMS = {"add", "neg", "negative", "rsub", "sub", "subtract"}
_JOINS = {"cat", "concat", "concatenate", "hstack", "stack", "vstack"}
_FILLS = {"masked_fill", "pad", "setitem", "where"}
_LINEAR = _LAYOUT | _SAME | _MEANS | _SUMS | _JOINS | _FILLS
# Of the first degree, but not linear.
_HOMOGENEOUS = {
    "abs", "adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d", "amax", "amin", "leaky_relu",
    "max_pool1d", "max_pool2d", "max_pool3d", "norm", "prelu", "relu", "rrelu", "std", "vector_norm",
}  # fmt: skip
_PRODUCTS = {"bmm", "dot", "einsum", "matmul", "mm", "mul", "multiply", "mv"}
_QUOTIENTS = {"div", "divide", "true_divide"}
_POWERS = {"reciprocal": -1.0, "rdiv": -1.0, "rsqrt": -0.5, "sqrt": 0.5, "square": 2.0, "var": 2.0}
_CONVS = {"conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"}
_CLAMPS = {"clamp", "clamp_max", "clamp_min", "clip", "hardtanh", "relu6"}


@dataclass(frozen=True, eq=False)
class Call:
    """One call of a torch function.

    Attributes
    ----------
    function, name
        The function, and its name without what marks a variant.
    args, kwargs
        Its arguments, with the values that they had before the call.
    known
        The ids of those tensors among them that depend on the network's input.
    inplace
        Whether it overwrites one of them.
    """

    function: Callable[..., Any]
    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    known: frozenset[int]
    inplace: bool = False

    @property
    def inputs(self) -> list[Tensor]:
        """The tensors among its arguments that depend on the network's input."""
        return [tensor for tensor in tensors_of((self.args, self.kwargs)) if id(tensor) in self.known]

    def again(self, change: Callable[[Tensor], Tensor]) -> Any:
        """Call the function with the inputs changed."""

        def other(x: Tensor) -> Tensor:
            return change(x) if id(x) in self.known else x.detach().clone() if self.inplace else x

        args, kwargs = _replaced((self.args, self.kwargs), other)
        result = self.function(*args, **kwargs)
        return args[0] if self.name == "setitem" else result


def implicit_bias(call: Call) -> float | Tensor | tuple[Tensor, ...] | None:
    """Give the implicit bias of one call.

    Returns
    -------
    float, torch.Tensor, tuple of torch.Tensor or None
        A share of the output; a tensor that spreads over the output, or one for each output; None: it has none.

    Raises
    ------
    NotPossibleError
        For a function whose derivative torch cannot give in forward mode.
    """
    weights = list(tensors_of((call.args[1:], call.kwargs)))
    degree = _degree(call)
    found: float | Tensor | tuple[Tensor, ...] | None
    if call.name in _LINEAR:
        found = _at_zero(call) if _has_constants(call) else None
    elif degree is not None:
        found = None if degree == 1 else 1 - degree
    elif call.name in _CONVS | {"linear"} and call.known.isdisjoint(map(id, weights)):
        found = call.args[2] if len(call.args) > 2 else call.kwargs.get("bias")
        if isinstance(found, Tensor) and call.name in _CONVS:
            found = found.view(-1, *[1] * (call.inputs[0].ndim - 2))
    elif call.function is F.batch_norm and not _training(call):
        found = tuple(tensors_of(call.again(lambda x: x.new_zeros(1, x.shape[1], *[1] * (x.ndim - 2)))))
    elif call.name in _CLAMPS and len(call.inputs) == 1 and not any(isinstance(each, Tensor) for each in _bounds(call)):
        found = _saturated(call, *_bounds(call))
    elif operations.plain_activation(call.name) and call.name != "glu" and len(call.inputs) == 1:
        found = _without_slope(call)
    else:
        found = _without_linear_part(call)
    return found


def tensors_of(values: Any) -> list[Tensor]:
    """List all tensors in nested tuples, lists and dicts."""
    found: list[Tensor] = []
    for value in values.values() if isinstance(values, dict) else values if isinstance(values, _NESTS) else (values,):
        if isinstance(value, Tensor):
            found.append(value)
        elif isinstance(value, _NESTS) and value:
            found += tensors_of(value)
    return found


def _degree(call: Call) -> float | None:
    """Find the degree in which the call is homogeneous in its inputs."""
    name, count = call.name, len(call.inputs)
    alone = all(id(x) in call.known for x in tensors_of((call.args, call.kwargs)) if x.is_floating_point())
    if name in _HOMOGENEOUS or (name in {"max", "min", "maximum", "minimum"} and alone):
        return 1.0
    if name in _PRODUCTS:
        return float(count)
    if name in _QUOTIENTS:
        return float((id(call.args[0]) in call.known) - (count - (id(call.args[0]) in call.known)))
    if (
        name == "pow"
        and call.function.__name__ != "__rpow__"
        and len(call.args) == 2
        and isinstance(call.args[0], Tensor)
    ):
        return float(call.args[1]) if isinstance(call.args[1], (int, float)) else None
    return _POWERS.get(name) if alone else None


def _has_constants(call: Call) -> bool:
    if call.name in _FILLS:
        return True
    if call.name in _SUMS and any(isinstance(each, (int, float)) for each in call.args[:2]):
        return True
    given = tensors_of((call.args, call.kwargs))
    return any(x.is_floating_point() and id(x) not in call.known for x in given)


def _at_zero(call: Call) -> Tensor | tuple[Tensor, ...] | None:
    found = tuple(each.detach() for each in tensors_of(call.again(torch.zeros_like)))
    return found if any(bool(each.any()) for each in found) else None


def _training(call: Call) -> bool:
    return bool(call.args[5] if len(call.args) > 5 else call.kwargs.get("training", False))


def _bounds(call: Call) -> tuple[Any, Any]:
    if call.name == "relu6":
        return 0.0, 6.0
    hard = call.name == "hardtanh"
    lower = call.kwargs.get("min_val" if hard else "min", -1.0 if hard else None)
    upper = call.kwargs.get("max_val" if hard else "max", 1.0 if hard else None)
    given = list(call.args[1:3])
    if given and call.name == "clamp_max":
        return None, given[0]
    return given[0] if given else lower, given[1] if len(given) > 1 else upper


def _saturated(call: Call, lower: float | None, upper: float | None) -> Tensor | None:
    """Give the bounds where the input is beyond them; hardtanh and ReLU6 have no slope at the bounds themselves."""
    z = call.inputs[0].detach()
    at = call.name in {"hardtanh", "relu6"}
    bias = None
    if lower:
        bias = lower * (z <= lower if at else z < lower).to(z.dtype)
    if upper:
        high = upper * (z >= upper if at else z > upper).to(z.dtype)
        bias = high if bias is None else bias + high
    return bias


def _without_slope(call: Call) -> Tensor:
    """Compute ``f(z) - f'(z) z`` of an elementwise function."""
    z = call.inputs[0].detach()
    with torch.enable_grad():
        leaf = z.clone().requires_grad_()
        (y,) = tensors_of(call.again(lambda _: leaf.clone()))
        (slope,) = torch.autograd.grad(y.sum(), leaf)
    return y.detach() - slope * z


def _without_linear_part(call: Call) -> tuple[Tensor, ...]:
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


def _replaced(values: Any, change: Callable[[Tensor], Tensor]) -> Any:
    if isinstance(values, Tensor):
        return change(values)
    if isinstance(values, (tuple, list)):
        return type(values)(_replaced(value, change) for value in values)
    if isinstance(values, dict):
        return {key: _replaced(value, change) for key, value in values.items()}
    return values
