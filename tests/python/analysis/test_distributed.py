"""explain_many on a dask cluster: the local run's bits, whatever becomes of workers, driver and store."""

import collections
import contextlib
import importlib
import os
import signal
import sys
import threading
import time
from pathlib import Path

import fsspec
import numpy as np
import pytest
import small_clusters
import torch
from distributed import Client, LocalCluster, WorkerPlugin
from PIL import Image
from small_clusters import Transform, network

import inv_widgets as inv

QUICK = inv.Recipe(tsne_iterations=250)


@pytest.fixture(scope="module")
def cluster():
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as started:
        yield started


@pytest.fixture
def client(cluster):
    with Client(cluster) as connected:
        connected.wait_for_workers(2, timeout=60)
        yield connected


@pytest.fixture(scope="module")
def in_process():
    with pytest.MonkeyPatch.context() as patch:
        # It would ask for the way to a name server, to learn its own address.
        patch.setattr("distributed.comm.inproc.get_ip", lambda: "127.0.0.1")
        cluster = LocalCluster(n_workers=2, threads_per_worker=1, processes=False, dashboard_address="127.0.0.1:0")
        with cluster, Client(cluster) as connected:
            yield connected


def pictures(number, start=1):
    """Give the paths-free kind: arrays by name."""
    return {f"{place}.png": grey_noise(place) for place in range(start, start + number)}


def grey_noise(seed):
    return np.random.default_rng(seed).integers(1, 256, (12, 14, 3), np.uint8)


@pytest.fixture
def files(tmp_path):
    """Six pictures in a folder, one of them cut off."""
    where = tmp_path / "pictures"
    where.mkdir()
    for place in range(6):
        Image.fromarray(grey_noise(place)).save(where / f"{place}.png")
    (where / "3.png").write_bytes((where / "3.png").read_bytes()[:60])
    return where


def go(net, what, client, out, **options):
    return inv.explain_many(net, what, client=client, out=out, recipe=QUICK, **options)


def names(run):
    return [name for name, _ in run.keys]


def test_a_worker_that_is_lost_as_the_network_is_sent_is_not_in_the_way(in_process, tmp_path, monkeypatch):
    from distributed.comm.core import CommClosedError

    register, lost = in_process.register_plugin, [CommClosedError("a worker was closed")]

    def registered(plugin, name):
        if lost:
            raise lost.pop()
        return register(plugin, name=name)

    monkeypatch.setattr(in_process, "register_plugin", registered)
    assert names(go(network(), pictures(2), in_process, tmp_path / "run")) == ["1.png", "2.png"]
    assert not lost


def parts(out):
    return sorted(file.name for file in Path(out, "parts").glob("*.parquet") if file.name.count(".") == 1)


@contextlib.contextmanager
def meanwhile(what):
    """Do something on another thread; an error of it is the test's."""
    errors = []

    def run():
        try:
            what()
        except Exception as error:  # noqa: BLE001
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        thread.join()
    assert errors == []


def wait_for(condition):
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end, "waited for two minutes"
        time.sleep(0.01)


def test_the_run_is_the_local_one_bit_for_bit(client, tmp_path):
    net = inv.Classifier.demo("fashion")
    todo = inv.datasets.fashion()[:6]
    run = go(net, todo, client, tmp_path / "run", part_size=3, batch_size=2)
    local = inv.explain_many(net, todo, recipe=QUICK, batch_size=2)
    assert run == local
    assert len(parts(tmp_path / "run")) == 2
    saved = run.save(tmp_path / "one.parquet")
    assert inv.load(saved) == local
    assert not (tmp_path / "run.lock").exists()


def test_what_fails_is_reported_and_tried_again(client, tmp_path, files, monkeypatch):
    monkeypatch.chdir(tmp_path)  # workers stand elsewhere
    with pytest.warns(UserWarning, match=r"1 of 6 pictures could not be explained: 3\.png"):
        run = go(network(), "pictures", client, "run", part_size=4, target="owl")
    assert names(run) == ["0.png", "1.png", "2.png", "4.png", "5.png"]
    assert list(run.errors) == ["3.png"]
    assert {target for _, target in run.keys} == {"owl"}
    Image.fromarray(grey_noise(3)).save(files / "3.png")
    run = go(network(), "pictures", client, "run", target="owl")
    assert names(run) == [f"{place}.png" for place in range(6)]
    assert run.errors == {}
    assert run == inv.explain_many(network(), files, recipe=QUICK, target="owl")


