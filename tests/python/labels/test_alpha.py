"""Krippendorff's alpha of sets of labels: against hand-worked cases, nltk, and the formula written out in loops."""

import itertools
import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nltk.metrics.agreement import AnnotationTask
from nltk.metrics.distance import jaccard_distance, masi_distance
from small_runs import set_distance

from inv_widgets.labels.alpha import Disagreement, Ratings

WORDS = "abcd"
SETS = [frozenset(each) for size in (1, 2, 3, 4) for each in itertools.combinations(WORDS, size)]


def alphas(ratings, distance, weights):
    found = Disagreement(ratings, distance, weights)
    with np.errstate(invalid="ignore", divide="ignore"):
        return 1 - found.observed() / found.expected()


def alpha(ratings, *, distance="masi", weights=None):
    given = np.ones(len(ratings.coders)) if weights is None else np.array(weights, float)
    return float(alphas(ratings, distance, given[None])[0])


def drawn(seed, *, units=12, coders=6, sets=SETS, share=0.7):
    """Ratings of simulated players, who leave some cluster maps out."""
    draw = random.Random(seed)
    return {
        (f"map {unit}", f"player {coder}"): draw.choice(sets)
        for unit in range(units)
        for coder in range(coders)
        if draw.random() < share
    }


def nltk_alpha(said, distance):
    task = AnnotationTask(
        data=[(coder, unit, labels) for (unit, coder), labels in said.items()],
        distance=lambda one, other: set_distance(one, other, distance),
    )
    return task.alpha()


def written_out(said, weights, distance):
    """The formula of the module's docstring, pair by pair."""
    by_unit = {}
    for (unit, coder), labels in said.items():
        if weights[coder] > 0:
            by_unit.setdefault(unit, []).append((weights[coder], labels))
    rated = [each for each in by_unit.values() if len(each) > 1]
    if not rated:
        return math.nan
    observed = mass = 0.0
    for said_there in rated:
        m = sum(weight for weight, _ in said_there)
        pairs = list(itertools.permutations(said_there, 2))
        apart = sum(w * v * set_distance(a, b, distance) for (w, a), (v, b) in pairs)
        observed += m * apart / sum(w * v for (w, _), (v, _) in pairs)
        mass += m
    everything = list(itertools.permutations([one for each in rated for one in each], 2))
    expected = sum(w * v * set_distance(a, b, distance) for (w, a), (v, b) in everything)
    expected /= sum(w * v for (w, _), (v, _) in everything)
    return 1 - observed / mass / expected if expected else math.nan


@pytest.mark.parametrize(
    ("one", "other", "jaccard", "masi"),
    [
        ("a", "a", 0, 0), ("ab", "ab", 0, 0), ("a", "b", 1, 1),
        ("a", "ab", 1 / 2, 1 - 2 / 3 * 1 / 2), ("ab", "bc", 2 / 3, 1 - 1 / 3 * 1 / 3),
        ("abcd", "ab", 1 / 2, 1 - 2 / 3 * 1 / 2),
    ],
)  # fmt: skip
def test_distances_by_hand(one, other, jaccard, masi):
    for pair in ((set(one), set(other)), (set(other), set(one))):
        assert set_distance(*pair, "jaccard") == pytest.approx(jaccard)
        assert set_distance(*pair, "masi") == pytest.approx(masi)


@given(st.sampled_from(SETS), st.sampled_from(SETS))
def test_distances_are_nltks(one, other):
    assert set_distance(one, other, "jaccard") == pytest.approx(jaccard_distance(one, other))
    # nltk writes 0.67 and 0.33 for the 2/3 and 1/3 of the paper.
    assert set_distance(one, other, "masi") == pytest.approx(masi_distance(one, other), abs=0.004)


def test_another_distance_is_refused():
    with pytest.raises(ValueError, match=r"There is no distance 'cosine': give 'masi' or 'jaccard'"):
        set_distance({"a"}, {"a"}, "cosine")


def test_by_hand():
    # Of the first map both say the same, of the second not: D_o = 1/2. Of the 12 ordered pairs of four ratings 10
    # differ: D_e = 10/12. 1 - (1/2) / (10/12) = 0.4
    said = {("one", "ada"): ["wheel"], ("one", "bob"): ["wheel"], ("two", "ada"): ["door"], ("two", "bob"): ["sky"]}
    assert alpha(Ratings.of(said)) == pytest.approx(0.4)
    # A third map of one player, or of players who said nothing, changes nothing.
    more = said | {("three", "ada"): ["sky"], ("four", "ada"): ["sky"], ("four", "bob"): []}
    assert alpha(Ratings.of(more)) == pytest.approx(0.4)


@pytest.mark.parametrize("distance", ["masi", "jaccard"])
@pytest.mark.parametrize("seed", range(8))
def test_as_nltk(seed, distance):
    said = drawn(seed)
    assert alpha(Ratings.of(said), distance=distance) == pytest.approx(nltk_alpha(said, distance), abs=1e-12)


