"""Severstal's steel sheets: defects as run lengths in a table."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inv_widgets.datasets.folders import all_there, found_in, picture_size, plain_name, unreadable
from inv_widgets.datasets.mask_codes import runs_mask
from inv_widgets.datasets.samples import MaskedSample

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["severstal"]

DEFECTS = ("1", "2", "3", "4")


def severstal(root: str | os.PathLike[str]) -> list[MaskedSample]:
    """List the pictures of Severstal's steel sheets that show defects (256 x 1600 pixels).

    Parameters
    ----------
    root
        The folder that holds ``train.csv`` and ``train_images``. Both forms of the table are read: a row a defect
        (``ImageId, ClassId, EncodedPixels``), and a row a picture and class (``ImageId_ClassId, EncodedPixels``).

    Returns
    -------
    list of MaskedSample
        By file name; categories are ``"defect 1"`` to ``"defect 4"``.

    Raises
    ------
    FileNotFoundError
        Where it is not there or pictures are missing; the message says what was looked for, and where to get it.
    ValueError
        For a table that is broken; masks only when they are asked for.

    References
    ----------
    Severstal, "Steel Defect Detection", Kaggle, 2019.
    """
    advice = (
        "severstal() reads train.csv and the folder train_images, from "
        "https://www.kaggle.com/c/severstal-steel-defect-detection/data (unpack the archive, and name its folder)."
    )
    folder = found_in(root, (".", "severstal-steel-defect-detection"), "train.csv", advice)
    file = folder / "train.csv"
    runs: dict[str, dict[str, str]] = {}
    for name, defect, text in _rows(file, advice):
        if defect not in DEFECTS:
            raise unreadable(file, f"it has the class {defect!r} for {name}; there are {', '.join(DEFECTS)}", advice)
        if text.strip():
            runs.setdefault(plain_name(name, file), {})[f"defect {defect}"] = text
    if not runs:
        raise unreadable(file, "it has no defects", advice)
    pictures = {name: folder / "train_images" / name for name in sorted(runs)}
    all_there(pictures.values(), "pictures", advice)
    return [
        MaskedSample(
            name, picture, max(runs[name], key=lambda each: _area(runs[name][each])), tuple(sorted(runs[name])),
            _Runs(file, runs[name]),
        )
        for name, picture in pictures.items()
    ]  # fmt: skip


@dataclass(frozen=True)
class _Runs:
    file: Path
    runs: dict[str, str]

    def mask(self, picture: Path, category: str) -> NDArray[np.bool_]:
        try:
            return runs_mask(self.runs[category], picture_size(picture))
        except ValueError as error:
            raise unreadable(self.file, f"in {picture.name}, {category!r}: {error}", "Get it anew.") from error


def _rows(file: Path, advice: str) -> Iterator[tuple[str, str, str]]:
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            table = csv.DictReader(lines)
            columns = table.fieldnames or []
            if "EncodedPixels" not in columns or not {"ImageId", "ImageId_ClassId"} & set(columns):
                raise unreadable(file, f"its columns are {', '.join(columns) or 'none'}", advice)
            for row in table:
                name, defect = row.get("ImageId"), row.get("ClassId")
                if name is None:
                    name, _, defect = (row["ImageId_ClassId"] or "").rpartition("_")
                yield name, defect or "", row["EncodedPixels"] or ""
    except (csv.Error, UnicodeDecodeError) as error:
        raise unreadable(file, error, advice) from error


def _area(text: str) -> int:
    return sum(int(length) for length in text.split()[1::2] if length.isdecimal())
