"""Demo pictures, the categories of the demo network, and the paper's own data set.

Importing this loads neither torch nor torchvision. ``LICENCES.md`` beside this file names source and licence of all
that is shipped here.
"""

from __future__ import annotations

__all__ = ["FASHION_CATEGORIES"]

FASHION_CATEGORIES = (
    "T-shirt",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)
"""The ten categories of Fashion-MNIST, in the order of the labels."""
