"""Many pictures at a time: the same bits whatever runs beside what, bounded memory, errors, Ctrl-C."""

import os
import re
import sys
import threading
import time
import warnings
import weakref
from collections import Counter

import numpy as np
import pytest
import torch
from sklearn.metrics import adjusted_rand_score
from torch import nn

import inv_widgets as inv
from inv_widgets import datasets
from inv_widgets.analysis import column_makers, many
from inv_widgets.analysis.many import finished, outcomes
from inv_widgets.analysis.picture_lists import Entry
from inv_widgets.analysis.slots import Slot

QUICK = inv.Recipe(tsne_iterations=60)


@pytest.fixture(scope="module")
def fashion():
    return inv.Classifier.demo("fashion")


@pytest.fixture(scope="module")
def garments():
    return datasets.fashion()[:10]


def to_tensor(image):
    return torch.from_numpy(np.asarray(image, np.float32).transpose(2, 0, 1) / 255 - 0.5)


class Small(nn.Module):
    """A small network that can be told what to do before each pass."""

    def __init__(self, before=lambda _: None):
        super().__init__()
        torch.manual_seed(0)
        self.before = before
        self.layers = nn.Sequential(
            nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 3)
        )

    def forward(self, inputs):
        self.before(inputs)
        return self.layers(inputs)


def small(before=lambda _: None):
    return inv.Classifier.from_module(Small(before), to_tensor, ["cat", "dog", "owl"])


def pixels(seed, shape=(10, 12)):
    return np.random.default_rng(seed).integers(0, 256, (*shape, 3), np.uint8)


def entries(pictures):
    return [Entry(f"{place}", picture) for place, picture in enumerate(pictures)]


def made(net, pictures, **options):
    found = list(outcomes(net, entries(pictures), recipe=QUICK, **options))
    assert [each.error for each in found] == [None] * len(found)
    return [each.explanation for each in found]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere threads have no niceness of their own")
def test_passes_have_a_core_before_columns():
    def niceness(*_):
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    here, passing = niceness(), []
    net = small(lambda _: passing.append(niceness()))
    found = list(outcomes(net, entries([pixels(1), pixels(2)]), recipe=QUICK, workers=1, pack=niceness))
    assert [each.packed for each in found] == [min(19, here + 5)] * 2
    assert set(passing) == {niceness()} == {here}


def test_one_at_a_time_gives_the_bits_of_explain(fashion, garments):
    alone = [inv.explain(fashion, garment, recipe=QUICK) for garment in garments[:4]]
    for workers in (0, 1, 3):
        many_ = inv.explain_many(fashion, garments[:4], recipe=QUICK, batch_size=1, workers=workers)
        assert list(many_) == alone


@pytest.mark.parametrize(("threads", "batch_size"), [(1, 4), (2, 3)])
def test_order_workers_and_short_batches_change_no_bit(fashion, garments, threads, batch_size):
    torch.set_num_threads(threads)
    all_ = inv.explain_many(fashion, garments, recipe=QUICK, batch_size=batch_size, workers=1)
    backwards = inv.explain_many(fashion, garments[::-1], recipe=QUICK, batch_size=batch_size, workers=3)
    assert list(backwards)[::-1] == list(all_)
    one = inv.explain_many(fashion, garments[7:8], recipe=QUICK, batch_size=batch_size, workers=0)
    assert one[0] == all_[7]


def test_order_and_short_batches_change_no_bit_of_a_large_network():
    pytest.importorskip("efficientnet_lite_pytorch")
    net = inv.Classifier.demo("photos")
    photos = [np.random.default_rng(seed).integers(0, 256, (240, 260, 3), np.uint8) for seed in range(6)]
    layers = "last 2"
    for threads, size in ((1, 3), (2, 5)):  # of two threads and five rows a row's bits would depend on its place
        torch.set_num_threads(threads)
        first = made(net, photos, layers=layers, batch_size=size)
        second = made(net, photos[::-1], layers=layers, batch_size=size)[::-1]
        assert [each.columns for each in first] == [each.columns for each in second]


