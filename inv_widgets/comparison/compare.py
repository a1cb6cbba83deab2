"""Several methods on the same pictures: maps, metrics and honest costs, in one result that can be resumed."""

from __future__ import annotations

import math
import sys
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal
from weakref import WeakKeyDictionary

from tqdm.auto import tqdm

from inv_widgets.analysis.picture_lists import entries
from inv_widgets.analysis.pipeline import named_picture, require
from inv_widgets.comparison.comparison_inputs import checked_mask, key_of, masks_of, metrics_of, shrunk_mask, uses_of
from inv_widgets.comparison.comparison_parts import Parts
from inv_widgets.comparison.comparison_result import ComparedMap, ComparedPicture, ComparisonResult
from inv_widgets.comparison.method import NotPossibleError
from inv_widgets.comparison.metrics.measuring import measured
from inv_widgets.comparison.metrics.registry import METRICS
from inv_widgets.comparison.peak_memory import PeakMemory
from inv_widgets.comparison.progress import told_to
from inv_widgets.comparison.saliency import attribute
from inv_widgets.pictures import shrink
from inv_widgets.recipe import Recipe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from torch import nn

    from inv_widgets.classifier import Classifier
    from inv_widgets.comparison.comparison_inputs import Use
    from inv_widgets.comparison.saliency import Attribution, Preset
    from inv_widgets.pictures import Picture

__all__ = ["compare"]

DEFAULT_METHODS = ("inv", "grad_cam", "lime", "shap", "sise")
"""INV and what people compare it with: the three of the INV study (arXiv 2405.03301) and SISE."""

OnError = Literal["report", "raise"]

_PREDICTIONS = 10
_QUICK = 2.0  # seconds
# By network the methods that ran on it: a method's first run loads and compiles code. Quick ones are run again.
_warm: WeakKeyDictionary[nn.Module, set[str]] = WeakKeyDictionary()


def compare(  # noqa: PLR0913 (the public face, all by keyword)
    net: Classifier,
    pictures: Any,
    methods: Any = DEFAULT_METHODS,
    masks: Any = None,
    *,
    target: Any = None,
    metrics: Iterable[str] | None = None,
    preset: Preset = "default",
    out: str | Path | None = None,
    resume: bool = True,
    keep_maps: bool = True,
    memory: bool = False,
    batch_size: int | None = None,
    on_error: OnError = "report",
) -> ComparisonResult:
    """Explain pictures by several methods, measure the maps and what they cost.

    Pictures are explained one at a time, so that run times are a single picture's. The first run of a quick method on a
    network is not timed: it loads and compiles code.

    Parameters
    ----------
    net
        The network; it is left as it was found.
    pictures
        Pictures in any form that :func:`inv_widgets.saliency` takes, a dict from name to picture, a folder, a glob
        pattern, or samples of ``inv.datasets``.
    methods
        Names of :func:`inv_widgets.methods`, ``(name, {parameter: value})`` pairs, or a dict from what to call it to
        such a pair; ``"all"``: all that make maps.
    masks
        The ground truth, for the metrics that ask for one: bool arrays (H, W) of the pictures' sizes, a list with one a
        picture (None where there is none) or a dict by picture name. Samples with masks bring theirs along.
    target
        One for all (a group is a tuple), a list with one a picture, or a dict by picture name; None: the most probable
        class of each.
    metrics
        Names of ``inv.metrics``; None: those that need a mask where there are masks, Drop, Increase and sparseness.
        ``"all"``: insertion, deletion and sensitivity-n too, which take many passes.
    preset
        ``"default"`` or ``"paper"``, for all methods.
    out
        ``NAME.parquet``. Each map is written as soon as it is made (to ``NAME.parts``), the two files at the end.
    resume
        Go on with what `out` holds, finished or interrupted. False replaces it.
    keep_maps
        Keep the maps, or their numbers only.
    memory
        Measure the peak memory too, in a second run of each method.
    batch_size
        How many changed pictures go through the network at once.
    on_error
        ``"report"``: what fails stands in the result with the reason, and a warning says so. ``"raise"``: it ends the
        run; what was made stays in `out`.

    Returns
    -------
    ComparisonResult
        In the order of the pictures and methods.

    Raises
    ------
    FileNotFoundError, KeyError, IndexError, TypeError, ValueError
        For what is no network, picture, method, metric, mask or target.
    KeyboardInterrupt
        On Ctrl-C; with `out` the same call goes on from there.
    """
    require(net, Recipe())
    if on_error not in {"report", "raise"}:
        raise ValueError(f'[inv-widgets] on_error={on_error!r} is not possible: give "report" or "raise".')
    uses = uses_of(methods, preset)
    listed = [(entry.name, entry.picture, entry.target) for entry in entries(pictures, target)[0]]
    grounds = masks_of(masks, listed)
    wanted = metrics_of(metrics, any(mask is not None for mask in grounds) or masks is not None)
    job = _Job(net, uses, wanted, keep_maps, memory, batch_size, on_error)
    about = {"network_hash": net.hash, "metrics": list(wanted), "keep_maps": keep_maps, "memory": memory}
    parts = Parts(out, about, resume=resume)
    found: list[tuple[ComparedPicture, tuple[ComparedMap, ...]]] = []
    with tqdm(desc="Comparing", total=len(listed) * len(uses), unit="map", smoothing=0) as bar:
        for (name, picture, own_target), mask in zip(listed, grounds, strict=True):
            found.append(job.on(name, picture, own_target, mask, parts, bar))
    result = ComparisonResult(
        network=net.name,
        network_hash=net.hash,
        methods=tuple(use.described for use in uses),
        pictures=tuple(picture for picture, _ in found),
        maps=tuple(maps for _, maps in found),
        metrics=wanted,
        rerun=_Rerun(net, uses, wanted, batch_size),
    )
    _warn(result)
    parts.finish(result)
    return result


