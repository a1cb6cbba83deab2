import math
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest

import inv_widgets as inv
from inv_widgets.comparison import comparison_job as module
from inv_widgets.comparison.comparison_figures import figures
from inv_widgets.comparison.comparison_frames import measures

METHODS = ("grad_cam", "saliency")


@pytest.fixture(scope="module")
def net():
    return inv.Classifier.demo("fashion")


@pytest.fixture(scope="module")
def samples():
    return inv.datasets.fashion()[:30:10]


@pytest.fixture(scope="module")
def masks(samples):
    masks = {sample.name: np.zeros((28, 28), bool) for sample in samples}
    for mask in masks.values():
        mask[:, 7:21] = True
    return masks


@pytest.fixture(scope="module")
def result(net, samples, masks):
    return inv.compare(net, samples, METHODS, masks)


def test_maps_are_those_of_saliency_and_metrics_those_of_metrics(net, samples, masks, result):
    for sample in samples:
        for name in METHODS:
            np.testing.assert_allclose(result.map(sample.name, name), inv.saliency(net, sample, name), atol=1e-6)
    frame = result.to_frame().set_index(["picture", "method", "measure"])["value"]
    first = samples[0]
    expected = inv.metrics.ebpg(inv.saliency(net, first), masks[first.name])
    assert frame[first.name, "grad_cam", "ebpg"] == pytest.approx(expected, rel=1e-5)
    assert frame[first.name, "grad_cam", "forwards"] == 1
    assert frame[first.name, "grad_cam", "backwards"] == 1
    assert 0 < frame[first.name, "grad_cam", "seconds"] < 60


def test_means_and_intervals(result):
    frame, summary = result.to_frame(), result.summary(seed=3)
    row = summary.set_index(["method", "measure"]).loc["saliency", "drop"]
    values = frame[(frame["method"] == "saliency") & (frame["measure"] == "drop")]["value"]
    assert row["mean"] == pytest.approx(values.mean())
    assert values.min() <= row["low"] <= row["mean"] <= row["high"] <= values.max()
    assert row["n"] == 3
    assert row["n_undefined"] == 0
    pd.testing.assert_frame_equal(summary, result.summary(seed=3))
    for wrong in ({"level": 100}, {"level": "95"}, {"level": 0}, {"draws": 0}, {"seed": "x"}, {"seed": -1}):
        with pytest.raises(ValueError, match=rf"^\[inv-widgets\] {next(iter(wrong))}="):
            result.summary(**wrong)


def test_one_method_twice_and_names_of_ones_own(net, samples):
    uses = ["grad_cam", ("grad_cam", {"relu": False})]
    both = inv.compare(net, samples[:1], uses, target="sandal", metrics=["sparseness"])
    assert [method.key for method in both.methods] == ["grad_cam", "grad_cam (2)"]
    assert [method.label for method in both.methods] == ["Grad-CAM", "Grad-CAM (2)"]
    assert both.map(0, "grad_cam (2)").min() < 0 <= both.map(0, "grad_cam").min()
    own = inv.compare(net, samples[:1], {"signed <b>": uses[1]}, target="sandal", metrics=["sparseness"])
    assert own.methods[0].label == "signed <b>"
    np.testing.assert_array_equal(own.map(0, "signed <b>"), both.map(0, "grad_cam (2)"))


def test_saved_and_read_again(result, tmp_path):
    path = result.save(tmp_path / "fashion.parquet")
    again = inv.ComparisonResult.load(path)
    pd.testing.assert_frame_equal(again.to_frame(), result.to_frame())
    assert again.methods == result.methods
    for before, now in zip(result.pictures, again.pictures, strict=True):
        np.testing.assert_array_equal(now.picture, before.picture)
        np.testing.assert_array_equal(now.mask, before.mask)
        assert now.window == before.window
        assert now.predictions == before.predictions
        assert (now.name, now.target, now.target_name) == (before.name, before.target, before.target_name)
    np.testing.assert_array_equal(again.map(1, "saliency"), result.map(1, "saliency"))
    assert again.rerun is None


