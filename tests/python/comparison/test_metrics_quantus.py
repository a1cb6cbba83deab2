"""The metrics beside quantus, where both define the same; the differences that are meant stand in the tests.

Quantus's Sensitivity-N correlates over pictures, for nested sets of the highest pixels; Ancona et al. correlate over
random sets of one picture, as we do: nothing to compare.
"""

import warnings

import numpy as np
import pytest
import torch
from torch import nn

import inv_widgets as inv
from inv_widgets.classifier import Classifier
from inv_widgets.comparison.metrics.measuring import measured

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its imports' deprecations are not ours
    import quantus

metrics = inv.metrics
N, SIDE = 12, 16
OPTIONS = {"abs": False, "normalise": False, "disable_warnings": True}


def cases():
    """Random maps and masks, from a few pixels to nearly all, with one whole-picture mask and one one-pixel map."""
    rng = np.random.default_rng(0)
    maps = rng.normal(size=(N, SIDE, SIDE))
    masks = rng.random((N, SIDE, SIDE)) < rng.random((N, 1, 1))
    masks[3] = True
    masks[4] = False
    masks[4, 2:5, 7:9] = True
    maps[5] = 0
    maps[5, 8, 8] = 1
    masks[5, 8, 8] = False
    return maps, masks


def by_quantus(metric, maps, masks=None, module=None, inputs=None, targets=None):
    """Score one map a picture; its metrics want a network and an input, whether they use them or not."""
    inputs = np.zeros((len(maps), 1, *maps.shape[1:]), np.float32) if inputs is None else inputs
    found = metric(
        model=nn.Identity() if module is None else module,
        x_batch=inputs,
        y_batch=np.zeros(len(maps), int) if targets is None else targets,
        a_batch=maps[:, None].copy(),
        s_batch=None if masks is None else masks[:, None],
        device="cpu",
    )
    return np.asarray(found, float)


def test_energy_is_relevance_mass_accuracy_of_the_positive_part():
    maps, masks = cases()
    positive = np.maximum(maps, 0)
    expected = by_quantus(quantus.RelevanceMassAccuracy(**OPTIONS), positive, masks)
    assert metrics.ebpg(maps, masks) == pytest.approx(100 * expected)


def test_bbox_is_relevance_rank_accuracy():
    maps, masks = cases()
    maps[5] += 1e-9 * np.random.default_rng(1).random((SIDE, SIDE))  # ties: quantus takes any, we all by their share
    expected = by_quantus(quantus.RelevanceRankAccuracy(**OPTIONS), maps, masks)
    assert metrics.bbox(maps, masks) == pytest.approx(100 * expected)


def test_pointing_without_tolerance():
    maps, masks = cases()
    expected = by_quantus(quantus.PointingGame(weighted=False, **OPTIONS), maps, masks)
    assert metrics.pointing(maps, masks, tolerance=0).tolist() == (100 * expected).tolist()
    assert {0, 1} <= set(expected.tolist())


def test_miou_follows_from_top_k_intersection():
    maps, masks = cases()
    maps[5] += 1e-9 * np.random.default_rng(1).random((SIDE, SIDE))
    count = round(0.2 * SIDE * SIDE)
    inside = count * by_quantus(quantus.TopKIntersection(k=count, **OPTIONS), maps, masks)
    union = count + masks.sum((1, 2)) - inside
    assert metrics.miou(maps, masks) == pytest.approx(100 * inside / union)


def test_sparseness_is_its_gini_index():
    maps, _ = cases()
    expected = by_quantus(quantus.Sparseness(**{**OPTIONS, "abs": True}), maps)
    # It adds 1e-7 to each value against a division by 0.
    assert metrics.sparseness(maps) == pytest.approx(expected, abs=1e-4)


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.conv, self.head = nn.Conv2d(1, 4, 3), nn.Linear(4, 3)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.copy_(2 * torch.randn(parameter.shape, generator=generator))

    def forward(self, batch):
        return self.head(torch.relu(self.conv(batch)).mean((2, 3)))


def to_grey(image):
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)[:1].float() / 255


def test_deletion_is_pixel_flipping_to_black():
    module, rng = Small().eval(), np.random.default_rng(0)
    net = Classifier.from_module(module, to_grey)
    pictures = [rng.integers(1, 256, (SIDE, SIDE, 3), np.uint8) for _ in range(3)]
    maps, targets = rng.normal(size=(3, SIDE, SIDE)), np.array([0, 2, 1])
    inputs = torch.cat([net.preprocess(picture) for picture in pictures]).numpy()
    flipping = quantus.PixelFlipping(features_in_step=SIDE, perturb_baseline=0.0, **OPTIONS)
    expected = by_quantus(flipping, maps, module=module, inputs=inputs, targets=targets)
    found = metrics.deletion(net, pictures, maps, targets=targets.tolist())
    for ours, theirs in zip(found.probabilities, expected, strict=True):
        assert ours[1:] == pytest.approx(theirs, rel=1e-4)  # theirs begins after the first step
    full = measured("deletion", maps, net=net, pictures=pictures, targets=targets.tolist()).values
    curves = np.array(
        [np.concatenate([ours[:1], row]) for ours, row in zip(found.probabilities, expected, strict=True)]
    )
    assert full == pytest.approx((curves.sum(1) - curves[:, 0] / 2 - curves[:, -1] / 2) / SIDE, rel=1e-4)
