"""Runs behind URLs: memory:// of this process, file://, and what is said where a package is missing."""

import builtins
import sys
from pathlib import Path

import fsspec
import numpy as np
import pytest

import inv_widgets as inv
from inv_widgets.explanation import ClusterMap, Column, Explanation, Prediction, Rest
from inv_widgets.recipe import Recipe
from inv_widgets.run import Run, as_run, load
from inv_widgets.run_files import RunFiles, RunWriter, companions
from inv_widgets.url_files import UrlFile, file_at, is_url


def explanation(name):
    rng = np.random.default_rng(len(name))
    maps = ClusterMap.from_raw(
        rng.normal(size=(14, 14)), id="0" * 16, cluster=0, channels=[1], channel_weights=[20.0],
        channel_thumbnails=np.zeros((1, 14, 14), np.uint8), silhouette=0.5,
    )  # fmt: skip
    column = Column("a", 0, 1, 1, 8, (14, 14), 0.5, Rest(0.0, 0.0, 0, 0, np.zeros((14, 14))), {}, "", (maps,))
    cat = Prediction(1, "cat", 0.5)
    return Explanation(
        picture=rng.integers(0, 256, (40, 40, 3)), name=name, picture_hash=name, network="net", network_hash="n" * 16,
        window=(0.0, 0.0, 40.0, 40.0), target=1, target_name="cat", target_probability=0.5, prediction=cat,
        predictions=(cat,), columns=(column,), recipe=Recipe(),
    )  # fmt: skip


@pytest.fixture
def url():
    fsspec.filesystem("memory").store.clear()
    yield "memory://runs/some"
    fsspec.filesystem("memory").store.clear()


def test_a_run_behind_a_url_is_the_run_that_was_saved(url):
    run = Run([explanation("cat.png"), explanation("dog.png")], errors={"bad.png": "no picture"})
    assert str(run.save(url)) == "memory://runs/some.parquet"
    for name in (url, url + ".parquet"):
        assert load(name) == run
    assert sorted(fsspec.filesystem("memory").store) == [
        "/runs/some.columns.parquet",
        "/runs/some.parquet",
        "/runs/some.pictures.parquet",
    ]


def test_what_save_gives_is_taken_as_a_run(url):
    run = Run([explanation("cat.png")])
    there = run.save(url)
    assert as_run(there) == run
    assert inv.Explorer(there).run == run
    assert Run(run).save(there) == there


def test_one_explanation_is_read_without_the_others(url, monkeypatch):
    Run([explanation(f"{place}.png") for place in range(200)]).save(url)
    run = load(url)
    total = sum(len(item.getvalue()) for item in fsspec.filesystem("memory").store.values())
    read = []
    whole = fsspec.implementations.memory.MemoryFile.read
    monkeypatch.setattr(
        fsspec.implementations.memory.MemoryFile,
        "read",
        lambda self, *size: read.append(whole(self, *size)) or read[-1],
    )
    assert run[117].name == "117.png"
    assert 0 < sum(map(len, read)) < total / 3


def test_after_an_exception_nothing_stands_there(url, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(RuntimeError, match="stop"), RunWriter(url) as writer:  # noqa: PT012
        writer.add(explanation("cat.png"))
        assert list(tmp_path.iterdir())
        raise RuntimeError("stop")
    assert fsspec.filesystem("memory").store == {}
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(FileNotFoundError, match=r"There is no run at memory://runs/some\.parquet"):
        RunFiles(url)


def test_a_file_url_is_a_path(tmp_path):
    place = tmp_path / "two words.parquet"
    Run([explanation("cat.png")]).save(place.as_uri())
    assert place.exists()
    assert load(place.as_uri()) == load(place)
    assert companions(place.as_uri()) == companions(place)
    assert load(file_at(place.as_uri())) == load(place)


@pytest.mark.parametrize("place", ["file://server/runs/some.parquet", "file://C:/runs/some.parquet"])
def test_a_file_url_of_another_machine_is_refused(place):
    with pytest.raises(
        ValueError, match=r"^\[inv-widgets\] file://.* names a file of '.*file:///path with three slashes"
    ):
        file_at(place)
    assert file_at("file://localhost/runs/some.parquet") == Path("/runs/some.parquet")


@pytest.mark.parametrize(
    "place", ["memory://", "memory:///", "file://", "s3://", "simplecache::memory://", "simplecache::"]
)
def test_a_url_that_names_nothing_is_refused(place):
    for use in (file_at, load, Run().save):
        with pytest.raises(
            ValueError, match=r"^\[inv-widgets\] .* names no file or folder: give one, such as memory://"
        ):
            use(place)


@pytest.fixture
def s3(url, monkeypatch):
    """A store with buckets, of this process."""

    class Buckets(fsspec.get_filesystem_class("memory")):
        protocol, store, pseudo_dirs = "s3", {}, [""]

        @classmethod
        def _strip_protocol(cls, path):
            return super()._strip_protocol(path.removeprefix("s3://"))

    monkeypatch.setitem(sys.modules["fsspec.registry"]._registry, "s3", Buckets)
    return Buckets


@pytest.mark.parametrize("place", ["s3://bucket", "s3://bucket/", "simplecache::s3://bucket"])
def test_a_bucket_alone_is_no_name_of_a_run(place, s3):
    for use in (Run([explanation("cat.png")]).save, load, companions):
        with pytest.raises(
            ValueError, match=r"//bucket is no file, but where files are: name one in it, such as .*//bucket/run"
        ):
            use(place)
    assert s3.store == {}
    Run([explanation("cat.png")]).save("s3://bucket/run")
    assert load("s3://bucket/run.parquet")[0].name == "cat.png"


@pytest.mark.parametrize("path", ["run.parquet", "C:/runs/run.parquet", "C:\\runs\\run", "a/b:c", Path("s3:/x")])
def test_paths_need_no_fsspec(path, monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    assert not is_url(path)
    assert file_at(path) == Path(path)


def test_without_fsspec_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(ImportError, match=r"which needs fsspec: pip install \"inv-widgets\[urls\]\""):
        load("s3://bucket/run")


def test_a_protocol_that_is_not_known_or_not_installed_is_named(monkeypatch):
    with pytest.raises(ValueError, match=r"nosuch://bucket/run cannot be opened: Protocol not known"):
        load("nosuch://bucket/run")
    real = builtins.__import__

    def missing(name, *rest, **more):
        if name.startswith("adlfs"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(ImportError, match=r"abfs://bucket/run needs a package of its own: Install adlfs"):
        load("abfs://bucket/run")


def test_a_url_that_cannot_be_written_says_so(tmp_path):
    with pytest.raises(OSError, match=r"cannot be written \(Read only filesystem\)"):
        UrlFile("data:text/plain;base64,//x").write_bytes(b"x")


def test_the_few_methods_of_a_path(url):
    file = UrlFile(url)
    assert not (file / "a").exists()
    assert file.names() == []
    (file / "a.txt").write_bytes(b"abc")
    (file / "b" / "c.txt").write_bytes(b"")
    assert file.names() == ["a.txt", "b"]
    assert (file / "a.txt").read_bytes() == b"abc"
    assert (file / "a.txt").exists()
    assert (file / "a.txt").parent == file
    (file / "a.txt").unlink()
    (file / "a.txt").unlink()
    assert file.names() == ["b"]
    assert str(file_at(url + "/")) == url
