"""What each operation of a network adds of its own: the implicit biases whose gradients FullGrad sums.

``Y = <x, dY/dx> + sum over all operations of <b, dY/dy>`` with ``b = y - sum_i J_i x_i``: the products with the
Jacobians cancel along the way, whatever the network.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torch.overrides import TorchFunctionMode

from inv_widgets.analysis import operations
from inv_widgets.analysis.paths import LEAVES, Made
from inv_widgets.comparison.bias_rules import implicit_bias
from inv_widgets.comparison.calls import Call, tensors_of
from inv_widgets.comparison.method import NotPossibleError

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

__all__ = ["BiasTerm", "ImplicitBiases"]


@dataclass(frozen=True, eq=False)
class BiasTerm:
    """One operation's implicit bias times the gradient of the class score at its output.

    Attributes
    ----------
    operation
        Such as ``"conv2d"`` or ``"batch_norm"``.
    order
        Its place among the operations of the forward pass.
    bias
        The implicit bias, of the shape of the operation's output or one that spreads over it.
    gradient
        Of the class score with respect to the operation's output.
    channels
        The axis of the channels where these are maps (1 or 3 of four), else -1.
    """

    operation: str
    order: int
    bias: Tensor
    gradient: Tensor
    channels: int

    @property
    def values(self) -> Tensor:
        """Bias times gradient, of the shape of the operation's output; in units of the class score."""
        return self.bias * self.gradient


class ImplicitBiases(TorchFunctionMode):
    """A context around a forward pass, in whose backward pass each operation that adds something is told.

    Nothing is hooked but the tensors of the pass.

    Parameters
    ----------
    take
        Called in the backward pass with each term, from the last operation to the first.

    Raises
    ------
    NotPossibleError
        In the forward pass, for what is no torch function, and for functions that torch cannot differentiate.
    """

    def __init__(self, take: Callable[[BiasTerm], None]) -> None:
        super().__init__()
        self._take = take
        self._count = 0
        # For each tensor of the pass the axis of its channels; -1: no maps; 0: it does not depend on the input.
        self._axes = Made()

    def watch(self, inputs: Tensor) -> None:
        """Start from the network's input."""
        self._axes.put(inputs, 1)

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        given = tensors_of((args, kwargs)) if kwargs else tensors_of(args)
        axes = {id(tensor): axis for tensor in given if (axis := self._axis(tensor))}
        if not axes:
            result = func(*args, **kwargs)
            for tensor in tensors_of(result):
                self._axes.put(tensor, 0)
            return result
        changed = operations.flag_inplace(func, args, kwargs)
        inputs = [tensor for tensor in given if id(tensor) in axes]
        call = Call(func, operations.base_name(func), args, kwargs, inputs, frozenset(axes), changed is not None)
        bias = None if changed is None else implicit_bias(call)
        result = func(*args, **kwargs)
        if changed is None and type(result) in LEAVES:
            return result
        if call.name == "iter":
            result = list(result)
        outputs = [changed] if call.name == "setitem" else tensors_of(result)
        if any(tensor.requires_grad for tensor in outputs):
            bias = implicit_bias(call) if changed is None else bias
            self._note(call, outputs, bias, max(axes.values()))
        return iter(result) if call.name == "iter" else result

    def _axis(self, tensor: Tensor) -> int:
        axis = self._axes.get(tensor)
        if axis is None and tensor.grad_fn is not None:
            raise NotPossibleError(
                f"[inv-widgets] a tensor of {' x '.join(map(str, tensor.shape))} in it is made by what is no torch "
                f"function ({type(tensor.grad_fn).__name__}), so that its implicit bias is unknown."
            )
        return axis or 0

    def _note(self, call: Call, outputs: list[Tensor], bias: Any, before: int) -> None:
        self._count += 1
        for place, output in enumerate(outputs):
            axis = _channels(call, before, output)
            self._axes.put(output, axis if output.requires_grad else 0)
            own = bias[place] if isinstance(bias, tuple) else bias
            if own is not None and output.requires_grad:
                self._hook(call.name, output, output.detach() * own if isinstance(own, float) else own, axis)

    def _hook(self, name: str, output: Tensor, own: Tensor | Callable[[], Tensor], axis: int) -> None:
        order = self._count

        def take(gradient: Tensor | None) -> None:
            if gradient is not None:  # quantised functions give none
                bias = own() if callable(own) else own
                self._take(BiasTerm(name, order, bias.detach(), gradient, axis))

        hook: Any = output.register_hook
        hook(take)


def _channels(call: Call, before: int, output: Tensor) -> int:
    """Say which axis of a call's output holds the channels, if that is maps."""
    if output.ndim != 4:
        return -1
    if call.name.startswith("conv"):
        return 1
    if call.name in {"view", "reshape", "unflatten"} and output.shape != call.args[0].shape:
        return -1
    moved = operations.permutation(call.function, call.args, call.kwargs)
    return before if moved is None or before < 0 else moved.index(before)
