"""Superpixels: the parts of a picture that LIME and KernelSHAP switch on and off."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image

from inv_widgets.comparison.baseline import baseline_of
from inv_widgets.comparison.parameters import check_int

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from inv_widgets.comparison.subject import Subject
    from inv_widgets.pictures import Picture

__all__ = ["hidden", "seen", "showing", "superpixels"]


def superpixels(subject: Subject, row: int, segmentation: Any, segments: Any) -> Tensor:
    """Divide a picture into parts of similar colour.

    Parameters
    ----------
    subject, row
        The picture.
    segmentation
        ``"slic"`` (Achanta et al. 2012, about `segments` parts of similar size), ``"quickshift"`` (Vedaldi & Soatto
        2008, as LIME's authors use it; it finds the number itself), or your own: whole numbers, H x W or N x H x W of
        the network's input.
    segments
        How many parts SLIC aims at.

    Returns
    -------
    torch.Tensor
        int64, shape (H, W) of the network's input: the part of each pixel, from 0 without gaps.

    Raises
    ------
    ValueError
        For what is none of these, and for parts of another shape.
    """
    check_int("segments", segments)
    if isinstance(segmentation, str):
        labels = _segmented(seen(subject, row), segmentation, segments)
    else:
        labels = _given(segmentation, row, len(subject), tuple(subject.inputs.shape[-2:]))
    _, dense = np.unique(labels, return_inverse=True)
    return torch.from_numpy(dense.reshape(labels.shape).astype(np.int64)).to(subject.inputs.device)


def hidden(subject: Subject, row: int, labels: Tensor, baseline: Any) -> Tensor:
    """Make the picture whose parts are all hidden, C x H x W.

    Parameters
    ----------
    subject, row, labels
        The picture and its parts.
    baseline
        ``"mean"``: each part in its own mean colour; else as in :func:`.baseline.baseline_of`.
    """
    own = subject.inputs[row]
    if not (isinstance(baseline, str) and baseline == "mean"):
        return baseline_of(subject, row, baseline, more='"mean", ')
    count = int(labels.max()) + 1
    flat = labels.flatten()
    sums = torch.zeros(len(own), count, dtype=torch.float64, device=own.device)
    sums.index_add_(1, flat, own.flatten(1).double())
    means = sums / torch.bincount(flat, minlength=count)
    return means[:, flat].reshape(own.shape).to(own.dtype)


def showing(own: Tensor, instead: Tensor, labels: Tensor, on: Tensor) -> Tensor:
    """Make M pictures that show only some parts of one; `on` is bool, M x parts; M x C x H x W."""
    return torch.where(on[:, labels][:, None], own, instead)


def seen(subject: Subject, row: int) -> NDArray[np.uint8]:
    """Give what the network sees of a picture, in its own colours, at the size of the input; padding is black."""
    picture = subject.pictures[row]
    height, width = subject.inputs.shape[-2:]
    window = subject.net.window(picture.height, picture.width)
    return _cut(picture, window, int(height), int(width))


def _cut(picture: Picture, window: tuple[float, float, float, float], height: int, width: int) -> NDArray[np.uint8]:
    left, top, across, down = window
    inside = max(left, 0.0), max(top, 0.0), min(left + across, picture.width), min(top + down, picture.height)
    # Where the part that lies in the picture stands in the input.
    place = [round((inside[0] - left) / across * width), round((inside[1] - top) / down * height)]
    end = [round((inside[2] - left) / across * width), round((inside[3] - top) / down * height)]
    size = max(1, end[0] - place[0]), max(1, end[1] - place[1])
    canvas = Image.new("RGB", (width, height))
    canvas.paste(picture.image.resize(size, Image.Resampling.BILINEAR, box=inside), (place[0], place[1]))
    return np.asarray(canvas)


def _segmented(picture: NDArray[np.uint8], segmentation: str, segments: int) -> NDArray[Any]:
    from skimage import segmentation as skimage

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on a picture of one colour
        if segmentation == "slic":
            found = skimage.slic(picture, n_segments=min(segments, picture[..., 0].size), compactness=10, start_label=0)
        elif segmentation == "quickshift":
            quickshift: Any = skimage.quickshift  # is not typed
            found = quickshift(picture, kernel_size=4, max_dist=200, ratio=0.2, rng=0)
        else:
            raise ValueError(
                f'[inv-widgets] segmentation={segmentation!r:.80} is not possible: give "slic", "quickshift" or an '
                "array of whole numbers, H x W of the network's input."
            )
    return np.asarray(found)


def _given(segmentation: Any, row: int, count: int, size: tuple[int, ...]) -> NDArray[Any]:
    labels = np.asarray(segmentation.detach().cpu() if isinstance(segmentation, torch.Tensor) else segmentation)
    if labels.dtype.kind not in "iu" or labels.shape not in {size, (count, *size)}:
        raise ValueError(
            f"[inv-widgets] The segmentation is {labels.dtype}, {labels.shape}: give whole numbers of shape {size}, "
            f'the size of the network\'s input, or {(count, *size)}; or "slic" or "quickshift".'
        )
    return labels if labels.ndim == 2 else labels[row]