@dataclass(frozen=True)
class _Job:
    """How pictures are compared."""

    net: Classifier
    uses: tuple[Use, ...]
    metrics: tuple[str, ...]
    keep_maps: bool
    memory: bool
    batch_size: int | None
    on_error: OnError

    def on(  # noqa: PLR0913, PLR0917 (what is compared, and where it goes)
        self, name: str | None, picture: Any, target: Any, mask: NDArray[np.bool_] | None, parts: Parts, bar: Any
    ) -> tuple[ComparedPicture, tuple[ComparedMap, ...]]:
        """Explain one picture by all methods."""
        loaded = named_picture(picture, name)
        mask = checked_mask(mask, loaded)
        predictions = self.net.predict(loaded, top=sys.maxsize)  # all; it warms the network up, too
        target = predictions[0].index if target is None else self.net.resolve_target(target)[0]
        maps = []
        for use in self.uses:
            key = key_of(loaded, target, mask, use)
            found = parts.get(key)
            if found is None:
                found = self._map(loaded, target, mask, use)
                parts.add(key, found)
            maps.append(found)
            if bar is not None:
                bar.update()
        return self._described(loaded, target, mask, predictions), tuple(maps)

    def _map(self, picture: Picture, target: Any, mask: NDArray[np.bool_] | None, use: Use) -> ComparedMap:
        try:
            made = self._made(picture, target, use)
            known = _warm.setdefault(self.net.module, set())
            if use.method.name not in known and made.seconds < _QUICK:
                made = self._made(picture, target, use)
            known.add(use.method.name)
            peak = self._peak(picture, target, use) if self.memory else math.nan
        except NotPossibleError as error:
            made, why = None, str(error)
        except (ArithmeticError, MemoryError, RuntimeError, TypeError, ValueError) as error:
            if self.on_error == "raise":
                raise
            made, why = None, f"{type(error).__name__}: {error}"
        if made is None:
            nothing = dict.fromkeys(self.metrics, math.nan)
            return ComparedMap(use.described.key, None, math.nan, math.nan, math.nan, math.nan, nothing, error=why)
        values, reasons = self._measured(picture, target, mask, made)
        return ComparedMap(
            method=use.described.key,
            native=made.native if self.keep_maps else None,
            seconds=made.seconds,
            forwards=made.forwards,
            backwards=made.backwards,
            peak_memory=peak,
            metrics=values,
            reasons=reasons,
            notes=made.notes,
        )

    def _made(self, picture: Picture, target: Any, use: Use) -> Attribution:
        return attribute(
            self.net, [picture], use.method, targets=[target], batch_size=self.batch_size, **use.parameters
        )[0]

    def _peak(self, picture: Picture, target: Any, use: Use) -> float:
        with PeakMemory() as memory:
            self._made(picture, target, use)
        return float(memory.peak)

    def _measured(
        self, picture: Picture, target: Any, mask: NDArray[np.bool_] | None, made: Attribution
    ) -> tuple[dict[str, float], dict[str, str]]:
        values, reasons = {}, {}
        for name in self.metrics:
            if mask is None and METRICS[name].needs == "masks":
                values[name], reasons[name] = math.nan, "there is no mask"
                continue
            numbers, why = measured(
                name, made.map, masks=mask, net=self.net, pictures=picture, targets=[target], batch_size=self.batch_size
            )
            values[name] = float(numbers[0])
            if why[0]:
                reasons[name] = why[0]
        return values, reasons

    def _described(
        self, picture: Picture, target: Any, mask: NDArray[np.bool_] | None, predictions: Sequence[Any]
    ) -> ComparedPicture:
        kept, _ = shrink(picture.array, Recipe().kept_picture)
        across, down = kept.shape[1] / picture.width, kept.shape[0] / picture.height
        left, top, width, height = self.net.window(picture.height, picture.width)
        members = target if isinstance(target, tuple) else (target,)
        chances = {one.index: one.probability for one in predictions}
        return ComparedPicture(
            name=picture.name,
            hash=picture.hash,
            picture=kept,
            window=(left * across, top * down, width * across, height * down),
            mask=mask if mask is None or kept.shape[:2] == mask.shape else shrunk_mask(mask, kept.shape[:2]),
            target=target,
            target_name=self.net.resolve_target(target if isinstance(target, int) else list(target))[1],
            probability=min(1.0, sum(chances[member] for member in members)),
            predictions=tuple(predictions[:_PREDICTIONS]),
        )


