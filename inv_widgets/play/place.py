"""A player's place in a game: which round is open, and what is shown.

What a screen holds is all that a browser may know: before an answer is saved, no more than the visible pixels.
"""

from __future__ import annotations

import dataclasses
import threading
from typing import TYPE_CHECKING, Any

from inv_widgets.play import screens
from inv_widgets.play.messages import Refusal
from inv_widgets.play.standing import score_of
from inv_widgets.store.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from inv_widgets.game.scheduling import Encounter
    from inv_widgets.play.game import Game
    from inv_widgets.play.maps import GameMap
    from inv_widgets.store.records import Choice, Player, Situation, StoredRound

__all__ = ["Place"]


class Place:
    """What a :class:`~inv_widgets.play.seat.Seat` shows; see there for the parameters."""

    def __init__(
        self,
        game: Game,
        *,
        player: str | None = None,
        language: str = "en",
        on_change: Callable[[Any], None] | None = None,
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
        n_maps = self.game.n_maps
        try:
            status = self.game.store.status(self.game.run_id)
            n_maps = self.game.rounds_left("", ())  # with gold, as later rounds are counted: it cannot be told by this
        except StoreError:
            status = "running"  # whoever enters is told
        if self.game.rules.rounds is not None:
            n_maps = min(n_maps, self.game.rules.rounds)  # those of a sitting, as the rounds are counted
        self._show("welcome", needs=self._needs(), n_maps=n_maps, status=status)

    def _enter_as(self, nickname: str, *, secret: str | None, language: str, on_leaderboard: bool | None) -> None:
        self._player = self.game.store.enter(
            nickname,
            secret=secret,
            language=language,
            consented=self.game.rules.consent is not None,
            on_leaderboard=on_leaderboard,
        )

    def _entered(self) -> Player:
        if self._player is None:
            raise Refusal("enter-first", "Nobody has entered yet: enter, then send it again.", retry=True)
        return self._player

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

    def _score(self) -> dict[str, Any] | None:
        return None if self._player is None else dataclasses.asdict(score_of(self._results))

    def _show(self, kind: str, **fields: Any) -> None:
        self._turn += 1
        self._screen = {"turn": self._turn, "kind": kind, **fields}
        if self._on_change is not None:
            self._on_change(self)

    def _show_round(self) -> None:
        playing, game = self._round, self.game
        assert playing is not None
        fields = screens.round_(game, playing, self._step)
        self._show("round", number=self._number, of=self._of(), score=self._score(), **fields)

    def _of(self) -> int:
        return self._number - 1 + max(1, self._left)

    def _show_result_or_trouble(self) -> None:
        try:
            self._show_result()
        except Exception as error:  # noqa: BLE001 (what the player did is saved, and must be said to be)
            self._trouble(error)

    def _show_result(self) -> None:
        done, game = self._result, self.game
        assert done is not None
        assert self._player is not None
        fields = screens.result(game, done, self._player.id)
        self._show(
            "result",
            number=self._number,
            of=self._of(),
            corrected=self._corrected,
            score=self._score(),
            last=self._left <= 1,
            **fields,
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
