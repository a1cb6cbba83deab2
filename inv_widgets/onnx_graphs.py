"""What onnx2torch lacks, written with what it has: newer operator sets, shared weights, paddings, fixed batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inv_widgets.onnx_operators import write_older

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["simplified"]

KNOWN_OPSET = 17
"""The newest operator set that onnx2torch knows throughout."""


def simplified(model: Any, *, free_batch: bool = True) -> Any:
    """Rewrite an ONNX model so that onnx2torch takes it; what it computes stays the same.

    Parameters
    ----------
    model
        An ``onnx.ModelProto``, which is left as it is.
    free_batch
        Let a network that was exported for one picture take several: a guess at which reshapes keep the batch in front.
    """
    import onnx

    copied = onnx.ModelProto()
    copied.CopyFrom(model)
    write_older(onnx, copied)
    newest = next((entry.version for entry in copied.opset_import if entry.domain in {"", "ai.onnx"}), 0)
    if newest > KNOWN_OPSET:
        copied = onnx.version_converter.convert_version(copied, KNOWN_OPSET)
    _write_weights(copied)
    _write_paddings(onnx, copied)
    _write_global_max(onnx, copied)
    if free_batch:
        _free_batch(onnx, copied)
    return copied


_WEIGHTED = (
    "BatchNormalization",
    "Conv",
    "ConvTranspose",
    "Gemm",
    "InstanceNormalization",
    "LayerNormalization",
    "PRelu",
)


def _write_weights(model: Any) -> None:
    """Let layers name their weights themselves: not by an Identity, as torch writes equal ones, nor by a Constant."""
    graph = model.graph
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    same: dict[str, str] = {}
    for node in graph.node:  # in the order in which they run, so that chains of them end at the weight
        source = same.get(node.input[0], node.input[0]) if node.op_type == "Identity" else ""
        if source in tensors:
            same[node.output[0]] = source
    outputs = {value.name for value in graph.output}
    for node in list(graph.node):
        for place, name in enumerate(node.input):
            node.input[place] = same.get(name, name)
        if node.op_type == "Identity" and node.output[0] in same and node.output[0] not in outputs:
            graph.node.remove(node)
    wanted = {
        name for node in graph.node if node.op_type in _WEIGHTED for name in node.input[1:] if name not in tensors
    }
    for name in sorted(wanted):
        for tensor in _constants(model, {name}):
            graph.initializer.add().CopyFrom(tensor)
            graph.initializer[-1].name = name


def _write_paddings(onnx: Any, model: Any) -> None:
    """Write ``auto_pad=SAME_UPPER`` and ``SAME_LOWER`` in pixels, where the sizes are known."""
    padded = [node for node in model.graph.node if _attribute(onnx, node, "auto_pad") in {b"SAME_UPPER", b"SAME_LOWER"}]
    sizes = _sizes(onnx, model) if padded else {}
    weights = {tensor.name: tuple(tensor.dims)[2:] for tensor in model.graph.initializer}
    for node in padded:
        kernel = _attribute(onnx, node, "kernel_shape") or weights.get(node.input[1] if len(node.input) > 1 else "")
        given = sizes.get(node.input[0])
        if not kernel or given is None or node.op_type == "ConvTranspose":
            continue  # onnx2torch says what it lacks
        ones = [1] * len(kernel)
        strides = _attribute(onnx, node, "strides") or ones
        reaches = [
            (side - 1) * spread + 1
            for side, spread in zip(kernel, _attribute(onnx, node, "dilations") or ones, strict=True)
        ]
        if any(size is None and stride > 1 for size, stride in zip(given, strides, strict=True)):
            continue
        totals = [_total(size or 0, stride, reach) for size, stride, reach in zip(given, strides, reaches, strict=True)]
        smaller, larger = [total // 2 for total in totals], [total - total // 2 for total in totals]
        upper = _attribute(onnx, node, "auto_pad") == b"SAME_UPPER"
        _set(onnx, node, "auto_pad", None)
        _set(onnx, node, "pads", [*smaller, *larger] if upper else [*larger, *smaller])


def _total(size: int, stride: int, reach: int) -> int:
    """Pixels of padding, so that there are ceil(size / stride) places for a kernel; at stride 1 for any size."""
    return reach - 1 if stride == 1 else max((-(-size // stride) - 1) * stride + reach - size, 0)


def _write_global_max(onnx: Any, model: Any) -> None:
    for node in model.graph.node:
        if node.op_type == "GlobalMaxPool":
            node.op_type = "ReduceMax"
            _set(onnx, node, "axes", [2, 3])
            _set(onnx, node, "keepdims", 1)


def _free_batch(onnx: Any, model: Any) -> None:
    """Let reshapes that were exported for a batch of one keep whatever batch there is."""
    constant = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in constant]
    sizes = inputs[0].type.tensor_type.shape.dim
    if sizes[0].dim_value != 1:
        return
    sizes[0].ClearField("dim_value")
    sizes[0].dim_param = "batch"
    del model.graph.value_info[:]
    shapes = {name for node in model.graph.node if node.op_type == "Reshape" for name in node.input[1:2]}
    for tensor in _constants(model, shapes):
        values = onnx.numpy_helper.to_array(tensor).copy()
        if values.ndim == 1 and len(values) > 1 and values[0] == 1:
            values[0] = 0  # 0: as it was
            tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))


def _constants(model: Any, names: set[str]) -> Iterator[Any]:
    for tensor in model.graph.initializer:
        if tensor.name in names:
            yield tensor
    for node in model.graph.node:
        if node.op_type == "Constant" and node.output[0] in names:
            yield from (one.t for one in node.attribute if one.name == "value")


def _sizes(onnx: Any, model: Any) -> dict[str, list[int | None]]:
    """Give the sizes over space of all values whose rank is known."""
    inferred = onnx.shape_inference.infer_shapes(model)
    return {
        value.name: [size.dim_value or None for size in value.type.tensor_type.shape.dim][2:]
        for value in (*inferred.graph.value_info, *inferred.graph.input)
        if len(value.type.tensor_type.shape.dim) > 2
    }


def _attribute(onnx: Any, node: Any, name: str) -> Any:
    return next((onnx.helper.get_attribute_value(one) for one in node.attribute if one.name == name), None)


def _set(onnx: Any, node: Any, name: str, value: Any) -> None:
    kept = [one for one in node.attribute if one.name != name]
    del node.attribute[:]
    node.attribute.extend(kept if value is None else [*kept, onnx.helper.make_attribute(name, value)])
