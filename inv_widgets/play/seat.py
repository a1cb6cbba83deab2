"""A seat: one player's place in a game, without a screen. It shows one thing at a time and answers messages.

What a screen holds is all that a browser may know: before an answer is saved, no more than the visible pixels.
"""

from __future__ import annotations

import dataclasses
import threading
from typing import TYPE_CHECKING, Any

from inv_widgets.game.rounds import MAX_LABEL_LENGTH, MAX_LABELS, outcome_of
from inv_widgets.game.scoring import points_of
from inv_widgets.play.messages import Refusal, checked_message
from inv_widgets.play.standing import score_of, statistics_of
from inv_widgets.store.errors import StoreError
from inv_widgets.store.records import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from inv_widgets.game.scheduling import Encounter
    from inv_widgets.play.game import Game, GameMap
    from inv_widgets.store.records import Choice, Player, Said, Situation, StoredRound

__all__ = ["Seat"]

_GRACE = 2.0  # seconds in which a "show more" that was pressed in time may still arrive


class Seat:
    """One player's place in a game.

    Parameters
    ----------
    game
        What is played.
    player
        The player's nickname, where the kernel vouches for it; None: the browser asks for one.
    language
        Of the interface, kept with the player.
    on_change
        Called with the seat after each new screen.
    """

    def __init__(
        self,
        game: Game,
        *,
        player: str | None = None,
        language: str = "en",
        on_change: Callable[[Seat], None] | None = None,
    ) -> None:
        self.game = game
        self._nickname = player
        self._language = language
        self._on_change = on_change
        self._lock = threading.RLock()
        self._turn = 0
        self._screen: dict[str, Any] = {"turn": 0, "kind": "opening"}
        self._leave()
        self._start()

    @property
    def screen(self) -> dict[str, Any]:
        """What is shown: JSON values and bytes."""
        return self._screen

    @property
    def settings(self) -> dict[str, Any]:
        """What stays the same while the game is open."""
        rules = self.game.rules
        return {
            "game": self.game.key,
            "title": self.game.title or "",
            "information": rules.information,
            "consent": rules.consent,
            "asks_nickname": self._nickname is None,
            "player": self._nickname,
            "categories": list(self.game.categories),
            "shares": list(self.game.recipe.reveal_shares),
            "seconds": rules.seconds,
            "features_required": rules.features_required,
            "max_labels": MAX_LABELS,
            "max_label_length": MAX_LABEL_LENGTH,
            "leaderboard": rules.leaderboard,
            "show_others": rules.show_others,
            "picture_size": self.game.recipe.reveal_picture,
        }

    @property
    def player(self) -> Player | None:
        """Who plays; None before they entered."""
        return self._player

    @property
    def answered_pictures(self) -> frozenset[str]:
        """Hashes of the pictures that this player has seen whole, since a round on them is answered."""
        return frozenset(self._answered)

    @property
    def result(self) -> GameMap | None:
        """The cluster map whose result is shown."""
        return None if self._result is None else self.game.maps.get(self._result.cluster_map)

    def __repr__(self) -> str:
        # Never what is played: a repr stands in a notebook for all to read.
        return f"Seat({'nobody' if self._player is None else repr(self._player.nickname)}, {self._screen['kind']})"

    def handle(self, message: Any) -> dict[str, Any]:
        """Do what the browser asks.

        Returns
        -------
        dict
            ``{"ok": True, ...}``, or ``{"error": words, "code": ..., "retry": whether it can succeed later}``. Screens
            come by `screen`.
        """
        try:
            checked = checked_message(message)
            with self._lock:
                try:
                    return {"ok": True, **_HANDLERS[checked["kind"]](self, checked)}
                except StoreError as error:
                    if error.code == "player-unknown":  # forgotten meanwhile, by the host or in another tab
                        self._leave()
                        self._welcome()
                    raise
        except (Refusal, StoreError) as error:
            return {"error": str(error), "code": error.code, "retry": bool(error.retry)}
        except Exception as error:  # noqa: BLE001 (whatever it was, the browser waits for an answer)
            words = str(error) or type(error).__name__
            return {"error": words, "code": "unknown", "retry": False}

    # Coming and going

    def _leave(self) -> None:
        self._player: Player | None = None
        self._round: StoredRound | None = None
        self._step = 0
        self._paused = False
        self._result: StoredRound | None = None
        self._corrected = False
        self._results: list[StoredRound] = []
        self._finished = -1
        self._answered: set[str] = set()
        self._history: Sequence[Encounter] = ()
        self._number = 0
        self._left = 0

    def _start(self) -> None:
        if self._needs():
            self._welcome()
            return
        try:
            self._enter_as(self._nickname or "", secret=None, language=self._language, on_leaderboard=None)
            self._open()
        except StoreError as error:
            self._trouble(error)

    def _needs(self) -> list[str]:
        rules = self.game.rules
        needs = {
            "information": rules.information is not None,
            "consent": rules.consent is not None,
            "nickname": self._nickname is None,
        }
        return [name for name, needed in needs.items() if needed]

    def _welcome(self) -> None:
        try:
            status = self.game.store.status(self.game.run_id)
        except StoreError:
            status = "running"  # whoever enters is told
        self._show("welcome", needs=self._needs(), n_maps=self.game.n_maps, status=status)

    def _on_enter(self, message: Mapping[str, Any]) -> dict[str, Any]:
        if self._player is not None:
            return {}
        nickname = self._nickname or message["nickname"]
        if nickname is None:
            raise Refusal("nickname-needed", "A player needs a nickname: give one.")
        if self._nickname is not None and message["nickname"] not in {None, self._nickname}:
            raise Refusal("bad-message", f"This seat is {self._nickname!r}'s.")
        if self.game.rules.consent is not None and not message["consent"]:
            raise Refusal("consent-needed", "Nothing is stored without consent: agree first, or decline.")
        secret = message["secret"] if self._nickname is None else None
        if self._nickname is None and secret is None:
            raise Refusal("bad-message", "secret of the message 'enter' is missing.")
        listed = message["on_leaderboard"] if self.game.rules.leaderboard else None
        self._enter_as(nickname, secret=secret, language=message["language"], on_leaderboard=listed)
        self._open_or_trouble()
        return {}

    def _enter_as(self, nickname: str, *, secret: str | None, language: str, on_leaderboard: bool | None) -> None:
        self._player = self.game.store.enter(
            nickname,
            secret=secret,
            language=language,
            consented=self.game.rules.consent is not None,
            on_leaderboard=on_leaderboard,
        )

    def _on_decline(self, _: Mapping[str, Any]) -> dict[str, Any]:
        if self._player is not None:
            raise Refusal("bad-message", "This player has entered already: their data can be deleted.")
        self._end("declined")
        return {}

    def _on_reconsider(self, _: Mapping[str, Any]) -> dict[str, Any]:
        if self._player is None and self._screen["kind"] in {"end", "welcome"}:
            self._start()
        return {}

    def _on_forget(self, _: Mapping[str, Any]) -> dict[str, Any]:
        player = self._entered()
        self.game.store.forget(player.id)
        self.game.sittings.drop(player.id)
        if self._round is not None:
            self.game.clocks.drop(self._round.id)
        self._leave()
        if self._needs():
            self._welcome()
        else:
            self._end("declined")
        return {}

    def _entered(self) -> Player:
        if self._player is None:
            raise Refusal("enter-first", "Nobody has entered yet: enter, then send it again.", retry=True)
        return self._player

    # Rounds

    def _open(self) -> None:
        """Show the player's open round, or the next one, or why there is none. The screen stays if the store fails."""
        player, game = self._entered(), self.game
        if self._obey():
            return
        history = game.store.history(player.id, game.run_id)
        finished = sum(not encounter.skipped for encounter in history)
        sitting = finished - game.sittings.begun_at(player.id, finished)
        self._history = history
        if finished != self._finished:  # at first, or after what was done in another tab
            self._results, self._finished = game.store.results(player.id, game.run_id), finished
        self._answered = {encounter.picture for encounter in history if not encounter.skipped}
        if game.rules.rounds is not None and sitting >= game.rules.rounds:
            self._left = game.rounds_left(player.id, history)
            self._end("rounds")
            return
        choose = game.chooser(player.id)
        counts: Mapping[str, int] | None = None

        def noting(situation: Situation) -> Choice | None:
            nonlocal counts
            counts = situation.counts
            return choose(situation)

        opened = game.store.open_round(player.id, game.run_id, noting, lease_seconds=game.rules.lease_seconds)
        if opened is None:
            self._left = 0
            self._end("queue")
            return
        self._left = game.rounds_left(player.id, history, counts)
        self._number = finished + 1
        if game.rules.rounds is not None:
            self._number = sitting + 1
            self._left = min(self._left, game.rules.rounds - sitting)
        if self._round is None or self._round.id != opened.id:
            self._paused = False
        self._round, self._result, self._corrected = opened, None, False
        self._step = min(opened.step, len(game.recipe.reveal_shares) - 1)
        if not self._paused:
            game.clocks.of(opened.id).start(game.clocks.now())
        self._show_round()

    def _open_or_trouble(self) -> None:
        try:
            self._open()
        except (StoreError, OSError, ValueError) as error:
            self._trouble(error)

    def _obey(self) -> bool:
        """Whether the host has paused or ended the game; if so that is shown."""
        status = self.game.store.status(self.game.run_id)
        if status == "running":
            return False
        if self._round is not None:
            self.game.clocks.of(self._round.id).stop(self.game.clocks.now())
        if status == "ended":
            if self._screen["kind"] != "end" or self._screen["reason"] != "ended":
                self._end("ended")
        elif self._screen["kind"] != "waiting":
            self._show("waiting", reason="paused", score=self._score())
        return True

    def _current(self, token: str) -> StoredRound:
        self._entered()
        if self._round is None or self._round.id != token:
            raise Refusal("round-over", "This round is over, or it goes on in another tab.")
        return self._round

    def _on_show(self, message: Mapping[str, Any]) -> dict[str, Any]:
        player, playing, game = self._entered(), self._current(message["round"]), self.game
        if self._obey():
            return {}
        if self._screen["kind"] != "round":  # the host goes on
            self._open()
            return {}
        step, last = message["step"], len(game.recipe.reveal_shares) - 1
        if step > min(self._step + 1, last):
            raise Refusal("bad-message", f"Step {step} is not the next one after {self._step} of {last}.")
        clock = game.clocks.of(playing.id)
        if not clock.running:
            raise Refusal("paused", "The round is paused: resume it first.")
        if step <= self._step:  # a double click, or another tab
            return {}
        if game.rules.seconds is not None and clock.seconds(game.clocks.now()) > game.rules.seconds + _GRACE:
            raise Refusal("time-over", "The time for this round is over.")
        game.masked(playing.cluster_map, step)  # made before the store is told that it is shown
        share, lease = game.recipe.reveal_shares[step], game.rules.lease_seconds
        self._step = min(last, game.store.reveal(playing.id, player.id, step, share, lease_seconds=lease))
        self._show_round()
        return {}

    def _on_pause(self, message: Mapping[str, Any]) -> dict[str, Any]:
        return self._pause(message["round"], paused=True)

    def _on_resume(self, message: Mapping[str, Any]) -> dict[str, Any]:
        return self._pause(message["round"], paused=False)

    def _pause(self, token: str, *, paused: bool) -> dict[str, Any]:
        clock, now = self.game.clocks.of(self._current(token).id), self.game.clocks.now
        self._paused = paused
        if not self._obey() and clock.running == paused:
            if paused:
                clock.stop(now())
            else:
                clock.start(now())
            self._show_round()
        return {}

    def _on_skip(self, message: Mapping[str, Any]) -> dict[str, Any]:
        player, playing = self._entered(), self._current(message["round"])
        if self._obey():
            return {}
        self.game.store.skip(playing.id, player.id, message["actions"])
        self.game.clocks.drop(playing.id)
        self._round = None
        self._open_or_trouble()
        return {}

    def _on_next(self, _: Mapping[str, Any]) -> dict[str, Any]:
        if self._player is None and self._screen["kind"] == "trouble":
            self._start()
            return {}
        self._entered()
        if self._screen["kind"] != "round" and not self._declined():
            self._open()
        return {}

    def _on_continue(self, _: Mapping[str, Any]) -> dict[str, Any]:
        player = self._entered()
        if self._screen["kind"] == "end" and self._screen["reason"] == "rounds":
            finished = sum(not encounter.skipped for encounter in self._history)
            self.game.sittings.begin(player.id, finished)
            self._open()
        return {}

    def _on_poll(self, _: Mapping[str, Any]) -> dict[str, Any]:
        kind = self._screen["kind"]
        if kind == "trouble":
            return self._on_next({})
        if self._player is None:
            return {}
        ended = kind == "end" and self._screen["reason"] == "ended"
        if kind == "waiting" or ended:
            self._open()
        elif kind == "round":
            self._obey()
        return {}

    def _declined(self) -> bool:
        return bool(self._screen["kind"] == "end" and self._screen["reason"] == "declined")

    # Answers

    def _on_answer(self, message: Mapping[str, Any]) -> dict[str, Any]:
        player, store, token = self._entered(), self.game.store, message["round"]
        found = store.round(token)
        if found is None or found.player_id != player.id or found.run_id != self.game.run_id:
            raise Refusal("round-unknown", "This round is not in the store: nothing was saved.")
        again = found.status == "answered"
        if again:
            answered = found
            self._results = store.results(player.id, self.game.run_id)
        else:
            results = store.results(player.id, self.game.run_id)
            answered = store.answer(token, player.id, self._answer_of(message, found, results))
            self._results = [*(result for result in results if result.id != token), answered]
            self._finished += 1
        # From here on it is saved: whatever else fails, the browser must be told so.
        self.game.clocks.drop(token)
        self._answered.add(self.game.maps[found.cluster_map].record.picture_hash)
        self._show_answered(answered)
        return {"saved": True, "again": again}

    def _show_answered(self, answered: StoredRound) -> None:
        kind = self._screen["kind"]
        if self._round is not None and self._round.id == answered.id:
            self._round = None
        elif kind == "round":
            self._show_round()  # another round's answer, that waited in the browser: the score is new
            return
        elif kind == "result":
            return
        else:
            self._number, self._left = len(self._results), 2  # whether more is left is seen by "next"
        self._result, self._corrected = answered, False
        self._show_result_or_trouble()

    def _answer_of(self, message: Mapping[str, Any], found: StoredRound, results: Sequence[StoredRound]) -> Answer:
        guess, labels, rules = message["guess"], message["labels"], self.game.rules
        timeout = message.get("timeout", False)
        resigned = message["resigned"] or (timeout and guess is None)
        if resigned:
            guess = None
        elif guess is None:
            raise Refusal("guess-needed", "An answer needs a guess: choose a class, or give up.")
        elif guess not in (self.game.choices(found.cluster_map) or self.game.categories):
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

    def _on_correct(self, message: Mapping[str, Any]) -> dict[str, Any]:
        player = self._entered()
        found = self._answered_round(message["round"])
        if self.game.rules.features_required and not message["labels"] and found.outcome != "resigned":
            raise Refusal("features-needed", "An answer needs at least one feature: say what helped.")
        corrected = self.game.store.correct(found.id, player.id, message["labels"], message["language"])
        if self._result is not None and self._result.id == found.id:
            self._result, self._corrected = corrected, True
            self._show_result_or_trouble()
        return {"saved": True}

    def _on_withdraw(self, message: Mapping[str, Any]) -> dict[str, Any]:
        player = self._entered()
        found = self._answered_round(message["round"])
        withdrawn = self.game.store.withdraw(found.id, player.id, message["withdrawn"])
        self._results = self.game.store.results(player.id, self.game.run_id)
        if self._result is not None and self._result.id == found.id:
            self._result = withdrawn
            self._show_result_or_trouble()
        return {"saved": True}

    def _answered_round(self, token: str) -> StoredRound:
        player = self._entered()
        if self._result is not None and self._result.id == token:
            return self._result
        found = self.game.store.round(token)
        if found is None or found.player_id != player.id or found.status != "answered":
            raise Refusal("round-unknown", "This player has not answered such a round.")
        return found

    # What players see of themselves and others

    def _on_leaderboard(self, message: Mapping[str, Any]) -> dict[str, Any]:
        if not self.game.rules.leaderboard:
            raise Refusal("no-leaderboard", "This game has no leaderboard.")
        player = self._entered()
        if message["on"] is not None and message["on"] != player.on_leaderboard:
            self.game.store.set_leaderboard(player.id, message["on"])
            player = self._player = dataclasses.replace(player, on_leaderboard=message["on"])
        rows = [
            {
                "nickname": row.nickname,
                "points": row.points,
                "rounds": row.rounds,
                "wins": row.wins,
                "you": row.player_id == player.id,
            }
            for row in self.game.store.leaderboard(self.game.run_id)
        ]
        return {"leaderboard": rows, "on": player.on_leaderboard}

    def _on_statistics(self, _: Mapping[str, Any]) -> dict[str, Any]:
        player = self._entered()
        self._results = self.game.store.results(player.id, self.game.run_id)
        titles = {name: one.title for name, one in self.game.maps.items()}
        return {"statistics": statistics_of(self._results, titles)}

    def _score(self) -> dict[str, Any] | None:
        return None if self._player is None else dataclasses.asdict(score_of(self._results))

    # Screens

    def _show(self, kind: str, **fields: Any) -> None:
        self._turn += 1
        self._screen = {"turn": self._turn, "kind": kind, **fields}
        if self._on_change is not None:
            self._on_change(self)

    def _show_round(self) -> None:
        playing, game = self._round, self.game
        assert playing is not None
        clock = game.clocks.of(playing.id)
        shown = game.masked(playing.cluster_map, self._step)
        seconds = game.rules.seconds
        left = None if seconds is None else max(0, round(1000 * (seconds - clock.seconds(game.clocks.now()))))
        image = {"image": shown.data} if clock.running else {}
        self._show(
            "round",
            round=playing.id,
            number=self._number,
            of=self._number - 1 + max(1, self._left),
            step=self._step,
            **image,
            image_type=shown.type,
            width=shown.width,
            height=shown.height,
            choices=game.choices(playing.cluster_map),
            left_ms=left,
            paused=not clock.running,
            score=self._score(),
        )

    def _show_result_or_trouble(self) -> None:
        try:
            self._show_result()
        except Exception as error:  # noqa: BLE001 (what the player did is saved, and must be said to be)
            self._trouble(error)

    def _show_result(self) -> None:
        done, game = self._result, self.game
        assert done is not None
        assert self._player is not None
        whole, one = game.whole(done.cluster_map), game.maps[done.cluster_map]
        n_others = 0
        said: Sequence[Said] = ()
        if game.rules.show_others:
            n_others, said = game.store.said(done.cluster_map, except_player=self._player.id)
        self._show(
            "result",
            round=done.id,
            number=self._number,
            of=self._number - 1 + max(1, self._left),
            outcome=done.outcome,
            guess=done.guess,
            truth=done.truth,
            points=done.points,
            step=done.step,
            image=whole.image.data,
            image_type=whole.image.type,
            width=whole.image.width,
            height=whole.image.height,
            window=list(whole.window),
            map=whole.cells,
            map_height=whole.map_height,
            map_width=whole.map_width,
            picture=one.record.picture,
            layer_title=one.title,
            weight=round(one.record.weight, 3),
            labels=list(done.labels),
            language=done.language or "",
            others=[{"text": label.text, "players": label.players} for label in said],
            n_others=n_others,
            withdrawn=done.withdrawn,
            corrected=self._corrected,
            score=self._score(),
            last=self._left <= 1,
        )

    def _end(self, reason: str) -> None:
        history, maps = self._history, self.game.maps
        finished = {encounter.cluster_map for encounter in history if not encounter.skipped}
        skipped = {encounter.cluster_map for encounter in history if encounter.skipped} - finished
        if reason != "ended":
            self._round = None
        self._result = None
        self._show(
            "end",
            reason=reason,
            score=self._score(),
            can_continue=reason == "declined" or (reason == "rounds" and self._left > 0),
            skipped=sum(cluster_map in maps for cluster_map in skipped),
            n_played=len(self._results) if self._player is not None else 0,
        )

    def _trouble(self, error: Exception) -> None:
        code = error.code if isinstance(error, StoreError) else "unknown"
        self._result = None
        self._show("trouble", code=code, message=str(error), retry=True)


_HANDLERS: dict[str, Callable[[Seat, Mapping[str, Any]], dict[str, Any]]] = {
    name.removeprefix("_on_"): handler
    for name, handler in vars(Seat).items()
    if name.startswith("_on_") and name != "_on_change"
}
