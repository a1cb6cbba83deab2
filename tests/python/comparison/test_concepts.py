"""Concept vectors and scores by hand; how often the test finds what is not there; captum finds the same scores."""

import numpy as np
import pytest
import torch
from planted import network
from torch import nn

from inv_widgets.analysis.activations import capture
from inv_widgets.classifier import Classifier
from inv_widgets.comparison import concepts
from inv_widgets.comparison.concepts import (
    concept_vector,
    random_vectors,
    tcav_score,
    tcav_scores,
    vectors_of_parts,
)
from inv_widgets.comparison.significance import t_test


def test_tcav_score_by_hand():
    gradients = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0], [0.0, 0.0]])
    # Slopes 2, 1, -3, 0: two grow, one falls, one does neither.
    assert tcav_score(gradients, np.array([2.0, 1.0])) == 0.625
    assert tcav_score(gradients, np.array([-2.0, -1.0])) == 0.375
    assert tcav_score(gradients, np.zeros(2)) == 0.5


def test_concept_vector_points_from_others_to_examples():
    examples, others = np.array([[3.0, 0, 5], [5, 0, 5]]), np.array([[0.0, 0, 5], [2, 0, 5]])
    assert concept_vector(examples, others) == pytest.approx([1, 0, 0])
    assert concept_vector(others, examples) == pytest.approx([-1, 0, 0])
    assert concept_vector(examples * 1e-6, others * 1e-6) == pytest.approx([1, 0, 0])
    assert concept_vector(examples[:1], examples[:1]) == pytest.approx([0, 0, 0])


def test_exchanging_the_sides_turns_the_vector_round():
    random = np.random.default_rng(0)
    one, two = random.normal(size=(7, 5)) + 1, random.normal(size=(7, 5))
    assert concept_vector(one, two) == pytest.approx(-concept_vector(two, one), abs=1e-4)


def test_random_sets_meet_in_all_pairs_both_ways_round():
    random = np.random.default_rng(0)
    gradients = random.normal(size=(6, 4))
    sets = [random.normal(size=(2, 4)) for _ in range(10)]
    scores = tcav_scores(gradients, random_vectors(sets))
    assert scores.shape == (90,)
    assert scores.mean() == pytest.approx(0.5)
    every = [tcav_score(gradients, concept_vector(one, two)) for one in sets for two in sets if one is not two]
    assert sorted(scores) == pytest.approx(sorted(every))
    assert len(random_vectors([random.normal(size=(1, 4)) for _ in range(40)])) == 160


def difference(examples, others):
    """A quick stand-in for logistic regression."""
    return examples.mean(axis=0) - others.mean(axis=0)


@pytest.mark.parametrize("alike", [True, False], ids=["one gradient", "many gradients"])
@pytest.mark.parametrize(("n_parts", "n_random"), [(3, 10), (10, 10)])
def test_random_labels_are_insignificant_at_the_nominal_rate(monkeypatch, alike, n_parts, n_random):
    monkeypatch.setattr(concepts, "concept_vector", difference)
    random = np.random.default_rng(1)
    found = usual = 0
    trials = 300
    for _ in range(trials):
        gradients = np.ones((1, 6)) if alike else random.normal(size=(12, 6)) + 0.3
        examples, others = random.normal(size=(n_parts, 2, 6)), random.normal(size=(n_random, 2, 6))
        by_chance = tcav_scores(gradients, random_vectors(others))
        found += t_test(tcav_scores(gradients, vectors_of_parts(examples, others)), by_chance)[1] < 0.05
        # As is often done: all examples against one random set of their number after the other.
        together, sets = examples.reshape(-1, 6), random.normal(size=(n_random, 2 * n_parts, 6))
        of_all = tcav_scores(gradients, vectors_of_parts([together] * n_random, sets))
        usual += t_test(of_all, tcav_scores(gradients, random_vectors(sets)))[1] < 0.05
    assert found / trials < 0.09
    assert found / trials > 0.01 or (alike and n_parts == 3)  # of three scores, all 0 or 1, none is significant
    assert usual / trials > 0.2  # why the examples are divided


class Plain(nn.Module):
    """All of modules, each called once, with a layer's mean over space as one: captum sees what we see."""

    def __init__(self):
        super().__init__()
        self.conv, self.relu, self.pool = nn.Conv2d(3, 6, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1)
        self.flat, self.hidden, self.tanh, self.fc = nn.Flatten(), nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3)

    def forward(self, x):
        return self.fc(self.tanh(self.hidden(self.flat(self.pool(self.relu(self.conv(x)))))))


@pytest.mark.filterwarnings("ignore:numpy.core is deprecated")  # captum's
def test_captum_finds_the_same_scores(tmp_path):
    captum = pytest.importorskip("captum.concept")
    from captum.concept._utils.classifier import Classifier as CaptumClassifier

    class Same(CaptumClassifier):
        def __init__(self):
            pass

        def train_and_eval(self, dataloader, **kwargs):
            inputs, labels = (torch.cat(parts) for parts in zip(*dataloader, strict=True))
            values = inputs.double().numpy()
            vector = torch.from_numpy(concept_vector(values[labels == 0], values[labels == 1]))
            self.vectors = torch.stack([vector, -vector])

        def weights(self):
            return self.vectors

        def classes(self):
            return [0, 1]

    torch.manual_seed(3)
    module = Plain().eval()
    with torch.no_grad():
        module.hidden.weight *= 8  # so that gradients differ between pictures
    net = Classifier.from_module(module, lambda image: image, ["a", "b", "c"])
    contrast = 4 * torch.rand(30, 1, 1, 1)
    pictures, one, two = contrast * torch.randn(30, 3, 8, 8), torch.randn(8, 3, 8, 8) + 0.3, torch.randn(8, 3, 8, 8)

    test = captum.TCAV(module, ["pool"], classifier=Same(), save_path=str(tmp_path))
    sets = [captum.Concept(number, f"set {number}", [inputs]) for number, inputs in enumerate((one, two))]
    ours = concept_vector(*(capture(net, each, 0, "conv").maps[0].mean((2, 3)).double().numpy() for each in (one, two)))
    between = 0
    for target in range(3):
        theirs = test.interpret(pictures, [sets], target=target)["0-1"]["pool"]["sign_count"]
        gradients = capture(net, pictures, target, "conv").gradients[0].sum((2, 3)).double().numpy()
        score = tcav_score(gradients, ours)
        between += 0 < score < 1
        assert theirs.tolist() == pytest.approx([score, 1 - score])
    assert between  # some prove more than others


def test_the_gradient_of_a_shift_is_the_sum_over_space():
    net = network()
    inputs = torch.randn(2, 3, 48, 48)
    captured = capture(net, inputs, 0, "conv1")
    tail = lambda maps: net.module.eval().fc(net.module.relu2(net.module.conv2(net.module.pool(maps))).mean((2, 3)))  # noqa: E731
    vector = torch.randn(8) * 1e-3
    with torch.no_grad():
        moved = (tail(captured.maps[0] + vector[:, None, None]) - tail(captured.maps[0]))[:, 0]
    assert moved.numpy() == pytest.approx((captured.gradients[0].sum((2, 3)) @ vector).numpy(), rel=0.05)
