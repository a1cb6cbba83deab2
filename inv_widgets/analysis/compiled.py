"""Loops over numbers compiled to machine code by numba, once a machine: the compiled code is kept on disk.

Numba keeps it in ``__pycache__`` beside the module, in the user's cache folder where that cannot be written, or in
``NUMBA_CACHE_DIR``. Several processes may compile the same loop at once: each writes whole files and puts them in place
by renaming.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["compiled", "told_of_compiling"]

_log = logging.getLogger(__name__)
_lock = threading.Lock()
_told: list[Callable[[], None]] = []

# Sums may be reordered for vector registers, products fused with sums, and divisions by one number made products; NaN,
# infinity and the order of comparisons stay as they are. The code is compiled once, so that its sums have one order.
_FAST = {"reassoc", "contract", "arcp", "nsz"}


def compiled(
    function: Callable[..., Any], signature: str, register: Callable[[], None] | None = None
) -> Callable[..., Any] | None:
    """Give the compiled form of a loop, or None where numba cannot be imported or does not work here.

    It runs on one thread and holds no lock of Python's meanwhile, and gives the same bits whatever runs beside it.

    Parameters
    ----------
    function
        Plain Python over numpy arrays and numbers, at the top of a module of its own kind: its file's date tells
        whether the code on disk is still that of the loop.
    signature
        The types, as numba writes them: ``"float64(float32[:,::1], float64)"``.
    register
        Tells numba what the loop calls beside plain Python and numpy. Its module must change with the loop's.
    """
    with _lock:
        return _compiled(function, signature, register)


@contextlib.contextmanager
def told_of_compiling(tell: Callable[[], None]) -> Iterator[None]:
    """Call `tell`, on any thread, where a loop that is not on disk yet is being compiled meanwhile."""
    _told.append(tell)
    try:
        yield
    finally:
        _told.remove(tell)


@functools.cache
def _compiled(
    function: Callable[..., Any], signature: str, register: Callable[[], None] | None
) -> Callable[..., Any] | None:
    try:
        import numba

        if register is not None:
            register()
    except Exception as error:  # noqa: BLE001 (ImportError, and what numba raises beside a numpy that it does not know)
        _log.info("[inv-widgets] numba cannot be imported (%s): explanations take several times longer.", error)
        return None
    # Without the wrapper for callers in C, which takes a tenth of the time and has no caller.
    options: dict[str, Any] = {"nogil": True, "fastmath": _FAST, "error_model": "numpy", "no_cfunc_wrapper": True}
    try:
        return _made(numba.njit(signature, cache=True, **options), function)
    except Exception as error:  # noqa: BLE001 (no folder can be written, the disk is full; damaged files raise anything)
        _log.info("[inv-widgets] %s is compiled anew by each process: %s", function.__name__, error)
    try:
        return _made(numba.njit(signature, **options), function)
    except Exception as error:  # noqa: BLE001 (a version of numba or LLVM that takes something else)
        _log.info("[inv-widgets] %s cannot be compiled (%s): explanations take longer.", function.__name__, error)
        return None


def _made(decorate: Callable[..., Any], function: Callable[..., Any]) -> Callable[..., Any]:
    from numba.core.event import Listener, install_listener

    class Starts(Listener):
        def on_start(self, event: Any) -> None:  # noqa: ARG002
            for tell in _told.copy():
                tell()

        def on_end(self, event: Any) -> None:
            """Tell nothing."""

    with install_listener("numba:compile", Starts()):
        made: Callable[..., Any] = decorate(function)
    return made
