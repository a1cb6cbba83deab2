"""Does TCAV find what was planted, and nothing else?"""

import copy
import dataclasses

import numpy as np
import pandas as pd
import planted
import pytest
import torch

from inv_widgets.comparison import tcav as module
from inv_widgets.comparison.counterparts import Pool
from inv_widgets.comparison.regions import Patch
from inv_widgets.comparison.significance import holm
from inv_widgets.comparison.tcav import tcav
from inv_widgets.comparison.tcav_result import TcavRow
from inv_widgets.errors import UnknownNameError
from inv_widgets.run import Run


def rows_of(result, label):
    return [row for row in result if row.label == label]


def test_a_planted_concept_is_significant(result):
    for row in rows_of(result, "stripes"):
        assert row.testable
        assert (row.n_examples, row.n_pictures, row.n_parts, row.n_random, row.n_class_pictures) == (14, 14, 10, 10, 14)
        assert row.score == 1.0
        assert row.score_parts > 0.9
        assert row.score_random == pytest.approx(0.5)
        assert 0 <= row.score_random_low < 0.5 < row.score_random_high <= 1
        assert row.t > 0
        assert row.p_holm < 0.05


def test_what_speaks_against_a_class_is_significant_too(net):
    run = planted.labelled_run(net)
    against = [planted.explanation(net, one.picture, one.name, [(0, 0, None)], target=1) for one in run]
    summary = planted.summary_of(Run([*run, *against]))
    (row,) = tcav(net, summary, "stripes", target="plain")
    assert row.target_name == "plain"
    assert row.n_class_pictures == 14
    assert row.score == 0
    assert row.t < 0
    assert row.p < 0.05
    (row,) = tcav(net, summary, "stripes")
    assert row.target_name == "striped"
    assert row.t > 0


def test_what_is_only_masked_is_insignificant(result):
    for row in rows_of(result, "masked"):
        assert row.testable
        assert row.p > 0.05


def test_it_would_be_significant_against_whole_pictures(net, summary, monkeypatch):
    """The test above can fail: this is what it guards against."""
    counterparts = Pool.counterparts

    def whole(self, regions, label, generator):
        found = counterparts(self, regions, label, generator)
        everything = Patch(np.ones((48, 48), np.bool_), 0, 0)
        return [dataclasses.replace(each, patch=everything) for each in found]

    monkeypatch.setattr(Pool, "counterparts", whole)
    (row,) = tcav(net, summary, "masked", layer="conv1")
    assert row.p < 0.01


def test_random_labels_are_insignificant(net):
    names = [f"word {number}" for number in range(16)]
    summary = planted.summary_of(planted.labelled_run(net, n=12, seed=5, extra=names))
    result = tcav(net, summary, names)
    assert all(row.testable and row.n_examples == 12 for row in result)
    assert sum(row.p < 0.05 for row in result) <= 3
    assert not any(row.p_holm < 0.05 for row in result)


def test_p_values_are_corrected_for_all_rows(result):
    assert [row.p_holm for row in result] == holm([row.p for row in result])


def test_fewer_than_ten_examples_are_untestable(net):
    summary = planted.summary_of(planted.labelled_run(net, n=9))
    result = tcav(net, summary, None, layer="all")
    assert len(result) == 4
    for row in result:
        assert not row.testable
        assert row.n_examples == 9
        assert "Only 9 regions" in row.reason
        assert "10" in row.reason
        assert np.isnan([row.score, row.t, row.p, row.p_holm, row.score_random]).all()
    summary = planted.summary_of(planted.labelled_run(net, n=10))
    assert all(row.testable and not row.reason for row in tcav(net, summary, "stripes"))


def test_examples_in_one_picture_are_untestable(net):
    spots = [(row, column, "x") for row in (0, 4, 8) for column in (0, 2, 4, 8)]
    run = Run([planted.explanation(net, planted.picture(0), "a.png", spots)])
    (row,) = tcav(net, planted.summary_of(run), "x")
    assert row.n_examples == 12
    assert not row.testable
    assert "one picture" in row.reason