def test_reading_and_drawing_needs_no_torch(result, tmp_path):
    path = result.save(tmp_path / "fashion.parquet")
    code = (
        "import sys, inv_widgets as inv\n"
        f"result = inv.ComparisonResult.load({str(path)!r})\n"
        "result.map(0, 'grad_cam'); result.summary(); result.figure('ebpg').to_dict()\n"
        "assert 'torch' not in sys.modules and 'sklearn' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.usefixtures("result")  # the methods have run: none is run twice
def test_what_is_finished_is_not_made_again(net, samples, masks, tmp_path, monkeypatch):
    out = tmp_path / "compared.parquet"
    first = inv.compare(net, samples[:2], METHODS, masks={s.name: masks[s.name] for s in samples[:2]}, out=out)
    made = []
    attribute = module.attribute
    monkeypatch.setattr(module, "attribute", lambda *a, **k: made.append((a, k)) or attribute(*a, **k))
    more = inv.compare(net, samples, METHODS, masks, out=out)
    assert len(made) == 2  # the third picture's
    pd.testing.assert_frame_equal(more.to_frame().head(len(first.to_frame())), first.to_frame())
    assert not (tmp_path / "compared.parts").exists()


@pytest.mark.usefixtures("result")
def test_interrupted_and_gone_on_with(net, samples, masks, tmp_path, monkeypatch):
    out = tmp_path / "compared.parquet"
    made = []
    attribute = module.attribute

    def stops(*arguments, **more):
        made.append(arguments)
        if len(made) == 4:
            raise KeyboardInterrupt
        return attribute(*arguments, **more)

    monkeypatch.setattr(module, "attribute", stops)
    with pytest.raises(KeyboardInterrupt):
        inv.compare(net, samples, METHODS, masks, out=out)
    assert not out.exists()
    inv.compare(net, samples, METHODS, masks, out=out)
    assert len(made) == 4 + 3  # three were finished, the fourth and two more are made now
    assert len(inv.ComparisonResult.load(out).pictures) == 3


def test_what_failed_is_tried_again(net, samples, tmp_path, monkeypatch):
    out = tmp_path / "compared.parquet"

    def fails(*_, **__):
        raise RuntimeError("out of memory")

    with monkeypatch.context() as patched:
        patched.setattr(module, "attribute", fails)
        with pytest.warns(RuntimeWarning, match=r"could not be made.*out of memory"):
            inv.compare(net, samples[:1], METHODS, out=out)
    again = inv.compare(net, samples[:1], METHODS, out=out)
    assert not any(found.error for _, _, found in again.rows())
    assert not any(found.error for _, _, found in inv.ComparisonResult.load(out).rows())


def test_what_does_not_fit_what_is_there_is_refused_and_nothing_lost(net, samples, masks, tmp_path):
    out = tmp_path / "compared.parquet"
    inv.compare(net, samples, METHODS, masks, out=out)
    with pytest.raises(ValueError, match="other metrics"):
        inv.compare(net, samples, METHODS, masks, metrics=["ebpg"], out=out)
    with pytest.raises(ValueError, match="holds 3 maps of other"):
        inv.compare(net, samples, ["saliency"], masks, out=out)
    assert len(inv.ComparisonResult.load(out).methods) == 2
    replaced = inv.compare(net, samples, ["saliency"], masks, out=out, resume=False)
    assert len(replaced.methods) == len(inv.ComparisonResult.load(out).methods) == 1


def test_a_method_that_fails_is_reported(net, samples):
    with pytest.warns(RuntimeWarning, match=r"3 of 6 maps could not be made.*attribution|3 of 6 maps.*rollout"):
        result = inv.compare(net, samples, ["grad_cam", "attention_rollout"], metrics=["sparseness"])
    frame = result.to_frame()
    failed = frame[frame["method"] == "attention_rollout"]
    assert failed["value"].isna().all()
    assert failed["reason"].str.contains("attention").all()
    assert measures(result)[0] == "sparseness"
    with pytest.raises(ValueError, match="There is no map of attention_rollout"):
        result.map(0, "attention_rollout")


def test_without_masks_their_metrics_are_left_out(net, samples):
    result = inv.compare(net, samples[:1], ["grad_cam"])
    assert result.metrics == ("drop", "increase", "sparseness")
    asked = inv.compare(net, samples[:1], ["grad_cam"], metrics=["ebpg", "sparseness"])
    row = asked.to_frame().set_index("measure").loc["ebpg"]
    assert math.isnan(row["value"])
    assert row["reason"] == "there is no mask"


def test_bad_input_says_what_to_do(net, samples, masks):
    with pytest.raises(ValueError, match="2 masks for 3 pictures"):
        inv.compare(net, samples, METHODS, list(masks.values())[:2])
    with pytest.raises(ValueError, match=r"has shape \(3, 3\)"):
        inv.compare(net, samples[:1], METHODS, np.ones((3, 3), bool))
    with pytest.raises(ValueError, match="other values than 0 and 1"):
        inv.compare(net, samples[:1], METHODS, np.full((28, 28), 7))
    with pytest.raises(KeyError, match="no picture 'nobody'"):
        inv.compare(net, samples, METHODS, {"nobody": np.ones((28, 28), bool)})
    with pytest.raises(KeyError, match="Did you mean 'grad_cam'"):
        inv.compare(net, samples, ["gradcam"])
    with pytest.raises(KeyError, match="no metric 'ebgp'"):
        inv.compare(net, samples, METHODS, metrics=["ebgp"])
    with pytest.raises(ValueError, match=r"makes no map.*inv\.tcav\("):
        inv.compare(net, samples, ["tcav"])
    with pytest.raises(ValueError, match="methods is empty"):
        inv.compare(net, samples, [])


def test_other_pictures_in_the_same_way(net, result):
    other = inv.datasets.fashion()[45]
    again = result.rerun(other, None, ["saliency"])
    assert [method.key for method in again.methods] == ["saliency"]
    np.testing.assert_allclose(again.map(0, "saliency"), inv.saliency(net, other, "saliency"), atol=1e-6)
    assert again.metrics == ("drop", "increase", "sparseness")


def test_peak_memory_is_measured_when_asked(net, samples):
    asked = inv.compare(net, samples[:1], ["grad_cam"], metrics=["sparseness"], memory=True)
    # At least the first block's maps: 24 of 28 x 28, float32.
    assert asked.maps[0][0].peak_memory >= 24 * 28 * 28 * 4
    assert asked.maps[0][0].peak_memory < 2**26
    assert math.isnan(inv.compare(net, samples[:1], ["grad_cam"], metrics=["sparseness"]).maps[0][0].peak_memory)


def test_figures_show_every_measure(result):
    spec = figures(result).to_dict()
    assert len(spec["concat"]) == len(measures(result))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result.figure("ebpg").to_dict()
    with pytest.raises(KeyError, match="was not measured"):
        result.figure("insertion")


def test_a_group_and_a_target_for_each(net, samples):
    result = inv.compare(net, samples[:2], ["grad_cam"], target=[("sneaker", "bag"), "coat"], metrics=["sparseness"])
    assert result.pictures[0].target_name == "sneaker + bag"
    assert result.pictures[1].target_name == "coat"
    probabilities = {one.name: one.probability for one in net.predict(samples[0], top=10)}
    assert result.pictures[0].probability == pytest.approx(probabilities["sneaker"] + probabilities["bag"], rel=1e-5)


def test_drop_and_increase_ask_the_network_once(net, samples):
    passes = []
    handle = net.module.register_forward_pre_hook(lambda _module, args: passes.append(len(args[0])))
    counts = []
    for metrics in (["drop"], ["drop"], ["drop", "increase"]):  # the first time grad_cam runs twice
        passes.clear()
        inv.compare(net, samples[:1], ["grad_cam"], metrics=metrics)
        counts.append(sum(passes))
    handle.remove()
    assert counts[1] == counts[2]


def test_the_first_run_of_a_quick_method_is_not_timed(samples, monkeypatch):
    fresh = inv.Classifier.demo("fashion")
    runs = []
    attribute = module.attribute
    monkeypatch.setattr(module, "attribute", lambda *a, **k: runs.append(attribute(*a, **k)) or runs[-1])
    result = inv.compare(fresh, samples[:2], ["grad_cam"], metrics=["sparseness"])
    assert [result.maps[place][0].seconds for place in (0, 1)] == [runs[1][0].seconds, runs[2][0].seconds]
    assert len(runs) == 3
    # A first run that took long although its passes are few has compiled something.
    monkeypatch.setattr(module, "_QUICK", 0.0)
    inv.compare(inv.Classifier.demo("fashion"), samples[:1], ["grad_cam"], metrics=["sparseness"])
    assert len(runs) == 5
    inv.compare(inv.Classifier.demo("fashion"), samples[:1], ["rise"], metrics=["sparseness"], batch_size=512)
    assert len(runs) == 6
