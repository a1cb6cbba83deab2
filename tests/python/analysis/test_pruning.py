"""Maps that are weighed and pruned in one sweep, beside torch's weights and numpy's pruning."""

import numpy as np
import pytest
import torch

import inv_widgets as inv
from inv_widgets.analysis.importance import WEIGHTINGS
from inv_widgets.analysis.pruning import prune, weigh_and_prune


def maps_and_gradients(shape, seed=0):
    rng = np.random.default_rng(seed)
    return (rng.normal(size=shape).astype(np.float32) for _ in range(2))


def both(maps, gradients, weighting, recipe=None):
    recipe = recipe or inv.Recipe(weighting=weighting)
    weights = WEIGHTINGS[weighting](torch.from_numpy(maps), torch.from_numpy(gradients)).double().numpy()
    return weigh_and_prune(weighting, 4)(maps, gradients, recipe), prune(maps, weights, recipe)


def assert_alike(ours, theirs):
    np.testing.assert_array_equal(ours.kept, theirs.kept)
    np.testing.assert_array_equal(ours.maps, theirs.maps)
    np.testing.assert_array_equal(ours.usable, theirs.usable)
    np.testing.assert_allclose(ours.weights, theirs.weights, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(ours.pruned_sum, theirs.pruned_sum, rtol=1e-3, atol=1e-4)
    assert ours.alive == theirs.alive


@pytest.mark.parametrize("weighting", ["guided", "grad_cam"])
@pytest.mark.parametrize("shape", [(1, 1, 1), (7, 3, 5), (40, 14, 14), (9, 61, 33)])
def test_one_sweep_finds_what_torch_and_numpy_find(weighting, shape):
    maps, gradients = maps_and_gradients(shape)
    assert_alike(*both(maps, gradients, weighting))


@pytest.mark.parametrize("weighting", ["guided", "grad_cam"])
@pytest.mark.parametrize("value", [np.nan, -np.nan, np.inf, -np.inf, 1e36, -1e36, 1e-42])
@pytest.mark.parametrize("where", ["maps", "gradients"])
def test_no_value_is_overlooked(weighting, value, where):
    maps, gradients = maps_and_gradients((12, 6, 7))
    {"maps": maps, "gradients": gradients}[where][3, 2, 4] = value
    with np.errstate(all="ignore"):
        ours, theirs = both(maps, gradients, weighting)
    assert_alike(ours, theirs)
    if not np.isfinite(value):
        assert not ours.usable[3]


def test_maps_of_one_sign_and_of_zeros():
    maps, gradients = maps_and_gradients((6, 4, 4))
    maps[0], maps[1], maps[2], maps[3] = -abs(maps[0]), abs(maps[1]), -0.0, 0
    ours, theirs = both(maps, gradients, "guided")
    assert_alike(ours, theirs)
    assert ours.weights[[0, 2, 3]].tolist() == [0, 0, 0]
    dead, _ = both(np.full_like(maps, -0.0), gradients, "guided")
    assert not dead.alive


def test_wider_gradients_and_unknown_weightings_are_left_to_torch():
    assert weigh_and_prune("guided", 8) is None
    assert weigh_and_prune("another", 4) is None
    assert weigh_and_prune("grad_cam", 2)
