"""Pictures in folders a category, and masks in a tree of the same shape."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from inv_widgets.datasets.folders import PICTURES, found_in, picture_size, unreadable
from inv_widgets.datasets.samples import MaskedSample

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["masked_folder"]


def masked_folder(root: str | os.PathLike[str], pictures: str = "images", masks: str = "masks") -> list[MaskedSample]:
    """List your own pictures with masks: ``images/CATEGORY/NAME.jpg`` and ``masks/CATEGORY/NAME.png``.

    Parameters
    ----------
    root
        The folder that holds both trees.
    pictures, masks
        What they are called. A mask has its picture's name, with any ending of a picture file, and its size; a pixel
        belongs to the category where it is not black (of a palette: not index 0).

    Returns
    -------
    list of MaskedSample
        By category and name. A name that occurs in two categories is shown as ``CATEGORY/NAME.jpg``.

    Raises
    ------
    FileNotFoundError
        Where a tree, or the masks of some pictures, are missing.
    ValueError
        Where a mask does not have its picture's size, when it is asked for.
    """
    advice = f"masked_folder() reads {pictures}/CATEGORY/NAME.jpg and {masks}/CATEGORY/NAME.png."
    folder = found_in(root, (".",), pictures, advice)
    found_in(root, (".",), masks, advice)
    pairs = [
        (category.name, picture, _mask_of(folder / masks / category.name, picture.stem))
        for category in sorted(path for path in (folder / pictures).iterdir() if path.is_dir())
        for picture in sorted(category.iterdir())
        if picture.suffix.lower() in PICTURES
    ]
    if not pairs:
        raise FileNotFoundError(f"[inv-widgets] {folder / pictures} has no folders with pictures. {advice}")
    if missing := [picture for _, picture, mask in pairs if mask is None]:
        raise FileNotFoundError(
            f"[inv-widgets] {len(missing)} of {len(pairs)} pictures have no mask, such as {missing[0]}. {advice}"
        )
    names = Counter(picture.name for _, picture, _ in pairs)
    return [
        MaskedSample(
            picture.name if names[picture.name] == 1 else f"{category}/{picture.name}", picture, category, (category,),
            _File(mask),
        )
        for category, picture, mask in pairs
        if mask is not None
    ]  # fmt: skip


@dataclass(frozen=True)
class _File:
    file: Path

    def mask(self, picture: Path, category: str) -> NDArray[np.bool_]:
        del category  # there is one
        from PIL import Image

        with Image.open(self.file) as image:
            plain = image if image.mode in {"1", "P", "L", "I", "I;16", "F"} else image.convert("RGB")
            values = np.asarray(plain)
        mask: NDArray[np.bool_] = values != 0 if values.ndim == 2 else (values != 0).any(2)
        if mask.shape != (size := picture_size(picture)):
            got, wanted = (f"{width} x {height}" for height, width in (mask.shape, size))
            raise unreadable(self.file, f"it is {got} pixels, its picture {wanted}", "Save the mask at that size.")
        return mask


def _mask_of(folder: Path, stem: str) -> Path | None:
    return next((path for ending in sorted(PICTURES) if (path := folder / f"{stem}{ending}").is_file()), None)
