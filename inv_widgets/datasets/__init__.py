"""Demo pictures, pictures with exact ground truth, the demo network's categories, and the paper's own data set.

Importing this loads neither torch nor torchvision. ``LICENCES.md`` beside this file names source and licence of all
that is shipped here.

>>> import inv_widgets as inv
>>> [sample.name for sample in inv.datasets.photos()][:2]
['beagle.jpg', 'burger.jpg']
>>> inv.datasets.fashion()[0].category
'T-shirt'
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, cast

from inv_widgets.datasets.coco_files import coco
from inv_widgets.datasets.masked_folder_files import masked_folder
from inv_widgets.datasets.samples import MaskedSample, Sample
from inv_widgets.datasets.severstal_files import severstal
from inv_widgets.datasets.voc_files import VOC_CATEGORIES, voc

if TYPE_CHECKING:
    import os

    from inv_widgets.datasets.controlled_pictures import ControlledSample

__all__ = [
    "CONTROLLED_OBJECTS",
    "CONTROLLED_SCENES",
    "FASHION_CATEGORIES",
    "VOC_CATEGORIES",
    "MaskedSample",
    "Sample",
    "coco",
    "controlled",
    "fashion",
    "imagenette",
    "masked_folder",
    "photos",
    "severstal",
    "voc",
]

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

FASHION_PICTURES_A_CATEGORY = 5

CONTROLLED_OBJECTS = ("T-shirt", "trouser", "pullover", "dress", "sandal", "sneaker", "bag", "ankle boot")
"""What is pasted in :func:`controlled`: Fashion-MNIST without coat and shirt, which people too mistake for others."""

CONTROLLED_SCENES = ("brick", "grass", "gravel", "water", "facade")
"""What it is pasted on."""

PHOTO_CATEGORIES = {
    "beagle.jpg": "beagle",
    "burger.jpg": "cheeseburger",
    "cameraman.jpg": "tripod",
    "chelsea.jpg": "tiger cat",
    "coffee.jpg": "espresso",
    "persian.jpg": "Persian cat",
    "pizza.jpg": "pizza",
    "siamese.jpg": "Siamese cat",
    "space-shuttle.jpg": "space shuttle",
    "tabby.jpg": "tabby",
    "taxis.jpg": "cab",
    "turtle.jpg": "loggerhead",
}
"""The photos and the ImageNet category of what they show, by torchvision's names."""

HERE = Path(__file__).parent


def photos() -> list[Sample]:
    """List the 12 natural photos that are shipped: CC0 or public domain, longer side at most 512 pixels.

    Returns
    -------
    list of Sample
        By name. Their categories are ImageNet's, for ``Classifier.demo("photos")`` and torchvision's networks.
    """
    return [Sample(name, HERE / "photos" / name, category) for name, category in PHOTO_CATEGORIES.items()]


def fashion() -> list[Sample]:
    """List the 50 Fashion-MNIST test pictures that are shipped: the first five of each category.

    Returns
    -------
    list of Sample
        Grey, 28 x 28 pixels, ``t-shirt-1.png`` to ``ankle-boot-5.png``, in the order of :data:`FASHION_CATEGORIES`.
        None of them was used in training ``Classifier.demo("fashion")``.

    References
    ----------
    Xiao, Rasul and Vollgraf, "Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning Algorithms", 2017.
    """
    return [
        Sample(name, HERE / "fashion" / name, category)
        for category in FASHION_CATEGORIES
        for name in (_fashion_name(category, number) for number in range(1, FASHION_PICTURES_A_CATEGORY + 1))
    ]


def controlled(n: int = 100, seed: int = 0, *, scene_seed: int | None = None) -> list[ControlledSample]:
    """Make pictures whose evidence is known to the pixel: a garment pasted on a texture.

    One network names the garment, another the texture (``Classifier.controlled``), so a saliency method is right where
    its map for the first lies on the garment and its map for the second beside it. All parts are shipped, and neither
    network saw them in training: the first 25 test garments of each of eight categories of Fashion-MNIST, and regions
    of textures kept apart.

    Parameters
    ----------
    n
        How many pictures. The first pictures of a longer list are those of a shorter one.
    seed
        Of what is pasted: garment, size, place, colour.
    scene_seed
        Of what it is pasted on: texture, crop, orientation, colour; by default `seed`. Another one gives the same
        garments in the same places on other textures, with the same masks.

    Returns
    -------
    list of ControlledSample
        64 x 64 pixels. Garment and texture are drawn independently, each uniformly.

    Raises
    ------
    ValueError
        For an `n` below 1 or a seed below 0.

    References
    ----------
    In the manner of Yang and Kim, "Benchmarking Attribution Methods with Relative Feature Importance", 2019 (BAM).
    """
    from inv_widgets.datasets.controlled_pictures import draw_samples

    return draw_samples(n, seed, seed if scene_seed is None else scene_seed)


def imagenette(
    root: str | os.PathLike[str], split: str = "val", size: str = "320px", *, download: bool = False
) -> list[Sample]:
    """List the pictures of Imagenette, ten categories of ImageNet, the set of the paper's own experiment.

    Parameters
    ----------
    root
        Folder that holds, or shall hold, the folder ``imagenette2-320`` (or the one of another size).
    split
        ``"val"`` (3,925 pictures) or ``"train"`` (9,469).
    size
        ``"160px"``, ``"320px"`` (shorter side) or ``"full"``.
    download
        Whether to fetch what is not there: 99 MB, 341 MB or 1.6 GB.

    Returns
    -------
    list of Sample
        By category and file name; categories by torchvision's ImageNet names.

    Raises
    ------
    FileNotFoundError
        The set is not there and `download` is false.
    ConnectionError
        The download failed; the message names what works without a connection.
    ValueError
        `split` or `size` is none of the above.

    References
    ----------
    Howard, "Imagenette", https://github.com/fastai/imagenette (Apache-2.0; the pictures are ImageNet's).
    """
    # by name, so that nothing here leads statically to torch
    files = importlib.import_module("inv_widgets.datasets.imagenette_files")
    return cast("list[Sample]", files.imagenette_samples(Path(root).expanduser(), split, size, download=download))


def _fashion_name(category: str, number: int) -> str:
    return f"{category.lower().replace(' ', '-')}-{number}.png"
