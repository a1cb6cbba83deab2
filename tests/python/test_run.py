"""A run in memory and in its three files: equal, lazy, and clear about what is wrong."""

import copy
import dataclasses
import gc
import io
import itertools
import math
import pickle
import subprocess
import sys
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from inv_widgets import run_groups, run_writer
from inv_widgets.explanation import ClusterMap, Column, Explanation, Label, Prediction, Rest
from inv_widgets.recipe import Recipe
from inv_widgets.run import Run, as_run, load
from inv_widgets.run_files import SCHEMA_VERSION, RunFiles, RunWriter, companions
from inv_widgets.run_outline import thumbnails


def cluster_map(place, seed, silhouette=0.25, labels=(), thumbnails=2):
    rng = np.random.default_rng(seed)
    return ClusterMap.from_raw(
        rng.normal(size=(3, 5)) * 7,
        id=f"{seed:016x}",
        cluster=place,
        channels=[4 + place, 1],
        channel_weights=rng.random(2) * 40,
        channel_thumbnails=rng.integers(0, 256, (thumbnails, 3, 4)),
        silhouette=silhouette,
        labels=labels,
    )


def column(layer, *cluster_maps, reason="", silhouettes=None):
    rest = Rest(-3.5, 12.25, 6, 2, np.random.default_rng(9).normal(size=(3, 5)))
    return Column(layer, 4, 2, 1, 16, (3, 5), 0.125, rest, silhouettes or {}, reason, cluster_maps)


def explanation(name="cat.jpg", target=1, *columns, size=(6, 9)):
    return Explanation(
        picture=np.random.default_rng(3).integers(0, 256, (*size, 3)),
        name=name,
        picture_hash=f"hash of {name}",
        network="net",
        network_hash="n" * 16,
        window=(-0.5, 1.25, 7.0, 6.0),
        target=target,
        target_name=f"class {target}",
        target_probability=0.1 + 0.2,
        prediction=Prediction(1, "cat", 0.5),
        predictions=(Prediction(1, "cat", 0.5), Prediction(0, "dög", 0.1 + 0.2), Prediction(2, "", 0.0)),
        columns=columns,
        recipe=Recipe(seed=5, reveal_shares=(1.0, 50.0)),
    )


ODD = [
    explanation("plain.jpg", 0, column("a", cluster_map(0, 1), cluster_map(1, 2)), column("b", cluster_map(0, 3))),
    explanation("nan.jpg", 0, column("a", cluster_map(0, 4, silhouette=math.nan), reason="Only 2 maps kept.")),
    explanation("empty column.jpg", 0, column("a", reason="dead"), column("b", cluster_map(0, 5))),
    explanation("no cluster maps.jpg", 0, column("a", reason="dead")),
    explanation("no columns.jpg", 0),
    explanation("group.jpg", (1, 4, 7), column("a", cluster_map(0, 6), silhouettes={3: 0.5, 4: -0.125})),
    explanation(
        "Ünï cödé 🐈 / \"'<b>.jpg", 2, column("läyer:1", cluster_map(0, 7, labels=(Label("🦶", 1.5), Label("", 0))))
    ),
    explanation("labels.jpg", 2, column("a", cluster_map(0, 8, labels=(Label("ear", 2.25),), thumbnails=0))),
    explanation("twice.jpg", 3),
    explanation("twice.jpg", 3, column("a", cluster_map(0, 10))),
    explanation("one pixel.jpg", 3, column("a", cluster_map(0, 11)), size=(1, 1)),
]


@pytest.fixture
def saved(tmp_path):
    return Run(ODD, errors={"bad.png": "cut öff"}).save(tmp_path / "run.parquet")


def test_what_is_read_back_is_what_was_saved(saved):
    back = load(saved)
    for kept, read in zip(ODD, back, strict=True):
        assert read == kept, kept.name
    assert back == Run(ODD, errors={"bad.png": "cut öff"})
    assert repr(back[:1]) == "Run(1 explanation, 1 error)"
    assert back != Run(ODD)
    assert back.errors == {"bad.png": "cut öff"}


