"""Points: fewer steps are worth more, streaks are counted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inv_widgets.game.scoring import Points, next_streak, points_of


def test_points_of_the_six_steps():
    assert [points_of("won", step) for step in range(6)] == [100, 84, 68, 52, 36, 20]
    assert points_of("won", 0, steps=1) == 100
    assert [points_of("won", step, steps=2) for step in range(2)] == [100, 20]


def test_a_streak_adds_up_to_its_cap_and_to_wins_only():
    assert [points_of("won", 5, streak=streak) for streak in (0, 1, 2, 5, 6, 90)] == [20, 25, 30, 45, 45, 45]
    assert points_of("lost", 0, streak=9) == points_of("resigned", 0, streak=9) == 0
    own = Points(most=10, fewest=4, lost=1, resigned=2, streak_bonus=3, streak_bonus_most=3)
    assert [points_of(outcome, 0, streak=5, points=own) for outcome in ("won", "lost", "resigned")] == [13, 1, 2]


@given(st.integers(1, 9), st.integers(0, 9))
def test_fewer_steps_are_never_worth_less(steps, streak):
    gained = [points_of("won", step, steps=steps, streak=streak) for step in range(steps)]
    assert gained == sorted(gained, reverse=True)
    assert gained[-1] > points_of("lost", 0, steps=steps)


def test_what_cannot_be_scored_is_refused():
    with pytest.raises(ValueError, match=r"^\[inv-widgets\] There is no outcome 'win': give 'won'"):
        points_of("win", 0)
    with pytest.raises(ValueError, match="no outcome 'skipped'"):
        next_streak(1, "skipped")
    with pytest.raises(ValueError, match="no step 6"):
        points_of("won", 6)
    with pytest.raises(ValueError, match="streak=-1"):
        points_of("won", 0, streak=-1)
    with pytest.raises(ValueError, match="reward the wrong thing"):
        Points(most=10, fewest=20)
    with pytest.raises(ValueError, match="reward the wrong thing"):
        Points(lost=30)
    with pytest.raises(ValueError, match="streak_bonus"):
        Points(streak_bonus=30)
