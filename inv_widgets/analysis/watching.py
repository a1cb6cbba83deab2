"""Watch what a network calls, and leave it as it was found: hooks on modules, a mode for functions, gone on leaving."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import torch
from torch.overrides import TorchFunctionMode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType

    from torch import nn
    from torch.utils.hooks import RemovableHandle
    from typing_extensions import Self

__all__ = ["Hooks", "Watcher", "has_compiled", "is_vmapped", "unwatched"]

unwatched = torch._C.DisableTorchFunction  # noqa: SLF001 (a context for what is no step of the network)

# Whether a tensor is one of torch.func's, which means nothing outside the call that made it.
is_vmapped = torch._C._functorch.is_functorch_wrapped_tensor  # noqa: SLF001


class Hooks:
    """A context in which modules are hooked; calls on other threads are not seen."""

    def _hooks(self) -> Iterator[tuple[Callable[..., RemovableHandle], Callable[..., None]]]:
        """List the hooks, each with the function that registers it."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            for register, hook in self._hooks():
                undo.callback(register(_on_this_thread(hook)).remove)
            self._undo = undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._undo.close()


class Watcher(Hooks, TorchFunctionMode):
    """A context in which modules are hooked and all functions of torch are seen."""

    def __enter__(self) -> Self:
        Hooks.__enter__(self)
        try:
            TorchFunctionMode.__enter__(self)  # type: ignore[no-untyped-call]
        except BaseException:
            self._undo.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            TorchFunctionMode.__exit__(self, kind, error, trace)  # type: ignore[no-untyped-call]
        finally:
            self._undo.close()


def has_compiled(parts: Iterable[nn.Module]) -> bool:
    """Tell whether one of the modules is wrapped by ``torch.compile``, which warns of hooks for all modules."""
    return any("_orig_mod" in part._modules for part in parts)  # noqa: SLF001 (hasattr takes ten times as long)


def _on_this_thread(hook: Callable[..., None]) -> Callable[..., None]:
    here = threading.get_ident()

    def own(*given: Any) -> None:
        if threading.get_ident() == here:
            hook(*given)

    return own
