"""A run in a folder: what of it counts, its order and names, and its face, which is that of a run's three files."""

import copy
import json
import pickle
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import inv_widgets as inv
from inv_widgets.analysis.distributed_folder import PartsFolder, entry_id, owned
from inv_widgets.analysis.picture_lists import Entry
from inv_widgets.explanation import ClusterMap, Column, Explanation, Prediction, Rest
from inv_widgets.recipe import Recipe
from inv_widgets.run import Run, load
from inv_widgets.run_files import RunWriter
from inv_widgets.run_folder import RunFolder
from inv_widgets.run_outline import outline
from inv_widgets.url_files import file_at

JOB = {"network": "net", "network_hash": "n" * 16, "recipe": Recipe().to_json(), "layers": "blocks"}


def explanation(name, target=1, seed=0, maps=2):
    rng = np.random.default_rng([seed, *name.encode()])
    shown = tuple(
        ClusterMap.from_raw(
            rng.normal(size=(3, 5)), id=rng.bytes(8).hex(), cluster=place, channels=[place], channel_weights=[20.0],
            channel_thumbnails=np.zeros((1, 3, 5), np.uint8), silhouette=0.5,
        )
        for place in range(maps)
    )  # fmt: skip
    column = Column("a", 0, 1, 1, 8, (3, 5), 0.5, Rest(0.0, 0.0, 0, 0, np.zeros((3, 5))), {}, "", shown)
    cat = Prediction(1, "cat", 0.5)
    return Explanation(
        picture=rng.integers(0, 256, (6, 8, 3)), name=name, picture_hash=f"{name} {seed}", network="net",
        network_hash="n" * 16, window=(0.0, 0.0, 8.0, 6.0), target=target, target_name=f"class {target}",
        target_probability=0.5, prediction=cat, predictions=(cat,), columns=(column,), recipe=Recipe(),
    )  # fmt: skip


def id_of(one):
    return entry_id(Entry(one.name, f"/{one.picture_hash}.png"), one.target_name)


def part(parts, *explanations, name):
    """Write a part as a worker does."""
    file = f"{parts.generation}-{name}.parquet"
    rows = [(id_of(one), one.name, one.target_name) for one in explanations]
    with RunWriter(parts.folder / "parts" / file) as writer:
        for one in explanations:
            writer.add(one)
        writer.job["rows"] = [(entry.hex(), *names) for entry, *names in rows]
    return file, rows


def wanted(*explanations):
    return [(id_of(one), one.name) for one in explanations]


A, B, C, D, E = (explanation(f"{letter}.png", maps=maps) for letter, maps in zip("abcde", (2, 1, 0, 3, 2), strict=True))


@pytest.fixture(params=["disk", "memory"])
def folder(request, tmp_path):
    yield file_at(tmp_path / "run") if request.param == "disk" else file_at("memory://runs/run")
    fsspec.filesystem("memory").store.clear()


def made(folder, *explanations, errors=()):
    """Make a run of two parts, the later pictures in the earlier one."""
    parts = PartsFolder(folder, JOB, resume=True)
    half = len(explanations) // 2
    for name, some in (("2", explanations[half:]), ("1", explanations[:half])):
        parts.add(*part(parts, *some, name=name))
    parts.commit(wanted(*explanations), dict(errors))
    return parts


def test_the_run_is_in_the_asked_for_order_whatever_part_came_first(folder):
    made(folder, A, B, C, D, E, errors={"bad.png": "cut off"})
    run = load(str(folder))
    assert list(run) == [A, B, C, D, E]
    assert run.errors == {"bad.png": "cut off"}
    assert run.keys == Run([A, B, C, D, E]).keys
    assert run["d.png"] == D
    assert run[3:] == Run([D, E], errors=run.errors)
    assert run.filter(target=1) == run
    assert outline(run) == outline(Run([A, B, C, D, E]))
    assert outline(run[2:4]) == outline(Run([C, D]))


