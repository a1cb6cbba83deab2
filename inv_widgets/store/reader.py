"""What can be asked of a label store, at any time and by anybody: how its games, players and rounds stand."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from inv_widgets.store import players, queries

if TYPE_CHECKING:
    from inv_widgets.game.rounds import Action
    from inv_widgets.game.scheduling import Encounter
    from inv_widgets.store.engine import Database
    from inv_widgets.store.records import Player, Ranking, Said, StoredRound
    from inv_widgets.store.runs import Status

__all__ = ["StoreReader"]


class StoreReader:
    """The questions that :class:`~inv_widgets.store.label_store.LabelStore` answers; nothing here is written.

    Parameters
    ----------
    database
        The transactions.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    def status(self, run_id: str) -> Status:
        """Say how a run is played: ``"running"``, ``"paused"`` or ``"ended"``, by the host."""
        with self.database.reading() as connection:
            return queries.status(connection, run_id)

    def player(self, player_id: str) -> Player | None:
        """Give a player by id."""
        with self.database.reading() as connection:
            return players.player(connection, player_id)

    def round(self, round_id: str) -> StoredRound | None:
        """Give a round as it stands."""
        with self.database.reading() as connection:
            return queries.stored_round(connection, round_id)

    def actions(self, round_id: str) -> list[Action]:
        """Give what was done in a round, in order, so that it can be replayed."""
        with self.database.reading() as connection:
            return queries.actions_of(connection, round_id)

    def results(self, player_id: str, run_id: str) -> list[StoredRound]:
        """Give a player's answered rounds of a run that are not withdrawn, in the order of the answers."""
        with self.database.reading() as connection:
            return queries.results(connection, player_id, run_id)

    def history(self, player_id: str, run_id: str | None = None) -> list[Encounter]:
        """Give what a player was done with (answered or skipped), in order of time.

        With a run: its cluster maps only, wherever they were played. None: everything here.
        """
        with self.database.reading() as connection:
            return queries.encounters(connection, player_id, run_id)

    def counts(self, run_id: str) -> dict[str, int]:
        """Give the rounds that count for each of a run's cluster maps, wherever they were played.

        Neither gold nor withdrawn ones. Cluster maps without any are left out.
        """
        with self.database.reading() as connection:
            return queries.counts(connection, run_id)

    def said(
        self, cluster_map_id: str, *, except_player: str | None = None, most: int | None = None
    ) -> tuple[int, list[Said]]:
        """Give how many rounds other players have on a cluster map, and what they said, the most frequent first.

        Labels as they stood at the answer; case and white space make no difference. With `most`, of the first so many
        rounds only.
        """
        with self.database.reading() as connection:
            return queries.said(connection, cluster_map_id, except_player, most)

    def leaderboard(self, run_id: str, limit: int = 20) -> list[Ranking]:
        """Give the players of a run who chose to be shown, the one with most points first."""
        with self.database.reading() as connection:
            return queries.leaderboard(connection, run_id, limit)

    def n_players(self, run_id: str) -> int:
        """Count the players who were given a round of a run."""
        with self.database.reading() as connection:
            return queries.n_players(connection, run_id)

    def active(self, run_id: str) -> int:
        """Count the players who have a round of a run under way."""
        with self.database.reading() as connection:
            return queries.active(connection, run_id, dt.datetime.now(dt.timezone.utc))
