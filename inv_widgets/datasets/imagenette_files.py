"""Imagenette through torchvision: the files and categories, and errors that say what to do."""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING

from inv_widgets.datasets import Sample
from inv_widgets.torch_support import ensure_torchvision

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["imagenette_samples"]

FOLDERS = {"160px": "imagenette2-160", "320px": "imagenette2-320", "full": "imagenette2"}
SPLITS = ("val", "train")
OFFLINE = "Without a connection use inv.datasets.photos() or inv.datasets.fashion(), which are shipped."


def imagenette_samples(root: Path, split: str, size: str, *, download: bool) -> list[Sample]:
    """List the samples as :func:`inv_widgets.datasets.imagenette` says."""
    if split not in SPLITS:
        raise ValueError(f"[inv-widgets] Imagenette has no split {split!r}. Use one of {', '.join(SPLITS)}.")
    if size not in FOLDERS:
        raise ValueError(f"[inv-widgets] Imagenette has no size {size!r}. Use one of {', '.join(FOLDERS)}.")
    folder = root / FOLDERS[size]
    if not folder.exists() and not download:
        raise FileNotFoundError(
            f"[inv-widgets] There is no folder {folder}. Let imagenette(..., download=True) fetch it, or name the "
            f"folder that holds {folder.name}. {OFFLINE}"
        )
    ensure_torchvision()
    from torchvision.datasets import Imagenette

    root.mkdir(parents=True, exist_ok=True)
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # torchvision prints
            pictures = Imagenette(root, split=split, size=size, download=download)
    except (OSError, RuntimeError) as error:
        if folder.exists():
            raise OSError(
                f"[inv-widgets] {folder} is incomplete or cannot be read ({error}). Delete it and fetch it again with "
                f"download=True. {OFFLINE}"
            ) from error
        raise ConnectionError(
            f"[inv-widgets] Imagenette could not be fetched ({error}). Check the connection to the internet. {OFFLINE}"
        ) from error
    return [
        Sample(path.name, path, pictures.classes[number][0])
        for wnid, number in sorted(pictures.wnid_to_idx.items())
        for path in sorted((folder / split / wnid).iterdir())
        if path.suffix.lower() == ".jpeg"
    ]
