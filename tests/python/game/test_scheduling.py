"""Who plays what next: never twice, evenly, on another picture where there is one, and never stuck."""

import dataclasses
import itertools
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inv_widgets.game.scheduling import Encounter, Lease, QueuedMap, Schedule, times_seen

PLAIN = Schedule(gold_every=None)


def queue_of(n_maps, n_pictures=1, rounds=()):
    counts = [*rounds, *[0] * n_maps]
    return [QueuedMap(f"m{i}", f"p{i % n_pictures}", counts[i]) for i in range(n_maps)]


class Game:
    """Everything that a store would know, in memory."""

    def __init__(self, queue, schedule):
        self.queue = {item.cluster_map: item for item in queue}
        self.schedule = schedule
        self.histories = {}
        self.leases = []
        self.now = 0.0

    def ask(self, player):
        history = self.histories.get(player, [])
        return self.schedule.next_map(
            player, list(self.queue.values()), leases=self.leases, history=history, now=self.now
        )

    def finish(self, player, item, *, skipped=False):
        self.histories.setdefault(player, []).append(Encounter(item.cluster_map, item.picture, skipped))
        if not skipped:
            own = self.queue[item.cluster_map]
            self.queue[item.cluster_map] = dataclasses.replace(own, rounds=own.rounds + 1)

    def play(self, player, **how):
        item = self.ask(player)
        if item is not None:
            self.finish(player, item, **how)
        return item

    def counts(self):
        return [item.rounds for item in self.queue.values() if not item.gold]


def spread(counts):
    return max(counts) - min(counts)


sizes = {"n_maps": st.integers(1, 8), "n_pictures": st.integers(1, 4), "seed": st.integers(0, 5)}


@given(**sizes, n_players=st.integers(1, 12))
def test_everybody_plays_every_map_once_and_then_it_ends(n_maps, n_pictures, seed, n_players):
    game = Game(queue_of(n_maps, n_pictures), Schedule(gold_every=None, seed=seed))
    for turn in range(n_maps):
        for player in range(n_players):
            left = game.schedule.remaining(list(game.queue.values()), game.histories.get(str(player), []))
            assert left == n_maps - turn
            assert game.play(str(player)) is not None
    for player in range(n_players):
        assert game.play(str(player)) is None
        played = [encounter.cluster_map for encounter in game.histories[str(player)]]
        assert len(played) == len(set(played)) == n_maps
    assert game.counts() == [n_players] * n_maps


@given(**sizes, n_players=st.integers(1, 40))
def test_a_cohort_of_new_players_is_spread_evenly(n_maps, n_pictures, seed, n_players):
    game = Game(queue_of(n_maps, n_pictures), Schedule(gold_every=None, seed=seed))
    for player in range(n_players):
        game.play(str(player))
        assert spread(game.counts()) <= 1


@given(**sizes, n_players=st.integers(1, 6), moves=st.lists(st.integers(0, 5), max_size=60))
def test_in_any_order_of_players_the_fewest_rounds_come_first(n_maps, n_pictures, seed, n_players, moves):
    game = Game(queue_of(n_maps, n_pictures), Schedule(gold_every=None, seed=seed))
    for move in moves:
        player = str(move % n_players)
        played = {encounter.cluster_map for encounter in game.histories.get(player, [])}
        open_counts = [item.rounds for item in game.queue.values() if item.cluster_map not in played]
        before = dict(game.queue)
        item = game.play(player)
        assert (item is None) == (not open_counts)
        if item is not None:
            assert before[item.cluster_map].rounds == min(open_counts)
            assert item.cluster_map not in played


@given(**sizes, n_players=st.integers(1, 30), late=st.integers(0, 29))
def test_rounds_under_way_are_spread_evenly_too(n_maps, n_pictures, seed, n_players, late):
    # All ask before anybody answers; then all but one answer, in their order, and ask again as new players.
    game = Game(queue_of(n_maps, n_pictures), Schedule(gold_every=None, seed=seed))
    given_out = {}
    for player in range(n_players):
        item = given_out[player] = game.ask(str(player))
        if player < n_maps:
            assert not any(lease.cluster_map == item.cluster_map for lease in game.leases)
        game.leases.append(Lease(item.cluster_map, str(player), 60.0))
    for player in range(n_players):
        if player == late:
            continue
        game.leases = [lease for lease in game.leases if lease.player != str(player)]
        game.finish(str(player), given_out[player])
        item = game.ask(f"new {player}")
        game.leases.append(Lease(item.cluster_map, f"new {player}", 60.0))
        under_way = Counter(lease.cluster_map for lease in game.leases)
        assert spread([own.rounds + under_way[own.cluster_map] for own in game.queue.values()]) <= 1


