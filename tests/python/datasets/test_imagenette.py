"""Imagenette: what is there is listed, what is not is asked for, and offline is said."""

from __future__ import annotations

from urllib.error import URLError

import pytest
from PIL import Image

from inv_widgets import datasets
from inv_widgets.torch_support import ensure_torchvision

ensure_torchvision()
from torchvision.datasets import imagenette as peer  # noqa: E402 (fails before)


@pytest.fixture
def offline(monkeypatch):
    def fail(*_args, **_kwargs):
        print("Failed download.")
        raise URLError("Name or service not known")

    monkeypatch.setattr(peer, "download_and_extract_archive", fail)


def test_offline_says_so_and_names_what_is_shipped(tmp_path, offline, capsys):
    with pytest.raises(ConnectionError, match=r"^\[inv-widgets\] Imagenette could not be fetched") as caught:
        datasets.imagenette(tmp_path / "new", download=True)
    assert "Name or service not known" in str(caught.value)
    assert "datasets.photos()" in str(caught.value)
    assert "datasets.fashion()" in str(caught.value)
    assert capsys.readouterr().out == ""


def test_nothing_is_fetched_unasked(tmp_path, monkeypatch):
    monkeypatch.setattr(peer, "download_and_extract_archive", lambda *_: pytest.fail("fetched"))
    with pytest.raises(
        FileNotFoundError, match=r"^\[inv-widgets\] There is no folder .*imagenette2-320.*download=True"
    ):
        datasets.imagenette(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_pictures_that_are_there(tmp_path, offline):
    for wnid, name in [("n01440764", "b.JPEG"), ("n01440764", "a.JPEG"), ("n03394916", "c.JPEG")]:
        folder = tmp_path / "imagenette2-160" / "train" / wnid
        folder.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (160, 200)).save(folder / name)
    for download in (False, True):
        samples = datasets.imagenette(tmp_path, "train", "160px", download=download)
        assert [(sample.name, sample.category) for sample in samples] == [
            ("a.JPEG", "tench"),
            ("b.JPEG", "tench"),
            ("c.JPEG", "French horn"),
        ]
        assert all(sample.picture.is_file() for sample in samples)


def test_a_broken_folder_is_named(tmp_path):
    (tmp_path / "imagenette2-320").mkdir()
    with pytest.raises(OSError, match=r"^\[inv-widgets\] .*imagenette2-320 is incomplete"):
        datasets.imagenette(tmp_path)


@pytest.mark.parametrize(("split", "size", "what"), [("test", "320px", "split 'test'"), ("val", "320", "size '320'")])
def test_wrong_words_are_refused(tmp_path, split, size, what):
    with pytest.raises(ValueError, match=rf"^\[inv-widgets\] Imagenette has no {what}\. Use one of"):
        datasets.imagenette(tmp_path, split, size)


def test_its_categories_are_torchvisions_names_of_imagenet():
    from torchvision.models._meta import _IMAGENET_CATEGORIES

    assert {names[0] for names in peer.Imagenette._WNID_TO_CLASS.values()} <= set(_IMAGENET_CATEGORIES)
