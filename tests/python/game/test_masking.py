"""Masks have exactly as many pixels as they should, the highest ones, and hide the rest for good."""

import dataclasses
import itertools
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from inv_widgets.errors import UnknownNameError
from inv_widgets.explanation import ClusterMap, Column, Explanation, Prediction, Rest
from inv_widgets.game.masked_pictures import GREY, masked_picture
from inv_widgets.game.masking import blur_sigma, reveal_mask, reveal_masks, soft_mask
from inv_widgets.recipe import Recipe

SHARES = Recipe().reveal_shares


def explanation(picture, values, window=None):
    cluster_map = ClusterMap.from_raw(
        np.asarray(values, np.float32),
        id="c",
        cluster=0,
        channels=np.arange(2),
        channel_weights=np.array([30.0, 20.0]),
        channel_thumbnails=np.zeros((2, 4, 4), np.uint8),
        silhouette=0.5,
    )
    rest = Rest(50.0, 0.0, 3, 0, np.zeros_like(values, np.float32))
    column = Column("conv", 0, 1, 1, 5, np.shape(values), 1.0, rest, cluster_maps=(cluster_map,))
    height, width = picture.shape[:2]
    return Explanation(
        picture, "cat.jpg", "p", "net", "n", window or (0.0, 0.0, float(width), float(height)), 1, "cat", 0.5,
        Prediction(1, "cat", 0.5), (column,),
    )  # fmt: skip


def only_map(ex):
    return ex.columns[0].cluster_maps[0]


@given(
    st.integers(1, 9), st.integers(1, 9), st.integers(1, 40), st.integers(1, 40), st.floats(0, 100),
    st.integers(0, 2**32), st.integers(1, 4),
)  # fmt: skip
def test_exactly_the_nominal_number_of_pixels(h, w, height, width, share, seed, levels):
    # Few levels: most pixels are tied.
    values = np.random.default_rng(seed).integers(0, levels, (h, w)).astype(np.float32)
    mask = reveal_mask(values, (height, width), share)
    assert mask.dtype == bool
    assert mask.shape == (height, width)
    assert mask.sum() == round(share * height * width / 100)


@given(st.integers(1, 12), st.integers(1, 12), st.floats(0, 100), st.integers(0, 2**32))
def test_a_map_of_the_pictures_size_gives_its_highest_pixels(h, w, share, seed):
    values = np.random.default_rng(seed).integers(-3, 4, (h, w))
    mask = reveal_mask(values, (h, w), share)
    if 0 < mask.sum() < mask.size:
        assert values[mask].min() >= values[~mask].max()


@given(st.floats(0, 100), st.floats(0, 100), st.integers(0, 2**32), st.integers(1, 3))
def test_a_larger_share_contains_a_smaller_one(one, two, seed, levels):
    values = np.random.default_rng(seed).integers(0, levels, (5, 4))
    small, large = (reveal_mask(values, (23, 17), share) for share in sorted((one, two)))
    assert not (small & ~large).any()


def test_enlarged_linearly_between_the_centres_of_cells():
    # Worked out by hand: 2 cells on 8 pixels have their centres at pixels 1.5 and 5.5.
    values = np.array([[0.0, 1.0]])
    for n in range(9):
        mask = reveal_mask(values, (1, 8), 100 * n / 8)
        assert mask.sum() == n
        # Pixels 6 and 7 lie beyond the last centre: tied, highest. Then it falls to the left, to 0 and 1, tied.
        if 2 <= n <= 6:
            assert mask[0, 8 - n :].all()


def test_equal_pixels_stand_in_an_order_that_the_seed_fixes():
    flat = np.full((4, 4), 0.3, np.float32)
    one = reveal_mask(flat, (40, 40), 30)
    np.testing.assert_array_equal(one, reveal_mask(flat, (40, 40), 30, seed=0))
    np.testing.assert_array_equal(one, reveal_mask(flat * 5, (40, 40), 30))  # all tied, whatever the value
    assert (one != reveal_mask(flat, (40, 40), 30, seed=1)).mean() > 0.2
    # Not a block, not a stripe: every row and column has its part.
    assert one.any(0).all()
    assert one.any(1).all()


