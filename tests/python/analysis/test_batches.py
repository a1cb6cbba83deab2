"""Many pictures: names, targets, errors, and going on after whatever stopped the work."""

import dataclasses
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import inv_widgets as inv
from inv_widgets import run_groups
from inv_widgets.analysis import batch_passes, batches, part_files, parts, run_lock
from inv_widgets.analysis.part_files import PartFiles
from inv_widgets.analysis.picture_lists import UniqueNames, entries
from inv_widgets.run_files import companions

QUICK = inv.Recipe(tsne_iterations=250)


def to_tensor(image):
    return torch.from_numpy(np.asarray(image, np.float32).transpose(2, 0, 1) / 255 - 0.5)


def network(seed=0):
    torch.manual_seed(seed)
    module = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 3))
    return inv.Classifier.from_module(module, to_tensor, ["cat", "dog", "owl"])


@pytest.fixture
def net():
    return network()


@pytest.fixture
def folder(tmp_path):
    """Four pictures, one of them in a folder below."""
    where = tmp_path / "pictures"
    (where / "more").mkdir(parents=True)
    for place, name in enumerate(["a.png", "b.png", "c.jpg", "more/d.png"]):
        Image.fromarray(pixels(place)).save(where / name)
    (where / "notes.txt").write_text("no picture")
    return where


def pixels(seed):
    return np.random.default_rng(seed).integers(0, 256, (12, 14, 3), np.uint8)


def names(run):
    return [name for name, _ in run.keys]


def go(net, pictures, **options):
    return inv.explain_many(net, pictures, **({"recipe": QUICK} | options))


@pytest.fixture
def counted(monkeypatch):
    """The names of the pictures that went through the network."""
    made = []
    passed = batch_passes.passed

    def counting(net, network_hash, prepared, *arguments):
        made.append(prepared.about["name"])
        return passed(net, network_hash, prepared, *arguments)

    monkeypatch.setattr(batch_passes, "passed", counting)
    return made


def test_each_picture_is_explained_as_if_alone(net, folder):
    files = sorted(folder.glob("*.*g"))
    run = go(net, files, target="owl")
    assert list(run) == [inv.explain(net, file, "owl", recipe=QUICK) for file in files]


def test_a_folder_a_pattern_a_dict_pairs_a_generator_and_one_picture(net, folder):
    assert names(go(net, folder)) == ["a.png", "b.png", "c.jpg", "more/d.png"]
    assert names(go(net, str(folder / "*.png"))) == ["a.png", "b.png"]
    assert names(go(net, str(folder / "**" / "*.png"))) == ["a.png", "b.png", "d.png"]
    assert names(go(net, {"eins": pixels(1), "zwei": folder / "b.png"})) == ["eins", "zwei"]
    assert names(go(net, [("x", pixels(1)), (("y"), pixels(2))])) == ["x", "y"]
    assert names(go(net, (pixels(i) for i in range(2)))) == ["picture", "picture (2)"]
    assert names(go(net, folder / "a.png")) == ["a.png"]
    assert names(go(net, pixels(1))) == ["picture"]
    assert len(go(net, np.stack([pixels(1), pixels(2)]))) == 2
    assert len(go(net, [])) == 0


def test_names_that_come_twice_are_told_apart(net, folder):
    shutil.copy(folder / "b.png", folder / "more" / "a.png")
    run = go(net, [folder / "a.png", folder / "more" / "a.png", folder / "a.png"])
    assert names(run) == ["a.png", "a.png (2)", "a.png (3)"]
    assert run[0].columns == run[2].columns != run[1].columns
    assert UniqueNames(["a", "a (2)"]).take("a") == "a (3)"


def test_names_that_come_many_times_take_no_longer_each():
    taken = UniqueNames()
    begin = time.process_time()
    many = [taken.take("a") for _ in range(30_000)]
    assert time.process_time() - begin < 5  # counting through all for each: a minute
    assert many[-1] == "a (30000)"
    assert taken.take("a (7)") == "a (7) (2)"


