"""Subjects around small networks, for the tests of the activation family."""

import numpy as np
import torch
from small_networks import inputs, wrap
from torch import nn

from inv_widgets.classifier import Classifier
from inv_widgets.comparison.subject import Subject
from inv_widgets.pictures import load_picture


def pictures(count, height=12, width=12, seed=0):
    generator = np.random.default_rng(seed)
    return [load_picture(generator.integers(0, 256, (height, width, 3), np.uint8)) for _ in range(count)]


def subject_of(network, count=1, targets=None, size=12, like=None, given=None, **options):
    """A Subject on random inputs; `like` takes another one's network and inputs, `given` are the inputs."""
    net = like.net if like is not None else network if isinstance(network, Classifier) else wrap(network)
    if given is None:
        given = like.inputs if like is not None else inputs(size, count).to(net.device, net.dtype)
    count = len(given)
    targets = [None] * count if targets is None else targets
    return Subject(net, pictures(count), targets, inputs=given, **options)


def network_state(module):
    """All that a method must leave as it was."""
    return (
        [part.training for part in module.modules()],
        [
            len(part._forward_hooks) + len(part._forward_pre_hooks) + len(part._backward_hooks)
            for part in module.modules()
        ],
        [(parameter.requires_grad, parameter.grad) for parameter in module.parameters()],
        [values.clone() for values in module.state_dict().values()],
        torch.is_grad_enabled(),
    )


def assert_same(before, after):
    assert before[:3] + before[4:] == after[:3] + after[4:]
    assert all(torch.equal(one, two) for one, two in zip(before[3], after[3], strict=True))


class Tiny(nn.Module):
    """Two 1 x 1 convolutions with a ReLU: the maps relu(x) and relu(-x), and a score that weighs each cell."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 1, bias=False)
        self.score = nn.Linear(8, 2, bias=False)
        with torch.no_grad():
            self.conv.weight[:] = torch.tensor([1.0, -1.0]).view(2, 1, 1, 1)
            self.score.weight[0] = torch.tensor([4.0, -2.0, 6.0, 1.0, 3.0, 5.0, -7.0, 2.0])
            self.score.weight[1] = 0

    def forward(self, x):
        return self.score(torch.relu(self.conv(x)).flatten(1))


# Tiny's maps are A_0 = [1 2; 0 0] and A_1 = [0 0; 0 3], class 0's gradients [4 -2; 6 1] and [3 5; -7 2].
IMAGE = torch.tensor([[[[1.0, 2.0], [0.0, -3.0]]]])


def tiny(target=0, module=None, **options):
    net = Classifier.from_module(module or Tiny(), lambda _image: IMAGE[0], ["this", "other"])
    return subject_of(net, targets=[target], given=IMAGE, **options)


class Pooled(nn.Module):
    """As peers need it: activations are modules, and after global average pooling comes one linear layer."""

    def __init__(self, inplace=True):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(inplace), nn.MaxPool2d(2), nn.Conv2d(6, 8, 3), nn.ReLU(inplace)
        )
        self.pool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(8, 5)

    def forward(self, x):
        return self.fc(self.pool(self.features(x)).flatten(1))
