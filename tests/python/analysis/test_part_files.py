"""Parts on disk: several explanations each, written soon, read back whole."""

import numpy as np
import pytest
import torch
from torch import nn

import inv_widgets as inv
from inv_widgets.analysis import part_files
from inv_widgets.analysis.part_files import PartFiles
from inv_widgets.run_rows import explanation_of


@pytest.fixture(scope="module")
def explanations():
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 3))
    net = inv.Classifier.from_module(module, lambda image: torch.from_numpy(np.array(image)).permute(2, 0, 1) / 255)
    random = np.random.default_rng(0)
    pictures = [(f"{place}", random.integers(0, 256, (9, 9, 3), np.uint8)) for place in range(12)]
    return dict(zip("abcdefghijkl", inv.explain_many(net, pictures), strict=True))


def files(folder):
    return sorted(file for file in folder.glob("*.parquet") if "." not in file.stem)


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
    for key, explanation in explanations.items():
        assert explanation_of(again.tables(key)) == explanation_of(parts.tables(key)) == explanation
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
    for key in explanations:
        parts.tables(key)
        assert len(parts._open) <= part_files._OPEN < 12


def test_no_folder_is_no_parts(tmp_path):
    assert "a" not in PartFiles(tmp_path / "nowhere")