def test_rows_are_those_of_the_run_in_three_files(folder, tmp_path):
    made(folder, A, B, C, D, E)
    whole = load(load(str(folder)).save(tmp_path / "whole.parquet")).files[0]
    source = RunFolder(folder)
    for kind, names in {
        "pictures": ["picture", "hash"],
        "columns": ["picture", "layer"],
        "cluster_maps": ["picture", "id", "cluster"],
    }.items():
        assert source.some(kind, names) == whole.some(kind, names)
        assert source.some(kind, names, [4, 1, 1]) == whole.some(kind, names, [4, 1, 1])
        (table, starts), (expected, bounds) = source.columns(kind, names), whole.columns(kind, names)
        assert table.to_pydict() == expected.to_pydict()
        assert starts.tolist() == bounds.tolist()
    assert list(source.bare([4, 1, 1, 0])) == list(whole.bare([4, 1, 1, 0]))
    assert source.job == JOB


def test_parts_are_opened_when_one_of_them_is_read(folder, monkeypatch):
    made(folder, A, B, C, D)
    opened = []
    real = sys.modules["inv_widgets.run_folder"].RunFiles
    monkeypatch.setattr("inv_widgets.run_folder.RunFiles", lambda path: opened.append(path.name) or real(path))
    monkeypatch.setattr("inv_widgets.run_folder._OPEN", 1)
    run = load(str(folder))
    assert (len(run), opened) == (4, [])
    assert run[0] == A
    assert run[1] == B
    assert len(opened) == 1
    assert run[2] == C
    assert run[0] == A  # kept
    assert len(opened) == 2
    assert RunFolder(folder).read(3) == D


def test_only_what_the_manifest_names_counts(folder):
    made(folder, A, B)
    parts = PartsFolder(folder, JOB, resume=True)
    part(parts, C, name="3")  # its worker was lost, or its driver
    assert list(load(str(folder))) == [A, B]
    again = PartsFolder(folder, JOB, resume=True)
    assert all(id_of(one) in again for one in (A, B, C))
    assert id_of(D) not in again
    again.commit(wanted(C, A, B), {})
    assert list(load(str(folder))) == [C, A, B]


def test_a_part_that_was_written_twice_counts_once(folder):
    parts = PartsFolder(folder, JOB, resume=True)
    parts.add(*part(parts, A, B, name="first"))
    part(parts, A, B, name="again")  # by a worker that was believed to be lost
    parts.commit(wanted(A, B), {})
    assert list(load(str(folder))) == [A, B]
    again = PartsFolder(folder, JOB, resume=True)
    again.add(*part(again, C, name="third"))
    again.commit(wanted(A, B, C), {})
    assert list(load(str(folder))) == [A, B, C]


def test_a_part_that_is_cut_off_or_not_whole_is_made_again(folder):
    parts = PartsFolder(folder, JOB, resume=True)
    part(parts, A, name="cut")
    file, _ = part(parts, B, name="half")
    (folder / "parts" / file).unlink()  # its companions came first
    cut = folder / "parts" / f"{parts.generation}-cut.parquet"
    cut.write_bytes(cut.read_bytes()[:-40])
    again = PartsFolder(folder, JOB, resume=True)
    assert id_of(A) not in again
    assert id_of(B) not in again


def test_earlier_pictures_stay_after_the_asked_for_ones_under_names_of_their_own(folder):
    made(folder, A, B, errors={"x.png": "old", "y.png": "old"})
    new = explanation("a.png", seed=7)
    parts = PartsFolder(folder, JOB, resume=True)
    parts.add(*part(parts, new, C, name="3"))
    parts.commit([*wanted(new, C), (b"0123456789", "y.png")], {"y.png": "new"})
    run = load(str(folder))
    assert [name for name, _ in run.keys] == ["a.png", "c.png", "a.png (2)", "b.png"]
    assert run[0] == new
    assert run["a.png (2)"].picture_hash == A.picture_hash
    assert run["a.png (2)"].name == "a.png (2)"
    assert [row[0]["picture"] for row in run.files[0].some("pictures", ["picture"])][2] == "a.png (2)"
    assert run.errors == {"x.png": "old", "y.png": "new"}


