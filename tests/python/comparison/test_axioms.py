"""Axioms: integrated gradients and FullGrad are complete; maps change when weights do."""

import numpy as np
import pytest
import torch
from activation_networks import assert_same, network_state, subject_of
from small_networks import Head, torchvision_network, wrap
from torch import nn

import inv_widgets as inv
from inv_widgets.comparison.full_grad import full_grad_terms
from inv_widgets.comparison.integrated_gradients import integrated_gradients
from inv_widgets.comparison.sanity import THRESHOLD, randomisation, structural_similarity


@pytest.fixture(scope="module")
def fashion():
    return inv.Classifier.demo("fashion")


@pytest.fixture(scope="module")
def shirt():
    return inv.datasets.fashion()[0]


# --- completeness


@pytest.mark.parametrize("activation", [nn.Softplus, nn.Tanh, nn.GELU, nn.SiLU])
def test_integrated_gradients_are_complete_on_smooth_networks(activation):
    module = nn.Sequential(nn.Conv2d(3, 8, 3), activation(), nn.Conv2d(8, 8, 3), activation(), Head(8)).double()
    subject = subject_of(wrap(module), count=2, targets=[1, [0, 2]], batch_size=64)
    found = integrated_gradients(subject, baseline="zero", n_steps=200)
    for row in range(2):
        ends = torch.cat([subject.inputs[row : row + 1], torch.zeros(1, 3, 12, 12)]).double()
        high, low = subject.scores(ends, row).tolist()
        assert abs(float(found[row].sum()) - (high - low)) < 1e-3 * abs(high - low)
        assert subject.notes_of[row]["completeness_gap"] < 1e-3


def test_integrated_gradients_come_close_on_rectifiers():
    subject = subject_of(torchvision_network("resnet18"), size=32, targets=[3])
    integrated_gradients(subject, baseline="zero", n_steps="auto")
    assert subject.notes_of[0]["completeness_gap"] < 0.01
    assert subject.notes_of[0]["n_steps"] in {25, 50, 100, 200, 400, 800, 1600}


