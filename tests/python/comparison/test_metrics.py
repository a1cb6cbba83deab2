"""Metrics with a ground truth, and of the map alone: values by hand, ties, windows, kinds, and what is undefined."""

import math
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import inv_widgets as inv
from inv_widgets.comparison.metrics.measuring import measured
from inv_widgets.comparison.metrics.registry import METRICS
from inv_widgets.comparison.metrics.results import UndefinedMetricWarning

metrics = inv.metrics

MAP = np.array([[9.0, 8, 1, 0], [7, 6, 2, -4], [0, 3, 5, 0], [-1, 4, 0, 0]])
MASK = np.zeros((4, 4), bool)
MASK[:2, :2] = True
MASK[3, 1] = True
LOCALISATION = (metrics.ebpg, metrics.miou, metrics.bbox, metrics.pointing)


# --- by hand


def test_values_by_hand():
    assert metrics.ebpg(MAP, MASK) == pytest.approx(100 * (9 + 8 + 7 + 6 + 4) / 45)
    # round(20 % of 16) = 3 pixels, all of them inside: 3 / 5.
    assert metrics.miou(MAP, MASK) == pytest.approx(60)
    # round(50 %) = 8 pixels: 9 8 7 6 5 4 3 2, of which 5 inside: 5 / (8 + 5 - 5).
    assert metrics.miou(MAP, MASK, share=50) == pytest.approx(62.5)
    # The five highest are 9 8 7 6 5: four inside.
    assert metrics.bbox(MAP, MASK) == pytest.approx(80)
    assert metrics.pointing(MAP, MASK) == 100
    assert metrics.pointing(MAP, ~MASK, tolerance=1) == 0
    assert metrics.pointing(MAP, ~MASK, tolerance=1.99) == 0
    assert metrics.pointing(MAP, ~MASK, tolerance=2) == 100


def test_pointing_tolerance_is_euclidean():
    one, mask = np.zeros((9, 9)), np.zeros((9, 9), bool)
    one[1, 1], mask[4, 5] = 1, True
    assert metrics.pointing(one, mask, tolerance=5) == 100
    assert metrics.pointing(one, mask, tolerance=4.99) == 0


def test_pointing_takes_the_papers_15_pixels():
    one, mask = np.zeros((1, 40)), np.zeros((1, 40), bool)
    one[0, 0], mask[0, 15] = 1, True
    assert metrics.pointing(one, mask) == 100
    assert metrics.pointing(one, np.roll(mask, 1)) == 0


def test_sparseness_by_hand():
    # Sorted: 0 1 3; (2 * 1 - 4) * 0 + 0 * 1 + 2 * 3 over 3 * 4.
    assert metrics.sparseness(np.array([[1.0, -3, 0]])) == pytest.approx(0.5)
    assert metrics.sparseness(np.full((5, 7), -0.1)) == 0
    one = np.zeros((4, 5))
    one[2, 2] = 7
    assert metrics.sparseness(one) == pytest.approx(1 - 1 / 20)


def test_negative_values_are_no_energy_but_have_a_rank():
    signed = np.array([[-1.0, -2, -3, -4]])
    mask = np.array([[True, True, False, False]])
    assert metrics.bbox(signed, mask) == 100
    with pytest.warns(UndefinedMetricWarning, match="no energy of the map is positive"):
        assert math.isnan(metrics.ebpg(signed, mask))


# --- degenerate maps and masks


@pytest.mark.parametrize("value", [0.0, 3.0, -3.0])
def test_a_constant_map_scores_what_chance_does(value):
    constant, share = np.full((10, 10), value), 0.13
    for mask in (np.arange(100).reshape(10, 10) < 13, np.arange(100).reshape(10, 10) >= 87):
        assert metrics.bbox(constant, mask) == pytest.approx(100 * share)
        assert metrics.pointing(constant, mask, tolerance=0) == pytest.approx(100 * share)
        common = 20 * share
        assert metrics.miou(constant, mask) == pytest.approx(100 * common / (20 + 13 - common))
        if value > 0:
            assert metrics.ebpg(constant, mask) == pytest.approx(100 * share)


def test_ties_at_the_cut_count_by_their_share():
    tied = np.array([[5.0, 1, 1, 1, 1, 0]])
    mask = np.array([[False, True, True, False, False, False]])
    # Two pixels: the 5, and one of four ones, two of which are inside.
    assert metrics.bbox(tied, mask) == pytest.approx(100 * 0.5 / 2)