def test_examples_of_few_pictures_are_as_many_parts(net):
    spots = [(row, column, "x") for row in (0, 8) for column in (0, 8)] + [(4, 4, None)]
    run = Run([planted.explanation(net, planted.picture(seed), f"{seed}.png", spots) for seed in range(3)])
    (row,) = tcav(net, planted.summary_of(run), "x")
    assert (row.n_examples, row.n_pictures, row.n_parts, row.testable) == (12, 3, 3, True)


def test_dead_layers_are_untestable(net, summary):
    dead = copy.deepcopy(net.module)
    with torch.no_grad():
        dead.conv2.weight.zero_()
        dead.conv2.bias.fill_(-1)
    other = planted.Classifier.from_module(dead, planted.to_tensor, net.categories)
    run = planted.labelled_run(other)
    deep, shallow = tcav(other, planted.summary_of(run), "stripes", layer=["conv2", "conv1"]).rows[::-1]
    assert "same whatever region" in deep.reason or "gradient" in deep.reason
    assert "gradient of the class score is 0" in shallow.reason


def test_the_network_is_left_as_it_was_found(net, summary):
    network = net.module
    network.train()
    network.relu2.eval()
    handle = network.conv1.register_forward_hook(lambda *_: None)
    network.fc.weight.requires_grad_(requires_grad=False)
    network.conv1.bias.grad = torch.full_like(network.conv1.bias, 7.0)
    try:
        flags = {name: each.training for name, each in network.named_modules()}
        hooks = {name: list(each._forward_hooks) for name, each in network.named_modules()}
        weights = copy.deepcopy(network.state_dict())
        needs = [each.requires_grad for each in network.parameters()]
        state = torch.random.get_rng_state()
        with torch.no_grad():
            tcav(net, summary, "stripes")
            assert not torch.is_grad_enabled()
        assert {name: each.training for name, each in network.named_modules()} == flags
        assert {name: list(each._forward_hooks) for name, each in network.named_modules()} == hooks
        assert not any(each._backward_hooks or each._forward_pre_hooks for each in network.modules())
        assert all(torch.equal(weights[name], each) for name, each in network.state_dict().items())
        assert [each.requires_grad for each in network.parameters()] == needs
        assert torch.equal(network.conv1.bias.grad, torch.full((8,), 7.0))
        assert [name for name, each in network.named_parameters() if each.grad is not None] == ["conv1.bias"]
        assert torch.equal(torch.random.get_rng_state(), state)
    finally:
        handle.remove()
        network.eval()
        network.conv1.bias.grad = None
        network.fc.weight.requires_grad_(requires_grad=True)


def test_ctrl_c_leaves_the_network_as_it_was_found(net, summary, monkeypatch):
    passes = iter(range(20))

    def interrupted(self, x):
        if next(passes) == 16:
            raise KeyboardInterrupt
        return type(self).forward(self, x)

    network = net.module.train()
    monkeypatch.setattr(network, "forward", interrupted.__get__(network), raising=False)
    try:
        with pytest.raises(KeyboardInterrupt):
            tcav(net, summary, "stripes")
        assert all(each.training for each in network.modules())
        assert not any(each._forward_hooks for each in network.modules())
    finally:
        network.eval()


def test_the_same_seed_gives_the_same_numbers(net, summary, result):
    assert tcav(net, summary, ["masked", "stripes"], layer="all") == result
    alone = tcav(net, summary, "masked", layer="conv1").rows[0]
    (same,) = (row for row in rows_of(result, "masked") if row.layer == "conv1")
    assert dataclasses.replace(alone, p_holm=0.0) == dataclasses.replace(same, p_holm=0.0)
    other = tcav(net, summary, "masked", layer="conv1", seed=1).rows[0]
    assert (other.t, other.p) != (alone.t, alone.p)


