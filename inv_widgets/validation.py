"""What a Classifier is given, checked once, with errors that say what to do."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from inv_widgets.errors import kind_of

__all__ = ["all_finite", "checked_categories", "checked_input", "checked_window", "unwrapped"]

Window = tuple[float, float, float, float]


def unwrapped(module: Any) -> nn.Module:
    """Look through DataParallel, DistributedDataParallel and ``torch.compile``; refuse what hooks cannot see into."""
    while True:
        if isinstance(module, (nn.DataParallel, nn.parallel.DistributedDataParallel)):
            module = module.module
        elif isinstance(getattr(module, "_orig_mod", None), nn.Module):  # torch.compile
            module = module._orig_mod  # noqa: SLF001
        else:
            break
    if isinstance(module, torch.jit.ScriptModule):
        raise TypeError(
            "[inv-widgets] This is a TorchScript module: its layers cannot be seen from outside. Build the network "
            "itself and load its weights: network.load_state_dict(script_module.state_dict())."
        )
    if not isinstance(module, nn.Module):
        raise TypeError(f"[inv-widgets] The network is {kind_of(module)}: give a torch.nn.Module.")
    for name, tensor in (*module.named_parameters(), *module.named_buffers()):
        if torch.nn.parameter.is_lazy(tensor) or tensor.is_meta:
            raise ValueError(
                f"[inv-widgets] {name!r} of this {type(module).__name__} has no values yet: load its weights (a lazy "
                "module: call it once) before you build a Classifier."
            )
        if tensor.is_inference():
            raise ValueError(
                f"[inv-widgets] {name!r} of this {type(module).__name__} was made inside torch.inference_mode(), so it "
                "can have no gradients: build the network outside, or give copy.deepcopy(network)."
            )
    return module


def checked_categories(categories: Any) -> tuple[str, ...]:
    """Make a tuple of names of a list, or of a dict from index to name."""
    if isinstance(categories, Mapping):
        if sorted(categories) != list(range(len(categories))):
            raise ValueError(
                f"[inv-widgets] The keys of categories must be the indices 0 to {len(categories) - 1}: give a list."
            )
        categories = [categories[index] for index in range(len(categories))]
    if isinstance(categories, str) or not hasattr(categories, "__iter__"):
        raise TypeError(
            f"[inv-widgets] categories is {categories!r}: give a list of names in the order of the logits, or None."
        )
    names = tuple(categories)
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"[inv-widgets] The category {name!r} is {kind_of(name)}: give names as str.")
    if not names:
        raise ValueError("[inv-widgets] categories is empty: give the names in the order of the logits, or None.")
    return tuple(map(str, names))


def all_finite(tensor: torch.Tensor) -> bool:
    """Tell whether no value is NaN or infinite."""
    tensor = tensor.detach()
    # A sum is finite only if all values are; it is many times as fast. One of finite values may overflow.
    return math.isfinite(tensor.sum()) or bool(torch.isfinite(tensor).all())


def checked_input(tensor: Any) -> torch.Tensor:
    """Refuse what is no finite float tensor C x H x W; return a plain copy that autograd can use."""
    wanted = "it gets an upright RGB PIL image and must return a float tensor C x H x W"
    if not isinstance(tensor, torch.Tensor):
        raise TypeError(f"[inv-widgets] The transform returned {kind_of(tensor)}: {wanted}.")
    shape = " x ".join(map(str, tensor.shape))
    if tensor.ndim != 3 or not tensor.numel():
        hint = " Leave the batch dimension out." if tensor.ndim == 4 else ""
        raise ValueError(f"[inv-widgets] The transform returned a tensor of shape {shape or 'scalar'}: {wanted}.{hint}")
    if not tensor.is_floating_point():
        raise TypeError(
            f"[inv-widgets] The transform returned a tensor of {tensor.dtype}: {wanted}. End it with "
            "torchvision's ToTensor() or ToDtype(torch.float32, scale=True)."
        )
    if not all_finite(tensor):
        raise ValueError(f"[inv-widgets] The transform returned NaN or infinite values ({shape}): {wanted}, finite.")
    # A plain tensor of its own that autograd can use, whatever mode the transform ran in.
    return tensor.detach().as_subclass(torch.Tensor).clone()


def checked_window(given: Any, height: int, width: int) -> Window:
    """Refuse what is no rectangle that meets the picture; return (left, top, width, height) as floats."""
    try:
        left, top, across, down = (float(value) for value in given)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"[inv-widgets] The window of a {width} x {height} picture is {given!r}: return (left, top, width, height) "
            "in pixels of the picture."
        ) from error
    meets = left < width and top < height and left + across > 0 and top + down > 0
    if not all(map(math.isfinite, (left, top, across, down))) or across <= 0 or down <= 0 or not meets:
        raise ValueError(
            f"[inv-widgets] The window {(left, top, across, down)} is no part of a {width} x {height} picture: return "
            "(left, top, width, height) in pixels of the picture."
        )
    return left, top, across, down
