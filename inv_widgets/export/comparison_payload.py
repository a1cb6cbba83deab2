"""What a Comparison draws from: a comparison as plain numbers and bytes, for the widget and for the exported page.

Each picture is sent once (WebP), each map at its own resolution as 16-bit codes between its lowest and highest value.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from inv_widgets.comparison.comparison_frames import COSTS, measures
from inv_widgets.comparison.metrics.registry import METRICS
from inv_widgets.thumbnails import shrunk, webp

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from inv_widgets.comparison.comparison_result import ComparedMap, ComparedMethod, ComparedPicture, ComparisonResult
    from inv_widgets.explanation import Explanation

__all__ = ["BYTES", "about", "content", "head"]

BYTES = ("image", "mask", "maps")
"""The byte fields of a row's content, in the order in which a kernel's answer carries them."""

LONGEST = 768  # pixels of the picture's longer side
LONGEST_MASK = 384
_STEPS = 65535


def about(result: ComparisonResult) -> dict[str, Any]:
    """Give what is said once: methods, measures, and each method's means over the pictures with their intervals.

    Returns
    -------
    dict
        ``network``, ``methods`` (key, label, family, paper, parameters), ``measures`` (name, title, unit, better) and
        ``summary``: by method and measure ``[mean, low, high, n, n_undefined]``. None stands for what is no number.
    """
    names = measures(result)
    return {
        "network": result.network,
        "methods": [_method(method) for method in result.methods],
        "measures": [_measure(name) for name in names],
        "summary": _summary(result, names),
    }


def head(
    key: str, picture: ComparedPicture, maps: Iterable[ComparedMap], *, known_as: Sequence[str] = ()
) -> dict[str, Any]:
    """Give what is known of a row from the start: its names, the prediction, all numbers.

    Parameters
    ----------
    key
        The row's.
    picture, maps
        What was compared, and what the methods made.
    known_as
        Names of the same picture in explanations.
    """
    target = picture.target if isinstance(picture.target, tuple) else (picture.target,)
    return {
        "key": key,
        "name": picture.name,
        "known_as": list(known_as),
        "target": [int(index) for index in target],
        "target_name": picture.target_name,
        "probability": _number(picture.probability),
        "predictions": [
            {"index": int(one.index), "name": one.name, "probability": _number(one.probability)}
            for one in picture.predictions[:3]
        ],
        "width": int(picture.picture.shape[1]),
        "height": int(picture.picture.shape[0]),
        "has_mask": picture.mask is not None,
        "cells": [_cell(found) for found in maps],
    }


def content(
    picture: ComparedPicture,
    maps: Iterable[ComparedMap],
    explanations: Sequence[Explanation] = (),
    *,
    without: Collection[str] = (),
) -> dict[str, Any]:
    """Give a row's bytes: the picture, the ground truth, the maps.

    Parameters
    ----------
    picture, maps
        What was compared, and what the methods made.
    explanations
        Of the same picture: their cluster maps are added.
    without
        Methods whose maps are there already.

    Returns
    -------
    dict
        ``image`` (WebP), ``mask`` (a bit a pixel, rows filled up to whole bytes), ``maps`` (uint16, little endian; one
        after another). ``layout`` says by method, ``clusters`` by cluster map where in it (``start``, in elements),
        ``height``, ``width``, and which values 0 and 65535 stand for (``low``, ``high``).
    """
    codes = _Codes()
    mask = _small(picture.mask)
    height, width = picture.picture.shape[:2]
    layout = {
        found.method: codes.add(found.native)
        for found in maps
        if found.native is not None and found.native.size and found.method not in without
    }
    return {
        "window": [part / side for part, side in zip(picture.window, (width, height) * 2, strict=True)],
        "image": webp(shrunk(Image.fromarray(picture.picture), LONGEST)),
        "image_type": "image/webp",
        "mask": b"" if mask is None else np.packbits(mask, axis=1).tobytes(),
        "mask_height": 0 if mask is None else int(mask.shape[0]),
        "mask_width": 0 if mask is None else int(mask.shape[1]),
        "layout": layout,
        "clusters": [one for explanation in explanations for one in _clusters(explanation, codes)],
        "maps": codes.joined(),
    }


class _Codes:
    """Maps as 16-bit codes, one after another."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._length = 0

    def add(self, values: NDArray[np.float32]) -> dict[str, Any]:
        """Append a map; tell where it is and what its codes mean."""
        finite = np.isfinite(values)
        known = np.where(finite, values, 0.0).astype(np.float64)
        low, high = (float(known[finite].min()), float(known[finite].max())) if finite.any() else (0.0, 0.0)
        scale = _STEPS / (high - low) if high > low else 0.0
        codes = np.rint((np.clip(known, low, high) - low) * scale).astype("<u2")
        told = {
            "start": self._length,
            "height": int(values.shape[0]),
            "width": int(values.shape[1]),
            "low": low,
            "high": high,
            "n_undefined": int(values.size - finite.sum()),
        }
        self._parts.append(codes.tobytes())
        self._length += codes.size
        return told

    def joined(self) -> bytes:
        return b"".join(self._parts)