def test_what_was_made_in_another_way_is_refused_unless_nothing_was_made(folder):
    other = JOB | {"layers": "all"}
    PartsFolder(folder, JOB, resume=True)  # begun, and no more
    parts = PartsFolder(folder, other, resume=True)
    part(parts, A, name="1")
    with pytest.raises(ValueError, match=r"layers 'all', now 'blocks'.*cannot be resumed"):
        PartsFolder(folder, JOB, resume=True)
    made(file_at(str(folder) + "2"), A, B)
    with pytest.raises(ValueError, match="layers 'blocks', now 'all'"):
        PartsFolder(file_at(str(folder) + "2"), other, resume=True)


def test_a_replacement_leaves_the_old_run_until_it_is_whole(folder):
    made(folder, A, B)
    parts = PartsFolder(folder, JOB | {"layers": "all"}, resume=False)
    assert id_of(A) not in parts
    parts.add(*part(parts, C, name="9"))
    assert list(load(str(folder))) == [A, B]
    resumed = PartsFolder(folder, JOB | {"layers": "all"}, resume=True)  # it was cut short there
    assert id_of(C) in resumed
    assert id_of(A) not in resumed
    resumed.commit(wanted(C), {})
    assert list(load(str(folder))) == [C]
    names = {file.name for file in (folder / "parts").iterdir()} if isinstance(folder, Path) else None
    names = names or set((folder / "parts").names())
    assert {name.partition(".")[0] for name in names} == {f"{parts.generation}-9"}


def test_nothing_is_written_where_nothing_changed(folder):
    made(folder, A, B, errors={"bad.png": "cut off"})
    before = (folder / "manifest.json").read_bytes()
    PartsFolder(folder, JOB, resume=True).commit(wanted(A, B), {"bad.png": "cut off"})
    assert (folder / "manifest.json").read_bytes() == before
    PartsFolder(folder, JOB, resume=True).commit(wanted(B, A), {"bad.png": "cut off"})
    assert list(load(str(folder))) == [B, A]


def test_what_lies_about_on_a_disk_is_removed(tmp_path):
    parts = PartsFolder(tmp_path / "run", JOB, resume=True)
    (tmp_path / "run" / "parts").mkdir()
    (tmp_path / "run" / "parts" / f".{parts.generation}-7.parquet.1234abcd").touch()  # earlier versions' drafts
    drafts = tmp_path / "run" / "parts" / f".{parts.generation}-8.1234abcd"
    drafts.mkdir()
    (drafts / f"{parts.generation}-8.parquet").touch()
    parts.add(*part(parts, A, name="1"))
    parts.commit(wanted(A), {})
    left = {file.name for file in (tmp_path / "run" / "parts").iterdir()}
    assert left == {f"{parts.generation}-1{ending}.parquet" for ending in ("", ".columns", ".pictures")}


def test_what_a_manifest_names_elsewhere_is_not_removed(tmp_path):
    folder, elsewhere = tmp_path / "run", tmp_path / "mine.parquet"
    made(folder, A, B)
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / manifest["index"]).rename(elsewhere)
    (folder / "manifest.json").write_text(json.dumps(manifest | {"index": "../mine.parquet"}))
    with pytest.raises(
        ValueError, match=r"manifest\.json names '\.\./mine\.parquet', which is no \.parquet file's name"
    ):
        PartsFolder(folder, JOB, resume=True)
    parts = PartsFolder(folder, JOB, resume=False)
    parts.add(*part(parts, C, name="c" * 16))
    parts.commit(wanted(C), {})
    assert elsewhere.exists()
    assert RunFolder(folder).keys[0] == ("c.png", "class 1")


def test_a_run_of_no_pictures(folder):
    parts = PartsFolder(folder, JOB, resume=True)
    parts.commit([], {"bad.png": "cut off"})
    run = load(str(folder))
    assert (len(run), run.errors) == (0, {"bad.png": "cut off"})
    assert outline(run) == []