def test_batches_agree_with_single_pictures_as_two_seeds_do(fashion, garments):
    pairs = zip(*(made_at(fashion, garments, size) for size in (1, 8)), strict=True)
    agreement = []
    for one, eight in pairs:
        for a, b in zip(one.columns, eight.columns, strict=True):
            np.testing.assert_allclose(weights_of(a), weights_of(b), rtol=1e-4, atol=1e-4)
            assert a.total_weight == pytest.approx(b.total_weight, rel=1e-4)
            agreement.append(adjusted_rand_score(labels_of(a), labels_of(b)))
    assert np.median(agreement) >= 0.58  # two seeds of scikit-learn's t-SNE: docs/performance.md


def made_at(net, pictures, size):
    found = outcomes(
        net, entries(pictures), batch_size=size, recipe=inv.Recipe(drop_below_heaviest=0, drop_below_mean=0)
    )
    return [each.explanation for each in found]


def weights_of(column):
    weights = np.zeros(column.n_maps)
    for cluster in column.cluster_maps:
        weights[cluster.channels] = cluster.channel_weights
    return weights


def labels_of(column):
    labels = np.full(column.n_maps, -1)
    for cluster in column.cluster_maps:
        labels[cluster.channels] = cluster.cluster
    return labels


def test_processes_give_the_bits_of_threads_and_arrays_stay_read_only(fashion, garments, monkeypatch):
    expected = made(fashion, garments, batch_size=4, workers=1)
    monkeypatch.setattr(column_makers, "_FEW_WORKERS", 2)
    monkeypatch.setattr(column_makers, "_FEW_PICTURES", 4)
    used = []
    columns = column_makers._columns
    monkeypatch.setattr(column_makers, "_columns", columns)
    original = column_makers.ColumnMakers._processes_if_worth_it

    def noted(self):
        used.append(original(self))
        return used[-1]

    monkeypatch.setattr(column_makers.ColumnMakers, "_processes_if_worth_it", noted)
    found = made(fashion, garments, batch_size=4, workers=2)
    assert found == expected
    assert any(each is not None for each in used)
    last = found[-1].columns[-1]
    assert not last.cluster_maps[0].map.flags.writeable
    assert not last.rest.weighted_sum.flags.writeable


def test_one_that_fails_in_a_batch_is_reported_and_the_others_have_the_same_bits():
    marked = np.full((10, 12, 3), 255, np.uint8)

    def refuse(inputs):
        if (inputs.amin((1, 2, 3)) == 0.5).any():
            raise RuntimeError("too bright")

    pictures = [pixels(1), pixels(2), marked, pixels(3)]
    expected = made(small(), [picture for picture in pictures if picture is not marked], batch_size=4)
    found = list(outcomes(small(refuse), entries(pictures), recipe=QUICK, batch_size=4))
    assert ["too bright" in each.reason for each in found] == [False, False, True, False]
    assert [each.explanation.columns for each in found if each.explanation] == [each.columns for each in expected]


def test_what_cannot_be_read_has_its_place():
    found = list(outcomes(small(), entries([pixels(1), "nowhere.png", pixels(2)]), recipe=QUICK, batch_size=2))
    assert [each.entry.name for each in found] == ["0", "1", "2"]
    assert "nowhere.png" in found[1].reason
    assert found[1].key is None
    assert found[0].explanation is not None
    assert found[2].explanation is not None


def test_pictures_of_several_sizes_are_batched_apart():
    pictures = [pixels(seed, (10, 12) if seed % 3 else (12, 10)) for seed in range(8)]
    shapes = Counter()
    net = small(lambda inputs: shapes.update([tuple(inputs.shape)]))
    together = made(net, pictures, batch_size=3)
    assert {shape[0] for shape in shapes} <= {1, 4}  # one row: how much memory it takes was asked for
    assert [each.name for each in together] == [f"{place}" for place in range(8)]
    assert [each.columns for each in together] == [
        each.columns for each in made(net, pictures[::-1], batch_size=3)[::-1]
    ]


