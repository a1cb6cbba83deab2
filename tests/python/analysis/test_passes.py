"""Networks that are followed where it is known what they do: the same results, and traced again where they differ."""

import gc
import threading
import weakref

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from equal_captures import assert_equal
from small_networks import (
    BatchNormAfterReLU,
    Functional,
    HandWritten,
    Head,
    InPlace,
    MemoryEfficientSwish,
    PreActivationResNet,
    SharedActivation,
    TwoHeads,
    inputs,
    torchvision_network,
    wrap,
)
from torch import nn

from inv_widgets.analysis import passes, paths
from inv_widgets.analysis.activations import capture
from inv_widgets.analysis.layers import layers

IMAGE = inputs(12)


@pytest.fixture
def traces(monkeypatch):
    """How often a network was traced."""
    made = []
    trace = passes.Trace

    def counted(*arguments, **options):
        made.append(1)
        return trace(*arguments, **options)

    monkeypatch.setattr(passes, "Trace", counted)
    return made


def fresh(module, image=IMAGE, spec="all"):
    """What a capture without any memory of the network gives."""
    paths.memories.pop(module, None)
    got = capture(wrap(module), image, 1, spec)
    paths.memories.pop(module, None)
    return got


NETWORKS = [
    BatchNormAfterReLU, PreActivationResNet, Functional, HandWritten, SharedActivation, InPlace, TwoHeads,
]  # fmt: skip


@pytest.mark.parametrize("make", NETWORKS)
def test_a_followed_network_gives_the_same(make, traces):
    module = make()
    expected = fresh(module)
    del traces[:]
    for spec in ("all", "all", "last 1", "blocks", expected.layers[0].name):
        got = capture(wrap(module), IMAGE, 1, spec)
        assert got.forwards == 1
        names = [layer.name for layer in got.layers]
        for layer, maps, gradients in zip(expected.layers, expected.maps, expected.gradients, strict=True):
            if layer.name in names:
                place = names.index(layer.name)
                assert torch.equal(got.maps[place], maps)
                torch.testing.assert_close(got.gradients[place], gradients)
        assert got.available == expected.available
        if spec == "all":
            assert_equal(got, expected)
    assert len(traces) == 1


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small", "densenet121"])
def test_later_passes_make_no_more_calls_than_the_network(name, traces):
    net = torchvision_network(name)
    calls = []
    for part in net.module.modules():
        part.register_forward_hook(lambda *_: calls.append(1))
    with torch.no_grad():
        net.module.eval()(inputs(64))
    once = len(calls)
    for _ in range(3):
        del calls[:]
        capture(net, inputs(64), 0, "last 2")
        assert len(calls) == once
    assert len(traces) == 1


def test_what_layers_has_seen_is_followed(traces):
    net = wrap(Functional())
    found = layers(net)
    got = capture(net, inputs(224), 0, "all")
    assert list(got.layers) == found
    assert not traces


class Fickle(nn.Module):
    """What it does is told by a flag, or by the picture."""

    def __init__(self):
        super().__init__()
        self.one, self.two, self.other = (nn.Conv2d(a, 4, 3, padding=1) for a in (3, 4, 4))
        self.head = Head(4)
        self.way = "two"
        self.inplace = False

    def forward(self, x):
        bright = bool(x.mean() > 5)
        first = F.relu(self.one(x))
        if bright:
            return self.head(first)
        two = self.two if hasattr(self, "two") else self.second
        if self.way in {"left", "right"}:
            left, right = two(first), self.other(first)
            return self.head(F.relu(left) + right if self.way == "left" else F.relu(right) + left)
        if self.way in {"silu", "gelu"}:
            return self.head((F.silu if self.way == "silu" else F.gelu)(two(first)))
        if self.way == "swapped":
            return self.head(F.relu(self.two(F.relu(self.one(x) * 0.5))))
        second = F.relu((self.other if self.way == "other" else two)(first), inplace=self.inplace)
        if self.way == "overwritten":
            third = F.silu(self.two(first))
            return self.head(third * 1.0 + third.mul_(3))
        return self.head(second)


def changes():
    def flag(name, value):
        return lambda module: setattr(module, name, value)

    def stride(module):
        module.two.stride = (2, 2)

    def replaced(module):
        module.two = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4).eval())

    def another(module):
        module.two = nn.Conv2d(4, 4, 3, padding=1)

    def renamed(module):
        module.second = module.two
        del module.two

    def bigger(module):
        module.two = nn.Conv2d(4, 7, 3, padding=1)
        module.head = Head(7)

    return {
        "another branch": flag("way", "other"),
        "other steps": flag("way", "swapped"),
        "on other maps": flag("way", "right"),
        "another function": flag("way", "gelu"),
        "in place": flag("inplace", True),
        "overwritten later": flag("way", "overwritten"),
        "other sizes": stride,
        "a module replaced by others": replaced,
        "a module replaced by one like it": another,
        "the same modules elsewhere": renamed,
        "more maps": bigger,
    }


