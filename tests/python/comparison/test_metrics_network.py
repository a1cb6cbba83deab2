"""Metrics that ask the network: values by hand on small networks, windows, ties, and the network left as found."""

import math

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import nn

import inv_widgets as inv
from inv_widgets.classifier import Classifier
from inv_widgets.comparison.metrics.at_input import at_input
from inv_widgets.comparison.metrics.cases import read_shown
from inv_widgets.comparison.metrics.confidence import kept_confidence
from inv_widgets.comparison.metrics.measuring import measured
from inv_widgets.comparison.metrics.results import UndefinedMetricWarning

metrics = inv.metrics
CATEGORIES = ["one", "two", "three"]
NET_METRICS = ("drop", "increase", "insertion", "deletion", "sensitivity_n")


class Weighing(nn.Module):
    """Logits (sum of weights * red, 0, 0), or of its square: what each pixel gives is known."""

    def __init__(self, weights, power=1):
        super().__init__()
        self.weights = nn.Parameter(torch.as_tensor(weights, dtype=torch.float32))
        self.power = power
        self.drop = nn.Dropout(0.5)
        self.batches = []

    def forward(self, batch):
        self.batches.append(len(batch))
        first = (self.drop(batch[:, 0]) ** self.power * self.weights).sum((1, 2))
        return torch.stack([first, torch.zeros_like(first), torch.zeros_like(first)], 1)


def to_tensor(image):
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / 255


def classifier(weights, power=1, transform=to_tensor, window=None):
    return Classifier.from_module(Weighing(weights, power), transform, CATEGORIES, window)


def chance(score):
    return math.exp(score) / (math.exp(score) + 2)


WHITE = np.full((2, 5, 3), 255, np.uint8)
WEIGHTS = np.array([[1.0, 0.5, 0, 0, -1], [2, 0, 0, 0, -0.5]])
RANDOM = np.random.default_rng(5).random((8, 9))
PICTURE = np.random.default_rng(6).integers(0, 256, (8, 9, 3), np.uint8)


# --- Drop and Increase


def test_drop_by_hand():
    net = classifier(WEIGHTS)
    # round(15 % of 10) = 2 pixels are kept: here those of 2 and 1, and of 0.5 and 0.
    right, wrong = WEIGHTS, np.array([[0.0, 9, 8, 0, 0], [0, 0, 0, 0, 0]])
    before = chance(WEIGHTS.sum())
    assert metrics.drop(net, WHITE, right, "one") == 0
    assert metrics.increase(net, WHITE, right, "one") == 100
    found = metrics.drop(net, [WHITE, WHITE], np.stack([right, wrong]), "one")
    assert found == pytest.approx([0, 100 * (before - chance(0.5)) / before], rel=1e-5)
    assert metrics.increase(net, WHITE, wrong, "one") == 0
    # Half: 5 pixels, the values 2, 1, 0.5, 0, 0.
    assert kept_confidence(read_shown(net, WHITE, right, target="one"), 50).kept == pytest.approx([chance(3.5)])


def test_a_groups_probability_is_the_sum():
    net = classifier(WEIGHTS)
    found = kept_confidence(read_shown(net, WHITE, -WEIGHTS, target=["one", "two"]), 10)
    assert found.full == pytest.approx([(math.exp(2) + 1) / (math.exp(2) + 2)])
    assert found.kept == pytest.approx([(math.exp(-1) + 1) / (math.exp(-1) + 2)])


def test_targets_one_a_picture_or_the_networks_own():
    net = classifier(WEIGHTS)
    maps, pictures = np.stack([WEIGHTS] * 3), [WHITE, 0 * WHITE, WHITE]
    own = kept_confidence(read_shown(net, pictures, maps))
    assert own.full == pytest.approx([chance(2), 1 / 3, chance(2)])
    each = kept_confidence(read_shown(net, pictures, maps, targets=["two", 0, ["two", "three"]]))
    assert each.full == pytest.approx([(1 - chance(2)) / 2, 1 / 3, 1 - chance(2)])