def test_two_pictures_alike_are_explained_once():
    again = [pixels(1), pixels(2), pixels(1)]
    stored = set()
    found = []
    for each in outcomes(small(), entries(again), recipe=QUICK, known=stored, batch_size=3):
        stored.add(each.key)
        found.append(each)
    assert [each.explanation is None for each in found] == [False, False, True]
    assert found[0].key == found[2].key
    first, _, last = made(small(), again, batch_size=3)
    assert last.name == "2"
    assert last.columns == first.columns


def test_known_pictures_are_skipped():
    key = next(outcomes(small(), entries([pixels(2)]), recipe=QUICK)).key
    found = list(outcomes(small(), entries([pixels(1), pixels(2)]), recipe=QUICK, known={key}.__contains__))
    assert [each.explanation is None for each in found] == [False, True]
    assert found[1].error is None


@pytest.mark.parametrize("workers", [0, 2])
def test_what_is_under_way_is_bounded_whatever_the_number_of_pictures(workers):
    alive, taken, most = [], [0], [0, 0]
    net = small()

    def source():
        for seed in range(300):
            taken[0] += 1
            yield Entry(f"{seed}", pixels(seed))

    given = 0
    for each in outcomes(net, source(), recipe=QUICK, batch_size=4, workers=workers):
        alive = [one for one in alive if one() is not None] + [weakref.ref(each.explanation)]
        given += 1
        most = [max(most[0], taken[0] - given), max(most[1], len(alive))]
        del each
    assert given == 300
    assert most[0] <= 4 * 4 + 2 * workers
    assert most[1] <= 4


def test_a_slow_reader_of_results_holds_the_passes_back():
    passes = [0]

    def count(_):
        passes[0] += 1

    found = outcomes(small(count), entries(pixels(seed) for seed in range(60)), recipe=QUICK, batch_size=2, workers=1)
    next(found)
    time.sleep(0.5)
    assert passes[0] <= 2 + (4 * 2 + 2) // 2
    found.close()


def ours():
    return [thread for thread in threading.enumerate() if thread.name.startswith("inv-widgets")]


def test_closing_ends_all_threads_and_leaves_the_network_as_found():
    net = small()
    net.module.train()
    net.module.layers[0].eval()
    taken = []

    def source():
        for seed in range(100):
            taken.append(seed)
            yield Entry(f"{seed}", pixels(seed))

    found = outcomes(net, source(), recipe=QUICK, batch_size=2, workers=2)
    next(found)
    assert ours()
    found.close()
    assert not ours()
    assert len(taken) < 40
    assert [module.training for module in (net.module, net.module.layers, net.module.layers[0])] == [True, True, False]
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in net.module.modules())
    assert all(parameter.grad is None for parameter in net.module.parameters())


def test_after_ctrl_c_what_is_finished_is_given():
    made = []
    listed = entries(pixels(seed) for seed in range(12))
    found = outcomes(small(), listed, recipe=QUICK, batch_size=2, workers=1, pack=made.append)
    names = [next(found).entry.name for _ in range(3)]
    for _ in range(600):  # the last of the first batch, of four, is made meanwhile
        if len(made) >= 4:
            break
        time.sleep(0.05)
    rest = [each.entry.name for each in finished(found)]
    assert names == ["0", "1", "2"]
    assert rest[0] == "2"  # perhaps it was being stored
    assert "3" in rest
    assert not ours()
    with pytest.raises(StopIteration):
        next(found)


def test_what_is_no_picture_s_fault_comes_in_its_place():
    found = outcomes(small(), [Entry("a", pixels(1)), Entry("b", pixels(2), "bird")], recipe=QUICK)
    assert next(found).entry.name == "a"
    with pytest.raises(KeyError, match="bird"):
        next(found)
    assert not ours()


def test_a_source_that_fails_does_so_after_its_pictures():
    def source():
        yield Entry("a", pixels(1))
        raise OSError("the archive ends here")

    found = outcomes(small(), source(), recipe=QUICK)
    assert next(found).entry.name == "a"
    with pytest.raises(OSError, match="archive"):
        next(found)