def test_one_pixel():
    one, mask = np.zeros((8, 8)), np.zeros((8, 8), bool)
    one[3, 4] = 1e-30
    mask[3, 4] = True
    assert metrics.ebpg(one, mask) == metrics.bbox(one, mask) == metrics.pointing(one, mask, 0) == 100
    assert metrics.miou(one, mask, share=100 / 64) == 100


def test_a_mask_of_the_whole_picture():
    whole = np.ones((4, 4), bool)
    assert metrics.ebpg(MAP, whole) == metrics.bbox(MAP, whole) == metrics.pointing(MAP, whole) == 100
    assert metrics.miou(MAP, whole) == pytest.approx(100 * 3 / 16)


@pytest.mark.parametrize("metric", LOCALISATION)
def test_an_empty_mask_is_undefined(metric):
    with pytest.warns(UndefinedMetricWarning, match="undefined .NaN. for 1 of 1 .* the mask marks no pixel"):
        assert math.isnan(metric(MAP, np.zeros((4, 4), bool)))


def test_undefined_where_nothing_is_there():
    with pytest.warns(UndefinedMetricWarning, match="20 % of 2 pixels is not one pixel"):
        assert math.isnan(metrics.miou(np.array([[1.0, 2]]), np.array([[True, False]])))
    with pytest.warns(UndefinedMetricWarning, match="0 everywhere"):
        assert math.isnan(metrics.sparseness(np.zeros((3, 3))))
    for metric in (*LOCALISATION, lambda maps, _: metrics.sparseness(maps)):
        with pytest.warns(UndefinedMetricWarning, match="says nothing anywhere"):
            assert math.isnan(metric(np.full((4, 4), np.nan), MASK))


def test_one_warning_names_all_pictures_and_points_here():
    maps = np.stack([MAP, np.zeros((4, 4)), MAP, -np.ones((4, 4))])
    masks = np.stack([MASK, MASK, ~MASK & MASK, MASK])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        values = metrics.ebpg(maps, masks)
    (warning,) = caught
    assert warning.filename == __file__
    assert "ebpg is undefined (NaN) for 3 of 4 pictures" in str(warning.message)
    assert "1, 3: no energy of the map is positive; 2: the mask marks no pixel" in str(warning.message)
    assert np.isnan(values).tolist() == [False, True, True, True]


def test_measured_gives_reasons_and_no_warning():
    maps = np.stack([MAP, np.zeros((4, 4))])
    found = measured("ebpg", maps, masks=MASK)
    assert found.reasons == ("", "no energy of the map is positive")
    assert found.values[0] == metrics.ebpg(MAP, MASK)
    assert measured("miou", MAP, masks=MASK, share=50).values == pytest.approx([62.5])


def test_measured_refuses_what_it_cannot_measure():
    with pytest.raises(KeyError, match="Did you mean 'bbox'"):
        measured("bboxes", MAP, masks=MASK)
    with pytest.raises(TypeError, match="give masks="):
        measured("bbox", MAP)
    with pytest.raises(TypeError, match="give net= and pictures="):
        measured("drop", MAP)
    with pytest.raises(TypeError, match="shares"):
        measured("miou", MAP, masks=MASK, shares=20)


def test_the_table_names_public_functions():
    assert all(callable(getattr(metrics, name)) for name in METRICS)
    assert all(metric.name == name and callable(metric.measure) for name, metric in METRICS.items())


# --- the window


@pytest.mark.parametrize("how", ["nan", "valid", "valid of another map"])
@pytest.mark.parametrize("metric", LOCALISATION)
def test_outside_the_window_nothing_counts(metric, how):
    large, mask = np.full((6, 6), 99.0), np.ones((6, 6), bool)
    large[1:5, 1:5], mask[1:5, 1:5] = MAP, MASK
    inside = metrics.window_mask((1, 1, 4, 4), (6, 6))
    if how == "nan":
        found = metric(np.where(inside, large, np.nan), mask)
    elif how == "valid":
        found = metric(np.where(inside, large, np.inf), mask, valid=inside)
    else:
        found = metric(large, mask, valid=torch.from_numpy(inside).to(torch.uint8))
    assert found == metric(MAP, MASK)


@pytest.mark.parametrize("metric", LOCALISATION)
def test_a_mask_outside_the_window_is_empty(metric):
    large, mask = np.pad(MAP, ((0, 0), (0, 2)), constant_values=np.nan), np.zeros((4, 6), bool)
    mask[:, 4:] = True
    with pytest.warns(UndefinedMetricWarning, match="the mask marks no pixel of the window"):
        assert math.isnan(metric(large, mask))


