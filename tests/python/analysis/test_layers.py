"""Which layers are found, what they are called, and how they are chosen."""

import dataclasses

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from small_networks import (
    BatchNormAfterReLU,
    Functional,
    HandWritten,
    Head,
    InPlace,
    NoConvolution,
    PoolBeforeActivation,
    PreActivationResNet,
    SharedActivation,
    TwoHeads,
    inputs,
    torchvision_network,
    wrap,
)
from torch import nn

from inv_widgets.analysis.activations import capture
from inv_widgets.analysis.layers import layers
from inv_widgets.analysis.selection import select


def found(net, size=64):
    return layers(net, torch.full((3, size, size), 0.5))


def names(net, size=64):
    return [layer.name for layer in found(net, size)]


def table(net, size=16):
    return [(layer.name, layer.kind, layer.activation, layer.map_shape[0]) for layer in found(net, size)]


def transform(image):
    return torch.full((3, image.height, image.width), 0.5)


def test_vgg16_has_thirteen_layers_in_five_blocks():
    vgg = found(torchvision_network("vgg16"), 64)
    convolutions = [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28]
    assert [layer.name for layer in vgg] == [f"features.{i}" for i in convolutions]
    assert [layer.activation for layer in vgg] == [f"features.{i + 1}" for i in convolutions]
    assert [layer.n_maps for layer in vgg] == [64] * 2 + [128] * 2 + [256] * 3 + [512] * 6
    assert [layer.map_shape for layer in vgg] == [(64, 64)] * 2 + [(32, 32)] * 2 + [(16, 16)] * 3 + [(8, 8)] * 3 + [
        (4, 4)
    ] * 3
    assert [(layer.block, layer.layer_in_block) for layer in vgg][-4:] == [(4, 3), (5, 1), (5, 2), (5, 3)]
    assert [layer.depth for layer in vgg] == list(range(13))
    assert vgg[6].title == "block 3, layer 3"


def test_resnet18_absorbs_the_convolution_that_ends_in_the_add():
    resnet = found(torchvision_network("resnet18"), 64)
    blocks = [name for i in (1, 2, 3, 4) for j in (0, 1) for name in (f"layer{i}.{j}.conv1", f"layer{i}.{j}")]
    assert [layer.name for layer in resnet] == ["conv1", *blocks]
    by_name = {layer.name: layer for layer in resnet}
    assert by_name["layer2.0"].kind == "add"
    assert by_name["layer2.0"].activation == "layer2.0.relu:1"
    assert by_name["layer2.0.conv1"].activation == "layer2.0.relu:0"
    assert {"layer2.0.conv2", "layer2.0.downsample.0", "layer2.0.relu:1"} <= set(by_name["layer2.0"].aliases)
    assert [layer.name for layer in select(resnet)] == ["conv1", "layer1.1", "layer2.1", "layer3.1", "layer4.1"]


def test_mobilenet_v3_takes_no_gate_for_a_layer():
    mobilenet = found(torchvision_network("mobilenet_v3_small"), 64)
    got = [layer.name for layer in mobilenet]
    assert len(got) == 34
    assert not [name for name in got if "fc1" in name or "fc2" in name]
    assert got[:4] == ["features.0.0", "features.1.block.0.0", "features.1.block.2.0", "features.2.block.0.0"]
    assert got[-4:] == ["features.11.block.0.0", "features.11.block.1.0", "features.11", "features.12.0"]
    adds = [layer.name for layer in mobilenet if layer.kind == "add"]
    assert adds == [f"features.{i}" for i in (3, 5, 6, 8, 10, 11)]
    assert mobilenet[-1].activation == "features.12.2"
    assert next(layer for layer in mobilenet if layer.name == "features.1.block.2.0").activation == ""