@pytest.mark.parametrize(
    "error",
    [
        torch.cuda.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),  # Linux, macOS
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes."),  # Windows
    ],
)
def test_a_lack_of_memory_halves_the_batch_and_says_so(error):
    def lack(inputs):
        if len(inputs) > 4:
            raise error

    pictures = [pixels(seed) for seed in range(9)]
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        found = made(small(lack), pictures, batch_size=16)
    assert [re.search(r"(\d+) pictures .* now on (\d)", str(one.message)).groups() for one in told] == [
        ("16", "8"),
        ("8", "4"),
    ]
    assert [each.columns for each in found] == [each.columns for each in made(small(), pictures, batch_size=4)]


def test_one_picture_that_does_not_fit_alone_is_reported():
    def lack(_):
        raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    with pytest.warns(UserWarning, match="do not fit"):
        found = list(outcomes(small(lack), entries([pixels(1)]), recipe=QUICK, batch_size=2))
    assert found[0].reason == "CUDA out of memory"


def test_weights_that_change_meanwhile_are_an_error():
    net = small()
    found = outcomes(net, entries([pixels(1), pixels(2)]), recipe=QUICK)
    next(found)
    net.module.layers[0].weight.data[0] += 1
    with pytest.raises(RuntimeError, match="weights changed"):
        list(found)


def test_the_hash_is_asked_for_once_at_each_end(monkeypatch):
    net, asked = small(), []
    monkeypatch.setattr(type(net), "hash", property(lambda _: asked.append(1) or "f" * 16))
    assert made(net, [pixels(seed) for seed in range(7)], batch_size=2)[0].network_hash == "f" * 16
    assert len(asked) == 2


def test_passes_run_as_on_the_caller_s_thread():
    seen = set()

    def look(_):
        seen.add((threading.current_thread().name, torch.get_num_threads(), torch.is_autocast_enabled("cpu")))

    torch.set_num_threads(2)
    with torch.autocast("cpu", torch.bfloat16):
        made(small(look), [pixels(1), pixels(2)], batch_size=2, workers=1)
    assert seen == {("MainThread", 2, True), ("inv-widgets-passes_0", 2, True)}  # the first asks how much a pass needs
    assert torch.get_num_threads() == 2


def test_threads_that_read_leave_torch_s_number_alone():
    seen = []

    def transform(image):
        seen.append((threading.current_thread().name.rpartition("_")[0], torch.get_num_threads()))
        return to_tensor(image)

    torch.set_num_threads(3)
    made(inv.Classifier.from_module(Small(), transform), [pixels(1)], batch_size=1, workers=1)
    assert seen == [("inv-widgets-reading", 1)]
    assert torch.get_num_threads() == 3


def test_a_worker_that_dies_ends_the_run(monkeypatch):
    monkeypatch.setattr(column_makers, "_FEW_WORKERS", 1)
    monkeypatch.setattr(column_makers, "_FEW_PICTURES", 0)
    monkeypatch.setattr(column_makers, "_columns", dying)
    with pytest.raises(RuntimeError, match=r"worker process died.*fewer than workers=1"):
        list(outcomes(small(), entries([pixels(1)]), recipe=QUICK, workers=1))
    assert not ours()


def dying(*_):
    import os

    os._exit(9)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"batch_size": 0}, "batch_size=0 is not possible: give a whole number of at least 1"),
        ({"batch_size": 2.0}, "batch_size=2.0 is not possible: give a whole number of at least 1"),
        ({"batch_size": torch.tensor(2.5)}, "batch_size=tensor(2.5000) is not possible"),
        ({"batch_size": True}, "batch_size=True is not possible"),
        ({"workers": -1}, "workers=-1 is not possible: give a whole number of at least 0"),
        ({"workers": "x"}, "workers='x' is not possible"),
    ],
)
def test_wrong_numbers_are_refused(options, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        outcomes(small(), [], **options)
    with pytest.raises(ValueError, match=re.escape(words)):
        inv.explain_many(small(), [], **options)


def test_numbers_may_be_numpy_s(fashion, garments):
    expected = made(fashion, garments[:2], batch_size=4, workers=1)
    assert made(fashion, garments[:2], batch_size=np.int64(4), workers=np.uint8(1)) == expected


def test_nothing_is_nothing():
    assert list(outcomes(small(), [])) == []
    assert many.Outcome(Entry("a", None)).reason == ""
    assert Slot(None, fatal=OSError()).done
