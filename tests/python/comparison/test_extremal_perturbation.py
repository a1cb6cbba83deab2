"""Extremal perturbations: smooth masks and blurs by hand; a planted patch is found, at its area."""

import numpy as np
import pytest
import torch
from activation_networks import subject_of
from perturbation_networks import Contrast, of_two
from scipy.ndimage import gaussian_filter
from small_networks import Functional

from inv_widgets.comparison.extremal_perturbation import extremal_perturbation
from inv_widgets.comparison.mask_search import _references
from inv_widgets.comparison.methods import method_named
from inv_widgets.comparison.smooth_masks import Pyramid, SmoothMask

GIVEN = dict(method_named("extremal_perturbation").defaults)
PAPER = {**GIVEN, **method_named("extremal_perturbation").paper_defaults}


def test_a_smooth_mask_by_hand():
    smooth = SmoothMask((9, 9), 1, 1.0, torch.zeros(1, dtype=torch.float64))
    grid = torch.zeros(1, 9, 9, dtype=torch.float64)
    grid[0, 4, 4] = 1
    got = smooth(grid)[0]
    # One point alone: next to it the kernel is 1 (its plateau), two away exp(-1/4); smax weighs against the zeros that
    # the support (7 cells around, 15 x 15 in all) holds.
    for away, kernel in ((0, 1.0), (1, 1.0), (2, np.exp(-1 / 4)), (3, np.exp(-1))):
        weight = np.exp(20 * kernel)
        assert got[4, 4 + away].item() == pytest.approx(kernel * weight / (weight + 15 * 15 - 1), rel=1e-9)
    assert got.max() <= 1


def test_masks_stay_within_0_and_1():
    smooth = SmoothMask((20, 30), 2, 3.0, torch.zeros(1))
    assert smooth.grid == (10, 15)
    grids = torch.rand(3, 10, 15)
    got = smooth(grids)
    assert float(got.min()) >= 0
    assert float(got.max()) <= 1
    # The kernel's tail takes a little away from 1.
    torch.testing.assert_close(smooth(torch.ones(1, 10, 15)), torch.ones(1, 10, 15), atol=0.02, rtol=0)
    assert not smooth(torch.zeros(1, 10, 15)).any()
    assert smooth.enlarged(got).shape == (3, 20, 30)


def test_blur_by_hand_and_beside_scipy():
    picture = torch.rand(2, 21, 17, dtype=torch.float64)
    pyramid = Pyramid(picture, 3.0, 4)
    whole = torch.ones(1, 21, 17, dtype=torch.float64)
    torch.testing.assert_close(pyramid(whole)[0], picture)
    for level in (1, 2, 4):
        want = np.stack([
            gaussian_filter(one, 3.0 * level / 4, mode="nearest", radius=int(np.ceil(9.0 * level / 4)))
            for one in picture.numpy()
        ])  # fmt: skip
        np.testing.assert_allclose(pyramid((1 - level / 4) * whole)[0].numpy(), want, atol=1e-9)
    # Half way between two levels, and another level in each half of the picture.
    half = (pyramid(0.5 * whole) + pyramid(0.25 * whole)) / 2
    torch.testing.assert_close(pyramid(0.375 * whole), half)
    mixed = whole.clone()
    mixed[..., 8:] = 0
    assert torch.equal(pyramid(mixed)[..., :8], picture[None, ..., :8])
    assert torch.equal(pyramid(mixed)[..., 8:], pyramid(0 * whole)[..., 8:])


def test_gradients_of_masks_and_blurs_are_right():
    smooth = SmoothMask((6, 6), 1, 0.8, torch.zeros(1, dtype=torch.float64))
    pyramid = Pyramid(torch.rand(1, 6, 6, dtype=torch.float64), 2.0, 3)
    grid = torch.rand(1, 6, 6, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda grid: pyramid(smooth.enlarged(smooth(grid))), grid)


def test_the_sorted_mask_of_an_area_by_hand():
    got = _references([0.25, 0.01, 0.5], (2, 4))
    want = [[0, 0, 0, 0, 0, 0, 1, 1], [0, 0, 0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 1, 1, 1, 1]]
    assert got.tolist() == want


