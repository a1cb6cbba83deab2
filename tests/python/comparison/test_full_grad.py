"""FullGrad: implicit biases by hand, each operation's by its definition, maps, and what cannot be taken apart."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from activation_networks import assert_same, network_state, subject_of
from small_networks import Functional, Head, InPlace, SharedActivation, Swish, TwoHeads, torchvision_network, wrap
from torch import nn
from torch.utils.checkpoint import checkpoint

from inv_widgets.comparison.full_grad import differentiable, full_grad, full_grad_terms
from inv_widgets.comparison.implicit_biases import ImplicitBiases
from inv_widgets.comparison.method import NoGradientError, NotPossibleError
from inv_widgets.comparison.term_maps import resized


def picture(size=12):
    return np.random.default_rng(0).integers(0, 256, (size, size, 3), np.uint8)


def seen(module, seed=1):
    """A Classifier that sees noise, whatever it is given."""
    net = wrap(module)
    net.transform = lambda image: torch.randn(
        3, image.height, image.width, generator=torch.Generator().manual_seed(seed)
    )
    return net


class Chain(nn.Module):
    """A function of 3 x 2 maps between a convolution and the logits."""

    def __init__(self, function, channels=4):
        super().__init__()
        self.function = function
        self.conv, self.fc = nn.Conv2d(3, 4, 1), nn.Linear(channels, 3)

    def forward(self, x):
        return self.fc(self.function(self.conv(x)).flatten(2).mean(2))


def test_terms_by_hand():
    # y = 3 ReLU6(2 x + 1) + 5 at x = 1 (z = 3) and x = 4 (z = 9, saturated), the mean of which is the logit.
    class Tiny(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.fc = nn.Conv2d(3, 1, 1), nn.Linear(1, 2)
            with torch.no_grad():
                self.conv.weight.copy_(torch.tensor([2.0, 0, 0]).view(1, 3, 1, 1))
                self.conv.bias.fill_(1)
                self.fc.weight.fill_(3)
                self.fc.bias.fill_(5)

        def forward(self, x):
            return self.fc(F.relu6(self.conv(x)).mean((2, 3)))

    net = wrap(Tiny())
    net.transform = lambda _: torch.tensor([[[1.0, 4.0]], [[7.0, 7.0]], [[7.0, 7.0]]])
    terms = full_grad_terms(net, picture(), 0)
    assert terms.score == pytest.approx(3 * (3 + 6) / 2 + 5)
    np.testing.assert_allclose(terms.input.numpy()[:, 0], [[3 / 2 * 2 * 1, 0], [0, 0], [0, 0]])
    found = {term.operation: term.values.flatten().tolist() for term in terms.biases}
    assert found == {"conv2d": [3 / 2, 0], "relu6": [0, 3 / 2 * 6], "linear": [5, 0]}
    assert terms.total == pytest.approx(terms.score)
    assert (terms.target, terms.target_name) == (0, "class 0")


def test_a_group_is_taken_apart_too():
    terms = full_grad_terms(seen(Functional()), picture(), [0, 1])
    assert terms.total == pytest.approx(terms.score, rel=1e-5)
    assert "logsumexp" in [term.operation for term in terms.biases]


@pytest.mark.parametrize(
    "function",
    [
        nn.Identity(), nn.ReLU(inplace=True), nn.ReLU6(inplace=True), nn.SiLU(inplace=True), nn.GELU(), nn.Sigmoid(),
        nn.Hardswish(inplace=True), nn.Hardtanh(-0.5, 0.2), nn.PReLU(), nn.LeakyReLU(), nn.Softplus(), nn.ELU(),
        lambda x: F.layer_norm(x, (x.shape[-1],)), nn.GroupNorm(2, 4), nn.InstanceNorm2d(4), nn.BatchNorm2d(4),
        nn.BatchNorm2d(4, track_running_stats=False), nn.LocalResponseNorm(2), nn.MaxPool2d(2), nn.AvgPool2d(2),
        nn.Softmax(1), nn.Dropout(0.5), nn.PixelShuffle(1), nn.Upsample(scale_factor=2, mode="bilinear"),
        nn.ConstantPad2d(1, 2.0),
        lambda x: x.clamp(-0.3, 0.3), lambda x: x.clamp_(max=0.1), lambda x: torch.clamp_min(x, 0.1),
        lambda x: x.clamp(torch.tensor(-0.3)), lambda x: x + 1, lambda x: 1 - x, lambda x: x.add_(3, alpha=2),
        lambda x: x * 3, lambda x: x * x, lambda x: x * x.sigmoid(), lambda x: x.mul_(x.mean((2, 3), keepdim=True)),
        lambda x: 2 / (3 + x), lambda x: x / (1 + x.abs()), lambda x: x / 2, lambda x: torch.ones(4, 1, 1) / (x + 3),
        lambda x: (x.abs() + 1).sqrt(), lambda x: x**2, lambda x: x**3.0, lambda x: 2**x, lambda x: 1 / (x + 3) ** 2,
        lambda x: (x + 3).reciprocal(), lambda x: x @ x.transpose(2, 3), lambda x: F.normalize(x, dim=1),
        lambda x: torch.einsum("nchw,ncvw->nchv", x, x),
        lambda x: torch.cat([x, torch.ones_like(x)], 2), lambda x: torch.where(x > 0, x, 2.0),
        lambda x: x.masked_fill(x < 0, 0.7), lambda x: torch.maximum(x, torch.tensor(0.1)),
        lambda x: x.norm(dim=1)[:, None].expand(-1, 4, -1, -1), lambda x: torch.stack([*x[0]])[None],
        lambda x: torch.max(x, 1, keepdim=True)[0] + x, lambda x: x.var(1, keepdim=True) + x,
        lambda x: F.scaled_dot_product_attention(x, x, x), lambda x: x.detach() * x, lambda x: x - x.mean(),
        lambda x: F.interpolate(x, size=(4, 4), mode="bicubic"), lambda x: torch.logsumexp(x, 1, keepdim=True) + x,
    ],
    ids=lambda function: str(function) if isinstance(function, nn.Module) else None,
)  # fmt: skip
def test_what_every_operation_adds(function):
    torch.manual_seed(3)
    net = seen(Chain(function))
    for buffer in net.module.buffers():
        if buffer.is_floating_point():
            buffer.uniform_(0.5, 1.5)
    for parameter in net.module.parameters():
        torch.nn.init.uniform_(parameter, -1, 1)
    terms = full_grad_terms(net, picture(2), 1)
    assert terms.total == pytest.approx(terms.score, rel=1e-5, abs=1e-5)


def test_what_is_assigned():
    def assign(x):
        y = torch.full_like(x, 2.0)
        y[:, 1:] = x[:, 1:]
        x[:, 0] = 5
        return x + y

    terms = full_grad_terms(seen(Chain(assign)), picture(2), 1)
    assert terms.total == pytest.approx(terms.score, rel=1e-5)


@pytest.mark.parametrize("module", [Functional, InPlace, TwoHeads])
def test_functional_in_place_and_two_heads(module):
    terms = full_grad_terms(seen(module()), picture(), 1)
    assert terms.total == pytest.approx(terms.score, rel=1e-5)


def test_weights_that_are_computed():
    class Standardised(nn.Conv2d):
        def forward(self, x):
            weight = self.weight - self.weight.mean((1, 2, 3), keepdim=True)
            return self._conv_forward(x, weight / weight.std((1, 2, 3), keepdim=True), self.bias * 2)

    terms = full_grad_terms(seen(nn.Sequential(Standardised(3, 4, 3), nn.ReLU(), Head(4))), picture(), 1)
    assert terms.total == pytest.approx(terms.score, rel=1e-5)
    assert [term.operation for term in terms.biases] == ["conv2d", "linear"]


def test_what_is_no_torch_function_is_refused():
    subject = subject_of(SharedActivation())
    for function in (full_grad, differentiable):
        with pytest.raises(NotPossibleError, match="made by what is no torch function"):
            function(subject)
    assert Swish is not None
    differentiable(subject_of(Functional()))


def test_what_torch_cannot_differentiate_forwards_is_refused():
    class Grid(nn.Module):
        def __init__(self):
            super().__init__()
            self.head = Head(3)

        def forward(self, x):
            return self.head(F.ctc_loss(x.flatten(2).log_softmax(2), torch.ones(3, 1), (1,) * 3, (1,) * 3) * x)

    with pytest.raises(NotPossibleError, match=r"implicit bias of its 'ctc_loss' is unknown"):
        full_grad(subject_of(Grid(), given=torch.randn(1, 3, 2, 2)))


# --- the map


def test_the_map_by_its_formula():
    module = nn.Sequential(nn.Conv2d(3, 4, 3, 2), nn.BatchNorm2d(4), nn.ReLU6(), nn.Conv2d(4, 5, 3), nn.ReLU(), Head(5))
    for name, buffer in module.named_buffers():
        if name.endswith(("mean", "var")):
            buffer.uniform_(0.1, 0.3)
    module[0].weight.data *= 9  # some are saturated
    subject = subject_of(module, targets=[2], given=torch.randn(1, 3, 12, 10))
    found = full_grad(subject)
    x = subject.inputs.clone().requires_grad_()
    module.eval()
    conv1 = module[0](x)
    bn = module[1](conv1)
    relu6 = module[2](bn)
    conv2 = module[3](relu6)
    score = module[5](F.relu(conv2))[0, 2]
    assert (bn > 6).any()
    gradients = torch.autograd.grad(score, [x, conv1, bn, relu6, conv2])
    beta = module[1].bias - module[1].running_mean * module[1].weight / (module[1].running_var + 1e-5).sqrt()
    biases = [x, module[0].bias, beta, 6.0 * (bn > 6), module[3].bias]
    wanted = torch.zeros(1, 12, 10)
    total = float(module[5].fc.bias[2].detach())
    for bias, gradient in zip(biases, gradients, strict=True):
        term = gradient * (bias.view(1, -1, 1, 1) if bias.ndim == 1 else bias)
        total += term.sum().item()
        rescaled = (term.abs() - term.abs().min()) / (term.abs().max() - term.abs().min())
        wanted += resized(rescaled.sum(1), (12, 10)).detach()
    assert total == pytest.approx(score.item(), rel=1e-4)
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)
    assert (subject.forwards, subject.backwards) == (1, 1)
    assert subject.notes["terms_with_space"] == 5
    assert subject.notes["terms_without"] == 1
    assert subject.notes["completeness_gap"] < 1e-5


def test_others_terms_do_not_sum_on_relu6():
    """pytorch_grad_cam and the authors' code take the biases of modules: of ReLU6, 6 [z > 6] is missing."""
    net = seen(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU6(), Head(4)))
    net.module[0].weight.data *= 30
    terms = full_grad_terms(net, picture(), 1)
    assert terms.total == pytest.approx(terms.score, rel=1e-5)
    explicit = [term for term in terms.biases if term.operation in {"conv2d", "linear"}]
    theirs = float(terms.input.sum()) + sum(float(term.values.sum()) for term in explicit)
    assert abs(theirs - terms.score) > 0.2 * abs(terms.score)