@given(
    **sizes,
    retire_after=st.one_of(st.none(), st.integers(1, 3)),
    gold_every=st.one_of(st.none(), st.integers(1, 4)),
    n_gold=st.integers(0, 3),
    moves=st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["play", "skip", "leave"])), max_size=60),
)
def test_never_twice_and_never_stuck(n_maps, n_pictures, seed, retire_after, gold_every, n_gold, moves):
    gold = [QueuedMap(f"g{i}", f"p{i % 2}", gold=True) for i in range(n_gold)]
    schedule = Schedule(retire_after=retire_after, gold_every=gold_every, seed=seed)
    game = Game([*queue_of(n_maps, n_pictures), *gold], schedule)
    for player, move in [*moves, *[(player, "play") for player in range(5) for _ in range(n_maps + n_gold + 1)]]:
        history = game.histories.get(str(player), [])
        left = schedule.remaining(list(game.queue.values()), history)
        item = game.ask(str(player))
        assert (item is None) == (left == 0)
        if item is None:
            continue
        assert all(past.skipped or past.cluster_map != item.cluster_map for past in history)
        assert retire_after is None or item.gold or item.rounds < retire_after
        assert gold_every is not None or not item.gold
        if move == "leave":
            game.leases.append(Lease(item.cluster_map, str(player), game.now + 3))
        else:
            game.finish(str(player), item, skipped=move == "skip")
        game.now += 1
    assert all(game.ask(str(player)) is None for player in range(5))


def test_a_leased_map_only_when_no_free_one_is_left():
    queue = queue_of(3)
    leases = [Lease("m0", "bob", 10.0), Lease("m2", "bob", 10.0)]
    assert PLAIN.next_map("ada", queue, leases=leases).cluster_map == "m1"
    leases.append(Lease("m1", "cy", 10.0))
    assert PLAIN.next_map("ada", queue, leases=leases) is not None
    leases.append(Lease("m1", "di", 10.0))
    leases.append(Lease("m0", "di", 10.0))
    assert PLAIN.next_map("ada", queue, leases=leases).cluster_map == "m2"  # leased the least


def test_leases_end_and_own_ones_take_nothing_away():
    queue = queue_of(2)
    first = PLAIN.next_map("ada", queue).cluster_map
    other = {"m0": "m1", "m1": "m0"}[first]
    leases = [Lease(first, "bob", 10.0)]
    assert PLAIN.next_map("ada", queue, leases=leases, now=9.9).cluster_map == other
    assert PLAIN.next_map("ada", queue, leases=leases, now=10.0).cluster_map == first
    assert PLAIN.next_map("ada", queue, leases=[Lease(first, "ada", 10.0)]).cluster_map == first


def test_a_free_map_comes_before_a_leased_one_that_will_have_as_many_rounds():
    queue = [QueuedMap("m0", "p", 0), QueuedMap("m1", "p", 1)]
    assert PLAIN.next_map("ada", queue, leases=[Lease("m0", "bob", 1.0)]).cluster_map == "m1"
    queue = [QueuedMap("m0", "p", 0), QueuedMap("m1", "p", 2)]
    assert PLAIN.next_map("ada", queue, leases=[Lease("m0", "bob", 1.0)]).cluster_map == "m0"


@pytest.mark.parametrize("seed", range(8))
def test_pictures_not_yet_seen_then_another_than_the_last(seed):
    schedule = Schedule(gold_every=None, seed=seed)
    game = Game(queue_of(9, 3), schedule)
    pictures = [game.play("ada").picture for _ in range(6)]
    assert set(pictures[:3]) == {"p0", "p1", "p2"}
    assert all(one != two for one, two in itertools.pairwise(pictures))
    # Fewer rounds go before another picture.
    queue = [QueuedMap("m0", "p0"), QueuedMap("m1", "p0"), QueuedMap("m2", "p1", 1)]
    history = [Encounter("m0", "p0")]
    assert schedule.next_map("ada", queue, history=history).cluster_map == "m1"


def test_skipped_maps_come_back_after_the_others():
    game = Game(queue_of(4), PLAIN)
    first, second = game.play("ada", skipped=True), game.play("ada", skipped=True)
    rest = [game.play("ada"), game.play("ada")]
    assert len({item.cluster_map for item in (first, second, *rest)}) == 4
    again = game.play("ada", skipped=True)
    other = game.play("ada", skipped=True)
    assert {again.cluster_map, other.cluster_map} == {first.cluster_map, second.cluster_map}
    assert game.play("ada").cluster_map == again.cluster_map  # not the one just skipped
    assert game.play("ada").cluster_map == other.cluster_map
    assert game.play("ada") is None


def test_one_map_that_is_skipped_is_offered_again():
    game = Game(queue_of(1), PLAIN)
    assert [game.play("ada", skipped=True).cluster_map for _ in range(3)] == ["m0"] * 3


def test_retired_maps_are_handed_out_to_nobody():
    schedule = Schedule(retire_after=2, gold_every=None)
    assert schedule.next_map("ada", queue_of(3, rounds=(2, 1, 3))).cluster_map == "m1"
    assert schedule.next_map("ada", queue_of(3, rounds=(2, 2, 3))) is None


