"""The implicit bias of one operation: what is left of its output without the linear answer to its inputs.

``b = y - sum_i J_i x_i``. An operation that is homogeneous of degree d in all its inputs (``f(t x) = t^d f(x)``) has
``sum_i J_i x_i = d y`` (Euler), so ``b = (1 - d) y``: none for ReLU, pooling and sums, ``-y`` for the product of two,
``y`` for a quotient. Affine operations have ``b = f(0)``: the bias of a convolution, ``beta - mean gamma / sd`` of
batch normalisation. Clamps have their bounds where they are saturated, activations ``f(z) - f'(z) z``. For all others
J x is computed in forward mode.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 (as everywhere)

from inv_widgets.analysis import operations
from inv_widgets.comparison.bias_values import at_zero, saturated, without_linear_part, without_slope
from inv_widgets.comparison.calls import tensors_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from inv_widgets.comparison.calls import Call

    Bias = float | Tensor | tuple[Tensor, ...] | Callable[[], Tensor] | None

__all__ = ["implicit_bias"]

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
_AFFINE = _CONVS | {"linear"}
_CLAMPS = {"clamp", "clamp_max", "clamp_min", "clip", "hardtanh", "relu6"}


def implicit_bias(call: Call) -> Bias:
    """Give the implicit bias of one call.

    Returns
    -------
    float, torch.Tensor, tuple of torch.Tensor, callable or None
        A share of the output; a tensor that spreads over the output, or one for each output; a function that makes it
        when it is needed; None: it has none.

    Raises
    ------
    NotPossibleError
        For a function whose derivative torch cannot give in forward mode.
    """
    found: Bias
    if call.name in _LINEAR:
        found = at_zero(call) if _has_constants(call) else None
    elif (degree := _degree(call)) is not None:
        found = None if degree == 1 else 1 - degree
    elif call.name in _AFFINE and call.known.isdisjoint(map(id, tensors_of((call.args[1:], call.kwargs)))):
        found = call.args[2] if len(call.args) > 2 else call.kwargs.get("bias")
        if isinstance(found, Tensor) and call.name in _CONVS:
            found = found.view(-1, *[1] * (call.inputs[0].ndim - 2))
    elif call.function is F.batch_norm and not _training(call):
        with torch.no_grad():
            found = tuple(tensors_of(call.again(lambda x: x.new_zeros(1, x.shape[1], *[1] * (x.ndim - 2)))))
    elif call.name in _CLAMPS and len(call.inputs) == 1 and not any(isinstance(each, Tensor) for each in _bounds(call)):
        found = saturated(call, *_bounds(call))
    elif operations.plain_activation(call.name) and call.name != "glu" and len(call.inputs) == 1:
        found = without_slope(call)
    else:
        found = without_linear_part(call)
    return found


def _degree(call: Call) -> float | None:
    """Find the degree in which the call is homogeneous in its inputs."""
    name, count = call.name, len(call.inputs)
    if name in _HOMOGENEOUS or (name in {"max", "min", "maximum", "minimum"} and _alone(call)):
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
    return _POWERS[name] if name in _POWERS and _alone(call) else None


def _alone(call: Call) -> bool:
    """Tell whether all numbers that it is given depend on the network's input."""
    given = tensors_of((call.args, call.kwargs))
    return all(id(x) in call.known for x in given if x.is_floating_point())


def _has_constants(call: Call) -> bool:
    if call.name == "pad":
        return bool(call.args[3] if len(call.args) > 3 else call.kwargs.get("value"))
    if call.name in _FILLS:
        return True
    if call.name in _SUMS and any(isinstance(each, (int, float)) for each in call.args[:2]):
        return True
    return not _alone(call)


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
