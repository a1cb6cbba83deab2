"""LIME: it recovers a linear model, and equals captum's with the same samples."""

import numpy as np
import pytest
import torch
from activation_networks import subject_of
from captum._utils.models.linear_model import SkLearnRidge
from captum.attr import Lime
from perturbation_networks import LinearPixels, Products, of_two, quarters
from small_networks import Functional

from inv_widgets.comparison import lime as module
from inv_widgets.comparison.lime import lime, proximity

LABELS = quarters(6, 8, 2, 3)
GIVEN = {
    "segmentation": LABELS, "segments": 6, "samples": 60, "kernel_width": 0.25, "ridge": 0, "baseline": 0.0,
    "output": "score", "seed": 0,
}  # fmt: skip


def test_recovers_the_coefficients_of_a_linear_model():
    weights = torch.randn(3, 6, 8)
    subject = subject_of(of_two(LinearPixels(weights, bias=2.0)), targets=[0], given=torch.randn(1, 3, 6, 8))
    got = lime(subject, **GIVEN)
    brought = (weights * subject.inputs[0]).sum(0)
    for part in range(6):
        torch.testing.assert_close(
            got[0][part == LABELS], brought[part == LABELS].sum().double().expand((part == LABELS).sum()), rtol=1e-4,
            atol=1e-5,
        )  # fmt: skip
    assert subject.notes_of == [{"r2": pytest.approx(1, abs=1e-6), "superpixels": 6}]
    assert subject.forwards == 60 + 1  # one to see how many go at once


def test_the_kernel_by_hand():
    on = np.array([[1, 1, 1, 1], [1, 0, 0, 0], [0, 0, 0, 0]], bool)
    # Cosines to the whole: 1, 1 / (1 * 2) and, for nothing at all, 0.
    np.testing.assert_allclose(proximity(on, 0.25), np.exp([0, -((0.5 / 0.25) ** 2), -16]))


def test_weighted_ridge_by_hand():
    subject = subject_of(of_two(Products(LABELS)), targets=[0], given=torch.randn(1, 3, 6, 8))
    got = lime(subject, **{**GIVEN, "ridge": 2.0})
    on = module._samples(np.random.default_rng(0), 60, 6)
    shown = torch.where(torch.from_numpy(on)[:, LABELS][:, None], subject.inputs, 0.0)
    answers = subject.net.module(shown)[:, 0].detach().double().numpy()
    weights = proximity(on, 0.25)
    mean_on, mean = weights @ on / weights.sum(), weights @ answers / weights.sum()
    centred = (on - mean_on) * np.sqrt(weights)[:, None]
    rest = (answers - mean) * np.sqrt(weights)
    want = np.linalg.solve(centred.T @ centred + 2.0 * np.eye(6), centred.T @ rest)
    np.testing.assert_allclose(got[0].numpy(), want[LABELS.numpy()], rtol=1e-5, atol=1e-8)
    explained = 1 - ((rest - centred @ want) ** 2).sum() / (rest**2).sum()
    assert subject.notes_of[0]["r2"] == pytest.approx(explained)


def test_equal_to_captum_with_the_same_samples():
    subject = subject_of(of_two(Products(LABELS)), targets=[0], given=torch.randn(1, 3, 6, 8))
    got = lime(subject, **{**GIVEN, "ridge": 1.0})
    samples = iter(module._samples(np.random.default_rng(0), 60, 6))
    captum = Lime(
        subject.net.module,
        interpretable_model=SkLearnRidge(alpha=1.0),
        similarity_func=lambda _x, _y, on, **_: float(proximity(on.numpy() > 0.5, 0.25)[0]),
        perturb_func=lambda _x, **_: torch.from_numpy(next(samples))[None].float(),
    )
    want = captum.attribute(subject.inputs, target=0, feature_mask=LABELS[None, None], n_samples=60)
    torch.testing.assert_close(got[0].float(), want[0, 0].float(), rtol=1e-4, atol=1e-6)


def test_mean_colour_hides_nothing_in_a_picture_of_one_colour_a_part():
    given = torch.randn(1, 3, 6)[:, :, LABELS]
    subject = subject_of(of_two(LinearPixels(torch.randn(3, 6, 8))), targets=[0], given=given)
    got = lime(subject, **{**GIVEN, "baseline": "mean", "ridge": 1.0})
    torch.testing.assert_close(got, torch.zeros_like(got), atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    "wrong",
    [{"samples": 1}, {"kernel_width": 0}, {"ridge": -1}, {"baseline": "black hole"}, {"segments": 0}, {"seed": 1.0}],
)
def test_wrong_parameters(wrong):
    subject = subject_of(Functional(), targets=[0])
    (name,) = wrong
    with pytest.raises(ValueError, match=rf"^\[inv-widgets\] (The )?{name}(=.* is not possible| is .*): give a "):
        lime(subject, **{**GIVEN, "segmentation": "slic", **wrong})
    assert subject.forwards <= 1
