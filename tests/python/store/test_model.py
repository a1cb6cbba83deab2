"""The store against the simplest model of it: dicts, no transactions, no SQL."""

import dataclasses
import itertools
from collections import Counter

import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule, run_state_machine_as_test
from simple_game import answer, choice

from inv_widgets.game.scheduling import Encounter
from inv_widgets.store.errors import PlayerUnknownError, RoundUnknownError
from inv_widgets.store.label_store import LabelStore
from inv_widgets.store.records import MapRecord

WORDS = st.lists(st.sampled_from(["fur", "Fur", "ear", "wing"]), max_size=3)
N_MAPS = 4
_numbers = itertools.count()


class Machine(RuleBasedStateMachine):
    """Its store has one run, with maps and players of its own, for each machine."""

    store = None
    players, tokens = Bundle("players"), Bundle("tokens")

    def __init__(self):
        super().__init__()
        self.number = next(_numbers)
        self.run = f"run{self.number}"
        self.maps = [f"{self.number} map{one}" for one in range(N_MAPS)]
        self.store.add_run(self.run, "", self.maps)
        self.names, self.rounds, self.order, self.gone = {}, {}, [], set()

    @rule(target=players)
    def enter(self):
        name = f"{self.number} player {len(self.names)}"
        player = self.store.enter(name, on_leaderboard=len(self.names) % 2 == 0)
        self.names[player.id] = name
        return player.id

    @rule(target=tokens, player=players, at=st.integers(0, N_MAPS - 1), gold=st.booleans())
    def open(self, player, at, gold):
        if player in self.gone:
            with pytest.raises(PlayerUnknownError):
                self.store.open_round(player, self.run, None)
            return "gone"
        its = [one for one in self.rounds.values() if one["player"] == player]
        under_way = [one for one in its if one["status"] == "open"]
        played = {one["map"] for one in its if one["status"] in {"answered", "repeated"}}
        free = [one for one in self.maps[at:] if one not in played]

        def choose(situation):
            assert not under_way
            assert list(situation.history) == self.history(player)
            assert {one: n for one, n in situation.counts.items() if one in self.maps} == self.counts()
            others = {
                (one["map"], one["player"])
                for one in self.rounds.values()
                if one["status"] == "open" and one["player"] != player
            }
            assert {(one.cluster_map, one.player) for one in situation.leases if one.player in self.names} == others
            if not free:
                return None
            record = MapRecord(free[0], free[0], f"hash {free[0][:-1]}", "n", "cat", "l", 0, 1.0)
            return dataclasses.replace(choice(free[0], gold=gold), record=record)

        opened = self.store.open_round(player, self.run, choose)
        if under_way:
            assert opened.id == under_way[0]["id"]
        elif not free:
            assert opened is None
            return "none"
        else:
            self.rounds[opened.id] = {
                "id": opened.id, "player": player, "map": free[0], "status": "open", "gold": gold, "first": (),
                "last": (), "withdrawn": False, "points": None, "step": 0,
            }  # fmt: skip
        return opened.id

    @rule(token=tokens, step=st.integers(0, 5))
    def reveal(self, token, step):
        one = self.known(token, lambda player: self.store.reveal(token, player, step, 2.0))
        if one is None:
            return
        if one["points"] is None:
            one["step"] = max(one["step"], step)
        assert self.store.reveal(token, one["player"], step, 2.0) == one["step"]

    @rule(token=tokens, words=WORDS, points=st.integers(0, 100))
    def answer(self, token, words, points):
        one = self.known(token, lambda player: self.store.answer(token, player, answer()))
        if one is None:
            return
        if one["points"] is None:
            other = [
                two
                for two in self.rounds.values()
                if (two["player"], two["map"]) == (one["player"], one["map"])
                and two is not one
                and two["status"] in {"open", "answered"}
            ]
            if other and other[0]["status"] == "answered":
                one.update(status="repeated", withdrawn=True)
            else:
                for two in other:
                    two["status"] = "released"
                one["status"] = "answered"
            one.update(points=points, first=tuple(words), last=tuple(words))
            self.order.append(token)
        self.compare(self.store.answer(token, one["player"], answer(*words, points=points)))

    @rule(token=tokens)
    def skip(self, token):
        one = self.known(token, lambda player: self.store.skip(token, player, []))
        if one is None:
            return
        if one["points"] is None:
            one["status"] = "skipped"
        self.compare(self.store.skip(token, one["player"], []))

    @rule(token=tokens, words=WORDS)
    def correct(self, token, words):
        one = self.known(token, lambda player: self.store.correct(token, player, words, "en"))
        if one is None:
            return
        if one["points"] is None:
            with pytest.raises(RoundUnknownError):
                self.store.correct(token, one["player"], words, "en")
            return
        one["last"] = tuple(words)
        self.compare(self.store.correct(token, one["player"], words, "en"))

    @rule(token=tokens, withdrawn=st.booleans())
    def withdraw(self, token, withdrawn):
        one = self.known(token, lambda player: self.store.withdraw(token, player, withdrawn))
        if one is None or one["points"] is None:
            return
        if one["status"] == "answered":
            one["withdrawn"] = withdrawn
        self.compare(self.store.withdraw(token, one["player"], withdrawn))

    @rule(player=consumes(players))
    def forget(self, player):
        its = [one for one in self.rounds.values() if one["player"] == player]
        assert self.store.forget(self.names[player]) == len(its)
        self.gone.add(player)
        for one in its:
            del self.rounds[one["id"]]

    @invariant()
    def same(self):
        assert self.store.counts(self.run) == self.counts()
        counting = [self.rounds[one] for one in self.order if one in self.rounds and self.counts_as_result(one)]
        for player in self.names:
            assert self.store.history(player, self.run) == self.history(player)
            results = self.store.results(player, self.run)
            assert [one.id for one in results] == [one["id"] for one in counting if one["player"] == player]
            for one in results:
                self.compare(one)
        self.same_said(counting)
        points = Counter()
        for one in counting:
            points[one["player"]] += one["points"]
        shown = {one: n for one, n in points.items() if list(self.names).index(one) % 2 == 0}
        assert {one.player_id: one.points for one in self.store.leaderboard(self.run)} == shown

    def same_said(self, counting):
        rounds = [one for one in counting if one["map"] == self.maps[0]]
        number, said = self.store.said(self.maps[0])
        assert number == len(rounds)
        expected = Counter(word for one in rounds for word in {word.casefold() for word in one["first"]})
        assert {one.text.casefold(): one.players for one in said} == expected

    def known(self, token, call):
        """Give the model's round; where there is none, the store must say so too."""
        if token in self.rounds:
            return self.rounds[token]
        with pytest.raises(RoundUnknownError):
            call("nobody")
        return None

    def counts_as_result(self, token):
        return self.rounds[token]["status"] == "answered" and not self.rounds[token]["withdrawn"]

    def counts(self):
        return dict(
            Counter(one["map"] for one in self.rounds.values() if self.counts_as_result(one["id"]) and not one["gold"])
        )

    def history(self, player):
        return [
            Encounter(one["map"], f"hash {one['map'][:-1]}", skipped=one["status"] == "skipped")
            for one in self.rounds.values()
            if one["player"] == player and one["status"] in {"answered", "skipped", "repeated"}
        ]

    def compare(self, found):
        one = self.rounds[found.id]
        assert (found.status, found.withdrawn, found.points, found.step) == (
            one["status"], one["withdrawn"], one["points"], one["step"],
        )  # fmt: skip
        assert (found.labels_at_answer, found.labels) == (one["first"], one["last"])


def test_the_store_does_what_the_model_does(url, database):
    with LabelStore(url) as store:
        run_state_machine_as_test(
            type("OnThisStore", (Machine,), {"store": store}),
            settings=hypothesis.settings(
                max_examples=15 if database == "sqlite" else 8,
                stateful_step_count=25,
                deadline=None,
                suppress_health_check=list(hypothesis.HealthCheck),
            ),
        )