def test_what_is_no_whole_run_says_so(folder):
    with pytest.raises(FileNotFoundError, match="There is no run at"):
        load(str(folder))
    made(folder, A, B)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    index = folder / manifest["index"]
    for content, message in (
        (b"{", "is not of a run of inv-widgets: Expecting"),
        (b"[]", "is not of a run of inv-widgets"),
        (b'{"inv_widgets": 99}', "has version 99, this inv-widgets reads up to 1: upgrade"),
    ):
        (folder / "manifest.json").write_bytes(content)
        with pytest.raises(ValueError, match=message):
            load(str(folder))
    (folder / "manifest.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"is not whole: there is no manifest\.json\. The same call"):
        load(str(folder))
    (folder / "manifest.json").write_bytes(json.dumps(manifest).encode())
    assert list(load(str(folder))) == [A, B]
    index.unlink()
    with pytest.raises(FileNotFoundError, match=r"index-.*is missing: a run's folder is copied with all"):
        load(str(folder))


@pytest.mark.parametrize(
    "name",
    ["../mine.parquet", "/mine.parquet", "..", "a/../x.parquet", "..\\x.parquet", "C:x.parquet", "a::b.parquet", 3],
)
@pytest.mark.parametrize("place", ["index", "parts"])
def test_nothing_outside_the_folder_is_read(tmp_path, name, place):
    folder = tmp_path / "run"
    made(folder, A, B)
    manifest = json.loads((folder / "manifest.json").read_text())
    # What would be read is there and whole.
    for file in (folder / "parts").iterdir():
        ending = file.name.removeprefix(manifest["parts"][0].removesuffix(".parquet"))
        shutil.copy(file, folder / f"mine{ending}")
    shutil.copy(folder / manifest["index"], tmp_path / "mine.parquet")
    changed = {"index": name} if place == "index" else {"parts": [name, *manifest["parts"][1:]]}
    (folder / "manifest.json").write_text(json.dumps(manifest | changed))
    with pytest.raises(ValueError, match=r"^\[inv-widgets\] .*manifest\.json (names|is damaged: index)"):
        load(folder)


@pytest.mark.parametrize("name", ["job", "generation", "index", "parts", "errors"])
def test_a_manifest_that_lacks_something_says_what(tmp_path, name):
    folder = tmp_path / "run"
    made(folder, A, B)
    manifest = json.loads((folder / "manifest.json").read_text())
    wrong = [{key: value for key, value in manifest.items() if key != name}, manifest | {name: 3}]
    for content in (*wrong, manifest | {"generation": "../../x"}):
        (folder / "manifest.json").write_text(json.dumps(content))
        told = rf"^\[inv-widgets\] .*manifest\.json is damaged: {name if content in wrong else 'generation'} is missing"
        with pytest.raises(ValueError, match=told):
            load(folder)
        with pytest.raises(ValueError, match=told):
            PartsFolder(folder, JOB, resume=True)
    (folder / "manifest.json").unlink()
    (folder / "job.json").write_text('{"inv_widgets": 1, "job": {}, "generation": "../x"}')
    with pytest.raises(ValueError, match=r"job\.json is damaged: generation"):
        PartsFolder(folder, JOB, resume=True)


def test_a_place_beyond_its_part_says_so(folder):
    made(folder, A, B)
    index = folder / json.loads((folder / "manifest.json").read_bytes())["index"]
    table = pq.read_table(pa.BufferReader(index.read_bytes()))
    buffer = pa.BufferOutputStream()
    column = table.column_names.index("place")
    pq.write_table(table.set_column(column, "place", pa.array([0, 7], pa.int32())), buffer)
    index.write_bytes(buffer.getvalue().to_pybytes())
    run = load(str(folder))
    assert run[0] == A
    told = r"^\[inv-widgets\] The index of .* names explanation 7 of .*, which has \d, counted from 0.*Copy the folder"
    for asked in (lambda: run[1], lambda: run.targets, lambda: run.files[0].columns("columns", ["layer"])):
        with pytest.raises(ValueError, match=told):
            asked()


def test_a_part_whose_footer_cannot_be_decoded_does_not_count(tmp_path):
    parts = PartsFolder(tmp_path / "run", JOB, resume=True)
    part(parts, A, name="1")
    part(parts, B, name="2")
    file = tmp_path / "run" / "parts" / f"{parts.generation}-1.parquet"
    content = file.read_bytes()
    file.write_bytes(content[:-200] + b"\xff" * 192 + content[-8:])
    again = PartsFolder(tmp_path / "run", JOB, resume=True)
    assert id_of(B) in again
    assert id_of(A) not in again


def test_a_damaged_index_says_so(folder):
    made(folder, A, B)
    index = folder / json.loads((folder / "manifest.json").read_bytes())["index"]
    content = index.read_bytes()
    table = pq.read_table(pa.BufferReader(content))

    def written(table):
        buffer = pa.BufferOutputStream()
        pq.write_table(table, buffer)
        return buffer.getvalue().to_pybytes()

    def with_parts(*parts):
        return written(table.set_column(3, "part", pa.array(parts, pa.int32())))

    middle = len(content) // 2
    damaged = [b"", b"nonsense", content[:-9], content[:middle] + b"\xff" * 99 + content[middle + 99 :]]
    damaged += [written(table.drop(["entry"])), with_parts(0, None), with_parts(0, 2), with_parts(-1, 0)]
    for wrong in damaged:
        index.write_bytes(wrong)
        with pytest.raises(ValueError, match=r"^\[inv-widgets\] .*index-\w+\.parquet is damaged \(.*copy the folder"):
            load(str(folder))
    index.write_bytes(content)
    assert list(load(str(folder))) == [A, B]


def test_threads_open_and_close_parts_beside_each_other(tmp_path, monkeypatch):
    explanations = [explanation(f"{place}.png", maps=0) for place in range(12)]
    parts = PartsFolder(tmp_path / "run", JOB, resume=True)
    for place, one in enumerate(explanations):
        parts.add(*part(parts, one, name=str(place)))
    parts.commit(wanted(*explanations), {})

    class Slow:
        """Where a thread would lose its turn."""

        def __init__(self, path):
            time.sleep(0.0002)
            self.path = path

    monkeypatch.setattr("inv_widgets.run_folder.RunFiles", Slow)
    monkeypatch.setattr("inv_widgets.run_folder._OPEN", 2)
    source = RunFolder(tmp_path / "run")
    with ThreadPoolExecutor(8) as pool:
        read = list(pool.map(lambda part: source._part(part).path.name, [place * 7 % 12 for place in range(600)]))
    assert read == [source.parts[place * 7 % 12] for place in range(600)]
    assert len(source._open) == 2


def test_a_run_in_a_folder_can_be_copied_and_sent(folder):
    made(folder, A, B, C)
    run = load(str(folder))
    assert run[1] == B  # a part is open
    for other in (pickle.loads(pickle.dumps(run)), copy.copy(run), copy.deepcopy(run)):
        assert list(other) == [A, B, C]


def test_a_copy_of_the_folder_is_the_run(tmp_path):
    made(tmp_path / "run", A, B)
    shutil.copytree(tmp_path / "run", tmp_path / "copy")
    shutil.rmtree(tmp_path / "run")
    assert list(inv.load(tmp_path / "copy")) == [A, B]


def test_pictures_are_known_by_name_content_or_path_and_target():
    picture = np.zeros((2, 2, 3), np.uint8)
    ids = {
        entry_id(Entry(name, what), target)
        for name in ("a", "b")
        for what in (picture, picture + 1, "/x/a.png", Path("/x/b.png"), "no", object)
        for target in ("0", "1")
    }
    assert len(ids) == 2 * 6 * 2
    assert entry_id(Entry("a", picture.copy()), "0") == entry_id(Entry("a", picture), "0")
    assert entry_id(Entry("a", Path("/x/a.png")), "0") == entry_id(Entry("a", "/x/a.png"), "0")
    assert entry_id(Entry("\udcff.png", "/\udcff.png"), "0")


def test_a_folder_is_one_process_s_own_and_no_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with owned("run") as folder:
        assert folder == tmp_path / "run"
        with pytest.raises(RuntimeError, match="Another explain_many"), owned(tmp_path / "run"):
            pass
    with pytest.raises(ValueError, match=r"out='memory://run\.parquet' is a file's name.*give 'memory://run'"):
        owned("memory://run.parquet").__enter__()