def test_the_order_of_equal_pixels_is_the_same_on_every_machine():
    # Written down once: stored rounds must show what their players saw.
    np.testing.assert_array_equal(np.flatnonzero(reveal_mask(np.zeros((1, 1)), (1, 16), 25)), [0, 3, 5, 7])


def test_one_pixel():
    assert not reveal_mask([[1.0]], (1, 1), 30).any()
    assert not reveal_mask([[1.0]], (1, 1), 50).any()  # round half to even, as Python's round
    assert reveal_mask([[1.0]], (1, 1), 51).all()


def test_huge_values_keep_their_ranks():
    values = np.array([[-1.7e308, 1.7e308], [0.0, 1e308]])
    np.testing.assert_array_equal(reveal_mask(values, (2, 2), 50), [[False, True], [False, True]])


def test_pixels_outside_the_window_rank_last():
    values = np.array([[0.0, -5.0], [-1.0, -2.0]])
    window = (2, 1, 4, 2)
    inside = np.zeros((5, 10), bool)
    inside[1:3, 2:6] = True
    assert not (reveal_mask(values, (5, 10), 10, window=window) & ~inside).any()
    np.testing.assert_array_equal(reveal_mask(values, (5, 10), 16, window=window), inside)
    more = reveal_mask(values, (5, 10), 30, window=window)
    assert more.sum() == 15
    assert more[inside].all()


def test_a_map_covers_its_window_even_where_that_lies_beyond_the_picture():
    values = np.arange(4.0)[None]  # rises to the right, but its right half lies beyond
    mask = reveal_mask(values, (4, 4), 25, window=(0, 0, 8, 4))
    assert mask[:, 3].all()


def test_a_window_between_two_pixels_still_gives_the_nominal_number():
    assert reveal_mask(np.eye(3), (4, 4), 50, window=(1.6, 1.6, 0.2, 0.2)).sum() == 8


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (([[np.nan, 1.0]], (4, 4), 30), ValueError, "1 of this map's 2 cells are NaN"),
        (([[np.inf, 1.0]], (4, 4), 30), ValueError, "NaN or infinite"),
        ((np.ones(4), (4, 4), 30), ValueError, "two dimensions"),
        ((np.ones((1, 4, 4)), (4, 4), 30), ValueError, r"\(1, 4, 4\)"),
        ((np.ones((0, 4)), (4, 4), 30), ValueError, "at least one cell"),
        (([["a"]], (4, 4), 30), TypeError, "numbers"),
        ((np.eye(2), (4, 4), 100.5), ValueError, "share=100.5"),
        ((np.eye(2), (4, 4), -1), ValueError, "0..100"),
        ((np.eye(2), (4, 4), float("nan")), ValueError, "share=nan"),
        ((np.eye(2), (4, 4), "30 %"), TypeError, "per cent"),
        ((np.eye(2), (4, 0), 30), ValueError, r"picture.shape\[:2\]"),
        ((np.eye(2), (4, 4, 3), 30), ValueError, r"picture.shape\[:2\]"),
        ((np.eye(2), 4, 30), ValueError, "height, width"),
        ((np.eye(2), (4.0, 4.0), 30), ValueError, "height, width"),
    ],
)
def test_what_cannot_be_masked_is_refused(arguments, error, words):
    with pytest.raises(error, match=rf"^\[inv-widgets\].*{words}"):
        reveal_mask(*arguments)


@pytest.mark.parametrize("window", [(0, 0, 0, 4), (0, 0, 4), (0, 0, np.nan, 4), "all", (0, 0, 4, -1)])
def test_impossible_windows_are_refused(window):
    with pytest.raises(ValueError, match=r"^\[inv-widgets\] window="):
        reveal_mask(np.eye(2), (4, 4), 30, window=window)


