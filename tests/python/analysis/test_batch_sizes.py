"""How many pictures go through the network at a time: a rule of network, shape, device and threads alone."""

import os

import numpy as np
import pytest
import torch
from torch import nn

import inv_widgets as inv
from inv_widgets.analysis import batch_sizes
from inv_widgets.analysis.batch_sizes import BatchSizes
from inv_widgets.analysis.stages import prepare, through
from inv_widgets.pictures import Picture


def network(side=None):
    module = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 3))

    def transform(image):
        image = image if side is None else image.resize((side, side))
        return torch.from_numpy(np.asarray(image, np.float32).transpose(2, 0, 1) / 255)

    return inv.Classifier.from_module(module, transform, ["cat", "dog", "owl"])


INPUTS = torch.zeros(1, 3, 20, 20)


@pytest.mark.parametrize(
    ("given", "threads", "rows"),
    [(1, 4, 1), (5, 1, 8), (5, 2, 8), (8, 2, 8), (3, 16, 16), (2, 3, 12), (13, 3, 24), (5, 63, 1), (300, 63, 252)],
)
def test_what_is_given_becomes_a_multiple_of_four_and_of_the_threads(given, threads, rows):
    assert BatchSizes(network(20), given, threads).of(INPUTS) == rows


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_a_row_s_bits_depend_neither_on_its_place_nor_on_the_others(threads):
    """Of five or six rows and two threads they would, on a CPU with wide registers."""
    pytest.importorskip("efficientnet_lite_pytorch")
    net, random = inv.Classifier.demo("photos"), np.random.default_rng(0)
    torch.set_num_threads(threads)
    photos = [Picture(random.integers(0, 256, (224, 224, 3), np.uint8), "", "") for _ in range(6)]
    wanted, *others = (prepare(net, photo, None, inv.Recipe()) for photo in photos)
    rows = BatchSizes(net, 5, threads).of(wanted.inputs)
    expected = None
    for place in range(5):
        captured = through(net, [*others[:place], wanted, *others[place:4]], None, rows)
        for row in [place] if place < 4 else range(4, rows):  # the last fills the batch up
            found = [values[row] for values in (*captured.maps, *captured.gradients, captured.logits)]
            expected = expected or found
            assert all(torch.equal(one, two) for one, two in zip(found, expected, strict=True)), row


@pytest.mark.parametrize(
    ("threads", "rows"), [(1, 4), (2, 4), (3, 12), (7, 28), (8, 8), (16, 16), (32, 32), (9, 1), (63, 1), (64, 1)]
)
def test_on_a_cpu_they_are_what_fills_all_threads_tiles_or_one(threads, rows):
    assert BatchSizes(network(20), None, threads).of(INPUTS) == rows


def test_where_inputs_are_as_large_as_pictures_it_is_one_at_a_time():
    assert BatchSizes(network(), None, 1).of(INPUTS) == 1


def test_where_memory_is_short_it_is_one_at_a_time(monkeypatch):
    need = batch_sizes._bytes(network(20), INPUTS)
    monkeypatch.setattr(batch_sizes, "_BYTES_ON_CPU", 8 * need)
    assert BatchSizes(network(20), None, 8).of(INPUTS) == 8
    assert BatchSizes(network(20), None, 3).of(INPUTS) == 1  # 12 do not fit
    assert BatchSizes(network(20), None, 16).of(INPUTS) == 1


@pytest.mark.parametrize(
    ("given", "threads", "rows", "most"), [(13, 1, 16, 8), (2, 3, 12, 1), (10**6, 2, 10**6, 8), (10**6, 63, 999_936, 1)]
)
def test_what_would_not_fit_is_refused_with_what_would(monkeypatch, given, threads, rows, most):
    need = batch_sizes._bytes(network(20), INPUTS)
    monkeypatch.setattr(batch_sizes, "_all_memory", lambda _: 11 * need)
    with pytest.raises(ValueError, match=rf"={given} is not possible: a batch of {rows} .* Give at most {most}, or"):
        BatchSizes(network(20), given, threads).of(INPUTS)
    assert BatchSizes(network(20), most, threads).of(INPUTS) == most


def test_the_need_of_other_shapes_is_told_by_the_first(monkeypatch):
    asked, inner = [], batch_sizes._bytes
    monkeypatch.setattr(batch_sizes, "_bytes", lambda *given: asked.append(1) or inner(*given))
    need = inner(network(), INPUTS)
    monkeypatch.setattr(batch_sizes, "_all_memory", lambda _: 11 * need)
    sizes = BatchSizes(network(), 8, 1)
    assert sizes.of(INPUTS) == sizes.of(torch.zeros(1, 3, 20, 27)) == 8
    with pytest.raises(ValueError, match="of 8 inputs of 3 x 30 x 20"):
        sizes.of(torch.zeros(1, 3, 30, 20))
    assert asked == [1]


def test_where_nobody_says_how_much_memory_there_is_all_is_taken(monkeypatch):
    monkeypatch.delattr("os.sysconf", raising=False)
    assert BatchSizes(network(20), 10**9, 1).of(INPUTS) == 10**9


@pytest.mark.skipif(not hasattr(os, "sysconf"), reason="nobody says how much memory there is")
def test_a_batch_of_a_billion_pictures_is_refused_before_it_is_made():
    with pytest.raises(ValueError, match=r"batch_size=1000000000 is not possible: .* Give at most \d+, or None"):
        inv.explain_many(network(20), [np.zeros((20, 20, 3), np.uint8)], batch_size=10**9)


def test_the_need_grows_with_the_input_and_the_network_is_left_as_found():
    net = network(20)
    net.module.train()
    small, large = (batch_sizes._bytes(net, torch.zeros(1, 3, side, side)) for side in (20, 40))
    # conv, ReLU: 8 maps each; the input: 3
    assert small >= (2 * 8 * 18 * 18 + 3 * 20 * 20) * 4 * 2
    assert large > 3.5 * small
    assert all(module.training for module in net.module.modules())


def test_of_a_device_s_memory_it_takes_a_power_of_two_up_to_a_limit(monkeypatch):
    sizes = BatchSizes(network(20), None, 4)
    need = batch_sizes._bytes(network(20), INPUTS)
    inputs = INPUTS.to("meta")
    monkeypatch.setattr(batch_sizes, "_bytes", lambda *_: need)
    monkeypatch.setattr(batch_sizes, "_memory", lambda _: 11 * need)
    assert sizes.of(inputs) == 8
    monkeypatch.setattr(batch_sizes, "_memory", lambda _: 10**6 * need)
    assert BatchSizes(network(20), None, 4).of(inputs) == 32


def test_halving_lasts():
    sizes = BatchSizes(network(20), 16, 1)
    assert sizes.of(INPUTS) == 16
    assert [sizes.halve(INPUTS) for _ in range(4)] == [8, 4, 1, 1]
    assert sizes.of(INPUTS) == sizes.largest() == 1


@pytest.mark.parametrize(("given", "threads", "smaller"), [(12, 1, [4, 1]), (12, 3, [1]), (36, 3, [12, 1])])
def test_halving_leaves_whole_tiles(given, threads, smaller):
    sizes = BatchSizes(network(20), given, threads)
    assert [sizes.halve(INPUTS) for _ in smaller] == smaller


def test_on_a_gpu_any_number_is_halved(monkeypatch):
    monkeypatch.setattr(batch_sizes, "_all_memory", lambda _: None)
    sizes = BatchSizes(network(20), 13, 2)
    assert [sizes.of(INPUTS.to("meta")), *(sizes.halve(INPUTS.to("meta")) for _ in range(3))] == [13, 6, 3, 1]