def test_densenet121_ends_in_the_activation_after_its_last_norm():
    densenet = found(torchvision_network("densenet121"), 64)
    assert len(densenet) == 121
    assert [layer.name for layer in densenet[:3]] == [
        "features.conv0",
        "features.denseblock1.denselayer1.conv1",
        "features.denseblock1.denselayer1.conv2",
    ]
    assert densenet[1].activation == "features.denseblock1.denselayer1.relu2"
    assert densenet[2].activation == ""
    last = densenet[-1]
    assert (last.name, last.kind, last.activation, last.n_maps) == ("features.norm5", "cat", "relu", 1024)
    assert "features.denseblock4" in last.aliases
    assert [layer.kind for layer in densenet].count("cat") == 1
    transitions = [f"features.transition{i}.conv" for i in (1, 2, 3)]
    assert [layer.name for layer in select(densenet)] == ["features.conv0", *transitions, "features.norm5"]


def test_googlenet_takes_functions_for_activations_and_a_cat_before_pooling_for_a_layer():
    googlenet = found(torchvision_network("googlenet"), 64)
    assert len(googlenet) == 57 + 3
    assert {layer.activation for layer in googlenet if layer.kind == "conv"} == {"relu"}
    assert [layer.name for layer in googlenet if layer.kind == "cat"] == ["inception3b", "inception4e", "inception5b"]
    assert [layer.name for layer in select(googlenet)] == [
        "conv1.conv",
        "conv3.conv",
        "inception3b",
        "inception4e",
        "inception5b",
    ]


def test_convnext_takes_maps_n_c_h_w_only():
    convnext = found(torchvision_network("convnext_tiny"), 64)
    depths = (3, 3, 9, 3)
    expected = []
    for stage, depth in enumerate(depths):
        expected.append("features.0.0" if stage == 0 else f"features.{2 * stage}.1")
        for block in range(depth):
            name = f"features.{2 * stage + 1}.{block}"
            expected += [f"{name}.block.0", name]
    assert [layer.name for layer in convnext] == expected
    assert {layer.activation for layer in convnext} == {""}
    assert [layer.map_shape[0] for layer in select(convnext)] == [16, 8, 4, 2]


def test_efficientnet_lite_tells_calls_of_one_activation_apart():
    net = pytest.importorskip("inv_widgets.classifier").Classifier.demo("photos")
    lite = layers(net)
    assert len(lite) == 49
    activations = [layer.activation for layer in lite if "_swish:" in layer.activation]
    assert len(set(activations)) == len(activations) > 20
    expand, depthwise = lite[3], lite[4]
    assert (expand.name, expand.activation) == ("_blocks.1._expand_conv", "_blocks.1._swish:0")
    assert (depthwise.name, depthwise.activation) == ("_blocks.1._depthwise_conv", "_blocks.1._swish:1")
    assert select(lite, "_blocks.1._swish:1") == [depthwise]
    with pytest.raises(ValueError, match=r"'_blocks.1._swish' is called several times: name one call"):
        select(lite, "_blocks.1._swish")
    assert select(lite, "_blocks.1._swish:*") == [expand, depthwise]
    assert [layer.name for layer in lite if layer.kind == "add"] == [
        f"_blocks.{i}" for i in (2, 4, 6, 7, 9, 10, 12, 13, 14)
    ]
    assert [layer.map_shape[0] for layer in select(lite)] == [112, 56, 28, 14, 7]


def test_batch_norm_after_the_activation_leaves_the_maps_before_it():
    assert table(wrap(BatchNormAfterReLU())) == [("conv1", "conv", "relu:0", 16), ("conv2", "conv", "relu:1", 8)]


def test_pre_activation_residual_blocks():
    assert table(wrap(PreActivationResNet())) == [
        ("stem", "conv", "relu", 16),
        ("blocks.0.conv1", "conv", "relu", 16),
        ("blocks.0", "add", "relu", 16),
        ("blocks.1.conv1", "conv", "relu", 8),
        ("blocks.1", "add", "relu", 8),
        ("blocks.2.conv1", "conv", "relu", 8),
        ("blocks.2", "add", "relu", 8),
    ]