def test_seeds_are_whole_numbers():
    with pytest.raises(TypeError, match=r"^\[inv-widgets\] seed=0.5"):
        reveal_mask(np.eye(2), (4, 4), 30, seed=0.5)
    assert reveal_mask(np.eye(2), (4, 4), 50, seed=-(2**70)).sum() == 8


def test_map_is_a_keyword():
    assert reveal_mask(map=np.eye(2), shape=(4, 4), share=50).sum() == 8


@pytest.mark.parametrize(("side", "sigma"), [(256, 3), (128, 6), (64, 12), (32, 16), (16, 24), (7, 24), (1000, 3)])
def test_the_published_widths_of_the_edge(side, sigma):
    assert blur_sigma(side, 512, Recipe()) == pytest.approx(sigma)
    assert blur_sigma(side, 256, Recipe(reveal_picture=256)) == pytest.approx(sigma / 2)


def test_between_the_published_widths_the_logarithm_counts():
    assert blur_sigma(32 * 2**0.5, 512, Recipe()) == pytest.approx(14)
    assert 16 < blur_sigma(28, 512, Recipe()) < 24
    with pytest.raises(ValueError, match=r"blur_sigma\(map_side=0\)"):
        blur_sigma(0, 512, Recipe())


def test_the_edge_is_a_gaussian_that_is_cut_off():
    hard = np.zeros((41, 41), bool)
    hard[20, 20] = True
    soft = soft_mask(hard, 4.0, truncate=1.5)
    assert soft.dtype == np.float32
    row = soft[20] / soft[20, 20]
    assert row[20 + 5] == pytest.approx(np.exp(-(5**2) / (2 * 4**2)), rel=1e-5)
    assert row[20 + 6] > 0
    assert row[20 + 7] == 0  # exactly: 1.5 * 4 = 6
    assert soft.sum() == pytest.approx(1, rel=1e-5)


def test_masks_that_are_full_empty_hard_or_tiny():
    assert (soft_mask(np.zeros((9, 9), bool), 5.0) == 0).all()
    np.testing.assert_allclose(soft_mask(np.ones((9, 9), bool), 5.0), 1, rtol=1e-6)
    hard = np.eye(3, dtype=bool)
    np.testing.assert_array_equal(soft_mask(hard, 0.0), hard)
    assert soft_mask(np.ones((1, 1), bool), 24.0).shape == (1, 1)
    with pytest.raises(ValueError, match="reveal_mask"):
        soft_mask(np.ones((3, 3)), 1.0)
    with pytest.raises(ValueError, match="sigma=-1"):
        soft_mask(hard, -1.0)


@pytest.mark.parametrize(
    ("size", "shown"), [((60, 80), (384, 512)), ((1024, 700), (512, 350)), ((1, 1), (512, 512)), ((512, 512),) * 2]
)
def test_the_game_shows_pictures_of_one_size(size, shown):
    ex = explanation(np.full((*size, 3), 200, np.uint8), np.eye(8))
    picture = masked_picture(ex, only_map(ex), 3)
    assert picture.shape == (*shown, 3)
    assert picture.dtype == np.uint8


@pytest.mark.parametrize("step", range(6))
def test_hidden_pixels_say_nothing_about_the_picture(step):
    down, across = np.ogrid[:28, :28]
    values = np.exp(-((down - 9) ** 2 + (across - 17) ** 2) / 60)
    one, two = (np.random.default_rng(seed).integers(0, 256, (512, 400, 3), np.uint8) for seed in (1, 2))
    hard = reveal_mask(values.astype(np.float32), (512, 400), SHARES[step])
    hidden = soft_mask(hard, blur_sigma(28, 512, Recipe())) == 0
    assert hidden.mean() > 0.01
    shown = [masked_picture(ex, only_map(ex), step) for ex in (explanation(one, values), explanation(two, values))]
    assert (shown[0][hidden] == GREY).all()
    assert (shown[1][hidden] == GREY).all()
    assert (shown[0] != shown[1]).any()