def test_close_to_nltk_with_its_own_masi():
    said = drawn(1)
    task = AnnotationTask([(coder, unit, labels) for (unit, coder), labels in said.items()], distance=masi_distance)
    assert alpha(Ratings.of(said)) == pytest.approx(task.alpha(), abs=0.01)


def test_more_sets_than_a_block():
    words = [frozenset({f"word {number}", f"word {number // 3}"}) for number in range(700)]
    said = drawn(3, units=150, coders=8, sets=words)
    assert len(Ratings.of(said).sets) > 300
    assert alpha(Ratings.of(said)) == pytest.approx(nltk_alpha(said, "masi"), abs=1e-12)


def test_perfect_and_no_agreement():
    assert alpha(Ratings.of({(unit, who): [unit] for unit in "xyz" for who in "ab"})) == 1.0
    assert alpha(Ratings.of({(unit, who): [who] for unit in "xyz" for who in "ab"})) < 0


@pytest.mark.parametrize(
    "said",
    [{}, {("x", "a"): ["w"]}, {("x", "a"): ["w"], ("y", "b"): ["v"]}, {("x", "a"): ["w"], ("x", "b"): []},
     {("x", "a"): ["w"], ("x", "b"): ["w"]}],
)  # fmt: skip
def test_undefined(said):
    assert math.isnan(alpha(Ratings.of(said)))


@given(st.dictionaries(
    st.tuples(st.sampled_from("xyz"), st.sampled_from("abcd")), st.sampled_from(SETS), min_size=1, max_size=12),
    st.lists(st.sampled_from([0.5, 1.0, 2.0, 3.7]), min_size=4, max_size=4),
)  # fmt: skip
def test_weights(said, weights):
    ratings = Ratings.of(said)
    given_ = dict(zip("abcd", weights, strict=True))
    found = alpha(ratings, weights=[given_[coder] for coder in ratings.coders])
    assert found == pytest.approx(written_out(said, given_, "masi"), nan_ok=True)


def test_a_player_of_weight_nothing_is_not_there():
    said = drawn(5, coders=4)
    without = {key: labels for key, labels in said.items() if key[1] != "player 2"}
    ratings = Ratings.of(said)
    weights = [0.0 if coder == "player 2" else 1.0 for coder in ratings.coders]
    assert alpha(ratings, weights=weights) == pytest.approx(alpha(Ratings.of(without)))


def test_equal_weights_change_nothing():
    said = drawn(6)
    ratings = Ratings.of(said)
    # Twice each player, never compared with themselves: not what two of each would give.
    assert alpha(ratings, weights=[2.0] * len(ratings.coders)) == pytest.approx(alpha(ratings))


def test_many_weightings_at_once_are_each_alone():
    said = drawn(7)
    ratings = Ratings.of(said)
    weights = np.random.default_rng(0).multinomial(6, np.full(6, 1 / 6), size=40).astype(float)
    found = alphas(ratings, "jaccard", weights)
    wanted = [written_out(said, dict(zip(ratings.coders, row, strict=True)), "jaccard") for row in weights]
    assert found == pytest.approx(np.array(wanted), nan_ok=True)


def test_in_small_parts(monkeypatch):
    said = drawn(8)
    ratings = Ratings.of(said)
    weights = np.random.default_rng(1).random((30, 6))
    whole = Disagreement(ratings, "masi", weights)
    monkeypatch.setattr("inv_widgets.labels.alpha._AT_ONCE", 100)
    monkeypatch.setattr("inv_widgets.labels.alpha._BLOCK", 2)
    parts = Disagreement(ratings, "masi", weights)
    assert parts.observed() == pytest.approx(whole.observed())
    assert parts.expected() == pytest.approx(whole.expected())
    assert parts.observed_of(2) == pytest.approx(whole.observed_of(2))


def test_a_players_distance_to_the_others():
    said = {("one", "ada"): ["w"], ("one", "bob"): ["w"], ("one", "eve"): ["d"], ("two", "ada"): ["s"],
            ("two", "eve"): ["s"], ("three", "ada"): ["s"]}  # fmt: skip
    ratings = Ratings.of(said)
    found = Disagreement(ratings, "masi", np.ones((1, 3)))
    # ada: 1/2 on one, 0 on two; bob: 1/2; eve: 1 on one, 0 on two.
    assert [found.observed_of(place)[0] for place in range(3)] == pytest.approx([0.25, 0.5, 0.5])
    # With eve three times as heavy, ada is 3/4 away on one.
    heavy = Disagreement(ratings, "masi", np.array([[1.0, 1.0, 3.0]]))
    assert heavy.observed_of(0)[0] == pytest.approx(3 / 8)


@given(st.permutations(sorted(drawn(9).items())))
def test_order_does_not_matter(items):
    assert alpha(Ratings.of(dict(items))) == alpha(Ratings.of(drawn(9)))