def test_no_more_than_all_energy():
    rng = np.random.default_rng(8)
    maps, mask = rng.random((9, 9)), rng.random((9, 9)) < 0.8
    assert metrics.ebpg(np.where(mask, maps, -1), mask) == 100  # where sums in another order give more


def test_sparseness_of_the_window():
    large = np.full((4, 6), np.nan)
    large[:, 1:5] = MAP
    assert metrics.sparseness(large) == metrics.sparseness(MAP)


def test_window_and_box_masks_go_by_centres():
    assert metrics.window_mask((0.5, -3, 2, 4.5), (3, 4)).tolist() == [
        [True, True, False, False],
        [False] * 4,  # its centre is the window's lower edge: outside
        [False] * 4,
    ]
    boxes = metrics.box_mask([(0, 0, 2, 1), (3, 1, 4, 3)], (3, 4))
    assert np.argwhere(boxes).tolist() == [[0, 0], [0, 1], [1, 3], [2, 3]]
    assert metrics.box_mask((0, 0, 4, 3), (3, 4)).all()


# --- kinds


def test_one_map_gives_a_number_and_several_an_array():
    assert type(metrics.ebpg(MAP, MASK)) is float
    several = metrics.ebpg(MAP[None], MASK)
    assert several.shape == (1,)
    assert several.dtype == np.float64
    listed = metrics.bbox([MAP, MAP[:3]], [MASK, MASK[:3]])
    assert listed.tolist() == [metrics.bbox(MAP, MASK), metrics.bbox(MAP[:3], MASK[:3])]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.int32])
def test_tensors_give_tensors(dtype):
    maps = torch.from_numpy(MAP).to(dtype)
    if dtype.is_floating_point:
        maps.requires_grad_()
    one = metrics.ebpg(maps, torch.from_numpy(MASK))
    assert isinstance(one, torch.Tensor)
    assert one.shape == ()
    assert one.dtype == torch.float64
    assert not one.requires_grad
    assert one.item() == metrics.ebpg(MAP, MASK)
    assert metrics.bbox(maps[None].expand(3, -1, -1), MASK.astype(np.float32)).shape == (3,)
    assert isinstance(metrics.pointing([maps, maps], MASK), torch.Tensor)


@pytest.mark.parametrize("dtype", [np.float16, np.int8, np.int64, np.longdouble, ">f4"])
def test_any_real_type(dtype):
    given_map = MAP.astype(dtype)
    for metric in LOCALISATION:
        assert metric(given_map, MASK) == metric(MAP, MASK)


def test_what_is_given_stays_as_it_is():
    maps, mask = MAP.copy(), MASK.copy()
    maps.setflags(write=False)
    mask.setflags(write=False)
    for metric in LOCALISATION:
        metric(maps, mask)
    metrics.sparseness(maps)


@pytest.mark.parametrize("scale", [1e-310, 1e308 / 9])
def test_very_small_and_very_large_values(scale):
    assert metrics.ebpg(MAP * scale, MASK) == pytest.approx(metrics.ebpg(MAP, MASK), rel=1e-9)
    assert metrics.sparseness(MAP * scale) == pytest.approx(metrics.sparseness(MAP), rel=1e-9)


# --- bad input


@pytest.mark.parametrize(
    ("maps", "masks", "says"),
    [
        (MAP, MASK[:3], "number 0 is 3 x 4 but its saliency map is 4 x 4"),
        (np.stack([MAP] * 3), np.stack([MASK] * 2), "2 for 3 saliency maps"),
        (np.where(MAP == 9, np.inf, MAP), MASK, "1 of the 16 pixels .* NaN or infinite"),
        (MAP, MASK * 255, "number 0 holds 255: give bool"),
        (MAP, MASK * 0.5, "holds 0.5: give bool"),
        (MAP, np.where(MASK, np.nan, 0), "holds nan: give bool"),
        (MAP[0], MASK, "of shape 4: give H x W"),
        (MAP[None, None], MASK, "of shape 1 x 1 x 4 x 4"),
        (np.zeros((0, 4, 4)), MASK, "empty"),
        (np.zeros((0, 4)), MASK, "at least one pixel"),
        ([], MASK, "empty"),
        (MAP.astype(complex), MASK, "complex128"),
        (torch.from_numpy(MAP).to(torch.complex64), MASK, "is complex"),
        ("map.png", MASK, "a str: give an array"),
        (MAP.tolist(), MASK, "is a list: give an array"),
        (MAP, None, "a NoneType"),
    ],
)
@pytest.mark.parametrize("metric", LOCALISATION)
def test_bad_input_is_refused(metric, maps, masks, says):
    with pytest.raises((TypeError, ValueError), match=f"^.inv-widgets. .*{says}"):
        metric(maps, masks)


