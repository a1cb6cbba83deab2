"""What the readers of data sets share: folders that must be there, files that stay in them, pictures' sizes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

__all__ = ["PICTURES", "all_there", "found_in", "picture_size", "plain_name", "unreadable"]

PICTURES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
"""Endings of picture files."""


def found_in(root: str | os.PathLike[str], candidates: Iterable[str], needed: str, advice: str) -> Path:
    """Give the first of some folders that holds a file or folder.

    Parameters
    ----------
    root
        What the user named.
    candidates
        Where under it the data set may begin.
    needed
        What must be in it.
    advice
        Where to get the data set.

    Raises
    ------
    FileNotFoundError
        Where none does.
    """
    base = Path(root).expanduser()
    folders = [base / candidate for candidate in candidates]
    for folder in folders:
        if (folder / needed).exists():
            return folder
    if not base.is_dir():
        raise FileNotFoundError(f"[inv-widgets] There is no folder {base}. {advice}")
    looked = " and ".join(str(folder / needed) for folder in folders)
    raise FileNotFoundError(f"[inv-widgets] {base} is not what it should be: there is no {looked}. {advice}")


def all_there(files: Iterable[Path], what: str, advice: str) -> None:
    """Refuse a data set of which files are missing.

    Raises
    ------
    FileNotFoundError
        With how many are missing, and one of them.
    """
    wanted = list(files)
    present = {
        folder: {file.name for file in folder.iterdir()} for folder in {f.parent for f in wanted} if folder.is_dir()
    }
    missing = [file for file in wanted if file.name not in present.get(file.parent, ())]
    if missing:
        raise FileNotFoundError(
            f"[inv-widgets] {len(missing)} of {len(wanted)} {what} are missing, such as {missing[0]}. {advice}"
        )


def plain_name(name: object, file: Path) -> str:
    """Refuse a file name that leads to another folder, as an annotation from elsewhere might."""
    text = name if isinstance(name, str) else ""
    if not text or text != Path(text).name or "\\" in text or "\0" in text or text in {".", ".."}:
        raise ValueError(f"[inv-widgets] {file} names the picture {name!r}, which is no file name. Get it anew.")
    return text


def picture_size(picture: Path) -> tuple[int, int]:
    """Read a picture's height and width from its head, turned upright as pictures are shown."""
    from PIL import Image

    with Image.open(picture) as image:
        width, height = image.size
        turned = image.getexif().get(274, 1) in {5, 6, 7, 8}
    return (width, height) if turned else (height, width)


def unreadable(file: Path, reason: object, advice: str) -> ValueError:
    """Make the error for an annotation that is broken."""
    return ValueError(f"[inv-widgets] {file} cannot be read: {reason}. {advice}")