def test_equality_sees_every_field():
    """What makes the round trip a test: an explanation that differs in anything is another one."""
    one = ODD[1]
    for change in ({"name": "x"}, {"target": 5}, {"window": (0, 0, 1, 1)}, {"recipe": Recipe()}, {"columns": ()}):
        assert dataclasses.replace(one, **change) != one
    for change in ({"silhouettes": {3: 0.1}}, {"reason": ""}, {"total_weight": 1.0}):
        assert dataclasses.replace(one, columns=(dataclasses.replace(one.columns[0], **change),)) != one


def test_saving_again_gives_the_same_run(saved, tmp_path):
    again = load(saved).save(tmp_path / "deeper" / "again")
    assert again == tmp_path / "deeper" / "again.parquet"
    assert load(again) == load(saved)


def test_an_empty_run(tmp_path):
    back = load(Run([], errors={"a": "b"}).save(tmp_path / "none.parquet"))
    assert len(back) == 0
    assert back.errors == {"a": "b"}
    assert len(back.to_frame()) == 0


@pytest.mark.parametrize("loaded", [True, False])
def test_index_slice_name_and_filter(saved, loaded):
    run = load(saved) if loaded else Run(ODD)
    assert run[1] == ODD[1]
    assert run[-1] == ODD[-1]
    assert run["group.jpg"] == ODD[5]
    assert list(run[2:5]) == ODD[2:5]
    assert list(run[::-3]) == ODD[::-3]
    assert isinstance(run[2:5], Run)
    assert list(run[2:9][1:3]) == ODD[3:5]
    assert list(run.filter(target="class 2")) == ODD[6:8]
    assert list(run.filter(target=2)) == ODD[6:8]
    assert list(run.filter(target=np.int64(2))) == ODD[6:8]
    assert list(run.filter(target=(7, 1, 4))) == ODD[5:6]
    assert list(run.filter(picture="twice.jpg")) == ODD[8:10]
    assert list(run.filter(picture="twice.jpg", target=0)) == []
    assert run.keys[5] == ("group.jpg", "class (1, 4, 7)")
    assert len(run) == len(ODD)
    assert ODD[3] in run
    with pytest.raises(IndexError):
        run[len(ODD)]


@pytest.mark.parametrize("loaded", [True, False])
def test_an_unknown_name_is_answered_with_the_closest(saved, loaded):
    run = load(saved) if loaded else Run(ODD)
    with pytest.raises(IndexError, match=r"no explanation 11: this run has 11"):
        run[11]
    with pytest.raises(TypeError, match=r"target=1.5 is a float: give"):
        run.filter(target=1.5)
    with pytest.raises(KeyError, match=r"No picture 'plane.jpg'.*Did you mean plain.jpg"):
        run["plane.jpg"]
    for key, said in ((1.0, "1.0"), (np.arange(2), r"array\(\[0, 1\]\)")):
        with pytest.raises(TypeError, match=rf"^\[inv-widgets\] run\[{said}\] is not possible"):
            run[key]


def test_reading_one_explanation_reads_no_other(saved, monkeypatch):
    reads = []
    read = RunFiles.tables
    monkeypatch.setattr(RunFiles, "tables", lambda files, place: reads.append(place) or read(files, place))
    run = load(saved)
    assert (len(run), run.keys[0]) == (len(ODD), ("plain.jpg", "class 0"))
    part = run.filter(target="class 0")[1:]
    assert reads == []
    assert part[0] == ODD[1]
    assert part[0] is part[0]
    assert reads == [1]


@pytest.fixture
def touched(monkeypatch):
    """Which row groups are read whole, and which columns of them where not all."""
    groups = []
    read = pq.ParquetFile.read_row_group
    monkeypatch.setattr(pq.ParquetFile, "read_row_group", lambda f, i, *a: groups.append((i, *a)) or read(f, i, *a))
    return groups


