"""The demo network that needs nothing but the wheel: a small VGG-like network for Fashion-MNIST.

The paper's experiment in miniature: three blocks of three 3x3 convolutions with a ReLU each, so that "the last nine
layers, grouped three by three" means what it means for VGG-16. ``tests/tools/train_fashion.py`` trained it.
"""

from __future__ import annotations

from collections import OrderedDict
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["FASHION_MEAN", "FASHION_STD", "build_fashion_network", "fashion_transform"]

FASHION_MEAN = 0.2860
"""Mean of the training pictures' pixels, in 0..1."""

FASHION_STD = 0.3530
"""Standard deviation of the training pictures' pixels, in 0..1."""

FASHION_SIDE = 28
"""Side of the network's input, in pixels."""

FASHION_WIDTHS = (24, 48, 96)
"""Feature maps of the layers of each block; their maps have 28 x 28, 14 x 14 and 7 x 7 cells."""

FASHION_LAYERS = (1, 2, 3)
"""Numbers of the layers of each block."""


def build_fashion_network() -> nn.Module:
    """Build the trained Fashion-MNIST network.

    Its layers are ``block1.conv1``, ``block1.relu1`` ... ``block3.relu3``, then the mean over space and the linear
    layer ``classifier``. Batch normalisation was used in training and is folded into the convolutions. The weights are
    stored as float16 and used as float32.

    Returns
    -------
    nn.Module
        In eval mode, on the CPU, float32; takes N x 1 x 28 x 28 from :func:`fashion_transform` and returns N x 10
        logits in the order of ``inv_widgets.datasets.FASHION_CATEGORIES``. Two calls give equal networks that share
        nothing.

    References
    ----------
    The shape is that of Simonyan and Zisserman, "Very Deep Convolutional Networks", 2015 (VGG).
    """
    return with_stored_weights(blank_fashion_network(), "fashion_network.npz")


def with_stored_weights(network: nn.Module, name: str) -> nn.Module:
    """Give a network the float16 weights of a file beside this one, as float32; in eval mode."""
    resource = files("inv_widgets.datasets").joinpath(name)
    with resource.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
        weights = {name: torch.from_numpy(stored[name].astype(np.float32)) for name in stored.files}
    network.load_state_dict(weights)
    return network.eval()


def fashion_transform(picture: Image.Image) -> torch.Tensor:
    """Turn a picture into the network's input.

    The whole picture is made grey (ITU-R 601 luma), squeezed to 28 x 28 pixels (bilinear, averaging when it shrinks)
    and normalised with :data:`FASHION_MEAN` and :data:`FASHION_STD`. The network knows bright clothes on black.

    Parameters
    ----------
    picture
        Any size, upright; RGB or any mode that PIL can turn into grey.

    Returns
    -------
    torch.Tensor
        1 x 28 x 28, float32.
    """
    grey = picture.convert("L").resize((FASHION_SIDE, FASHION_SIDE), Image.Resampling.BILINEAR)
    pixels = np.asarray(grey, dtype=np.float32) / 255.0
    return torch.from_numpy((pixels - FASHION_MEAN) / FASHION_STD)[None]


def blank_fashion_network(widths: Sequence[int] = FASHION_WIDTHS, *, batch_norm: bool = False) -> nn.Sequential:
    """Build the network with random weights; with `batch_norm` between convolution and ReLU for training."""
    return blank_network(1, widths, FASHION_LAYERS, 10, batch_norm=batch_norm)


def blank_network(
    channels: int, widths: Sequence[int], layers: Sequence[int], categories: int, *, batch_norm: bool
) -> nn.Sequential:
    """Build a VGG-like network with random weights: blocks of 3 x 3 convolutions, the mean over space, a linear layer.

    Parameters
    ----------
    channels
        Of the input.
    widths
        Feature maps of the layers of each block; between blocks maps are halved.
    layers
        Numbers of the layers of each block.
    categories
        How many logits.
    batch_norm
        Whether there is a norm between convolution and ReLU, for training.
    """
    parts: OrderedDict[str, nn.Module] = OrderedDict()
    for number, width in enumerate(widths, start=1):
        block: OrderedDict[str, nn.Module] = OrderedDict()
        for layer in layers:
            block[f"conv{layer}"] = nn.Conv2d(channels, width, 3, padding=1, bias=not batch_norm)
            if batch_norm:
                block[f"norm{layer}"] = nn.BatchNorm2d(width)
            block[f"relu{layer}"] = nn.ReLU()
            channels = width
        parts[f"block{number}"] = nn.Sequential(block)
        parts[f"pool{number}"] = nn.MaxPool2d(2) if number < len(widths) else nn.AdaptiveAvgPool2d(1)
    parts["flatten"] = nn.Flatten()
    parts["classifier"] = nn.Linear(channels, categories)
    return nn.Sequential(parts)
