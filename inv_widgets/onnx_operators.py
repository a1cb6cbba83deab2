"""Operators that onnx2torch lacks, or that have no older form, written with older ones."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["write_older"]


def write_older(onnx: Any, model: Any) -> None:
    """Rewrite GELU, splits in so many parts, and reshapes that could mean nothing by a 0, as torch's exporter has them.

    Parameters
    ----------
    onnx
        The package.
    model
        An ``onnx.ModelProto``; it is changed.
    """
    maker = _Maker(onnx, model)
    nodes = [new for node in model.graph.node for new in maker.instead(node)]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


class _Maker:
    """Makes the nodes that stand for one."""

    def __init__(self, onnx: Any, model: Any) -> None:
        self._onnx, self._model = onnx, model
        self._known: dict[str, Any] | None = None
        self._values = {tensor.name: tensor for tensor in model.graph.initializer}
        for node in model.graph.node:
            if node.op_type == "Constant":
                self._values.update((node.output[0], one.t) for one in node.attribute if one.name == "value")

    def instead(self, node: Any) -> Iterator[Any]:
        """Give what to write for a node; most stay."""
        given = {one.name: self._onnx.helper.get_attribute_value(one) for one in node.attribute}
        if node.op_type == "Gelu" and not node.domain:
            yield from self._gelu(node, given.get("approximate", b"none") == b"tanh")
        elif node.op_type == "Split" and given.get("num_outputs"):
            yield from self._split(node, given.get("axis", 0))
        else:
            if node.op_type == "Reshape" and given.get("allowzero") and self._has_no_zero(node.input[1]):
                kept = [one for one in node.attribute if one.name != "allowzero"]
                del node.attribute[:]
                node.attribute.extend(kept)
            yield node

    def _gelu(self, node: Any, tanh: bool) -> Iterator[Any]:
        """Write ``x / 2 (1 + erf(x / sqrt 2))``, or ``x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))``."""
        x, out = node.input[0], node.output[0]
        kind = self._kind(x)

        def step(operator: str, *inputs: str, last: bool = False) -> Any:
            place = f"{out}_{len(self._values)}_{len(made)}"
            made.append(self._onnx.helper.make_node(operator, inputs, [out if last else place], name=place))
            return made[-1].output[0]

        made: list[Any] = []
        half, one = self._constant(0.5, kind), self._constant(1.0, kind)
        if tanh:
            cubed = step("Mul", step("Mul", x, x), step("Mul", x, self._constant(0.044715, kind)))
            inner = step("Tanh", step("Mul", step("Add", x, cubed), self._constant(math.sqrt(2 / math.pi), kind)))
        else:
            inner = step("Erf", step("Div", x, self._constant(math.sqrt(2.0), kind)))
        step("Mul", step("Mul", x, step("Add", inner, one)), half, last=True)
        made[-1].name = node.name
        yield from made

    def _split(self, node: Any, axis: int) -> Iterator[Any]:
        """Write a slice for each part; all are equal, but for a smaller last one."""
        size = self._size(node.input[0], axis)
        if not size:
            yield node  # onnx2torch says what it lacks
            return
        part = -(-size // len(node.output))
        along = self._constant([axis])
        for place, output in enumerate(node.output):
            ends = [self._constant([place * part]), self._constant([min((place + 1) * part, size)])]
            yield self._onnx.helper.make_node(
                "Slice", [node.input[0], *ends, along], [output], name=f"{node.name}_{place}"
            )

    def _constant(self, value: Any, kind: int | None = None) -> str:
        helper = self._onnx.helper
        shape = [len(value)] if isinstance(value, list) else []
        name = f"inv_widgets_constant_{len(self._values)}"
        kind = self._onnx.TensorProto.INT64 if kind is None else kind
        tensor = helper.make_tensor(name, kind, shape, value if shape else [value])
        self._model.graph.initializer.append(tensor)
        self._values[name] = tensor
        return name

    def _has_no_zero(self, name: str) -> bool:
        tensor = self._values.get(name)
        return tensor is not None and bool((self._onnx.numpy_helper.to_array(tensor) != 0).all())

    def _size(self, name: str, axis: int) -> int:
        tensor = self._tensor(name)
        sizes = [] if tensor is None else [size.dim_value for size in tensor.shape.dim]
        return sizes[axis] if -len(sizes) <= axis < len(sizes) else 0

    def _kind(self, name: str) -> int:
        tensor = self._tensor(name)
        return int(tensor.elem_type) if tensor is not None else int(self._onnx.TensorProto.FLOAT)

    def _tensor(self, name: str) -> Any:
        """Give the type and shape of a value, as far as they are known."""
        if self._known is None:
            graph = self._onnx.shape_inference.infer_shapes(self._model).graph
            values = (*graph.input, *graph.value_info, *graph.output)
            self._known = {value.name: value.type.tensor_type for value in values}
        return self._known.get(name)