def test_the_first_error_ends_the_run_where_that_is_asked_for(client, tmp_path, files):
    with pytest.raises(ValueError, match=r"3\.png"):
        go(network(), files, client, tmp_path / "run", part_size=1, on_error="raise")
    with pytest.raises(FileNotFoundError, match="is not whole"):
        inv.load(tmp_path / "run")


def test_an_unknown_layer_is_said_at_once(client, tmp_path):
    with pytest.raises(KeyError, match="nosuch"):
        go(network(), pictures(3), client, tmp_path / "run", layers="nosuch")
    with pytest.raises(KeyError, match="cow"):
        go(network(), pictures(3), client, tmp_path / "run", target="cow")


def test_a_worker_that_is_killed_costs_its_part_and_no_picture(client, tmp_path):
    out = tmp_path / "run"
    pids = client.run(os.getpid)

    def kill():
        wait_for(lambda: parts(out))
        busy = next(worker for worker, tasks in client.processing().items() if tasks)
        os.kill(pids[busy], signal.SIGKILL)

    with meanwhile(kill):
        run = go(network(Transform(seconds=0.1)), pictures(20), client, out, part_size=2)
    assert collections.Counter(names(run)) == dict.fromkeys(pictures(20), 1)
    assert names(run) == list(pictures(20))
    assert run == inv.explain_many(network(), pictures(20), recipe=QUICK)
    assert set(pids.values()) - set(client.run(os.getpid).values())
    assert len(parts(out)) == 10  # a lost worker's files are gone
    assert all(not file.name.startswith(".") for file in (out / "parts").iterdir())


def test_ctrl_c_keeps_what_is_finished_and_the_same_call_goes_on(client, tmp_path):
    looked = tmp_path / "looked"
    looked.mkdir()
    out = tmp_path / "run"
    net = network(Transform(looked, 0.05))

    def interrupt():
        wait_for(lambda: len(parts(out)) >= 2)
        os.kill(os.getpid(), signal.SIGINT)

    with meanwhile(interrupt), pytest.raises(KeyboardInterrupt, match="What is finished stays"):
        go(net, pictures(24), client, out, part_size=2)
    wait_for(lambda: not any(client.processing().values()))
    kept = 2 * len(parts(out))
    assert 4 <= kept < 24
    with pytest.raises(FileNotFoundError, match="is not whole: there is no manifest"):
        inv.load(out)
    for file in looked.iterdir():
        file.unlink()
    run = go(net, pictures(24), client, out, part_size=3)
    assert len(list(looked.iterdir())) == 24 - kept
    assert run == inv.explain_many(network(), pictures(24), recipe=QUICK)


def test_after_ctrl_c_workers_do_not_go_on_to_the_end(client, tmp_path):
    looked = tmp_path / "looked"
    looked.mkdir()

    def interrupt():
        wait_for(lambda: any(looked.iterdir()))
        os.kill(os.getpid(), signal.SIGINT)

    with meanwhile(interrupt), pytest.raises(KeyboardInterrupt):
        go(network(Transform(looked, 0.1)), pictures(24), client, tmp_path / "run", part_size=24, batch_size=1)
    wait_for(lambda: not any(client.processing().values()))
    wait_for(lambda: not any(client.run(busy).values()))
    assert list((tmp_path / "run" / "parts").iterdir()) == []


def busy(dask_worker):
    return dask_worker.state.executing_count


def test_nothing_is_made_twice_and_what_was_there_stays(client, tmp_path):
    looked = tmp_path / "looked"
    looked.mkdir()
    out = tmp_path / "run"
    net = network(Transform(looked))
    first = go(net, pictures(5), client, out, part_size=2)
    files = {file: file.stat().st_mtime_ns for file in out.rglob("*")}
    assert go(net, pictures(5), client, out) == first
    assert {file: file.stat().st_mtime_ns for file in out.rglob("*")} == files
    assert len(list(looked.iterdir())) == 5
    for file in looked.iterdir():
        file.unlink()
    turned = dict(reversed(pictures(4, 3).items()))  # 6, 5, 4, 3: one of them new
    run = go(net, turned, client, out, part_size=3)
    assert names(run) == ["6.png", "5.png", "4.png", "3.png", "1.png", "2.png"]
    assert len(list(looked.iterdir())) == 1
    assert list(run[:4]) == list(inv.explain_many(network(), turned, recipe=QUICK))
    other = go(net, {"1.png": grey_noise(77)}, client, out)  # another picture of a name that is there
    assert names(other) == ["1.png", "6.png", "5.png", "4.png", "3.png", "1.png (2)", "2.png"]
    assert other["1.png (2)"].picture_hash == run["1.png"].picture_hash
    assert other["1.png"].picture_hash != run["1.png"].picture_hash