def test_all_kept_is_neither_drop_nor_increase():
    class Batchwise(Weighing):
        def forward(self, batch):  # as real networks do, in their last digits
            return super().forward(batch) * torch.tensor([1 + 0.01 * len(batch), 1, 1])

    net = Classifier.from_module(Batchwise(RANDOM), to_tensor, CATEGORIES)
    maps = np.stack([RANDOM] * 3)
    assert metrics.drop(net, PICTURE, maps, "one", share=100).tolist() == [0, 0, 0]
    assert metrics.increase(net, PICTURE, maps, "one", share=100).tolist() == [0, 0, 0]


def test_one_picture_for_many_maps_asks_once_about_the_picture():
    net = classifier(WEIGHTS)
    maps = np.random.default_rng(0).random((20, 2, 5))
    found = metrics.drop(net, WHITE, maps, "one", batch_size=8)
    assert sum(net.module.batches) == 21
    assert max(net.module.batches) == 8
    assert found.tolist() == [metrics.drop(net, WHITE, each, "one") for each in maps]


def test_pictures_of_several_sizes():
    net = Classifier.from_module(nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 4)), to_tensor)
    pictures = [PICTURE, WHITE, PICTURE[:5], WHITE]
    maps = [np.random.default_rng(0).random(each.shape[:2]) for each in pictures]
    together = metrics.drop(net, pictures, maps, 2)
    assert together == pytest.approx([metrics.drop(net, *pair, 2) for pair in zip(pictures, maps, strict=True)])


def test_no_probability_is_undefined():
    net = classifier(np.full((2, 5), -200.0))
    with pytest.warns(UndefinedMetricWarning, match="drop is undefined .* probability on the picture is 0"):
        assert math.isnan(metrics.drop(net, WHITE, WEIGHTS, "one"))
    assert metrics.increase(net, WHITE, WEIGHTS, "one") == 100


def test_equal_values_are_kept_in_no_visible_order():
    kept = at_input(np.zeros((20, 20)), np.ones((20, 20), bool), (0, 0, 20, 20), (20, 20)).top(25)
    assert np.count_nonzero(kept) == 100
    assert kept.any(0).sum() > 15
    assert kept.any(1).sum() > 15


def test_what_is_hidden_is_zero_after_preprocessing():
    # White is 1 after preprocessing, what is hidden 0: were it black before preprocessing, it would be -1.
    net = classifier(np.ones((2, 5)), transform=lambda image: to_tensor(image) * 2 - 1)
    assert kept_confidence(read_shown(net, WHITE, RANDOM[:2, :5], target=0), 30).kept == pytest.approx([chance(3)])


# --- the window


def crop(image):
    return to_tensor(image)[:, 2:6, 3:9]


def test_only_the_window_is_ranked():
    net = classifier(np.ones((4, 6)), transform=crop, window=lambda h, w: (3, 2, 6, 4))
    bare = classifier(np.ones((4, 6)))
    outside = np.full((8, 9), 99.0)
    outside[2:6, 3:9] = RANDOM[2:6, 3:9]
    for name in NET_METRICS:
        inner = measured(name, RANDOM[2:6, 3:9], net=bare, pictures=PICTURE[2:6, 3:9], target=0).values
        for fill in (99.0, -99.0, np.nan, np.inf):
            large = np.where(outside == 99, fill, outside)
            assert measured(name, large, net=net, pictures=PICTURE, target=0).values == pytest.approx(inner, rel=1e-6)
    masks = np.ones((8, 9), bool)
    masks[:, 6:] = False
    found = measured("ebpg", outside, masks=masks, net=net, pictures=PICTURE).values
    assert found == pytest.approx([metrics.ebpg(RANDOM[2:6, 3:9], masks[2:6, 3:9])])


