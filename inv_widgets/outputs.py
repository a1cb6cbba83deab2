"""The logits in whatever a network returns."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["find_logits"]

KEYS = ("logits", "out", "output", "outputs", "pred", "prediction", "predictions", "scores")


def find_logits(output: Any) -> torch.Tensor:
    """Find the logits of one picture.

    Parameters
    ----------
    output
        A tensor 1 x K (or K, or 1 x K x 1 x 1); a tuple or list, whose first 2-D tensor of floats is taken; a dict, a
        ``transformers`` output or a dataclass, where the names ``logits``, ``out``, ``output``, ``pred`` ... go first.

    Returns
    -------
    torch.Tensor
        Shape (1, K), the very numbers of the network: gradients flow through.

    Raises
    ------
    TypeError, ValueError
        Where there are no logits, or they belong to more than one picture, or are spread over space.
    """
    if isinstance(output, torch.Tensor):
        return _as_row(output)
    if dataclasses.is_dataclass(output) and not isinstance(output, (type, Mapping)):
        output = {field.name: getattr(output, field.name) for field in dataclasses.fields(output)}
    if isinstance(output, Mapping):
        named = [output[key] for key in KEYS if key in output]
        return _first([*named, *output.values()], output)
    if isinstance(output, (list, tuple)):
        return _first(output, output)
    raise TypeError(f"[inv-widgets] The network returned {_described(output)}, in which there are no logits. {_ADVICE}")


_ADVICE = "Wrap it in a module whose forward returns a tensor of 1 x (number of classes)."


def _first(candidates: Iterable[Any], output: Any) -> torch.Tensor:
    for candidate in candidates:
        if isinstance(candidate, torch.Tensor) and candidate.is_floating_point() and candidate.ndim == 2:
            return _as_row(candidate)
    raise TypeError(
        f"[inv-widgets] The network returned {_described(output)}, in which there is no 2-D tensor of floats to take "
        f"as logits. {_ADVICE}"
    )


def _as_row(tensor: torch.Tensor) -> torch.Tensor:
    if not tensor.is_floating_point():
        raise TypeError(f"[inv-widgets] The network returned {_described(tensor)}: logits are floats. {_ADVICE}")
    row = tensor[None] if tensor.ndim == 1 else tensor
    if row.ndim > 2 and all(side == 1 for side in row.shape[2:]):
        row = row.flatten(1)
    if row.ndim != 2 or row.shape[0] != 1 or not row.shape[1]:
        raise ValueError(
            f"[inv-widgets] The network returned {_described(tensor)} for one picture, not 1 x (number of classes). "
            f"{_ADVICE}"
        )
    return row


def _described(output: Any) -> str:
    if isinstance(output, torch.Tensor):
        shape = " x ".join(map(str, output.shape)) or "scalar"
        return f"a tensor {shape} of {str(output.dtype).removeprefix('torch.')}"
    if isinstance(output, Mapping):
        held = ", ".join(f"{key}: {_described(value)}" for key, value in output.items())
        return f"a {type(output).__name__} with {held or 'nothing'}"
    if isinstance(output, (list, tuple)):
        return f"a {type(output).__name__} of {', '.join(map(_described, output)) or 'nothing'}"
    return f"a {type(output).__name__}"
