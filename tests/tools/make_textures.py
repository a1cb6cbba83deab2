"""Write the textures of the controlled pictures that are shipped, and read the parts of them that train the networks.

    pip download --no-deps --only-binary :all: --dest SOURCES scikit-image==0.26.0
    git clone https://github.com/IBM/MAX-ResNet-50 SOURCES/MAX-ResNet-50
    python tests/tools/make_textures.py SOURCES

Each source file is known by its SHA-256, and each is CC0 (``inv_widgets/datasets/LICENCES.md``). Of each picture one
region trains the networks and another, which does not touch it, is shipped, to evaluate with. Regions are made grey
and half as large; grey levels are stretched to 0..255 alike in both (2 % of the pixels clipped at either end).
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path
from typing import NamedTuple

import numpy as np
from make_photos import ORIGINS, Origin, skimage
from PIL import Image

from inv_widgets.datasets import CONTROLLED_SCENES, HERE

Box = tuple[int, int, int, int]


class Cut(NamedTuple):
    """A source picture and its two regions: left, top, right, bottom."""

    origin: Origin
    training: Box
    shipped: Box


CUTS = {
    "brick": Cut(
        skimage("brick.png", "7966caf324f6ba843118d98f7a07746d22f6a343430add0233eca5f6eaaa8fcf"),
        (0, 0, 304, 512),
        (320, 0, 512, 512),
    ),
    "grass": Cut(
        skimage("grass.png", "b6b6022426b38936c43a4ac09635cd78af074e90f42ffa8227ac8b7452d39f89"),
        (0, 0, 304, 512),
        (320, 0, 512, 512),
    ),
    "gravel": Cut(
        skimage("gravel.png", "c48615b451bf1e606fbd72c0aa9f8cc0f068ab7111ef7d93bb9b0f2586440c12"),
        (0, 0, 304, 512),
        (320, 0, 512, 512),
    ),
    "water": Cut(ORIGINS["turtle.jpg"], (0, 0, 840, 230), (860, 0, 1280, 230)),
    "facade": Cut(ORIGINS["taxis.jpg"], (180, 0, 500, 490), (510, 0, 702, 490)),
}


def main() -> None:
    """Write the PNG files to where ``datasets.controlled()`` looks for them."""
    parser = argparse.ArgumentParser(description="Make the textures that are shipped.")
    parser.add_argument("sources", type=Path, help="folder with the wheel and the clone")
    options = parser.parse_args()
    for scene in CONTROLLED_SCENES:
        path = HERE / "textures" / f"{scene}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(regions(scene, options.sources)[1]).save(path, optimize=True)


def regions(scene: str, sources: Path) -> tuple[np.ndarray, np.ndarray]:
    """Give the region that trains and the one that is shipped (uint8, H x W)."""
    cut = CUTS[scene]
    whole = Image.open(io.BytesIO(cut.origin.read(sources))).convert("L")
    parts = [np.asarray(whole.crop(box).reduce(2), dtype=np.float64) for box in (cut.training, cut.shipped)]
    low, high = np.percentile(parts[0], [2, 98])
    training, shipped = (np.rint(255 * np.clip((part - low) / (high - low), 0, 1)).astype(np.uint8) for part in parts)
    return training, shipped


if __name__ == "__main__":
    main()