def test_explanations_share_row_groups_and_only_one_is_touched(tmp_path, monkeypatch, touched):
    monkeypatch.setattr(run_groups, "GROUP_EXPLANATIONS", 3)
    saved = Run(ODD).save(tmp_path / "run.parquet")
    sizes = {kind: group_sizes(file) for kind, file in companions(saved).items()}
    assert sizes["pictures"] == [3, 3, 3, 2]
    # Explanations 3, 4 and 8 have no cluster maps, 4 and 8 no columns; those that have, three at a time.
    assert sizes["columns"] == [2 + 1 + 2, 3, 3]
    assert sizes["cluster_maps"] == [3 + 1 + 1, 3, 2]
    run = load(saved)
    touched.clear()
    assert run[9] == ODD[9]
    assert sorted(touched) == [(2,), (2,), (3,)]
    touched.clear()
    assert run[10] == ODD[10]  # of the same three groups
    assert touched == []
    assert list(load(saved)) == ODD


def test_a_row_group_ends_before_it_grows_large(tmp_path, monkeypatch):
    monkeypatch.setattr(run_groups, "GROUP_BYTES", 5_000)
    big = explanation("big.jpg", 0, size=(60, 60))
    saved = Run([*ODD[:3], big, big, ODD[4]]).save(tmp_path / "run.parquet")
    assert group_sizes(companions(saved)["pictures"]) == [3, 1, 1, 1]
    assert list(load(saved)) == [*ODD[:3], big, big, ODD[4]]


def group_sizes(file):
    metadata = pq.ParquetFile(file).metadata
    return [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]


def as_version_3(run):
    """Write a run's files anew as version 3 wrote them: a row group an explanation, no thumbnails."""
    for file in companions(run).values():
        written = pq.ParquetFile(file).metadata.metadata[b"inv_widgets"]
        table = pq.read_table(file)
        table = table.drop_columns([name for name in ("thumbnail",) if name in table.column_names])
        place = table.schema.get_field_index("schema_version")
        table = table.set_column(place, "schema_version", pa.array([3] * len(table), pa.int32()))
        with pq.ParquetWriter(file, table.schema) as writer:
            writer.add_key_value_metadata({"inv_widgets": written})
            start = 0
            for group in groups_of(file_rows(table)):
                writer.write_table(table.slice(start, group))
                start += group


def test_files_of_version_3_have_a_row_group_an_explanation(tmp_path, touched):
    kept = [one for one in ODD if one.name != "twice.jpg"]  # their rows could not be told apart above
    saved = Run(kept, errors={"bad.png": "cut off"}).save(tmp_path / "old.parquet")
    as_version_3(saved)
    assert group_sizes(companions(saved)["pictures"]) == [1] * len(kept)
    run = load(saved)
    assert run == Run(kept, errors={"bad.png": "cut off"})
    touched.clear()
    assert load(saved)[6] == kept[6]
    assert [group for group, *columns in touched if not columns] == [5 - 1, 5, 6]
    again = load(run.save(tmp_path / "again.parquet"))
    assert again == run
    assert all(len(one) > 20 for one in thumbnails(again, range(len(again))))


def test_thumbnails_come_from_the_files_and_else_from_the_pictures(tmp_path, touched):
    kept = [explanation(f"{i}.jpg", 0, column("a", cluster_map(0, i)), size=(9 + i, 200)) for i in range(5)]
    saved = Run(kept).save(tmp_path / "run.parquet")
    run = load(saved)
    touched.clear()
    stored = thumbnails(run, [3, 0])
    assert touched == [(0, ["thumbnail"])]
    assert stored == thumbnails(Run(kept), [3, 0]) == thumbnails(load(saved)[::-1], [1, 4])
    with Image.open(io.BytesIO(stored[0])) as image:
        assert (image.format, image.size) == ("WEBP", (96, 6))
    as_version_3(saved)
    old = load(saved)
    touched.clear()
    assert thumbnails(old, [3, 0]) == stored
    assert {columns[0][0] for _, columns in ((group, rest) for group, *rest in touched)} == {"thumbnail", "image"}
    assert {group for group, *_ in touched} == {0, 3}


def bare(one):
    """What is left of an explanation without what takes long to read."""
    columns = [
        dataclasses.replace(
            column,
            rest=dataclasses.replace(column.rest, weighted_sum=np.zeros(column.map_shape)),
            cluster_maps=tuple(
                dataclasses.replace(shown, channel_thumbnails=shown.channel_thumbnails[:0])
                for shown in column.cluster_maps
            ),
        )
        for column in one.columns
    ]
    return dataclasses.replace(one, columns=tuple(columns), picture=np.zeros_like(one.picture))


