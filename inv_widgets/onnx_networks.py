"""ONNX files as torch modules, through onnx2torch."""

from __future__ import annotations

import importlib.util
import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from inv_widgets.foreign_networks import ForeignNetwork, tried
from inv_widgets.onnx_files import picture_input, read_onnx
from inv_widgets.onnx_graphs import simplified
from inv_widgets.preprocessing import Preprocessing
from inv_widgets.torch_support import ensure_torchvision, eval_pass

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from torch import Tensor

__all__ = ["OnnxNetwork", "onnx_network"]

TOLERANCE = 1e-3
"""How far a class score may be from onnxruntime's, as a share of the largest: more is an error of the conversion."""


class OnnxNetwork(ForeignNetwork):
    """A converted ONNX graph; its layers have the names of the graph's nodes.

    Parameters
    ----------
    graph
        What onnx2torch made.
    channels_last
        Whether it takes N x H x W x C.
    """

    def __init__(self, graph: nn.Module, *, channels_last: bool) -> None:
        super().__init__(channels_last=channels_last)
        for name, part in graph.named_children():
            self.add_module(name, part)
        self._graph = [graph]  # in a list: its parts are here already

    @property
    def inside(self) -> nn.Module:
        """What onnx2torch made."""
        return self._graph[0]

    def run(self, inputs: Tensor) -> Tensor:
        """Run the graph."""
        output: Tensor = self.inside(inputs)
        return output


class Slice(nn.Module):
    """ONNX's Slice: onnx2torch's indexes by a list, which torch takes for one index of several and will refuse."""

    def forward(
        self, maps: Tensor, starts: Tensor, ends: Tensor, axes: Tensor | None = None, steps: Tensor | None = None
    ) -> Tensor:
        """Take ``starts[i]:ends[i]:steps[i]`` along each of `axes`; a step below 0 goes backwards."""
        along = range(len(starts)) if axes is None else axes.tolist()
        by = [1] * len(starts) if steps is None else steps.tolist()
        for axis, start, end, step in zip(along, starts.tolist(), ends.tolist(), by, strict=True):
            place = axis % maps.ndim
            if step < 0:
                maps = maps.flip(place)
                part = slice(-start - 1, -end - 1, -step)
            else:
                part = slice(start, end, step)
            maps = maps[(slice(None),) * place + (part,)]
        return maps


def onnx_network(
    path: str | os.PathLike[str], transform: Any = None
) -> tuple[OnnxNetwork, Callable[[Any], Tensor], str]:
    """Make a torch module of an ONNX file; see :meth:`inv_widgets.Classifier.from_onnx`.

    Returns
    -------
    tuple
        Module, transform and name.
    """
    if not isinstance(path, (str, Path)) and not hasattr(path, "__fspath__"):
        raise TypeError(f"[inv-widgets] from_onnx takes the path of an .onnx file, not {path!r}.")
    model = read_onnx(path)
    label = str(path)
    sizes, channels_last = picture_input(model, label)
    known = transform if isinstance(transform, Preprocessing) else Preprocessing()
    shape = known.shape(sizes, label)
    guessed = None in sizes[1:] and known.size is None
    network = OnnxNetwork(_converted(model, label), channels_last=channels_last).eval()
    try:
        tried(network, shape, label, guessed=guessed)
    except ValueError:  # perhaps since its batch was freed
        network = OnnxNetwork(_converted(model, label, free_batch=False), channels_last=channels_last).eval()
        tried(network, shape, label, guessed=guessed)
    _compare(network, model, shape, label)
    if transform is None or transform is known:
        transform = known.transform(shape, label)
    return network, transform, Path(path).stem


def _converted(model: Any, label: str, *, free_batch: bool = True) -> nn.Module:
    try:
        return _convert(simplified(model, free_batch=free_batch))
    except Exception as error:  # noqa: BLE001 (the converters raise anything)
        first = error
    try:
        return _convert(model)  # as it is: not every operator can be rewritten for an older set
    except Exception as error:
        raise ValueError(
            f"[inv-widgets] {label} cannot be converted: {_lacking(model, first)}. Export the network with an older "
            "operator set (opset 13 to 17) and without quantisation, or load the original with Classifier.from_module."
        ) from error


def _convert(model: Any) -> nn.Module:
    ensure_torchvision()  # onnx2torch imports it
    import onnx2torch
    from onnx2torch.node_converters.slice import OnnxSlice

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        graph: nn.Module = onnx2torch.convert(model)
    for name, part in list(graph.named_children()):
        if isinstance(part, OnnxSlice):
            graph.add_module(name, Slice())
    return graph


def _lacking(model: Any, reason: Exception) -> str:
    """Say which operators are the reason, or what onnx2torch said."""
    from onnx2torch.node_converters.registry import _CONVERTER_REGISTRY

    known = {(each.domain, each.operation_type) for each in _CONVERTER_REGISTRY}
    missing = dict.fromkeys(
        f"{node.domain}::{node.op_type}" if node.domain else node.op_type
        for node in model.graph.node
        if (node.domain.removeprefix("ai.onnx"), node.op_type) not in known and node.op_type != "GlobalMaxPool"
    )
    if missing:
        return f"onnx2torch has no {', '.join(missing)}"
    said = str(reason).strip().partition("\n")[0] or type(reason).__name__
    operator = re.search(r"operation_type='(\w+)', version=(\d+)", said)
    return f"onnx2torch has no {operator[1]} of opset {operator[2]}" if operator else f"onnx2torch says: {said}"


def _compare(network: OnnxNetwork, model: Any, shape: tuple[int, int, int], label: str) -> None:
    """Where onnxruntime is installed, refuse a conversion that computes something else."""
    if importlib.util.find_spec("onnxruntime") is None:
        return
    import onnxruntime

    sample = next(network.parameters(), torch.empty(0))
    noise = torch.rand((1, *shape), generator=torch.Generator().manual_seed(1)).to(sample.dtype)
    given = noise.permute(0, 2, 3, 1).contiguous() if network.channels_last else noise
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        expected = torch.from_numpy(session.run(None, {session.get_inputs()[0].name: given.numpy()})[0])
    except Exception as error:  # noqa: BLE001 (too large, too new for this onnxruntime)
        warnings.warn(
            f"[inv-widgets] {label} could not be compared with onnxruntime ({str(error).splitlines()[0].rstrip('.')}).",
            stacklevel=4,
        )
        return
    if not expected.isfinite().all():
        return  # whose weights are broken: that is told when it is asked for a prediction
    with eval_pass(network), torch.no_grad():
        got = network.run(given.to(sample.device)).cpu()
    gap = float((got.double() - expected.double()).abs().max()) if got.shape == expected.shape else float("inf")
    if not gap <= TOLERANCE * max(float(expected.abs().max()), 1e-6):
        raise ValueError(
            f"[inv-widgets] onnx2torch converts {label} wrongly: its output differs from onnxruntime's by {gap:.2g}. "
            "Load the original with Classifier.from_module."
        )