def test_gold_comes_once_in_each_block_and_has_no_quota():
    gold = [QueuedMap(f"g{i}", f"gp{i}", 99, gold=True) for i in range(9)]
    schedule = Schedule(retire_after=50, gold_every=5)
    places = set()
    for player in range(12):
        game = Game([*queue_of(40), *gold], schedule)
        kinds = [game.play(str(player)).gold for _ in range(20)]
        assert [sum(kinds[start : start + 5]) for start in range(0, 20, 5)] == [1, 1, 1, 1]
        places.add(kinds.index(True))
    assert len(places) > 2  # nobody can tell gold by its place
    assert schedule.remaining([*queue_of(40), *gold], []) == 40


def test_gold_is_counted_in_rounds_of_this_game_only():
    """A player comes with many rounds of another run: gold is no more frequent, and the count of what is left holds."""
    queue = [QueuedMap(f"m{i}", f"p{i}") for i in range(30)]
    queue += [QueuedMap(f"g{i}", f"gp{i}", gold=True) for i in range(9)]
    elsewhere = [Encounter(f"e{i}", f"ep{i}") for i in range(50)]
    schedule = Schedule(gold_every=5)
    kinds = []
    for before in ([], elsewhere):
        history = list(before)
        for _ in range(15):
            item = schedule.next_map("ada", queue, history=history)
            history.append(Encounter(item.cluster_map, item.picture))
        kinds.append([one.cluster_map[0] for one in history[len(before) :]])
    assert kinds[0] == kinds[1]
    assert kinds[0].count("g") == 3
    assert schedule.rounds_left("ada", queue, elsewhere) == schedule.rounds_left("ada", queue, [])


def test_gold_waits_rather_than_show_the_last_picture_again():
    schedule = Schedule(gold_every=1)
    queue = [QueuedMap("m0", "p1"), QueuedMap("g0", "p0", gold=True)]
    history = [Encounter("m9", "p0")]
    assert schedule.next_map("ada", queue, history=history).cluster_map == "m0"
    assert schedule.next_map("ada", queue, history=[Encounter("m9", "p9")]).cluster_map == "g0"
    assert schedule.next_map("ada", queue[1:]) is None  # left-over gold holds nobody back


def test_same_seed_same_choice_and_players_start_at_different_maps():
    queue = queue_of(20)
    first = [PLAIN.next_map(str(player), queue).cluster_map for player in range(20)]
    assert first == [PLAIN.next_map(str(player), queue[::-1]).cluster_map for player in range(20)]
    assert len(set(first)) > 8
    other = Schedule(gold_every=None, seed=1)
    assert first != [other.next_map(str(player), queue).cluster_map for player in range(20)]


def test_no_maps_no_round():
    assert PLAIN.next_map("ada", []) is None
    assert PLAIN.remaining([], []) == 0


def test_how_often_a_picture_was_seen():
    history = [Encounter("a", "p"), Encounter("b", "p", skipped=True), Encounter("c", "q")]
    assert [times_seen(picture, history) for picture in "pqr"] == [2, 1, 0]


@pytest.mark.parametrize("bad", [{"retire_after": 0}, {"gold_every": 0}, {"retire_after": -1}])
def test_impossible_settings_are_refused(bad):
    with pytest.raises(ValueError, match=r"^\[inv-widgets\] Schedule\(.*give at least 1, or None"):
        Schedule(**bad)
    with pytest.raises(ValueError, match=r"QueuedMap\(rounds=-1\)"):
        QueuedMap("m", "p", -1)


def test_what_was_just_skipped_waits_even_if_it_has_the_fewest_rounds():
    history = [Encounter("m1", "p0", skipped=True), Encounter("m0", "p0", skipped=True)]
    assert PLAIN.next_map("ada", queue_of(2, rounds=(0, 5)), history=history).cluster_map == "m1"


@given(
    n_regular=st.integers(1, 9), n_gold=st.integers(0, 4), gold_every=st.sampled_from([None, 1, 2, 3, 5]),
    seed=st.integers(0, 20),
)  # fmt: skip
def test_rounds_that_are_left_are_counted_with_gold(n_regular, n_gold, gold_every, seed):
    # A picture each: gold never has to wait.
    regular = [QueuedMap(f"m{i}", f"p{i}") for i in range(n_regular)]
    gold = [QueuedMap(f"g{i}", f"q{i}", gold=True) for i in range(n_gold)]
    game = Game([*regular, *gold], Schedule(gold_every=gold_every, seed=seed))
    left = [game.schedule.rounds_left("ada", list(game.queue.values()), [])]
    while game.play("ada"):
        left.append(game.schedule.rounds_left("ada", list(game.queue.values()), game.histories["ada"]))
    # Down by one a round, whether it was gold or not: who counts learns nothing.
    assert left == list(range(len(left) - 1, -1, -1))
    assert left[0] >= n_regular
