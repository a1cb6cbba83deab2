"""What is under way of many pictures: read ahead, through the network in batches, columns beside (see :mod:`.many`)."""

from __future__ import annotations

import contextlib
import functools
import threading
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from inv_widgets.analysis.batch_sizes import BatchSizes
from inv_widgets.analysis.column_makers import ColumnMakers, Inline, WorkerDiedError
from inv_widgets.analysis.cores import Cores, count_cores
from inv_widgets.analysis.parts import part_key, target_text
from inv_widgets.analysis.pipeline import named_picture
from inv_widgets.analysis.selection import LayersError
from inv_widgets.analysis.stages import passed, prepare, pruned_maps, through
from inv_widgets.analysis.threads import own_threads
from inv_widgets.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeAlias

    from inv_widgets.analysis.picture_lists import Entry
    from inv_widgets.analysis.stages import Prepared
    from inv_widgets.classifier import Classifier
    from inv_widgets.explanation import Explanation
    from inv_widgets.recipe import Recipe

    _Work: TypeAlias = tuple[Prepared, Future[Explanation]]

__all__ = ["AssemblyLine", "Slot"]

# Not a picture's fault: an unknown layer, a wrong argument, a lack of memory.
_FATAL = (UnknownNameError, LayersError, TypeError, MemoryError, WorkerDiedError)


@dataclass(frozen=True)
class _Read:
    """What a picture was read as: its key, and what goes through the network (None: the key is known), or an error."""

    key: str | None = None
    prepared: Prepared | None = None
    error: Exception | None = None
    fatal: Exception | None = None


@dataclass(eq=False)
class Slot:
    """One picture under way.

    Attributes
    ----------
    entry
        The picture as it was given; None where the next one could not be had.
    read, made
        What it was read as, and its explanation, while they are waited for.
    prepared
        What waits for a batch.
    key, explanation, error
        What became of it.
    first
        Another picture under way with the same key: its explanation will do.
    fatal
        What ends the run.
    done
        Whether it is known what became of it.
    """

    entry: Entry | None
    read: Future[_Read] | None = None
    made: Future[Explanation] | None = None
    prepared: Prepared | None = None
    key: str | None = None
    explanation: Explanation | None = None
    error: Exception | None = None
    first: Slot | None = None
    fatal: BaseException | None = None
    done: bool = False

    def __post_init__(self) -> None:
        self.done = self.fatal is not None


