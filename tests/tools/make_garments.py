"""Write the garments of the controlled pictures: the first 25 test pictures of each object category, in test order.

    python tests/tools/make_garments.py

The data are those of Debian's package ``dataset-fashion-mnist``. The rule looks at labels only, never at predictions.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image
from train_fashion import DATA, read_idx

from inv_widgets.datasets import CONTROLLED_OBJECTS, FASHION_CATEGORIES
from inv_widgets.datasets.controlled_pictures import GARMENTS, GARMENTS_A_CATEGORY


def main() -> None:
    """Write one PNG file to where ``datasets.controlled()`` looks for it."""
    parser = argparse.ArgumentParser(description="Write the garments of the controlled pictures.")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of Fashion-MNIST's four idx .gz files")
    options = parser.parse_args()
    Image.fromarray(sheet(options.data)).save(GARMENTS, optimize=True)


def sheet(folder: Path) -> np.ndarray:
    """Put them side by side, a row a category: uint8, 8 * 28 x 25 * 28."""
    pictures, labels = (tensor.numpy() for tensor in read_idx(folder, "t10k"))
    numbers = [FASHION_CATEGORIES.index(kind) for kind in CONTROLLED_OBJECTS]
    return np.vstack([np.hstack(pictures[labels == number][:GARMENTS_A_CATEGORY]) for number in numbers])


if __name__ == "__main__":
    main()
