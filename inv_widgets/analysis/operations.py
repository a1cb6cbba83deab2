"""What a torch function does to feature maps, told by its name and shapes.

The kinds are the few that matter for finding layers: ``conv``, ``norm``, ``act`` (any elementwise non-linearity),
``add`` (of two branches), ``cat``, ``gate`` (maps times or plus what is spread over them), ``blend`` (elementwise,
of maps with one origin), ``pass`` (elementwise and linear), ``layout`` (axes moved or padded), ``pool``,
``global_pool`` and ``other``.
"""

from __future__ import annotations

import functools
import inspect
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor, nn

__all__ = [
    "base_name",
    "classify",
    "covers",
    "flag_inplace",
    "gate_first",
    "is_constant",
    "is_norm",
    "is_product",
    "module_kind",
    "permutation",
    "plain_activation",
]

_CONVS = {"conv2d", "conv_transpose2d", "convolution", "_convolution"}
_NORMS = {
    "batch_norm", "native_batch_norm", "instance_norm", "group_norm", "layer_norm", "native_layer_norm",
    "rms_norm", "local_response_norm",
}  # fmt: skip
# Activations in their own right ...
_ACTIVATIONS = {
    "celu", "elu", "gelu", "glu", "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu",
    "logsigmoid", "mish", "prelu", "relu", "relu6", "rrelu", "selu", "sigmoid", "silu", "softplus", "softshrink",
    "softsign", "swish", "tanh", "tanhshrink", "threshold", "expit", "log_sigmoid",
}  # fmt: skip
# ... and what people write activations by hand with.
_NONLINEAR = {
    "abs", "absolute", "clamp", "clamp_max", "clamp_min", "clip", "cos", "erf", "exp", "expm1", "exp2",
    "heaviside", "log", "log1p", "max", "maximum", "min", "minimum", "pow", "reciprocal", "rsqrt", "sign", "sin",
    "sinc", "sqrt", "square", "where", "xlogy", "gt", "ge", "lt", "le", "fmax", "fmin", "arctan", "atan",
    "masked_fill", "logaddexp", "sinh", "cosh",
}  # fmt: skip
_BOUNDED = {"sigmoid", "hardsigmoid", "softmax", "tanh", "hardtanh", "expit"}
_PASSES = {
    "alpha_dropout", "bfloat16", "clone", "contiguous", "cpu", "cuda", "detach", "double", "dropout", "dropout1d",
    "dropout2d", "dropout3d", "feature_alpha_dropout", "feature_dropout", "float", "half", "identity",
    "nan_to_num", "neg", "negative", "positive", "stochastic_depth", "to", "type", "type_as", "alias", "data",
}  # fmt: skip
_SUMS = {"add", "sub", "subtract", "rsub"}
_PRODUCTS = {"mul", "multiply", "div", "divide", "true_divide", "rdiv"}
_PERMUTES = {"permute", "transpose", "swapaxes", "swapdims", "movedim", "moveaxis"}
_RESHAPES = {
    "reshape", "view", "flatten", "unflatten", "squeeze", "unsqueeze", "pad", "view_as", "reshape_as",
    "channel_shuffle", "expand", "expand_as", "broadcast_to", "repeat", "tile",
}  # fmt: skip
_SIMPLE = {
    **dict.fromkeys(_CONVS, "conv"),
    **dict.fromkeys(_NORMS, "norm"),
    **dict.fromkeys(_PASSES, "pass"),
    **dict.fromkeys(_PERMUTES | _RESHAPES, "layout"),
    **dict.fromkeys(("cat", "concat", "concatenate"), "cat"),
}
_POOLS = {"max_pool2d", "avg_pool2d", "lp_pool2d", "fractional_max_pool2d", "max_pool2d_with_indices"}
_REDUCTIONS = {"mean", "sum", "amax", "amin", "logsumexp", "nanmean", "norm", "vector_norm", "max", "std", "var"}


