"""Threads of the linear algebra below numpy, scipy and scikit-learn, held at one for a while; and who goes first.

More threads than free cores slow small matrices down several times over (scikit-learn's t-SNE: 80 s instead of 5 s),
and results of BLAS can differ in their last bits with the number of threads.
"""

from __future__ import annotations

import functools
import os
import sys
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["one_thread", "own_threads", "stand_back"]

_lock = threading.Lock()
_held: list[Any] = []  # the limit that is in force, and one entry for each holder


@contextmanager
def one_thread() -> Iterator[None]:
    """Hold BLAS at one thread; the last holder of several puts the old number back."""
    with _lock:
        if not _held:
            _held.append(_controller().limit(limits=1, user_api="blas"))
        _held.append(None)
    try:
        yield
    finally:
        with _lock:
            _held.pop()
            if len(_held) == 1:
                _held.pop().restore_original_limits()


def own_threads(number: int) -> None:
    """Let torch use so many threads where the calling thread calls it; other threads keep theirs."""
    import torch

    if torch.get_num_threads() != number:  # the first call on a thread sets its number: nothing will undo the next line
        _controller().limit(limits=number, user_api="openmp")


def stand_back() -> None:
    """Let other threads have a core first, where there are too few; on Linux, whose threads have a niceness each.

    What the others wait for goes first then: with torch on one of two cores, 7 % more pictures a second.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        with suppress(OSError):  # some sandboxes allow nothing
            os.setpriority(os.PRIO_PROCESS, thread, min(19, os.getpriority(os.PRIO_PROCESS, thread) + _STEPS_BACK))


_STEPS_BACK = 5


@functools.cache
def _controller() -> Any:
    # The BLAS of both must be loaded to be found.
    import numpy.linalg  # noqa: F401
    import scipy.linalg  # noqa: F401
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
