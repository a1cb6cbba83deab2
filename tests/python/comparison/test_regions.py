"""Regions in the network's input, and counterparts of equal area and shape."""

import dataclasses

import numpy as np
import planted
import pytest

from inv_widgets.comparison.counterparts import Pool, parts_of
from inv_widgets.comparison.regions import Frame, regions_of


def test_frame_of_a_cropped_picture():
    # 100 x 60 pixels; the network sees 40 x 40 of them, twice enlarged.
    frame = Frame.of((10.0, 30.0, 40.0, 40.0), (100, 60), (80, 80))
    assert (frame.top, frame.left, frame.bottom, frame.right) == (0, 0, 80, 80)
    assert frame.factor == pytest.approx(100 * 60 / 40**2)
    assert frame.longer == 200


def test_frame_of_a_padded_picture():
    # 20 x 40 pixels in the middle of a square of 40 x 40: padding above and below.
    frame = Frame.of((0.0, -10.0, 40.0, 40.0), (20, 40), (40, 40))
    assert (frame.top, frame.left, frame.bottom, frame.right) == (10, 0, 30, 40)
    assert frame.factor == 1


def test_a_region_is_what_the_cluster_map_points_at(net):
    shown = planted.explanation(net, planted.picture(0), "a.png", [(4, 8, "x")])
    (region,) = regions_of(shown, 0, (48, 48), None)
    patch = region.patch()
    assert np.count_nonzero(patch.mask) == 256  # 16 of 144 cells of 16 pixels
    assert patch.middle == pytest.approx((23.5, 39.5), abs=0.5)
    soft = region.shown(patch)
    assert soft.shape == (48, 48)
    assert soft[20:28, 36:44].min() > 0.5
    assert soft[:5].max() == 0


def test_the_share_is_what_people_saw_unless_told(net):
    def area(share, seen):
        made = planted.explanation(net, planted.picture(0), "a.png", [(4, 4, "x")], share=seen)
        return np.count_nonzero(next(regions_of(made, 0, (48, 48), share)).patch().mask)

    assert area(None, 5.0) == round(48**2 * 0.05)
    assert area(10.0, 5.0) == round(48**2 * 0.10)
    assert area(0.001, 5.0) == 1


def all_regions(net, run):
    return [each for place, one in enumerate(run) for each in regions_of(one, place, (48, 48), None)]


def test_counterparts_have_the_regions_shape_and_lie_elsewhere(net):
    run = planted.labelled_run(net, n=6)
    regions = all_regions(net, run)
    pool = Pool(regions)
    examples = [each for each in regions if "stripes" in each.labels]
    covered = []
    for seed in range(20):
        found = pool.counterparts(examples, "stripes", np.random.default_rng(seed))
        assert len(found) == len(examples)
        for region, masked in zip(examples, found, strict=True):
            assert masked.like is region
            assert np.array_equal(masked.patch.mask, pool.patch(region).mask)
            whole = masked.patch.on((48, 48))
            assert np.count_nonzero(whole) == np.count_nonzero(pool.patch(region).mask)
            own = next(each for each in examples if each.place == masked.place)
            covered.append(np.count_nonzero(whole & pool.patch(own).on((48, 48))) / np.count_nonzero(whole))
        assert len({masked.place for masked in found}) > 1
    assert max(covered) <= 0.2


def test_counterparts_lie_where_other_cluster_maps_point(net):
    run = planted.labelled_run(net, n=6)
    regions = all_regions(net, run)
    pool = Pool(regions)
    examples = [each for each in regions if "stripes" in each.labels]
    middles = {tuple(np.round(pool.patch(each).middle)) for each in regions}
    found = pool.counterparts(examples, "stripes", np.random.default_rng(0))
    near = [min(np.hypot(*np.subtract(each.patch.middle, middle)) for middle in middles) for each in found]
    assert max(near) < 3


def test_counterparts_where_every_region_carries_the_label(net):
    shown = planted.explanation(net, planted.picture(0), "a.png", [(row, 4, "x") for row in (0, 4, 8)])
    regions = list(regions_of(shown, 0, (48, 48), None))
    found = Pool(regions).counterparts(regions, "x", np.random.default_rng(0))
    assert [np.count_nonzero(each.patch.mask) for each in found] == [256] * 3


def test_parts_share_no_picture_and_are_about_equal():
    pictures = [f"p{number % 13}" for number in range(40)]
    parts = parts_of(pictures, 10, np.random.default_rng(0))
    assert sorted(number for part in parts for number in part) == list(range(40))
    assert {len(part) for part in parts} <= {3, 4, 6, 7}
    of_parts = [{pictures[number] for number in part} for part in parts]
    assert sum(map(len, of_parts)) == 13
    assert len(parts_of(["a", "b", "a"], 10, np.random.default_rng(0))) == 2


def test_a_region_is_a_share_of_the_whole_picture_where_the_network_sees_a_part(net):
    shown = planted.explanation(net, planted.picture(0), "a.png", [(4, 4, "x")], share=10.0)
    shown = dataclasses.replace(shown, window=(12.0, 12.0, 24.0, 24.0))
    (region,) = regions_of(shown, 0, (48, 48), None)
    # Of 48 x 48 pixels 230 are shown; the network sees a quarter of the picture, each pixel as four.
    assert np.count_nonzero(region.patch().mask) == pytest.approx(4 * 230, abs=2)


def test_counterparts_keep_off_the_labels_own_regions(net):
    # All other cluster maps point where the label's region is, or beside it.
    spots = [(0, 0, "x"), (0, 0, None), (0, 1, None), (1, 0, None), (1, 1, None)]
    run = [planted.explanation(net, planted.picture(seed), f"{seed}.png", spots) for seed in range(3)]
    regions = all_regions(net, run)
    pool = Pool(regions)
    examples = [each for each in regions if "x" in each.labels]
    taken = pool.patch(examples[0]).on((48, 48))
    for seed in range(10):
        for masked in pool.counterparts(examples, "x", np.random.default_rng(seed)):
            assert np.count_nonzero(masked.patch.on((48, 48)) & taken) <= 0.2 * np.count_nonzero(taken)