def base_name(function: Callable[..., Any]) -> str:
    """Name a function without what marks a variant: ``relu_``, ``__iadd__``, ``_threshold`` become plain."""
    name: str = function.__name__
    if name == "__get__":  # a property
        name = getattr(getattr(function, "__self__", None), "__name__", name)
    return _plain(name)


@functools.cache
def _plain(name: str) -> str:
    if name.startswith("__") and name.endswith("__"):
        plain = name[2:-2]
        if plain in {"iadd", "isub", "imul", "itruediv", "ipow"}:
            plain = plain[1:]
        return {"radd": "add", "rmul": "mul", "truediv": "div", "rtruediv": "rdiv", "rpow": "pow"}.get(plain, plain)
    return name.strip("_") if not name.startswith("_conv") else name


def is_constant(name: str) -> bool:
    """Tell whether a function only takes the shape of what it is given."""
    return name.endswith("_like") or name.startswith("new_")


def plain_activation(name: str) -> bool:
    """Tell whether this function is an activation in its own right, not a piece of one."""
    return name in _ACTIVATIONS


def is_product(name: str) -> bool:
    """Tell whether a function multiplies or divides, so that it is linear in one argument only."""
    return name in _PRODUCTS


def classify(name: str, inputs: list[Any], args: tuple[Any, ...], kwargs: dict[str, Any], output: Tensor) -> str:
    """Give the kind of one call.

    Parameters
    ----------
    name
        The function's base name.
    inputs
        The known feature maps among its arguments, with ``shape``, ``origin``, ``name``, ``order`` and ``pooled``.
    args, kwargs
        Its arguments.
    output
        What it returned.
    """
    shape = tuple(output.shape)
    kind = _SIMPLE.get(name)
    if kind in {"conv", "cat"} and (len(shape) != 4 or (kind == "cat" and not _along_channels(inputs, args, kwargs))):
        return "other"
    if kind is None and (name in _POOLS or name in _REDUCTIONS or name.startswith("adaptive_")):
        kind = _pool(name, inputs, shape)
    if kind is None and (name in _ACTIVATIONS or name in _NONLINEAR):
        kind = _nonlinear(name, inputs, shape)
    if kind is None and (name in _SUMS or name in _PRODUCTS):
        kind = _arithmetic(name, inputs, shape)
    return kind or "other"


def _nonlinear(name: str, inputs: list[Any], shape: tuple[int, ...]) -> str:
    if not inputs or (inputs[0].shape != shape and name != "glu"):
        return "other"
    origins = {maps.origin for maps in inputs if maps.shape == shape or name == "glu"}
    return "act" if len(origins) == 1 else "other"


def _arithmetic(name: str, inputs: list[Any], shape: tuple[int, ...]) -> str:
    whole = [maps for maps in inputs if maps.shape == shape and not maps.pooled]
    if len(inputs) < 2 or len(whole) < 2:
        # Maps with a number, a parameter or something that is spread over them.
        if name == "rdiv" or len(inputs) > 2 or (len(inputs) == 2 and len(shape) != 4):
            return "other"
        return "gate" if len(inputs) == 2 and whole else "pass"
    if len({maps.origin for maps in whole}) == 1:
        return "blend"
    if name == "add":
        return "add" if len(shape) == 4 else "other"
    if name in {"mul", "multiply"} and len(shape) == 4 and any(maps.name in _BOUNDED for maps in whole):
        return "gate"
    return "other"


def gate_first(inputs: list[Any], shape: tuple[int, ...]) -> bool:
    """Tell whether the first of two factors is the gate, and the second the maps."""
    one, two = inputs
    if one.shape != two.shape:
        return bool(one.shape != shape)
    if one.pooled != two.pooled:
        return bool(one.pooled)
    return one.name in _BOUNDED and two.name not in _BOUNDED