def test_another_recipe_is_refused_and_replaces_when_told(client, tmp_path):
    out = tmp_path / "run"
    go(network(), pictures(2), client, out)
    old = parts(out)
    with pytest.raises(ValueError, match=r"seed 0, now 1.*cannot be resumed"):
        inv.explain_many(network(), pictures(2), client=client, out=out, recipe=inv.Recipe(tsne_iterations=250, seed=1))
    run = inv.explain_many(
        network(), pictures(1), client=client, out=out, recipe=inv.Recipe(tsne_iterations=250, seed=1), resume=False
    )
    assert names(run) == ["1.png"]
    assert run[0].recipe.seed == 1
    assert not set(old) & set(parts(out))
    assert len(list(out.glob("index-*.parquet"))) == 1


def test_a_picture_that_kills_workers_is_named_when_the_others_are_made(client, cluster, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster.scheduler, "allowed_failures", 0)
    todo = pictures(6) | {"deadly.png": np.full((12, 14, 3), small_clusters.DEADLY, np.uint8)} | pictures(2, 7)
    with pytest.raises(RuntimeError, match=r"given one of these 1 pictures died.*deadly\.png"):
        go(network(), todo, client, tmp_path / "run", part_size=1)
    run = inv.load(tmp_path / "run")
    assert names(run) == list(pictures(8))
    assert list(run.errors) == ["deadly.png"]


@pytest.mark.parametrize("net", ["small_clusters:network", network], ids=["name", "function"])
def test_workers_can_make_the_network_themselves(client, tmp_path, net):
    run = go(net, pictures(3), client, tmp_path / "run", part_size=1)
    assert run == inv.explain_many(network(), pictures(3), recipe=QUICK)


def test_a_worker_with_other_weights_is_refused(client, tmp_path):
    with pytest.raises(RuntimeError, match="made a network with other weights"):
        go(small_clusters.another_one_each_time, pictures(3), client, tmp_path / "run")
    with pytest.raises(RuntimeError, match=r"The network cannot be made on the worker tcp://.*: no weights here"):
        go(only_here(os.getpid()), pictures(3), client, tmp_path / "run")


def only_here(pid):
    def make():
        if os.getpid() != pid:
            raise OSError("no weights here")
        return network()

    return make


class Registers(WorkerPlugin):
    """Make bucket:// known to workers, as an installed package would."""

    def setup(self, worker):
        importlib.import_module("small_clusters")


def test_workers_write_into_an_object_store(client, tmp_path):
    client.register_plugin(Registers())
    url = f"bucket://{tmp_path}/some/run"
    run = go(network(), pictures(5), client, url, part_size=2)
    assert run == inv.explain_many(network(), pictures(5), recipe=QUICK)
    assert inv.load(url) == inv.load(tmp_path / "some" / "run") == run
    assert names(go(network(), pictures(6), client, url)) == list(pictures(6))
    old = parts(tmp_path / "some" / "run")
    run = go(network(), pictures(2), client, url, resume=False)
    assert names(inv.load(url)) == ["1.png", "2.png"]
    assert not set(old) & set(parts(tmp_path / "some" / "run"))
    assert list(Path(tmp_path, "some").rglob("*.draft")) == []


def test_workers_of_this_process_write_into_its_memory(in_process):
    run = go(network(), pictures(5), in_process, "memory://some/run", part_size=2)
    assert run == inv.explain_many(network(), pictures(5), recipe=QUICK)
    assert names(inv.load("memory://some/run")) == list(pictures(5))
    assert names(go(network(), pictures(6), in_process, "memory://some/run")) == list(pictures(6))
    fsspec.filesystem("memory").store.clear()


def test_pictures_may_be_behind_urls(in_process, tmp_path, files):
    for file in files.iterdir():
        fsspec.filesystem("memory").pipe(f"/pictures/{file.name}", file.read_bytes())
    urls = [f"memory://pictures/{name}.png" for name in range(8)]
    with pytest.warns(UserWarning, match=r"3 of 8 pictures could not be explained: 3\.png"):
        run = go(network(), urls, in_process, tmp_path / "run")
    assert list(run) == [
        *inv.explain_many(network(), [files / f"{place}.png" for place in (0, 1, 2, 4, 5)], recipe=QUICK)
    ]
    assert list(run.errors) == ["3.png", "6.png", "7.png"]
    assert "'memory://pictures/3.png' cannot be read" in run.errors["3.png"]
    assert run.errors["6.png"] == "There is no picture 'memory://pictures/6.png'. Check the URL."
    of_file = go(network(), [(files / "0.png").as_uri()], in_process, tmp_path / "file")
    assert of_file[0] == run[0]
    fsspec.filesystem("memory").store.clear()


