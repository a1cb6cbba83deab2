"""Deep feature factorization: planted concepts are found, matched across pictures and classified."""

import dataclasses

import numpy as np
import pytest
import torch
from activation_networks import assert_same, network_state, subject_of
from sklearn.decomposition import NMF
from small_networks import Functional, HandWritten, NoConvolution, wrap
from torch import nn

import inv_widgets as inv
from inv_widgets.classifier import Classifier
from inv_widgets.comparison.factorization import factorize


class Colours(nn.Module):
    """Channels of red, of blue, and of both; classes red, blue and none are what the pooled channels say."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1, bias=False)
        self.fc = nn.Linear(4, 3, bias=False)
        with torch.no_grad():
            self.conv.weight[:, :, 0, 0] = torch.tensor([[1.0, 0, 0], [2, 0, 0], [0, 0, 1], [0, 0, 3]])
            self.fc.weight[:] = torch.tensor([[9.0, 9, 0, 0], [0, 0, 9, 9], [0, 0, 0, 0]])

    def forward(self, x):
        return self.fc(torch.relu(self.conv(x)).mean((2, 3)))


def as_tensor(image):
    return torch.from_numpy(np.array(image)).permute(2, 0, 1) / 255


def colours():
    return Classifier.from_module(Colours(), as_tensor, ["red", "blue", "none"])


def picture(red, blue, height=8, width=10):
    found = np.zeros((height, width, 3), np.uint8)
    found[red] += np.array((200, 0, 0), np.uint8)
    found[blue] += np.array((0, 0, 100), np.uint8)
    return found


IMAGE = np.random.default_rng(0).integers(0, 255, (12, 12, 3), np.uint8)
LEFT, RIGHT, TOP, NOWHERE = np.s_[:, :4], np.s_[:, 6:], np.s_[:3], np.s_[:0]


def test_planted_concepts_are_found_in_both_pictures_and_classified():
    net = colours()
    before = network_state(net.module)
    found = inv.dff(net, [picture(LEFT, RIGHT), picture(NOWHERE, TOP)], n_concepts=2, target="red")
    assert_same(before, network_state(net.module))
    assert found.maps.shape == (2, 2, 8, 10)
    by_name = {found.classes(place)[0].name: place for place in range(2)}
    red, blue = by_name["red"], by_name["blue"]
    np.testing.assert_allclose(found.directions[red], np.array([1, 2, 0, 0]) / 5**0.5, atol=1e-3)
    np.testing.assert_allclose(found.directions[blue], np.array([0, 0, 1, 3]) / 10**0.5, atol=1e-3)
    # |(1, 2)| * 200 / 255 on the left; the same concept is nowhere in the second picture.
    want = np.zeros((8, 10))
    want[LEFT] = 5**0.5 * 200 / 255
    np.testing.assert_allclose(found.maps[0, red], want, atol=1e-3)
    assert found.maps[1, red].max() < 1e-3
    want = np.zeros((8, 10))
    want[TOP] = 10**0.5 * 100 / 255
    np.testing.assert_allclose(found.maps[1, blue], want, atol=1e-3)
    # Alone, red scores 9 * (1 + 2) * 200 / 255 on 40 % of the picture; blue scores nothing for red.
    assert found.target_scores[0, red] == pytest.approx(27 * 200 / 255 * 0.4, abs=1e-2)
    assert found.target_scores[0, blue] == pytest.approx(0, abs=1e-2)
    assert found.error < 1e-3
    assert found.clipped == 0
    assert found.converged
    np.testing.assert_allclose(found.shares.sum(1), 100)
    assert found.shares[1, blue] == pytest.approx(100, abs=0.1)


def test_each_concept_is_classified_as_the_network_would_classify_its_maps_alone():
    net = wrap(Functional())
    given = [np.random.default_rng(seed).integers(0, 255, (12, 12, 3), np.uint8) for seed in (0, 1)]
    subject = subject_of(net, given=torch.randn(2, 3, 12, 12))
    maps = subject.capture("last 1").maps[0].double().numpy()
    factors = factorize(maps, 3, 0)
    found = inv.dff(Classifier.from_module(net.module, lambda _: subject.inputs[0]), given[:1], n_concepts=3)
    alone = factorize(maps[:1], 3, 0)
    for place in range(3):
        own = torch.from_numpy(alone.maps[0, place][None] * alone.directions[place][:, None, None]).float()
        logits = net.module.head(own[None])[0].detach()
        np.testing.assert_allclose(found.probabilities[0, place], logits.softmax(0), rtol=1e-4)
    assert factors.maps.shape == (2, 3, 6, 6)


def test_the_factorization_beside_sklearn_and_its_properties():
    maps = np.random.default_rng(0).gamma(1.0, size=(2, 7, 4, 5))
    found = factorize(maps, 3, 0)
    rows = maps.transpose(0, 2, 3, 1).reshape(40, 7)
    rebuilt = np.einsum("nkhw,kc->nchw", found.maps, found.directions)
    np.testing.assert_allclose(np.linalg.norm(found.directions, axis=1), 1)
    assert (np.diff(found.maps.sum((0, 2, 3))) <= 0).all()
    assert found.error == pytest.approx(np.linalg.norm(maps - rebuilt) / np.linalg.norm(maps))
    best = NMF(3, init="random", random_state=1, max_iter=3000, tol=1e-6).fit(rows).reconstruction_err_
    assert np.linalg.norm(maps - rebuilt) < 1.03 * best
    np.testing.assert_allclose(found.part(1).sum(0), rebuilt[1])
    assert np.array_equal(factorize(maps, 3, 0).maps, found.maps)


def test_negative_maps_count_as_nothing_and_it_is_said():
    maps = np.random.default_rng(0).normal(size=(1, 6, 4, 4))
    found = factorize(maps, 2, 0)
    assert found.clipped == pytest.approx(-maps[maps < 0].sum() / np.abs(maps).sum())
    np.testing.assert_array_equal(found.maps, factorize(np.maximum(maps, 0), 2, 0).maps)
    assert inv.dff(wrap(HandWritten()), [IMAGE], "conv3", 2).clipped > 0


def test_a_dead_layer_has_empty_concepts():
    net = wrap(Functional())
    with torch.no_grad():
        net.module.conv3.weight.fill_(0)
        net.module.conv3.bias.fill_(-1)
    found = inv.dff(net, [IMAGE], n_concepts=2)
    assert not found.maps.any()
    assert found.error == 0
    assert np.isnan(found.shares).all()
    np.testing.assert_array_equal(found.coloured(), found.pictures[0])
    assert not inv.saliency(net, IMAGE, "dff").any()


def test_the_method_takes_the_concept_that_scores_highest():
    net = colours()
    given = picture(LEFT, RIGHT)
    for target, where in (("red", LEFT), ("blue", RIGHT)):
        got = inv.saliency(net, given, "dff", target, n_concepts=2)
        want = np.zeros((8, 10), bool)
        want[where] = True
        assert got[want].min() > 0.5
        assert got[~want].max() < 1e-3


def test_pictures_in_one_call_are_factorized_each_by_itself():
    net = colours()
    given = [picture(LEFT, RIGHT), picture(TOP, RIGHT)]
    together = inv.saliency(net, given, "dff", ["red", "blue"])
    for one, alone in zip(together, given, strict=True):
        np.testing.assert_allclose(one, inv.saliency(net, alone, "dff", ["red", "blue"]), atol=1e-6)


def test_colours_on_a_picture_by_hand():
    net = Classifier.from_module(Colours(), lambda image: as_tensor(image.resize((10, 8))), ["red", "blue", "none"])
    given = picture(LEFT, RIGHT, 16, 20)[:, :, ::1]
    given[:, 8:16] = 0
    given[:, 14:] = (0, 0, 100)
    found = inv.dff(net, [given], n_concepts=2)
    got = found.coloured(opacity=0.5)
    assert got.shape == (16, 20, 3)
    assert got.dtype == np.uint8
    assert found.on_picture().shape == (2, 16, 20)
    red = next(place for place in range(2) if found.classes(place)[0].name == "red")
    want = np.rint(0.5 * given[0, 0] + 0.5 * found.colours[red])
    np.testing.assert_allclose(got[8, 0], want, atol=1)
    np.testing.assert_array_equal(found.coloured(opacity=0), given)
    with pytest.raises(ValueError, match=r"^\[inv-widgets\] opacity=2 is not possible: give a number of 0 to 1\.$"):
        found.coloured(opacity=2)


@pytest.mark.parametrize("count", [3, 12])
def test_one_colour_a_concept(count):
    found = inv.dff(wrap(Functional()), [IMAGE], "conv1", 4)
    many = dataclasses.replace(found, directions=np.zeros((count, 4), np.float32))
    assert many.colours.shape == (count, 3)
    assert len({tuple(colour) for colour in many.colours.tolist()}) == count


def test_a_frame_with_a_row_a_picture_and_concept():
    found = inv.dff(colours(), [picture(LEFT, RIGHT), picture(LEFT, TOP)], n_concepts=2, target=["red", "none"])
    frame = found.to_frame()
    assert len(frame) == 4
    assert list(frame["concept"]) == [0, 1, 0, 1]
    assert set(frame["target_name"]) == {"red + none"}
    row = frame.iloc[0]
    chances = found.probabilities[0, 0]
    assert row["target_probability"] == pytest.approx(chances[0] + chances[2])
    assert row["class_probability"] == pytest.approx(chances.max())
    assert "Concepts(2 of 'conv' in 2 pictures; 0: " in repr(found)
    mean = found.classes(1, 1)[0]
    assert mean.probability == pytest.approx(found.probabilities[:, 1].mean(0).max())


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"n_concepts": 0}, ValueError, r"n_concepts=0 is not possible: give a whole number of at least 1\.$"),
        (
            {"n_concepts": 5},
            ValueError,
            r"n_concepts=5 is not possible: the layer has 4 maps of 8 x 10 .* at most 4\.$",
        ),
        ({"seed": -1}, ValueError, r"seed=-1 is not possible"),
        ({"layer": "conv9"}, KeyError, r"conv9"),
        ({"target": "green"}, KeyError, r"There is no category 'green'"),
        ({"pictures": []}, ValueError, r"There are no pictures: give at least one\.$"),
        (
            {"pictures": [picture(LEFT, RIGHT), picture(LEFT, RIGHT, 9, 9)]},
            ValueError,
            r"The network's inputs have 2 sizes \(\(3, 8, 10\), \(3, 9, 9\)\): .* transform that resizes\.$",
        ),
        ({"net": wrap(NoConvolution())}, ValueError, r"No convolutional layer was found"),
        ({"net": "vgg16"}, TypeError, r"give an inv\.Classifier"),
    ],
)
def test_wrong_arguments(arguments, error, message):
    given = {"net": colours(), "pictures": [picture(LEFT, RIGHT)], "n_concepts": 2, **arguments}
    with pytest.raises(error, match=r"^\[inv-widgets\] .*" + message):
        inv.dff(**given)


def test_wrong_concepts_and_pictures():
    found = inv.dff(colours(), [picture(LEFT, RIGHT)], n_concepts=2)
    with pytest.raises(ValueError, match=r"concept=2 is not possible: give a whole number of at least 0 and at most 1"):
        found.classes(2)
    with pytest.raises(ValueError, match=r"picture=1 is not possible: give a whole number of at least 0 and at most 0"):
        found.on_picture(1)