def _pool(name: str, inputs: list[Any], shape: tuple[int, ...]) -> str | None:
    if not inputs:
        return None
    before = inputs[0].shape
    if name in _REDUCTIONS:
        # Over space: N x C x H x W -> N x C (x 1 x 1), from either order of axes or from N x C x HW.
        kept = shape[:2] if shape[2:] in {(), (1, 1), (1,)} else None
        if inputs[0].order == (0, 2, 3, 1) and shape[1:3] == (1, 1):
            kept = (shape[0], shape[-1])
        over_space = len(before) >= 3 and kept is not None and kept in {before[:2], (before[0], before[-1])}
        return "global_pool" if over_space else None
    if name.startswith("adaptive_"):
        return "global_pool" if shape[-2:] == (1, 1) else "pool"
    whole = shape[-2:] == (1, 1) and name == "avg_pool2d" and before[-1] * before[-2] >= 16
    return "global_pool" if whole else "pool"


def _along_channels(inputs: list[Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    axis = args[1] if len(args) > 1 else kwargs.get("dim", kwargs.get("axis", 0))
    order = next((maps.order for maps in inputs if maps.order is not None), None) or (0, 1, 2, 3)
    return isinstance(axis, int) and order[axis] == 1


def permutation(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[int, ...] | None:
    """Find where a function puts the four axes of its first argument; None where that is not all it does."""
    import torch

    name = base_name(function)
    if name == "pad" and args and args[0].ndim == 4:
        return (0, 1, 2, 3)
    if name not in _PERMUTES or not args or args[0].ndim != 4:
        return None
    sizes = (2, 3, 5, 7)
    moved = function(torch.empty(sizes, device="meta"), *args[1:], **kwargs)
    return tuple(sizes.index(size) for size in moved.shape)


def covers(before: tuple[int, ...], after: tuple[int, ...], args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Tell whether a convolution's kernel is as large as its maps, so that it is a fully connected layer."""
    weight = args[1] if len(args) > 1 else kwargs.get("weight")
    size = tuple(getattr(weight, "shape", ()))[-2:]
    return after[-2:] == (1, 1) and size == before[-2:] != (1, 1)


@functools.cache
def _inplace_position(function: Callable[..., Any]) -> int | None:
    try:
        names = list(inspect.signature(function).parameters)
    except (ValueError, TypeError):
        return None
    return names.index("inplace") if "inplace" in names else None


def flag_inplace(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Give the tensor that a call is about to overwrite, or None."""
    name = function.__name__
    if kwargs.get("out") is not None:
        return kwargs["out"]
    if not args or name in {"requires_grad_", "retain_grad"}:
        return args[0] if kwargs.get("inplace") else None
    dunder = name.startswith("__")
    if name == "__setitem__" or (dunder and name[2:] in {"iadd__", "isub__", "imul__", "itruediv__", "ipow__"}):
        return args[0]
    if (name.endswith("_") and not dunder) or kwargs.get("inplace"):
        return args[0]
    place = _inplace_position(function)
    return args[0] if place is not None and len(args) > place and args[place] is True else None


_NORM_CLASS = re.compile(r"norm|^bn|bn$|bn2d$|^grn$", re.IGNORECASE)
_PASS_CLASS = re.compile(r"drop|identity|scale|path|stub|noise", re.IGNORECASE)


def module_kind(module: nn.Module, before: tuple[int, ...], after: tuple[int, ...]) -> str:
    """Guess what a module does of which no function was seen (a custom autograd function, a compiled one)."""
    weight = getattr(module, "weight", None)
    name = type(module).__name__
    if len(after) == 4 and getattr(weight, "ndim", 0) == 4:
        return "conv"
    if before != after:
        return "other"
    if _NORM_CLASS.search(name):
        return "norm"
    if _PASS_CLASS.search(name):
        return "pass"
    matrices = any(parameter.ndim > 1 and parameter.numel() > max(parameter.shape) for parameter in module.parameters())
    return "other" if matrices else "act"


def is_norm(module: nn.Module) -> bool:
    """Tell whether a module's class is called a normalisation."""
    return _NORM_CLASS.search(type(module).__name__) is not None
