"""Saliency maps, SmoothGrad, guided backpropagation, integrated gradients: by hand, against captum, and bad input."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from activation_networks import assert_same, network_state, subject_of
from small_networks import Functional, Head, InPlace, TwoHeads, torchvision_network, wrap
from torch import nn

from inv_widgets.classifier import Classifier
from inv_widgets.comparison import guided_backprop as guided_module
from inv_widgets.comparison.baseline import baseline
from inv_widgets.comparison.blurring import blurred
from inv_widgets.comparison.gradient import saliency
from inv_widgets.comparison.guided_backprop import guided_backprop, rectified
from inv_widgets.comparison.integrated_gradients import integrated_gradients
from inv_widgets.comparison.method import NoGradientError, NotPossibleError
from inv_widgets.comparison.saliency import attribute
from inv_widgets.comparison.smooth_grad import smooth_grad

IG = {"baseline": "zero", "n_steps": 8}
SMOOTH = {"n": 3, "noise": 0.1, "seed": 0}
METHODS = [(saliency, {}), (smooth_grad, SMOOTH), (guided_backprop, {}), (integrated_gradients, IG)]


class Weighted(nn.Module):
    """Two logits: one linear in the input, the other half its square's sum."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.arange(12.0).view(1, 3, 2, 2) - 6)

    def forward(self, x):
        return torch.stack([(x * self.weight).sum((1, 2, 3)), 0.5 * (x * x).sum((1, 2, 3))], 1)


class Rectified(nn.Module):
    """y = 2 f(a) - 3 f(b) + f(c) for the three colours."""

    def __init__(self, function):
        super().__init__()
        self.function = function
        self.scale = nn.Parameter(torch.tensor([2.0, -3.0, 1.0]))

    def forward(self, x):
        y = self.function(x + 0) * self.scale.view(1, 3, 1, 1)
        return F.pad(y.sum((1, 2, 3))[:, None], (0, 1))


def weighted():
    return Classifier.from_module(Weighted(), lambda image: torch.zeros(3, image.height, image.width), ["one", "two"])


def pixel(*values):
    return torch.tensor(values).view(1, 3, 1, 1)


# --- saliency maps


def test_saliency_by_hand():
    given = torch.randn(1, 3, 2, 2)
    weight = (torch.arange(12.0).view(3, 2, 2) - 6).abs()
    torch.testing.assert_close(saliency(subject_of(weighted(), given=given, targets=[0]))[0], weight.amax(0))
    torch.testing.assert_close(saliency(subject_of(weighted(), given=given, targets=[1])), given.abs().amax(1))


def test_groups_are_differentiated_as_their_logsumexp():
    given = torch.randn(1, 3, 2, 2)
    leaf = given.clone().requires_grad_()
    (wanted,) = torch.autograd.grad(Weighted()(leaf).logsumexp(1).sum(), leaf)
    torch.testing.assert_close(saliency(subject_of(weighted(), given=given, targets=[[0, 1]])), wanted.abs().amax(1))


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2"])
def test_saliency_is_captums(name):
    from captum.attr import Saliency

    net = torchvision_network(name)
    subject = subject_of(net, size=64, targets=[3])
    found = saliency(subject)
    wanted = Saliency(net.module.eval()).attribute(subject.inputs.clone().requires_grad_(), target=3)
    torch.testing.assert_close(found, wanted.amax(1))
    assert (subject.forwards, subject.backwards) == (1, 1)


def test_a_network_without_a_gradient():
    class Detached(nn.Module):
        def forward(self, x):
            return x.detach().mean((2, 3))

    with pytest.raises(NotPossibleError, match="no gradient comes to the input"):
        saliency(subject_of(Detached()))


# --- SmoothGrad


class Blocking(torch.autograd.Function):
    """Gives no gradient back, as quantised functions do."""

    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, gradient):
        return None


def test_no_gradient_comes_to_a_rectifier():
    class Blocked(nn.Module):
        def forward(self, x):
            return Blocking.apply(F.relu(x)).mean((2, 3))

    subject = subject_of(wrap(Blocked()), given=torch.ones(1, 3, 4, 4), targets=[0])
    for method in (saliency, guided_backprop):
        with pytest.raises(NoGradientError, match="no gradient comes to the input"):
            method(subject)