def test_functions_and_operators_are_seen():
    assert table(wrap(Functional())) == [
        ("conv1", "conv", "relu", 16),
        ("add", "add", "tanh", 16),
        ("conv3", "conv", "clamp", 8),
    ]


def test_activations_written_by_hand_are_one_and_a_gate_is_none():
    assert table(wrap(HandWritten())) == [
        ("conv1", "conv", "mul", 16),
        ("conv2", "conv", "mul", 16),
        ("conv3", "conv", "maximum", 16),
        ("conv4", "conv", "", 16),
    ]


def test_calls_of_one_module_are_told_apart():
    assert table(wrap(SharedActivation())) == [
        ("stem", "conv", "swish:0", 16),
        ("shared:0", "conv", "swish:1", 16),
        ("shared:1", "conv", "swish:2", 8),
    ]


def test_an_activation_behind_a_pool_is_the_convolutions():
    assert table(wrap(PoolBeforeActivation())) == [("conv1", "conv", "relu", 7), ("conv2", "conv", "relu", 2)]


def conv(before, after):
    return nn.Conv2d(before, after, 3, padding=1)


@pytest.mark.parametrize(
    "activation",
    [
        nn.ReLU(), nn.ReLU(inplace=True), nn.ReLU6(), nn.LeakyReLU(), nn.PReLU(), nn.ELU(inplace=True), nn.SELU(),
        nn.CELU(), nn.GELU(), nn.SiLU(inplace=True), nn.Mish(), nn.Hardswish(), nn.Hardsigmoid(), nn.Softplus(),
        nn.Tanh(), nn.Sigmoid(), nn.Softsign(), nn.LogSigmoid(), nn.Tanhshrink(), nn.Threshold(0.1, 0.0), nn.RReLU(),
        nn.Hardtanh(inplace=True),
    ],
    ids=lambda activation: f"{type(activation).__name__}{getattr(activation, 'inplace', '')}",
)  # fmt: skip
def test_every_activation_module_is_one(activation):
    module = nn.Sequential(conv(3, 4), nn.BatchNorm2d(4), activation, conv(4, 4), Head(4))
    assert table(wrap(module)) == [("0", "conv", "2", 16), ("3", "conv", "", 16)]
    got = capture(wrap(module), inputs(16), 0, "all")
    expected = module.eval()[:3](inputs(16))
    torch.testing.assert_close(got.maps[0], expected.detach(), rtol=0, atol=0)


@pytest.mark.parametrize(
    "function",
    [
        F.relu_, F.relu6, torch.Tensor.relu, torch.relu, lambda x: F.hardtanh(x, 0.0, 6.0, True), torch.sigmoid,
        lambda x: x * F.relu6(x + 3), lambda x: x * torch.tanh(F.softplus(x)), lambda x: torch.where(x > 0, x, 0.1 * x),
        lambda x: torch.clamp(x, min=0), lambda x: x.clamp_min_(0), lambda x: x * (x > 0), lambda x: F.relu(x).square(),
        lambda x: x.sigmoid().mul(x), lambda x: F.leaky_relu_(x, 0.2), lambda x: torch.max(x, torch.zeros_like(x)),
        torch.square,
    ],
    ids=range(17),
)  # fmt: skip
def test_every_activation_function_is_one(function):
    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.norm, self.head = conv(3, 4), nn.BatchNorm2d(4), Head(4)

        def forward(self, x):
            return self.head(function(self.norm(self.conv(x))))

    net = wrap(Network().eval())
    got = capture(net, inputs(16), 0)
    expected = function(net.module.norm(net.module.conv(inputs(16)))).detach()
    assert got.layers[0].activation != ""
    if got.layers[0].activation != "relu":  # F.relu(x).square(): both are right, the first is an activation by itself
        torch.testing.assert_close(got.maps[0], expected, rtol=0, atol=0)


