"""Each cheap method on the controlled benchmark: more of its energy on the object under the object network.

``make bench-methods`` measures all methods on more pictures. A map that ignores the network has a difference of exactly
0 (test_controlled_contrast.py), one with the wrong sign a negative one.
"""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

import inv_widgets as inv
from inv_widgets.comparison.controlled import contrast
from inv_widgets.comparison.saliency import attribute

BENCH = Path(__file__).parents[2] / "bench"
FEWER = {
    "integrated_gradients": {"n_steps": 16}, "smooth_grad": {"n": 8}, "sise": {"mu": 0.75},
    "occlusion": {"window": 16, "stride": 12},
}  # fmt: skip
METHODS = (
    "cam", "grad_cam", "grad_cam_pp", "layer_cam", "score_cam", "sise", "inv", "saliency", "smooth_grad",
    "guided_backprop", "integrated_gradients", "full_grad", "occlusion", "dff",
)  # fmt: skip
BOTH = ("grad_cam", "score_cam", "sise", "inv")


@pytest.fixture(scope="module")
def networks():
    return {part: inv.Classifier.controlled(part) for part in ("object", "scene")}


def maps(net, samples, method, targets):
    found = attribute(net, [one.picture for one in samples], method, targets=targets, **FEWER.get(method, {}))
    return [one.map for one in found]


def least_probable(net, sample):
    return min(net.predict(sample.picture, top=len(net.categories)), key=lambda one: one.probability).index


@pytest.mark.filterwarnings("ignore:.*Integrated gradients:RuntimeWarning")  # few steps, and a gap is noted
@pytest.mark.parametrize("method", METHODS)
def test_a_method_follows_what_the_network_looks_at(networks, method):
    samples = inv.datasets.controlled(12, seed=3)
    found = contrast(
        maps(networks["object"], samples, method, [one.object_category for one in samples]),
        maps(networks["scene"], samples, method, [one.scene_category for one in samples]),
        [one.mask for one in samples],
    )
    assert found.n >= 11
    assert found.difference.low > 0
    if method in BOTH:
        assert found.object_excess.low > 0
        assert found.scene_excess.high < 0


@pytest.mark.parametrize("method", ["cam", "grad_cam", "integrated_gradients", "occlusion"])
@pytest.mark.filterwarnings("ignore:.*Integrated gradients:RuntimeWarning")
def test_a_class_that_is_not_there_has_less_on_the_object(networks, method):
    """Which network it is shows in any map of its features; these maps also say which class was asked about."""
    net, samples = networks["object"], inv.datasets.controlled(12, seed=3)
    absent = [least_probable(net, one) for one in samples]
    found = contrast(
        maps(net, samples, method, [one.object_category for one in samples]),
        maps(net, samples, method, absent),
        [one.mask for one in samples],
    )
    assert found.difference.mean > 0


def test_what_fails_stays_in_the_benchs_table(monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(BENCH))
    bench = importlib.import_module("bench_methods_controlled")
    right = bench.maps_of
    monkeypatch.setattr(
        bench, "maps_of",
        lambda name, *more: right(name, *more) if name != "grad_cam" else (*right(name, *more)[1::-1], 0.0),
    )  # fmt: skip
    failed = bench.main(["--pictures", "6", "--methods", "grad_cam,layer_cam,attention_rollout,layer_visualization"])
    printed = capsys.readouterr().out
    assert failed == ["Grad-CAM"]
    rows = {line.split("|")[1].strip(): line for line in printed.splitlines() if line.startswith("| ")}
    assert rows["Grad-CAM"].count("FAIL") == 2
    assert "pass" in rows["Layer-CAM"]
    assert "not asked" in rows["Layer visualization"]
    assert "not possible" in rows["Attention rollout"]
    assert "1 pass; fail: Grad-CAM" in printed