def test_smooth_grad_by_hand():
    # The gradient of half the square is x itself: the mean of x + e.
    given = torch.randn(2, 3, 2, 2)
    subject = subject_of(weighted(), given=given, targets=[1, 1], batch_size=3)
    found = smooth_grad(subject, n=4, noise=0.5, seed=7)
    for x, got in zip(given, found, strict=True):
        generator = torch.Generator().manual_seed(7)
        noise = torch.stack([torch.randn(3, 2, 2, generator=generator) for _ in range(4)])
        torch.testing.assert_close(got, (x + 0.5 * (x.max() - x.min()) * noise.mean(0)).abs().amax(0))
    assert (subject.forwards, subject.backwards) == (8, 8)
    torch.testing.assert_close(smooth_grad(subject, n=2, noise=0, seed=0), saliency(subject))
    assert not torch.equal(found, smooth_grad(subject, n=4, noise=0.5, seed=8))


def test_interrupted_smooth_grad_is_the_mean_of_what_is_there(monkeypatch):
    subject = subject_of(weighted(), given=torch.randn(1, 3, 2, 2), targets=[1], batch_size=1)
    wanted = smooth_grad(subject, n=2, noise=0.5, seed=7)
    gradients, calls = subject.gradients, []

    def interrupted(*args):
        calls.append(args)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return gradients(*args)

    monkeypatch.setattr(subject, "gradients", interrupted)
    with pytest.warns(RuntimeWarning, match="made of 2 of 5 passes"):
        found = smooth_grad(subject, n=5, noise=0.5, seed=7)
    torch.testing.assert_close(found, wanted)


# --- guided backpropagation


@pytest.mark.parametrize(
    ("function", "slopes"),
    [
        # At z = 2, 1, -1: weights 2, -3, 1, of which the second is negative, and the third unit is not active.
        (F.relu, (2, 0, 0)),
        (nn.ReLU(inplace=True), (2, 0, 0)),
        (torch.relu_, (2, 0, 0)),
        (nn.ReLU6(), (2, 0, 0)),
        (nn.ReLU6(inplace=True), (2, 0, 0)),
        (lambda x: x.clamp(min=0), (2, 0, 0)),
        (lambda x: torch.clamp_min_(x, 0), (2, 0, 0)),
        (lambda x: F.hardtanh(x, 0.0, 1.5), (0, 0, 0)),  # saturated at 2
        (nn.LeakyReLU(0.1), (2, 0, 0)),
        (nn.Hardswish(inplace=True), (2 * (2 * 2 + 3) / 6, 0, 0)),
        (nn.SiLU(), (2 * (torch.sigmoid(torch.tensor(2.0)) * (1 + 2 * (1 - torch.sigmoid(torch.tensor(2.0))))), 0, 0)),
    ],
)  # fmt: skip
def test_guided_by_hand(function, slopes):
    for place in range(3):
        # One colour's slope at a time: the map shows the largest.
        class Only(Rectified):
            def forward(self, x, place=place):
                kept = torch.zeros(1, 3, 1, 1)
                kept[0, place] = 1
                return super().forward(x * kept - 9 * (1 - kept))

        found = guided_backprop(subject_of(Only(function), given=pixel(2.0, 1.0, -1.0), targets=[0]))
        assert float(found) == pytest.approx(float(slopes[place]), rel=1e-6)


