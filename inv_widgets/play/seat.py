"""A seat: one player's place in a game, without a screen. It shows one thing at a time and answers messages."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from inv_widgets.play import screens
from inv_widgets.play.answers import answer_of
from inv_widgets.play.messages import Refusal, checked_message
from inv_widgets.play.place import Place
from inv_widgets.play.standing import statistics_of
from inv_widgets.store.errors import StoreError
from inv_widgets.store.texts import clean_nickname

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from inv_widgets.store.records import StoredRound

__all__ = ["Seat"]

_GRACE = 2.0  # seconds in which a "show more" that was pressed in time may still arrive


class Seat(Place):
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

    @property
    def settings(self) -> dict[str, Any]:
        """What stays the same while the game is open."""
        return screens.settings(self.game, self._nickname)

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
                except (Refusal, StoreError) as error:
                    if error.code == "player-unknown":  # forgotten meanwhile, by the host or in another tab
                        self._leave()
                        self._welcome()
                    elif error.code == "round-unknown" and self._round and self._round.id == checked["round"]:
                        self._round = None  # gone from the store: "next" leads on
                    raise
        except (Refusal, StoreError) as error:
            return {"error": str(error), "code": error.code, "retry": bool(error.retry)}
        except Exception as error:  # noqa: BLE001 (whatever it was, the browser waits for an answer)
            words = str(error) or type(error).__name__
            return {"error": words, "code": "unknown", "retry": False}

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
        try:
            nickname = clean_nickname(nickname)
        except ValueError as error:
            raise Refusal("nickname-impossible", str(error).removeprefix("[inv-widgets] ")) from None
        self._enter_as(nickname, secret=secret, language=message["language"], on_leaderboard=listed)
        self._open_or_trouble()
        return {}

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

    # Rounds

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
            return self._catch_up(playing)
        if step <= self._step:  # a double click, or another tab
            return {}
        if game.rules.seconds is not None and clock.seconds(game.clocks.now()) > game.rules.seconds + _GRACE:
            raise Refusal("time-over", "The time for this round is over.")
        game.masked(playing.cluster_map, step)  # made before the store is told that it is shown
        share, lease = game.recipe.reveal_shares[step], game.rules.lease_seconds
        shown = game.store.reveal(playing.id, player.id, step, share, lease_seconds=lease)
        if shown < step:  # no more is shown of what was answered in another kernel
            return self._catch_up(playing)
        self._step = min(last, shown)
        self._show_round()
        return {}

    def _catch_up(self, playing: StoredRound) -> dict[str, Any]:
        """Show what another tab did to the open round: it was paused, or it is over."""
        if self._screen["paused"]:
            raise Refusal("paused", "The round is paused: resume it first.")
        found = self.game.store.round(playing.id)
        if found is not None and found.status == "answered":
            self._results = self.game.store.results(playing.player_id, self.game.run_id)
            self._show_answered(found)
        elif found is not None and found.status == "open":
            self._show_round()
        else:
            self._round = None
            self._open_or_trouble()
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
        if (self._screen["kind"] != "round" or self._round is None) and not self._declined():
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
            answered = store.answer(token, player.id, answer_of(message, self.game, found, results))
            self._results = [*(result for result in results if result.id != token), answered]
            self._finished += 1
        # From here on it is saved: whatever else fails, the browser must be told so.
        self._show_answered(answered)
        return {"saved": True, "again": again}

    def _show_answered(self, answered: StoredRound) -> None:
        kind = self._screen["kind"]
        self.game.clocks.drop(answered.id)
        self._answered.add(self.game.maps[answered.cluster_map].record.picture_hash)
        if self._round is not None and self._round.id == answered.id:
            self._round = None
        elif kind == "round" and self._round is not None:
            self._show_round()  # another round's answer, that waited in the browser: the score is new
            return
        elif kind == "result":
            return
        else:
            self._number, self._left = len(self._results), 2  # whether more is left is seen by "next"
        self._result, self._corrected = answered, False
        self._show_result_or_trouble()

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

    def _on_leaderboard(self, message: Mapping[str, Any]) -> dict[str, Any]:
        if not self.game.rules.leaderboard:
            raise Refusal("no-leaderboard", "This game has no leaderboard.")
        player = self._entered()
        if message["on"] is not None and message["on"] != player.on_leaderboard:
            self.game.store.set_leaderboard(player.id, message["on"])
            player = self._player = dataclasses.replace(player, on_leaderboard=message["on"])
        ranking = self.game.store.leaderboard(self.game.run_id)
        return {"leaderboard": screens.leaderboard(ranking, player.id), "on": player.on_leaderboard}

    def _on_statistics(self, _: Mapping[str, Any]) -> dict[str, Any]:
        player = self._entered()
        self._results = self.game.store.results(player.id, self.game.run_id)
        maps = self.game.maps
        titles = {one.cluster_map: maps[one.cluster_map].title for one in self._results if one.cluster_map in maps}
        return {"statistics": statistics_of(self._results, titles, list(self.game.layers.values()))}


_HANDLERS: dict[str, Callable[[Seat, Mapping[str, Any]], dict[str, Any]]] = {
    name.removeprefix("_on_"): handler
    for name, handler in vars(Seat).items()
    if name.startswith("_on_") and name != "_on_change"
}
