"""Boxes, polygons and run lengths, by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from inv_widgets.datasets.mask_codes import box_mask, counts_mask, polygon_mask, runs_mask, unpacked_counts


def drawn(*rows):
    return np.array([[sign == "#" for sign in row] for row in rows])


def test_boxes_count_from_one_and_include_their_ends():
    assert (box_mask([(2, 1, 3, 2)], (3, 4)) == drawn(".##.", ".##.", "....")).all()
    assert (box_mask([(1, 3, 1, 3), (3.6, 1, 9, 1.2)], (3, 4)) == drawn("...#", "....", "#...")).all()
    assert not box_mask([], (2, 2)).any()
    assert box_mask([(0, 0, 2, 2)], (2, 2)).all()


def test_polygons_fill_the_pixels_whose_middle_is_inside():
    assert (polygon_mask([1, 0, 3, 0, 3, 2, 1, 2], (3, 4)) == drawn(".##.", ".##.", "....")).all()
    # The diagonal runs through the middles of the pixels (0, 2), (1, 1) and (2, 0), and what it begins at is inside.
    assert (polygon_mask([0, 3, 3, 0, 3, 3], (3, 3)) == drawn("..#", ".##", "###")).all()
    assert (polygon_mask([-5, -5, 9, -5, 9, 1.4, -5, 1.4], (3, 3)) == drawn("###", "...", "...")).all()
    assert not polygon_mask([0.6, 0, 1.4, 0, 1.4, 3, 0.6, 3], (3, 3))[:, 1:].any()


def test_even_odd_and_concave():
    # A U, and a star-shaped crossing: what is wound twice is outside.
    u_shape = [0, 0, 1, 0, 1, 2, 3, 2, 3, 0, 4, 0, 4, 3, 0, 3]
    assert (polygon_mask(u_shape, (3, 4)) == drawn("#..#", "#..#", "####")).all()
    twice = [0, 0, 3, 0, 3, 3, 0, 3, 0, 0, 1, 1, 1, 2, 2, 2, 2, 1, 1, 1]
    assert (polygon_mask(twice, (3, 3)) == drawn("###", "#.#", "###")).all()


def test_a_triangle_has_its_area():
    mask = polygon_mask([10.3, 20.1, 180.7, 40.9, 60.2, 150.5], (200, 200))
    area = abs((180.7 - 10.3) * (150.5 - 20.1) - (60.2 - 10.3) * (40.9 - 20.1)) / 2
    assert mask.sum() == pytest.approx(area, rel=0.005)


@pytest.mark.parametrize(
    "polygon", [[], [0, 0, 1, 1], [0, 0, 1, 0, 1], [0, 0, 1, 0, float("nan"), 1], [[0, 0], [1, 1]]]
)
def test_polygons_that_are_none(polygon):
    with pytest.raises(ValueError, match="three points or more"):
        polygon_mask(polygon, (3, 3))


def test_counts_run_down_the_columns_and_begin_with_nothing():
    assert (counts_mask([1, 2, 2, 1], (3, 2)) == drawn("..", "#.", "##")).all()
    assert counts_mask([0, 6], (3, 2)).all()


@pytest.mark.parametrize("counts", [[1, 2], [7], [9, -3], [1.5, 4.5], [2**62, 2**62, 2**62, 2**62, 6], [[6]], [10**30]])
def test_counts_that_do_not_fit(counts):
    with pytest.raises(ValueError, match="do not add up to 3 x 2 pixels"):
        counts_mask(counts, (3, 2))


def test_packed_counts_by_hand():
    # 5 -> chr(53); 40 = 8 + 1 * 32 -> chr(48 + 8 + 32), chr(48 + 1); 3; then 40 + (-2) relative to the run two before.
    assert unpacked_counts("5X13") == [5, 40, 3]
    assert unpacked_counts("5X13N") == [5, 40, 3, 38]
    for broken in ("X", "5\x20", "5é"):
        with pytest.raises(ValueError, match="compressed run lengths"):
            unpacked_counts(broken)


def packed(counts):
    """COCO's packing, written from its description."""
    text = ""
    for place, count in enumerate(counts):
        value = count - counts[place - 2] if place > 2 else count
        more = True
        while more:
            bits = value & 31
            value >>= 5
            more = value != (-1 if bits & 16 else 0)
            text += chr(48 + bits + 32 * more)
    return text


@given(arrays.arrays(np.bool_, st.tuples(st.integers(1, 40), st.integers(1, 40))))
def test_masks_survive_packing(mask):
    flat = mask.ravel(order="F")
    changes = np.flatnonzero(np.diff(np.concatenate([[False], flat]).astype(int)))
    counts = np.diff(np.concatenate([[0], changes, [flat.size]])).tolist()
    assert unpacked_counts(packed(counts)) == counts
    assert (counts_mask(counts, mask.shape) == mask).all()
    runs = " ".join(
        f"{start + 1} {stop - start}" for start, stop in zip(changes[::2], [*changes[1::2], flat.size], strict=False)
    )
    assert (runs_mask(runs, mask.shape) == mask).all()


def test_runs_by_hand_and_runs_that_leave_the_picture():
    assert (runs_mask("2 2 6 1", (3, 2)) == drawn("..", "#.", "##")).all()
    for broken in ("1", "0 1", "6 2", "a b", "-1 2", "1 " + "9" * 5000):
        with pytest.raises(ValueError, match=r"run|Exceeds"):
            runs_mask(broken, (3, 2))