def test_targets_for_all_for_each_and_by_name(net, folder):
    files = [folder / "a.png", folder / "b.png"]
    target_names = lambda **options: [name for _, name in go(net, files, **options).keys]  # noqa: E731
    assert target_names(target="dog") == ["dog", "dog"]
    assert target_names(target=["owl", 0]) == ["owl", "cat"]
    assert target_names(target=("owl", 0)) == ["cat + owl", "cat + owl"]
    assert target_names(target={"b.png": "owl"})[1] == "owl"
    first = net.predict(files[0])[0].name
    assert target_names(target={"b.png": "owl"})[0] == first


@pytest.mark.parametrize(
    ("pictures", "options", "error", "words"),
    [
        (["a.png"], {"target": ["cat", "dog"]}, ValueError, "2 targets were given for 1 pictures"),
        (["a.png"], {"target": {"aa.png": "cat"}}, ValueError, "Did you mean a.png"),
        (["a.png"], {"target": "bird"}, KeyError, "bird"),
        (["a.png"], {"target": ["bird"]}, KeyError, "bird"),
        (["a.png"], {"layers": "nope"}, KeyError, "^.inv-widgets. There is no layer 'nope'"),
        (["a.png"], {"layers": "last 2"}, ValueError, "the network has 1 layers"),
        (["a.png"], {"layers": []}, ValueError, "layers is empty"),
        (["a.png"], {"on_error": "ignore"}, ValueError, '"report" or "raise"'),
        (["a.png"], {"recipe": None}, TypeError, "give inv.Recipe"),
        (["a.png"], {"jobs": 3}, TypeError, "unexpected keyword argument"),
        (3, {}, TypeError, "The pictures are an int"),
        ("*.tiff", {}, FileNotFoundError, "No file matches"),
        ("mroe", {}, FileNotFoundError, "no picture and no folder 'mroe'"),
        ("m" * 999, {}, FileNotFoundError, "no picture and no folder 'mmm"),
        ("", {}, FileNotFoundError, "an empty text: give a list"),
        ("more", {}, FileNotFoundError, "holds no pictures"),
    ],
)
def test_wrong_arguments_are_refused(net, folder, monkeypatch, pictures, options, error, words):
    monkeypatch.chdir(folder)
    (folder / "more" / "d.png").unlink()
    with pytest.raises(error, match=words):
        go(net, pictures, **options)


def test_more_or_fewer_pictures_than_targets_is_told_for_a_generator_too(net):
    with pytest.raises(ValueError, match="more pictures than the 1 targets"):
        go(net, (pixels(i) for i in range(2)), target=["cat"])
    with pytest.raises(ValueError, match="3 targets were given for 2"):
        go(net, (pixels(i) for i in range(2)), target=["cat"] * 3)


def test_a_picture_that_cannot_be_read_is_reported_and_the_others_are_made(net, folder, tmp_path):
    (folder / "b.png").write_bytes(b"no picture")
    for out in (None, tmp_path / "run.parquet"):
        with pytest.warns(UserWarning, match=r"1 of 4 pictures could not be explained: b.png: .*See run.errors"):
            run = go(net, folder, out=out)
        assert names(run) == ["a.png", "c.jpg", "more/d.png"]
        assert list(run.errors) == ["b.png"]
        assert "format is unknown" in run.errors["b.png"]
    assert inv.load(tmp_path / "run.parquet").errors == run.errors


def test_a_picture_that_the_network_refuses_is_reported(net, folder):
    Image.new("RGB", (2, 2)).save(folder / "b.png")  # smaller than the kernel
    with pytest.warns(UserWarning, match="b.png"):
        assert list(go(net, folder).errors) == ["b.png"]


def test_an_error_can_end_the_run(net, folder):
    (folder / "b.png").write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"b\.png"):
        go(net, folder, on_error="raise")


def test_errors_are_tried_again_and_forgotten_once_mended(net, folder, tmp_path, counted):
    good = (folder / "b.png").read_bytes()
    (folder / "b.png").write_bytes(b"no picture")
    with pytest.warns(UserWarning, match="b.png"):
        go(net, folder, out=tmp_path / "run")
    (folder / "b.png").write_bytes(good)
    run = go(net, folder, out=tmp_path / "run")
    assert run.errors == {}
    assert names(run) == ["a.png", "b.png", "c.jpg", "more/d.png"]
    assert counted == ["a.png", "c.jpg", "more/d.png", "b.png"]