def _clusters(explanation: Explanation, codes: _Codes) -> Iterable[dict[str, Any]]:
    for column in explanation.columns:
        for shown in column.cluster_maps:
            for one in (shown, *shown.members):
                best = ", ".join(label.name for label in one.best_labels)
                yield {
                    "id": one.id,
                    "labels": best,
                    "number": int(one.cluster) + 1,
                    "block": int(column.block),
                    "layer_in_block": int(column.layer_in_block),
                    "layer": column.layer,
                    "weight": _number(one.weight),
                    "target_name": explanation.target_name,
                    **codes.add(one.raw_map),
                }


def _method(method: ComparedMethod) -> dict[str, Any]:
    parameters = ", ".join(f"{name}={value!r}" for name, value in method.parameters.items())
    told = {name: getattr(method, name) for name in ("key", "label", "family", "paper")}
    return told | {"parameters": parameters, "name": method.name}


def _measure(name: str) -> dict[str, Any]:
    if name in COSTS:
        return {"name": name, "title": name, "unit": COSTS[name], "better": "lower", "cost": True}
    metric = METRICS[name]
    return {"name": name, "title": metric.title.removesuffix(" %"), "unit": metric.unit, "better": metric.better}


def _summary(result: ComparisonResult, names: Sequence[str]) -> dict[str, dict[str, list[float | None]]]:
    told: dict[str, dict[str, list[float | None]]] = {method.key: {} for method in result.methods}
    if not result.pictures:
        return told
    for row in result.summary().to_dict("records"):
        if row["measure"] in names:
            told[row["method"]][row["measure"]] = [
                _number(row[name]) for name in ("mean", "low", "high", "n", "n_undefined")
            ]
    return told


def _cell(found: ComparedMap) -> dict[str, Any]:
    told: dict[str, Any] = {
        "method": found.method,
        "has_map": found.native is not None and bool(found.native.size),
        "numbers": {name: _number(value) for name, value in {**found.metrics, **_costs(found)}.items()},
    }
    optional = {
        "reasons": dict(found.reasons),
        "notes": _notes(found.notes),
        "error": found.error.removeprefix("[inv-widgets] "),
    }
    return told | {name: value for name, value in optional.items() if value}


def _costs(found: ComparedMap) -> dict[str, float]:
    return {name: getattr(found, name) for name in COSTS}


def _notes(notes: Mapping[str, Any]) -> dict[str, str]:
    """Keep what can be said in a few words."""
    told: dict[str, str] = {}
    for name, value in notes.items():
        if isinstance(value, float):
            told[name] = f"{value:.3g}"
        elif isinstance(value, str | int):
            told[name] = f"{value:.200}" if isinstance(value, str) else str(value)
    return told


def _small(mask: NDArray[np.bool_] | None) -> NDArray[np.bool_] | None:
    if mask is None or max(mask.shape) <= LONGEST_MASK:
        return mask
    scale = LONGEST_MASK / max(mask.shape)
    size = (max(1, round(mask.shape[1] * scale)), max(1, round(mask.shape[0] * scale)))
    return np.asarray(Image.fromarray(mask).resize(size, Image.Resampling.NEAREST))


def _number(value: float) -> float | None:
    """Round to six digits; what JSON cannot say is None."""
    value = float(value)
    return float(f"{value:.6g}") if math.isfinite(value) else None
