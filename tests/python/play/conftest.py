"""A small run to play, and players who sit at it."""

import io
import itertools

import numpy as np
import pytest
from PIL import Image

from inv_widgets.explanation import ClusterMap, Column, Explanation, Prediction, Rest, cluster_map_id
from inv_widgets.play.game import Game
from inv_widgets.play.rules import Rules
from inv_widgets.play.seat import Seat
from inv_widgets.recipe import Recipe
from inv_widgets.run import Run
from inv_widgets.store.label_store import LabelStore

SECRET = "0123456789abcdef0123456789abcdef"
SMALL = Recipe(reveal_picture=48)


def make_explanation(name, target_name, seed, *, maps=2, layers=2, size=(48, 40), plausible=()):
    """A picture of noise whose cluster maps are noise too."""
    random = np.random.default_rng(seed)
    picture = random.integers(0, 256, (*size, 3), np.uint8)
    predictions = tuple(
        Prediction(index, one, 0.5 / (index + 1)) for index, one in enumerate([target_name, *plausible])
    )
    columns = []
    for depth in range(layers):
        clusters = []
        for cluster in range(maps):
            channels = np.array([2 * cluster, 2 * cluster + 1])
            clusters.append(
                ClusterMap.from_raw(
                    random.random((6, 5)),
                    id=cluster_map_id(
                        picture_hash=f"hash of {name}", network_hash="n", target=seed, layer=f"features.{depth}",
                        shape=(6, 5), channels=channels,
                    ),
                    cluster=cluster,
                    channels=channels,
                    channel_weights=[30.0 - 10 * cluster, 5.0],
                    channel_thumbnails=random.integers(0, 256, (2, 6, 5)),
                )
            )  # fmt: skip
        rest = Rest(5.0, 30.0, 2, 3, random.random((6, 5)))
        columns.append(
            Column(f"features.{depth}", depth, 1, depth + 1, 9, (6, 5), 1.0, rest, cluster_maps=tuple(clusters))
        )
    return Explanation(
        picture=picture,
        name=name,
        picture_hash=f"hash of {name}",
        network="a network",
        network_hash="n",
        window=(4.0, 0.0, 32.0, 48.0),
        target=seed,
        target_name=target_name,
        target_probability=0.5,
        prediction=predictions[0],
        predictions=predictions,
        columns=tuple(columns),
        recipe=SMALL,
    )


@pytest.fixture(scope="session")
def explanation():
    return make_explanation


@pytest.fixture
def run():
    names = [("dog.jpg", "dog"), ("cat.jpg", "cat"), ("owl.jpg", "owl")]
    return Run(make_explanation(name, target, seed) for seed, (name, target) in enumerate(names, 1))


@pytest.fixture
def store(tmp_path):
    with LabelStore(tmp_path / "labels.db") as opened:
        yield opened


@pytest.fixture
def new_game(run, store):
    def make(given=None, **rules):
        return Game(run if given is None else given, store, Rules(**rules))

    return make


class Player:
    """A simulated browser: says what a browser would say and keeps what it was answered."""

    def __init__(self, game, nickname="ada", *, trusted=True, secret=SECRET):
        self.seat = Seat(game, player=nickname if trusted else None)
        self.nickname, self.secret = nickname, secret

    @property
    def screen(self):
        return self.seat.screen

    def say(self, kind, **fields):
        return self.seat.handle({"kind": kind, **fields})

    def enter(self, **changes):
        fields = {
            "nickname": self.nickname, "secret": self.secret, "consent": True, "language": "en", "on_leaderboard": True,
        }  # fmt: skip
        return self.say("enter", **(fields | changes))

    def show(self, step=None):
        return self.say("show", round=self.screen["round"], step=self.screen["step"] + 1 if step is None else step)

    def answer_message(self, guess="dog", labels=("ear",), **changes):
        fields = {
            "round": self.screen["round"], "guess": guess, "resigned": False, "labels": list(labels), "language": "en",
            "actions": [{"kind": "guess", "at": 1.5, "value": guess}, {"kind": "answer", "at": 2.0}], "seconds": 2.0,
        }  # fmt: skip
        return {"kind": "answer", **(fields | changes)}

    def answer(self, guess="dog", labels=("ear",), **changes):
        return self.seat.handle(self.answer_message(guess, labels, **changes))

    def skip(self):
        return self.say("skip", round=self.screen["round"], actions=[])

    def play(self, guess="dog", **changes):
        answer = self.answer(guess, **changes)
        assert answer.get("saved"), answer
        assert self.screen["kind"] == "result"
        shown = self.screen
        assert self.say("next") == {"ok": True}
        return shown

    def truth(self):
        """What only the test knows."""
        return self.seat.game.store.round(self.screen["round"]).truth

    def cluster_map(self):
        return self.seat.game.store.round(self.screen["round"]).cluster_map


@pytest.fixture(scope="session")
def sit():
    return Player


@pytest.fixture
def pixels():
    def read(data):
        return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))

    return read


@pytest.fixture
def steady():
    """A clock that is moved by hand."""
    counter = itertools.count()

    class Steady:
        now = 0.0

        def __call__(self):
            next(counter)
            return self.now

    return Steady()