def test_the_middle_of_what_is_shown_is_the_picture_itself():
    values = np.zeros((16, 16))
    values[4:12, 4:12] = 1
    picture = np.random.default_rng(1).integers(0, 256, (512, 512, 3), np.uint8)
    ex = explanation(picture, values)
    shown = masked_picture(ex, only_map(ex), 0, Recipe(reveal_shares=(25.0,)))
    np.testing.assert_array_equal(shown[240:272, 240:272], picture[240:272, 240:272])


def test_the_window_moves_and_shrinks_with_the_picture():
    picture = np.zeros((1024, 2048, 3), np.uint8)
    ex = explanation(picture, np.ones((16, 16)), window=(1024.0, 0.0, 1024.0, 1024.0))
    shown = masked_picture(ex, only_map(ex), 5)
    assert shown.shape == (256, 512, 3)
    assert (shown[:, : 256 - 36] == GREY).all()  # 36 pixels is as far as the softest edge reaches
    assert (shown[:, 300:] != GREY).any()


def test_each_step_shows_what_the_one_before_showed():
    values = np.random.default_rng(0).random((14, 14)).astype(np.float32)
    masks = [reveal_mask(values, (512, 340), share) for share in SHARES]
    assert [int(mask.sum()) for mask in masks] == [round(share * 512 * 340 / 100) for share in SHARES]
    for before, after in itertools.pairwise(masks):
        assert not (before & ~after).any()


def test_steps_and_cluster_maps_that_are_not_there():
    ex = explanation(np.zeros((8, 8, 3), np.uint8), np.eye(4))
    with pytest.raises(ValueError, match="no step 6: this recipe's go from 0 to 5"):
        masked_picture(ex, only_map(ex), 6)
    with pytest.raises(ValueError, match="no step -1"):
        masked_picture(ex, only_map(ex), -1)
    with pytest.raises(TypeError, match=r"step=1\.0 is a float"):
        masked_picture(ex, only_map(ex), 1.0)
    with pytest.raises(UnknownNameError, match=r"'d' is none of 'cat.jpg'"):
        masked_picture(ex, dataclasses.replace(only_map(ex), id="d"), 0)


def test_a_mask_of_512_pixels_is_quick():
    # The aim is 30 ms on a quiet machine; ten times that here, of this process's own time, since others share it.
    values = np.random.default_rng(0).random((14, 14)).astype(np.float32)
    sigma = blur_sigma(14, 512, Recipe())
    times = []
    for _ in range(3):
        start = time.process_time()
        soft_mask(reveal_mask(values, (512, 512), 30), sigma)
        times.append(time.process_time() - start)
    assert min(times) < 0.3


@given(
    st.integers(1, 60), st.integers(1, 60), st.sampled_from([0.0, 0.01, 0.5]), st.sampled_from([0.2, 1.0, 7.0, 40.0]),
    st.integers(0, 2**32),
)  # fmt: skip
def test_the_edge_is_that_of_the_whole_picture_to_the_bit(height, width, share, sigma, seed):
    hard = np.random.default_rng(seed).random((height, width)) < share
    whole = np.clip(ndimage.gaussian_filter(hard.astype(np.float32), sigma, truncate=1.5, mode="nearest"), 0, 1)
    np.testing.assert_array_equal(soft_mask(hard, sigma), whole)


@given(st.lists(st.floats(0, 100), max_size=5), st.integers(1, 3), st.integers(0, 2**32))
def test_several_shares_at_once_are_those_one_by_one(shares, levels, seed):
    values = np.random.default_rng(seed).integers(0, levels, (5, 4))
    window = (2.0, -1.0, 11.0, 20.0)
    together = reveal_masks(values, (23, 17), shares, window=window, seed=3)
    assert len(together) == len(shares)
    for share, mask in zip(shares, together, strict=True):
        np.testing.assert_array_equal(mask, reveal_mask(values, (23, 17), share, window=window, seed=3))