def lively(module):
    """Random statistics and biases: fresh ones are 0 and 1, and show nothing."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, buffer in module.named_buffers():
            if name.endswith("running_mean"):
                buffer.normal_(0, 0.1, generator=generator)
            elif name.endswith("running_var"):
                buffer.uniform_(0.5, 1.5, generator=generator)
        for parameter in module.parameters():
            if parameter.ndim == 1:
                parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))


@pytest.mark.parametrize(
    "name",
    [
        # Piecewise linear; MobileNetV2 has ReLU6.
        "vgg11_bn", "resnet18", "mobilenet_v2", "densenet121", "squeezenet1_1", "shufflenet_v2_x0_5",
        # With gates, SiLU, hardswish, GELU, layer normalisation.
        "mobilenet_v3_small", "efficientnet_b0", "regnet_y_400mf", "convnext_tiny",
    ],
)  # fmt: skip
def test_full_grad_terms_sum_to_the_logit(name):
    net = torchvision_network(name)
    lively(net.module)
    given = torch.randn(3, 64, 64, generator=torch.Generator().manual_seed(1))
    net.transform = lambda _: given
    before = network_state(net.module)
    terms = full_grad_terms(net, np.zeros((64, 64, 3), np.uint8), 3)
    with torch.no_grad():
        logit = float(net.module.eval()(given[None])[0, 3])
    net.module.train()
    assert terms.score == pytest.approx(logit, rel=1e-5)
    assert terms.total == pytest.approx(logit, rel=1e-4)
    assert sum(float(term.values.abs().sum()) for term in terms.biases) > 1e-3 * abs(logit)
    assert_same(before, network_state(net.module))


def test_full_grad_of_saturated_relu6_counts_its_six():
    net = torchvision_network("mobilenet_v2")
    lively(net.module)
    with torch.no_grad():
        net.module.features[0][1].weight.mul_(30)
    net.transform = lambda _: torch.randn(3, 64, 64, generator=torch.Generator().manual_seed(1))
    terms = full_grad_terms(net, np.zeros((64, 64, 3), np.uint8), 3)
    assert terms.total == pytest.approx(terms.score, rel=1e-4)
    assert any(term.operation == "hardtanh" and term.values.any() for term in terms.biases)


# --- weights that are made random


def edges(_net, picture, _target):
    return np.hypot(*np.gradient(np.asarray(picture.image, float).mean(2)))


def constant(_net, picture, _target):
    return np.ones((picture.height, picture.width))


@pytest.mark.parametrize("method", [edges, constant])
@pytest.mark.parametrize("order", ["cascade", "independent", "all"])
def test_methods_that_ignore_the_weights_are_flagged(fashion, shirt, method, order):
    found = randomisation(fashion, shirt, method, order=order)
    assert found.ignores_weights
    assert found.rank_correlations == pytest.approx([1.0] * len(found.layers))
    assert found.method == method.__name__


@pytest.mark.parametrize("method", ["saliency", "integrated_gradients", "grad_cam", "guided_backprop", "full_grad"])
def test_methods_that_look_at_the_weights_are_not(fashion, shirt, method):
    before = network_state(fashion.module)
    options = {"n_steps": "auto"} if method == "integrated_gradients" else {}
    found = randomisation(fashion, shirt, method, order="all", **options)
    assert not found.ignores_weights
    assert found.layers == ("all",)
    assert abs(found.rank_correlations[0]) < THRESHOLD
    assert_same(before, network_state(fashion.module))


def test_the_cascade_starts_from_the_top_and_stays_random(fashion, shirt):
    found = randomisation(fashion, shirt, "saliency")
    names = [
        name for name, part in fashion.module.named_modules() if next(part.parameters(recurse=False), None) is not None
    ]
    assert list(found.layers) == names[::-1]
    assert np.mean(found.rank_correlations) < 0.5
    alone = randomisation(fashion, shirt, "saliency", order="independent")
    assert alone.rank_correlations[0] == pytest.approx(found.rank_correlations[0])
    assert alone.rank_correlations[-1] != pytest.approx(found.rank_correlations[-1])
    frame = found.to_frame()
    assert list(frame.columns) == ["method", "order", "layer", "rank_correlation", "ssim"]
    assert len(frame) == len(names)
    again = randomisation(fashion, shirt, "saliency")
    assert again.rank_correlations == found.rank_correlations
    assert randomisation(fashion, shirt, "saliency", 1).rank_correlations != found.rank_correlations


def test_guided_backprop_hardly_sees_the_last_layers(fashion, shirt):
    """Known since Adebayo et al. and Nie et al. 2018: it follows the first layers; the gradient does not."""
    guided = randomisation(fashion, shirt, "guided_backprop", order="independent")
    plain = randomisation(fashion, shirt, "saliency", order="independent")
    assert guided.rank_correlations[0] > plain.rank_correlations[0]


def test_what_lies_outside_the_window_does_not_count():
    net = inv.Classifier.from_module(
        nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), Head(4)),
        lambda image: torch.from_numpy(np.asarray(image.crop((4, 4, 16, 16)), np.float32)).permute(2, 0, 1) / 255,
        window=lambda _height, _width: (4, 4, 12, 12),
    )
    picture = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    found = randomisation(net, picture, "saliency", order="all")
    assert found.rank_correlations[0] < 0.9  # all of the picture: 0.99, for most of it is 0 in both


def test_structural_similarity_is_scikit_images():
    metrics = pytest.importorskip("skimage.metrics")
    generator = np.random.default_rng(0)
    one, two = generator.random((40, 30)), generator.random((40, 30))
    two = 0.6 * one + 0.4 * two
    wanted = metrics.structural_similarity(
        one, two, data_range=1, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, full=True
    )[1].mean()
    assert structural_similarity(one, two) == pytest.approx(wanted, abs=1e-6)
    assert structural_similarity(one, one) == pytest.approx(1)


def test_bad_randomisations(fashion, shirt):
    with pytest.raises(ValueError, match="order='up' is not possible"):
        randomisation(fashion, shirt, order="up")
    with pytest.raises(ValueError, match="no finite map"):
        randomisation(fashion, shirt, lambda *_: np.full((28, 28), np.nan))
    with pytest.raises(KeyError, match="no method 'nothing'"):
        randomisation(fashion, shirt, "nothing")

    class Bare(nn.Module):
        def forward(self, x):
            return x.mean((2, 3))

    with pytest.raises(ValueError, match="has no weights"):
        randomisation(wrap(Bare()), shirt, "saliency")
