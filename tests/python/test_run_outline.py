"""Outlines and labels that are read by columns are those of the explanations themselves."""

import dataclasses

import numpy as np
import pytest

from inv_widgets import run_groups
from inv_widgets.explanation import ClusterMap, Column, Explanation, Label, Prediction, Rest
from inv_widgets.labels.known import known_labels
from inv_widgets.labels.labelled import best_labels_of
from inv_widgets.run import Run, load
from inv_widgets.run_files import RunFiles
from inv_widgets.run_outline import outline, picture_hashes


def cluster_map(name, place, *labels):
    return ClusterMap.from_raw(
        np.arange(6.0).reshape(2, 3),
        id=name,
        cluster=place,
        channels=[place],
        channel_weights=[20.0 - place],
        channel_thumbnails=np.zeros((1, 2, 3), np.uint8),
        labels=labels,
    )


def explanation(name, *columns, target=1):
    made = tuple(
        Column(f"conv{depth}", depth, 1 + depth // 2, 1 + depth % 2, 4, (2, 3), 1.0, REST, {}, "", maps)
        for depth, maps in enumerate(columns)
    )
    return Explanation(
        picture=np.zeros((4, 5, 3), np.uint8), name=name, picture_hash=f"hash of {name}", network="net",
        network_hash="n", window=(0.0, 0.0, 5.0, 4.0), target=target, target_name=f"class {target}",
        target_probability=0.5, prediction=Prediction(1, "cat", 0.5), columns=made,
    )  # fmt: skip


REST = Rest(5.0, 12.0, 2, 1, np.ones((2, 3)))
RUN = [
    explanation("several.jpg", (cluster_map("a", 0, Label("wing", 2.0), Label("beak", 2.0), Label("eye", 1.0)),)),
    explanation("none.jpg", (), (cluster_map("b", 0), cluster_map("c", 1))),
    explanation("no columns.jpg"),
    explanation("below zero.jpg", (cluster_map("d", 0, Label("sky", -1.0), Label("sea", -2.0)),), target=(2, 3)),
    explanation("same twice.jpg", (cluster_map("e", 0, Label("fur", 1.0)), cluster_map("f", 1, Label("fur", 3.0)))),
    explanation("odd.jpg", (cluster_map("g", 0, Label("<b>", 1.0)),), (), (cluster_map("h", 0, Label("🦶", 1.0)),)),
]


@pytest.fixture(params=[1, 2, 100], ids=lambda size: f"groups of {size}")
def saved(request, tmp_path, monkeypatch):
    monkeypatch.setattr(run_groups, "GROUP_EXPLANATIONS", request.param)
    return Run(RUN).save(tmp_path / "run.parquet")


def test_outlines_are_those_of_the_explanations(saved):
    assert outline(load(saved)) == outline(Run(RUN))
    assert outline(load(saved)[::-2]) == outline(Run(RUN[::-2]))
    told = outline(load(saved))[5]
    assert [(one.id, one.title, one.depth) for one in told.cluster_maps] == [
        ("g", "block 1, layer 1", 0),
        ("h", "block 2, layer 1", 2),
    ]
    assert outline(Run([])) == []


def test_labels_are_those_of_the_explanations(saved):
    expected = [best_labels_of(one) for one in RUN]
    assert expected == [["beak", "wing"], [], [], ["sky"], ["fur"], ["<b>", "🦶"]]
    assert known_labels(load(saved)) == known_labels(Run(RUN)) == expected
    assert known_labels(load(saved)[3:1:-1]) == [["sky"], []]


def test_outlines_hashes_and_classes_are_told_without_reading_explanations(saved, monkeypatch):
    monkeypatch.setattr(RunFiles, "tables", lambda *_: pytest.fail("an explanation was read"))
    run = load(saved)
    assert picture_hashes(run)[2] == "hash of no columns.jpg"
    assert len(outline(run)) == len(known_labels(run)) == len(RUN)
    assert run.filter(target=(3, 2)).keys == [("below zero.jpg", "class (2, 3)")]


def test_a_run_of_nothing(tmp_path):
    saved = Run([]).save(tmp_path / "empty.parquet")
    assert (outline(load(saved)), known_labels(load(saved)), picture_hashes(load(saved))) == ([], [], [])
    alone = Run([dataclasses.replace(RUN[2])]).save(tmp_path / "alone.parquet")
    assert known_labels(load(alone)) == [[]]