@pytest.mark.parametrize("older", [None, "as_version_3", "as_version_1"])
def test_bare_explanations_lack_pictures_rests_and_thumbnails_only(tmp_path, older):
    kept = [one for one in ODD if one.name != "twice.jpg"]
    saved = Run(kept).save(tmp_path / "run.parquet")
    if older is not None:
        globals()[older](saved)
    run = load(saved)
    for places in (range(len(kept)), [3, 3, 0, 8, 7, 4], []):
        assert list(run.bare(places)) == [bare(run[place]) for place in places]
    assert list(run[::-2].bare([1])) == [bare(run[-3])]
    assert list(Run(kept).bare([2])) == kept[2:3]


def test_bare_explanations_are_read_a_row_group_at_a_time_as_far_as_they_go(tmp_path, monkeypatch):
    monkeypatch.setattr(run_groups, "GROUP_EXPLANATIONS", 4)
    run = load(
        Run([explanation(f"{i}.jpg", 0, column("a", cluster_map(0, i))) for i in range(12)]).save(tmp_path / "r")
    )
    touched, read = [], pq.ParquetFile.iter_batches
    monkeypatch.setattr(
        pq.ParquetFile,
        "iter_batches",
        lambda file, size, *, columns, **options: (
            touched.append(
                (size, options["row_groups"], {*columns} & {"map", "image", "rest_map", "channel_thumbnails"})
            )
            or read(file, size, columns=columns, **options)
        ),
    )
    names = [one.name for one in run.bare([1, 2, 9, 0])]
    assert names == ["1.jpg", "2.jpg", "9.jpg", "0.jpg"]
    of_one_file = [(3, [0]), (2, [2]), (1, [0])]
    assert sorted(one[:2] for one in touched) == sorted(3 * of_one_file)
    assert [one[2] for one in touched if one[2]] == [{"map"}] * 3
    touched.clear()
    next(run.bare([1, 5, 9]))
    assert {group for _, (group,), _ in touched} <= {0, 1}, "no further ahead than the next"


def test_rows_that_do_not_fit_the_pictures_are_refused(saved):
    file = companions(saved)["columns"]
    written = pq.ParquetFile(file).metadata.metadata[b"inv_widgets"]
    table = pq.read_table(file)
    with pq.ParquetWriter(file, table.schema) as writer:
        writer.write_table(table.slice(1))
        writer.add_key_value_metadata({"inv_widgets": written})
    with pytest.raises(ValueError, match=rf"{file.name} does not fit its companions: it has 10 rows, not 11"):
        load(saved)


def test_opening_reads_no_maps_and_no_pictures(saved, monkeypatch):
    read = []
    whole, group = pq.ParquetFile.read, pq.ParquetFile.read_row_group
    monkeypatch.setattr(pq.ParquetFile, "read", lambda f, names: read.append(names) or whole(f, names))
    monkeypatch.setattr(
        pq.ParquetFile, "read_row_group", lambda f, i, names: read.append((i, names)) or group(f, i, names)
    )
    run = load(saved)
    assert (len(run), run.keys[2]) == (len(ODD), ("empty column.jpg", "class 0"))
    assert list(run.filter(target=(1, 4, 7)).keys) == [("group.jpg", "class (1, 4, 7)")]
    small = ["picture", "target_name", "n_columns", "n_cluster_maps"]
    assert read == [(0, ["schema_version"])] * 3 + [small, ["target"]]


def test_frame(saved):
    frame = load(saved).to_frame()
    shown = [(ex, *pair) for ex in ODD for pair in ex.cluster_maps()]
    assert len(frame) == len(shown)
    for (_, row), (ex, layer, cluster) in zip(frame.iterrows(), shown, strict=True):
        assert (row["picture"], row["layer"], row["id"]) == (ex.name, layer.layer, cluster.id)
        assert row["weight"] == cluster.weight
        np.testing.assert_array_equal(row["map"], cluster.map)
    assert len(ODD[0].to_frame()) == 3


