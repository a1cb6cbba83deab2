"""Other maps in place of a layer's: what the rest of the network makes of them, and how the network is left."""

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from activation_networks import assert_same, network_state, subject_of
from small_networks import Functional, InPlace, SharedActivation, TwoHeads, torchvision_network, wrap
from torch import nn

from inv_widgets.comparison.intervention import with_maps


def random_maps(like, count, seed=1):
    return torch.randn(count, *like.shape[1:], generator=torch.Generator().manual_seed(seed)).to(like)


def test_functional_and_in_place_activations_by_hand():
    module = Functional()
    subject = subject_of(module, count=2)
    found = subject.capture("all")
    x = F.relu(module.conv1(subject.inputs[1:]))
    y = torch.tanh(x + module.conv2(x))
    z = module.conv3(F.avg_pool2d(y, 2)).clamp(min=0)

    def rest(place, maps):
        first = maps if place == 0 else x
        second = maps if place == 1 else torch.tanh(first + module.conv2(first))
        third = maps if place == 2 else module.conv3(F.avg_pool2d(second, 2)).clamp(min=0)
        return module.head(third)

    for place, (layer, maps) in enumerate(zip(found.layers, (x, y, z), strict=True)):
        torch.testing.assert_close(found.maps[place][1:], maps)
        # clamp_ takes what an activation leaves: positive maps go through.
        changed = random_maps(maps, 3).abs()
        got = with_maps(subject, layer, changed, 1)
        assert not got.requires_grad
        torch.testing.assert_close(got, torch.cat([rest(place, one[None]) for one in changed]))


def test_what_overwrites_maps_later_starts_from_the_new_ones():
    module = InPlace()
    subject = subject_of(module)
    x, y = F.silu(module.conv1(subject.inputs)), F.silu(module.conv2(subject.inputs))

    def rest(x, y):
        z = F.relu(module.conv3((x + y) * 2 + y * 3))
        return module.head(z[:, :2].repeat(1, 2, 1, 1) * 0.5 + z)

    changed = random_maps(x, 2)
    torch.testing.assert_close(with_maps(subject, "conv1", changed, 0), rest(changed, y))
    torch.testing.assert_close(with_maps(subject, "conv2", changed, 0), rest(x, changed))


def test_one_call_of_a_module_that_is_called_twice():
    module = SharedActivation()
    subject = subject_of(module)
    stem = module.swish(module.stem(subject.inputs))
    first = module.swish(module.shared(stem))

    def rest(maps):
        return module.head(module.swish(module.shared(F.max_pool2d(maps, 2))))

    changed = random_maps(first, 3)
    torch.testing.assert_close(with_maps(subject, "shared:0", changed, 0), rest(changed))
    second = random_maps(F.max_pool2d(first, 2), 3)
    torch.testing.assert_close(with_maps(subject, "shared:1", second, 0), module.head(second))


@pytest.mark.parametrize("name", ["resnet18", "densenet121", "googlenet", "mobilenet_v2", "convnext_tiny"])
def test_its_own_maps_change_nothing(name):
    net = torchvision_network(name)
    subject = subject_of(net, size=64)
    found = subject.capture("blocks")
    for layer, maps in zip(found.layers, found.maps, strict=True):
        torch.testing.assert_close(with_maps(subject, layer, maps, 0), subject.own_logits, rtol=1e-4, atol=1e-5)
        other = with_maps(subject, layer, random_maps(maps, 1), 0)
        assert (other - subject.own_logits).abs().max() > 1e-4 * subject.own_logits.abs().max()


class ChannelsLast(nn.Module):
    """As networks of other frameworks are: maps are N x h x w x C between convolutions."""

    def __init__(self):
        super().__init__()
        self.one, self.two, self.head = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 6, 3, padding=1), nn.Linear(6, 5)

    def forward(self, x):
        x = F.relu(self.one(x).permute(0, 2, 3, 1))
        x = F.relu(self.two(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1))
        return self.head(x.mean((1, 2)))


def test_maps_with_channels_last():
    module = ChannelsLast()
    subject = subject_of(module)
    given = F.relu(module.one(subject.inputs))
    torch.testing.assert_close(subject.maps(subject.layers("one")[0]), given)
    changed = random_maps(given, 2)
    expected = module.head(F.relu(module.two(changed)).mean((2, 3)))
    torch.testing.assert_close(with_maps(subject, "one", changed, 0), expected)
    changed = random_maps(module.two(given), 2)
    torch.testing.assert_close(with_maps(subject, "two", changed, 0), module.head(changed.mean((2, 3))))


def test_batches_and_counts():
    subject = subject_of(Functional(), batch_size=2)
    maps = random_maps(subject.capture("conv1").maps[0], 5)
    before = subject.forwards
    got = with_maps(subject, "conv1", maps, 0)
    assert subject.forwards - before == 5  # where the layer is, the capture has seen
    torch.testing.assert_close(got, with_maps(subject_of(Functional(), like=subject, batch_size=5), "conv1", maps, 0))
    assert with_maps(subject, "conv1", maps[:0], 0).shape == (0, 5)


def test_half_precision_and_tuples():
    subject = subject_of(TwoHeads().half())
    maps = subject.capture("conv1").maps[0]
    assert maps.dtype == torch.float16
    got = with_maps(subject, "conv1", torch.cat([maps, 0 * maps]).float(), 0)
    assert got.dtype == torch.float16
    torch.testing.assert_close(got[:1], subject.own_logits)
    assert (got[0] != got[1]).any()


def test_errors():
    subject = subject_of(Functional())
    maps = subject.capture("conv1").maps[0]
    with pytest.raises(ValueError, match=r"^\[inv-widgets\] The maps are \(1, 4, 3, 3\): layer 'conv1' takes M x 4 x"):
        with_maps(subject, "conv1", maps[..., :3, :3], 0)
    with pytest.raises(ValueError, match=r"means 3 layers .* works at one"):
        with_maps(subject, "all", maps, 0)
    with pytest.raises(KeyError, match="no layer 'conv9'"):
        with_maps(subject, "conv9", maps, 0)


class Fickle(nn.Module):
    """Skips a convolution for dark pictures."""

    def __init__(self):
        super().__init__()
        self.one, self.two, self.head = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1), nn.Linear(3, 2)
        self.skip = False

    def forward(self, x):
        x = F.relu(self.one(x))
        return self.head((x if self.skip else F.relu(self.two(x))).mean((2, 3)))


def test_a_network_that_takes_another_way():
    module = Fickle()
    subject = subject_of(module)
    maps = subject.capture("two").maps[0]
    with_maps(subject, "two", maps, 0)
    module.skip = True
    with pytest.raises(RuntimeError, match="another way than before"):
        with_maps(subject, "two", maps, 0)
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in module.modules())


def test_the_network_is_left_as_found():
    module = Functional().train()
    for parameter in module.parameters():
        parameter.requires_grad_(False)
    module.conv2.eval()
    subject = subject_of(wrap(module))
    before = network_state(module)
    picture = subject.inputs.clone()
    with torch.no_grad():
        with_maps(subject, "conv1", random_maps(subject.capture("conv1").maps[0], 4), 0)
    assert_same(before, network_state(module))
    assert torch.equal(subject.inputs, picture)