def test_padding_is_neither_ranked_nor_hidden():
    # Two columns of padding on both sides, which weigh: the picture's four columns are 4 of 4 shares of 25 %.
    def padded(image):
        return nn.functional.pad(to_tensor(image), (2, 2), value=0.5)

    net = classifier(np.ones((1, 8)), transform=padded, window=lambda h, w: (-2, 0, 8, 1))
    white, values = np.full((1, 4, 3), 255, np.uint8), np.array([[4.0, 3, 2, 1]])
    assert kept_confidence(read_shown(net, white, values, target=0), 25).kept == pytest.approx([chance(2 + 1)])
    curve = metrics.deletion(net, white, values, 0, step=1)
    assert curve.probabilities[0] == pytest.approx([chance(2 + left) for left in (4, 3, 2, 1, 0)])
    assert curve.shares[0] == pytest.approx([0, 0.25, 0.5, 0.75, 1])
    for baseline in ("blur", "grey"):
        start = metrics.insertion(net, white, values, 0, step=4, baseline=baseline).probabilities[0]
        assert start[-1] == pytest.approx(chance(6))
        if baseline == "grey":
            assert start[0] == pytest.approx(chance(2 + 4 * 128 / 255))


def test_a_map_is_averaged_where_the_input_is_coarser():
    fine = np.kron([[4.0, 1], [3, 2]], np.ones((6, 6)))
    fine[2, 8] = 12  # one pixel does not decide for 36
    coarse = at_input(fine, np.ones((12, 12), bool), (0, 0, 12, 12), (2, 2))
    assert coarse.ranks.tolist() == [[0, 3], [1, 2]]
    assert coarse.covered.all()
    large = at_input(fine * 1e307, np.ones((12, 12), bool), (0, 0, 12, 12), (2, 2))
    assert large.ranks.tolist() == coarse.ranks.tolist()
    flat = at_input(np.full((11, 7), 0.3), np.ones((11, 7), bool), (0.7, 1.3, 5, 9), (4, 4))
    assert not flat.values.any()


def test_a_map_at_the_inputs_size_stays_as_it_is():
    values = np.random.default_rng(1).normal(size=(7, 9))
    found = at_input(values, np.ones((7, 9), bool), (0, 0, 9, 7), (7, 9))
    assert np.array_equal(found.values, values - values.min())
    assert found.ranks.ravel()[np.argsort(-values, axis=None)].tolist() == list(range(63))


def test_a_gradient_is_enlarged_linearly():
    ramp = np.arange(4.0)[None].repeat(4, 0)
    found = at_input(ramp, np.ones((4, 4), bool), (0, 0, 4, 4), (8, 8))
    assert found.values[3] == pytest.approx([0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3])


def test_a_map_beside_the_window_is_undefined():
    net = classifier(
        np.ones((1, 1)), transform=lambda image: to_tensor(image)[:, :1, :1], window=lambda h, w: (0, 0, 0.2, 1)
    )
    for name in NET_METRICS:
        found = measured(name, RANDOM, net=net, pictures=PICTURE, target=0)
        assert math.isnan(found.values[0])
        assert found.reasons == ("the map says nothing of what the network sees",)
    with pytest.warns(UndefinedMetricWarning, match="insertion is undefined"):
        assert len(metrics.insertion(net, PICTURE, RANDOM, 0).shares[0]) == 0


# --- insertion and deletion


def test_deletion_by_hand():
    net = classifier([[1.0, 2, 4, 0]])
    white, values = np.full((1, 4, 3), 255, np.uint8), np.array([[2.0, 3, 4, 1]])
    curve = metrics.deletion(net, white, values, 0, step=1)
    expected = [chance(score) for score in (7, 3, 1, 0, 0)]
    assert curve.probabilities[0] == pytest.approx(expected)
    assert curve.auc == pytest.approx((expected[0] / 2 + sum(expected[1:4]) + expected[4] / 2) / 4)
    assert type(curve.auc) is float


def test_insertion_by_hand():
    net = classifier([[1.0, 2, 4, 0]])
    white, values = np.full((1, 4, 3), 255, np.uint8), np.array([[2.0, 3, 4, 1]])
    curve = metrics.insertion(net, white, values, 0, step=3, baseline="zero")
    expected = [chance(score) for score in (0, 7, 7)]
    assert curve.probabilities[0] == pytest.approx(expected)
    assert curve.shares[0].tolist() == [0, 0.75, 1]
    assert curve.auc == pytest.approx(0.75 * (expected[0] + expected[1]) / 2 + 0.25 * expected[1])
    frame = curve.to_frame()
    assert list(frame.columns) == ["picture", "share", "probability"]
    assert frame["probability"].tolist() == pytest.approx(expected)


