"""Trends over depth, worked out by hand and against numpy's polyfit."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from labelled_runs import GROUPS, Shown, cats_and_a_dog, make_explanation

from inv_widgets.summary.pipeline import summarize
from inv_widgets.summary.spread import Bootstrap, quartiles
from inv_widgets.summary.trends import slopes


def test_scores_by_layer_are_means_over_the_pictures_played_there():
    frame = summarize(cats_and_a_dog(), groups=GROUPS).by_layer()
    cats = frame[frame.target_name == "cat"]
    # c1 was played in three pictures, c3 in two; nothing of c2 was, so that it has no rows.
    assert [tuple(row) for row in cats[["label", "layer", "score", "n_pictures_played"]].to_numpy()] == [
        ("ear", "c1", 5.5 / 3, 3), ("ear", "c3", 0.75, 2), ("eye", "c1", 2 / 3, 3), ("eye", "c3", 0.0, 2),
        ("fur", "c1", 2.0, 3), ("fur", "c3", 0.0, 2),
    ]  # fmt: skip
    ear = cats[(cats.label == "ear") & (cats.layer == "c1")].iloc[0]
    assert (ear.title, ear.depth, ear.group) == ("block 3, layer 1", 4, "early")
    assert (ear.n_cluster_maps, ear.n_pictures, ear.n_rounds, ear.n_players, ear.n_players_at_most) == (2, 2, 6, 2, 4)


def test_slopes_by_hand():
    frame = summarize(cats_and_a_dog()).trends().set_index("label")
    # Depths 4 and 8: two points, so the line goes through both.
    assert list(frame.index) == ["fur", "ear", "eye"]
    assert set(frame.direction) == {"falls"}
    assert frame.slope["fur"] == (0 - 2) / 4
    assert frame.intercept["fur"] == 4.0
    assert frame.slope["ear"] == pytest.approx((0.75 - 5.5 / 3) / 4)
    assert (frame.n_layers["ear"], frame.n_layers_found["ear"], frame.n_layers_found["fur"]) == (2, 2, 1)
    assert (frame.n_cluster_maps["ear"], frame.n_pictures["ear"], frame.n_rounds["ear"]) == (3, 2, 8)
    assert frame.low_support.to_dict() == {"fur": False, "ear": False, "eye": True}


def rising_and_falling(pictures=3):
    layers = {"c1": (0, 1, 1), "c2": (1, 1, 2), "c3": (2, 1, 3)}
    at = {layer: [Shown({f"up{n}": (n + 1) * depth}) for n in range(8) if depth]
          + [Shown({f"down{n}": (n + 1) * (2 - depth)}) for n in range(8) if depth < 2] + [Shown({"flat": 0.1})]
          for layer, (depth, _, _) in layers.items()}  # fmt: skip
    return [make_explanation(f"{n}.jpg", "cat", at, layers=layers) for n in range(pictures)]


def test_the_six_that_rise_and_the_six_that_fall_most():
    summary = summarize(rising_and_falling())
    frame = summary.trends()
    assert list(frame.label) == [f"up{n}" for n in range(7, 1, -1)] + [f"down{n}" for n in range(7, 1, -1)]
    assert list(frame.direction) == ["rises"] * 6 + ["falls"] * 6
    np.testing.assert_allclose(frame.slope, [8, 7, 6, 5, 4, 3, -8, -7, -6, -5, -4, -3])
    # What is flat does neither, however many are asked for.
    assert "flat" in summary.labels
    assert len(summary.trends(100)) == 16
    assert list(summary.trends(1).label) == ["up7", "down7"]


def test_pictures_that_agree_leave_no_doubt_about_a_slope_and_others_do():
    frame = summarize(rising_and_falling()).trends()
    np.testing.assert_allclose(frame.slope_low, frame.slope)
    np.testing.assert_allclose(frame.slope_high, frame.slope)
    cats = summarize(cats_and_a_dog()).trends().set_index("label")
    assert (cats.slope_low < cats.slope).all()
    assert (cats.slope_high > cats.slope).all()
    single = summarize(rising_and_falling(1)).trends()
    assert single.slope_low.isna().all()
    assert len(single) == 12


def test_slope_intervals_are_those_of_drawing_pictures_anew():
    # Played everywhere: the mean slope is the mean of the pictures' slopes, here 1, 2 and 6.
    layers = {"c1": (0, 1, 1), "c2": (1, 1, 2)}
    run = [
        make_explanation(f"{rise}.jpg", "cat", {"c1": [Shown({})], "c2": [Shown({"ear": rise})]}, layers=layers)
        for rise in (1.0, 2.0, 6.0)
    ]
    ear = summarize(run, confidence=0.8, draws=50_000).trends().iloc[0]
    means = [(a + b + c) / 3 for a in (1, 2, 6) for b in (1, 2, 6) for c in (1, 2, 6)]
    exact = np.quantile(means, [0.1, 0.9], method="inverted_cdf")
    np.testing.assert_allclose([ear.slope_low, ear.slope_high], exact)


def test_slope_intervals_mind_which_pictures_were_played_where():
    layers = {"c1": (0, 1, 1), "c2": (1, 1, 2)}
    rises = {"a": 2.0, "b": 4.0, "c": None}  # c was not played at the second layer
    run = [
        make_explanation(name, "cat", {"c1": [Shown({})], "c2": [Shown({"ear": rise})] if rise else []}, layers=layers)
        for name, rise in rises.items()
    ]
    ear = summarize(run, confidence=0.9, draws=50_000).trends().iloc[0]
    assert ear.slope == 3.0
    drawn = [[rises[name] for name in names if rises[name]] for names in itertools.product("abc", repeat=3)]
    exact = np.quantile([np.mean(there) for there in drawn if there], [0.05, 0.95], method="inverted_cdf")
    np.testing.assert_allclose([ear.slope_low, ear.slope_high], exact)


def test_one_layer_has_no_trend():
    assert summarize([make_explanation("a.jpg", "cat", {"c1": [Shown({"ear": 1.0})]})]).trends().empty
    assert summarize(cats_and_a_dog()).filter(target="dog").trends().empty


@pytest.mark.parametrize("wrong", [0, -1, True, 2.0, "6", None])
def test_the_number_of_trends_is_checked(wrong):
    with pytest.raises(ValueError, match=r"^\[inv-widgets\] n="):
        summarize(cats_and_a_dog()).trends(wrong)


numbers = st.floats(-1e3, 1e3).map(lambda value: round(value, 3))


@given(st.lists(st.tuples(st.integers(0, 100), numbers), min_size=2, max_size=9, unique_by=lambda pair: pair[0]))
def test_slopes_are_those_of_polyfit(points):
    depths, scores = np.array(points, float).T
    slope, intercept = slopes(scores[None], depths)
    np.testing.assert_allclose([slope[0], intercept[0]], np.polyfit(depths, scores, 1), rtol=1e-6, atol=1e-6)
    # A layer that is not there changes nothing.
    more = slopes(np.append(scores, np.nan)[None], np.append(depths, 500.0))
    np.testing.assert_allclose(np.ravel(more), np.ravel([slope, intercept]), rtol=1e-9, atol=1e-9)


def test_a_single_layer_has_no_slope():
    slope, _ = slopes(np.array([[1.0, np.nan]]), np.array([0.0, 1.0]))
    assert math.isnan(slope[0])


@given(st.lists(st.floats(0, 1e6), max_size=20), st.integers(0, 20))
def test_quartiles_are_those_of_numpy(values, zeros):
    n = len(values) + zeros
    found = quartiles(values, n)
    if n:
        np.testing.assert_allclose(
            found, np.quantile([*values, *[0.0] * zeros], [0.25, 0.5, 0.75]), rtol=1e-9, atol=1e-9
        )
    else:
        assert all(map(math.isnan, found))


@given(st.lists(st.dictionaries(st.integers(0, 5), st.floats(0, 100)), max_size=5))
def test_intervals_of_labels_do_not_depend_on_one_another(scores):
    bootstrap = Bootstrap(200)
    together = bootstrap.of_sums(scores, 6)
    dense = [sum(parts.get(picture, 0.0) * bootstrap.counts(6)[:, picture] for picture in range(6)) for parts in scores]
    expected = [np.quantile(np.broadcast_to(sums, 200), bootstrap.shares) for sums in dense]
    np.testing.assert_allclose(np.reshape(together, (-1, 2)), np.reshape(expected, (-1, 2)), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"draws": 0}, "draws=0"), ({"draws": 1.5}, "draws=1.5"), ({"confidence": 95}, "such as 0.95")],
)
def test_what_is_no_bootstrap_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        summarize(cats_and_a_dog(), **wrong)
