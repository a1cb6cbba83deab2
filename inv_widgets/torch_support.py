"""Torch left as found, and torchvision beside a CPU torch.

Importing this loads no torch; calling its functions does.
"""

from __future__ import annotations

import re
import sys
import threading
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from torch import Tensor, nn

__all__ = ["between_passes", "ensure_torchvision", "eval_pass", "output_of", "version_of", "widened"]

_SCHEMAS = {
    "nms": "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}

# Numbers that torch copies and compares on one thread: to wake others takes long where the machine is busy.
_ONE_THREAD = 32768

# What a network that does not take its input raises.
_OF_INPUTS = {RuntimeError, TypeError, ValueError, IndexError, AssertionError, NotImplementedError}

# A library's definitions live as long as it does.
_libraries: list[Any] = []

# One pass at a time: a second thread must not read flags that the first has changed. Jupyter handles messages on a
# thread of their own while a cell runs.
_pass_lock = threading.RLock()


def ensure_torchvision() -> None:
    """Make ``import torchvision`` work, also where its compiled operators are missing.

    A torchvision whose compiled part does not fit the installed torch (the one from PyPI beside a CPU torch) fails on
    import because the operators that it describes do not exist. They are declared, without an implementation, only
    then; models, transforms and data sets need none of them. Does nothing where torchvision is not installed.

    Raises
    ------
    ImportError
        Where torchvision fails for another reason.
    """
    try:
        import torchvision
    except ModuleNotFoundError as error:
        if error.name != "torchvision":
            raise
    except RuntimeError as error:
        missing = re.search(r"operator torchvision::(\w+) does not exist", str(error))
        if missing is None or missing[1] not in _SCHEMAS:
            raise ImportError(
                f"[inv-widgets] torchvision cannot be imported beside this torch: {error}. "
                "Install the torchvision that belongs to it (pip install --upgrade torch torchvision)."
            ) from error
        _declare_operators()
        import torchvision  # noqa: F401


def _declare_operators() -> None:
    import torch

    library: Any = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
    for name, schema in _SCHEMAS.items():
        if not hasattr(torch.ops.torchvision, name):
            library.define(schema)
    _libraries.append(library)


@contextmanager
def eval_pass(module: nn.Module) -> Iterator[nn.Module]:
    """Hold all submodules in eval mode, with gradients enabled, and put everything back afterwards.

    Gradients are enabled inside ``no_grad`` and ``inference_mode`` too. What was compiled by ``torch.compile`` runs
    uncompiled, so that its layers are seen. Each submodule's own training flag is restored, and buffers that the
    network writes to in eval mode too (of fake quantisation, counters, batch norms called as functions); after an
    exception and after Ctrl-C as well. On the main thread what the network draws of torch's global random numbers (on
    the CPU and on its CUDA device) is put back too: noise in a network is the same in each such pass. The flags are set
    directly: ``train()`` and ``eval()`` are overridden by some networks to do more. Passes of several threads wait for
    each other.

    Parameters
    ----------
    module
        The network.
    """
    import torch

    with _pass_lock:
        flags = [(submodule, submodule.training) for submodule in module.modules()]
        buffers = _Buffers([submodule for submodule, _ in flags])
        try:
            for submodule, training in flags:
                if training:  # setting an attribute of a module takes long
                    submodule.training = False
            with torch.inference_mode(mode=False), torch.enable_grad(), _uncompiled(), _own_chance(module):
                yield module
        finally:
            try:
                _restore(flags, buffers)
            except KeyboardInterrupt:
                # Ctrl-C pressed twice.
                _restore(flags, buffers)
                raise


def between_passes() -> AbstractContextManager[Any]:
    """Hold off passes of other threads; what is read meanwhile is what it was before they began."""
    return _pass_lock


def output_of(module: nn.Module, inputs: Tensor) -> Any:
    """Run a network; where it fails, say on what.

    Parameters
    ----------
    module
        The network.
    inputs
        N x C x H x W, which it may overwrite.

    Raises
    ------
    RuntimeError, TypeError, ValueError, IndexError, AssertionError, NotImplementedError
        What the network raises, with the input that it was given. Others pass as they are.
    """
    shape, dtype, device = tuple(inputs.shape), str(inputs.dtype).removeprefix("torch."), inputs.device
    try:
        return module(inputs)
    except Exception as error:
        if type(error) not in _OF_INPUTS or str(error).startswith("[inv-widgets]"):
            raise
        one = "" if shape[0] == 1 else ", or give batch_size=1 where it takes one picture at a time"
        raise type(error)(
            f"[inv-widgets] {type(module).__name__} fails on an input of {' x '.join(map(str, shape))} ({dtype} on "
            f"{device}): {error}. Check that the transform makes what it was trained on (size, channels){one}."
        ) from error


def version_of(tensor: Tensor) -> int:
    """Tell how often a tensor's storage was written to; -1 where torch does not count (inference tensors)."""
    return -1 if tensor.is_inference() else tensor._version  # noqa: SLF001


def widened(values: Tensor) -> Tensor:
    """Make half precision float32, in which sums over many cells lose no digits; wider types stay."""
    return values if values.dtype.itemsize >= 4 else values.float()


class _Buffers:
    """The buffers of modules, and their bytes as they were found."""

    def __init__(self, modules: list[nn.Module]) -> None:
        self._held = list(_buffers_of(modules))
        self._groups = _groups([buffer for _, _, buffer in self._held])
        self._values = self._joined()

    def put_back(self) -> None:
        """Write their values back where these changed, and put back those that others took the place of."""
        import torch

        for held, name, buffer in self._held:
            if held.get(name) is not buffer:
                held[name] = buffer
        for buffers, found, now in zip(self._groups, self._values, self._joined(), strict=True):
            if not torch.equal(found, now):
                _write(buffers, found.view(torch.uint8))

    def _joined(self) -> list[Tensor]:
        """Give the bits of the buffers of each group as one tensor: one copy, and one comparison, of many."""
        import torch

        # Not all that writes counts its writing: versions tell nothing.
        with torch.inference_mode(mode=False), torch.no_grad():
            return [
                torch.cat(each).view(torch.int32) if _is_row(each[0]) else torch.cat([_bytes(one) for one in each])
                for each in self._groups
            ]


def _groups(buffers: list[Tensor]) -> list[list[Tensor]]:
    """Put together those that can be joined: on one device, all rows of float32 or none."""
    groups: list[list[Tensor]] = []
    last: dict[Any, tuple[int, list[Tensor]]] = {}
    for buffer in buffers:
        kind = (buffer.device, _is_row(buffer))
        size = buffer.numel() if _is_row(buffer) else buffer.nbytes
        before, group = last.get(kind, (_ONE_THREAD, []))
        if before + size >= _ONE_THREAD:
            before, group = 0, []
            groups.append(group)
        group.append(buffer)
        last[kind] = before + size, group
    return groups


def _write(buffers: list[Tensor], values: Tensor) -> None:
    """Write joined bytes back to the buffers that have others by now."""
    import torch

    start = 0
    with torch.inference_mode(mode=False), torch.no_grad():
        for buffer in buffers:
            own = values[start : start + buffer.nbytes]
            start += buffer.nbytes
            if not torch.equal(own, _bytes(buffer)):
                buffer.copy_(own.clone().view(buffer.dtype).view(buffer.shape))


def _buffers_of(modules: list[nn.Module]) -> Iterator[tuple[dict[str, Tensor | None], str, Tensor]]:
    """Give the buffers that can be written to in eval mode, where they are held, and their names."""
    import torch

    # Deep networks have hundreds of batch norms: what stands here takes time. They count no batches in eval mode, but
    # F.batch_norm(training=True) writes to the statistics that it is given.
    norms = {torch.nn.BatchNorm1d, torch.nn.BatchNorm2d, torch.nn.BatchNorm3d, torch.nn.SyncBatchNorm}
    for part in modules:
        held = part._buffers  # noqa: SLF001 (named_buffers takes ten times as long)
        is_norm = type(part) in norms
        if not held or isinstance(part, torch.jit.ScriptModule):
            continue
        for name, buffer in held.items():
            if (
                type(buffer) is torch.Tensor
                and not (is_norm and name == "num_batches_tracked")
                and buffer.layout == torch.strided
                and not (buffer.is_quantized or buffer.is_meta)
            ):
                yield held, name, buffer


def _is_row(buffer: Tensor) -> bool:
    """Whether a buffer can be joined with others as it is."""
    import torch

    return buffer.dtype is torch.float32 and buffer.ndim == 1


def _bytes(buffer: Tensor) -> Tensor:
    import torch

    return buffer.reshape(-1).contiguous().view(torch.uint8)  # bytes are seen only of what has no gaps


def _uncompiled() -> AbstractContextManager[Any]:
    """Let compiled networks run as they were written; compiling what watches them takes long and warns of much."""
    import torch

    stance = getattr(torch.compiler, "set_stance", None)  # torch >= 2.6
    return nullcontext() if stance is None or "torch._dynamo" not in sys.modules else stance("force_eager")


def _own_chance(module: nn.Module) -> AbstractContextManager[None]:
    import torch

    # Beside a pass on another thread the main one goes on: what it draws meanwhile it must not draw again.
    if threading.current_thread() is not threading.main_thread():
        return nullcontext()
    sample = next(module.parameters(), None)
    return torch.random.fork_rng([sample.device] if sample is not None and sample.is_cuda else [])


def _restore(flags: list[tuple[nn.Module, bool]], buffers: _Buffers) -> None:
    for submodule, training in flags:
        if submodule.training is not training:
            submodule.training = training
    buffers.put_back()