@pytest.mark.parametrize("module", [nn.ReLU, nn.ReLU6])
def test_captum_knows_relu_only(module):
    """R' = [A > 0] [R > 0] f'(z) R; captum's hooks look for nn.ReLU, so that on ReLU6 its rule is f'(z) R."""
    from captum.attr import GuidedBackprop

    network = nn.Sequential(nn.Conv2d(3, 8, 3), module(), nn.Conv2d(8, 8, 3), module(), Head(8)).eval()
    subject = subject_of(network, targets=[1])
    with pytest.warns(UserWarning, match="Setting"):
        theirs = GuidedBackprop(network).attribute(subject.inputs.clone().requires_grad_(), target=1)
    (plain,) = torch.autograd.grad(network(leaf := subject.inputs.clone().requires_grad_())[0, 1], leaf)
    # The formula, layer by layer.
    first, _, second, _, head = network
    a = module()(first(subject.inputs))
    b = module()(second(a))
    backward = torch.nn.grad.conv2d_input
    r = (head.fc.weight[1] / (8 * 8)).view(1, 8, 1, 1).expand_as(b)
    r = (b > 0) * (r > 0) * ((b < 6) | (module is nn.ReLU)) * r
    r = backward(a.shape, second.weight, r)
    r = (a > 0) * (r > 0) * ((a < 6) | (module is nn.ReLU)) * r
    wanted = backward(subject.inputs.shape, first.weight, r)
    torch.testing.assert_close(guided_backprop(subject), wanted.abs().amax(1))
    torch.testing.assert_close(theirs, wanted if module is nn.ReLU else plain)
    assert (wanted - plain).abs().max() > 0.1 * plain.abs().max()


def test_each_rectifier_is_guided_once(monkeypatch):
    guided = []
    positive = guided_module._positive
    monkeypatch.setattr(guided_module, "_positive", lambda *given: guided.append(1) or positive(*given))
    guided_backprop(subject_of(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3), nn.SiLU(), Head(4))))
    assert len(guided) == 2


def test_guided_on_resnet_is_grad_cams_and_captums():
    from captum.attr import GuidedBackprop

    net = torchvision_network("resnet18")
    for part in net.module.modules():
        if isinstance(part, nn.ReLU):
            part.inplace = False  # captum's hooks fail on those
    subject = subject_of(net, size=64, targets=[3])
    found = guided_backprop(subject)
    assert (subject.forwards, subject.backwards) == (1, 1)
    # captum refuses a module that is called twice: each block gets a second one.
    for block in [part for part in net.module.modules() if type(part).__name__ == "BasicBlock"]:
        block.relu = Alternating()
    with pytest.warns(UserWarning, match="Setting"):
        wanted = GuidedBackprop(net.module.eval()).attribute(subject.inputs.clone().requires_grad_(), target=3)
    torch.testing.assert_close(found, wanted.abs().amax(1))


class Alternating(nn.Module):
    """A ReLU module for each of two calls."""

    def __init__(self):
        super().__init__()
        self.two, self.calls = nn.ModuleList([nn.ReLU(), nn.ReLU()]), 0

    def forward(self, x):
        self.calls += 1
        return self.two[self.calls % 2](x)


def test_no_rectifier():
    subject = subject_of(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Tanh(), Head(4)))
    for function in (guided_backprop, rectified):
        with pytest.raises(NotPossibleError, match="no rectifier"):
            function(subject)
    rectified(subject_of(Functional()))


# --- integrated gradients


def test_integrated_by_hand():
    given, start = torch.randn(1, 3, 2, 2), torch.randn(3, 2, 2)
    weight = torch.arange(12.0).view(1, 3, 2, 2) - 6
    found = integrated_gradients(subject_of(weighted(), given=given, targets=[0]), baseline=start, n_steps=2)
    torch.testing.assert_close(found, ((given - start) * weight).sum(1))
    # Half the square: the gradient grows evenly along the way, which its middle tells exactly.
    found = integrated_gradients(subject_of(weighted(), given=given, targets=[1]), baseline=start, n_steps=2)
    torch.testing.assert_close(found, ((given**2 - start**2) / 2).sum(1))


def test_integrated_is_captums():
    from captum.attr import IntegratedGradients

    network = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Softplus(), nn.Conv2d(8, 8, 3), nn.Tanh(), Head(8)).eval()
    subject = subject_of(network, targets=[1], batch_size=32)
    start = torch.randn(1, 3, 12, 12)
    found = integrated_gradients(subject, baseline=start, n_steps=100)
    wanted = IntegratedGradients(network).attribute(subject.inputs, start, target=1, n_steps=100)
    torch.testing.assert_close(found, wanted.sum(1).float(), rtol=1e-3, atol=1e-4)
    assert subject.backwards == 99
    assert subject.forwards == 99 + 2


