"""Torch left as found, and torchvision beside a CPU torch.

Importing this loads no torch; calling its functions does.
"""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor, nn

__all__ = ["ensure_torchvision", "eval_pass", "version_of", "widened"]

_SCHEMAS = {
    "nms": "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}

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

    Gradients are enabled inside ``no_grad`` and ``inference_mode`` too. Each submodule's own training flag is restored,
    after an exception and after Ctrl-C as well. The flags are set directly: ``train()`` and ``eval()`` are overridden
    by some networks to do more. Passes of several threads wait for each other.

    Parameters
    ----------
    module
        The network; nothing but its training flags is touched.
    """
    import torch

    with _pass_lock:
        flags = [(submodule, submodule.training) for submodule in module.modules()]
        try:
            for submodule, training in flags:
                if training:  # setting an attribute of a module takes long
                    submodule.training = False
            with torch.inference_mode(mode=False), torch.enable_grad():
                yield module
        finally:
            try:
                _restore(flags)
            except KeyboardInterrupt:
                # Ctrl-C pressed twice.
                _restore(flags)
                raise


def version_of(tensor: Tensor) -> int:
    """Tell how often a tensor's storage was written to; -1 where torch does not count (inference tensors)."""
    return -1 if tensor.is_inference() else tensor._version  # noqa: SLF001


def widened(values: Tensor) -> Tensor:
    """Make half precision float32, in which sums over many cells lose no digits; wider types stay."""
    return values if values.dtype.itemsize >= 4 else values.float()


def _restore(flags: list[tuple[nn.Module, bool]]) -> None:
    for submodule, training in flags:
        if submodule.training is not training:
            submodule.training = training