def test_convolutions_without_a_module_are_named_after_the_block():
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.randn(2, 3, 3, 3, 3) * 0.1)

        def forward(self, x):
            y = F.relu(F.conv2d(x, self.weight[0], padding=1))
            return F.relu(x + F.conv2d(y, self.weight[1], padding=1))

    assert table(wrap(nn.Sequential(Block(), Block(), Head(3)))) == [
        ("0:0", "conv", "relu", 16),
        ("0", "add", "relu", 16),
        ("1:0", "conv", "relu", 16),
        ("1", "add", "relu", 16),
    ]


def test_gates_of_many_kinds_are_no_layers_and_do_not_hide_the_add():
    class Attention(nn.Module):
        """A spatial gate and an ECA gate (whose gate is as large as the maps), before a residual add."""

        def __init__(self):
            super().__init__()
            self.conv, self.bn = conv(4, 4), nn.BatchNorm2d(4)
            self.spatial, self.eca = nn.Conv2d(2, 1, 7, padding=3), nn.Conv1d(1, 1, 3, padding=1)

        def forward(self, x):
            y = self.bn(self.conv(x))
            y = y * torch.sigmoid(self.spatial(torch.cat([y.mean(1, keepdim=True), y.amax(1, keepdim=True)], 1)))
            gate = self.eca(y.mean((2, 3)).view(len(y), 1, -1)).sigmoid().view(len(y), -1, 1, 1)
            return F.relu(x + y * gate.expand_as(y))

    assert table(wrap(nn.Sequential(conv(3, 4), nn.ReLU(), Attention(), Head(4)))) == [
        ("0", "conv", "1", 16),
        ("2", "add", "relu", 16),
    ]


def test_an_offset_a_map_is_made_by_no_layer():
    class Context(nn.Module):
        """Global context (Cao et al. 2019): maps are summed by attention, and the result is added to each cell."""

        def __init__(self):
            super().__init__()
            self.attention, self.fc1, self.fc2 = nn.Conv2d(4, 1, 1), nn.Conv2d(4, 2, 1), nn.Conv2d(2, 4, 1)

        def forward(self, x):
            weights = self.attention(x).flatten(2).softmax(-1)
            context = (x.flatten(2) @ weights.transpose(1, 2)).view(len(x), -1, 1, 1)
            return x + self.fc2(F.relu(self.fc1(context)))

    assert [name for name, *_ in table(wrap(nn.Sequential(conv(3, 4), nn.ReLU(), Context(), Head(4))))] == [
        "0",
        "2.attention",
    ]