def test_a_written_run_is_the_one_in_memory_and_nothing_else_stays(net, folder, tmp_path):
    run = go(net, folder, out=tmp_path / "new" / "run.parquet")
    assert run == go(net, folder)
    expected = {file.name for file in companions(tmp_path / "new" / "run").values()}
    assert {file.name for file in (tmp_path / "new").iterdir()} == expected


def test_a_finished_run_is_not_made_again(net, folder, tmp_path, counted):
    out = tmp_path / "run.parquet"
    run = go(net, folder, out=out)
    before = {file: file.stat().st_mtime_ns for file in companions(out).values()}
    assert go(net, folder, out=out) == run
    assert len(counted) == 4
    assert {file: file.stat().st_mtime_ns for file in companions(out).values()} == before


def test_only_missing_pictures_are_made_and_earlier_ones_stay(net, folder, tmp_path, counted):
    out = tmp_path / "run.parquet"
    go(net, [folder / "a.png", folder / "b.png"], out=out)
    run = go(net, [folder / "c.jpg", folder / "b.png"], out=out)
    assert counted == ["a.png", "b.png", "c.jpg"]
    assert names(run) == ["c.jpg", "b.png", "a.png"]
    assert names(go(net, [folder / "a.png"], out=out)) == ["a.png", "c.jpg", "b.png"]
    assert counted == ["a.png", "b.png", "c.jpg"]


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are listed on Linux only")
def test_the_older_run_is_closed_before_the_new_one_takes_its_place(net, folder, tmp_path, monkeypatch):
    out = tmp_path / "run.parquet"
    go(net, [folder / "a.png"], out=out)
    move, still = parts.Parts._move, []

    def watched(self):
        handles = list(Path("/proc/self/fd").iterdir())
        still.append([one.resolve() for one in handles if one.resolve().parent == tmp_path.resolve()])
        move(self)

    monkeypatch.setattr(parts.Parts, "_move", watched)
    go(net, folder, out=out)
    assert still == [[], []]


def test_a_picture_is_known_by_its_content_and_target(net, folder, tmp_path, counted):
    out = tmp_path / "run.parquet"
    go(net, [folder / "a.png"], out=out, target="cat")
    (folder / "a.png").rename(folder / "z.png")
    run = go(net, [folder / "z.png"], out=out, target="cat")
    assert names(run) == ["z.png"]
    run = go(net, [folder / "z.png"], out=out, target="dog")
    assert run.keys == [("z.png", "dog"), ("z.png (2)", "cat")]
    Image.fromarray(pixels(77)).save(folder / "z.png")
    assert len(go(net, [folder / "z.png"], out=out, target="dog")) == 3
    assert counted == ["a.png", "z.png", "z.png"]


def test_resume_false_starts_anew(net, folder, tmp_path, counted):
    out = tmp_path / "run.parquet"
    older = go(net, folder, out=out)
    # As a save leaves it that was killed before its files had their places.
    older.save(tmp_path / "killed" / out.name).parent.rename(tmp_path / ".run.whole")
    assert names(go(net, [folder / "a.png"], out=out, resume=False)) == ["a.png"]
    assert len(counted) == 5


@pytest.mark.parametrize("resume", [True, False])
def test_parts_of_another_run_or_of_nobody_knows_which_do_not_count(net, folder, tmp_path, monkeypatch, resume):
    out, changed = tmp_path / "run.parquet", dataclasses.replace(QUICK, seed=9)
    stop_after(monkeypatch, 2)
    with pytest.raises(KeyboardInterrupt):
        go(net, folder, out=out)
    monkeypatch.undo()
    if resume:  # removing a folder was cut short
        (tmp_path / "run.parts" / "job.json").unlink()
        assert go(net, folder, out=out, recipe=changed) == go(net, folder, recipe=changed)
    else:  # on Windows nobody removes a file that is open
        monkeypatch.setattr(parts.shutil, "rmtree", lambda *_, **__: None)
        with pytest.raises(OSError, match=r"\[inv-widgets\] .*run.parts is of an earlier run and cannot be removed"):
            go(net, folder, out=out, recipe=changed, resume=False)


def test_one_choice_of_layers_in_a_list_is_that_choice(net, folder, tmp_path, counted):
    out = tmp_path / "run.parquet"
    for layers in ("last 1", ["last 1"]):
        go(net, [folder / "a.png"], out=out, layers=layers)
    assert counted == ["a.png"]


