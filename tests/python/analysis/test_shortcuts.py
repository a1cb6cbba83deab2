"""Maps taken by hooks alone: the same as by a trace, and never where a network leaves its way, however little of it."""

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from equal_captures import assert_equal
from small_networks import (
    BatchNormAfterReLU,
    Functional,
    Head,
    InPlace,
    PreActivationResNet,
    SharedActivation,
    inputs,
    torchvision_network,
    wrap,
)
from torch import nn

from inv_widgets.analysis import passes, paths
from inv_widgets.analysis.activations import capture

IMAGE = inputs(12)
BRIGHT = IMAGE + 20


@pytest.fixture
def ways(monkeypatch):
    """How maps were taken, pass by pass."""
    taken = []
    for name in ("Trace", "Followed", "Hooked"):

        class Counted(getattr(passes, name)):
            way = name

            def __enter__(self):
                taken.append(self.way)
                return super().__enter__()

        monkeypatch.setattr(passes, name, Counted)
    return taken


def fresh(module, image, spec):
    """What a capture without any memory of the network gives."""
    known = paths.memories.pop(module, None)
    got = capture(wrap(module), image, 1, spec)
    paths.memories.pop(module, None)
    if known is not None:
        paths.memories[module] = known
    return got


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small", "densenet121", "googlenet"])
def test_well_known_networks_give_the_same_by_hooks_alone(name, ways):
    net = torchvision_network(name)
    image = inputs(64)
    for spec in ("last 1", "all"):
        expected = fresh(net.module, image, spec)
        for _ in range(3):
            assert_equal(capture(net, image, 1, spec), expected)
        del ways[:]
        again = capture(net, image, 1, spec)
        assert_equal(again, expected)
        assert again.forwards == 1
        assert ways == ["Followed" if name == "densenet121" else "Hooked"]  # it ends in a function's activation


@pytest.mark.parametrize("make", [BatchNormAfterReLU, Functional, InPlace, PreActivationResNet, SharedActivation])
def test_hooks_learn_once(make, ways):
    net = wrap(make())
    for _ in range(4):
        capture(net, IMAGE, 1, "last 1")
    assert ways[0] == "Trace"
    assert ways.count("Trace") == 1
    assert ways.count("Followed") in {1, 3}
    assert ways[-1] == ("Followed" if ways.count("Followed") == 3 else "Hooked")


def test_not_where_there_is_no_graph(ways):
    net = wrap(SharedActivation())
    for _ in range(3):
        with torch.no_grad():
            passes.watched(net.module.eval(), IMAGE.clone, "all")
    assert "Hooked" not in ways


class Act(nn.Module):
    """An activation that may overwrite its result unseen by autograd."""

    twice = False

    def forward(self, x):
        y = F.silu(x)
        if self.twice:
            y.detach().mul_(2)
        return y


class Wayward(nn.Module):
    """Modules in a row, all with an activation; a bright picture goes another way."""

    def __init__(self, way):
        super().__init__()
        self.one, self.two, self.three, self.spare = (nn.Conv2d(a, 4, 3, padding=1) for a in (3, 4, 4, 4))
        self.act, self.last, self.other = nn.ReLU(), Act(), nn.GELU()
        self.head = Head(4)
        self.way = way

    def forward(self, x):
        way = self.way if float(x.detach().mean()) > 5 else ""
        x = self.one(x)
        if way == "a function before the activation":
            x = x.square()
        x = self.act(x)
        if way == "a module more":
            x = self.act(x)
        if way == "a function between modules":
            x = F.silu(x)
        y = x if way == "a module less" else self.act((self.spare if way == "another module" else self.two)(x))
        if way == "on other maps":
            y = self.act(self.two(IMAGE[:, :1].expand(-1, 4, -1, -1) + 0 * y))
        y = F.max_pool2d(y, 3, 1 if way == "another size" else 2, 1)
        left, right = y.chunk(2, 1)
        y = torch.cat([right, left] if way == "the other half" else [left, right], 1)
        y = self.three(y)
        self.last.twice = way == "overwritten before it is returned"
        y = (self.other if way == "another activation" else self.last)(y)
        if way == "a function after the last":
            y = y + y.mean()
        z = self.head(y)
        if way == "overwritten at the end":
            y.detach().mul_(2)
        return z


