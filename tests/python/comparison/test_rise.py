"""RISE: its masks, its formula, and that it converges to what occlusion says of a linear network."""

import pytest
import torch
from activation_networks import subject_of
from perturbation_networks import LinearPixels, of_two
from scipy.stats import spearmanr
from small_networks import Functional, inputs

from inv_widgets.comparison import rise as module
from inv_widgets.comparison.occlusion import occlusion
from inv_widgets.comparison.rise import rise

GIVEN = {"cells": 4, "p": 0.5, "output": "score", "seed": 0}


def masks_of(count, cells, size, seed=0):
    generator = torch.Generator().manual_seed(seed)
    shown = (torch.rand(count, 1, cells, cells, generator=generator) < 0.5).float()
    return module._enlarged(shown, torch.rand(count, 2, generator=generator), size)


def test_masks_show_each_pixel_with_probability_p_to_the_border():
    masks = masks_of(6000, 4, (10, 17))
    assert masks.shape == (6000, 10, 17)
    assert -1e-6 < float(masks.min()) < 0.01
    assert 0.99 < float(masks.max()) < 1 + 1e-6
    # Standard error of a mean is at most 0.5 / sqrt(6000) = 0.0065.
    assert float((masks.mean(0) - 0.5).abs().max()) < 0.03
    # Shifts are between cells: neighbouring pixels differ by less than a cell's slope.
    assert float(masks.diff(dim=2).abs().max()) < 0.34


def test_a_mask_by_hand():
    # Two cells on 4 pixels are enlarged to 3 cells of 2 pixels, 6 pixels in all: 0, 1/6, 1/2 - 1/6 ... and cut.
    shown = torch.tensor([[[[0.0, 1.0], [0.0, 1.0]]]])
    line = torch.tensor([0.0, 0.0, 1 / 3, 2 / 3, 1.0, 1.0])
    for shift, start in ((0.0, 0), (0.49, 0), (0.5, 1), (0.99, 1)):
        got = module._enlarged(shown, torch.tensor([[0.0, shift]]), (4, 4))
        torch.testing.assert_close(got[0], line[start : start + 4].expand(4, 4))


def test_the_formula_and_batches():
    masks = masks_of(20, 4, (12, 12))
    subject = subject_of(Functional(), targets=[1], batch_size=7)
    got = rise(subject, masks=20, **GIVEN)
    answers = subject.net.module(subject.inputs * masks[:, None]).detach()[:, 1]
    torch.testing.assert_close(got[0], (answers[:, None, None] * masks).sum(0) / (0.5 * 20))
    assert subject.forwards == 20
    whole = rise(subject_of(Functional(), targets=[1], like=subject), masks=20, **GIVEN)
    torch.testing.assert_close(got, whole)


def test_all_shown_gives_the_own_answer():
    subject = subject_of(Functional(), targets=[3])
    got = rise(subject, masks=3, **{**GIVEN, "p": 1.0})
    torch.testing.assert_close(got[0], subject.own_logits[0, 3].expand(12, 12))


def test_converges_to_the_ranking_of_occlusion_on_a_linear_network():
    values = torch.randn(16, generator=torch.Generator().manual_seed(2)).reshape(1, 4, 4)
    weights = values.repeat_interleave(8, 1).repeat_interleave(8, 2).expand(3, -1, -1).contiguous()
    given = torch.ones(1, 3, 32, 32)

    def blocks(maps):
        # The middle of each block, where the neighbours' masks reach least.
        return maps[0].unfold(0, 8, 8).unfold(1, 8, 8)[..., 3:5, 3:5].mean((2, 3)).flatten().numpy()

    subject = subject_of(of_two(LinearPixels(weights)), targets=[0], given=given)
    exact = occlusion(subject, window=8, stride=8, baseline=0.0, output="score")
    ranks = []
    for count in (30, 6000):
        subject = subject_of(of_two(LinearPixels(weights)), targets=[0], given=given)
        found = rise(subject, masks=count, cells=8, p=0.5, output="score", seed=1)
        ranks.append(spearmanr(blocks(found), blocks(exact)).statistic)
    assert ranks[1] > 0.97
    assert ranks[1] > ranks[0]


def test_the_seed_decides():
    given = inputs(12, 1)
    first, again, other = (
        rise(
            subject_of(of_two(LinearPixels(torch.ones(3, 12, 12))), targets=[0], given=given),
            masks=9,
            **{**GIVEN, "seed": s},
        )
        for s in (0, 0, 1)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("wrong", [{"masks": 0}, {"cells": 0}, {"p": 0}, {"p": 1.5}, {"seed": -1}, {"seed": True}])
def test_wrong_parameters(wrong):
    subject = subject_of(Functional(), targets=[0])
    (name,) = wrong
    with pytest.raises(ValueError, match=rf"^\[inv-widgets\] {name}=.* is not possible: give a "):
        rise(subject, **{"masks": 5, **GIVEN, **wrong})
    assert subject.forwards == 0