def test_a_batch_that_is_too_large_is_refused_by_the_workers_and_nothing_is_left(in_process, tmp_path):
    with pytest.raises(ValueError, match=r"batch_size=1000000000 is not possible: .* Give at most \d+, or None"):
        go(network(), pictures(2), in_process, tmp_path / "run", part_size=1, batch_size=10**9)
    assert not list((tmp_path / "run").rglob("*.parquet"))
    assert len(go(network(), pictures(2), in_process, tmp_path / "run", part_size=1, batch_size=4)) == 2


def test_what_is_wrong_is_said_before_any_work(in_process, tmp_path, monkeypatch):
    out = tmp_path / "run"
    with pytest.raises(ValueError, match="client= needs out="):
        inv.explain_many(network(), pictures(1), client=in_process)
    with pytest.raises(TypeError, match=r"client is a str: give a dask\.distributed\.Client"):
        go(network(), pictures(1), "tcp://here", out)
    with pytest.raises(ValueError, match=r"a file's name, and several workers write into a folder: give '.*run'"):
        go(network(), pictures(1), in_process, str(out) + ".parquet")
    for size in (0, 2.5, "x"):
        with pytest.raises(ValueError, match=f"part_size={size!r} is not possible: give a whole number of at least 1"):
            go(network(), pictures(1), in_process, out, part_size=size)
    with pytest.raises(ValueError, match="part_size=2 is not possible without client="):
        inv.explain_many(network(), pictures(1), part_size=2)
    with pytest.raises(ValueError, match="'nosuch' names no network"):
        go("nosuch", pictures(1), in_process, out)
    with pytest.raises(TypeError, match=r"The network is an int: give an inv\.Classifier, a function"):
        go(3, pictures(1), in_process, out)
    with pytest.raises(TypeError, match=r"cannot be sent to the workers \(.*\): give a function"):
        go(network(unsendable()), pictures(1), in_process, out)
    with pytest.raises(ValueError, match=r"out='memory://run' is a URL.*or client="):
        inv.explain_many(network(), pictures(1), out="memory://run")
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ImportError, match=r"needs dask\.distributed: pip install \"inv-widgets\[distributed\]\""):
        go(network(), pictures(1), in_process, out)
    assert not out.exists()


def test_ctrl_c_stays_ctrl_c_where_the_scheduler_does_not_answer(in_process, tmp_path, monkeypatch):
    def interrupt(*arguments):
        raise KeyboardInterrupt

    cancelled, cancel = [], in_process.cancel
    monkeypatch.setattr("inv_widgets.analysis.distributed._Work._report", interrupt)
    monkeypatch.setattr(in_process, "cancel", lambda futures: cancelled.append(futures) or fail_first(cancelled))
    with pytest.raises(KeyboardInterrupt, match="the same call goes on"):
        go(network(), pictures(6), in_process, tmp_path / "run", part_size=1)
    assert len(cancelled) == 2
    assert len(cancelled[0]) > 1
    cancel(cancelled[0])
    assert not any("inv-widgets" in name for name in in_process.cluster.scheduler.worker_plugins)


def fail_first(calls):
    if len(calls) == 1:
        raise UnboundLocalError("cannot access local variable 'result'")


def unsendable():
    lock, transform = threading.Lock(), Transform()

    def looked_at_one_by_one(image):
        with lock:
            return transform(image)

    return looked_at_one_by_one


def test_two_drivers_do_not_write_into_one_folder(in_process, tmp_path):
    (tmp_path / "run.lock").write_text('{"pid": 1, "host": "another"}')
    with pytest.raises(RuntimeError, match="Another explain_many is writing this run"):
        go(network(), pictures(1), in_process, tmp_path / "run")


def test_the_network_is_left_as_it_was_found(in_process, tmp_path):
    net = network()
    net.module.train()
    before = {name: value.clone() for name, value in net.module.state_dict().items()}
    go(net, pictures(2), in_process, tmp_path / "run")
    assert net.module.training
    assert all(torch.equal(value, before[name]) for name, value in net.module.state_dict().items())


def test_many_pictures_are_not_all_under_way_at_once(in_process, tmp_path):
    asked = []

    def endless():
        for place in range(40):
            asked.append(place)
            assert len(asked) - 2 * len(parts(tmp_path / "run")) <= 2 * 4 + 3  # two workers, two parts each
            yield f"{place}.png", grey_noise(place + 1)

    run = go(network(), endless(), in_process, tmp_path / "run", part_size=2)
    assert len(run) == 40