WAYS = [
    "a function before the activation", "a module more", "a function between modules", "a module less",
    "another module", "on other maps", "another size", "the other half", "overwritten before it is returned",
    "another activation", "a function after the last", "overwritten at the end",
]  # fmt: skip


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("spec", ["all", "last 1", "one"])
@pytest.mark.parametrize("way", WAYS)
def test_a_picture_that_goes_another_way(way, spec, frozen, ways):
    torch.manual_seed(1)
    module = Wayward(way).eval().requires_grad_(not frozen)
    net = wrap(module)
    expected, bright = fresh(module, IMAGE, spec), fresh(module, BRIGHT, spec)
    for _ in range(3):
        assert_equal(capture(net, IMAGE, 1, spec), expected)
    assert ways[-1] == "Hooked"
    del ways[:]
    got = capture(net, BRIGHT, 1, spec)
    assert ways[0] == "Hooked"
    assert_equal(got, bright)
    harmless = spec == "one" and way.startswith("overwritten")  # not these maps
    assert got.forwards == len(ways) == (1 if harmless else 2)
    for _ in range(3):
        assert_equal(capture(net, IMAGE, 1, spec), expected)


def test_a_module_that_calls_itself_ends_its_first_call_last(ways):
    class Nested(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(4, 4, 3, padding=1)

        def forward(self, x, depth=1):
            y = self.conv(x)
            return F.relu(x + (self(y, depth - 1) if depth else y))

    module = nn.Sequential(nn.Conv2d(3, 4, 3), Nested(), Head(4)).eval()
    expected = fresh(module, IMAGE, "all")
    for _ in range(4):
        assert_equal(capture(wrap(module), IMAGE, 1, "all"), expected)
    assert "Hooked" not in ways[-2:]


def test_calls_in_another_order():
    class Order(nn.Module):
        def __init__(self):
            super().__init__()
            self.start, self.one, self.two = (nn.Conv2d(a, 4, 3, padding=1) for a in (3, 4, 4))
            self.act_one, self.act_two = nn.ReLU(), nn.ReLU()
            self.head = Head(4)

        def forward(self, x):
            bright = float(x.detach().mean()) > 5
            x = self.start(x)
            for conv, act in [(self.one, self.act_one), (self.two, self.act_two)][:: -1 if bright else 1]:
                x = act(conv(x))
            return self.head(x)

    module = Order().eval().requires_grad_(False)
    net = wrap(module)
    for _ in range(3):
        capture(net, IMAGE, 1, "all")
    got = capture(net, BRIGHT, 1, "all")
    assert_equal(got, fresh(module, BRIGHT, "all"))
    assert [layer.name for layer in got.layers] == ["start", "two", "one"]


def test_the_gradient_of_the_right_call():
    module = SharedActivation().eval()
    net = wrap(module)
    expected = [fresh(module, IMAGE, layer.name) for layer in capture(net, IMAGE, 1, "all").layers]
    for want in expected:
        for _ in range(3):
            assert_equal(capture(net, IMAGE, 1, want.layers[0].name), want)


def test_hooks_are_removed_after_an_exception():
    module = Wayward("").train()
    net = wrap(module)
    for _ in range(3):
        capture(net, IMAGE, 1, "all")

    def failing(_module, _args):
        raise ZeroDivisionError

    handle = module.three.register_forward_pre_hook(failing)
    with pytest.raises(ZeroDivisionError):
        capture(net, IMAGE, 1, "all")
    handle.remove()
    assert not torch.nn.modules.module._global_forward_pre_hooks
    assert all(not part._forward_hooks and not part._forward_pre_hooks for part in module.modules())
    assert all(part.training for part in module.modules())