@pytest.mark.parametrize("finished", [True, False])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"net": network(1)}, "another network, or other weights"),
        ({"recipe": dataclasses.replace(QUICK, seed=3)}, r"another recipe \(seed 0, now 3\)"),
        ({"layers": "last 1"}, r"other layers \(layers 'blocks', now 'last 1'\)"),
    ],
)
def test_a_run_made_in_another_way_is_refused(net, folder, tmp_path, monkeypatch, finished, change, words):
    out = tmp_path / "run.parquet"
    if finished:
        go(net, folder, out=out)
    else:
        stop_after(monkeypatch, 2)
        with pytest.raises(KeyboardInterrupt):
            go(net, folder, out=out)
        monkeypatch.undo()
    with pytest.raises(ValueError, match=words + r".*resume=False"):
        inv.explain_many(**({"net": net, "pictures": folder, "recipe": QUICK, "out": out} | change))
    changed = inv.explain_many(
        **({"net": net, "pictures": folder, "recipe": QUICK, "out": out, "resume": False} | change)
    )
    assert len(changed) == 4


def test_a_run_that_explain_many_did_not_write_is_refused(net, folder, tmp_path):
    go(net, folder).save(tmp_path / "run.parquet")
    with pytest.raises(ValueError, match="not written by explain_many"):
        go(net, folder, out=tmp_path / "run.parquet")


def stop_after(monkeypatch, count, error=KeyboardInterrupt):
    """Ctrl-C, or another error, while the explanation after so many is stored; once."""
    add, made = batches.Parts.add, []

    def stopping(*arguments):
        made.append(1)
        if len(made) == count + 1:
            raise error
        return add(*arguments)

    monkeypatch.setattr(batches.Parts, "add", stopping)


def test_ctrl_c_keeps_what_was_made_and_redoes_nothing(net, folder, tmp_path, monkeypatch, counted):
    out = tmp_path / "run.parquet"
    stop_after(monkeypatch, 1)
    with pytest.raises(KeyboardInterrupt, match=r"\d explanations of .* are kept: the same call goes on") as stopped:
        go(net, folder, out=out)
    kept = int(re.search(r"\d", str(stopped.value))[0])
    assert kept >= 2  # the one that was being stored as well
    assert not out.exists()
    before = len(counted)
    run = go(net, folder, out=out)
    assert len(counted) - before == 4 - kept
    assert run == go(net, folder)
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "pictures",
        "run.columns.parquet",
        "run.parquet",
        "run.pictures.parquet",
    ]


def test_what_is_kept_is_numbered_right(net, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(batches.Parts, "count", lambda _: 1)
    stop_after(monkeypatch, 1)
    with pytest.raises(KeyboardInterrupt, match=r"1 explanation of .* is kept"):
        go(net, folder, out=tmp_path / "run.parquet")


class Interrupted(nn.Sequential):
    """Presses Ctrl-C at one of its passes."""

    def __init__(self, module, place):
        super().__init__(*module)
        self.left = place

    def forward(self, inputs):
        self.left -= 1
        if not self.left:
            os.kill(os.getpid(), signal.SIGINT)
        return super().forward(inputs)


@pytest.mark.parametrize(("workers", "place"), [(0, 2), (0, 9), (2, 2), (2, 9)])
@pytest.mark.skipif(os.name == "nt", reason="there a process cannot press Ctrl-C for itself alone")
def test_a_real_ctrl_c_wherever_it_comes_loses_and_redoes_nothing(net, tmp_path, counted, workers, place):
    pictures = {f"{seed}": pixels(seed) for seed in range(40)}
    options = {"batch_size": 3, "workers": workers}
    expected, out = go(net, pictures, **options), tmp_path / "run.parquet"
    interrupted = inv.Classifier.from_module(Interrupted(net.module, place), to_tensor, net.categories, name=net.name)
    interrupted.module.train()
    with pytest.raises(KeyboardInterrupt, match=r"(is|are) kept"):
        go(interrupted, pictures, out=out, **options)
    assert interrupted.module.training
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("inv-widgets")]
    kept, before = len(PartFiles(tmp_path / "run.parts").keys()), len(counted)
    assert kept < 40
    run = go(net, pictures, out=out, **options)
    assert len(counted) - before == 40 - kept
    assert run == expected


