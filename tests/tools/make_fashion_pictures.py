"""Write the 50 Fashion-MNIST test pictures that are shipped: the first five of each category, in test order.

    python tests/tools/make_fashion_pictures.py

The data are those of Debian's package ``dataset-fashion-mnist``. The rule looks at labels only, never at predictions.
"""

from __future__ import annotations

import argparse
import gzip
from pathlib import Path

import numpy as np
from PIL import Image

from inv_widgets.datasets import FASHION_CATEGORIES, FASHION_PICTURES_A_CATEGORY, fashion

DATA = Path("/usr/share/datasets/fashion-mnist")


def main() -> None:
    """Write the PNG files to where ``datasets.fashion()`` looks for them."""
    parser = argparse.ArgumentParser(description="Write the Fashion-MNIST pictures that are shipped.")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the four idx .gz files")
    options = parser.parse_args()
    for sample, pixels in zip(fashion(), chosen_pictures(options.data), strict=True):
        sample.picture.parent.mkdir(exist_ok=True)
        Image.fromarray(pixels).save(sample.picture, optimize=True)


def chosen_pictures(folder: Path) -> list[np.ndarray]:
    """Read the first five test pictures (uint8, 28 x 28) of each category, in the order of the categories."""
    with gzip.open(folder / "t10k-images-idx3-ubyte.gz") as stream:
        pictures = np.frombuffer(stream.read(), np.uint8, offset=16).reshape(-1, 28, 28)
    with gzip.open(folder / "t10k-labels-idx1-ubyte.gz") as stream:
        labels = np.frombuffer(stream.read(), np.uint8, offset=8)
    return [
        pictures[place]
        for label in range(len(FASHION_CATEGORIES))
        for place in np.flatnonzero(labels == label)[:FASHION_PICTURES_A_CATEGORY]
    ]


if __name__ == "__main__":
    main()
