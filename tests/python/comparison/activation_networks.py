"""Subjects around small networks, for the tests of the activation family."""

import numpy as np
import torch
from small_networks import inputs, wrap

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