def planted(rows, columns, size=48):
    """Smooth waves, and a patch of noise: blurring takes the contrast of the patch away."""
    waves = torch.sin(torch.arange(size) / 8).expand(size, size) / 4
    picture = waves.expand(3, -1, -1).clone()
    patch = torch.randn(1, 12, 12, generator=torch.Generator().manual_seed(0))
    picture[:, rows : rows + 12, columns : columns + 12] = patch
    return picture


class Louder(Contrast):
    """Scores that differ as much as those of a network for ImageNet do: what the paper's lambda is made for."""

    def forward(self, x):
        return super().forward(x) * 3


@pytest.mark.parametrize(
    ("module", "given"),
    [(Contrast, GIVEN), (Louder, {**PAPER, "steps": 150, "learning_rate": 0.05})],
    ids=["default", "paper"],
)
def test_a_planted_patch_is_found_at_its_area(module, given):
    places = [(4, 30), (28, 10)]
    subject = subject_of(
        of_two(module()), targets=[0, 0], given=torch.stack([planted(*place) for place in places])
    )  # fmt: skip
    area = 14 * 14 / 48**2
    got = extremal_perturbation(subject, **{**given, "areas": (area,)})
    for mask, notes, (top, left) in zip(got, subject.notes_of, places, strict=True):
        inside = torch.zeros(48, 48, dtype=torch.bool)
        inside[top : top + 12, left : left + 12] = True
        assert float(mask[inside].mean()) > 0.75
        assert float(mask[~inside].mean()) < 0.15
        assert notes["areas"] == (pytest.approx(area, rel=0.25),)
    assert subject.backwards == 2 * given["steps"]
    assert subject.forwards - subject.backwards <= 1 + 2 * 2


def test_masks_of_several_areas_are_added_and_meet_them():
    subject = subject_of(of_two(Contrast()), targets=[0], given=planted(10, 20)[None])
    areas = (0.06, 0.15, 0.4)
    got = extremal_perturbation(subject, **{**GIVEN, "areas": areas})
    np.testing.assert_allclose(subject.notes_of[0]["areas"], areas, rtol=0.2)
    assert 2.5 < float(got.max()) <= 3
    alone = [
        extremal_perturbation(subject_of(None, like=subject, targets=[0]), **{**GIVEN, "areas": area})
        for area in areas
    ]  # fmt: skip
    # What differs by rounding alone may end on the other side of a mask's edge.
    assert float((got - sum(alone)).abs().mean()) < 0.05


def test_scores_of_any_scale_give_the_same_masks():
    given = planted(10, 20)[None]
    one, two = (
        extremal_perturbation(subject_of(of_two(module()), targets=[0], given=given), **{**GIVEN, "steps": 10})
        for module in (Contrast, Louder)
    )
    torch.testing.assert_close(one, two, atol=1e-2, rtol=0)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"areas": 0}, r"areas=0 is not possible: give a number above 0 and up to 1\.$"),
        ({"areas": (0.1, 1)}, r"areas=\(0\.1, 1\) is not possible: give shares above 0 and below 1\.$"),
        ({"areas": ()}, r"areas=\(\) is not possible"),
        ({"steps": 0}, r"steps=0 is not possible"),
        ({"optimiser": "lbfgs"}, r"optimiser='lbfgs' is not possible: give 'adam' or 'sgd'\.$"),
        ({"learning_rate": 0}, r"learning_rate=0 is not possible"),
        ({"strengths": (1, "a")}, r"strengths='a' is not possible"),
        ({"relative": "yes"}, r"relative='yes' is not possible: give True or False\.$"),
        ({"sigma": -1}, r"sigma=-1 is not possible"),
        ({"step": 2}, r"step=2 is not possible"),
        ({"blur": 0}, r"blur=0 is not possible"),
        ({"levels": 0}, r"levels=0 is not possible"),
    ],
)
def test_wrong_parameters(wrong, message):
    subject = subject_of(Functional(), targets=[0])
    with pytest.raises(ValueError, match=r"^\[inv-widgets\] " + message):
        extremal_perturbation(subject, **{**GIVEN, **wrong})
    assert subject.forwards == 0
