"""The columns of many pictures, made beside the passes: by threads, and by processes where there are many workers."""

from __future__ import annotations

import contextlib
import multiprocessing
import threading
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol

from inv_widgets.analysis.slots import Made
from inv_widgets.analysis.threads import one_thread, stand_back

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from inv_widgets.analysis.cores import Cores
    from inv_widgets.analysis.pruning import Pruned
    from inv_widgets.analysis.stages import Passed
    from inv_widgets.explanation import Column, Explanation

__all__ = ["ColumnMakers", "Inline", "WorkerDiedError"]

_FEW_WORKERS = 4  # so many threads and more wait for Python's lock too often
_FEW_PICTURES = 64  # under which processes are not worth their start


class Settable(Protocol):
    """What gets a result, as a future does."""

    def set_result(self, result: Any, /) -> None:
        """Take it."""

    def set_exception(self, error: BaseException, /) -> None:
        """Take the reason why there is none."""


class WorkerDiedError(RuntimeError):
    """A process that made columns has died."""


class Inline(Executor):
    """Does at once what it is given, on the caller's thread."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **options: Any) -> Future[Any]:
        """Call a function; give its result as a future."""
        future: Future[Any] = Future()
        try:
            future.set_result(function(*arguments, **options))
        except Exception as error:  # noqa: BLE001 (the future's)
            future.set_exception(error)
        return future


class ColumnMakers:
    """Makes explanations of what came through the network; linear algebra runs on one thread meanwhile.

    Parameters
    ----------
    workers
        How many work at a time; 0: the caller's thread does it.
    cores
        Who may be busy.
    pack
        What is to be made of each explanation's picture besides.
    """

    def __init__(self, workers: int, cores: Cores, pack: Callable[[NDArray[np.uint8]], Any] | None = None) -> None:
        self._workers, self._cores, self._pack = workers, cores, pack
        self._pool: Executor = Inline()
        if workers:
            self._pool = ThreadPoolExecutor(workers, "inv-widgets-columns", initializer=stand_back)
        self._processes: Executor | None = None
        self._starting = threading.Lock()
        self._count = self._unfinished = 0
        self._changed = threading.Condition()
        self._stopped = False
        self._limits = contextlib.ExitStack()
        self._limits.enter_context(one_thread())

    def submit(self, known: Passed, pruned: list[Callable[[], Pruned]], made: Settable) -> None:
        """Make an explanation; `made` gets a :class:`Made`, or the reason why not."""
        with self._changed:
            self._unfinished += 1
            self._count += 1
        try:
            self._pool.submit(self._make, known, pruned, made).add_done_callback(lambda _: self._finished())
        except RuntimeError:  # stopped meanwhile
            self._finished()

    def wait_for_room(self, most: int) -> bool:
        """Wait until at most so many explanations are unfinished; False: nothing more is wanted."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or self._unfinished <= most)
            return not self._stopped

    def stop(self) -> None:
        """Finish what is being made, drop what is not; end all threads and processes."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        self._pool.shutdown(wait=True, cancel_futures=True)
        if self._processes is not None:
            self._processes.shutdown(wait=True)
        self._limits.close()

    def _finished(self) -> None:
        with self._changed:
            self._unfinished -= 1
            self._changed.notify_all()

    def _make(self, known: Passed, pruned: list[Callable[[], Pruned]], made: Settable) -> None:
        try:
            processes = self._processes_if_worth_it()
            if processes is None:
                columns = [self._column(known, place, kept) for place, kept in enumerate(pruned)]
            else:
                with self._cores.one():
                    columns = processes.submit(_columns, known.without_picture(), [kept() for kept in pruned]).result()
            explanation = known.explanation(columns)
            made.set_result(Made(explanation, self._packed(explanation)))
        except BrokenExecutor as error:
            reason = str(error).partition("\n")[0].rstrip(".")
            died = WorkerDiedError(
                f"[inv-widgets] A worker process died ({reason}); most often memory ran out. What was made is kept: go "
                f"on with fewer than workers={self._workers}, or a smaller batch_size."
            )
            died.__cause__ = error
            made.set_exception(died)
        except BaseException as error:
            made.set_exception(error)
            if not isinstance(error, Exception):
                raise  # Ctrl-C on the caller's thread

    def _column(self, known: Passed, place: int, kept: Callable[[], Pruned]) -> Column:
        with self._cores.one():
            return known.column(place, kept())

    def _packed(self, explanation: Explanation) -> Any:
        if self._pack is None:
            return None
        with self._cores.one():
            return self._pack(explanation.picture)

    def _processes_if_worth_it(self) -> Executor | None:
        if self._workers < _FEW_WORKERS or self._count < _FEW_PICTURES or multiprocessing.current_process().daemon:
            return None  # a daemon, such as a worker of dask, may have no children
        with self._starting:
            if self._processes is None:
                from joblib.externals.loky.process_executor import ProcessPoolExecutor

                single = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
                self._processes = ProcessPoolExecutor(self._workers, env=single)
        return self._processes


def _columns(known: Passed, pruned: list[Pruned]) -> list[Column]:
    with one_thread():
        return [known.column(place, kept) for place, kept in enumerate(pruned)]
