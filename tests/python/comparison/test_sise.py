"""SISE's parts: masks, Otsu's threshold, fusion, and which maps are used."""

import pytest
import torch
from activation_networks import Pooled, subject_of
from hypothesis import given
from hypothesis import strategies as st

from inv_widgets.analysis import importance
from inv_widgets.comparison.masks import attribution_masks, uneven
from inv_widgets.comparison.sise import fused, otsu, sise


def test_masks_by_hand():
    maps = torch.tensor([[[0.0, 4.0]], [[-2.0, -6.0]], [[3.0, 3.0]]])
    assert uneven(maps).tolist() == [True, True, False]
    # Enlarged to four, 0 1 3 4, then over its range; an even map shows nothing.
    assert attribution_masks(maps, (1, 4)).tolist() == [[[0, 0.25, 0.75, 1]], [[1, 0.75, 0.25, 0]], [[0, 0, 0, 0]]]
    assert maps[0].tolist() == [[0, 4]]


def test_masks_of_maps_as_large_as_the_input_leave_these():
    maps = torch.rand(3, 4, 5)
    before = maps.clone()
    attribution_masks(maps, (4, 5))
    assert torch.equal(maps, before)


def test_otsu_by_hand():
    # Two heaps: any threshold between them is best, the lowest is taken.
    assert 0.1 < otsu(torch.tensor([0.0, 0.0, 0.1, 0.9, 1.0])) < 0.9
    values = torch.tensor([0.0, 0.1, 0.2, 0.8, 1.0])
    assert (values > otsu(values)).tolist() == [False, False, False, True, True]


@given(st.integers(0, 2**31), st.sampled_from([0.5, 1.0, 3.0]))
def test_otsu_is_skimages(seed, power):
    filters = pytest.importorskip("skimage.filters")
    values = torch.rand(40, 40, generator=torch.Generator().manual_seed(seed)) ** power
    values = (values - values.min()) / (values.max() - values.min())
    # skimage gives the centre of the lower class's last bin, we its upper edge.
    assert otsu(values) == pytest.approx(filters.threshold_otsu(values.numpy()) + 0.5 / 256, abs=1e-3)


def test_fusion_by_hand():
    shallow = torch.tensor([[0.0, 1.0], [0.5, 1.0]])
    deep = torch.tensor([[2.0, 2.2], [10.0, 12.0]])  # min-maxed 0, 0.02, 0.8, 1; the lower two are cut
    got = fused([shallow, deep])
    torch.testing.assert_close(got, torch.tensor([[0.0, 0.0], [0.5 + 0.8, 2.0]]))
    # The last one cuts: (F + V) [V > t], with V = 0 1; 0 1.
    torch.testing.assert_close(
        fused([shallow, deep, torch.tensor([[0.0, 1], [0, 1]])]), torch.tensor([[0, 1], [0, 3.0]])
    )
    # What is even says nothing.
    torch.testing.assert_close(fused([torch.ones(2, 2), shallow, torch.zeros(2, 2)]), shallow)
    assert not fused([torch.ones(2, 2)]).any()


@pytest.mark.parametrize("mu", [0, 0.3, 0.5, 0.75])
def test_mu_chooses_maps_by_their_mean_gradient(mu):
    module = Pooled()
    subject = subject_of(module, count=2, targets=[0, (1, 2)])
    expected = 0
    captured = subject.capture("blocks")
    assert len(captured.layers) == 2
    for maps, gradients in zip(captured.maps, captured.gradients, strict=True):
        for own, alpha in zip(maps, importance.grad_cam(maps, gradients), strict=True):
            alive = own.flatten(1).std(1) > 0
            expected += int(((alpha > max(0, mu * float(alpha.max()))) & alive).sum())
    before = subject.forwards
    sise(subject, mu=mu, layers="blocks")
    # Each map is seen once; the pictures themselves once more for the gradients, one for the batch size.
    assert subject.forwards - before == expected + 2 + 1
    assert subject.notes["masks"] == expected / 2
    if mu == 0:
        positive = sum(
            int((importance.grad_cam(*each) > 0).sum()) for each in zip(captured.maps, captured.gradients, strict=True)
        )
        assert 0 <= positive - expected <= 2  # but for maps that are even


def test_where_no_map_speaks_for_the_class_nothing_shows():
    module = Pooled()
    with torch.no_grad():
        module.fc.weight[0] = -1
        module.features[3].weight.abs_()
    got = sise(subject_of(module, targets=[0]), mu=0, layers="blocks")
    assert got.shape == (1, 12, 12)
    assert not got.any()


@pytest.mark.parametrize("mu", [-0.1, 1, 2, "all", None, True, float("nan")])
def test_mu_is_checked(mu):
    with pytest.raises(ValueError, match=r"^\[inv-widgets\] mu=.* is not possible: give a number from 0"):
        sise(subject_of(Pooled()), mu=mu, layers="blocks")
