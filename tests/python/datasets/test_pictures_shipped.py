"""The shipped pictures: count, size, licence, and where they come from."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inv_widgets import datasets
from inv_widgets.torch_support import ensure_torchvision

FASHION_DATA = Path("/usr/share/datasets/fashion-mnist")
TOOLS = Path(__file__).parents[2] / "tools"


def tool(name):
    spec = importlib.util.spec_from_file_location(name, TOOLS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def test_importing_the_data_sets_loads_no_torch():
    code = (
        "import sys, inv_widgets.datasets as d; d.photos(); d.fashion();"
        "sys.exit(', '.join({'torch', 'torchvision', 'sklearn'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_sample_is_a_path():
    sample = datasets.photos()[0]
    assert os.fspath(sample) == str(sample.picture)
    assert Path(sample).name == sample.name
    with Image.open(sample) as picture:
        picture.load()
    with pytest.raises(AttributeError):
        sample.name = "other"


def test_photos():
    samples = datasets.photos()
    assert 8 <= len(samples) <= 12
    assert [sample.name for sample in samples] == sorted(path.name for path in (datasets.HERE / "photos").iterdir())
    assert sum(sample.picture.stat().st_size for sample in samples) < 900_000
    for sample in samples:
        with Image.open(sample) as picture:
            assert (picture.format, picture.mode) == ("JPEG", "RGB")
            assert 256 <= max(picture.size) <= 512
            assert not picture.getexif()
            assert np.asarray(picture).std() > 20


def test_photos_have_imagenet_categories():
    ensure_torchvision()
    from torchvision.models._meta import _IMAGENET_CATEGORIES

    assert {sample.category for sample in datasets.photos()} <= set(_IMAGENET_CATEGORIES)


def test_every_photo_has_a_licence_and_an_origin():
    text = (datasets.HERE / "LICENCES.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| `")
    ]
    assert [row[0].strip("`") for row in rows] == [sample.name for sample in datasets.photos()]
    origins = tool("make_photos").ORIGINS
    assert list(origins) == [row[0].strip("`") for row in rows]
    for name, _, source, author, licence, link in rows:
        origin = origins[name.strip("`")]
        assert origin.package.replace("scikit_image-", "scikit-image ").replace("alibi-", "alibi ") in source
        assert origin.file in source
        assert origin.commit in source
        assert author
        assert licence.startswith(("CC0", "Public domain"))
        assert link.startswith(("https://", "`skimage.data.", "`alibi.datasets."))


def test_the_notices_are_there():
    text = (datasets.HERE / "LICENCES.md").read_text(encoding="utf-8").replace("\n> ", " ")
    assert "Copyright (c) 2017 Zalando SE" in text
    assert "The above copyright notice and this permission notice shall be included in all copies" in text
    assert "EfficientNet-Lite0" in text
    assert "Apache-2.0" in text


def test_fashion_pictures():
    samples = datasets.fashion()
    assert len({sample.name for sample in samples}) == 50
    assert {sample.name for sample in samples} == {path.name for path in (datasets.HERE / "fashion").iterdir()}
    assert [sample.category for sample in samples] == [name for name in datasets.FASHION_CATEGORIES for _ in range(5)]
    assert samples[5 * 7 + 2].name == "sneaker-3.png"
    for sample in samples:
        with Image.open(sample) as picture:
            assert (picture.format, picture.mode, picture.size) == ("PNG", "L", (28, 28))


@pytest.mark.skipif(not FASHION_DATA.exists(), reason="Debian's dataset-fashion-mnist is not installed")
def test_fashion_pictures_are_the_first_five_of_each_category():
    chosen = tool("make_fashion_pictures").chosen_pictures(FASHION_DATA)
    assert len(chosen) == 50
    for sample, pixels in zip(datasets.fashion(), chosen, strict=True):
        with Image.open(sample) as picture:
            assert np.array_equal(np.asarray(picture), pixels), sample.name