def test_the_order_of_pictures_does_not_matter(net, result):
    turned = planted.summary_of(Run(list(planted.labelled_run(net))[::-1]))
    found = tcav(net, turned, ["stripes", "masked"], layer="all")
    wanted = result.to_frame()
    pd.testing.assert_frame_equal(found.to_frame(), wanted, check_exact=False, rtol=1e-9)


def test_the_run_can_come_from_its_file(net, summary, result, tmp_path):
    from inv_widgets.run import load

    run = load(planted.labelled_run(net).save(tmp_path / "run.parquet"))
    found = tcav(net, summary, ["stripes", "masked"], layer="all", run=run)
    pd.testing.assert_frame_equal(found.to_frame(), result.to_frame(), check_exact=False, rtol=1e-3)


def test_frame(result):
    frame = result.to_frame()
    assert list(frame.columns) == [field.name for field in dataclasses.fields(TcavRow)]
    assert list(zip(frame.label, frame.layer, strict=True)) == [
        ("masked", "conv1"), ("masked", "conv2"), ("stripes", "conv1"), ("stripes", "conv2"),
    ]  # fmt: skip
    assert frame.testable.dtype == bool
    assert frame.n_examples.dtype == "int64"
    assert frame.p_holm.dtype == "float64"
    assert "2 with p_holm < 0.05" in repr(result)
    assert list(module.TcavResult((), 10, 0, None).to_frame().columns) == list(frame.columns)


def test_the_deepest_layer_is_the_default(net, summary):
    assert [row.layer for row in tcav(net, summary, "stripes")] == ["conv2"]
    assert [row.layer for row in tcav(net, summary, "stripes", layer="relu1")] == ["conv1"]


def test_pictures_of_several_sizes(net):
    run = list(planted.labelled_run(net, n=10))
    for number in range(4):
        spots = [(0, 0, "stripes"), (8, 8, None), (4, 4, "masked")]
        pixels = planted.picture(90 + number, stripes=(0, 0), size=60)
        run.append(planted.explanation(net, pixels, f"large {number}.png", spots))
    (row,) = tcav(net, planted.summary_of(Run(run)), "stripes")
    assert (row.n_examples, row.score) == (14, 1.0)


def test_unknown_names_are_told_with_the_closest(net, summary):
    with pytest.raises(UnknownNameError, match=r"\[inv-widgets\] No label 'stripe'.*'stripes'"):
        tcav(net, summary, "stripe")
    with pytest.raises(UnknownNameError, match=r"'conv3'.*'conv2'"):
        tcav(net, summary, "stripes", layer="conv3")
    with pytest.raises(UnknownNameError, match=r"No class 'stripped'.*'striped'"):
        tcav(net, summary, "stripes", target="stripped")
    with pytest.raises(TypeError, match="give a name"):
        tcav(net, summary, 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_random": 9}, "n_random=9"),
        ({"n_random": True}, "n_random=True"),
        ({"seed": -1}, "seed=-1"),
        ({"share": 0}, "share=0"),
        ({"share": float("nan")}, "share=nan"),
        ({"share": "2"}, "share='2'"),
    ],
)
def test_impossible_arguments(net, summary, arguments, message):
    with pytest.raises(ValueError, match=rf"\[inv-widgets\] {message} is not possible"):
        tcav(net, summary, "stripes", **arguments)


def test_other_kinds_of_things(net, summary):
    with pytest.raises(TypeError, match="The summary is a Run"):
        tcav(net, planted.labelled_run(net, n=1), "stripes")
    with pytest.raises(TypeError, match="Classifier"):
        tcav(net.module, summary, "stripes")
    other = planted.Striped()
    torch.nn.init.normal_(other.fc.weight)
    with pytest.raises(ValueError, match="weights are not"):
        tcav(planted.Classifier.from_module(other, planted.to_tensor, net.categories), summary, "stripes")