def test_nan_inside_a_given_window_is_refused():
    holed = np.where(MAP == 9, np.nan, MAP)
    with pytest.raises(ValueError, match="1 of the 5 pixels of saliency map 0"):
        metrics.ebpg(holed, MASK, valid=MASK)
    with pytest.raises(ValueError, match="valid: number 0 is 3 x 4"):
        metrics.ebpg(MAP, MASK, valid=MASK[:3])


@pytest.mark.parametrize("share", [0, -1, 100.1, math.nan, True, "20", None])
def test_impossible_shares_are_refused(share):
    with pytest.raises((TypeError, ValueError), match="share"):
        metrics.miou(MAP, MASK, share=share)


@pytest.mark.parametrize("tolerance", [-1, math.inf, math.nan, True, "15"])
def test_impossible_tolerances_are_refused(tolerance):
    with pytest.raises((TypeError, ValueError), match="tolerance"):
        metrics.pointing(MAP, MASK, tolerance=tolerance)


@pytest.mark.parametrize("boxes", [(0, 0, 0, 2), (2, 0, 1, 2), (0, 0, 1), (0, 0, math.nan, 1), []])
def test_impossible_boxes_are_refused(boxes):
    with pytest.raises(ValueError, match="box"):
        metrics.box_mask(boxes, (4, 4))


def test_unknown_keywords_are_refused():
    with pytest.raises(TypeError, match="share"):
        metrics.bbox(MAP, MASK, share=20)


# --- properties

SHAPES = st.tuples(st.integers(1, 7), st.integers(1, 7))
CASES = SHAPES.flatmap(
    lambda shape: st.tuples(
        hnp.arrays(np.int64, shape, elements=st.integers(-20, 20)),
        hnp.arrays(bool, shape),
    )
)


def value(name, maps, mask, **parameters):
    return measured(name, maps, masks=mask, **parameters).values[0]


@given(CASES)
def test_per_cent(case):
    for name in ("ebpg", "miou", "bbox", "pointing"):
        found = value(name, *case)
        assert math.isnan(found) or 0 <= found <= 100


@given(CASES)
def test_ranks_are_all_that_counts(case):
    maps, mask = case
    for name, parameters in (("miou", {}), ("bbox", {}), ("pointing", {"tolerance": 1})):
        before = value(name, maps, mask, **parameters)
        for other in (3.0 * maps - 7, maps.astype(float) ** 3, np.exp(maps / 4)):
            np.testing.assert_equal(value(name, other, mask, **parameters), before)


@given(CASES, st.sampled_from([0.5, 4.0, 1024.0]))
def test_energy_and_sparseness_know_no_scale(case, scale):
    maps, mask = case
    for name in ("ebpg", "sparseness"):
        np.testing.assert_allclose(value(name, maps * scale, mask), value(name, maps, mask), rtol=1e-12)


@given(CASES, st.sampled_from([np.flipud, np.fliplr, np.transpose]))
def test_turning_the_picture_changes_nothing(case, turn):
    maps, mask = case
    for name in ("ebpg", "miou", "bbox", "pointing", "sparseness"):
        np.testing.assert_allclose(value(name, turn(maps), turn(mask)), value(name, maps, mask), rtol=1e-12)


@given(CASES)
def test_energy_in_a_mask_and_in_the_rest_is_all_energy(case):
    maps, mask = case
    both = value("ebpg", maps, mask) + value("ebpg", maps, ~mask)
    assert math.isnan(both) or both == pytest.approx(100)


@given(CASES)
def test_a_map_that_is_the_mask_scores_full_marks(case):
    _, mask = case
    if mask.any():
        for name in ("ebpg", "bbox", "pointing"):
            assert value(name, mask, mask) == 100
        area = 100 * mask.mean()
        assert value("miou", mask, mask, share=area) == 100


@given(CASES)
def test_sparseness_lies_between_none_and_one_pixel(case):
    maps, _ = case
    found = measured("sparseness", maps).values[0]
    assert math.isnan(found) == (not maps.any())
    assert math.isnan(found) or 0 <= found <= 1 - 1 / maps.size + 1e-12