def test_channels_last_maps_have_space():
    net = torchvision_network("convnext_tiny")
    subject = subject_of(net, size=64, targets=[0])
    orders = []
    collected = ImplicitBiases(orders.append)
    subject.gradients(watch=collected)
    last = [term for term in orders if term.operation == "gelu"]
    assert len(last) == 18
    assert {term.channels for term in last} == {3}
    assert {term.channels for term in orders if term.operation == "conv2d"} == {1}
    full_grad(subject)
    assert subject.notes["completeness_gap"] < 1e-4


class Checkpointed(nn.Module):
    """Runs its middle again on the way back."""

    def __init__(self, module, **how):
        super().__init__()
        self.module, self.how = module, how

    def forward(self, x):
        x = checkpoint(self.module[1:-1], self.module[0](x), **self.how)
        return self.module[-1](x)


def test_checkpoints():
    parts = (nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU6(), nn.Conv2d(4, 4, 1), nn.GELU(), nn.Softmax(1), Head(4))
    module = nn.Sequential(*parts).eval()
    expected = full_grad_terms(wrap(module), picture())
    terms = full_grad_terms(wrap(Checkpointed(module, use_reentrant=False)), picture())
    assert len(terms.biases) == len(expected.biases) == 7
    for one, two in zip(terms.biases, expected.biases, strict=True):
        torch.testing.assert_close(one.values, two.values)
    with pytest.raises(NoGradientError, match=r"turn gradient checkpointing off, or give it use_reentrant=False\.$"):
        full_grad_terms(wrap(Checkpointed(module, use_reentrant=True)), picture())


