"""Tables of cluster maps."""

import csv
import dataclasses
import io
import json

import numpy as np
import pandas as pd
import pytest

from inv_widgets import export
from inv_widgets.explanation import Label, Rounds
from inv_widgets.run import Run


def test_a_row_a_cluster_map_with_its_numbers(make):
    explanation = make(columns=2, maps=3, labels=(Label("ear", 2.5), Label("nose", 1.0)))
    frame = export.table(explanation)
    assert len(frame) == 6
    row, shown = frame.iloc[4], explanation.columns[1].cluster_maps[1]
    assert (row.picture, row.target, row.target_name, row.layer) == ("cat.jpg", "1", "tabby cat", "features.1.conv")
    assert (row.title, row.block, row.cluster, row.id, row.n_maps) == (
        "block 1, layer 2", 1, 1, shown.id, shown.n_maps,
    )  # fmt: skip
    assert row.weight == pytest.approx(shown.weight)
    assert row.silhouette == pytest.approx(0.41)
    assert (row.label, row.label_score, row["labels"]) == ("ear", 2.5, "ear; nose")


def test_an_empty_run_has_all_columns_and_a_group_its_indices(make):
    assert list(export.table(Run()).columns) == list(export.table(make()).columns)
    group = dataclasses.replace(make(columns=1, maps=1), target=(281, 282), target_name="cats")
    frame = export.table(group)
    assert frame.target[0] == "281+282"
    assert frame.label[0] == ""
    assert np.isnan(frame.label_score[0])


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_files_hold_the_same_as_the_frame(make, tmp_path, suffix):
    run = [make(name="a.jpg", maps=2), make(name="קטה 🐱.jpg", maps=2, seed=1)]
    frame = export.table(run)
    file = export.table(run, tmp_path / "new" / f"table{suffix}")
    text = {"target": str, "label": str, "labels": str, "id": str}
    numbers = ["label_score", "mean_step", "mean_share"]  # NaN where there is none
    if suffix == ".csv":
        read = pd.read_csv(file, dtype=text, keep_default_na=False, na_values={name: [""] for name in numbers})
    elif suffix == ".jsonl":
        read = pd.read_json(file, lines=True, dtype=text)
        read[numbers] = read[numbers].astype(float)
    else:
        read = pd.read_parquet(file)
    pd.testing.assert_frame_equal(read, frame, check_dtype=False, rtol=1e-12)


def test_csv_has_no_formulas(make, tmp_path):
    labels = tuple(Label(text, 1.0) for text in ("=HYPERLINK(1)", "+1", "ear"))
    file = export.table(
        make(columns=1, maps=1, name="@SUM(A1)", target_name=" -2+3", labels=labels), tmp_path / "table.csv"
    )
    (row,) = csv.DictReader(io.StringIO(file.read_text("utf-8")))
    assert row["picture"] == "'@SUM(A1)"
    assert row["target_name"] == "' -2+3"
    assert row["label"] == "'=HYPERLINK(1)"
    assert row["labels"] == "'=HYPERLINK(1); +1; ear"
    assert row["layer"] == "features.0.conv"
    assert float(row["weight"]) > 0
    told = json.loads(export.table(make(columns=1, maps=1, name="=1"), tmp_path / "t.jsonl").read_text("utf-8"))
    assert told["picture"] == "=1"


def test_awkward_names_come_back(awkward, tmp_path):
    file = export.table(awkward, tmp_path / "table.csv")
    rows = list(csv.DictReader(io.StringIO(file.read_text("utf-8"))))
    assert rows[0]["picture"] == awkward.name
    assert rows[0]["target_name"] == awkward.target_name
    assert rows[0]["label"] == "</script><b>ear & 'eye'\""
    export.table(dataclasses.replace(awkward, name="a\udcff\x00.jpg"), tmp_path / "table.parquet")


def test_a_wrong_ending_is_answered(make, tmp_path):
    with pytest.raises(ValueError, match=r"'table.xlsx': give a name that ends in .csv, .jsonl or .parquet"):
        export.table(make(), tmp_path / "table.xlsx")


def test_how_people_fared_and_what_labels_rest_on(make):
    explanation = make(columns=1, maps=2)
    column = explanation.columns[0]
    heavy, light = column.cluster_maps
    heavy = dataclasses.replace(
        heavy, labels=(Label("arch", 2.0, 2, players=2),), rounds=Rounds(4, 2, 1, 5, 1.5, 8.5), members=(light, light)
    )
    columns = (dataclasses.replace(column, cluster_maps=(heavy, light)),)
    played, nobody = export.table(dataclasses.replace(explanation, columns=columns)).to_dict("records")
    assert [played[name] for name in ("low_support", "wins", "losses", "resigns", "players", "members")] == [
        True, 4, 2, 1, 5, 2,
    ]  # fmt: skip
    assert (played["mean_step"], played["mean_share"]) == (1.5, 8.5)
    assert [nobody[name] for name in ("low_support", "wins", "losses", "resigns", "players", "members")] == [
        False, 0, 0, 0, 0, 0,
    ]  # fmt: skip
    assert np.isnan(nobody["mean_step"])