def test_adds_between_other_orders_of_axes_are_no_layers():
    class Tokens(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm, self.fc = nn.LayerNorm(4), nn.Linear(4, 4)

        def forward(self, x):
            x = x.permute(0, 2, 3, 1)
            return (x + self.fc(self.norm(x))).permute(0, 3, 1, 2)

    assert table(wrap(nn.Sequential(conv(3, 4), Tokens(), Head(4)))) == [("0", "conv", "", 16)]


def test_a_norm_over_channels_last_moves_the_maps_once_they_are_back():
    class ChannelNorm(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.inner, self.head = conv(3, 4), nn.LayerNorm(4), Head(4)

        def forward(self, x):
            return self.head(F.gelu(self.inner(self.conv(x).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)))

    assert table(wrap(ChannelNorm())) == [("conv", "conv", "gelu", 16)]


def test_parallel_branches_put_the_larger_maps_first():
    shuffle = found(torchvision_network("shufflenet_v2_x0_5"), 64)
    sizes = [layer.map_shape[0] for layer in shuffle]
    assert sizes == sorted(sizes, reverse=True)
    assert [layer.name for layer in shuffle][1:3] == ["stage2.0.branch2.0", "stage2.0.branch1.0"]


def test_fully_connected_layers_in_a_convolutions_clothes_are_no_layers():
    module = nn.Sequential(conv(3, 4), nn.ReLU(), nn.Conv2d(4, 8, 16), nn.ReLU(), nn.Conv2d(8, 5, 1), nn.Flatten())
    assert table(wrap(module)) == [("0", "conv", "1", 16)]


def test_the_grey_picture_is_enough_for_most_networks():
    net = wrap(nn.Sequential(conv(3, 4), nn.ReLU(), Head(4)))
    (layer,) = layers(net)
    assert layer.map_shape == (224, 224)
    picky = wrap(nn.Sequential(conv(3, 4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 16 * 16, 5)))
    with pytest.raises(ValueError, match=r"\[inv-widgets\] The network does not take a grey picture of 224 x 224"):
        layers(picky)
    assert layers(picky, torch.full((3, 16, 16), 0.5))[0].name == "0"


def test_a_network_without_convolutions_is_refused():
    with pytest.raises(ValueError, match=r"\[inv-widgets\] No convolutional layer was found in NoConvolution"):
        layers(wrap(NoConvolution()))


class Mapped(nn.Module):
    """Its first convolution sees each picture by itself, by torch.func."""

    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 5, 3)
        self.head = Head(5)

    def forward(self, x):
        return self.head(F.relu(self.two(torch.vmap(self.one)(x))))


def test_what_torch_func_maps_is_no_layer():
    assert [layer.name for layer in capture(wrap(Mapped()), inputs(16), 1, "all").layers] == ["two"]


def test_listing_and_capturing_agree():
    for module in (Functional(), HandWritten(), InPlace(), PreActivationResNet(), SharedActivation(), TwoHeads()):
        net = wrap(module)
        assert list(capture(net, inputs(16), 0).available) == found(net, 16)


@pytest.fixture(scope="module")
def vgg():
    return found(torchvision_network("vgg16"), 64)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (None, [2, 7, 14, 21, 28]),
        ("blocks", [2, 7, 14, 21, 28]),
        ("last 9", [10, 12, 14, 17, 19, 21, 24, 26, 28]),
        ("last 1", [28]),
        ("features.28", [28]),
        ("features.29", [28]),
        ("features.28:0", [28]),
        ("block 3, layer 2", [12]),
        ("features.2*", [2, 21, 24, 26, 28]),
        ("features.2[0-9]", [21, 24, 26, 28]),
        (["features.28", "features.0", "features.29", "last 2"], [0, 26, 28]),
        (("features.5",), [5]),
        ("Last2", [26, 28]),
    ],
)
def test_layers_are_chosen_by(vgg, spec, expected):
    assert [int(layer.name.split(".")[1]) for layer in select(vgg, spec)] == expected


def test_a_layer_s_own_name_goes_before_what_else_it_could_mean(vgg):
    named = [dataclasses.replace(layer, name=f"last{layer.depth}") for layer in vgg]
    assert select(named, "last2") == [named[2]]


def test_layers_choose_themselves(vgg):
    assert select(vgg, [vgg[4], vgg[2]]) == [vgg[2], vgg[4]]
    assert select(vgg, "all") == vgg


@pytest.mark.parametrize(
    ("spec", "error", "message"),
    [
        ("last 14", ValueError, r'"last 14" is not possible: the network has 13 layers'),
        ("last 0", ValueError, r'"last 0" is not possible'),
        ("feature.28", KeyError, r"There is no layer 'feature.28'. Did you mean 'features.28'"),
        ("block 3, layer 9", KeyError, r"Did you mean .*'block 3, layer"),
        ("zzzz", KeyError, r"The last of the 13 are features.21, .*features.28"),
        ("feature.*", KeyError, r"No layer matches 'feature.\*'"),
        ([], ValueError, "layers is empty"),
        (3, TypeError, r"layers=3 is an int: give None or \"blocks\""),
        ([None, 3.5], TypeError, r"layers=3.5 is a float"),
    ],
)
def test_wrong_choices_say_what_to_do(vgg, spec, error, message):
    with pytest.raises(error, match=message) as caught:
        select(vgg, spec)
    assert "[inv-widgets]" in str(caught.value)