def test_the_papers_numbers():
    # A row's worth of pixels a step; blurred with 11 x 11 pixels, sigma 5, zeros beyond the edge.
    net = classifier(RANDOM - 0.4)
    curve = metrics.insertion(net, PICTURE, RANDOM, 0)
    assert curve.shares[0] == pytest.approx(np.arange(9) / 8)
    spike = np.zeros((11, 11))
    spike[5, 5] = 1
    blurred = ndimage.convolve(PICTURE[..., 0] / 255, ndimage.gaussian_filter(spike, 5), mode="constant")
    assert curve.probabilities[0][0] == pytest.approx(chance(((RANDOM - 0.4) * blurred).sum()), rel=1e-5)
    assert curve.probabilities[0][-1] == pytest.approx(chance(((RANDOM - 0.4) * PICTURE[..., 0] / 255).sum()), rel=1e-5)


def test_batches_change_nothing():
    net = classifier(RANDOM - 0.4, power=2)
    one = metrics.deletion(net, PICTURE, RANDOM, 0, step=5, batch_size=1)
    net.module.batches.clear()
    four = metrics.deletion(net, PICTURE, RANDOM, 0, step=5, batch_size=4)
    assert net.module.batches == [4, 4, 4, 4]  # 16 states: 72 pixels, 5 at a time, and the picture
    assert one.probabilities[0] == pytest.approx(four.probabilities[0], rel=1e-6)


def test_the_right_map_is_better():
    weights = np.zeros((8, 9))
    weights[2:5, 3:6] = 1.0
    net, picture = classifier(weights - 0.05), np.full((8, 9, 3), 255, np.uint8)
    for function, better in ((metrics.insertion, 1), (metrics.deletion, -1)):
        right, wrong = (function(net, picture, one, 0, baseline="zero", step=3).auc for one in (weights, -weights))
        assert better * (right - wrong) > 0.2


# --- Sensitivity-n


def test_sensitivity_of_a_linear_network_is_that_of_gradient_times_input():
    weights = np.random.default_rng(3).normal(size=(8, 9))
    net = classifier(weights)
    exact = weights * PICTURE[..., 0] / 255
    assert metrics.sensitivity_n(net, PICTURE, exact, 0) == pytest.approx(1, abs=1e-6)
    assert metrics.sensitivity_n(net, PICTURE, -3 * exact + 2, 0, subsets=20) == pytest.approx(-1, abs=1e-6)
    other = np.random.default_rng(4).normal(size=(8, 9))
    assert abs(metrics.sensitivity_n(net, PICTURE, other, 0)) < 0.4


def test_sensitivity_1_of_what_each_pixel_is_worth():
    weights = np.random.default_rng(3).normal(size=(8, 9))
    net = classifier(weights, power=2)
    worth = weights * (PICTURE[..., 0] / 255) ** 2
    assert metrics.sensitivity_n(net, PICTURE, worth, 0, sizes=[1]) == pytest.approx(1, abs=1e-6)
    # The score before the softmax, not the probability; a group's is the logsumexp.
    assert metrics.sensitivity_n(net, PICTURE, worth, ["one", "two"], sizes=[1]) < 0.9999


def test_sensitivity_by_its_seed():
    net = classifier(RANDOM - 0.4)
    found = [metrics.sensitivity_n(net, PICTURE, RANDOM, 0, seed=seed, subsets=10) for seed in (0, 0, 1)]
    assert found[0] == found[1] != found[2]
    before = torch.get_rng_state()
    metrics.sensitivity_n(net, PICTURE, RANDOM, 0, subsets=2)
    assert torch.equal(before, torch.get_rng_state())


def test_sensitivity_is_undefined_where_nothing_varies():
    net = classifier(np.zeros((8, 9)))
    with pytest.warns(UndefinedMetricWarning, match="the class score, or the map's sum, is the same"):
        assert math.isnan(metrics.sensitivity_n(net, PICTURE, RANDOM, 0, subsets=3))
    with pytest.warns(UndefinedMetricWarning, match="the map is constant"):
        assert math.isnan(metrics.sensitivity_n(net, PICTURE, 0 * RANDOM + 0.7, 0, subsets=3))


