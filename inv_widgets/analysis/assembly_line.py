"""What is under way of many pictures: read ahead, through the network in batches, columns beside (see :mod:`.many`)."""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import Executor, ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from inv_widgets.analysis.batch_passes import BatchPasses, autocast_of
from inv_widgets.analysis.batch_sizes import BatchSizes
from inv_widgets.analysis.column_makers import ColumnMakers, Inline, WorkerDiedError
from inv_widgets.analysis.cores import Cores, count_cores
from inv_widgets.analysis.parts import part_key, target_text
from inv_widgets.analysis.pipeline import named_picture
from inv_widgets.analysis.selection import LayersError
from inv_widgets.analysis.slots import Box, Read, Slot
from inv_widgets.analysis.stages import prepare
from inv_widgets.analysis.threads import own_threads, stand_back
from inv_widgets.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy as np
    from numpy.typing import NDArray

    from inv_widgets.analysis.batch_passes import Work
    from inv_widgets.analysis.picture_lists import Entry
    from inv_widgets.analysis.slots import Made
    from inv_widgets.classifier import Classifier
    from inv_widgets.recipe import Recipe

__all__ = ["AssemblyLine"]

# Not a picture's fault: an unknown layer, a wrong argument, a lack of memory.
_FATAL = (UnknownNameError, LayersError, TypeError, MemoryError, WorkerDiedError)