def test_automatic_steps_are_doubled_and_reused():
    class Bent(nn.Module):
        """A kink at 0.912 of the way."""

        def forward(self, x):
            y = x.sum((1, 2, 3))
            return torch.stack([F.relu(y / 12 - 0.912), y], 1)

    subject = subject_of(Bent(), given=torch.ones(2, 3, 2, 2), targets=[0, 1], batch_size=64)
    found = integrated_gradients(subject, baseline="zero", n_steps="auto")
    # By hand: the weights of those points that are beyond the kink, as a share of all.
    for steps in (25, 50, 100, 200, 400, 800, 1600):
        t = np.arange(1, steps) / steps
        beyond = np.sin(np.pi * t)[np.sin(np.pi * t / 2) ** 2 > 0.912].sum() / np.sin(np.pi * t).sum()
        gap = abs(beyond - 0.088) / 0.088
        if gap < 0.01:
            break
    assert steps > 25
    assert subject.notes_of[0] == {"completeness_gap": pytest.approx(gap, rel=1e-3), "n_steps": steps}
    assert subject.notes_of[1] == {"completeness_gap": pytest.approx(0, abs=1e-6), "n_steps": 25}
    assert subject.backwards == steps - 1 + 24
    fixed = subject_of(Bent(), given=torch.ones(1, 3, 2, 2), targets=[0])
    torch.testing.assert_close(found[:1], integrated_gradients(fixed, baseline="zero", n_steps=steps))


def test_a_large_gap_is_warned_of():
    class Step(nn.Module):
        def forward(self, x):
            return F.pad(torch.tanh(200 * (x.mean((1, 2, 3)) - 0.51))[:, None], (0, 1))

    subject = subject_of(Step(), given=torch.ones(1, 3, 2, 2), targets=[0])
    with pytest.warns(RuntimeWarning, match=r"but for \d+ % of it. Give more steps than 5"):
        integrated_gradients(subject, baseline="zero", n_steps=5)
    assert subject.notes_of[0]["completeness_gap"] > 0.05


def test_baselines():
    class Doubling:
        def __call__(self, image):
            return torch.from_numpy(np.asarray(image, np.float32)).permute(2, 0, 1) / 255 * 2 - 1

    subject = subject_of(Functional(), count=2)
    subject.net.transform = Doubling()
    assert torch.equal(baseline(subject, "zero"), torch.zeros(2, 3, 12, 12))
    assert torch.equal(baseline(subject, "black"), -torch.ones(2, 3, 12, 12))
    assert torch.equal(baseline(subject, "white"), torch.ones(2, 3, 12, 12))
    own = torch.randn(3, 12, 12)
    assert torch.equal(baseline(subject, own)[1], own)
    assert torch.equal(baseline(subject, own[None])[1], own)
    soft = baseline(subject, "blur")
    assert soft.var() < 0.5 * subject.inputs.var()
    assert torch.equal(baseline(subject, 3), torch.full((2, 3, 12, 12), 3.0))
    assert torch.equal(baseline(subject, subject.inputs), subject.inputs)
    colour = torch.tensor([1.0, 2.0, 3.0]).view(3, 1, 1)
    assert torch.equal(baseline(subject, colour), colour.expand(2, 3, 12, 12))
    for given, message in [
        ("grey", "The baseline is 'grey': give a finite number"),
        (torch.zeros(3, 4, 4), r"The baseline is a tensor \(3, 4, 4\): give .* fits \(3, 12, 12\)"),
        (torch.zeros(3, 3, 12, 12), r"The baseline is a tensor \(3, 3, 12, 12\)"),
        (torch.full((3, 12, 12), torch.nan), "a finite tensor"),
        (True, "The baseline is True"),
        (None, "The baseline is None"),
    ]:
        with pytest.raises(ValueError, match=message):
            baseline(subject, given)


def test_blur_is_scipys():
    from scipy.ndimage import gaussian_filter

    values = torch.randn(1, 2, 20, 30)
    wanted = np.stack([gaussian_filter(each.numpy(), 2.0, mode="nearest", truncate=3.0) for each in values[0]])
    np.testing.assert_allclose(blurred(values, 2.0)[0].numpy(), wanted, atol=1e-5)


# --- all of them


