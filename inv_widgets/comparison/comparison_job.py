"""Comparing one picture after another in the same way: methods run, timed and measured, and run again on request."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal
from weakref import WeakKeyDictionary

from inv_widgets.analysis.pipeline import named_picture
from inv_widgets.comparison.comparison_inputs import checked_mask, key_of, shrunk_mask
from inv_widgets.comparison.comparison_parts import Parts
from inv_widgets.comparison.comparison_result import ComparedMap, ComparedPicture, ComparisonResult
from inv_widgets.comparison.method import NotPossibleError
from inv_widgets.comparison.metrics.cases import read_shown
from inv_widgets.comparison.metrics.registry import METRICS
from inv_widgets.comparison.peak_memory import PeakMemory
from inv_widgets.comparison.progress import told_to
from inv_widgets.comparison.saliency import attribute
from inv_widgets.pictures import shrink
from inv_widgets.recipe import Recipe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from torch import nn

    from inv_widgets.classifier import Classifier
    from inv_widgets.comparison.comparison_inputs import Use
    from inv_widgets.comparison.saliency import Attribution
    from inv_widgets.pictures import Picture

__all__ = ["Job", "OnError", "Rerun"]

OnError = Literal["report", "raise"]

_PREDICTIONS = 10
_QUICK = 2.0  # seconds
_FEW = 2  # passes: what is left of a long first run is the compiling
# By network the methods that ran on it: a method's first run loads and compiles code. Quick ones are run again.
_warm: WeakKeyDictionary[nn.Module, set[str]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Job:
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
            if use.method.name not in known and (made.seconds < _QUICK or made.forwards <= _FEW):
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
        shown = read_shown(self.net, picture, made.map, targets=[target], batch_size=self.batch_size)
        given = {"network": (shown,), "masks": (shown.given, mask), "maps": (shown.given,)}
        for name in self.metrics:
            metric = METRICS[name]
            if mask is None and metric.needs == "masks":
                values[name], reasons[name] = math.nan, "there is no mask"
                continue
            numbers, why = metric.measure(*given[metric.needs])
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
class Rerun:
    """Compares one more picture in the same way, by all methods or by some; shows no bar and warns of nothing.

    Attributes
    ----------
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
        """The names of the network's classes."""
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
        job = Job(self.net, uses, wanted, keep_maps=True, memory=False, batch_size=self.batch_size, on_error="report")
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
