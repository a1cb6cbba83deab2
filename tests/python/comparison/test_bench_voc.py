"""The bench of the published VOC table, end to end on a tiny VOC folder with a small network."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

BENCH = Path(__file__).parents[2] / "bench"
NETWORK = """
import numpy as np
import torch
from torch import nn

import inv_widgets as inv


def make():
    torch.manual_seed(1)
    layers = [nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 8, 3, padding=1), nn.ReLU()]
    module = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 20))
    to_tensor = lambda picture: torch.tensor(np.array(picture)).permute(2, 0, 1) / 255 - 0.5
    return inv.Classifier.from_module(module, to_tensor, CATEGORIES, name="small VGG-16")
"""


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCH))
    return importlib.import_module("bench_voc")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A VOC folder with three pictures, and factories of networks that know its categories or others."""
    devkit = tmp_path / "VOCdevkit" / "VOC2007"
    for name in ("JPEGImages", "Annotations", "ImageSets/Main"):
        (devkit / name).mkdir(parents=True)
    random = np.random.default_rng(0)
    for number, (category, box) in enumerate((("dog", (3, 2, 12, 9)), ("car", (9, 5, 24, 16)), ("cat", (1, 1, 6, 6)))):
        Image.fromarray(random.integers(0, 256, (16, 24, 3), np.uint8)).save(devkit / f"JPEGImages/00000{number}.jpg")
        sides = "".join(f"<{k}>{v}</{k}>" for k, v in zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True))
        (devkit / f"Annotations/00000{number}.xml").write_text(
            f"<annotation><object><name>{category}</name><bndbox>{sides}</bndbox></object></annotation>"
        )
    (devkit / "ImageSets/Main/test.txt").write_text("000000\n000001\n000002\n")
    (tmp_path / "networks_of_voc.py").write_text(
        "CATEGORIES = __import__('inv_widgets').datasets.VOC_CATEGORIES" + NETWORK
    )
    (tmp_path / "networks_of_other.py").write_text("CATEGORIES = [f'thing {k}' for k in range(20)]" + NETWORK)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def run(bench, folder, *more, network="networks_of_voc:make"):
    bench.main(
        ["--voc", str(folder / "VOCdevkit"), "--network", network, "--preset", "default", "--out", "made", *more]
    )


def test_the_table_is_made_beside_the_published_one_and_goes_on_where_it_was_stopped(
    bench, folder, capsys, monkeypatch
):
    run(bench, folder, "--methods", "grad_cam,sise", "--pictures", "2")
    (csv,) = folder.glob("made/*/table.csv")
    first = pd.read_csv(csv)
    assert set(first["target"]) == {"dog", "car"}
    capsys.readouterr()
    monkeypatch.setattr(bench, "CHUNK", 2)
    monkeypatch.setattr("inv_widgets.comparison.comparison_job._QUICK", 0.0)  # no run before the one that is timed
    monkeypatch.setattr("inv_widgets.comparison.comparison_job._FEW", 0)
    made = []
    attribute = importlib.import_module("inv_widgets.comparison.comparison_job").attribute
    monkeypatch.setattr(
        "inv_widgets.comparison.comparison_job.attribute",
        lambda *given, **more: made.append(given[2].name) or attribute(*given, **more),
    )
    run(bench, folder, "--methods", "grad_cam,sise")
    printed = capsys.readouterr().out
    assert made == ["grad_cam", "sise"]  # of the third picture: the others were there
    frame = pd.read_csv(csv)
    assert sorted(set(frame["picture"])) == ["000000.jpg", "000001.jpg", "000002.jpg"]
    pd.testing.assert_frame_equal(frame[frame["picture"] != "000002.jpg"].reset_index(drop=True), first)
    mean = frame[frame["method"].eq("sise") & frame["measure"].eq("ebpg")]["value"].mean()
    row = next(line for line in printed.splitlines() if line.startswith("| SISE"))
    assert f"{mean:.2f} / 60.54" in row
    assert re.search(r"/ 27\.79 .*/ 55\.68 .*/ 38\.4 .*/ 37\.96 .*/ 5\.9 ", row)
    assert "first choice" not in printed


def test_a_network_of_other_categories_is_explained_for_its_first_choice(bench, folder, capsys):
    run(bench, folder, "--methods", "cam", "--pictures", "1", network="networks_of_other:make")
    printed = capsys.readouterr().out
    assert "its first choice was explained" in printed
    assert "| CAM " in printed
    (csv,) = folder.glob("made/*/table.csv")
    assert pd.read_csv(csv)["target"].str.startswith("thing").all()


def test_what_fails_stands_below_the_table(bench, folder, capsys):
    run(bench, folder, "--methods", "attention_rollout,cam")
    printed = capsys.readouterr().out
    assert "attention_rollout failed on 3 pictures: [inv-widgets] Attention rollout is not possible" in printed


def test_without_voc_it_says_what_to_get(bench, folder):
    with pytest.raises(SystemExit, match=r"^\[inv-widgets\] Name the folder: make bench-voc VOC=.*voc2007"):
        bench.main([])
    with pytest.raises(SystemExit, match=r"^\[inv-widgets\] .*voc2007"):
        bench.main(["--voc", str(folder / "nowhere")])
    with pytest.raises(SystemExit, match=r"^\[inv-widgets\] (?s:.*)NETWORK=package\.module:factory"):
        bench.main(["--voc", str(folder), "--network", "no network"])


def test_published_figures_are_whole(bench):
    for table in bench.PUBLISHED.values():
        assert set(table) == set(bench.MEASURES)
        assert all(len(row) == len(bench.METHODS) for row in table.values())
