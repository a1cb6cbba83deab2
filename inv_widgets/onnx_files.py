"""ONNX files read with care: nothing is executed, and weights beside the file come from its own folder only."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import os

__all__ = ["picture_input", "read_onnx"]

_INSTALL = 'pip install "inv-widgets[onnx]"'


def read_onnx(path: str | os.PathLike[str]) -> Any:
    """Read and check an ONNX file, with the weights in files beside it.

    Returns
    -------
    onnx.ModelProto

    Raises
    ------
    FileNotFoundError, ValueError
        Where the file, or one that it names, is missing, or it is no valid ONNX.
    ImportError
        Where the extra is not installed.
    """
    for package in ("onnx", "onnx2torch"):
        if importlib.util.find_spec(package) is None:
            raise ImportError(f"[inv-widgets] {package} is not installed: {_INSTALL}.")
    import onnx
    from google.protobuf.message import DecodeError

    file = Path(path).expanduser()
    if not file.is_file():
        raise FileNotFoundError(f"[inv-widgets] There is no file {file}: give the path of an .onnx file.")
    try:
        model = onnx.load_model(file, format="protobuf", load_external_data=False)
    except DecodeError as error:
        raise ValueError(f"[inv-widgets] {file} is no ONNX file ({error}): export the network again.") from error
    if not model.graph.node:
        raise ValueError(f"[inv-widgets] {file} is no ONNX file, or its graph is empty: export the network again.")
    _load_beside(onnx, model, file)
    try:
        onnx.checker.check_model(model)
    except onnx.checker.ValidationError as error:
        reason = str(error).strip().partition("\n")[0].rstrip(".")
        raise ValueError(f"[inv-widgets] {file} is no valid ONNX file: {reason}. Export the network again.") from error
    except ValueError:
        pass  # over 2 GB: it cannot be checked in memory
    return model


def picture_input(model: Any, label: str) -> tuple[tuple[int | None, int | None, int | None], bool]:
    """Give the sizes of a model's one input, C, H and W (None: any), and whether it is N x H x W x C.

    Raises
    ------
    ValueError
        Where it takes several inputs, or no pictures of floats.
    """
    import onnx

    constant = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in constant]
    if len(inputs) != 1:
        names = ", ".join(repr(value.name) for value in inputs) or "none"
        raise ValueError(
            f"[inv-widgets] {label} takes {len(inputs)} inputs ({names}): a Classifier gives one picture. Export a "
            "network of one input."
        )
    tensor = inputs[0].type.tensor_type
    floats = {onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.DOUBLE, onnx.TensorProto.BFLOAT16}
    shape = tuple((size.dim_value or None) for size in tensor.shape.dim)
    if tensor.elem_type not in floats or len(shape) != 4:
        kind = onnx.helper.tensor_dtype_to_string(tensor.elem_type).rpartition(".")[2].lower()
        sizes = " x ".join("?" if size is None else str(size) for size in shape) or "a scalar"
        raise ValueError(
            f"[inv-widgets] The input {inputs[0].name!r} of {label} is {sizes} of {kind}: a batch of pictures is "
            "N x C x H x W (or N x H x W x C) of floats. Export the network with such an input."
        )
    if _is_channels_last(model, inputs[0].name, shape):
        return (shape[3], shape[1], shape[2]), True
    return (shape[1], shape[2], shape[3]), False


def _is_channels_last(model: Any, name: str, shape: tuple[int | None, ...]) -> bool:
    few = (1, 3, 4)
    if (shape[1] in few) != (shape[3] in few):
        return shape[3] in few
    for node in model.graph.node:  # both or neither could be channels: what is done first tells
        if name in node.input and node.op_type == "Transpose":
            order = next((list(one.ints) for one in node.attribute if one.name == "perm"), [])
            return order == [0, 3, 1, 2]
    return False


def _load_beside(onnx: Any, model: Any, file: Path) -> None:
    """Load weights that lie in files of their own, which must be in the folder of the ONNX file."""
    folder = file.resolve().parent
    for tensor in onnx.external_data_helper._get_all_tensors(model):  # noqa: SLF001 (also those in attributes)
        if not onnx.external_data_helper.uses_external_data(tensor):
            continue
        location = next((entry.value for entry in tensor.external_data if entry.key == "location"), "")
        beside = folder / location
        if not location or not beside.resolve().is_relative_to(folder):
            raise ValueError(
                f"[inv-widgets] {file} asks for weights in {location!r}, outside its own folder. That is not opened: "
                "put the file beside it and export the network again."
            )
        if not beside.is_file():
            raise FileNotFoundError(
                f"[inv-widgets] The weights of {file} are in {location!r}, which is not there: put that file into "
                f"{folder}."
            )
    try:
        onnx.external_data_helper.load_external_data_for_model(model, str(folder))
    except (OSError, ValueError, onnx.checker.ValidationError) as error:
        raise ValueError(
            f"[inv-widgets] The weights beside {file} cannot be read ({error}). Export the network again."
        ) from error