def test_several_pictures_are_as_one_by_one():
    targets = [0, [1, 2], None]
    subject = subject_of(InPlace(), count=3, targets=targets, batch_size=2)
    together = full_grad(subject)
    for row, target in enumerate(targets):
        alone = subject_of(subject.net, given=subject.inputs[row : row + 1], targets=[target])
        torch.testing.assert_close(full_grad(alone), together[row : row + 1], rtol=1e-4, atol=1e-5)


def test_the_network_is_left_as_found_in_any_state():
    module = Functional().train()
    for parameter in module.parameters():
        parameter.requires_grad_(False)
    subject = subject_of(wrap(module), given=torch.randn(1, 3, 10, 14), targets=[1])
    before = network_state(module)
    with torch.no_grad():
        found = full_grad(subject)
    assert found.shape == (1, 10, 14)
    assert_same(before, network_state(module))
    module.requires_grad_(True).eval()
    torch.testing.assert_close(full_grad(subject_of(wrap(module), given=subject.inputs, targets=[1])), found)


def test_half_precision_and_dead_layers():
    whole = subject_of(Functional(), targets=[1])
    half = subject_of(wrap(Functional().half()), given=whole.inputs.half(), targets=[1])
    half.net.module.load_state_dict(whole.net.module.state_dict())
    torch.testing.assert_close(full_grad(half), full_grad(whole), rtol=0.1, atol=0.1)
    with torch.no_grad():
        for parameter in whole.net.module.parameters():
            parameter.zero_()
    assert not full_grad(whole).any()
