"""The weights of feature maps, worked out by hand."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from small_networks import wrap
from torch import nn

from inv_widgets.analysis.activations import capture
from inv_widgets.analysis.importance import WEIGHTINGS, grad_cam, guided
from inv_widgets.recipe import Recipe


class Tiny(nn.Module):
    """Two 1 x 1 convolutions with a ReLU, and a score that weighs each cell of each map."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 1, bias=False)
        self.score = nn.Linear(8, 2, bias=False)
        with torch.no_grad():
            self.conv.weight[:] = torch.tensor([1.0, -1.0]).view(2, 1, 1, 1)
            self.score.weight[0] = torch.tensor([4.0, -2.0, 6.0, 1.0, 3.0, 5.0, -7.0, 2.0])
            self.score.weight[1] = 0

    def forward(self, x):
        return self.score(torch.relu(self.conv(x)).flatten(1))


IMAGE = torch.tensor([[[[1.0, 2.0], [0.0, -3.0]]]])
# Map 0 is relu(x)  = [1 2; 0 0], map 1 is relu(-x) = [0 0; 0 3];
# dY/dA is [4 -2; 6 1] and [3 5; -7 2], so that
#   guided:   map 0 keeps 4 only (-2 is negative, the others' maps are 0): 4 / 4 = 1;  map 1 keeps 2: 2 / 4 = 0.5
#   Grad-CAM: (4 - 2 + 6 + 1) / 4 = 2.25;  (3 + 5 - 7 + 2) / 4 = 0.75


def test_by_hand():
    got = capture(wrap(Tiny()), IMAGE, 0)
    assert got.maps[0].tolist() == [[[[1, 2], [0, 0]], [[0, 0], [0, 3]]]]
    assert got.gradients[0].tolist() == [[[[4, -2], [6, 1]], [[3, 5], [-7, 2]]]]
    assert guided(got.maps[0], got.gradients[0]).tolist() == [[1.0, 0.5]]
    assert grad_cam(got.maps[0], got.gradients[0]).tolist() == [[2.25, 0.75]]


def test_a_class_that_nothing_speaks_for_has_no_weights():
    got = capture(wrap(Tiny()), IMAGE, 1)
    assert got.reasons == ("",)
    assert guided(got.maps[0], got.gradients[0]).tolist() == [[0.0, 0.0]]


@given(st.integers(0, 2**31), st.sampled_from([(3, 2, 2), (2, 3, 4, 5), (1, 1, 1)]))
def test_what_holds_for_all_weights(seed, shape):
    generator = torch.Generator().manual_seed(seed)
    maps = torch.randn(shape, generator=generator, dtype=torch.float64)
    gradients = torch.randn(shape, generator=generator, dtype=torch.float64)
    positive, signed = guided(maps, gradients), grad_cam(maps, gradients)
    assert positive.shape == signed.shape == shape[:-2]
    assert (positive >= 0).all()
    torch.testing.assert_close(grad_cam(maps, 3 * gradients), 3 * signed)
    # Where all maps and gradients are positive the two mean the same.
    torch.testing.assert_close(
        guided(maps.abs() + 1, gradients.abs() + 1), grad_cam(maps.abs() + 1, gradients.abs() + 1)
    )
    assert not guided(-maps.abs(), gradients).any()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_adds_up_in_float32(dtype):
    gradients = torch.full((1, 1, 64, 64), 1e-3).to(dtype)
    gradients[..., 0, 0] = 1000.0
    exact = float(gradients.double().mean())
    for weighting in WEIGHTINGS.values():
        weight = weighting(torch.ones_like(gradients), gradients)
        assert weight.dtype == torch.float32
        assert math.isclose(float(weight), exact, rel_tol=1e-5)


def test_the_registry_has_what_recipes_name():
    assert list(WEIGHTINGS) == ["guided", "grad_cam"]
    assert {Recipe(weighting=name).weighting for name in WEIGHTINGS} == set(WEIGHTINGS)


def test_shapes_must_agree():
    for weighting in WEIGHTINGS.values():
        with pytest.raises(ValueError, match=r"\[inv-widgets\] Maps \(2, 3, 3\) and gradients \(2, 3, 4\) differ"):
            weighting(torch.zeros(2, 3, 3), torch.zeros(2, 3, 4))
