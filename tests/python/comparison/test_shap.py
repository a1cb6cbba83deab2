"""KernelSHAP against Shapley values by brute force, and against captum."""

from itertools import combinations
from math import comb, factorial

import numpy as np
import pytest
import torch
from activation_networks import subject_of
from captum.attr import KernelShap
from perturbation_networks import Products, of_two, quarters
from small_networks import Functional

from inv_widgets.comparison.coalitions import coalitions, shapley_fit
from inv_widgets.comparison.shap import shap

LABELS = quarters(6, 8, 2, 3)
GIVEN = {
    "segmentation": LABELS, "segments": 6, "samples": 62, "baseline": 0.0, "output": "score", "seed": 0,
}  # fmt: skip


def brute_force(players, worth):
    """Shapley values by their definition: the mean of what a player brings, over all orders."""
    phi = np.zeros(players)
    for player in range(players):
        others = [one for one in range(players) if one != player]
        for size in range(players):
            share = factorial(size) * factorial(players - size - 1) / factorial(players)
            for members in combinations(others, size):
                phi[player] += share * (worth({*members, player}) - worth(set(members)))
    return phi


def exact(subject, target=0):
    def worth(members):
        on = torch.tensor([place in members for place in range(6)])
        shown = torch.where(on[LABELS], subject.inputs, 0.0)
        return subject.net.module(shown)[0, target].item()

    return brute_force(6, worth)


def products():
    return subject_of(of_two(Products(LABELS)), targets=[0], given=torch.randn(1, 3, 6, 8))


def test_equal_to_shapley_values_where_all_coalitions_fit():
    subject = products()
    got = shap(subject, **GIVEN)
    np.testing.assert_allclose(got[0].numpy(), exact(subject)[LABELS.numpy()], rtol=1e-4, atol=1e-5)
    assert subject.notes_of[0]["superpixels"] == 6
    assert subject.notes_of[0]["local_accuracy_gap"] < 1e-9
    # One measures the batch and is the picture itself; one shows nothing; 2^6 - 2 coalitions.
    assert subject.forwards == 2 + 62


def test_sampled_values_come_near_and_sum_exactly():
    subject = products()
    want = exact(subject)
    errors = []
    for samples in (14, 40):
        of_seeds = []
        for seed in range(8):
            got = shap(subject, **{**GIVEN, "samples": samples, "seed": seed})[0]
            phi = np.array([float(got[part == LABELS][0]) for part in range(6)])
            whole = subject.net.module(torch.cat([subject.inputs, 0 * subject.inputs]))[:, 0]
            assert phi.sum() == pytest.approx((whole[0] - whole[1]).item(), abs=1e-5)
            of_seeds.append(np.abs(phi - want).max())
        errors.append(np.mean(of_seeds))
    assert errors[1] < errors[0]
    assert errors[1] < 0.15 * np.abs(want).max()


def test_captum_comes_near_too():
    subject = products()
    got = shap(subject, **GIVEN)
    want = KernelShap(subject.net.module).attribute(
        subject.inputs, target=0, feature_mask=LABELS[None, None], n_samples=1500, perturbations_per_eval=100
    )
    torch.testing.assert_close(got[0].float(), want[0, 0].float(), atol=0.1, rtol=0.05)


@pytest.mark.parametrize("players", [1, 2, 3, 4, 5, 7])
def test_all_coalitions_once_with_shapley_weights(players):
    on, weights = coalitions(players, 2**players, np.random.default_rng(0))
    assert len(on) == 2**players - 2
    assert len({row.tobytes() for row in on}) == len(on)
    if players > 1:
        sizes = on.sum(1)
        kernel = np.array([(players - 1) / (comb(players, s) * s * (players - s)) for s in sizes.tolist()])
        np.testing.assert_allclose(weights, kernel / kernel.sum())


def test_few_coalitions_are_drawn_in_pairs_from_the_sizes_that_do_not_fit():
    on, weights = coalitions(9, 40, np.random.default_rng(0))
    assert np.array_equal(on[::2], ~on[1::2])
    sizes = np.minimum(on.sum(1), 9 - on.sum(1))
    assert (sizes[:18] == 1).all()
    assert (sizes[18:] > 1).all()
    assert len(on) == 40
    assert weights.sum() == pytest.approx(1)
    # Sizes 1 and 8: (M - 1) / (1 * 8) each, of 2 * sum over 1..4 in all.
    each = [8 / (size * (9 - size)) for size in range(1, 5)]
    assert weights[:18].sum() == pytest.approx(each[0] / sum(each))


def test_too_few_coalitions_share_the_rest_evenly():
    phi = shapley_fit(np.array([[True, False, False, False]]), np.array([3.0]), np.ones(1), 0.0, 4.0)
    np.testing.assert_allclose(phi, [3.0, 1 / 3, 1 / 3, 1 / 3])
    np.testing.assert_allclose(shapley_fit(np.zeros((0, 4), bool), np.zeros(0), np.zeros(0), 1.0, 5.0), 1.0)


@pytest.mark.parametrize("wrong", [{"samples": 0}, {"seed": None}, {"segments": 2.5}, {"baseline": "black hole"}])
def test_wrong_parameters(wrong):
    subject = subject_of(Functional(), targets=[0])
    (name,) = wrong
    with pytest.raises(ValueError, match=rf"^\[inv-widgets\] (The )?{name}(=.* is not possible| is .*): give a "):
        shap(subject, **{**GIVEN, "segmentation": "slic", **wrong})
    assert subject.forwards <= 1
