"""What every method must bear: pictures of all kinds, one class and a thousand, groups, and a pass that fails."""

import numpy as np
import pytest
import torch
from activation_networks import assert_same, network_state
from torch import nn
from torch.overrides import _get_current_function_mode_stack
from torch.utils._python_dispatch import _get_current_dispatch_mode_stack

import inv_widgets as inv
from inv_widgets.classifier import Classifier
from inv_widgets.comparison.method import NotPossibleError
from inv_widgets.comparison.parameters import check_int, check_number

SMALL = {
    "smooth_grad": {"n": 3},
    "integrated_gradients": {"n_steps": 8},
    "rise": {"masks": 12},
    "extremal_perturbation": {"steps": 4},
    "lime": {"samples": 12},
    "shap": {"samples": 12},
}
NAMES = [method.name for method in inv.methods() if method.kind != "concept" and method.name != "attention_rollout"]
KINDS = {
    "grey": (9, 13), "RGBA": (9, 13, 4), "one pixel": (1, 1, 3), "tiny": (8, 8, 3), "tall": (700, 20, 3),
}  # fmt: skip


class Faulty(nn.Module):
    """Passes on what it gets, until the `at`-th call."""

    def __init__(self):
        super().__init__()
        self.calls, self.at, self.error = 0, 10**9, RuntimeError

    def forward(self, values):
        self.calls += 1
        if self.calls >= self.at:
            raise self.error("boom")
        return values


def network(classes):
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(inplace=True), nn.MaxPool2d(2), Faulty(),
        nn.Conv2d(6, 8, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(),
        nn.Linear(8, classes),
    )  # fmt: skip


def as_tensor(image):
    values = np.array(image.resize((16, 16)), np.float32)
    return torch.from_numpy(values).permute(2, 0, 1) / 255 - 0.5


def classifier(classes):
    return Classifier.from_module(network(classes), as_tensor, [f"class {number}" for number in range(classes)])


@pytest.mark.filterwarnings("ignore:.inv-widgets. Integrated gradients")
@pytest.mark.parametrize("name", NAMES)
def test_pictures_of_all_kinds(name):
    net = classifier(5)
    for shape in KINDS.values():
        picture = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
        got = inv.saliency(net, picture, name, **SMALL.get(name, {}))
        assert got.shape == shape[:2]
        assert got.dtype == np.float32
        assert np.isfinite(got).all()


@pytest.mark.filterwarnings("ignore:.inv-widgets. (Integrated|FullGrad)")
@pytest.mark.parametrize("classes", [1, 1000])
@pytest.mark.parametrize("name", NAMES)
def test_one_class_and_a_thousand(name, classes):
    net, picture = classifier(classes), np.random.default_rng(2).integers(0, 256, (20, 14, 3), np.uint8)
    group = [0, "class 2", 999] if classes > 1 else [0]
    for target in (None, group):
        assert np.isfinite(inv.saliency(net, picture, name, target, **SMALL.get(name, {}))).all()


@pytest.mark.filterwarnings("ignore:.inv-widgets. (Integrated|FullGrad)")
@pytest.mark.parametrize("name", NAMES)
def test_half_precision(name):
    net = Classifier.from_module(network(5).bfloat16(), as_tensor)
    picture = np.random.default_rng(4).integers(0, 256, (20, 14, 3), np.uint8)
    assert np.isfinite(inv.saliency(net, picture, name, **SMALL.get(name, {}))).all()


class Detaching(nn.Module):
    """Computes everything where no gradient is kept."""

    def __init__(self):
        super().__init__()
        self.network = network(5)

    @torch.inference_mode()
    def forward(self, values):
        return self.network(values)


@pytest.mark.parametrize("name", NAMES)
def test_where_no_gradient_comes_a_method_works_without_or_names_those_that_do(name):
    net = Classifier.from_module(Detaching(), as_tensor)
    picture = np.random.default_rng(5).integers(0, 256, (20, 14, 3), np.uint8)
    try:
        got = inv.saliency(net, picture, name, **SMALL.get(name, {}))
    except NotPossibleError as error:
        why, allowed = str(error).split("Possible here are: ")
        assert "no gradient comes to" in why
        assert allowed == "layer_visualization, score_cam, ablation_cam, occlusion, rise, lime, shap, dff."
    else:
        assert got.any()


class OneByOne(nn.Module):
    """Takes one picture at a time, as exported networks do."""

    def __init__(self):
        super().__init__()
        self.network = network(5)

    def forward(self, values):
        return self.network(values.view(1, 3, 16, 16))


def test_an_input_that_the_network_does_not_take():
    net, picture = Classifier.from_module(OneByOne(), as_tensor), np.zeros((16, 16, 3), np.uint8)
    message = r"^\[inv-widgets\] OneByOne fails on an input of 12 x 3 x 16 x 16 \(float32 on cpu\): .* batch_size=1 "
    with pytest.raises(RuntimeError, match=message):
        inv.saliency(net, picture, "rise", masks=12)
    assert inv.saliency(net, picture, "rise", masks=12, batch_size=1).shape == (16, 16)
    grey = Classifier.from_module(network(5), lambda image: as_tensor(image)[:1])
    for call in (inv.explain, inv.saliency, Classifier.predict):
        with pytest.raises(
            RuntimeError, match=r"Sequential fails on an input of 1 x 1 x 16 x 16 .* \(size, channels\)\.$"
        ):
            call(grey, picture)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("at", [1, 2, 4])
@pytest.mark.parametrize("name", [*NAMES, "attention_rollout"])
@pytest.mark.filterwarnings("ignore:.inv-widgets.")
def test_nothing_is_left_behind_when_a_pass_fails(name, at, error):
    net = classifier(5)
    module = net.module.train()
    module[5].eval()
    faulty = module[4]
    picture = np.random.default_rng(3).integers(0, 256, (16, 16, 3), np.uint8)
    before, enabled, chance = network_state(module), torch.is_grad_enabled(), torch.get_rng_state()
    faulty.at, faulty.error = at, error
    try:
        inv.saliency(net, picture, name, batch_size=4, **SMALL.get(name, {}))
    except (error, ValueError):
        pass
    else:
        # It took fewer passes, or was interrupted and kept what it had.
        assert faulty.calls < at or error is KeyboardInterrupt
    assert_same(before, network_state(module))
    for part in module.modules():
        assert not part._forward_hooks
        assert not part._forward_pre_hooks
        assert not part._backward_hooks
    assert torch.is_grad_enabled() == enabled
    assert torch.equal(torch.get_rng_state(), chance)
    assert not _get_current_function_mode_stack()
    assert not _get_current_dispatch_mode_stack()


def test_tcav_makes_no_map_and_says_where_to_go():
    with pytest.raises(
        ValueError, match=r"^\[inv-widgets\] TCAV makes no map .* use inv\.tcav\(net, summary, label\)\.$"
    ):
        inv.saliency(classifier(5), np.zeros((8, 8, 3), np.uint8), "tcav")


def test_numbers_of_numpy_are_numbers():
    assert type(check_int("masks", np.int64(5))) is int
    assert type(check_number("p", np.float32(0.5), 0, 1)) is float
    for wrong in (True, np.True_, 2.0, "5", None, np.int64(0)):
        with pytest.raises(ValueError, match=r"masks=.* is not possible: give a whole number of at least 1"):
            check_int("masks", wrong)
    for wrong in (True, "x", None, 0, float("nan"), np.float64(2)):
        with pytest.raises(ValueError, match=r"p=.* is not possible: give a number above 0 and up to 1"):
            check_number("p", wrong, 0, 1)
