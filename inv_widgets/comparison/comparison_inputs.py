"""What :func:`inv_widgets.compare` is asked for: methods with their parameters, ground truths, metrics."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from inv_widgets.analysis.picture_lists import UniqueNames
from inv_widgets.comparison.comparison_files import written
from inv_widgets.comparison.comparison_result import ComparedMethod
from inv_widgets.comparison.methods import makes_maps, method_named
from inv_widgets.comparison.methods import methods as all_methods
from inv_widgets.comparison.metrics.registry import METRICS
from inv_widgets.comparison.saliency import arguments_of
from inv_widgets.errors import UnknownNameError, kind_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from inv_widgets.comparison.method import Method
    from inv_widgets.comparison.saliency import Preset
    from inv_widgets.pictures import Picture

__all__ = ["Use", "checked_mask", "key_of", "masks_of", "metrics_of", "shrunk_mask", "uses_of"]


@dataclass(frozen=True)
class Use:
    """A method with all of its parameters, and what the result calls it."""

    method: Method
    parameters: Mapping[str, Any]
    described: ComparedMethod


def uses_of(given: Any, preset: Preset) -> tuple[Use, ...]:
    """Read which methods are meant."""
    if given == "all":
        given = [method.name for method in all_methods() if method.kind != "concept"]
    if isinstance(given, str):
        given = [given]
    if not isinstance(given, Iterable):
        raise TypeError(
            f"[inv-widgets] methods is {kind_of(given)}: give names of inv.methods(), or (name, parameters)."
        )
    named = given.items() if isinstance(given, Mapping) else ((None, one) for one in given)
    names = UniqueNames()
    uses: list[Use] = []
    for called, one in named:
        name, parameters = one if isinstance(one, tuple) else (one, {})
        method = makes_maps(method_named(name))
        whole = arguments_of(method, preset, parameters)
        key = names.take(method.name if called is None else str(called))
        about = ComparedMethod(method.name, method.title, method.family, method.paper, whole, key)
        uses.append(Use(method, whole, about))
    if not uses:
        raise ValueError("[inv-widgets] methods is empty: give names of inv.methods().")
    return tuple(uses)


def masks_of(given: Any, listed: Sequence[tuple[str, Any, Any]]) -> list[Any]:
    """Give each picture's mask (an array, or a function that returns it), or None."""
    if given is None:
        return [getattr(picture, "mask", None) for _, picture, _ in listed]
    if isinstance(given, Mapping):
        unknown = set(given) - {name for name, _, _ in listed}
        if unknown:
            raise UnknownNameError(f"[inv-widgets] There is no picture {min(unknown)!r} for a mask of that name.")
        return [given.get(name) for name, _, _ in listed]
    found = [given] if getattr(given, "ndim", 0) == 2 else list(given)
    if len(found) != len(listed):
        raise ValueError(f"[inv-widgets] {len(found)} masks for {len(listed)} pictures: give one for each, or a dict.")
    return found


def checked_mask(mask: Any, picture: Picture) -> NDArray[np.bool_] | None:
    """Give a mask as bool (H, W); refuse what is none, or not of the picture's size."""
    if mask is None:
        return None
    values = np.asarray(mask() if callable(mask) else mask)
    if values.shape != (picture.height, picture.width):
        raise ValueError(
            f"[inv-widgets] The mask of {picture.name} has shape {values.shape}, the picture is {picture.height} x "
            f"{picture.width}: give a bool array of the picture's size."
        )
    if values.dtype != bool and not np.isin(values, (0, 1)).all():
        raise ValueError(
            f"[inv-widgets] The mask of {picture.name} holds other values than 0 and 1: give a bool array."
        )
    return values.astype(bool)


def metrics_of(given: Iterable[str] | None, masks: bool) -> tuple[str, ...]:
    """Read which metrics are meant; `masks`: whether there are any."""
    known = list(METRICS)
    if given is None:
        return tuple(name for name in known if not METRICS[name].costly and (masks or METRICS[name].needs != "masks"))
    if given == "all":
        return tuple(name for name in known if masks or METRICS[name].needs != "masks")
    chosen = [given] if isinstance(given, str) else list(given)
    for name in chosen:
        if name not in known:
            raise UnknownNameError(f"[inv-widgets] There is no metric {name!r}. There are {', '.join(known)}.")
    return tuple(chosen)


def key_of(picture: Picture, target: Any, mask: NDArray[np.bool_] | None, use: Use) -> str:
    """Name what makes a map: the picture, the target, the method with its parameters, the ground truth."""
    ground = "" if mask is None else hashlib.blake2b(np.packbits(mask).tobytes(), digest_size=8).hexdigest()
    content = "|".join([picture.hash, str(target), use.described.key, use.method.name, written(use.parameters), ground])
    return hashlib.blake2b(content.encode(), digest_size=10).hexdigest()


def shrunk_mask(mask: NDArray[np.bool_], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Bring a mask to another size."""
    return np.asarray(Image.fromarray(mask).resize((shape[1], shape[0]), Image.Resampling.NEAREST))
