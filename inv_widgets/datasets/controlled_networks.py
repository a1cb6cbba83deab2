"""The two networks of the controlled benchmark: one names the garment, the other the texture that it lies on.

Both have the same layers; random starts, and what they were asked for in training, differ. Four blocks of two 3x3
convolutions with a ReLU each, maps of 64, 32, 16 and 8 cells a side, global average pooling and one linear layer, so
that every method works on them, CAM included. ``tests/tools/train_controlled.py`` trained them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from PIL import Image

from inv_widgets.datasets import CONTROLLED_OBJECTS, CONTROLLED_SCENES
from inv_widgets.datasets.controlled_pictures import SIDE
from inv_widgets.datasets.fashion_network import blank_network, with_stored_weights

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import nn

__all__ = ["CONTROLLED_CATEGORIES", "build_controlled_network", "controlled_transform"]

Part = Literal["object", "scene"]

CONTROLLED_CATEGORIES: Mapping[Part, tuple[str, ...]] = {"object": CONTROLLED_OBJECTS, "scene": CONTROLLED_SCENES}
"""What each network tells apart, in the order of its logits."""

WIDTHS = (16, 32, 64, 96)
"""Feature maps of the layers of each block."""

LAYERS = (1, 2)
"""Numbers of the layers of each block."""

MEAN = 0.4
"""What is taken off each pixel, in 0..1."""

STD = 0.2
"""What it is divided by then."""


def build_controlled_network(part: Part) -> nn.Module:
    """Build the trained network that names the ``"object"`` or the ``"scene"``.

    Its layers are ``block1.conv1``, ``block1.relu1`` ... ``block4.relu2``, then the mean over space and the linear
    layer ``classifier``. Batch normalisation was used in training and is folded into the convolutions. The weights are
    stored as float16 and used as float32.

    Returns
    -------
    nn.Module
        In eval mode, on the CPU, float32; takes N x 3 x 64 x 64 from :func:`controlled_transform` and returns N x 8
        logits (objects) or N x 5 (scenes), in the order of :data:`CONTROLLED_CATEGORIES`. Two calls give equal
        networks that share nothing.
    """
    return with_stored_weights(blank_controlled_network(len(CONTROLLED_CATEGORIES[part])), f"controlled_{part}.npz")


def controlled_transform(picture: Image.Image) -> torch.Tensor:
    """Turn a picture into the networks' input.

    The whole picture is squeezed to 64 x 64 pixels (bilinear, averaging when it shrinks), which changes nothing in one
    of :func:`inv_widgets.datasets.controlled`, and normalised with :data:`MEAN` and :data:`STD`.

    Parameters
    ----------
    picture
        Any size, upright; RGB or any mode that PIL can turn into RGB.

    Returns
    -------
    torch.Tensor
        3 x 64 x 64, float32.
    """
    squeezed = picture.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    pixels = np.asarray(squeezed, dtype=np.float32) / 255.0
    return torch.from_numpy((pixels - MEAN) / STD).permute(2, 0, 1).contiguous()


def blank_controlled_network(categories: int, *, batch_norm: bool = False) -> nn.Sequential:
    """Build the network with random weights; with `batch_norm` between convolution and ReLU for training."""
    return blank_network(3, WIDTHS, LAYERS, categories, batch_norm=batch_norm)