def test_the_files_are_plain_parquet_with_weights_that_add_up(saved):
    table = pq.read_table(saved).to_pydict()
    for weights, weight in zip(table["channel_weights"], table["weight"], strict=True):
        assert sum(weights) == pytest.approx(weight)
    assert set(table["schema_version"]) == {SCHEMA_VERSION}


def test_a_missing_companion_is_named(saved):
    companions(saved)["columns"].unlink()
    with pytest.raises(FileNotFoundError, match=r"run.columns.parquet is missing"):
        load(saved)
    with pytest.raises(FileNotFoundError, match=r"nowhere"):
        load(saved.with_name("nowhere"))


@pytest.mark.parametrize("kind", ["cluster_maps", "columns", "pictures"])
@pytest.mark.parametrize("share", [0, 0.5, 0.99])
def test_a_file_that_is_cut_off_is_refused(saved, kind, share):
    file = companions(saved)[kind]
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ValueError, match=rf"{file.name} is not a Parquet file, or it is cut off"):
        load(saved)


@pytest.mark.parametrize("kind", ["cluster_maps", "columns", "pictures"])
def test_a_footer_that_cannot_be_decoded_is_refused(saved, kind):
    file = companions(saved)[kind]
    content = file.read_bytes()
    file.write_bytes(content[:-200] + b"\xff" * 192 + content[-8:])
    with pytest.raises(ValueError, match=r"^\[inv-widgets\] .* or it is cut off or damaged: .*Copy it again") as told:
        load(saved)
    assert isinstance(told.value.__cause__, OSError)


