"""A simulated player that runs in a process of its own, so that it can be killed."""

import contextlib
import random

import simple_game

from inv_widgets.game.rounds import Action
from inv_widgets.store.label_store import LabelStore


def labels_of(round_id):
    """Say what every simulated player answers in a round."""
    return tuple(f"{round_id} {number}" for number in range(5))


def actions_of(round_id):
    """Say what every simulated player did in a round."""
    return tuple(Action("label", float(number), label) for number, label in enumerate(labels_of(round_id)))


def play_on(url, nickname, number, pipe):
    """Play until nothing is left; send each round's id once the store has said that its answer is saved, then None."""
    rng = random.Random()
    with contextlib.suppress(BrokenPipeError), LabelStore(url) as store:
        player = store.enter(nickname)
        while opened := store.open_round(player.id, simple_game.RUN, simple_game.in_order(number)):
            for step in range(1, rng.randint(1, 3)):
                store.reveal(opened.id, player.id, step, 4.5)
            answer = simple_game.answer(*labels_of(opened.id), actions=actions_of(opened.id))
            for _ in range(rng.randint(1, 2)):  # a double click
                store.answer(opened.id, player.id, answer)
            pipe.send(opened.id)
        pipe.send(None)