class AssemblyLine:
    """The threads that pictures go through.

    All public methods are for one thread, the caller's. Slots are his; others write only to their futures.

    Parameters
    ----------
    net, network_hash, layers, recipe, is_known, batch_size, workers
        As :func:`.many.outcomes` has them.
    threads
        Torch's, on the caller's thread.

    Attributes
    ----------
    changed
        Set when something was read or made.
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
    ) -> None:
        self._net, self._network_hash, self._layers, self._recipe = net, network_hash, layers, recipe
        self._is_known, self._workers, self._threads = is_known, workers, threads
        self.changed = threading.Event()
        self._sizes = BatchSizes(net, batch_size, threads)
        self._waiting: dict[tuple[int, ...], list[Slot]] = {}  # read, by the shape of their inputs
        self._under_way: dict[str, Slot] = {}
        self._warnings: list[str] = []
        cores = count_cores()
        self._cores = Cores(max(cores, threads))
        self._casting = _autocast(net.device.type)
        self._readers: Executor = Inline()
        self._passes: Executor = Inline()
        if workers:
            self._readers = ThreadPoolExecutor(
                1 + cores // 8, "inv-widgets-reading", initializer=own_threads, initargs=(1,)
            )
            self._passes = ThreadPoolExecutor(1, "inv-widgets-passes", initializer=own_threads, initargs=(threads,))
        self._makers = ColumnMakers(workers, self._cores)

    def room(self) -> int:
        """Say how many pictures may be under way."""
        return 4 * self._sizes.largest() + 2 * self._workers

    def warnings(self) -> list[str]:
        """Give what users must be told, once."""
        told, self._warnings = self._warnings, []
        return told

    def read(self, slot: Slot) -> None:
        """Start to read a picture."""
        assert slot.entry is not None
        slot.read = self._readers.submit(self._read, slot.entry)
        slot.read.add_done_callback(self._tell)

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
        self._readers.shutdown(wait=False, cancel_futures=True)
        self._passes.shutdown(wait=False, cancel_futures=True)
        self._makers.stop()
        self._passes.shutdown(wait=True)
        self._readers.shutdown(wait=True)
        for slot in slots:
            if slot.made is not None and slot.made.done():
                self._was_made(slot, slot.made)

    def _note(self, slot: Slot) -> None:
        if slot.read is not None and slot.read.done():
            read, slot.read = slot.read, None
            error = read.exception()
            if error is None:
                self._was_read(slot, read.result())
            else:
                slot.fatal, slot.done = error, True
        elif slot.made is not None and slot.made.done():
            self._was_made(slot, slot.made)
        elif slot.first is not None and slot.first.done:
            slot.fatal, slot.done = slot.first.fatal, True

    @staticmethod
    def _was_made(slot: Slot, made: Future[Explanation]) -> None:
        slot.made, slot.done = None, True
        error = made.exception()
        if error is None:
            slot.explanation = made.result()
        elif isinstance(error, Exception) and not isinstance(error, _FATAL):
            slot.error = error
        else:
            slot.fatal = error

    def _was_read(self, slot: Slot, read: _Read) -> None:
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
        batch: list[_Work] = []
        for slot in self._waiting.pop(shape):
            assert slot.prepared is not None
            slot.made = Future()
            slot.made.add_done_callback(self._tell)
            batch.append((slot.prepared, slot.made))
            slot.prepared = None
        self._passes.submit(self._pass, batch)

    def _tell(self, _: Any) -> None:
        self.changed.set()

    def _read(self, entry: Entry) -> _Read:
        try:
            picture = named_picture(entry.picture, entry.name)
        except Exception as error:  # noqa: BLE001 (decoders raise anything)
            return _Read(error=error)
        try:
            key = part_key(picture.hash, target_text(self._net, entry.target))
        except Exception as error:  # noqa: BLE001 (whatever is no target)
            return _Read(fatal=error)
        if self._is_known(key):
            return _Read(key)
        try:
            return _Read(key, prepare(self._net, picture, entry.target, self._recipe))
        except _FATAL as error:
            return _Read(key, fatal=error)
        except Exception as error:  # noqa: BLE001 (transforms raise anything too)
            return _Read(key, error=error)

    def _pass(self, batch: list[_Work]) -> None:
        """Take pictures with inputs of one shape through the network, and on to the columns."""
        try:
            while batch:
                rows = self._sizes.of(batch[0][0].inputs)
                if not self._makers.wait_for_room(self._workers + rows):
                    return
                now, batch = batch[:rows], batch[rows:]
                too_large = self._through_or_failed(now, rows)
                if not too_large:
                    continue
                self._sizes.halve(now[0][0].inputs)
                self._warnings.append(_SMALLER.format(rows, self._net.device, max(1, rows // 2)))
                batch = too_large + batch
        except BaseException as error:
            for _, made in batch:
                made.set_exception(error)
            raise

    def _through_or_failed(self, batch: list[_Work], rows: int) -> list[_Work]:
        """Pass a batch; give the pictures for which memory did not suffice with so many rows."""
        try:
            self._through(batch, rows)
        except Exception as error:  # noqa: BLE001 (networks raise anything)
            if rows > 1 and _is_lack_of_memory(error):
                return batch
            if len(batch) == 1:
                batch[0][1].set_exception(error)
                return []
        else:
            return []
        # One of them fails: each alone, in a batch of as many rows, so that the others' bits stay the same.
        return [left for one in batch for left in self._through_or_failed([one], rows)]

    def _through(self, batch: list[_Work], rows: int) -> None:
        with self._cores.several(self._threads if self._net.device.type == "cpu" else 1), self._casting():
            captured = through(self._net, [prepared for prepared, _ in batch], self._layers, rows)
            pruned = pruned_maps(captured, self._recipe, len(batch))
            work = []
            for row, (prepared, made) in enumerate(batch):
                known = passed(self._net, self._network_hash, prepared, captured, row, self._recipe)
                work.append((known, [pruned(row, place) for place in range(len(captured.layers))], made))
        for each in work:
            self._makers.submit(*each)


_SMALLER = (
    "[inv-widgets] {} pictures at a time do not fit the memory of {}: from now on {}. Their last bits can differ from "
    "those of a run with the larger batches; batch_size= sets the number."
)


def _is_lack_of_memory(error: Exception) -> bool:
    return isinstance(error, (MemoryError, torch.cuda.OutOfMemoryError)) or "can't allocate memory" in str(error)


def _autocast(device: str) -> Callable[[], contextlib.AbstractContextManager[Any]]:
    """Give the caller's autocast, which is its thread's own, to another thread."""
    if not torch.is_autocast_enabled(device):
        return contextlib.nullcontext
    return functools.partial(torch.autocast, device, torch.get_autocast_dtype(device))
