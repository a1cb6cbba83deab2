"""The command line, from the shell's side: what it writes, says and returns."""

import argparse
import errno
import os
import re
import shlex
import struct
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import inv_widgets as inv
from inv_widgets import cli, cli_arguments, cli_lab, cli_parser, datasets
from inv_widgets.export import page  # noqa: F401 (so that the module is loaded before a test replaces its front end)
from inv_widgets.network_forms import FORMS
from inv_widgets.network_names import load_network

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def fashion():
    """Three of the shipped pictures."""
    return [str(sample.picture) for sample in datasets.fashion()[::20]]


@pytest.fixture(scope="module")
def run_file(fashion, tmp_path_factory):
    """A run that the command line made."""
    file = tmp_path_factory.mktemp("cli") / "fashion.parquet"
    arguments = ["explain", *fashion, "--network", "demo:fashion", "--out", str(file), "--layers", "last 2"]
    assert cli.main(arguments) == 0
    return file


@pytest.fixture
def front_end(monkeypatch):
    monkeypatch.setattr(sys.modules["inv_widgets.export.documents"], "front_end", lambda *_: "export {};")


@pytest.fixture
def no_weights_here(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))


def refused(capsys, *arguments):
    """What a command says that cannot be done: one line, no traceback, status 2."""
    try:
        status = cli.main([str(argument) for argument in arguments])
    except SystemExit as stop:
        status = stop.code
    told = capsys.readouterr()
    assert status == 2
    assert told.err.startswith("[inv-widgets] ")
    assert told.err.count("\n") == 1
    assert "Traceback" not in told.err
    return told.err


def test_explain_writes_a_run_that_python_opens(run_file, fashion):
    run = inv.load(run_file)
    assert [explanation.name for explanation in run] == [Path(file).name for file in fashion]
    assert all(len(explanation.columns) == 2 for explanation in run)
    assert all(explanation.cluster_maps() for explanation in run)
    assert run.errors == {}


def test_explain_again_goes_on_from_there_and_no_resume_starts_anew(run_file, fashion, capsys, monkeypatch):
    from inv_widgets.analysis import batches

    seen = []

    def spy(*arguments, **options):
        seen.append(options)
        return inv.load(run_file)

    monkeypatch.setattr(batches, "explain_many", spy)
    arguments = ["explain", *fashion, "--network", "demo:fashion", "--out", str(run_file), "--layers", "last 2"]
    assert cli.main(arguments) == 0
    more = ["--no-resume", "--layers", "features.0*", "--seed", "3", "--target", "bag", "--target", "7"]
    assert cli.main(arguments + more) == 0
    assert (seen[0]["resume"], seen[0]["layers"], seen[0]["target"], seen[0]["recipe"].seed) == (
        True,
        "last 2",
        None,
        0,
    )
    assert (seen[1]["resume"], seen[1]["layers"]) == (False, ["last 2", "features.0*"])
    assert (seen[1]["target"], seen[1]["recipe"].seed) == (("bag", 7), 3)
    assert re.search(r"fashion.parquet: 3 explanations of Fashion-MNIST network, in [\d.]+ s", capsys.readouterr().out)


def test_a_picture_that_cannot_be_read_is_told_and_the_others_are_explained(fashion, tmp_path, capsys):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    file = tmp_path / "run.parquet"
    arguments = [
        "explain",
        str(broken),
        fashion[0],
        "--network",
        "demo:fashion",
        "--out",
        str(file),
        "--layers",
        "last 1",
    ]
    assert cli.main(arguments) == 1
    told = capsys.readouterr()
    assert "1 explanation of Fashion-MNIST network, 1 failed, in" in told.out
    assert re.search(r"^\[inv-widgets\] \S*broken\.png: ", told.err, flags=re.MULTILINE)
    assert len(inv.load(file)) == 1