@pytest.mark.parametrize(("method", "options"), METHODS, ids=lambda each: getattr(each, "__name__", ""))
@pytest.mark.filterwarnings("ignore:.inv-widgets. Integrated gradients")
@pytest.mark.parametrize("module", [Functional, InPlace, TwoHeads])
def test_several_pictures_are_as_one_by_one(method, options, module):
    targets = [0, [1, 2], None]
    subject = subject_of(module(), count=3, targets=targets, batch_size=2)
    together = method(subject, **options)
    assert together.shape == (3, 12, 12)
    for row, target in enumerate(targets):
        alone = subject_of(subject.net, given=subject.inputs[row : row + 1], targets=[target])
        torch.testing.assert_close(method(alone, **options), together[row : row + 1], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("method", "options"), METHODS, ids=lambda each: getattr(each, "__name__", ""))
@pytest.mark.filterwarnings("ignore:.inv-widgets. Integrated gradients")
def test_the_network_is_left_as_found_in_any_state(method, options):
    module = Functional().train()
    for parameter in module.parameters():
        parameter.requires_grad_(False)
    subject = subject_of(wrap(module), given=torch.randn(1, 3, 10, 14), targets=[1])
    before, picture = network_state(module), subject.inputs.clone()
    with torch.no_grad():
        found = method(subject, **options)
    assert found.shape == (1, 10, 14)
    assert not found.requires_grad
    assert_same(before, network_state(module))
    assert torch.equal(subject.inputs, picture)
    module.requires_grad_(True).eval()
    other = subject_of(wrap(module), given=picture, targets=[1])
    torch.testing.assert_close(method(other, **options), found)


@pytest.mark.parametrize(("method", "options"), METHODS, ids=lambda each: getattr(each, "__name__", ""))
@pytest.mark.filterwarnings("ignore:.inv-widgets. Integrated gradients")
def test_half_precision_and_dead_layers(method, options):
    whole = subject_of(Functional(), targets=[1])
    half = subject_of(wrap(Functional().half()), given=whole.inputs.half(), targets=[1])
    half.net.module.load_state_dict(whole.net.module.state_dict())
    torch.testing.assert_close(method(half, **options).float(), method(whole, **options), rtol=0.1, atol=0.01)
    with torch.no_grad():
        whole.net.module.conv2.bias.fill_(0)
        whole.net.module.conv1.weight.zero_()
        whole.net.module.conv1.bias.fill_(-1)
    assert not method(whole, **options).any()


@pytest.mark.parametrize(
    ("method", "options", "message"),
    [
        (smooth_grad, {**SMOOTH, "n": 0}, "n=0 is not possible"),
        (smooth_grad, {**SMOOTH, "n": True}, "n=True is not possible"),
        (smooth_grad, {**SMOOTH, "noise": -1}, "noise=-1 is not possible"),
        (smooth_grad, {**SMOOTH, "noise": "x"}, "noise='x' is not possible"),
        (smooth_grad, {**SMOOTH, "noise": False}, "noise=False is not possible"),
        (smooth_grad, {**SMOOTH, "seed": "x"}, "seed='x' is not possible"),
        (smooth_grad, {**SMOOTH, "seed": -1}, "seed=-1 is not possible"),
        (integrated_gradients, {**IG, "n_steps": 1}, 'n_steps=1 is not possible: give 2 or more, or "auto"'),
        (integrated_gradients, {**IG, "n_steps": 2.5}, "n_steps=2.5 is not possible"),
    ],
)
def test_bad_parameters(method, options, message):
    subject = subject_of(Functional())
    with pytest.raises(ValueError, match=message):
        method(subject, **options)
    assert subject.forwards == 0


def test_notes_are_each_pictures_own():
    net = wrap(nn.Sequential(nn.Conv2d(3, 8, 3), nn.Tanh(), Head(8)))
    net.transform = lambda image: torch.from_numpy(np.asarray(image, np.float32)).permute(2, 0, 1) / 255
    pictures = [np.random.default_rng(seed).integers(0, 256, (9, 9, 3), np.uint8) for seed in (0, 1)]
    one, two = attribute(net, pictures, "integrated_gradients", n_steps=4)
    assert one.notes["n_steps"] == two.notes["n_steps"] == 4
    assert one.notes["completeness_gap"] != two.notes["completeness_gap"]
    assert (one.backwards, one.forwards) == (3, 3 + 2 + 0.5)  # the way, its ends, half of what measures the batch
