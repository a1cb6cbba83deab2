"""Parts on disk: several explanations each, written soon, read back whole."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

import inv_widgets as inv
from inv_widgets.analysis import part_files
from inv_widgets.analysis.part_files import PartFiles
from inv_widgets.run_files import RunWriter
from inv_widgets.run_tables import size_of


@pytest.fixture(scope="module")
def explanations():
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 3))
    net = inv.Classifier.from_module(module, lambda image: torch.from_numpy(np.array(image)).permute(2, 0, 1) / 255)
    random = np.random.default_rng(0)
    pictures = [(f"{place}", random.integers(0, 256, (9, 9, 3), np.uint8)) for place in range(12)]
    return dict(zip("abcdefghijkl", inv.explain_many(net, pictures), strict=True))


def files(folder):
    return sorted(folder.glob("[!.]*.arrow"))


def read(parts, keys, path):
    with RunWriter(path) as writer:
        for key in keys:
            parts.copy(key, writer, f"{key}.png")
    return list(inv.load(path))


def test_the_first_is_written_at_once_and_quick_ones_share_a_part(tmp_path, explanations, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(part_files.time, "monotonic", lambda: now[0])
    parts = PartFiles(tmp_path)
    for key, explanation in explanations.items():
        parts.add(key, explanation)
        assert key in parts
        assert len(files(tmp_path)) == (1 if now[0] < 102 else 2), key
        now[0] += 0.25
    parts.flush()
    parts.flush()
    assert len(files(tmp_path)) == 3
    again = PartFiles(tmp_path)
    assert set(again.keys()) == set(explanations)
    expected = [replace(explanation, name=f"{key}.png") for key, explanation in explanations.items()]
    assert read(again, explanations, tmp_path / "again") == read(parts, explanations, tmp_path / "run") == expected
    assert "z" not in again


def test_a_part_has_so_many_at_most(tmp_path, explanations, monkeypatch):
    monkeypatch.setattr(part_files, "SECONDS", 1000)
    monkeypatch.setattr(part_files, "MOST", 4)
    parts = PartFiles(tmp_path)
    parts._written = part_files.time.monotonic()
    for key, explanation in explanations.items():
        parts.add(key, explanation)
    assert len(files(tmp_path)) == 3
    assert len(parts.keys()) == 12


def test_few_parts_are_open_at_a_time(tmp_path, explanations, monkeypatch):
    monkeypatch.setattr(part_files, "SECONDS", 0)
    parts = PartFiles(tmp_path)
    for key, explanation in explanations.items():
        parts.add(key, explanation)
    assert len(files(tmp_path)) == 12
    there = []
    for key in explanations:
        read(parts, [key], tmp_path / "run")
        there.append(len(parts._open))
    assert max(there) == part_files._OPEN < 12


def test_a_part_has_so_many_bytes_at_most(tmp_path, explanations, monkeypatch):
    monkeypatch.setattr(part_files, "SECONDS", 1000)
    monkeypatch.setattr(part_files, "MOST_BYTES", 3 * size_of(explanations["a"]))
    parts = PartFiles(tmp_path)
    parts._written = part_files.time.monotonic()
    for key, explanation in explanations.items():
        parts.add(key, explanation)
    assert 3 <= len(files(tmp_path)) <= 5


@pytest.mark.parametrize("left", [0, 20, -50])
def test_a_part_that_is_cut_off_does_not_count(tmp_path, explanations, monkeypatch, left):
    monkeypatch.setattr(part_files, "SECONDS", 0)
    parts = PartFiles(tmp_path)
    for key in "ab":
        parts.add(key, explanations[key])
    cut = parts._places["a"][0]
    cut.write_bytes(cut.read_bytes()[:left])
    again = PartFiles(tmp_path)
    assert list(again.keys()) == ["b"]
    assert read(again, ["b"], tmp_path / "run") == [replace(explanations["b"], name="b.png")]


@pytest.mark.parametrize("damage", ["zeros", "renamed"])
def test_a_part_whose_inside_is_damaged_does_not_count(tmp_path, explanations, monkeypatch, damage):
    monkeypatch.setattr(part_files, "SECONDS", 0)
    parts = PartFiles(tmp_path)
    for key in "abc":
        parts.add(key, explanations[key])
    part = parts._places["b"][0]
    if damage == "zeros":  # Arrow sees nothing wrong in it
        (_, shown), *_ = explanations["b"].cluster_maps()
        content, cells = part.read_bytes(), shown.map.tobytes()
        assert cells in content
        part.write_bytes(content.replace(cells, bytes(len(cells))))
    else:
        part.rename(part.with_name("0123456789abcdef.arrow"))  # as it has no checksum, nobody knows
    assert sorted(PartFiles(tmp_path).keys()) == ["a", "c"]


def test_no_folder_is_no_parts(tmp_path):
    assert "a" not in PartFiles(tmp_path / "nowhere")
