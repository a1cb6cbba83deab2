"""Maps laid on pictures: what is bilinear, what is averaged, and what lies outside the window."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from hypothesis import given
from hypothesis import strategies as st

from inv_widgets.comparison.enlarging import laid_on
from inv_widgets.comparison.term_maps import resized


def test_by_hand():
    # Two cells on four pixels: centres at 1/4 and 3/4 of each cell; the border is held.
    got = laid_on(np.array([[0.0, 4.0]]), 1, 4, (0, 0, 4, 1))
    assert got.dtype == np.float32
    assert got.tolist() == [[0, 1, 3, 4]]


def test_outside_the_window_is_zero():
    ones = np.ones((3, 3))
    got = laid_on(ones, 6, 8, (2, 1, 4, 4))
    expected = np.zeros((6, 8))
    expected[1:5, 2:6] = 1
    assert np.array_equal(got, expected)
    # A window that begins in the middle of a pixel covers it if its centre lies inside.
    assert laid_on(ones, 1, 4, (0.4, 0, 2, 1)).tolist() == [[1, 1, 0, 0]]
    assert laid_on(ones, 1, 4, (0.6, 0, 2, 1)).tolist() == [[0, 1, 1, 0]]


def test_a_window_that_is_larger_than_the_picture():
    # Letterbox: a picture of 2 x 4 in a square of 4 x 4, whose first and last row are padding.
    values = np.tile(np.arange(4.0)[:, None], 4)
    got = laid_on(values, 2, 4, (0, -1, 4, 4))
    assert got.tolist() == [[1] * 4, [2] * 4]


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 20), st.integers(0, 20))
def test_enlarged_as_torch_does(height, width, more_down, more_across):
    values = np.random.default_rng(0).random((height, width))
    size = (height + more_down, width + more_across)
    got = laid_on(values, *size, (0, 0, size[1], size[0]))
    expected = F.interpolate(torch.from_numpy(values)[None, None], size, mode="bilinear", align_corners=False)[0, 0]
    np.testing.assert_allclose(got, expected.numpy(), atol=1e-5)


def test_shrunk_maps_are_averaged():
    # One bright cell of 100 that sampling every tenth would miss.
    values = np.zeros((100, 100))
    values[53, 57] = 100
    got = laid_on(values, 10, 10, (0, 0, 10, 10))
    assert got.sum() == pytest.approx(1, rel=0.1)
    assert np.unravel_index(got.argmax(), got.shape) == (5, 5)
    even = laid_on(np.full((100, 7), 3.0), 10, 20, (0, 0, 20, 10))
    np.testing.assert_allclose(even, 3, rtol=1e-5)


def test_resized_leaves_what_fits():
    values = torch.rand(2, 3, 4)
    assert resized(values, (3, 4)) is values
    assert resized(values, (6, 8)).shape == (2, 6, 8)
    assert resized(torch.rand(5, 2, 3, 4), (1, 1)).shape == (5, 2, 1, 1)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_any_type_becomes_float32(dtype):
    got = laid_on(np.ones((2, 2), dtype), 3, 3, (0, 0, 3, 3))
    assert got.dtype == np.float32
    assert np.array_equal(got, np.ones((3, 3)))
