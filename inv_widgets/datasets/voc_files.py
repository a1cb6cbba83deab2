"""PASCAL VOC: boxes from its XML, masks from its segmentations."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from inv_widgets.datasets.folders import all_there, found_in, picture_size, unreadable
from inv_widgets.datasets.mask_codes import box_mask
from inv_widgets.datasets.samples import MaskedSample

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["VOC_CATEGORIES", "voc"]

VOC_CATEGORIES = (
    "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable", "dog",
    "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
)  # fmt: skip
"""The twenty categories, in the order of the segmentations' indices 1 to 20."""

YEARS = ("2007", "2012")
SIDES = ("xmin", "ymin", "xmax", "ymax")
LARGEST_XML = 1 << 20
Box = tuple[float, float, float, float]


def voc(
    root: str | os.PathLike[str],
    year: str = "2007",
    split: str = "test",
    *,
    masks: str = "boxes",
    difficult: bool = True,
) -> list[MaskedSample]:
    """List the pictures of PASCAL VOC with their boxes or segmentations.

    Parameters
    ----------
    root
        The folder ``VOCdevkit``, the one that holds it, or ``VOC2007`` itself.
    year
        ``"2007"`` or ``"2012"``.
    split
        ``"train"``, ``"val"``, ``"trainval"``, or ``"test"`` (2007 only: the annotations of 2012's are not public).
    masks
        ``"boxes"``: a category's mask is its boxes, filled (as the published tables have it); ``"segmentation"``: its
        pixels, for the pictures that are segmented. Their white borders belong to no category.
    difficult
        Whether boxes marked as difficult count.

    Returns
    -------
    list of MaskedSample
        In the split's order, without pictures that show none of the twenty categories.

    Raises
    ------
    FileNotFoundError
        Where it is not there or files are missing; the message says what was looked for, and where to get it.
    ValueError
        For another year, split or kind of masks, and annotations that are broken.

    References
    ----------
    Everingham et al., "The PASCAL Visual Object Classes (VOC) Challenge", 2010.
    """
    year = str(year)
    if year not in YEARS:
        raise ValueError(f"[inv-widgets] There is no VOC {year!r} here: use one of {', '.join(YEARS)}.")
    if masks not in {"boxes", "segmentation"}:
        raise ValueError(f'[inv-widgets] masks={masks!r} is not possible: use "boxes" or "segmentation".')
    advice = (
        f"voc() reads VOCdevkit/VOC{year} with its folders Annotations, ImageSets and JPEGImages, from "
        f"http://host.robots.ox.ac.uk/pascal/VOC/voc{year}/ (unpack all archives into one folder, and name that)."
    )
    folder = found_in(root, (".", f"VOC{year}", f"VOCdevkit/VOC{year}"), "Annotations", advice)
    names = _split(folder, split, "Main" if masks == "boxes" else "Segmentation", advice)
    all_there((folder / "Annotations" / f"{name}.xml" for name in names), "annotations", advice)
    all_there((folder / "JPEGImages" / f"{name}.jpg" for name in names), "pictures", advice)
    if masks == "segmentation":
        all_there((folder / "SegmentationClass" / f"{name}.png" for name in names), "segmentations", advice)
    found = (_sample(folder, name, masks, advice, difficult=difficult) for name in names)
    return [sample for sample in found if sample is not None]


@dataclass(frozen=True)
class _Boxes:
    boxes: dict[str, list[Box]]

    def mask(self, picture: Path, category: str) -> NDArray[np.bool_]:
        return box_mask(self.boxes[category], picture_size(picture))


@dataclass(frozen=True)
class _Segmentation:
    file: Path

    def mask(self, picture: Path, category: str) -> NDArray[np.bool_]:
        mask: NDArray[np.bool_] = _indices(self.file) == VOC_CATEGORIES.index(category) + 1
        if mask.shape != (size := picture_size(picture)):
            raise unreadable(self.file, f"it is {mask.shape}, its picture {size}", "Unpack the archive again.")
        return mask


