"""An Explorer of a big run: what is read and sent at first, and what when it is looked at."""

import dataclasses
import io
import json
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from inv_widgets import Explorer, State, run_groups
from inv_widgets.run import Run, load
from inv_widgets.run_files import RunFiles, RunWriter
from inv_widgets.widgets import explorer_pictures

COUNT = 500


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return tmp_path_factory.mktemp("written")


@pytest.fixture
def path(run, written, tmp_path):
    """A saved run of five hundred, written once: three explanations under many names."""
    if not (written / "many.parquet").exists():
        source = RunFiles(run.save(written / "few.parquet"))
        tables = [source.tables(place) for place in range(3)]
        with RunWriter(written / "many.parquet") as writer:
            for place in range(COUNT):
                writer.copy(tables[place % 3], name=f"{place}.jpg")
    shutil.copytree(written, tmp_path, dirs_exist_ok=True)
    return tmp_path / "many.parquet"


@pytest.fixture
def read(monkeypatch):
    """Which places are read whole, and which row groups are touched for some columns."""
    seen = []
    whole, group = RunFiles.tables, pq.ParquetFile.read_row_group
    monkeypatch.setattr(RunFiles, "tables", lambda files, place: seen.append(place) or whole(files, place))

    def part(file, number, *columns):
        if columns:
            seen.append((number, *columns[0]))
        return group(file, number, *columns)

    monkeypatch.setattr(pq.ParquetFile, "read_row_group", part)
    return seen


def test_one_picture_is_read_and_sent_whole_and_of_the_others_the_names(path, read):
    sent = Explorer(path)._pictures
    assert [one for one in read if not isinstance(one, tuple)] == [0]
    assert ["columns" in picture for picture in sent] == [True] + [False] * (COUNT - 1)
    assert sent[7] == {"key": "7", "name": "7.jpg", "target_name": "wolf", "labels": ["<img src=x onerror=alert(1)>"]}
    names = json.dumps(sent[1:])
    assert len(names) < 110 * COUNT


def test_the_picture_that_the_state_names_is_the_one_that_is_sent(path, read):
    sent = Explorer(path, state=State(picture="321.jpg"))._pictures
    assert [one for one in read if not isinstance(one, tuple)] == [321]
    assert [picture["key"] for picture in sent if "columns" in picture] == ["321"]
    assert sent[321]["name"] == "321.jpg"


def test_up_to_64_are_sent_whole(path):
    run = load(path)
    assert all("columns" in picture for picture in Explorer(run[: explorer_pictures.WHOLE_PICTURES])._pictures)
    sent = Explorer(run[100 : 101 + explorer_pictures.WHOLE_PICTURES])._pictures
    assert sum("columns" in picture for picture in sent) == 1
    assert [sent[0]["name"], sent[-1]["name"]] == ["100.jpg", "164.jpg"]


def test_thumbnails_are_read_alone_when_they_are_asked_for(path, read, from_browser):
    explorer = Explorer(path)
    read.clear()
    [(content, buffers)] = from_browser(explorer, {"kind": "thumbnails", "keys": ["3", "499", "4"], "id": "q"})
    assert sorted(read) == [(0, "thumbnail"), (499 // run_groups.GROUP_EXPLANATIONS, "thumbnail")]
    assert content == {"id": "q", "keys": ["3", "499", "4"]}
    assert [Image.open(io.BytesIO(one)).size for one in buffers] == [(32, 24)] * 3
    whole = Explorer(load(path)[:5])._pictures
    assert [buffers[0], buffers[2]] == [whole[3]["thumbnail"], whole[4]["thumbnail"]]


def test_thumbnails_of_a_part_and_of_a_run_in_memory_are_its_own(path, run, from_browser):
    part = Explorer(load(path)[::-1])
    [(content, one)] = from_browser(part, {"kind": "thumbnails", "keys": ["0"], "id": "q"})
    last = Explorer(run[1:2])._pictures[0]["thumbnail"]  # 499 is a copy of the second of three
    assert (content["keys"], one) == (["0"], [last])
    [(_, two)] = from_browser(Explorer(Run([run[1]])), {"kind": "thumbnails", "keys": ["0"], "id": "q"})
    assert two == [last]


@pytest.mark.parametrize("keys", [["x"], None, 3])
def test_thumbnails_of_nothing(path, from_browser, keys):
    [(content, _)] = from_browser(Explorer(path), {"kind": "thumbnails", "keys": keys, "id": "q"})
    assert content["error"]


def test_thumbnails_that_are_not_there_are_left_out(path, from_browser):
    [(content, buffers)] = from_browser(Explorer(path), {"kind": "thumbnails", "keys": ["-1", "5", "500"], "id": "q"})
    assert (content["keys"], len(buffers)) == (["5"], 1)


def test_withheld_ones_have_no_thumbnails(path, run, from_browser):
    state = State()
    explorer = Explorer(path, state=state)
    state._withholding.withhold(explorer, {run[2].picture_hash})
    heads = explorer._pictures
    assert [place for place, head in enumerate(heads) if "withheld" in head] == list(range(2, COUNT, 3))
    assert not any("columns" in head for head in heads)
    [(content, buffers)] = from_browser(explorer, {"kind": "thumbnails", "keys": ["1", "2", "3"], "id": "q"})
    assert (content["keys"], len(buffers)) == (["1", "3"], 2)
    [(content, buffers)] = from_browser(explorer, {"kind": "channels", "key": "2", "id": "q"})
    assert ("play first" in content["error"], buffers) == (True, None)
    state._withholding.lift(explorer)
    [(content, buffers)] = from_browser(explorer, {"kind": "thumbnails", "keys": ["1", "2", "3"], "id": "q"})
    assert (content["keys"], len(buffers)) == (["1", "2", "3"], 3)
    assert sum("columns" in head for head in explorer._pictures) == 1


def test_a_run_with_newer_labels_reads_no_more_than_it_shows(path, read):
    explorer = Explorer(path, state=State(picture="40.jpg"))
    read.clear()
    explorer.run = load(path)
    assert [one for one in read if not isinstance(one, tuple)] == [40]
    assert {head["version"] for head in explorer._pictures} == {1}


def test_classes_are_found_without_reading(path, read, run):
    found = load(path).filter(target=run[1].target)
    assert len(found) == len(range(1, COUNT, 3))
    assert [one for one in read if not isinstance(one, tuple)] == []


ROWS = {"many.parquet": 4, "many.columns.parquet": 2, "many.pictures.parquet": 1}  # an explanation's


def test_old_files_show_the_same(path, run, tmp_path, from_browser):
    """Files without thumbnails, an explanation a row group: as version 3 wrote them."""
    for file in tmp_path.glob("many.*"):
        table, written = pq.read_table(file), pq.ParquetFile(file).metadata.metadata[b"inv_widgets"]
        table = table.drop_columns([name for name in ("thumbnail", "schema_version") if name in table.column_names])
        table = table.append_column("schema_version", pa.array([3] * len(table), pa.int32()))
        with pq.ParquetWriter(file, table.schema) as writer:
            writer.write_table(table, row_group_size=ROWS[file.name])
            writer.add_key_value_metadata({"inv_widgets": written})
    explorer = Explorer(path)
    assert explorer.explanation == dataclasses.replace(run[0], name="0.jpg")
    [(_, buffers)] = from_browser(explorer, {"kind": "thumbnails", "keys": ["4"], "id": "q"})
    assert buffers == [Explorer(run)._pictures[1]["thumbnail"]]