def test_a_crash_while_an_older_run_stands_leaves_it_whole(net, folder, tmp_path, monkeypatch):
    out = tmp_path / "run.parquet"
    old = list(go(net, [folder / "a.png"], out=out))
    stop_after(monkeypatch, 1, MemoryError)
    with pytest.raises(MemoryError):
        go(net, folder, out=out)
    assert list(inv.load(out)) == old


def test_a_run_is_written_as_it_goes_and_parts_are_read_for_repeated_pictures_only(net, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(part_files, "SECONDS", 0)
    monkeypatch.setattr(run_groups, "GROUP_EXPLANATIONS", 2)
    written = []
    write = run_groups.GroupWriter._write
    monkeypatch.setattr(run_groups.GroupWriter, "_write", lambda writer: written.append(len(taken)) or write(writer))
    taken, take = [], batches.Parts.take
    monkeypatch.setattr(batches.Parts, "take", lambda parts, *pair: taken.append(pair) or take(parts, *pair))
    unpacked, read = part_files._unpacked, []
    monkeypatch.setattr(part_files, "_unpacked", lambda file: read.append(file) or unpacked(file))
    pictures = [*({f"{seed}": pixels(seed) for seed in range(8)}).items(), ("again", pixels(3))]
    expected = go(net, pictures)
    assert go(net, pictures, out=tmp_path / "run.parquet") == expected
    assert len(read) == 1
    assert min(written) < 4
    assert len([number for number in written if number < 9]) >= 6
    assert sorted(file.name for file in tmp_path.iterdir() if file.name.startswith("run")) == [
        "run.columns.parquet", "run.parquet", "run.pictures.parquet"
    ]  # fmt: skip


KILLED = """
import os, sys
import inv_widgets as inv
from inv_widgets.analysis import batches, part_files
sys.path.insert(0, sys.argv[1])
import test_batches as t
add, made = batches.Parts.add, []
part_files.SECONDS = 0
def stopping(*arguments):
    if len(made) == 3:
        os.kill(os.getpid(), 9)
    made.append(1)
    return add(*arguments)
batches.Parts.add = stopping
t.go(t.network(), sys.argv[2], out=sys.argv[3])
"""


def test_a_killed_process_loses_nothing_and_its_lock_is_taken_over(net, folder, tmp_path, counted):
    out = tmp_path / "run.parquet"
    here, root = Path(__file__).parent, Path(inv.__file__).parents[1]
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, here, folder, out],
        env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        check=False,
    )
    assert killed.returncode == -9, killed.stderr.decode()
    assert (tmp_path / "run.lock").exists()
    run = go(net, folder, out=out)
    assert counted == ["more/d.png"]
    assert run == go(net, folder)


MERGING = """
import os, pathlib, sys
sys.path.insert(0, sys.argv[1])
import test_batches as t
replace, left = os.replace, [int(sys.argv[4])]
def stopping(source, target):
    if pathlib.Path(target).parent == pathlib.Path(sys.argv[3]).parent and pathlib.Path(target).suffix == ".parquet":
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), 9)
    return replace(source, target)
os.replace = stopping
t.go(t.network(), sys.argv[2], out=sys.argv[3])
"""


@pytest.mark.parametrize("moved", [0, 1, 2])
def test_killed_while_the_files_are_exchanged_it_goes_on_from_there(net, folder, tmp_path, counted, moved):
    out = tmp_path / "run.parquet"
    elsewhere = pixels(50)
    go(net, [("earlier", elsewhere)], out=out)
    here, root = Path(__file__).parent, Path(inv.__file__).parents[1]
    killed = subprocess.run(
        [sys.executable, "-c", MERGING, here, folder, out, str(moved)],
        env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        check=False,
    )
    assert killed.returncode == -9, killed.stderr.decode()
    run = go(net, folder, out=out)
    assert counted == ["earlier"]
    assert names(run) == ["a.png", "b.png", "c.jpg", "more/d.png", "earlier"]
    assert list(run)[:4] == list(go(net, folder))
    assert {file.name for file in tmp_path.iterdir()} == {"pictures"} | {file.name for file in companions(out).values()}


