"""What a dask worker does: it makes the network once, and explains one partition of the pictures after the other."""

from __future__ import annotations

import contextlib
import threading
import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from distributed import WorkerPlugin, get_worker

from inv_widgets.analysis.distributed_network import Network, made
from inv_widgets.analysis.many import outcomes
from inv_widgets.pictures import decoded
from inv_widgets.run_files import RunWriter
from inv_widgets.run_folder import PARTS
from inv_widgets.thumbnails import stored
from inv_widgets.url_files import UrlFile, file_at, is_url

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from inv_widgets.analysis.picture_lists import Entry
    from inv_widgets.classifier import Classifier
    from inv_widgets.recipe import Recipe

__all__ = ["Explaining", "Partition", "Report", "Settings", "explain_partition"]


@dataclass(frozen=True)
class Partition:
    """Some pictures that follow each other, which one worker explains at a time.

    Attributes
    ----------
    entries
        The pictures. Paths are absolute; all workers must reach them.
    ids
        What each is known by in the run's folder.
    """

    entries: tuple[Entry, ...]
    ids: tuple[bytes, ...]


@dataclass(frozen=True)
class Report:
    """A part that is written.

    Attributes
    ----------
    file
        Its file's name in the folder of parts.
    rows
        (id, picture name, target name) of each explanation in it.
    errors
        ``{picture name: reason}``.
    """

    file: str
    rows: list[tuple[bytes, str, str]]
    errors: dict[str, str]


@dataclass(frozen=True)
class Settings:
    """What is the same for all partitions."""

    folder: str
    generation: str
    job: dict[str, Any]
    layers: Any
    recipe: Recipe
    on_error: str
    options: dict[str, Any]


class StoppedError(RuntimeError):
    """The driver wants no more: what is being made is given up."""


# A process explains one partition at a time, whatever number of threads its dask worker has: a network is changed
# while it is looked into (hooks, modes), and the passes use all threads of torch already.
_ONE_AT_A_TIME = threading.Lock()


class Explaining(WorkerPlugin):
    """What a worker keeps while a run is made. Dask gives it to each worker once, also to those that come later."""

    def __init__(self, network: Network, settings: Settings) -> None:
        self.network = network
        self.settings = settings

    def setup(self, worker: Any) -> None:
        """Start without a network: it is made with the first partition, where an error can be told."""
        self.where = str(worker.address)
        self.threads = int(worker.state.nthreads)
        self.stopped = False
        self._net: Classifier | None = None

    def teardown(self, worker: Any) -> None:  # noqa: ARG002 (dask's name)
        """Let the partition that is being explained end after its next picture."""
        self.stopped = True

    def net(self) -> Classifier:
        """Give this worker's network.

        Raises
        ------
        RuntimeError
            Where it cannot be made here, or turns out to be another one.
        """
        if self._net is None:
            try:
                net = made(self.network)
            except Exception as error:
                reason = str(error).removeprefix("[inv-widgets] ") or type(error).__name__
                raise RuntimeError(
                    f"[inv-widgets] The network cannot be made on the worker {self.where}: {reason}"
                ) from error
            if net.hash != self.network.hash:
                raise RuntimeError(
                    f"[inv-widgets] The worker {self.where} made a network with other weights ({net.hash}) than this "
                    f"process ({self.network.hash}). Give net= as a Classifier, which is sent to the workers, or let "
                    "its function give the same weights each time."
                )
            self._net = net
            self.network = Network(None, None, None, self.network.hash)  # the pickled weights are not needed again
        return self._net


def explain_partition(run: str, partition: Partition) -> Report:
    """Explain a partition on this worker and write its part; nothing is left of it after an exception.

    Parameters
    ----------
    run
        The name under which the worker keeps the run's :class:`Explaining`.
    """
    explaining = cast("Explaining", get_worker().plugins[run])
    with _ONE_AT_A_TIME:
        return _explained(explaining, partition)


def _explained(explaining: Explaining, partition: Partition) -> Report:
    settings = explaining.settings
    options = dict(settings.options)
    if options.get("workers") is None:
        options["workers"] = explaining.threads  # the cores of this machine belong to other workers too
    entries = [_reachable(entry) for entry in partition.entries]
    made = outcomes(explaining.net(), entries, layers=settings.layers, recipe=settings.recipe, pack=stored, **options)
    # Two workers may be at the same partition, one of them believed to be lost: each has a file of its own.
    file = f"{settings.generation}-{uuid.uuid4().hex[:16]}.parquet"
    rows = []
    with (
        contextlib.closing(made) as todo,
        RunWriter(file_at(settings.folder) / PARTS / file, job=settings.job) as writer,
    ):
        for id_, outcome in zip(partition.ids, todo, strict=True):
            if explaining.stopped:
                raise StoppedError("[inv-widgets] The run was stopped.")
            if outcome.explanation is not None:
                writer.add(outcome.explanation, outcome.packed)
                rows.append((id_, outcome.explanation.name, outcome.explanation.target_name))
            elif settings.on_error == "raise" and outcome.error is not None:
                raise outcome.error
            else:
                writer.errors[outcome.entry.name] = outcome.reason
        writer.job["rows"] = [(id_.hex(), picture, target) for id_, picture, target in rows]
    return Report(file, rows, writer.errors)


class _Remote:
    """A picture behind a URL, fetched when it is asked for its pixels."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[np.uint8]:
        try:
            content = UrlFile(self._url).read_bytes()
        except FileNotFoundError:
            raise FileNotFoundError(f"[inv-widgets] There is no picture {self._url!r}. Check the URL.") from None
        return decoded(content, self._url)


def _reachable(entry: Entry) -> Entry:
    if isinstance(entry.picture, str) and is_url(entry.picture):
        file = file_at(entry.picture)
        return replace(entry, picture=file if isinstance(file, Path) else _Remote(entry.picture))
    return entry
