"""What a browser's answer is worth: checked against the rules, with its outcome and points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inv_widgets.game.rounds import outcome_of
from inv_widgets.game.scoring import points_of
from inv_widgets.play.messages import Refusal
from inv_widgets.play.standing import score_of
from inv_widgets.store.records import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from inv_widgets.play.game import Game
    from inv_widgets.store.records import StoredRound

__all__ = ["answer_of"]


def answer_of(message: Mapping[str, Any], game: Game, found: StoredRound, results: Sequence[StoredRound]) -> Answer:
    """Make what the store keeps of an answer.

    Parameters
    ----------
    message
        As it was checked.
    game
        Its rules, classes and choices.
    found
        The round, as the store has it: the step that counts is the one that the kernel showed.
    results
        The player's earlier rounds that count, for the streak.

    Raises
    ------
    Refusal
        If it lacks a guess or a feature, or guesses what is not offered.
    """
    guess, labels, rules = message["guess"], message["labels"], game.rules
    timeout = message.get("timeout", False)
    resigned = message["resigned"] or (timeout and guess is None)
    if resigned:
        guess = None
    elif guess is None:
        raise Refusal("guess-needed", "An answer needs a guess: choose a class, or give up.")
    elif guess not in (game.choices(found.cluster_map) or game.categories):
        raise Refusal("guess-unknown", f"{guess!r:.80} is none of the classes of this round.")
    if rules.features_required and not labels and not resigned and not timeout:
        raise Refusal("features-needed", "An answer needs at least one feature: say what helped.")
    outcome = outcome_of(guess, found.truth, resigned)
    streak = score_of(results).streak
    return Answer(
        outcome=outcome,
        guess=guess,
        points=points_of(outcome, found.step, steps=found.steps, streak=streak, points=rules.points),
        labels=labels,
        language=message["language"],
        actions=message["actions"],
        seconds=message["seconds"],
    )