@pytest.mark.parametrize("change", changes())
def test_a_network_that_is_changed_between_two_captures(change):
    module = Fickle().eval()
    module.way = {"on other maps": "left", "another function": "silu"}.get(change, "two")
    for _ in range(2):
        capture(wrap(module), IMAGE, 1, "all")
    changes()[change](module)
    first, again = (capture(wrap(module), IMAGE, 1, "all") for _ in range(2))
    expected = fresh(module)
    assert_equal(first, expected)
    assert_equal(again, expected)
    assert first.forwards <= 2
    assert again.forwards == 1


def test_maps_that_are_overwritten_later_are_kept_as_they_were():
    module = Fickle().eval()
    module.way = "overwritten"
    second = F.silu(module.two(F.relu(module.one(IMAGE)))).detach()
    for _ in range(3):
        assert torch.equal(capture(wrap(module), IMAGE, 1, "two:1").maps[0], second)


def test_other_inputs_go_their_own_way():
    module = Fickle().eval()
    net = wrap(module)
    bright = IMAGE + 20
    for image in (IMAGE, bright, IMAGE, inputs(16), inputs(12, 2), IMAGE.double(), bright):
        module.to(image.dtype)
        got = capture(net, image, targets=[1] * len(image), layers="all")
        kept = len(got.available)
        assert kept == (1 if float(image.mean()) > 5 else 2)
        reference = F.relu(module.one(image)).detach()
        torch.testing.assert_close(got.maps[0], reference)
        assert got.layers[0].map_shape == tuple(image.shape[2:])


def test_a_network_that_keeps_changing_is_not_run_twice_for_ever(traces):
    module = Fickle().eval()
    net = wrap(module)
    forwards = [capture(net, image, 1, "all").forwards for image in [IMAGE, IMAGE + 20] * 6]
    assert set(forwards[-6:]) == {1}
    assert sum(forwards) <= len(forwards) + 3
    assert len(traces) >= 12 - 3


class Unseen(nn.Module):
    """What torch functions cannot be seen in, as compiled code."""

    def forward(self, x):
        with torch._C.DisableTorchFunction():
            return x * 2


class Swishes(nn.Module):
    """Custom autograd functions, and a module in which nothing is seen."""

    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        self.swish, self.unseen = MemoryEfficientSwish(), Unseen()
        self.head = Head(4)

    def forward(self, x):
        x = self.swish(self.one(x))
        return self.head(self.swish(self.two(self.unseen(self.swish(x)) + self.unseen(x))))


def test_modules_in_which_nothing_is_seen_are_followed_too(traces):
    module = Swishes().eval()
    expected = fresh(module)
    del traces[:]
    for _ in range(4):
        assert_equal(capture(wrap(module), IMAGE, 1, "all"), expected)
    assert len(traces) == 1


def test_nothing_is_left_on_the_network_or_beside_it():
    hooks = torch.nn.modules.module._global_forward_pre_hooks
    module = Swishes().train()
    net = wrap(module)
    capture(net, IMAGE, 1, "all")

    def failing(_module, _args):
        raise ZeroDivisionError

    handle = module.two.register_forward_pre_hook(failing)
    with pytest.raises(ZeroDivisionError):
        capture(net, IMAGE, 1, "all")
    handle.remove()
    capture(net, IMAGE, 1, "all")
    assert not hooks
    assert all(not part._forward_hooks and not part._forward_pre_hooks for part in module.modules())
    assert all(part.training for part in module.modules())
    assert torch.overrides._get_current_function_mode() is None


def test_the_memory_keeps_no_network_and_no_tensor_alive():
    module = Functional()
    weak = [weakref.ref(module), weakref.ref(module.conv1.weight)]
    seen = []
    handle = module.conv2.register_forward_hook(lambda _m, _i, output: seen.append(weakref.ref(output)))
    for _ in range(3):
        capture(wrap(module), IMAGE, 1, "all")
    handle.remove()
    gc.collect()
    assert [one() for one in seen] == [None] * 3
    del module
    gc.collect()
    assert [one() for one in weak] == [None, None]


def test_other_threads_networks_are_no_part_of_it(traces):
    module, beside = Functional(), Functional().eval()
    net = wrap(module)
    capture(net, IMAGE, 1, "all")
    stop = threading.Event()

    def work():
        while not stop.is_set():
            with torch.no_grad():
                beside(IMAGE)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert all(capture(net, IMAGE, 1, "all").forwards == 1 for _ in range(30))
    finally:
        stop.set()
        thread.join()
    assert len(traces) == 1


def test_only_so_many_shapes_are_remembered():
    module = Functional()
    for size in range(8, 30, 2):
        capture(wrap(module), inputs(size), 1)
    assert len(paths.memories[module].paths) == 8
