"""The smallest game on a store, for its tests: maps in order, the answer is the picture's name."""

from inv_widgets.game.rounds import Action
from inv_widgets.store.records import Answer, Choice, MapRecord

RUN = "run"


def records(number, first=0):
    """Give cluster maps, two a picture."""
    return [
        MapRecord(f"map{one}", f"picture{one // 2}.png", f"hash{one // 2}", "network", "cat", "layer", one, 12.5)
        for one in range(first, first + number)
    ]


def add_run(store, number=6, run=RUN):
    """Make a run known."""
    store.add_run(run, "A run", [one.id for one in records(number)])


def choice(cluster_map, *, gold=False):
    """Choose a map by its id."""
    record = next((one for one in records(200) if one.id == cluster_map), None)
    return Choice(cluster_map, truth="cat", gold=gold, times_seen=0, steps=6, share=2.0, record=record)


def taking(cluster_map, **keywords):
    """Give a choice function that always takes one map."""
    return lambda _: choice(cluster_map, **keywords)


def in_order(number):
    """Give a choice function that takes the first map that the player is not done with, None at the end."""

    def choose(situation):
        done = {one.cluster_map for one in situation.history}
        left = [one.id for one in records(number) if one.id not in done]
        return choice(left[0]) if left else None

    return choose


def answer(*labels, outcome="won", points=50, language="en", **keywords):
    """Give an answer."""
    values = {
        "guess": {"won": "cat", "lost": "dog"}.get(outcome),
        "actions": (Action("show", 1.5, 1), *(Action("label", 2.0, text) for text in labels), Action("answer", 3.0)),
        "seconds": 3.0,
    }
    return Answer(outcome=outcome, points=points, labels=labels, language=language, **values | keywords)


def play(store, player, cluster_map, *labels, run=RUN, gold=False, **keywords):
    """Play a whole round."""
    opened = store.open_round(player.id, run, taking(cluster_map, gold=gold))
    return store.answer(opened.id, player.id, answer(*labels, **keywords))
