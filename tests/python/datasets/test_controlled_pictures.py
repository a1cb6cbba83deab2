"""The controlled pictures: exact masks, parts that say nothing about each other, and where the textures come from."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import stats

import inv_widgets as inv
from inv_widgets import datasets
from inv_widgets.datasets.controlled_pictures import DARKEST, GARMENTS, SILHOUETTE, Parts, draw_sample, shipped_parts

FASHION_DATA = Path("/usr/share/datasets/fashion-mnist")
TOOLS = Path(__file__).parents[2] / "tools"


@pytest.fixture(scope="module")
def samples():
    return inv.datasets.controlled(1000, seed=5)


@pytest.fixture
def textures(monkeypatch):
    monkeypatch.syspath_prepend(TOOLS)
    import make_textures

    return make_textures


def test_making_them_loads_no_torch():
    code = (
        "import sys, inv_widgets.datasets as d; d.controlled(2);"
        "sys.exit(', '.join({'torch', 'torchvision', 'sklearn'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_a_sample_is(samples):
    for number, sample in enumerate(samples[:50]):
        assert (sample.picture.shape, sample.picture.dtype) == ((64, 64, 3), np.uint8)
        assert (sample.mask.shape, sample.mask.dtype) == ((64, 64), np.bool_)
        assert sample.object_category in datasets.CONTROLLED_OBJECTS
        assert sample.scene_category in datasets.CONTROLLED_SCENES
        assert sample.name == f"{sample.object_category.replace(' ', '-')}-on-{sample.scene_category}-{number}"
        assert sample.area == sample.mask.sum() / 64**2
        for array in (sample.picture, sample.mask):
            with pytest.raises(ValueError, match="read-only"):
                array[0, 0] = 0
    with pytest.raises(AttributeError):
        samples[0].name = "other"
    assert set(datasets.CONTROLLED_OBJECTS) < set(datasets.FASHION_CATEGORIES)


def test_the_same_seed_gives_the_same_pictures_whatever_their_number(samples):
    for once, again in zip(samples[:30], inv.datasets.controlled(30, seed=5), strict=True):
        assert once.name == again.name
        assert np.array_equal(once.picture, again.picture)
        assert np.array_equal(once.mask, again.mask)
    assert len({sample.picture.tobytes() for sample in samples}) == 1000
    assert not np.array_equal(samples[0].picture, inv.datasets.controlled(1, seed=6)[0].picture)
    assert len(inv.datasets.controlled()) == 100


def test_the_object_stays_to_the_pixel_where_the_scene_is_another(samples):
    others = inv.datasets.controlled(60, seed=5, scene_seed=99)
    assert sum(a.scene_category != b.scene_category for a, b in zip(samples, others, strict=False)) > 30
    for one, other in zip(samples, others, strict=False):
        assert one.object_category == other.object_category
        assert np.array_equal(one.mask, other.mask)
        assert np.array_equal(one.picture[one.mask], other.picture[one.mask])
        assert (one.picture[~one.mask] != other.picture[~one.mask]).any(axis=1).mean() > 0.9


def test_the_scene_stays_to_the_pixel_where_the_object_is_another(samples):
    others = inv.datasets.controlled(60, seed=98, scene_seed=5)
    assert sum(a.object_category != b.object_category for a, b in zip(samples, others, strict=False)) > 40
    for one, other in zip(samples, others, strict=False):
        bare = ~(one.mask | other.mask)
        assert one.scene_category == other.scene_category
        assert np.array_equal(one.picture[bare], other.picture[bare])


def test_the_mask_is_where_the_garment_is():
    garment = np.zeros((28, 28), np.uint8)
    garment[4:24, 7:21] = garment[0, 0] = garment[27, 27] = 200  # the corners show how far it was enlarged
    garment[:4, 24:] = SILHOUETTE - 1  # not yet a garment
    parts = Parts({"bag": [garment]}, {"grass": np.zeros((90, 90), np.uint8)})
    sides, areas = set(), []
    for seed in range(20):
        sample = draw_sample(parts, np.random.default_rng([seed, 0]), np.random.default_rng([seed, 1]))
        rows, columns = np.flatnonzero(sample.mask.any(1)), np.flatnonzero(sample.mask.any(0))
        side = rows[-1] - rows[0] + 1
        sides.add(side)
        assert side == columns[-1] - columns[0] + 1
        areas.append(sample.mask.sum() / ((side / 28) ** 2 * (20 * 14 + 2)))
        scale, middle = side / 28, (rows[0] + side / 2, columns[0] + side / 2)
        height, width = (np.abs(np.flatnonzero(sample.mask.sum(axis) > 8) + 0.5 - middle[1 - axis]) for axis in (1, 0))
        assert height.max() == pytest.approx(10 * scale, abs=1)
        assert width.max() == pytest.approx(7 * scale, abs=1)
        # The ground is one colour and black in the texture, the garment white.
        ground = np.unique(sample.picture[~sample.mask], axis=0)
        assert len(ground) == 1
        assert (ground <= np.ceil(255 * DARKEST)).all()
        assert sample.picture[sample.mask].mean() > 0.35 * 200
    assert np.mean(areas) == pytest.approx(1, abs=0.015)  # no pixel too wide, none too narrow
    assert {36, 52} & sides
    assert sides <= set(range(36, 53))


def test_object_and_scene_are_drawn_alike_often_and_say_nothing_about_each_other(samples):
    objects = [sample.object_category for sample in samples]
    scenes = [sample.scene_category for sample in samples]
    table = np.array([[Counter(zip(objects, scenes, strict=True))[o, s] for s in set(scenes)] for o in set(objects)])
    assert table.shape == (8, 5)
    assert stats.chi2_contingency(table).pvalue > 0.01
    assert stats.chisquare(table.sum(0)).pvalue > 0.01
    assert stats.chisquare(table.sum(1)).pvalue > 0.01


def test_colours_say_nothing(samples):
    inside = np.array([sample.picture[sample.mask].mean(0) for sample in samples])
    outside = np.array([sample.picture[~sample.mask].mean(0) for sample in samples])
    for colours in (inside, outside):
        hue = colours[:, 0] / colours.sum(1)
        assert hue.std() > 0.05
        for kind in ("object_category", "scene_category"):
            names = [getattr(sample, kind) for sample in samples]
            groups = [hue[[name == other for other in names]] for name in sorted(set(names))]
            assert stats.f_oneway(*groups).pvalue > 0.01
    assert abs(stats.pearsonr(inside[:, 0], outside[:, 0]).statistic) < 0.1


def test_objects_are_neither_tiny_nor_all_there_is(samples):
    areas = np.array([sample.area for sample in samples])
    assert 0.02 < areas.min() < areas.max() < 0.6
    assert 0.15 < areas.mean() < 0.25


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"n": 0}, r"n is 0: give a whole number, 1 or more"),
        ({"n": 2.5}, r"n is 2\.5"),
        ({"n": True}, r"n is True"),
        ({"seed": -1}, r"seed is -1: give a whole number, 0 or more"),
        ({"scene_seed": "a"}, r"scene_seed is 'a'"),
    ],
)
def test_wrong_numbers_are_refused(given, told):
    with pytest.raises(ValueError, match=rf"^\[inv-widgets\] {told}"):
        inv.datasets.controlled(**given)


def test_shipped_parts():
    parts = shipped_parts()
    assert tuple(parts.garments) == datasets.CONTROLLED_OBJECTS
    assert all(np.shape(garments) == (25, 28, 28) for garments in parts.garments.values())
    assert GARMENTS.stat().st_size < 100_000
    for sample in datasets.fashion():
        if sample.category in datasets.CONTROLLED_OBJECTS:
            with Image.open(sample) as picture:
                place = int(sample.name[-5]) - 1
                assert np.array_equal(parts.garments[sample.category][place], np.asarray(picture)), sample.name
    assert {path.stem for path in (datasets.HERE / "textures").iterdir()} == set(datasets.CONTROLLED_SCENES)
    assert sum(path.stat().st_size for path in (datasets.HERE / "textures").iterdir()) < 120_000
    for scene, texture in parts.textures.items():
        assert min(texture.shape) >= 80, scene  # the largest crop
        assert texture.std() > 20, scene
        with Image.open(datasets.HERE / "textures" / f"{scene}.png") as picture:
            assert (picture.format, picture.mode) == ("PNG", "L")


@pytest.mark.skipif(not FASHION_DATA.exists(), reason="Debian's dataset-fashion-mnist is not installed")
def test_garments_are_the_first_25_of_each_category(monkeypatch):
    monkeypatch.syspath_prepend(TOOLS)
    import make_garments

    with Image.open(GARMENTS) as picture:
        assert np.array_equal(np.asarray(picture), make_garments.sheet(FASHION_DATA))


def test_every_texture_has_a_licence_and_an_origin(textures):
    text = (datasets.HERE / "LICENCES.md").read_text(encoding="utf-8")
    rows = {
        line.split("|")[1].strip(): line
        for line in text.splitlines()
        if line.startswith("|") and line.split("|")[1].strip() in datasets.CONTROLLED_SCENES
    }
    assert tuple(rows) == tuple(textures.CUTS) == datasets.CONTROLLED_SCENES
    for scene, row in rows.items():
        origin = textures.CUTS[scene].origin
        assert f"`{scene}.png`" in row
        assert "CC0" in row
        assert origin.file in row or any(
            f"`{name}`" in row for name, other in textures.ORIGINS.items() if other == origin
        )


def test_what_trains_and_what_is_shipped_do_not_touch(textures):
    for scene, cut in textures.CUTS.items():
        left, right = sorted((cut.training, cut.shipped))
        assert left[2] + 8 <= right[0], scene
        height, width = cut.shipped[3] - cut.shipped[1], cut.shipped[2] - cut.shipped[0]
        assert shipped_parts().textures[scene].shape == (height // 2, width // 2)


def test_a_texture_is_cut_halved_and_stretched_alike_in_both_regions(textures, monkeypatch):
    ramp = np.tile(np.linspace(100, 150, 400), (200, 1)).astype(np.uint8)

    class Source:
        def read(self, _sources):
            import io

            stream = io.BytesIO()
            Image.fromarray(np.repeat(ramp[..., None], 3, axis=2)).save(stream, "PNG")
            return stream.getvalue()

    monkeypatch.setitem(textures.CUTS, "brick", textures.Cut(Source(), (0, 0, 200, 100), (220, 100, 400, 200)))
    training, shipped = textures.regions("brick", Path())
    assert (training.shape, shipped.shape) == ((50, 100), (50, 90))
    assert (training.min(), training.max()) == (0, 255)
    assert (shipped == 255).all()  # brighter than what trains: the same stretch for both
    assert all(a <= b for a, b in pairwise(training.mean(0)))