@pytest.mark.usefixtures("front_end")
def test_export_writes_pages_tables_and_figures(run_file, tmp_path, capsys):
    name = inv.load(run_file)[1].name
    for ending in ("html", "csv", "jsonl"):
        assert cli.main(["export", str(run_file), "--out", str(tmp_path / f"out.{ending}")]) == 0
        assert f"out.{ending}: 3 explanations." in capsys.readouterr().out
    for ending in ("svg", "png"):
        arguments = ["--picture", name, "--theme", "dark", "--colour-map", "turbo"]
        assert cli.main(["export", str(run_file), "--out", str(tmp_path / f"out.{ending}"), *arguments]) == 0
        assert f"out.{ending}: 1 explanation." in capsys.readouterr().out
    assert 'id="inv-widgets-data"' in (tmp_path / "out.html").read_text("utf-8")
    assert len(pd.read_csv(tmp_path / "out.csv")) == len(inv.export.table(run_file))
    explanation = inv.load(run_file)[1]
    assert (tmp_path / "out.svg").read_text("utf-8") == inv.export.figure(explanation, theme="dark", colour_map="turbo")
    width, height = struct.unpack(">II", (tmp_path / "out.png").read_bytes()[16:24])
    assert min(width, height) > 300


def test_export_chooses_by_target(run_file, tmp_path, capsys):
    target = inv.load(run_file)[0].target_name
    assert cli.main(["export", str(run_file), "--out", str(tmp_path / "out.csv"), "--target", target]) == 0
    assert set(pd.read_csv(tmp_path / "out.csv").target_name) == {target}
    capsys.readouterr()
    assert target in refused(capsys, "export", run_file, "--out", tmp_path / "o.csv", "--target", "zebra")


def test_export_answers_what_it_cannot_do(run_file, tmp_path, capsys):
    name = inv.load(run_file)[0].name
    assert "nope.parquet" in refused(capsys, "export", tmp_path / "nope.parquet", "--out", tmp_path / "a.html")
    assert ".html or .csv" in refused(capsys, "export", run_file, "--out", tmp_path / "a.pdf")
    told = refused(capsys, "export", run_file, "--out", tmp_path / "a.svg")
    assert "here are 3" in told
    assert name in told
    assert f"Did you mean {name}" in refused(
        capsys, "export", run_file, "--out", tmp_path / "a.svg", "--picture", name.replace("-", "_")
    )
    assert "invalid choice: 'jet'" in refused(capsys, "export", run_file, "--out", "a.svg", "--colour-map", "jet")


def test_explain_answers_what_it_cannot_do_before_it_loads_anything(tmp_path, capsys, fashion, monkeypatch):
    from inv_widgets import network_names

    monkeypatch.setattr(network_names, "load_network", lambda *_, **__: pytest.fail("the network was loaded"))
    network, out = ("--network", "demo:fashion"), ("--out", tmp_path / "r.parquet")
    assert "no picture 'nope.jpg'" in refused(capsys, "explain", "nope.jpg", *network, *out)
    assert "'s3://b/a.jpg': download it first" in refused(capsys, "explain", "s3://b/a.jpg", *network, *out)
    assert "holds no pictures" in refused(capsys, "explain", tmp_path, *network, *out)
    assert "ends in .parquet" in refused(capsys, "explain", fashion[0], *network, "--out", "r.csv")
    assert "is a URL" in refused(capsys, "explain", fashion[0], *network, "--out", "s3://bucket/r.parquet")
    assert "required: --network" in refused(capsys, "explain", fashion[0], *out)
    told = refused(capsys, "explain", fashion[0], *out, "--netwrk=demo:fashion", "--see", "1", "--what")
    assert (
        "required: --network. No option is called --netwrk (did you mean --network?). No option is called --what. `"
        in told
    )
    assert "invalid int value: 'x'" in refused(capsys, "explain", fashion[0], *network, *out, "--seed", "x")
    for option, number, least in (("--batch-size", "0", 1), ("--batch-size", "2.5", 1), ("--workers", "-1", 0)):
        told = refused(capsys, "explain", fashion[0], *network, *out, f"{option}={number}")
        assert f"rgument {option}: '{number}' is not possible: give a whole number of at least {least}" in told
    assert "nrecognized arguments: --what" in refused(capsys, "explain", fashion[0], *network, *out, "--what")


