"""Many pictures: explained one after the other, with progress, into one run that can be resumed."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from tqdm.auto import tqdm

from inv_widgets.analysis.compiled import told_of_compiling
from inv_widgets.analysis.layers import Layer
from inv_widgets.analysis.many import checked_options, finished, outcomes, target_text, whole_number
from inv_widgets.analysis.parts import Parts, lock
from inv_widgets.analysis.picture_lists import entries
from inv_widgets.analysis.pipeline import require
from inv_widgets.recipe import Recipe
from inv_widgets.run import Run, load
from inv_widgets.thumbnails import stored

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from inv_widgets.analysis.distributed import Cluster
    from inv_widgets.analysis.many import Outcome
    from inv_widgets.analysis.picture_lists import Entry
    from inv_widgets.classifier import Classifier
    from inv_widgets.explanation import Explanation

__all__ = ["explain_many"]

_RECIPE = Recipe()
_EXPLAINING, _COMPILING = "Explaining", "Compiling the analysis, once for this machine"


def explain_many(  # noqa: PLR0913 (the public face, all by keyword)
    net: Classifier | str | Callable[[], Classifier],
    pictures: Any,
    *,
    target: Any = None,
    layers: Any = None,
    recipe: Recipe = _RECIPE,
    out: str | Path | None = None,
    resume: bool = True,
    on_error: Literal["report", "raise"] = "report",
    batch_size: int | None = None,
    workers: int | None = None,
    client: Any = None,
    part_size: int | None = None,
) -> Run:
    """Explain many pictures.

    Parameters
    ----------
    net
        A :class:`inv_widgets.Classifier`. With `client` also a function without arguments that gives one, or a name
        such as ``"torchvision:vgg16"`` or ``"package.module:factory"``: then each worker makes its own.
    pictures
        Pictures in any form that :func:`explain` takes, a dict from name to picture, (name, picture) pairs, a folder or
        a glob pattern. Names that come twice are told apart: ``cat.jpg``, ``cat.jpg (2)``.
    target
        One for all, as :func:`explain` takes it, but a group of classes is a tuple here; a list with one a picture; or
        a dict from picture name to target (the others get the network's first choice).
    layers, recipe
        As :func:`explain` takes them.
    out
        ``NAME.parquet``. Each explanation is written as soon as it is made (to ``NAME.parts``), the run's three files
        at the end, whole or not at all. Without it everything stays in memory.
    resume
        Go on with what `out` holds, finished or interrupted: what is there is not computed again, and pictures that it
        has beyond these stay after them. A picture is known by its content and target, not by its name. False
        replaces it.
    on_error
        ``"report"``: a picture that cannot be read or explained is left out and stands in ``Run.errors`` with the
        reason; a warning at the end says so. ``"raise"``: it ends the run; what was made stays for a resumed run.
    batch_size
        How many pictures go through the network at a time, where their inputs have one shape. None: by a rule that
        looks at the network, the input's shape, the device and torch's number of threads only; 1 where inputs are as
        large as their pictures, or where a batch on a CPU would need more than 4 GiB. On a CPU it is rounded up to a
        multiple of four and of torch's threads (down, where the least is over 32), but for 1, which gives the bits of
        :func:`explain`. A batch always has so many rows: copies fill it up where pictures are missing, and cost as much
        time and memory as pictures do. Results depend on it and on torch's number of threads by the last bits (which
        t-SNE amplifies), and neither on the order of the pictures nor on `workers`.
    workers
        How many columns are made at a time beside the passes. None: one a core, one less where the network is on a
        GPU; passes on a CPU take turns with them, so that no more threads are busy than there are cores. 0: all on the
        caller's thread.
    client
        A ``dask.distributed.Client`` (extra ``distributed``): its workers explain the pictures. Then `out` is needed, a
        folder or its URL (``"s3://bucket/run"``) that all workers reach, as they must reach the pictures; and a picture
        in a file is known by its path.
    part_size
        With `client`: how many pictures a worker is given at a time. They become one part on disk, and are what is made
        again where a worker is lost. None: up to 256, fewer where workers would get fewer than four parts each.

    Returns
    -------
    Run
        In the order of the pictures; read from `out` as needed, where given.

    Raises
    ------
    FileNotFoundError, KeyError, IndexError, TypeError, ValueError
        For what is no network, picture list, target, layer or recipe; where `out` was made with another network, recipe
        or other layers; and for a `batch_size` that needs more than half of the machine's memory (the message says how
        large it may be).
    RuntimeError
        While another process works on `out`; where workers die on a picture again and again (the run then has all
        others), or make another network.
    KeyboardInterrupt
        On Ctrl-C; finished parts stay, the same call goes on from there.
    """
    cluster = None if client is None else _cluster(client, net, out)
    used: Any = net if cluster is None else cluster.net
    require(used, recipe)
    if on_error not in {"report", "raise"}:
        raise ValueError(f'[inv-widgets] on_error={on_error!r} is not possible: give "report" or "raise".')
    if part_size is not None:
        part_size = whole_number("part_size", part_size, 1)
        if cluster is None:
            raise ValueError(f"[inv-widgets] part_size={part_size} is not possible without client=: leave it out.")
    options = checked_options(batch_size, workers)
    todo, number = entries(pictures, target)
    _require_targets(used, target)
    if isinstance(layers, Iterable) and not isinstance(layers, str):
        layers = list(layers)  # each picture goes through them
    # Without smoothing tqdm's rate is (n - initial) / time.
    with (
        tqdm(desc=_EXPLAINING, total=number, unit="picture", smoothing=0) as bar,
        told_of_compiling(lambda: bar.set_description(_COMPILING)),
    ):
        work = _Work(used, layers, recipe, on_error, todo, bar, options)
        if cluster is not None:
            from inv_widgets.analysis.distributed import Plan

            assert out is not None
            job = _job(used, layers, recipe)
            plan = Plan(todo, number, out, job, layers, recipe, resume, on_error, part_size, options, bar)
            run, work.errors = cluster.explain(plan), plan.errors
        else:
            run = _in_memory(work) if out is None else _on_disk(work, out, resume)
    if work.errors:
        _warn(work.errors, number)
    return run


def _cluster(client: Any, net: Any, out: str | Path | None) -> Cluster:
    if out is None:
        raise ValueError(
            "[inv-widgets] client= needs out=: a folder, or the URL of one, that all workers reach and write into."
        )
    from inv_widgets.analysis.distributed import Cluster

    return Cluster(client, net)


@dataclass
class _Work:
    """The pictures that are to be explained, and how."""

    net: Classifier
    layers: Any
    recipe: Recipe
    on_error: str
    todo: Iterable[Entry]
    bar: Any
    options: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    def do(self, store: _Memory | Parts) -> None:
        """Explain what the store lacks; it takes each picture that did not fail, in order."""
        pack = stored if isinstance(store, Parts) else None
        made = outcomes(
            self.net, self.todo, layers=self.layers, recipe=self.recipe, known=store, pack=pack, **self.options
        )
        try:
            for each in made:
                if each.error is not None:
                    self._report(each, each.error)
                elif each.key is not None:
                    if each.explanation is not None:
                        store.add(each.key, each.explanation, each.packed)
                    elif not self.bar.disable:
                        self.bar.initial += 1  # no work: the rate leaves it out
                    store.take(each.key, each.entry.name)
                self.bar.set_description(_EXPLAINING, refresh=False)
                self.bar.update()
        except KeyboardInterrupt:
            for each in finished(made):
                if each.key is not None and each.explanation is not None:
                    store.add(each.key, each.explanation, each.packed)
            raise
        finally:
            made.close()
            store.flush()

    def _report(self, failed: Outcome, error: Exception) -> None:
        if self.on_error == "raise":
            raise error
        self.errors[failed.entry.name] = failed.reason


class _Memory:
    """What :class:`Parts` is on disk."""

    def __init__(self) -> None:
        self.made: dict[str, Explanation] = {}
        self.taken: list[tuple[str, str]] = []

    def __contains__(self, key: object) -> bool:
        return key in self.made

    def add(self, key: str, explanation: Explanation, _packed: None = None) -> None:
        self.made[key] = explanation

    def take(self, key: str, name: str) -> None:
        self.taken.append((key, name))

    def flush(self) -> None:
        """Do nothing: all is there."""


def _in_memory(work: _Work) -> Run:
    memory = _Memory()
    work.do(memory)
    return Run((replace(memory.made[key], name=name) for key, name in memory.taken), errors=work.errors)


def _on_disk(work: _Work, out: str | Path, resume: bool) -> Run:
    with lock(out), Parts(out, _job(work.net, work.layers, work.recipe), resume=resume) as parts:
        try:
            work.do(parts)
        except KeyboardInterrupt:
            number = parts.count()
            kept = f"1 explanation of {out} is" if number == 1 else f"{number} explanations of {out} are"
            raise KeyboardInterrupt(f"[inv-widgets] Stopped. {kept} kept: the same call goes on.") from None
        return load(parts.merge(work.errors))


def _job(net: Classifier, layers: Any, recipe: Recipe) -> dict[str, Any]:
    """Say what must be the same for a run to be resumed."""
    names = sorted(map(_layer_text, layers if isinstance(layers, list) else [layers]))
    several = names if len(names) > 1 else "".join(names)  # ["last 9"] is "last 9"
    return {"network": net.name, "network_hash": net.hash, "recipe": recipe.to_json(), "layers": several}


def _layer_text(layer: Any) -> str:
    if layer is None:
        return "blocks"
    return layer.name if isinstance(layer, Layer) else str(layer)


def _require_targets(net: Classifier, target: Any) -> None:
    """Refuse unknown targets before any work is done."""
    several = target.values() if isinstance(target, Mapping) else target if isinstance(target, list) else [target]
    for one in several:
        target_text(net, one)


def _warn(errors: dict[str, str], number: int | None) -> None:
    name, reason = next(iter(errors.items()))
    reason = reason.rstrip(".")
    more = f" ... and {len(errors) - 1} more" if len(errors) > 1 else ""
    of = "" if number is None else f" of {number}"
    warnings.warn(
        f"[inv-widgets] {len(errors)}{of} pictures could not be explained: {name}: {reason}{more}. See run.errors.",
        stacklevel=3,
    )
