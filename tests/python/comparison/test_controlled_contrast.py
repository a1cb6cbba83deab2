"""The contrast between the object network's maps and the scene network's, by hand and on the shipped networks."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch

import inv_widgets as inv
from inv_widgets.analysis.activations import capture
from inv_widgets.comparison.controlled import Contrast, contrast
from inv_widgets.summary.spread import Bootstrap

MASKS = np.array([[[True, False], [False, False]], [[True, True], [False, False]]])
ON_OBJECT = np.array([[[6.0, 2.0], [1.0, 1.0]], [[3.0, 3.0], [-5.0, 2.0]]])  # 60 % and 75 % in the mask
ON_SCENE = np.array([[[1.0, 3.0], [0.0, 6.0]], [[1.0, 1.0], [1.0, 2.0]]])  # 10 % and 40 %


def test_by_hand():
    found = contrast(ON_OBJECT, ON_SCENE, MASKS)
    assert found.object_energy.mean == pytest.approx((60 + 75) / 2)
    assert found.scene_energy.mean == pytest.approx((10 + 40) / 2)
    assert found.difference.mean == pytest.approx((50 + 35) / 2)
    assert found.area == pytest.approx((25 + 50) / 2)
    assert found.object_excess.mean == pytest.approx((35 + 25) / 2)
    assert found.scene_excess.mean == pytest.approx((-15 - 10) / 2)
    # Of two pictures drawn anew: the first twice, both, the second twice.
    assert (found.difference.low, found.difference.high) == pytest.approx((35, 50))
    assert (found.scene_excess.low, found.scene_excess.high) == pytest.approx((-15, -10))
    assert (found.n, found.undefined) == (2, ())
    assert found.discriminates
    assert found.finds_both


def test_neither_order_nor_scale_nor_kind_of_the_maps_matters():
    expected = contrast(ON_OBJECT, ON_SCENE, MASKS)
    scaled = contrast(list(torch.from_numpy(ON_OBJECT * 7)), [1e-6 * one for one in ON_SCENE], list(MASKS))
    for one, other in zip(dataclasses.astuple(scaled), dataclasses.astuple(expected), strict=True):
        assert one == pytest.approx(other)
    turned = contrast(ON_SCENE, ON_OBJECT, MASKS)
    assert turned.difference.mean == pytest.approx(-expected.difference.mean)
    assert not turned.discriminates
    assert not turned.finds_both


def test_both_are_found_only_where_both_maps_beat_chance():
    half = np.ones((2, 2, 2))  # 25 % and 50 %: chance
    assert contrast(ON_OBJECT, half, MASKS).discriminates
    assert not contrast(ON_OBJECT, half, MASKS).finds_both
    assert contrast(half, ON_SCENE, MASKS).discriminates
    assert not contrast(half, ON_SCENE, MASKS).finds_both


def test_the_difference_is_taken_picture_by_picture():
    random = np.random.default_rng(0)
    masks = np.zeros((80, 8, 8), bool)
    masks[:, 2:6, 2:6] = True
    # Pictures differ much, the two networks on one picture little.
    base = random.uniform(0.1, 5, (80, 1, 1))
    noise = np.ones((80, 8, 8))
    on_object, on_scene = noise + 1.05 * base * masks, noise + base * masks
    found = contrast(on_object, on_scene, masks)
    assert 0 < found.difference.low < found.difference.mean < found.difference.high < 2
    spread = found.object_energy.high - found.object_energy.low
    assert spread > 5 * (found.difference.high - found.difference.low)
    wide = contrast(on_object, on_scene, masks, bootstrap=Bootstrap(draws=4000, confidence=0.99))
    assert wide.difference.low < found.difference.low
    assert wide.difference.high > found.difference.high
    # The percentile interval of a mean is close to the normal one.
    energy = 100 * (1 + 1.05 * base[:, 0, 0]) * 16 / (64 + 16 * 1.05 * base[:, 0, 0])
    assert found.object_energy.high - found.object_energy.low == pytest.approx(
        2 * 1.96 * energy.std() / math.sqrt(80), rel=0.1
    )


def test_a_method_that_ignores_the_network_does_not_discriminate():
    samples = inv.datasets.controlled(40, seed=8)
    edges = [np.hypot(*np.gradient(sample.picture.mean(2))) for sample in samples]
    found = contrast(edges, edges, [sample.mask for sample in samples])
    assert (found.difference.mean, found.difference.low, found.difference.high) == (0, 0, 0)
    assert not found.discriminates


def test_a_map_without_positive_energy_counts_under_neither_network():
    maps = np.concatenate([ON_OBJECT, [-np.ones((2, 2))]])
    scenes = np.concatenate([ON_SCENE, [np.ones((2, 2))]])
    masks = np.concatenate([MASKS, MASKS[:1]])
    found = contrast(maps, scenes, masks)
    assert found.undefined == (2,)
    assert dataclasses.replace(found, undefined=()) == contrast(ON_OBJECT, ON_SCENE, MASKS)
    one = contrast(maps[1:], scenes[1:], masks[1:])
    assert (one.n, one.difference.mean) == (1, pytest.approx(35))
    assert math.isnan(one.difference.low)
    assert not one.discriminates
    none = contrast(maps[2:], scenes[2:], masks[2:])
    assert (none.n, none.undefined) == (0, (0,))
    assert math.isnan(none.difference.mean)
    assert math.isnan(none.area)
    assert not none.finds_both


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"^\[inv-widgets\] 2 maps under the object network but 1 under the scene"):
        contrast(ON_OBJECT, ON_SCENE[:1], MASKS)
    with pytest.raises(ValueError, match=r"^\[inv-widgets\]"):
        contrast(ON_OBJECT, ON_SCENE, MASKS[:, :1])
    with pytest.raises(ValueError, match=r"^\[inv-widgets\] .* scene network have other sizes"):
        contrast(ON_OBJECT, np.ones((2, 3, 2)), MASKS)


@pytest.fixture(scope="module")
def shipped() -> dict[str, Contrast]:
    """Two plain methods written down here, on both networks."""
    samples = inv.datasets.controlled(48, seed=7)
    maps = {"grad_cam": [], "gradient_x_input": []}
    for part in ("object", "scene"):
        net = inv.Classifier.controlled(part)
        inputs = torch.stack([net.preprocess(sample.picture)[0] for sample in samples])
        taken = capture(net, inputs, layers="last 1")
        weights = taken.gradients[0].mean((2, 3), keepdim=True)
        cam = (weights * taken.maps[0]).sum(1, keepdim=True).clamp(min=0)
        maps["grad_cam"].append(torch.nn.functional.interpolate(cam, (64, 64), mode="bilinear")[:, 0])
        leaves = inputs.clone().requires_grad_()
        (gradients,) = torch.autograd.grad(net.module(leaves).max(1).values.sum(), leaves)
        maps["gradient_x_input"].append((gradients * inputs).abs().sum(1))
    masks = [sample.mask for sample in samples]
    return {name: contrast(*both, masks) for name, both in maps.items()}


@pytest.mark.parametrize("method", ["grad_cam", "gradient_x_input"])
def test_plain_methods_tell_the_two_networks_apart(shipped, method):
    found = shipped[method]
    assert found.n == 48
    assert found.difference.low > 10


def test_grad_cam_is_above_chance_on_the_object_and_below_on_the_scene(shipped):
    assert shipped["grad_cam"].finds_both