def test_batch_size_and_workers_are_passed_on(fashion, tmp_path, monkeypatch):
    from inv_widgets.analysis import batches

    seen, inner = [], batches.explain_many

    def noted(*arguments, **options):
        seen.append({name: options[name] for name in ("batch_size", "workers")})
        return inner(*arguments, **options)

    monkeypatch.setattr(batches, "explain_many", noted)
    start = ["explain", fashion[0], "--network", "demo:fashion", "--layers", "last 1", "--out"]
    assert cli.main([*start, str(tmp_path / "a.parquet"), "--batch-size", "1", "--workers", "0"]) == 0
    assert cli.main([*start, str(tmp_path / "b.parquet")]) == 0
    assert seen == [{"batch_size": 1, "workers": 0}, {"batch_size": None, "workers": None}]


def test_help_and_errors_name_the_same_forms_of_a_network(capsys):
    with pytest.raises(SystemExit):
        cli.main(["explain", "--help"])
    told = " ".join(capsys.readouterr().out.split()).replace("- ", "-")  # argparse breaks lines at hyphens too
    assert f"--network NAME {FORMS}" in told
    assert "?weights=none" in FORMS
    with pytest.raises(ValueError, match=f"give {re.escape(FORMS)}"):
        load_network("fashion")


@pytest.mark.usefixtures("no_weights_here")
@pytest.mark.parametrize(
    ("network", "answer"),
    [
        ("fashion", "names no network: give demo:photos"),
        ("demo:cats", "names no network"),
        ("torchvision:vgg17", "Did you mean 'vgg19', 'vgg16'"),
        ("torchvision:resnet18", "could not be downloaded"),
        ("no_such_package.module:build", "cannot be imported"),
    ],
)
def test_networks_that_are_not_there_are_answered_in_one_line(network, answer, fashion, tmp_path, capsys):
    told = refused(capsys, "explain", fashion[0], "--network", network, "--out", tmp_path / "r.parquet")
    assert answer in told


FACTORY = """
import torch
from inv_widgets.classifier import Classifier

def build():
    module = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3, padding=1), torch.nn.ReLU(),
        torch.nn.Conv2d(8, 8, 3, padding=1), torch.nn.ReLU(),
        torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(8, 3),
    )
    def transform(picture):
        rows = list(picture.resize((24, 24)).convert("RGB").tobytes())
        return torch.tensor(rows, dtype=torch.float32).reshape(24, 24, 3).permute(2, 0, 1) / 255
    return Classifier.from_module(module, transform, ["a", "b", "c"])
"""


def test_a_network_of_one_s_own_is_explained(fashion, tmp_path, monkeypatch):
    (tmp_path / "my_network_of_cli.py").write_text(FACTORY, "utf-8")
    monkeypatch.chdir(tmp_path)
    arguments = ["--network", "my_network_of_cli:build", "--out", "r.parquet", "--target", "b"]
    assert cli.main(["explain", fashion[0], *arguments]) == 0
    assert inv.load("r.parquet")[0].target_name == "b"


@pytest.mark.parametrize("network", ["torchvision:resnet18?weights=none", "timm:test_resnet?weights=none"])
def test_random_weights_need_no_connection(network, fashion, tmp_path):
    file = tmp_path / "r.parquet"
    arguments = ["--network", network, "--out", str(file), "--layers", "last 1", "--target", "3"]
    assert cli.main(["explain", fashion[0], *arguments]) == 0
    assert len(inv.load(file)[0].columns) == 1