def _sample(folder: Path, name: str, masks: str, advice: str, *, difficult: bool) -> MaskedSample | None:
    file = folder / "Annotations" / f"{name}.xml"
    picture = folder / "JPEGImages" / f"{name}.jpg"
    if masks == "segmentation":
        segmentation = folder / "SegmentationClass" / f"{name}.png"
        counts = np.bincount(_indices(segmentation).ravel(), minlength=256)[1 : len(VOC_CATEGORIES) + 1]
        areas = {category: float(count) for category, count in zip(VOC_CATEGORIES, counts, strict=True) if count}
        source: _Boxes | _Segmentation = _Segmentation(segmentation)
    else:
        boxes = _boxes(file, advice, difficult=difficult)
        areas = {
            category: sum((right - left + 1) * (bottom - top + 1) for left, top, right, bottom in its)
            for category, its in boxes.items()
        }
        source = _Boxes(boxes)
    if not areas:
        return None
    return MaskedSample(picture.name, picture, max(areas, key=areas.__getitem__), tuple(areas), source)


def _indices(file: Path) -> NDArray[np.uint8]:
    from PIL import Image

    with Image.open(file) as image:
        if image.mode not in {"P", "L"}:
            raise unreadable(file, f"it is a picture of mode {image.mode}, not of palette indices", "Unpack it again.")
        return np.array(image, np.uint8)


def _split(folder: Path, split: str, kind: str, advice: str) -> list[str]:
    lists = folder / "ImageSets" / kind
    file = lists / f"{split}.txt"
    known = sorted(path.stem for path in lists.glob("*.txt") if "_" not in path.stem)
    if split not in known:
        if not known:
            raise FileNotFoundError(f"[inv-widgets] There is no {file}. {advice}")
        raise ValueError(f"[inv-widgets] {lists} has no split {split!r}: use one of {', '.join(known)}. {advice}")
    names = file.read_text("utf-8").split()
    for name in names:
        if not re.fullmatch(r"[\w-]+", name):
            raise unreadable(file, f"it names the picture {name!r}", "Unpack the archive again.")
    return names


def _boxes(file: Path, advice: str, *, difficult: bool) -> dict[str, list[Box]]:
    """Read the boxes of each category from an annotation."""
    from xml.etree import ElementTree as ET

    if file.stat().st_size > LARGEST_XML:
        raise unreadable(file, "an annotation of over a megabyte is none of VOC's", advice)
    try:
        text = file.read_text("utf-8")
        # Entities are what makes XML dangerous, and they need a document type; VOC's files have none.
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise unreadable(file, "it declares a document type, which VOC's files do not", advice)
        root = ET.fromstring(text)  # noqa: S314 (see above)
        boxes: defaultdict[str, list[Box]] = defaultdict(list)
        for thing in root.iterfind("object"):
            category = thing.findtext("name", "").strip()
            if category not in VOC_CATEGORIES:
                raise unreadable(file, f"it has the category {category!r}, which VOC has not", advice)
            if difficult or thing.findtext("difficult", "0").strip() != "1":
                left, top, right, bottom = (_number(thing.findtext(f"bndbox/{side}")) for side in SIDES)
                if not (0 <= left <= right <= 1e5 and 0 <= top <= bottom <= 1e5):
                    raise unreadable(file, f"the box {(left, top, right, bottom)} of {category!r} is none", advice)
                boxes[category].append((left, top, right, bottom))
    except (ET.ParseError, UnicodeDecodeError) as error:
        raise unreadable(file, error, advice) from error
    return {category: boxes[category] for category in VOC_CATEGORIES if category in boxes}


def _number(text: str | None) -> float:
    """Read a number; what is none becomes NaN, which is in no range."""
    try:
        return float(text or "nan")
    except ValueError:
        return float("nan")
