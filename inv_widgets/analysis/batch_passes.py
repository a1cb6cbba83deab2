"""Batches through the network: if a picture fails the others are made, if memory is short batches get smaller."""

from __future__ import annotations

import contextlib
import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from inv_widgets.analysis.stages import passed, pruned_maps, through

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from inv_widgets.analysis.batch_sizes import BatchSizes
    from inv_widgets.analysis.column_makers import ColumnMakers
    from inv_widgets.analysis.cores import Cores
    from inv_widgets.analysis.slots import Box, Made
    from inv_widgets.analysis.stages import Prepared
    from inv_widgets.classifier import Classifier
    from inv_widgets.recipe import Recipe

    Work: TypeAlias = tuple[Prepared, Box[Made]]

__all__ = ["BatchPasses", "autocast_of"]


@dataclass
class BatchPasses:
    """Takes batches through the network, and hands the pictures on.

    Attributes
    ----------
    net, network_hash, layers, recipe
        As :func:`.many.outcomes` has them.
    sizes
        How many rows a batch has.
    makers, workers
        Who makes the columns, and how many they are.
    cores, threads
        Who may be busy, and how many cores torch keeps busy on a CPU.
    casting
        Makes the context in which the network runs.
    warnings
        What users must be told.
    """

    net: Classifier
    network_hash: str
    layers: Any
    recipe: Recipe
    sizes: BatchSizes
    makers: ColumnMakers
    workers: int
    cores: Cores
    threads: int
    casting: Callable[[], contextlib.AbstractContextManager[Any]]
    warnings: list[str] = field(default_factory=list)

    def run(self, batch: list[Work]) -> None:
        """Take pictures with inputs of one shape through the network, and on to the columns."""
        try:
            while batch:
                rows = self.sizes.of(batch[0][0].inputs)
                if not self.makers.wait_for_room(self.workers + rows):
                    return
                now, batch = batch[:rows], batch[rows:]
                too_large = self._through_or_failed(now, rows)
                if not too_large:
                    continue
                smaller = self.sizes.halve(now[0][0].inputs)
                self.warnings.append(_SMALLER.format(rows, self.net.device, smaller))
                batch = too_large + batch
        except BaseException as error:
            for _, made in batch:
                made.set_exception(error)
            raise

    def _through_or_failed(self, batch: list[Work], rows: int) -> list[Work]:
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

    def _through(self, batch: list[Work], rows: int) -> None:
        with self.cores.several(self.threads if self.net.device.type == "cpu" else 1), self.casting():
            captured = through(self.net, [prepared for prepared, _ in batch], self.layers, rows)
            pruned = pruned_maps(captured, self.recipe, len(batch))
            work = []
            for row, (prepared, made) in enumerate(batch):
                known = passed(self.net, self.network_hash, prepared, captured, row, self.recipe)
                work.append((known, [pruned(row, place) for place in range(len(captured.layers))], made))
        for each in work:
            self.makers.submit(*each)


_SMALLER = (
    "[inv-widgets] {} pictures at a time do not fit the memory of {}: from now on {}. Their last bits can differ from "
    "those of a run with the larger batches; batch_size= sets the number."
)


def _is_lack_of_memory(error: Exception) -> bool:
    told = ("can't allocate memory", "DefaultCPUAllocator: not enough memory")  # Linux and macOS, Windows
    return isinstance(error, (MemoryError, torch.cuda.OutOfMemoryError)) or any(words in str(error) for words in told)


def autocast_of(device: str) -> Callable[[], contextlib.AbstractContextManager[Any]]:
    """Give the caller's autocast, which is its thread's own, to another thread."""
    if not torch.is_autocast_enabled(device):
        return contextlib.nullcontext
    return functools.partial(torch.autocast, device, torch.get_autocast_dtype(device))