# --- kinds, degenerate maps, bad input


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_tensors_of_any_type_and_networks_of_any_type(dtype):
    net = classifier(np.round(RANDOM, 1))
    net.module.to(dtype)
    maps = torch.from_numpy(RANDOM)[None].to(torch.float16)
    for name in NET_METRICS:
        found = getattr(metrics, name)(net, [PICTURE], maps, 0)
        found = getattr(found, "auc", found)
        assert isinstance(found, torch.Tensor)
        assert found.dtype == torch.float64
        assert found.shape == (1,)
        assert torch.isfinite(found).all()


@pytest.mark.parametrize(
    "values", [0 * RANDOM, 0 * RANDOM - 2, np.eye(8, 9) * (np.arange(9) == 3), -RANDOM, RANDOM * 1e308]
)
def test_degenerate_maps(values):
    net = classifier(RANDOM - 0.4)
    for name in ("drop", "increase", "insertion", "deletion"):
        found = measured(name, values, net=net, pictures=PICTURE, target=0)
        assert np.isfinite(found.values).all()
        assert found.reasons == ("",)


def test_the_network_is_left_as_found():
    net = classifier(RANDOM - 0.4)
    net.module.train()
    net.module.weights.requires_grad_(requires_grad=False)
    with torch.no_grad():
        for name in NET_METRICS:
            first, second = (measured(name, RANDOM, net=net, pictures=PICTURE, target=0).values for _ in range(2))
            assert np.array_equal(first, second)  # dropout is off
    assert net.module.training
    assert net.module.drop.training
    assert net.module.weights.grad is None


def test_a_network_that_overwrites_its_input():
    class Overwriting(Weighing):
        def forward(self, batch):
            batch.mul_(2)
            return super().forward(batch / 2)

    tidy, untidy = (
        Classifier.from_module(kind(RANDOM - 0.4), to_tensor, CATEGORIES) for kind in (Weighing, Overwriting)
    )
    for name in NET_METRICS:
        pair = [measured(name, RANDOM, net=net, pictures=PICTURE, target=0).values for net in (tidy, untidy)]
        assert pair[0] == pytest.approx(pair[1])


@pytest.mark.parametrize("function", [getattr(metrics, name) for name in NET_METRICS])
def test_bad_input_is_refused(function):
    net = classifier(RANDOM)
    with pytest.raises(ValueError, match="pictures: number 0 is 8 x 9 but its saliency map is 7 x 9"):
        function(net, PICTURE, RANDOM[:7], 0)
    with pytest.raises(ValueError, match="pictures: 3 for 2 saliency maps"):
        function(net, [PICTURE] * 3, np.stack([RANDOM] * 2), 0)
    with pytest.raises(ValueError, match="There are no pictures"):
        function(net, [], RANDOM, 0)
    with pytest.raises(ValueError, match=r"1 of the 72 pixels .* NaN or infinite"):
        function(net, PICTURE, np.where(RANDOM.max() == RANDOM, np.nan, RANDOM), 0)
    with pytest.raises(KeyError, match="four"):
        function(net, PICTURE, RANDOM, "four")
    with pytest.raises(ValueError, match="not both"):
        function(net, PICTURE, RANDOM, 0, targets=[0])
    with pytest.raises(ValueError, match="does not fit 1 pictures"):
        function(net, PICTURE, RANDOM, targets=[0, 1])
    with pytest.raises(TypeError, match="stride"):
        function(net, PICTURE, RANDOM, 0, stride=3)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("drop", {"share": 0}),
        ("increase", {"share": "15"}),
        ("insertion", {"step": 0}),
        ("insertion", {"step": 2.0}),
        ("deletion", {"baseline": "black"}),
        ("sensitivity_n", {"subsets": 1}),
        ("sensitivity_n", {"sizes": []}),
        ("sensitivity_n", {"sizes": [0]}),
        ("sensitivity_n", {"sizes": [72]}),
        ("sensitivity_n", {"seed": -1}),
    ],
)
def test_impossible_parameters_are_refused(name, parameters):
    with pytest.raises((TypeError, ValueError), match=f"^.inv-widgets. .*{next(iter(parameters))}"):
        getattr(metrics, name)(classifier(RANDOM), PICTURE, RANDOM, 0, **parameters)
