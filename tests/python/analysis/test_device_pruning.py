"""Pruning where the maps are gives what pruning on the CPU gives: the code of every device, here on CPU tensors."""

import numpy as np
import pytest
import torch

import inv_widgets as inv
from inv_widgets.analysis import stages
from inv_widgets.analysis.columns import column_of
from inv_widgets.analysis.device_pruning import prune_on_device
from inv_widgets.analysis.importance import WEIGHTINGS
from inv_widgets.analysis.pruning import prune


def layers_of(dtype, *, broken=False):
    generator = torch.Generator().manual_seed(0)
    maps, gradients = [], []
    for channels, side in ((12, 5), (30, 3)):
        shape = (3, channels, side, side)
        maps.append(torch.randn(shape, generator=generator).relu().to(dtype))
        gradients.append((torch.randn(shape, generator=generator) + 0.2).to(dtype))
    if broken:
        maps[0][1, 2, 0, 0], maps[0][1, 3, 1, 1], gradients[1][0, 4, 0, 0] = float("nan"), float("inf"), float("nan")
        maps[1][2] = 0
    return maps, gradients


@pytest.mark.parametrize("weighting", ["guided", "grad_cam"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.float64])
@pytest.mark.parametrize("broken", [False, True])
def test_it_keeps_what_the_cpu_keeps(weighting, dtype, broken):
    recipe = inv.Recipe(weighting=weighting)
    maps, gradients = layers_of(dtype, broken=broken)
    found = prune_on_device(maps, gradients, recipe)
    assert [len(row) for row in found] == [2, 2, 2]
    for row in range(3):
        for place in range(2):
            weights = WEIGHTINGS[weighting](maps[place][row], gradients[place][row]).double().numpy()
            expected, one = prune(maps[place][row].float().numpy(), weights, recipe), found[row][place]
            assert one.maps.dtype == np.float32
            for name in ("kept", "usable", "maps"):
                np.testing.assert_array_equal(getattr(one, name), getattr(expected, name))
            for name in ("weights", "share", "total", "pruned_sum"):
                np.testing.assert_allclose(getattr(one, name), getattr(expected, name), rtol=1e-4, atol=1e-5)
            assert one.alive == expected.alive
            about = {"layer": "a", "depth": 0, "block": 1, "layer_in_block": 1, "note": ""}
            about |= {"picture_hash": "", "network_hash": "", "target": 0}
            ours, theirs = (column_of(pruned, recipe, **about) for pruned in (one, expected))
            assert (ours.reason, ours.rest.n_pruned) == (theirs.reason, theirs.rest.n_pruned)
            assert [set(c.channels) for c in ours.cluster_maps] == [set(c.channels) for c in theirs.cluster_maps]


def test_explanations_are_the_same_that_way(monkeypatch):
    """As on a device other than the CPU, one at a time and in batches."""
    net, garments = inv.Classifier.demo("fashion"), inv.datasets.fashion()[:7]
    recipe = inv.Recipe(tsne_iterations=60)
    calls, on_device = [], stages.prune_on_device

    def noted(maps, gradients, recipe):
        calls.append(len(maps[0]))
        return on_device(maps, gradients, recipe)

    monkeypatch.setattr(stages, "prune_on_device", noted)
    monkeypatch.setattr(stages, "_on_cpu", lambda _: False)
    alone = [inv.explain(net, garment, recipe=recipe) for garment in garments]
    assert list(inv.explain_many(net, garments, recipe=recipe, batch_size=1)) == alone
    together = inv.explain_many(net, garments, recipe=recipe, batch_size=4)
    assert list(inv.explain_many(net, garments[::-1], recipe=recipe, batch_size=4))[::-1] == list(together)
    assert sorted(set(calls)) == [1, 3, 4]
