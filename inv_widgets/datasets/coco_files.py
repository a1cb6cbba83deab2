"""COCO: polygons and run lengths from its JSON."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from inv_widgets.datasets.folders import all_there, found_in, picture_size, plain_name, unreadable
from inv_widgets.datasets.mask_codes import counts_mask, polygon_mask, unpacked_counts
from inv_widgets.datasets.samples import MaskedSample

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["coco"]


def coco(root: str | os.PathLike[str], split: str = "val2014") -> list[MaskedSample]:
    """List the pictures of COCO with the masks of its objects; groups ("crowds") count too.

    Parameters
    ----------
    root
        The folder that holds ``annotations/instances_val2014.json`` and ``val2014`` with the pictures.
    split
        ``"val2014"``, ``"train2014"``, ``"val2017"``, ``"train2017"``: any whose two are there. The annotations of a
        training split need some 3 GB of memory.

    Returns
    -------
    list of MaskedSample
        By the pictures' numbers, without pictures that show none of the 80 categories.

    Raises
    ------
    FileNotFoundError
        Where it is not there or pictures are missing; the message says what was looked for, and where to get it.
    ValueError
        For annotations that are broken; masks only when they are asked for.

    References
    ----------
    Lin et al., "Microsoft COCO: Common Objects in Context", 2014.
    """
    advice = (
        "coco() reads annotations/instances_SPLIT.json and the folder SPLIT of pictures, from "
        "https://cocodataset.org/#download (unpack both archives into one folder, and name that)."
    )
    if not re.fullmatch(r"\w+", str(split)):
        raise ValueError(f'[inv-widgets] COCO has no split {split!r}: use one such as "val2014".')
    wanted = f"annotations/instances_{split}.json"
    folder = found_in(root, (".", "coco"), wanted, advice)
    file = folder / wanted
    content = _read(file, advice)
    try:
        return _samples(content, folder / split, file, advice)
    except (KeyError, TypeError, AttributeError) as error:
        raise unreadable(file, f"{type(error).__name__}: {error} in its records", advice) from error


@dataclass(frozen=True)
class _Segments:
    file: Path
    segments: dict[str, list[Any]]

    def mask(self, picture: Path, category: str) -> NDArray[np.bool_]:
        size = picture_size(picture)
        mask = np.zeros(size, np.bool_)
        try:
            for segment in self.segments[category]:
                mask |= _decoded(segment, size)
        except (ValueError, TypeError, KeyError, OverflowError) as error:
            raise unreadable(self.file, f"in {picture.name}, {category!r}: {error}", "Get it anew.") from error
        return mask


def _decoded(segment: Any, size: tuple[int, int]) -> NDArray[np.bool_]:
    if isinstance(segment, dict):
        if tuple(segment["size"]) != size:
            raise ValueError(f"run lengths for {segment['size']} and not for {list(size)} pixels")
        counts = segment["counts"]
        return counts_mask(unpacked_counts(counts) if isinstance(counts, str) else counts, size)
    if not isinstance(segment, list) or not segment:
        raise ValueError("a segmentation is neither polygons nor run lengths")
    mask = np.zeros(size, np.bool_)
    for polygon in segment:
        mask |= polygon_mask(polygon, size)
    return mask


def _read(file: Path, advice: str) -> dict[str, Any]:
    try:
        content = json.loads(file.read_bytes())
    except (ValueError, RecursionError) as error:
        raise unreadable(file, error, advice) from error
    if not isinstance(content, dict) or not all(
        isinstance(content.get(key), list) for key in ("images", "annotations", "categories")
    ):
        raise unreadable(file, "it has not the lists images, annotations and categories", advice)
    return content


def _samples(content: dict[str, Any], pictures: Path, file: Path, advice: str) -> list[MaskedSample]:
    names = {entry["id"]: str(entry["name"]) for entry in content["categories"]}
    segments: dict[Any, dict[str, list[Any]]] = {}
    areas: dict[Any, dict[str, float]] = {}
    for entry in content["annotations"]:
        name = names[entry["category_id"]]
        image = entry["image_id"]
        segments.setdefault(image, {}).setdefault(name, []).append(entry["segmentation"])
        area = entry.get("area")
        covered = areas.setdefault(image, {})
        covered[name] = covered.get(name, 0.0) + (float(area) if area is not None else _box_area(entry))
    listed = {entry["id"]: pictures / plain_name(entry["file_name"], file) for entry in content["images"]}
    if unknown := [image for image in segments if image not in listed]:
        raise unreadable(file, f"it annotates the picture {unknown[0]!r}, which it does not list", advice)
    shown = {image: listed[image] for image in sorted(segments)}
    all_there(shown.values(), "pictures", advice)
    return [
        MaskedSample(
            picture.name,
            picture,
            max(areas[image], key=areas[image].__getitem__),
            tuple(name for name in names.values() if name in segments[image]),
            _Segments(file, segments[image]),
        )
        for image, picture in shown.items()
    ]


def _box_area(entry: dict[str, Any]) -> float:
    _, _, width, height = entry["bbox"]
    return float(width) * float(height)
