"""Threads of the linear algebra below numpy, scipy and scikit-learn, held at one for a while.

More threads than free cores slow small matrices down several times over (scikit-learn's t-SNE: 80 s instead of 5 s),
and results of BLAS can differ in their last bits with the number of threads.
"""

from __future__ import annotations

import functools
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["one_thread", "own_threads"]

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


@functools.cache
def _controller() -> Any:
    # The BLAS of both must be loaded to be found.
    import numpy.linalg  # noqa: F401
    import scipy.linalg  # noqa: F401
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