@dataclass(frozen=True)
class _Rerun:
    """Compares one more picture in the same way, by all methods or by some; shows no bar and warns of nothing.

    Attributes
    ----------
    categories
        The names of the network's classes.
    tells_progress
        That a call takes ``progress``: called with a method's title, steps done and steps in all; what it raises ends
        the call.
    """

    net: Classifier
    uses: Sequence[Use]
    metrics: tuple[str, ...]
    batch_size: int | None
    tells_progress: ClassVar[bool] = True

    @property
    def categories(self) -> Sequence[str]:
        return self.net.categories

    def __call__(
        self,
        picture: Any,
        target: Any = None,
        keys: Sequence[str] | None = None,
        *,
        progress: Callable[[str, int, int], None] | None = None,
    ) -> ComparisonResult:
        """Compare; no `keys` at all (an empty list) gives the prediction alone."""
        known = {use.described.key: use for use in self.uses}
        uses = tuple(known[key] for key in (known if keys is None else keys))
        wanted = tuple(name for name in self.metrics if METRICS[name].needs != "masks")
        job = _Job(self.net, uses, wanted, keep_maps=True, memory=False, batch_size=self.batch_size, on_error="report")
        with told_to(progress or _nobody):
            found, maps = job.on(None, picture, target, None, Parts(None, {}, resume=False), None)
        return ComparisonResult(
            network=self.net.name,
            network_hash=self.net.hash,
            methods=tuple(use.described for use in uses),
            pictures=(found,),
            maps=(maps,),
            metrics=wanted,
            rerun=self,
        )


def _nobody(title: str, done: int, total: int) -> None:
    """Hear of progress and do nothing."""


def _warn(result: ComparisonResult) -> None:
    failed = [(picture, method, found) for picture, method, found in result.rows() if found.error]
    if failed:
        picture, method, found = failed[0]
        warnings.warn(
            f"[inv-widgets] {len(failed)} of {len(result.pictures) * len(result.methods)} maps could not be made; the "
            f"first: {method.key} on {picture.name}: {found.error.removeprefix('[inv-widgets] ')}",
            RuntimeWarning,
            stacklevel=3,
        )
