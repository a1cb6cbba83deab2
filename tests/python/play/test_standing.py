"""Where a player stands, added up from rounds."""

from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from inv_widgets.game.scoring import Score
from inv_widgets.play.standing import score_of


def played(outcome, points=0):
    return SimpleNamespace(outcome=outcome, points=points)


def test_a_game_added_up_by_hand():
    rounds = [played("won", 100), played("won", 25), played("lost", 0), played("won", 68), played("resigned", 0)]
    score = score_of(rounds)
    assert score == Score(points=100 + 25 + 68, wins=3, losses=1, resigns=1, streak=0, best_streak=2)
    assert score.rounds == 5


@given(st.lists(st.sampled_from(["won", "lost", "resigned"])))
def test_the_best_streak_is_the_longest_row_of_wins(outcomes):
    score = score_of([played(outcome) for outcome in outcomes])
    rows = "".join(outcome[0] for outcome in outcomes).replace("l", "r").split("r")
    assert score.best_streak == max(map(len, rows))
    assert score.streak == len(rows[-1])
    assert score.rounds == len(outcomes)
