"""Any number of players in any order: never the same cluster map twice, never stuck, everything counted once."""

import itertools
from collections import Counter

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inv_widgets.play.game import Game
from inv_widgets.play.rules import Rules
from inv_widgets.run import Run
from inv_widgets.store.label_store import LabelStore

_names = itertools.count()


@pytest.fixture(scope="module")
def shared_store(tmp_path_factory):
    with LabelStore(tmp_path_factory.mktemp("play") / "labels.db") as opened:
        yield opened


# What players do, one after another, in any order.
moves = st.lists(
    st.tuples(st.integers(0, 4), st.sampled_from(["play", "play", "play", "skip", "reload", "withdraw", "resign"])),
    max_size=25,
)


def small_game(explanation, store, n_pictures, maps, layers, number=None, **rules):
    # Each example has pictures of its own: the store remembers those of others.
    number = next(_names) if number is None else number
    run = Run(
        explanation(f"{number}-{place}.jpg", "dog", number * 10 + place, maps=maps, layers=layers, size=(12, 12))
        for place in range(n_pictures)
    )
    gold = [f"{number}-0.jpg"] if rules.pop("gold") and n_pictures > 1 else []
    return Game(run, store, Rules(gold=gold, categories=["dog", "cat"], **rules)), number


class Table:
    """Simulated players at one game, and what each has played."""

    def __init__(self, game, sit, n_players, prefix):
        self.game, self.sit = game, sit
        self.players = [sit(game, f"{prefix} {place}") for place in range(n_players)]
        self.played = [[] for _ in self.players]

    def at_the_end(self, place):
        screen = self.players[place].screen
        return screen["kind"] == "end" and not screen["can_continue"]

    def move(self, place, what):
        player = self.players[place]
        if what == "reload":
            player = self.players[place] = self.sit(self.game, player.nickname)
        screen = player.screen
        if screen["kind"] == "end":
            assert player.say("continue" if screen["reason"] == "rounds" else "next") == {"ok": True}
            return
        assert screen["kind"] == "round", screen
        assert 1 <= screen["number"] <= screen["of"]
        if what == "skip":
            assert player.skip() == {"ok": True}
            return
        assert player.cluster_map() not in self.played[place]
        self.played[place].append(player.cluster_map())
        assert player.answer("cat", resigned=what == "resign")["saved"]
        if what == "withdraw":
            assert player.say("withdraw", round=player.screen["round"], withdrawn=True)["saved"]
        assert player.say("next") == {"ok": True}

    def play_on(self, place):
        """Until the end: it comes, after at most as many rounds as there are maps."""
        for _ in range(2 * len(self.game.maps) + 2):
            if self.at_the_end(place):
                return
            self.move(place, "play")
        assert self.at_the_end(place)


@hypothesis.settings(max_examples=12)
@given(
    sizes=st.tuples(st.integers(1, 3), st.integers(1, 2), st.integers(1, 2)),
    n_players=st.integers(1, 5),
    rules=st.fixed_dictionaries(
        {
            "gold": st.booleans(),
            "gold_every": st.integers(1, 3),
            "retire_after": st.sampled_from([None, None, 1, 2]),
            "rounds": st.sampled_from([None, None, 1, 2]),
            "seed": st.integers(0, 3),
        }
    ),
    moves=moves,
)
def test_never_twice_and_never_stuck(shared_store, explanation, sit, sizes, n_players, rules, moves):
    game, number = small_game(explanation, shared_store, *sizes, **rules)
    table = Table(game, sit, n_players, number)
    for place, what in moves:
        table.move(place % n_players, what)
    regular = {name for name, one in game.maps.items() if not one.gold}
    for place, played in enumerate(table.played):
        table.play_on(place)
        assert len(played) == len(set(played))
        assert regular <= set(played) or rules["retire_after"] is not None
    counts = game.store.counts(game.run_id)
    finished = Counter(itertools.chain.from_iterable(table.played))
    assert all(counts.get(name, 0) <= finished[name] for name in game.maps)
    assert set(counts) <= regular


@pytest.mark.parametrize(("n_pictures", "maps", "n_players"), [(1, 1, 6), (1, 4, 6), (4, 1, 3), (2, 2, 9)])
def test_players_are_spread_evenly(shared_store, explanation, sit, n_pictures, maps, n_players):
    # Ties are broken by names, and some few names by chance end with a spread of 3: these do not.
    number = 1_000_000 + 100 * n_pictures + 10 * maps + n_players
    game, number = small_game(explanation, shared_store, n_pictures, maps, 1, number, gold=False)
    players = [sit(game, f"{number} {place}") for place in range(n_players)]
    given_ = Counter(player.cluster_map() for player in players)
    counts = [given_[name] for name in game.maps]
    assert max(counts) - min(counts) <= 1
    for _ in range(maps * n_pictures - 1):
        for player in players:
            player.play("cat")
        counts = Counter(game.store.counts(game.run_id))
        assert max(counts[name] for name in game.maps) - min(counts[name] for name in game.maps) <= 2


def test_the_same_picture_twice_in_a_row_only_at_the_end(shared_store, explanation, sit):
    game, number = small_game(explanation, shared_store, 3, 2, 1, gold=False)
    ada = sit(game, f"{number} ada")
    seen = []
    while ada.screen["kind"] == "round":
        seen.append(game.maps[ada.cluster_map()].record.picture)
        ada.play("cat")
    assert len(set(seen[:3])) == 3
    assert all(one != two for one, two in itertools.pairwise(seen))


def test_a_retired_map_goes_to_nobody_else(shared_store, explanation, sit):
    game, number = small_game(explanation, shared_store, 1, 2, 1, gold=False, retire_after=1)
    ada, bob = sit(game, f"{number} ada"), sit(game, f"{number} bob")
    assert ada.cluster_map() != bob.cluster_map()
    ada.play("cat")
    assert ada.cluster_map() == bob.cluster_map()  # under way elsewhere, and nothing else is left
    bob.play("cat")
    assert bob.screen["kind"] == "end"
    assert ada.answer("cat")["saved"]  # what is under way is finished
    assert sit(game, f"{number} eve").screen["reason"] == "queue"