def test_patterns_that_a_shell_left_alone_are_resolved(tmp_path):
    for name in ("b.jpg", "a.jpg", "c.png", "[d].jpg"):
        (tmp_path / name).touch()
    found = cli_arguments.pictures_of([str(tmp_path / "?.jpg"), str(tmp_path / "a.jpg"), str(tmp_path / "[d].jpg")])
    assert [Path(file).name for file in found] == ["a.jpg", "b.jpg", "[d].jpg"]


def test_a_folder_stands_for_its_pictures_under_their_paths_in_it(tmp_path):
    for name in ("cats/a.jpg", "dogs/a.jpg", "dogs/notes.txt", "b.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    single, folders = str(tmp_path / "b.jpg"), [str(tmp_path / "cats"), str(tmp_path)]
    found = cli_arguments.pictures_of([single, *folders, folders[0]])
    assert found == [
        single, ("a.jpg", tmp_path / "cats/a.jpg"), ("b.jpg", tmp_path / "b.jpg"),
        ("cats/a.jpg", tmp_path / "cats/a.jpg"), ("dogs/a.jpg", tmp_path / "dogs/a.jpg"),
    ]  # fmt: skip


def test_an_unknown_command_and_none_are_answered(capsys):
    assert "invalid choice: 'explian'" in refused(capsys, "explian")
    assert cli.main([]) == 2
    assert capsys.readouterr().out.startswith("usage: inv-widgets")


def test_a_place_that_takes_no_files_is_refused_before_anything_is_loaded(tmp_path, capsys, fashion, monkeypatch):
    from inv_widgets import network_names

    monkeypatch.setattr(network_names, "load_network", lambda *_, **__: pytest.fail("the network was loaded"))
    (tmp_path / "file").touch()
    explain = ("explain", fashion[0], "--network", "demo:fashion", "--out")
    assert "it is no folder" in refused(capsys, *explain, tmp_path / "file" / "new" / "r.parquet")
    monkeypatch.setattr(os, "access", lambda path, _: Path(path) != tmp_path)
    assert f"{str(tmp_path)!r}: you may not write there" in refused(capsys, *explain, tmp_path / "r.parquet")


def test_an_error_of_the_system_is_told_with_its_file_and_what_to_do(run_file, tmp_path, capsys, monkeypatch):
    from inv_widgets import export

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device", "a.html")

    monkeypatch.setattr(export, "page", full)
    told = refused(capsys, "export", run_file, "--out", tmp_path / "a.html")
    assert told.startswith("[inv-widgets] a.html: No space left on device. Check the path")


def test_the_examples_of_help_are_commands(capsys):
    (commands,) = (each for each in cli_parser.parser()._actions if isinstance(each, argparse._SubParsersAction))
    lines = [line.split()[1:] for each in commands.choices.values() for line in (each.epilog or "").splitlines()[1:]]
    assert lines
    for line in lines:
        cli_parser.parser().parse_args(shlex.split(" ".join(line)))


def test_ctrl_c_ends_with_130_and_a_hint(fashion, tmp_path, capsys, monkeypatch):
    from inv_widgets.analysis import batches

    arguments = ["explain", fashion[0], "--network", "demo:fashion", "--out", str(tmp_path / "r.parquet")]
    for message, told in (((), "the same command goes on from there"), (("[inv-widgets] 3 are kept",), "3 are kept")):

        def interrupted(*_, message=message, **__):
            raise KeyboardInterrupt(*message)

        monkeypatch.setattr(batches, "explain_many", interrupted)
        assert cli.main(arguments) == 130
        assert told in capsys.readouterr().err


def test_a_group_is_explained_as_one_target(fashion, tmp_path):
    file = tmp_path / "r.parquet"
    arguments = ["--network", "demo:fashion", "--out", str(file), "--layers", "last 1"]
    assert cli.main(["explain", fashion[0], *arguments, "--target", "shirt", "--target", "4"]) == 0
    assert set(inv.load(file)[0].target) == {4, 6}


def test_an_unforeseen_error_is_one_line_and_debug_shows_where(fashion, tmp_path, capsys, monkeypatch):
    from inv_widgets import network_names

    def broken(*_, **__):
        raise ZeroDivisionError("a\nb")

    monkeypatch.setattr(network_names, "load_network", broken)
    arguments = ["explain", fashion[0], "--network", "x:y", "--out", str(tmp_path / "r.parquet")]
    assert refused(capsys, *arguments) == "[inv-widgets] ZeroDivisionError: a b (--debug shows where)\n"
    assert cli.main([*arguments, "--debug"]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_play_says_how_to_join_and_ends_with_ctrl_c(run_file, tmp_path):
    import signal

    consent = tmp_path / "consent.txt"
    consent.write_text("I agree.", "utf-8")
    store = tmp_path / "labels.db"
    arguments = ["--store", store, "--host", "127.0.0.1", "--port", "0", "--consent", consent, "--title", "Guess"]
    command = [sys.executable, "-m", "inv_widgets.cli", "play", run_file, *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(map(str, command), stdout=subprocess.PIPE, text=True, env=environment) as process:
        said = []
        for line in process.stdout:
            said.append(line)
            if "Ctrl-C" in line:
                break
        process.send_signal(signal.SIGINT)
        said += process.stdout.readlines()
        assert process.wait(timeout=60) == 0
    text = "".join(said)
    assert re.search(r"Players +http://127\.0\.0\.1:\d+/\n", text)
    assert re.search(r"Host +http://127\.0\.0\.1:\d+/host\?key=\S{12,} ", text)
    assert text.count("█") > 20  # the QR code
    assert text.endswith(f"The workshop has ended. Rounds and labels are in {store}.\n")


def test_play_hands_on_what_it_is_told(run_file, tmp_path, monkeypatch, capsys):
    import inv_widgets.workshop

    asked = []

    class Opened:
        link, host_link, store, qr = "LINK", "HOST-LINK", "STORE", "CODE"

        def __init__(self, run, **options):
            asked.append((run, options))

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def wait(self):
            pass

    monkeypatch.setattr(inv_widgets.workshop, "serve", Opened)
    assert cli.main(["play", str(run_file)]) == 0
    run, options = asked.pop()
    assert run == str(run_file)
    assert options == {
        "store": "labels.db", "host": "0.0.0.0", "port": 8765, "engine": "solara", "language": "en",
    }  # fmt: skip
    told = capsys.readouterr().out
    assert told.startswith("CODE\n")
    assert "LINK" in told
    (tmp_path / "classes.txt").write_text("\ufeffbag\n\n  ankle boot \n", "utf-8")
    (tmp_path / "about.txt").write_text("About\n\nthis.\n", "utf-8")
    more = [
        "--store", "postgresql+psycopg://x/y", "--host", "::1", "--port", "0", "--engine", "voila", "--language", "it",
        "--information", tmp_path / "about.txt", "--categories", tmp_path / "classes.txt", "--rounds", "9", "--seconds",
        "30.5", "--retire-after", "4", "--gold", "a.png", "--gold", "b.png", "--gold-every", "5", "--choices", "3",
        "--seed", "2", "--no-features", "--no-others", "--no-leaderboard", "--no-qr",
    ]  # fmt: skip
    assert cli.main(["play", str(run_file), *map(str, more)]) == 0
    assert asked.pop()[1] == {
        "store": "postgresql+psycopg://x/y", "host": "::1", "port": 0, "engine": "voila", "language": "it",
        "information": "About\n\nthis.", "categories": ["bag", "ankle boot"], "rounds": 9, "seconds": 30.5,
        "retire_after": 4, "gold": ["a.png", "b.png"], "gold_every": 5, "choices": 3, "seed": 2,
        "features_required": False, "show_others": False, "leaderboard": False,
    }  # fmt: skip
    assert "CODE" not in capsys.readouterr().out
    assert cli.main(["play", "s3://bucket/run"]) == 0
    assert asked.pop()[0] == "s3://bucket/run"


def test_play_answers_what_it_cannot_do(run_file, tmp_path, capsys):
    import socket

    open_at = ("--host", "127.0.0.1", "--store", tmp_path / "labels.db")
    assert "no run" in refused(capsys, "play", tmp_path / "nope.parquet", *open_at)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"port {port} is taken" in refused(capsys, "play", run_file, *open_at, "--port", port)
    assert "consent" in refused(capsys, "play", run_file, *open_at, "--consent", tmp_path / "nope.txt")
    (tmp_path / "empty.txt").touch()
    assert "is empty" in refused(capsys, "play", run_file, *open_at, "--information", tmp_path / "empty.txt")
    (tmp_path / "latin.txt").write_bytes(b"\xe8 cos\xec")
    assert "UTF-8" in refused(capsys, "play", run_file, *open_at, "--information", tmp_path / "latin.txt")
    assert "choose from" in refused(capsys, "play", run_file, "--engine", "flask")
    assert "rounds=0" in refused(capsys, "play", run_file, *open_at, "--rounds", "0")
    nowhere = ("--host", "127.0.0.1", "--port", "0", "--store", tmp_path / "no" / "such" / "labels.db")
    assert "labels.db" in refused(capsys, "play", run_file, *nowhere)


def test_doctor_s_status_is_its_finding(capsys, monkeypatch):
    from inv_widgets import doctor

    for state, status in (("ok", 0), ("missing", 1)):
        monkeypatch.setattr(doctor, "report", lambda state=state: [doctor.Check("torch", state)])
        assert cli.main(["doctor"]) == status
        assert state in capsys.readouterr().out


@pytest.mark.usefixtures("front_end")
def test_demo_explains_the_photos_and_writes_a_page(tmp_path, monkeypatch, capsys, run_file):
    from inv_widgets.analysis import batches
    from inv_widgets.classifier import Classifier

    asked = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(batches, "explain_many", lambda *a, **k: asked.append((a, k)) or inv.load(run_file))
    monkeypatch.setattr(subprocess, "Popen", lambda *_: pytest.fail("JupyterLab was started"))
    assert cli.main(["demo", "--no-lab"]) == 0
    (network, pictures), options = asked[0]
    assert isinstance(network, Classifier)
    assert pictures == datasets.photos()
    assert options == {"out": Path("demo", "photos.parquet")}
    told = capsys.readouterr().out
    assert re.search(r"3 pictures explained in [\d.]+ s", told)
    assert (tmp_path / "demo" / "photos.html").is_file()


def test_the_notebook_is_opened_where_it_is_and_told_of_where_it_is_not(tmp_path, monkeypatch, capsys):
    started = []

    class Lab:
        def __init__(self, arguments):
            started.append(arguments)

        def wait(self):
            return 0

    monkeypatch.setattr(subprocess, "Popen", Lab)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cli_lab, "__file__", str(tmp_path / "elsewhere" / "inv_widgets" / "cli_lab.py"))
    assert cli_lab.lab() == 0
    assert "comes with the source repository" in capsys.readouterr().out
    assert not started
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "01_quickstart.ipynb").touch()
    lab = [sys.executable, "-m", "jupyterlab", str(tmp_path / "notebooks" / "01_quickstart.ipynb")]
    for user, flags in ((1000, []), (0, ["--allow-root"])):
        monkeypatch.setattr(os, "geteuid", lambda user=user: user)
        assert cli_lab.lab() == 0
        assert started.pop() == lab + flags


def test_version_and_help_come_from_a_shell_without_torch():
    code = (
        "import sys; from inv_widgets.cli import main\n"
        "try: main(['--version'])\n"
        "finally: print(sorted({'torch', 'numpy', 'sklearn'} & set(sys.modules)))"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.split("\n")[:2] == [f"inv-widgets {inv.__version__}", "[]"]
