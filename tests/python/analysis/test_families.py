"""Whole explanations of the families of networks that people use, and of a mark whose place is known."""

import dataclasses

import numpy as np
import pytest
import torch
from small_networks import BatchNormAfterReLU
from torch import nn

import inv_widgets as inv
from inv_widgets.torch_support import ensure_torchvision
from inv_widgets.windows import Letterbox, ResizedCrop, Squash

ensure_torchvision()
from torchvision.transforms import v2  # noqa: E402

QUICK = dataclasses.replace(inv.Recipe(), tsne_iterations=60)
TRANSFORM = v2.Compose([v2.Resize((64, 64)), v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])


class Returns(nn.Module):
    def __init__(self, form):
        super().__init__()
        self.inner, self.form = BatchNormAfterReLU(), form

    def forward(self, x):
        logits = self.inner(x)
        return {"tuple": (logits, x), "dict": {"features": x, "logits": logits}}[self.form]


def module_of(name):
    torch.manual_seed(0)
    if name == "bn after relu":
        return BatchNormAfterReLU()
    if name in {"tuple", "dict"}:
        return Returns(name)
    import torchvision

    arguments = {"aux_logits": False, "init_weights": False} if name == "googlenet" else {}
    return torchvision.models.get_model(name, weights=None, **arguments)


@pytest.mark.parametrize("weighting", ["guided", "grad_cam"])
@pytest.mark.parametrize(
    "name",
    [
        "vgg16", "resnet18", "mobilenet_v3_small", "densenet121", "googlenet", "convnext_tiny",
        "bn after relu", "tuple", "dict",
    ],
)  # fmt: skip
def test_explain(name, weighting):
    net = inv.Classifier.from_module(module_of(name), TRANSFORM)
    picture = np.random.default_rng(0).integers(0, 255, (70, 90, 3), dtype=np.uint8)
    ex = inv.explain(net, picture, recipe=dataclasses.replace(QUICK, weighting=weighting))
    assert ex.columns
    assert any(column.cluster_maps for column in ex.columns)
    for column in ex.columns:
        # Clusters and rest make up the whole: 100 % where there is weight, the net sum where weights are signed.
        whole = column.shown_weight + column.rest.weight
        if weighting == "guided" and column.total_weight:
            assert whole == pytest.approx(100, abs=1e-3)
        assert whole <= 100 + 1e-3
        assert column.cluster_maps or column.reason
        assert np.isfinite(column.weighted_sum).all()
        weights = [cluster_map.weight for cluster_map in column.cluster_maps]
        assert weights == sorted(weights, reverse=True)
        for cluster_map in column.cluster_maps:
            assert cluster_map.weight > 0
            assert np.isfinite(cluster_map.map).all()
            assert cluster_map.map.shape == column.map_shape


class Brightness(nn.Module):
    """Its only feature map is how bright the picture is there, so that the map's peak is the mark's place."""

    def __init__(self):
        super().__init__()
        self.conv, self.pool = nn.Conv2d(3, 1, 1, bias=False), nn.AvgPool2d(4)
        nn.init.constant_(self.conv.weight, 1 / 3)

    def forward(self, x):
        score = self.pool(torch.relu(self.conv(x))).mean((2, 3))
        return torch.cat([score, -score], 1)


def letterboxed(image):
    scale = 64 / max(image.size)
    width, height = (round(side * scale) for side in image.size)
    across, down = 64 - width, 64 - height
    padding = [across // 2, down // 2, across - across // 2, down - down // 2]
    return v2.functional.pad(v2.functional.resize(image, [height, width]), padding)


AS_TENSOR = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])
WAYS = {
    "whole": (v2.Compose([AS_TENSOR]), None),
    "crop": (v2.Compose([v2.Resize(72), v2.CenterCrop(64), AS_TENSOR]), ResizedCrop(72, 64)),
    "squeeze": (v2.Compose([v2.Resize((64, 64)), AS_TENSOR]), Squash((64, 64), (64, 64))),
    "padding": (v2.Compose([letterboxed, AS_TENSOR]), Letterbox(64, 64)),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("size", [(96, 160), (200, 120), (100, 100)])
def test_a_map_lies_on_the_picture_where_the_network_saw_the_mark(way, size):
    transform, window = WAYS[way]
    net = inv.Classifier.from_module(Brightness(), transform, ["bright", "dark"], window)
    height, width = size
    pixels = np.zeros((height, width, 3), np.uint8)
    down, across = round(height * 0.62), round(width * 0.36)
    pixels[down - 5 : down + 5, across - 5 : across + 5] = 255
    ex = inv.explain(net, pixels, "bright", layers="all", recipe=QUICK)
    (cluster_map,) = ex.columns[0].cluster_maps
    bright = np.argwhere(cluster_map.map > 0.5) + 0.5
    row, column = bright.mean(0) / cluster_map.map.shape
    left, top, wide, high = ex.window
    # Two cells of a 64-cell map, in pixels of the picture.
    assert (top + row * high, left + column * wide) == pytest.approx((down, across), abs=2 * max(size) / 64)