class AssemblyLine:
    """The threads that pictures go through.

    All public methods are for one thread, the caller's. Slots are his; others write only to their futures.

    Parameters
    ----------
    net, network_hash, layers, recipe, is_known, batch_size, workers, pack
        As :func:`.many.outcomes` has them.
    threads
        Torch's, on the caller's thread.
    """

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        net: Classifier,
        network_hash: str,
        layers: Any,
        recipe: Recipe,
        is_known: Callable[[str], bool],
        batch_size: int | None,
        workers: int,
        threads: int,
        pack: Callable[[NDArray[np.uint8]], Any] | None = None,
    ) -> None:
        self._net, self._recipe, self._is_known, self._workers = net, recipe, is_known, workers
        self._signals: SimpleQueue[None] = SimpleQueue()
        self._sizes = BatchSizes(net, batch_size, threads)
        self._waiting: dict[tuple[int, ...], list[Slot]] = {}  # read, by the shape of their inputs
        self._under_way: dict[str, Slot] = {}
        number = count_cores()
        cores = Cores(max(number, threads))
        self._reading: Executor = Inline()
        self._passing: Executor = Inline()
        if workers:
            self._reading = _started(1 + number // 8, "inv-widgets-reading", _ready_to_read)
            self._passing = _started(1, "inv-widgets-passes", own_threads, threads)
        self._makers = ColumnMakers(workers, cores, pack)
        casting = autocast_of(net.device.type)
        self._passes = BatchPasses(
            net, network_hash, layers, recipe, self._sizes, self._makers, workers, cores, threads, casting
        )

    def room(self) -> int:
        """Say how many pictures may be under way."""
        return 4 * self._sizes.largest() + 2 * self._workers

    def warnings(self) -> list[str]:
        """Give what users must be told, once."""
        told, self._passes.warnings = self._passes.warnings, []
        return told

    def read(self, slot: Slot) -> None:
        """Start to read a picture."""
        assert slot.entry is not None
        slot.read = Box(self._tell)
        self._reading.submit(self._read_into, slot.entry, slot.read)

    def wait(self, seconds: float) -> None:
        """Wait until something was read or made, so long at most."""
        with contextlib.suppress(Empty):
            self._signals.get(timeout=seconds)
            while True:
                self._signals.get_nowait()

    def advance(self, slots: Iterable[Slot], *, full: bool, ended: bool) -> None:
        """Take note of what was read and made, and send batches through the network.

        Parameters
        ----------
        slots
            All pictures under way, in order.
        full
            No more can come before the first is done: its batch must go as it is.
        ended
            No more will come: all batches must.
        """
        reading, first = False, None
        for slot in slots:
            if not slot.done:
                self._note(slot)
                reading |= slot.read is not None
                first = first or slot
        if reading or not (full or ended):
            return
        for shape, waiting in list(self._waiting.items()):
            if ended or first in waiting:
                self._send(shape)

    def given(self, slot: Slot) -> None:
        """Forget a picture that is no longer under way."""
        if self._under_way.get(slot.key or "") is slot:
            del self._under_way[slot.key or ""]

    def stop(self, slots: Iterable[Slot] = ()) -> None:
        """End all threads and processes, and take note of what was made; what is half made is finished first."""
        self._reading.shutdown(wait=False, cancel_futures=True)
        self._passing.shutdown(wait=False, cancel_futures=True)
        self._makers.stop()
        self._passing.shutdown(wait=True)
        self._reading.shutdown(wait=True)
        for slot in slots:
            if slot.made is not None and slot.made.done:
                self._was_made(slot, slot.made)

    def _note(self, slot: Slot) -> None:
        if slot.read is not None and slot.read.done:
            read, slot.read = slot.read, None
            if read.result is not None:
                self._was_read(slot, read.result)
            else:
                slot.fatal, slot.done = read.error, True
        elif slot.made is not None and slot.made.done:
            self._was_made(slot, slot.made)
        elif slot.first is not None and slot.first.done:
            slot.fatal, slot.done = slot.first.fatal, True

    @staticmethod
    def _was_made(slot: Slot, made: Box[Made]) -> None:
        slot.made, slot.done = None, True
        if made.result is not None:
            slot.explanation, slot.packed = made.result
        if isinstance(made.error, Exception) and not isinstance(made.error, _FATAL):
            slot.error = made.error
        else:
            slot.fatal = made.error

    def _was_read(self, slot: Slot, read: Read) -> None:
        slot.key, slot.error, slot.fatal = read.key, read.error, read.fatal
        if read.key is None or read.prepared is None or self._is_known(read.key):
            slot.done = True
            return
        first = self._under_way.setdefault(read.key, slot)
        if first is not slot:
            slot.first = first
            return
        slot.prepared = read.prepared
        shape = tuple(read.prepared.inputs.shape)
        self._waiting.setdefault(shape, []).append(slot)
        if len(self._waiting[shape]) >= self._sizes.of(read.prepared.inputs):
            self._send(shape)

    def _send(self, shape: tuple[int, ...]) -> None:
        batch: list[Work] = []
        for slot in self._waiting.pop(shape):
            assert slot.prepared is not None
            slot.made = Box(self._tell)
            batch.append((slot.prepared, slot.made))
            slot.prepared = None
        self._passing.submit(self._passes.run, batch)

    def _tell(self) -> None:
        self._signals.put(None)

    def _read_into(self, entry: Entry, box: Box[Read]) -> None:
        try:
            box.set_result(self._read(entry))
        except BaseException as error:
            box.set_exception(error)
            if not isinstance(error, Exception):
                raise  # Ctrl-C on the caller's thread

    def _read(self, entry: Entry) -> Read:
        try:
            picture = named_picture(entry.picture, entry.name)
        except Exception as error:  # noqa: BLE001 (decoders raise anything)
            return Read(error=error)
        try:
            key = part_key(picture.hash, target_text(self._net, entry.target))
        except Exception as error:  # noqa: BLE001 (whatever is no target)
            return Read(fatal=error)
        if self._is_known(key):
            return Read(key)
        try:
            return Read(key, prepare(self._net, picture, entry.target, self._recipe))
        except _FATAL as error:
            return Read(key, fatal=error)
        except Exception as error:  # noqa: BLE001 (transforms raise anything too)
            return Read(key, error=error)


def _ready_to_read() -> None:
    own_threads(1)
    stand_back()


def _started(threads: int, name: str, initializer: Callable[..., None], *arguments: Any) -> Executor:
    """Start all threads of a pool: one that Ctrl-C finds half started would not be in its books, and never end."""
    pool = ThreadPoolExecutor(threads, name, initializer, arguments)
    all_here = threading.Barrier(threads + 1)
    try:
        for _ in range(threads):
            pool.submit(all_here.wait)
        all_here.wait()
    except BaseException:
        all_here.abort()
        raise
    return pool
