"""Student's t-test and Holm's correction, by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from inv_widgets.comparison.significance import holm, t_test


def test_t_test_is_students_worked_out_by_hand():
    # Means 3 and 1, sums of squares 2 and 2, 4 degrees of freedom: pooled variance 1, error sqrt(2 / 3).
    t, p = t_test([2, 3, 4], [0, 1, 2])
    assert t == pytest.approx(2 / math.sqrt(2 / 3))
    # With 4 degrees of freedom the two-sided p is 1 - u (1.5 - u^2 / 2), u = t / sqrt(t^2 + 4) .
    u = t / math.sqrt(t**2 + 4)
    assert p == pytest.approx(1 - u * (1.5 - u**2 / 2))
    assert t_test([0, 1, 2], [2, 3, 4]) == pytest.approx((-t, p))


@pytest.mark.filterwarnings("ignore:Precision loss")  # scipy's, where one group does not vary
@given(
    st.lists(st.floats(0, 1), min_size=2, max_size=12), st.lists(st.floats(0, 1), min_size=2, max_size=12)
)  # fmt: skip
def test_t_test_is_scipys_where_anything_varies(one, two):
    one, two = np.round(one, 3), np.round(two, 3)
    t, p = t_test(one, two)
    assert 0 <= p <= 1
    if len(set(one)) > 1 or len(set(two)) > 1:
        wanted = stats.ttest_ind(one, two)
        assert t == pytest.approx(float(wanted.statistic), rel=1e-6, abs=1e-9)
        assert p == pytest.approx(float(wanted.pvalue), rel=1e-6, abs=1e-12)


def test_t_test_where_nothing_varies():
    assert t_test([0.5] * 10, [0.5] * 4) == (0.0, 1.0)
    assert t_test([1.0] * 10, [0.5] * 4) == (math.inf, 2 / 2**10)
    assert t_test([0.0] * 3, [0.5] * 4) == (-math.inf, 2 / 2**3)


def test_holm_by_hand():
    # 5 x .01, 4 x .011, 3 x .02, 2 x .04, 1 x .05; then none below one before it.
    assert holm([0.02, 0.01, 0.05, 0.011, 0.04]) == pytest.approx([0.06, 0.05, 0.08, 0.05, 0.08])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([0.03]) == [0.03]
    assert holm([]) == []


def test_holm_leaves_out_what_was_not_tested():
    found = holm([0.02, math.nan, 0.04])
    assert found[0] == 0.04
    assert found[2] == 0.04
    assert math.isnan(found[1])
