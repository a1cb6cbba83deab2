"""Many pictures on many machines: partitions go to the workers of a dask cluster, their parts become one run.

A worker makes the network once and writes what it explains itself; this process hears only the names, and writes the
manifest at the end, in one step. A part that no manifest names does not count: a worker that is lost costs what it was
at, which another makes anew, and no picture is there twice.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import uuid
from concurrent.futures import CancelledError
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inv_widgets.analysis.distributed_folder import PartsFolder, entry_id, owned
from inv_widgets.analysis.distributed_network import sent
from inv_widgets.analysis.many import target_text
from inv_widgets.errors import kind_of
from inv_widgets.run import load
from inv_widgets.url_files import is_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from inv_widgets.analysis.distributed_worker import Explaining, Partition, Report
    from inv_widgets.analysis.picture_lists import Entry
    from inv_widgets.classifier import Classifier
    from inv_widgets.recipe import Recipe
    from inv_widgets.run import Run

__all__ = ["Cluster", "Plan"]

_LARGEST_PART = 256
_DEATH = "Each worker that was given it died."
_ATTEMPTS = 3
_ALL_DIE = 3  # partitions that cost their workers' lives before any was finished: the next will too


@dataclass
class Plan:
    """What is to be explained, how, and into which folder.

    Attributes
    ----------
    options
        What else :func:`inv_widgets.analysis.many.outcomes` takes.
    errors
        ``{picture name: reason}``, filled in as parts are written.
    """

    todo: Iterable[Entry]
    number: int | None
    out: str | Path
    job: dict[str, Any]
    layers: Any
    recipe: Recipe
    resume: bool
    on_error: str
    part_size: int | None
    options: dict[str, Any]
    bar: Any
    errors: dict[str, str] = field(default_factory=dict)


class Cluster:
    """The workers of a dask cluster, and the network that they are to use.

    Parameters
    ----------
    client
        A ``dask.distributed.Client``.
    net
        A :class:`inv_widgets.Classifier`, which is sent to each worker once; a function without arguments that gives
        one, called once on each worker; or a name as the command line takes it (``"torchvision:vgg16"``,
        ``"demo:photos"``, ``"package.module:factory"``). The last two are made here too, to know what they must be.

    Attributes
    ----------
    net
        The network.

    Raises
    ------
    ImportError
        Where dask.distributed is not installed.
    TypeError
        For what is no client, and what gives no Classifier or cannot be sent.
    """

    def __init__(self, client: Any, net: Any) -> None:
        try:
            import distributed
        except ImportError as error:
            raise ImportError(
                '[inv-widgets] client= needs dask.distributed: pip install "inv-widgets[distributed]".'
            ) from error
        if not isinstance(client, distributed.Client) or client.asynchronous:
            raise TypeError(
                f"[inv-widgets] client is {kind_of(client)}: give a dask.distributed.Client (not an asynchronous one)."
            )
        self._client = client
        self.net, self._network = sent(net)

    def explain(self, plan: Plan) -> Run:
        """Explain the pictures, and open the run.

        Raises
        ------
        RuntimeError
            Where workers die on a partition again and again; then the run has all others.
        KeyboardInterrupt
            On Ctrl-C; finished parts stay, the same call goes on from there.
        """
        from inv_widgets.analysis.distributed_worker import Explaining, Settings

        with owned(plan.out) as folder:
            parts = PartsFolder(folder, plan.job, resume=plan.resume)
            settings = Settings(
                str(folder), parts.generation, plan.job, plan.layers, plan.recipe, plan.on_error, plan.options
            )
            name = f"inv-widgets-{uuid.uuid4().hex}"
            self._register(Explaining(self._network, settings), name)
            work = _Work(self._client, self.net, name, plan, parts)
            try:
                work.do()
            except KeyboardInterrupt:
                raise KeyboardInterrupt(
                    f"[inv-widgets] Stopped. What is finished stays in {folder}: the same call goes on."
                ) from None
            finally:
                work.stop()
            failed = plan.errors | {entry.name: _DEATH for one in work.deadly for entry in one.entries}
            plan.errors = {name: failed[name] for _, name in work.wanted if name in failed}  # not as parts came in
            parts.commit(work.wanted, plan.errors)
            if work.deadly:
                raise RuntimeError(_deadly(work.deadly))
            return load(folder)

    def _register(self, explaining: Explaining, name: str) -> None:
        """Send the network to all workers; one that is lost meanwhile must not be in the way of the others."""
        from distributed.comm.core import CommClosedError

        for _ in range(_ATTEMPTS - 1):
            with contextlib.suppress(CommClosedError):
                self._client.register_plugin(explaining, name=name)
                return
        self._client.register_plugin(explaining, name=name)


class _Work:
    """The partitions on their way to the workers and back."""

    def __init__(self, client: Any, net: Classifier, name: str, plan: Plan, parts: PartsFolder) -> None:
        from distributed import as_completed

        self._client = client
        self._net = net
        self._name = name
        self._plan = plan
        self._parts = parts
        self._flying: dict[Any, Partition] = {}
        self._landing: Any = as_completed(loop=client.loop)  # type: ignore[no-untyped-call]
        self._finished = 0
        self.wanted: list[tuple[bytes, str]] = []
        self.deadly: list[Partition] = []

    def do(self) -> None:
        """Have everything explained; partitions that kill their workers are left over in `deadly`."""
        self._fly(self._partitions())
        # A worker that dies takes the blame to all that it had been given: each is tried once more, alone.
        again, self.deadly = self.deadly, []
        for partition in again:
            self._fly(iter([partition]))

    def stop(self) -> None:
        """Give up what is on its way; workers end after their next picture."""
        flying, self._flying = list(self._flying), {}
        for request, argument in ((self._client.cancel, flying), (self._client.unregister_worker_plugin, self._name)):
            for _ in range(2):  # one that Ctrl-C has cut short may take the next one on its connection along
                with contextlib.suppress(Exception):
                    request(argument)
                    break

    def _partitions(self) -> Iterator[Partition]:
        """Go through the pictures that are not made yet, a partition at a time."""
        from inv_widgets.analysis.distributed_worker import Partition

        unmade = self._unmade()
        size = _part_size(self._plan, sum(self._client.nthreads().values()))
        while some := list(itertools.islice(unmade, size)):
            yield Partition(tuple(entry for entry, _ in some), tuple(id_ for _, id_ in some))

    def _unmade(self) -> Iterator[tuple[Entry, bytes]]:
        for entry in self._plan.todo:
            absolute = replace(entry, picture=_absolute(entry.picture))
            id_ = entry_id(absolute, target_text(self._net, entry.target))
            self.wanted.append((id_, entry.name))
            if id_ in self._parts:
                if not self._plan.bar.disable:
                    self._plan.bar.initial += 1  # no work: the rate leaves it out
                self._plan.bar.update()
            else:
                yield absolute, id_

    def _fly(self, partitions: Iterator[Partition]) -> None:
        """Keep each worker busy and one partition waiting for it, no more: pictures may be large, and many."""
        self._start(partitions)
        for future in self._landing:
            partition = self._flying.pop(future)
            report = self._report(future, partition)
            if report is not None:
                self._parts.add(report.file, report.rows)
                self._plan.errors.update(report.errors)
                self._plan.bar.update(len(partition.entries))
                self._finished += 1
            self._start(partitions)

    def _start(self, partitions: Iterator[Partition]) -> None:
        from inv_widgets.analysis.distributed_worker import explain_partition

        free = max(2, 2 * sum(self._client.nthreads().values())) - len(self._flying)
        for partition in itertools.islice(partitions, max(0, free)):
            key = f"explain-{uuid.uuid4().hex}"
            future = self._client.submit(explain_partition, self._name, partition, key=key, pure=False)
            self._flying[future] = partition
            self._landing.add(future)

    def _report(self, future: Any, partition: Partition) -> Report | None:
        from distributed import KilledWorker

        try:
            report: Report = future.result()
        except KilledWorker as error:
            self.deadly.append(partition)
            if not self._finished and len(self.deadly) >= _ALL_DIE:
                raise RuntimeError(_deadly(self.deadly)) from error
            return None
        except CancelledError as error:
            raise RuntimeError(
                "[inv-widgets] The cluster was restarted or closed, or cannot be reached any more. What is finished "
                "stays: the same call goes on."
            ) from error
        return report


def _part_size(plan: Plan, threads: int) -> int:
    """Give each worker some partitions, of whole batches: little is lost with a worker, and none is idle for long."""
    if plan.part_size is not None:
        return plan.part_size
    batch: int = plan.options.get("batch_size") or 1
    size = _LARGEST_PART if plan.number is None else min(_LARGEST_PART, -(-plan.number // (4 * max(1, threads))))
    return max(1, -(-size // batch)) * batch


def _absolute(picture: Any) -> Any:
    """Give a path that is the same in each worker's folder; anything else as it is."""
    if isinstance(picture, str) and is_url(picture):
        return picture
    return str(Path(os.fspath(picture)).absolute()) if isinstance(picture, (str, os.PathLike)) else picture


def _deadly(partitions: list[Partition]) -> str:
    names = [entry.name for partition in partitions for entry in partition.entries]
    shown = ", ".join(names[:10]) + (f" ... and {len(names) - 10} more" if len(names) > 10 else "")
    return (
        f"[inv-widgets] Each worker that was given one of these {len(names)} pictures died, most likely for want of "
        f"memory: {shown}. Give workers more memory, a smaller batch_size= or part_size=, or leave these pictures out; "
        "the same call tries them again, and nothing else."
    )