def test_a_file_that_may_not_be_read_says_so_itself(saved, monkeypatch):
    def refused(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(pq, "ParquetFile", refused)
    with pytest.raises(PermissionError):
        RunFiles(saved)


def test_a_foreign_file_is_refused(saved):
    pq.write_table(pa.table({"picture": ["a"], "score": [1]}), saved)
    with pytest.raises(ValueError, match=r"no run of inv-widgets: it lacks the columns .*weight"):
        load(saved)


def test_a_newer_file_is_refused(saved):
    file = companions(saved)["pictures"]
    table = pq.read_table(file)
    place = table.schema.get_field_index("schema_version")
    newer = pa.array([SCHEMA_VERSION + 1] * len(table), pa.int32())
    pq.write_table(table.set_column(place, "schema_version", newer).drop_columns(["hash"]), file)
    with pytest.raises(ValueError, match=rf"schema version {SCHEMA_VERSION + 1}, .* upgrade inv-widgets"):
        load(saved)


def as_version_1(run):
    """Write a run's files anew as the first version of inv-widgets wrote them."""
    for file in companions(run).values():
        table = pq.read_table(file)
        place = table.schema.get_field_index("schema_version")
        table = table.set_column(place, "schema_version", pa.array([1] * len(table), pa.int32()))
        added = ("predictions", "rounds", "members", "thumbnail")
        old = table.drop_columns([name for name in added if name in table.column_names])
        if "labels" in old.column_names:
            of_one = pa.list_(pa.struct([("name", pa.string()), ("score", pa.float64())]))
            labels = [
                [{part: one[part] for part in ("name", "score")} for one in row] for row in old["labels"].to_pylist()
            ]
            old = old.set_column(old.column_names.index("labels"), "labels", pa.array(labels, of_one))
        with pq.ParquetWriter(file, old.schema) as writer:
            start = 0
            for group in groups_of(file_rows(old)):
                writer.write_table(old.slice(start, group))
                start += group


def file_rows(table):
    return list(zip(table["picture"].to_pylist(), map(tuple, table["target"].to_pylist()), strict=True))


def groups_of(keys):
    return [len(list(same)) for _, same in itertools.groupby(keys)]


def test_files_of_version_1_know_the_first_choice_only(tmp_path):
    kept = [ODD[0], ODD[5], ODD[3], ODD[4], ODD[6]]
    saved = Run(kept).save(tmp_path / "old.parquet")
    as_version_1(saved)
    assert "predictions" not in pq.read_table(companions(saved)["pictures"]).column_names
    old = [dataclasses.replace(one, predictions=(one.prediction,)) for one in kept]
    assert load(saved) == Run(old)
    again = load(saved).save(tmp_path / "again.parquet")
    assert load(again) == Run(old)


def test_rows_of_version_1_go_into_files_of_this_version(tmp_path):
    saved = Run(ODD[:2]).save(tmp_path / "old.parquet")
    as_version_1(saved)
    files = RunFiles(saved.with_suffix(""))
    assert files.path == saved
    with RunWriter(tmp_path / "new.parquet") as writer:
        writer.copy(files.tables(0))
        writer.add(ODD[6])
        writer.copy(files.tables(1))
    alone = [dataclasses.replace(one, predictions=(one.prediction,)) for one in ODD[:2]]
    assert load(tmp_path / "new.parquet") == Run([alone[0], ODD[6], alone[1]])
    assert set(pq.read_table(tmp_path / "new.columns.parquet")["schema_version"].to_pylist()) == {SCHEMA_VERSION}


def test_a_run_without_pictures_of_version_1_is_read(tmp_path):
    saved = Run([], errors={"bad.png": "cut off"}).save(tmp_path / "empty.parquet")
    as_version_1(saved)
    assert len(load(saved)) == 0


def test_only_a_column_that_a_version_added_may_be_missing(saved):
    file = companions(saved)["pictures"]
    pq.write_table(pq.read_table(file).drop_columns(["predictions"]), file)
    with pytest.raises(ValueError, match=r"it lacks the columns predictions\."):
        load(saved)


def test_files_of_different_runs_are_refused(saved, tmp_path):
    other = Run(ODD[:3]).save(tmp_path / "other.parquet")
    companions(saved)["columns"].write_bytes(companions(other)["columns"].read_bytes())
    with pytest.raises(ValueError, match="not of one run"):
        load(saved)


def test_an_error_while_writing_leaves_the_older_run(saved, tmp_path):
    def write_and_fail():
        with RunWriter(saved) as writer:
            writer.add(ODD[0])
            raise ZeroDivisionError

    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


KILLED = """
import os, sys
from inv_widgets.run import Run, load
run, (move, left) = load(sys.argv[1])[:3], (os.replace, [int(sys.argv[3])])
def moves(*files):
    if not left[0]:
        os._exit(9)
    left[0] -= 1
    move(*files)
os.replace = moves
run.save(sys.argv[2])
"""


@pytest.mark.parametrize(("renamed", "opens"), [(0, True), (1, True), (2, False)])
def test_a_save_that_was_killed_between_its_renames_is_finished(saved, tmp_path, renamed, opens):
    folder = tmp_path / "there"
    path = folder / "run.parquet"
    if renamed != 1:  # an older run stands there, or none
        Run(ODD[5:]).save(path)
        older = load(path)
        assert len(older) == len(ODD) - 5
    done = subprocess.run([sys.executable, "-c", KILLED, saved, path, str(renamed)], check=False)
    assert done.returncode == 9
    assert len(list(folder.glob(".run.whole/*.parquet"))) == 3 - renamed
    if opens:
        assert list(load(path)) == ODD[:3]
    else:
        Run(ODD[3:6]).save(path)
        assert list(load(path)) == ODD[3:6]
    assert sorted(file.name for file in folder.iterdir()) == sorted(file.name for file in companions(path).values())


def test_where_files_cannot_be_put_in_place_the_older_run_stays(saved, tmp_path, monkeypatch):
    def refused(*_):
        raise PermissionError("it is open")  # as Windows says

    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    monkeypatch.setattr("os.replace", refused)
    with pytest.raises(PermissionError):
        Run(ODD[:1]).save(saved)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_who_opens_a_run_throws_no_save_away_that_cannot_be_finished_yet(saved, tmp_path, monkeypatch):
    def refused(*_):
        raise PermissionError("it is open")  # as Windows says

    newer = Run(ODD[:2]).save(tmp_path / "newer" / "run.parquet")
    newer.parent.rename(tmp_path / ".run.whole")  # as a save leaves it that was killed then
    with monkeypatch.context() as patched:
        patched.setattr("os.replace", refused)
        assert len(load(saved)) == len(ODD)
    assert list(load(saved)) == ODD[:2]


def test_a_folder_in_the_way_of_a_save_is_told_of(saved, tmp_path):
    (tmp_path / ".run.whole").mkdir()
    (tmp_path / ".run.whole" / ".DS_Store").touch()
    with pytest.raises(
        FileExistsError, match=r"^\[inv-widgets\] .*run\.parquet' is being saved by another.*\.run\.whole"
    ):
        Run(ODD[:1]).save(saved)
    assert len(load(saved)) == len(ODD)


def test_where_a_file_cannot_be_made_nothing_stays(saved, tmp_path, monkeypatch):
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    makes, made = run_writer.GroupWriter, []

    def failing(path, schema):
        if len(made) == 2:
            raise OSError("full")
        made.append(makes(path, schema))
        return made[-1]

    def write():
        with RunWriter(saved) as writer:
            writer.add(ODD[0])

    monkeypatch.setattr(run_writer, "GroupWriter", failing)
    with pytest.raises(OSError, match="full"):
        write()
    made.clear()
    monkeypatch.setattr(run_writer, "GroupWriter", lambda *where: made.append(makes(*where)) or made[-1])
    monkeypatch.setattr(run_writer, "tables_of", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write()
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before
    assert not any(writer._writer.is_open for writer in made)


def test_copied_rows_are_the_same_but_for_the_name(saved, tmp_path):
    source = RunFiles(saved)
    with RunWriter(tmp_path / "copy.parquet", job={"what": [1, "é"]}) as writer:
        for place in range(len(ODD)):
            writer.copy(source.tables(place), name="new" if place == 0 else None)
    files = RunFiles(tmp_path / "copy.parquet")
    assert files.job == {"what": [1, "é"]}
    assert files.read(0) == dataclasses.replace(ODD[0], name="new")
    assert [files.read(place) for place in range(1, len(ODD))] == ODD[1:]


def test_a_run_is_made_of_explanations():
    with pytest.raises(TypeError, match="made of Explanations, not str"):
        Run(["cat.jpg"])


def test_as_run_takes_all_forms(saved):
    run = Run(ODD)
    assert as_run(run) is run
    assert list(as_run(ODD[0])) == ODD[:1]
    assert list(as_run(iter(ODD))) == ODD
    assert len(as_run(str(saved))) == len(ODD)
    assert len(as_run(saved.with_suffix(""))) == len(ODD)
    with pytest.raises(TypeError, match="not int"):
        as_run(3)


def test_a_run_that_is_open_is_not_opened_twice_and_one_that_was_written_anew_is(saved):
    first = load(saved)
    assert load(saved.with_suffix("")).files[0] is first.files[0]
    assert load(str(saved))[:3].files[0] is first.files[0]
    Run(ODD[:2]).save(saved)
    second = load(saved)
    assert second.files[0] is not first.files[0]
    assert (len(first), len(second)) == (len(ODD), 2)
    assert first[6] == ODD[6]  # the files that were open stay as they were
    assert list(second) == ODD[:2]
    # When nobody holds it any more, it is closed.
    held = weakref.ref(second.files[0])
    del second
    gc.collect()
    assert held() is None


def test_several_threads_read_one_run(saved):
    run, other = load(saved), load(saved)
    with ThreadPoolExecutor(8) as pool:
        places = [place % len(ODD) for place in range(200)]
        read = list(pool.map(lambda place: (run if place % 2 else other).files[0].read(place), places))
    assert all(one == ODD[place] for one, place in zip(read, places, strict=True))


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda run: pickle.loads(pickle.dumps(run))])
def test_a_loaded_run_is_copied_and_pickled_by_its_path(saved, monkeypatch, again):
    monkeypatch.chdir(saved.parent)
    run = load(saved.name)[1:]
    copied = again(run)
    assert list(copied) == ODD[1:]
    assert copied.errors == run.errors
    assert copied.files[0] is run.files[0]  # in one process nothing is opened twice


def test_a_pickled_run_that_was_written_anew_is_refused(saved):
    pickled = pickle.dumps(load(saved))
    assert len(pickled) < 10_000
    Run(ODD[:1]).save(saved)
    with pytest.raises(ValueError, match="was written anew since this run was pickled or copied: load it again"):
        pickle.loads(pickled)