def test_of_two_that_find_a_stale_lock_one_takes_it(net, folder, tmp_path, monkeypatch):
    lock = tmp_path / "run.lock"
    lock.write_text(json.dumps({"pid": 2**22 + 1, "host": socket.gethostname()}))
    runs = run_lock._runs

    def while_another_is_faster(pid):
        if pid == 2**22 + 1:
            lock.unlink()
            lock.write_text(json.dumps({"pid": os.getpid(), "host": socket.gethostname()}))
        return runs(pid)

    monkeypatch.setattr(run_lock, "_runs", while_another_is_faster)
    with pytest.raises(RuntimeError, match=f"process {os.getpid()} on"):
        go(net, folder, out=tmp_path / "run")
    assert lock.exists()


def test_two_at_once_are_refused(net, folder, tmp_path):
    lock = tmp_path / "run.lock"
    for owner in ({"pid": os.getpid(), "host": socket.gethostname()}, {"pid": 1, "host": "elsewhere"}):
        lock.write_text(json.dumps(owner))
        with pytest.raises(RuntimeError, match=rf"process {owner['pid']} on .*delete .*run\.lock"):
            go(net, folder, out=tmp_path / "run")
    lock.write_text("half a li")
    with pytest.raises(RuntimeError, match="Another explain_many"):
        go(net, folder, out=tmp_path / "run")
    lock.unlink()
    assert len(go(net, folder, out=tmp_path / "run")) == 4
    assert not lock.exists()


def test_the_lock_is_given_back_after_an_error(net, folder, tmp_path):
    with pytest.raises(KeyError):
        go(net, folder, out=tmp_path / "run", layers="nope")
    assert len(go(net, folder, out=tmp_path / "run")) == 4


def test_progress_is_shown(net, folder, capsys):
    go(net, folder)
    assert "4/4" in capsys.readouterr().err


def test_the_rate_is_that_of_the_pictures_that_were_worked_on(net, folder, tmp_path, monkeypatch):
    bars = []

    class Bar(batches.tqdm):
        def __exit__(self, *error):
            bars.append((self.n, self.initial))
            # With smoothing it would be another rate.
            assert self.format_dict["rate"] is None
            super().__exit__(*error)

    monkeypatch.setattr(batches, "tqdm", Bar)
    go(net, [folder / "a.png", folder / "b.png"], out=tmp_path / "run")
    go(net, folder, out=tmp_path / "run")
    assert bars == [(2, 0), (4, 2)]


def test_layers_may_be_anything_that_can_be_gone_through_once(net, folder):
    assert list(go(net, folder, layers=iter(["last 1", "0"]))) == list(go(net, folder))


def test_names_of_a_dict_may_be_numbers_or_paths(net, folder):
    assert names(go(net, {1: folder / "a.png", folder / "b.png": pixels(1)})) == ["1", str(folder / "b.png")]


def test_file_names_that_are_no_utf_8_can_be_saved(net, folder, tmp_path):
    name = os.fsdecode(b"caf\xe9.png")
    try:
        shutil.copy(folder / "a.png", folder / "more" / name)
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    run = go(net, folder / "more", out=tmp_path / "run")
    assert names(run) == names(inv.load(tmp_path / "run")) == ["caf\N{REPLACEMENT CHARACTER}.png", "d.png"]
    assert inv.explain(net, folder / "more" / name, recipe=QUICK).name == names(run)[0]


def test_an_error_of_one_picture_s_own_is_reported_whatever_its_kind(folder):
    def transform(image):
        if image.getpixel((0, 0)) == tuple(pixels(1)[0, 0]):
            raise KeyError("no such pixel")
        return to_tensor(image)

    net = inv.Classifier.from_module(network().module, transform)
    with pytest.warns(UserWarning, match="no such pixel"):
        assert list(go(net, folder).errors) == ["b.png"]


def test_a_full_disk_is_no_picture_s_fault(net, folder, tmp_path, monkeypatch):
    def full(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr(batches.Parts, "add", full)
    with pytest.raises(OSError, match="No space left"):
        go(net, folder, out=tmp_path / "run")


def test_entries_know_their_number_where_it_can_be_known():
    assert entries([1, 2])[1] == 2
    assert entries(iter([1, 2]))[1] is None
