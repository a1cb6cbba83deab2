"""The two networks of the controlled benchmark: shape, weights, accuracy, and that each sees its own part only."""

from __future__ import annotations

import argparse
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import inv_widgets as inv
from inv_widgets import datasets
from inv_widgets.datasets.controlled_networks import (
    CONTROLLED_CATEGORIES,
    build_controlled_network,
    controlled_transform,
)
from inv_widgets.datasets.controlled_pictures import Parts

TOOLS = Path(__file__).parents[2] / "tools"
N = 250


@pytest.fixture
def training(monkeypatch):
    monkeypatch.syspath_prepend(TOOLS)
    import train_controlled

    return train_controlled


@pytest.fixture(scope="module")
def networks():
    return {part: build_controlled_network(part) for part in CONTROLLED_CATEGORIES}


def named(network, part, samples):
    batch = torch.stack([controlled_transform(Image.fromarray(sample.picture)) for sample in samples])
    with torch.no_grad():
        numbers = torch.cat([network(some).argmax(1) for some in batch.split(100)])
    return [CONTROLLED_CATEGORIES[part][number] for number in numbers.tolist()]


def share(one, other):
    return np.mean([a == b for a, b in zip(one, other, strict=True)])


@pytest.mark.parametrize("part", CONTROLLED_CATEGORIES)
def test_weights_are_small_and_never_a_pickle(part):
    path = datasets.HERE / f"controlled_{part}.npz"
    assert path.stat().st_size <= 500_000
    with zipfile.ZipFile(path) as files:
        assert all(name.endswith(".npy") for name in files.namelist())
    with np.load(path, allow_pickle=False) as stored:
        assert {stored[name].dtype for name in stored.files} == {np.dtype(np.float16)}
        assert all(np.isfinite(stored[name]).all() for name in stored.files)


def test_one_architecture_four_map_sizes_relu_and_global_pooling(networks):
    seen = {}
    for part, network in networks.items():
        sizes = []
        handles = [
            module.register_forward_hook(lambda _m, _i, output, sizes=sizes: sizes.append(tuple(output.shape[1:])))
            for module in network.modules()
            if isinstance(module, (nn.ReLU, nn.AdaptiveAvgPool2d))
        ]
        with torch.no_grad():
            assert network(torch.zeros(2, 3, 64, 64)).shape == (2, len(CONTROLLED_CATEGORIES[part]))
        for handle in handles:
            handle.remove()
        seen[part] = sizes
        layers = [name for name, module in network.named_modules() if isinstance(module, (nn.Conv2d, nn.ReLU))]
        assert layers == [f"block{b}.{kind}{i}" for b in (1, 2, 3, 4) for i in (1, 2) for kind in ("conv", "relu")]
        assert not any(isinstance(module, nn.BatchNorm2d) for module in network.modules())
    maps = [(16, 64, 64)] * 2 + [(32, 32, 32)] * 2 + [(64, 16, 16)] * 2 + [(96, 8, 8)] * 2
    assert seen["object"] == seen["scene"] == [*maps, (96, 1, 1)]


def test_two_networks_are_equal_and_share_nothing(networks):
    other = build_controlled_network("scene")
    assert not any(module.training for module in other.modules())
    picture = controlled_transform(Image.fromarray(inv.datasets.controlled(1)[0].picture))[None]
    with torch.no_grad():
        assert torch.equal(networks["scene"](picture), other(picture))
        other.get_submodule("classifier").bias.add_(1.0)
        assert not torch.equal(networks["scene"](picture), other(picture))


@pytest.mark.parametrize(("part", "least"), [("object", 0.90), ("scene", 0.98)])
def test_they_are_right_on_pictures_of_what_is_shipped(networks, part, least):
    samples = inv.datasets.controlled(N, seed=1)
    truth = [getattr(sample, f"{part}_category") for sample in samples]
    assert share(named(networks[part], part, samples), truth) >= least


def test_another_scene_changes_little_of_what_the_object_network_says(networks):
    one, other = inv.datasets.controlled(N, seed=2), inv.datasets.controlled(N, seed=2, scene_seed=3)
    said = [named(networks["object"], "object", samples) for samples in (one, other)]
    assert share(*said) >= 0.90
    # ... and much of what the scene network says.
    assert share(*(named(networks["scene"], "scene", samples) for samples in (one, other))) < 0.4


def test_another_object_changes_little_of_what_the_scene_network_says(networks):
    one, other = inv.datasets.controlled(N, seed=3, scene_seed=2), inv.datasets.controlled(N, seed=4, scene_seed=2)
    said = [named(networks["scene"], "scene", samples) for samples in (one, other)]
    assert share(*said) >= 0.90
    assert share(*(named(networks["object"], "object", samples) for samples in (one, other))) < 0.4


@pytest.mark.parametrize("part", CONTROLLED_CATEGORIES)
def test_as_a_classifier(part):
    net = inv.Classifier.controlled(part)
    assert net.categories == CONTROLLED_CATEGORIES[part]
    assert part in net.name
    samples = inv.datasets.controlled(20, seed=6)
    found = [net.predict(sample.picture)[0].name for sample in samples]
    assert share(found, named(net.module, part, samples)) == 1
    assert net.preprocess(samples[0].picture).shape == (1, 3, 64, 64)


def test_there_is_no_third():
    with pytest.raises(ValueError, match=r"^\[inv-widgets\] There is no controlled network 'objects': give"):
        inv.Classifier.controlled("objects")


def test_the_transform_is_the_one_of_the_training(training):
    pixels = inv.datasets.controlled(1)[0].picture
    expected = training.normalise(torch.from_numpy(pixels.copy())[None])[0]
    assert torch.allclose(controlled_transform(Image.fromarray(pixels)), expected, atol=1e-6)


@pytest.mark.parametrize("size", [(64, 64), (300, 200), (5, 60)])
def test_the_transform_squeezes_the_whole_picture(size):
    left_red = np.zeros((size[1], size[0], 3), np.uint8)
    left_red[:, : size[0] // 2, 0] = 255
    out = controlled_transform(Image.fromarray(left_red))
    assert (out.shape, out.dtype) == ((3, 64, 64), torch.float32)
    assert out[0, :, 0] == pytest.approx((1 - 0.4) / 0.2, abs=1e-4)
    assert out[0, :, -1] == pytest.approx(-0.4 / 0.2, abs=1e-4)
    assert out[1:] == pytest.approx(-0.4 / 0.2, abs=1e-4)


def test_a_few_steps_of_training_lower_the_loss_and_repeat_bit_for_bit(training, monkeypatch, capsys):
    tall, wide = np.zeros((2, 28, 28), np.uint8)
    tall[2:26, 11:17] = wide[11:17, 2:26] = 200
    noise = np.random.default_rng(0).integers(0, 256, (100, 100), dtype=np.uint8)
    parts = Parts({"trouser": [tall], "sneaker": [wide]}, {"grass": noise})
    monkeypatch.setattr(training, "training_parts", lambda _part, _options: (parts, parts))
    monkeypatch.setattr(training, "TRAINING_CROPS", (64, 64))
    monkeypatch.setattr(training, "VALIDATION", 20)
    options = argparse.Namespace(pictures=64, batch=16, rate=0.05, decay=0.0)
    states = []
    for _ in range(2):
        torch.manual_seed(2)
        states.append(training.train_network("object", 3, options).state_dict())
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    losses = [float(line.split()[4]) for line in capsys.readouterr().out.splitlines()]
    assert losses[2] < losses[0]
    assert losses[:3] == losses[3:]
