"""Methods on feature maps: values by hand on a tiny network, and equality with independent implementations."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from activation_networks import Pooled, Tiny, assert_same, network_state, subject_of, tiny
from small_networks import (
    BatchNormAfterReLU,
    Functional,
    HandWritten,
    InPlace,
    PoolBeforeActivation,
    SharedActivation,
    TwoHeads,
)
from torch import nn

import inv_widgets as inv
from inv_widgets.comparison import grad_cam_pp
from inv_widgets.comparison.method import NoGradientError, NotPossibleError
from inv_widgets.comparison.methods import method_named
from inv_widgets.comparison.saliency import attribute
from inv_widgets.recipe import Recipe

NAMES = ["layer_visualization", "grad_cam", "grad_cam_pp", "layer_cam", "score_cam", "ablation_cam", "sise", "inv"]


def run(name, subject, **parameters):
    method = method_named(name)
    return method.function(subject, **{**method.defaults, **parameters})


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


# --- by hand: A_0 = [1 2; 0 0], A_1 = [0 0; 0 3]; gradients [4 -2; 6 1] and [3 5; -7 2]

# Grad-CAM: means 2.25 and 0.75. Grad-CAM++: both maps sum to 3, so that alpha = 1 / (2 + 3 g):
W_0 = 4 / 14 + 6 / 20 + 1 / 5
W_1 = 3 / 11 + 5 / 17 + 2 / 8
# Score-CAM: through A_0 / 2 one sees [0.5 2; 0 0], score 4 * 0.5 - 2 * 2 = -2; through A_1 / 3 [0 0; 0 -3], 2 * 3 = 6.
S_0, S_1 = math.exp(-2) / (math.exp(-2) + math.exp(6)), math.exp(6) / (math.exp(-2) + math.exp(6))
# Ablation-CAM: the score 4 - 4 + 6 = 6 stays 6 without A_0 and falls to 0 without A_1.
# INV: guided weights 4 / 4 and 2 / 4, so 2/3 and 1/3 of the layer; 1/3 is less than 0.896 of the mean, and pruned.
BY_HAND = {
    "layer_visualization": [[1, 2], [0, 3]],
    "grad_cam": [[2.25, 4.5], [0, 2.25]],
    "grad_cam_pp": [[W_0, 2 * W_0], [0, 3 * W_1]],
    "layer_cam": [[4, 0], [0, 6]],
    "score_cam": [[S_0, 2 * S_0], [0, 3 * S_1]],
    "ablation_cam": [[0, 0], [0, 3]],
    "inv": [[2 / 3, 4 / 3], [0, 0]],
}


@pytest.mark.parametrize("name", BY_HAND)
def test_by_hand(name):
    got = run(name, tiny())
    torch.testing.assert_close(got, torch.tensor([BY_HAND[name]], dtype=got.dtype), rtol=1e-5, atol=1e-6)


def test_grad_cam_without_its_relu_is_signed():
    # Class 1 with the opposite weights: all gradients change their sign.
    module = Tiny()
    with torch.no_grad():
        module.score.weight[1] = -module.score.weight[0]
    subject = tiny(1, module)
    assert run("grad_cam", subject, relu=False).tolist() == [[[-2.25, -4.5], [0, -2.25]]]
    assert not run("grad_cam", subject).any()


def test_ablation_of_a_negative_score_keeps_its_sign():
    module = Tiny()
    with torch.no_grad():
        module.score.weight[0] -= torch.tensor([0, 0, 0, 0, 0, 0, 0, 4.0])
    # Score 4 - 4 - 6 = -6; without A_1 it rises to 0: it speaks against the class. A_0 adds nothing.
    subject = tiny(0, module)
    assert run("ablation_cam", subject).tolist() == [[[0, 0], [0, 0]]]


def test_sise_of_one_layer_by_hand():
    # Masks [0.5 1; 0 0] of sum 1.5 and [0 0; 0 1] of sum 1; P is the sigmoid of the score, as class 1's is 0.
    low, high = sigmoid(-2) / 1.5, sigmoid(6)
    values = torch.tensor([[0.5 * low, low], [0, high]])
    torch.testing.assert_close(run("sise", tiny(), mu=0)[0], values / high)
    # 0.75 is not above half of 2.25: one mask is left.
    subject = tiny()
    torch.testing.assert_close(run("sise", subject, mu=0.5)[0], torch.tensor([[0.5, 1], [0, 0]]))
    assert subject.notes["masks"] == 1


def test_forwards_and_backwards_are_what_the_registry_says():
    for name, (forwards, backwards) in {
        "layer_visualization": (1, 0),
        "grad_cam": (1, 1),
        "grad_cam_pp": (1, 1),
        "layer_cam": (1, 1),
        "score_cam": (1 + 2, 0),
        "ablation_cam": (1 + 2, 0),
        "sise": (1 + 1, 1),
        "inv": (1, 1),
    }.items():
        subject = tiny(None)
        run(name, subject)
        assert (subject.forwards, subject.backwards) == (forwards, backwards), name
        assert subject.targets == (0,)
        assert subject.forwards == forwards


# --- Grad-CAM++: the closed form against derivatives of exp(S) that autograd takes


class Rest(nn.Module):
    """What follows a layer: piecewise linear."""

    def __init__(self, cells, dtype=torch.float64):
        super().__init__()
        generator = torch.Generator().manual_seed(3)
        self.first = nn.Parameter(torch.randn(6, cells, generator=generator, dtype=dtype))
        self.second = nn.Parameter(torch.randn(6, generator=generator, dtype=dtype))

    def forward(self, maps):
        return torch.relu(self.first @ maps.flatten() + 0.3) @ self.second * 0.05


def derivatives(rest, maps):
    """First, second and third derivatives of exp(S) with respect to each cell alone, by autograd."""
    cells = maps.flatten().clone().requires_grad_()
    (first,) = torch.autograd.grad(torch.exp(rest(cells)), cells, create_graph=True)
    second, third = torch.zeros_like(cells), torch.zeros_like(cells)
    for place in range(len(cells)):
        along = torch.autograd.grad(first[place], cells, create_graph=True)[0][place]
        second[place] = along.detach()
        third[place] = torch.autograd.grad(along, cells, retain_graph=True)[0][place]
    return [each.detach().view_as(maps) for each in (first, second, third)]


def test_grad_cam_pp_is_the_formula_of_its_paper():
    maps = torch.rand(3, 4, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    rest = Rest(48)
    first, second, third = derivatives(rest, maps)
    alpha = second / (2 * second + (maps.sum((1, 2), keepdim=True) * third))
    expected = (alpha * first.clamp(min=0)).sum((1, 2))
    leaf = maps.clone().requires_grad_()
    score = rest(leaf)
    (gradient,) = torch.autograd.grad(score, leaf)
    assert (gradient > 0).any()
    assert (gradient < 0).any()
    torch.testing.assert_close(grad_cam_pp.weights(maps, gradient) * torch.exp(score.detach()), expected)

    # grad-cam adds 1e-6 to the denominator, which is of the size of g^2 where gradients are small;
    from pytorch_grad_cam import GradCAMPlusPlus

    def peer(scale):
        ours = grad_cam_pp.weights(maps, gradient * scale)
        theirs = GradCAMPlusPlus.get_cam_weights(
            None, None, None, None, maps[None].numpy(), (gradient * scale)[None].numpy()
        )
        return float((torch.from_numpy(theirs[0]) / ours - 1).abs().max())

    assert peer(1) < 1e-2
    assert peer(0.01) > 0.1
    # ours scales: for small gradients alpha is 1/2, and the weight half the sum of positive gradients.
    tiny_gradient = gradient * 1e-12
    torch.testing.assert_close(
        grad_cam_pp.weights(maps, tiny_gradient) * 1e12, gradient.clamp(min=0).sum((1, 2)) / 2, rtol=1e-9, atol=0
    )


def test_torchcams_grad_cam_pp_lacks_the_denominator():
    # ``alpha[idx][mask].div_(...)`` divides a copy: what is left is sum g^2 relu(g).
    methods = pytest.importorskip("torchcam.methods")
    module = Pooled(inplace=False).eval()
    given = torch.rand(1, 3, 12, 12)
    subject = subject_of(module, targets=[2], given=given)
    captured = subject.capture("last 1")
    maps, gradients = captured.maps[0], captured.gradients[0]
    with methods.GradCAMpp(module, "features.4") as extractor:
        scores = module(given)
        theirs = extractor._get_weights(2, scores)[0]
    torch.testing.assert_close(theirs, gradients.clamp(min=0).pow(3).sum((-2, -1)))
    ours = grad_cam_pp.weights(maps, gradients)
    assert not torch.allclose(theirs / theirs.sum(), ours / ours.sum(), rtol=0.05)


def test_grad_cam_pp_where_a_denominator_is_zero():
    # g = 1 and a sum of -2: 2 + g sum is 0, and the cell is left out; the other cell's g is 0.
    maps = torch.tensor([[[-3.0, 1.0]]])
    assert grad_cam_pp.weights(maps, torch.tensor([[[1.0, 0.0]]])).tolist() == [0.0]


# --- independent implementations


def scaled(values):
    values = values - values.min()
    return values / values.max()


PEERS = {
    "grad_cam": "GradCAM",
    "layer_cam": "LayerCAM",
    "score_cam": "ScoreCAM",
    "ablation_cam": "AblationCAM",
}


@pytest.mark.parametrize("name", PEERS)
@pytest.mark.filterwarnings("ignore")  # theirs
def test_equal_to_grad_cam_the_package(name):
    import pytorch_grad_cam
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    torch.manual_seed(5)
    module = Pooled().eval()
    given = torch.rand(1, 3, 20, 28)
    module.fc.weight.data[1] += 0.3
    module.fc.bias.data += 3  # AblationCAM divides by the score: it has to be positive
    subject = subject_of(module, targets=[1], given=given)
    ours = run(name, subject)
    peer = getattr(pytorch_grad_cam, PEERS[name])(model=module, target_layers=[module.features[4]])
    theirs = peer(input_tensor=given, targets=[ClassifierOutputTarget(1)])
    large = F.interpolate(ours[None], given.shape[-2:], mode="bilinear", align_corners=False)[0, 0]
    assert ours.max() > 0
    np.testing.assert_allclose(scaled(large).numpy(), theirs[0], atol=2e-3)


@pytest.mark.parametrize(("name", "peer"), [("grad_cam", "GradCAM"), ("layer_cam", "LayerCAM"), ("cam", "CAM")])
def test_equal_to_torchcam(name, peer):
    methods = pytest.importorskip("torchcam.methods")
    module = Pooled(inplace=False).eval()
    given = torch.rand(2, 3, 12, 16)
    subject = subject_of(module, targets=[3, 0], given=given)
    ours = run(name, subject)
    arguments = {"fc_layer": "fc"} if peer == "CAM" else {}
    with getattr(methods, peer)(module, "features.4", **arguments) as extractor:
        scores = module(given)
        given_scores = {} if peer == "CAM" else {"scores": scores}
        theirs = extractor(class_idx=[3, 0], **given_scores, normalized=False)[0]
    torch.testing.assert_close(ours.clamp(min=0), theirs.clamp(min=0))


# --- CAM


class TwoWays(Pooled):
    def forward(self, x):
        x = self.features(x)
        return self.fc(self.pool(x).flatten(1) + x.amax((2, 3)))


def test_cam_is_the_linear_layers_weight_times_the_maps():
    module = Pooled().eval()
    subject = subject_of(module, count=2, targets=[4, (0, 2)])
    got = run("cam", subject)
    maps = module.features(subject.inputs.clone()).detach()
    torch.testing.assert_close(got[0], torch.einsum("k,khw->hw", module.fc.weight[4].detach(), maps[0]))
    # A group's score is a logsumexp: its members' maps by their share of the group's probability.
    share = subject.own_logits[1, [0, 2]].softmax(0)
    weight = share @ module.fc.weight[[0, 2]].detach()
    torch.testing.assert_close(got[1], torch.einsum("k,khw->hw", weight, maps[1]))
    # Its mean plus the bias is the score; Grad-CAM before its ReLU is the same over the number of cells.
    torch.testing.assert_close(got[0].mean() + module.fc.bias[4].detach(), subject.own_logits[0, 4])
    signed = run("grad_cam", subject, relu=False)
    torch.testing.assert_close(signed * maps[0, 0].numel(), got)


@pytest.mark.parametrize(
    ("name", "weight"),
    [
        ("resnet18", "fc"),
        ("googlenet", "fc"),
        ("densenet121", "classifier"),
        ("efficientnet_b0", "classifier.1"),
        ("shufflenet_v2_x0_5", "fc"),
    ],
)
def test_cam_of_torchvisions_networks(name, weight):
    from small_networks import torchvision_network

    net = torchvision_network(name)
    subject = subject_of(net, size=64, targets=[7])
    linear = net.module.get_submodule(weight)
    maps = subject.maps(subject.layers("last 1")[0])
    expected = torch.einsum("k,khw->hw", linear.weight[7].detach(), maps[0])
    torch.testing.assert_close(run("cam", subject)[0], expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("module", "why"),
    [
        (Tiny(), r"between its last maps and its scores stands Linear \(score\)"),
        ("vgg11", r"stands MaxPool2d \(features.20\); there must be global average pooling and a linear layer only"),
        ("squeezenet1_0", "no linear layer after its global average pooling"),
        ("mobilenet_v3_small", r"after its linear layer stands Hardswish \(classifier.1\)"),
        ("convnext_tiny", r"stands LayerNorm2d \(classifier.0\)"),
        (PoolBeforeActivation(), "after its linear layer stands log_softmax;"),
        (TwoWays(), "more than one way"),
    ],
)
def test_cam_is_refused_with_a_reason(module, why):
    from small_networks import torchvision_network

    if isinstance(module, Tiny):
        subject = tiny()
    else:
        subject = subject_of(torchvision_network(module) if isinstance(module, str) else module, size=64)
    with pytest.raises(NotPossibleError, match=why):
        run("cam", subject)


# --- INV: identities with an Explanation


@pytest.fixture(scope="module")
def fashion():
    return inv.Classifier.demo("fashion"), inv.datasets.fashion()[:2]


def test_grad_cam_is_clusters_and_rest_of_an_explanation(fashion):
    net, pictures = fashion
    recipe = Recipe(weighting="grad_cam")
    for picture in pictures:
        explanation = inv.explain(net, picture, recipe=recipe)
        for column in explanation.columns:
            (found,) = attribute(net, [picture], "grad_cam", layer=column.layer, relu=False)
            np.testing.assert_allclose(
                found.native, column.weighted_sum * (column.total_weight / 100), rtol=1e-3, atol=1e-4
            )
            assert np.ptp(found.native) > 0


@pytest.mark.parametrize("recipe", [None, Recipe(weighting="grad_cam", seed=3)])
def test_inv_is_the_weighted_sum_of_the_cluster_maps(fashion, recipe):
    net, pictures = fashion
    explained = [inv.explain(net, picture, recipe=recipe or Recipe()) for picture in pictures]
    layer = explained[0].columns[-1].layer
    found = attribute(net, pictures, "inv", layer=layer, recipe=recipe)
    assert found[0].forwards == found[0].backwards == 1
    for explanation, one in zip(explained, found, strict=True):
        column = explanation.column(layer)
        expected = sum(each.weight / 100 * each.raw_map for each in column.cluster_maps)
        np.testing.assert_allclose(one.native, expected, rtol=1e-5, atol=1e-6)
        assert one.notes["shown_weight"] == pytest.approx(column.shown_weight)
        assert abs(column.rest.weight) > 1


def test_inv_refuses_what_is_no_recipe():
    with pytest.raises(TypeError, match=r"recipe='fast' is no recipe: give an inv.Recipe"):
        run("inv", tiny(), recipe="fast")


# --- what all have in common


@pytest.mark.parametrize("name", [*NAMES, "cam"])
def test_several_pictures_are_as_one_by_one(name):
    module = Pooled().double()
    given = torch.rand(3, 3, 12, 16, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    targets = [1, (0, 3), None]
    together = run(name, subject_of(module, targets=targets, given=given, batch_size=3))
    assert together.shape[0] == 3
    for row in range(3):
        alone = run(name, subject_of(module, targets=targets[row : row + 1], given=given[row : row + 1]))
        torch.testing.assert_close(together[row], alone[0], rtol=1e-6, atol=1e-9)
    assert together.dtype in {torch.float64, torch.float32}


@pytest.mark.parametrize("name", [*NAMES, "cam"])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_close_to_single(name, dtype):
    module = Pooled()
    given = torch.rand(1, 3, 12, 12, generator=torch.Generator().manual_seed(2))
    single = run(name, subject_of(module, targets=[1], given=given))
    half = run(name, subject_of(module.to(dtype), targets=[1], given=given.to(dtype)))
    assert half.dtype.itemsize >= 4
    if name in {"inv", "sise"}:  # which maps make a cluster or pass a threshold may differ
        assert torch.isfinite(half).all()
    else:
        torch.testing.assert_close(half, single, rtol=0.1, atol=0.1 * float(single.abs().max()))


class Dead(nn.Module):
    """A layer whose maps are 0 everywhere, or the same everywhere."""

    def __init__(self, bias):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 4, 1), nn.Linear(4, 2)
        nn.init.zeros_(self.conv.weight)
        nn.init.constant_(self.conv.bias, bias)

    def forward(self, x):
        return self.fc(F.relu(self.conv(x)).mean((2, 3)))


@pytest.mark.parametrize("bias", [-1.0, 1.0])
@pytest.mark.parametrize("name", [*NAMES, "cam"])
def test_dead_and_even_layers(name, bias):
    got = run(name, subject_of(Dead(bias), count=2))
    assert torch.isfinite(got).all()
    if bias < 0:
        assert not got.any()
    if name in {"score_cam", "sise"}:  # an even map shows nothing
        assert not got.any()


NETWORKS = [BatchNormAfterReLU, Functional, HandWritten, SharedActivation, InPlace, TwoHeads]


@pytest.mark.parametrize("network", NETWORKS)
def test_networks_of_all_kinds_are_left_as_found(network):
    module = network().train()
    for parameter in module.parameters():
        parameter.requires_grad_(False)
    next(iter(module.children())).eval()
    before = network_state(module)
    with torch.no_grad():
        for name in NAMES:
            subject = subject_of(module, size=16, count=2)
            given = subject.inputs.clone()
            if network is TwoHeads and name in {"grad_cam", "grad_cam_pp", "layer_cam", "sise", "inv"}:
                with pytest.raises(NoGradientError, match="layer aside: The class score does not depend"):
                    run(name, subject, **({"layers": "aside"} if name == "sise" else {}))
                continue
            got = run(name, subject)
            assert got.shape[0] == 2
            assert torch.isfinite(got).all()
            assert got.any() or name in {
                "score_cam",
                "grad_cam",
                "grad_cam_pp",
                "layer_cam",
                "ablation_cam",
                "sise",
                "inv",
            }, name
            assert torch.equal(subject.inputs, given)
            assert not torch.is_grad_enabled()
    assert_same([*before[:4], False], [*network_state(module)[:4], False])


@pytest.mark.parametrize("name", ["grad_cam", "score_cam", "ablation_cam", "layer_visualization", "inv"])
def test_more_than_one_layer_is_refused(name):
    with pytest.raises(
        ValueError, match=r"layer='all' means 2 layers \(features.0, features.3\), and this works at one"
    ):
        run(name, subject_of(Pooled()), layer="all")


@pytest.mark.parametrize("name", ["score_cam", "ablation_cam", "sise"])
@pytest.mark.parametrize("batch_size", [1, 3, 100])
def test_batches_change_nothing(name, batch_size):
    module = Pooled().double()
    given = torch.rand(2, 3, 12, 12, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    layer = {"layers": "all", "mu": 0} if name == "sise" else {"layer": "features.0"}
    sizes = []
    module.register_forward_pre_hook(lambda _module, args: sizes.append(len(args[0])))
    got = run(name, subject_of(module, targets=[1, 2], given=given, batch_size=batch_size), **layer)
    assert max(sizes) <= max(batch_size, 2)
    expected = run(name, subject_of(module, targets=[1, 2], given=given, batch_size=64), **layer)
    torch.testing.assert_close(got, expected)


@pytest.mark.parametrize(("name", "unit"), [("score_cam", "masks"), ("ablation_cam", "maps"), ("sise", "masks")])
def test_ctrl_c_keeps_what_is_there(name, unit):
    module = Pooled()
    subject = subject_of(module, targets=[1], batch_size=2)
    calls = []

    def interrupt(_module, _args):
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt

    layer = {"layers": "all", "mu": 0} if name == "sise" else {"layer": "last 1"}
    run(name, subject_of(module, targets=[1]), **layer)  # it works
    handle = module.register_forward_pre_hook(interrupt)
    with pytest.warns(RuntimeWarning, match=rf"was interrupted: the map is made of \d of \d+ {unit}"):
        got = run(name, subject, **layer)
    handle.remove()
    assert torch.isfinite(got).all()
    assert got.any()
    assert subject.notes["interrupted"].endswith(unit)
    assert not module.training or not any(part._forward_hooks for part in module.modules())


def test_ctrl_c_before_the_first_batch_is_raised():
    module = Pooled()
    subject = subject_of(module, targets=[1], batch_size=2)
    calls = []

    def interrupt(_module, _args):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt

    handle = module.register_forward_pre_hook(interrupt)
    with pytest.raises(KeyboardInterrupt):
        run("score_cam", subject)
    handle.remove()
