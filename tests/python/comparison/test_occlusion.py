"""Occlusion against hand-computed values and captum."""

import numpy as np
import pytest
import torch
from activation_networks import subject_of
from captum.attr import Occlusion
from perturbation_networks import LinearPixels, of_two
from small_networks import Functional, inputs

from inv_widgets.comparison.occlusion import occlusion

LOGIT = {"baseline": 0.0, "output": "score"}


def test_windows_side_by_side_by_hand():
    weights = torch.arange(48.0).reshape(3, 4, 4)
    subject = subject_of(of_two(LinearPixels(weights)), targets=[0], given=torch.ones(1, 3, 4, 4))
    got = occlusion(subject, window=2, stride=2, **LOGIT)
    # A window takes away the weights that it covers.
    per_pixel = weights.sum(0)
    want = torch.stack([per_pixel[top : top + 2, left : left + 2].sum() for top in (0, 2) for left in (0, 2)])
    torch.testing.assert_close(got[0], want.reshape(2, 2).repeat_interleave(2, 0).repeat_interleave(2, 1))
    assert subject.forwards == 1 + 4
    assert subject.backwards == 0


def test_overlapping_windows_are_averaged_by_hand():
    weights = torch.zeros(3, 1, 3)
    weights[0, 0] = torch.tensor([1.0, 2.0, 4.0])
    subject = subject_of(of_two(LinearPixels(weights)), targets=[0], given=torch.ones(1, 3, 1, 3))
    # Windows: pixels 0 and 1 (fall 3), pixels 1 and 2 (fall 6).
    got = occlusion(subject, window=(1, 2), stride=1, **LOGIT)
    torch.testing.assert_close(got[0], torch.tensor([[3.0, 4.5, 6.0]]))
    # Against another baseline half of it is left.
    subject = subject_of(of_two(LinearPixels(weights)), targets=[0], given=torch.ones(1, 3, 1, 3))
    got = occlusion(subject, window=(1, 2), stride=1, baseline=torch.full((3, 1, 1), 0.5), output="score")
    torch.testing.assert_close(got[0], torch.tensor([[1.5, 2.25, 3.0]]))


def test_the_fall_of_the_probability_by_hand():
    weights = torch.ones(3, 2, 2) / 12
    subject = subject_of(of_two(LinearPixels(weights)), targets=[0], given=torch.ones(1, 3, 2, 2))
    got = occlusion(subject, window=2, stride=1, baseline=0.0, output="probability")
    # Logits 1 and -1/2; with all covered 0 and 0.
    assert float(got.max()) == pytest.approx(1 / (1 + np.exp(-1.5)) - 0.5)


@pytest.mark.parametrize(("window", "stride"), [((3, 3), (2, 2)), ((4, 5), (3, 2)), ((2, 7), (2, 5))])
def test_equal_to_captum(window, stride):
    given = inputs(13, 1)[..., :11, :]
    module = Functional().eval()
    subject = subject_of(module, targets=[2], given=given, batch_size=7)
    got = occlusion(subject, window=window, stride=stride, **LOGIT)
    want = Occlusion(module).attribute(given, (3, *window), (3, *stride), target=2)
    torch.testing.assert_close(got, want[:, 0].detach(), rtol=1e-4, atol=1e-6)
    assert torch.equal(want[:, 0], want[:, 1])


def test_defaults_cover_every_pixel():
    subject = subject_of(of_two(LinearPixels(torch.ones(3, 20, 33))), targets=[0], given=torch.ones(1, 3, 20, 33))
    got = occlusion(subject, window=None, stride=None, **LOGIT)
    assert float(got.min()) > 0


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"window": 0}, r"window=0 is not possible: give a whole number of at least 1 and at most 12\.$"),
        ({"window": 13}, r"window=13 is not possible"),
        ({"window": (3, 4, 5)}, r"window=\(3, 4, 5\) is not possible: give a whole number, or \(height, width\)\.$"),
        ({"window": 2, "stride": 3}, r"stride=3 is not possible: give a whole number of at least 1 and at most 2\.$"),
        ({"baseline": "grey"}, r"baseline is 'grey': give a finite number"),
        ({"baseline": float("nan")}, r"baseline is nan: give a finite number"),
        ({"baseline": torch.zeros(5, 1, 1)}, r"baseline is a tensor \(5, 1, 1\): give"),
        ({"output": "logit"}, r"output='logit' is not possible: give 'probability' or 'score'\.$"),
    ],
)
def test_wrong_parameters(wrong, message):
    subject = subject_of(Functional(), targets=[0])
    with pytest.raises(ValueError, match=r"^\[inv-widgets\] .*" + message):
        occlusion(subject, **{"window": None, "stride": None, **LOGIT, **wrong})
    assert subject.forwards <= 1
