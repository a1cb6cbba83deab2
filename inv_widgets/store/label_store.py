"""The label store as the rest of the package and its users see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inv_widgets.store import players, playing, runs
from inv_widgets.store.engine import Database
from inv_widgets.store.reader import StoreReader

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    import pandas as pd
    from typing_extensions import Self

    from inv_widgets.game.rounds import Action
    from inv_widgets.store.exchange import Imported
    from inv_widgets.store.records import Answer, Choice, Player, Situation, StoredRound
    from inv_widgets.store.runs import Status

__all__ = ["LabelStore"]


class LabelStore(StoreReader):
    """What players did and said: in one SQLite file, or in a PostgreSQL database for a class or a crowd.

    It is made where it is missing (the file, or the tables in a database), and brought to this version's tables. What a
    method has written is on the disk when it returns. Threads may share a store, and processes may open the same one.

    Parameters
    ----------
    url
        A file's path, ``sqlite:///PATH`` (``?mode=ro`` to read only), or ``postgresql+psycopg://user:password@host/name``.

    Attributes
    ----------
    id
        Of the store, 32 hexadecimal digits: copies of a file have the same.
    database
        The transactions; for this package's own use.

    Raises
    ------
    StoreError
        From each method, if the store cannot be used now; its `code` and message say why. The same object can be used
        again when that is over.

    Examples
    --------
    >>> with inv.LabelStore("labels.db") as store:  # doctest: +SKIP
    ...     store.export("labels.csv")
    """

    def __init__(self, url: str | Path = "labels.db") -> None:
        super().__init__(Database(url))

    @property
    def id(self) -> str:
        """The store's id."""
        return self.database.id

    @property
    def url(self) -> str:
        """Where it is; a password is hidden."""
        return self.database.address.shown

    def __repr__(self) -> str:
        return f"LabelStore({self.database.address.name!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections; twice is no harm."""
        self.database.close()

    # Runs

    def add_run(self, run_id: str, name: str, cluster_maps: Collection[str]) -> None:
        """Make a run known by its cluster maps' ids, before it is played here. Twice is no harm.

        What else the store keeps of a cluster map comes with the first round on it (:attr:`Choice.record`): of ten
        thousand pictures people play some hundred.
        """
        with self.database.writing(alone=True) as connection:
            runs.add_run(connection, run_id, name, cluster_maps)

    def set_status(self, run_id: str, status: Status) -> None:
        """Let a run be played, pause it or end it, for all players."""
        with self.database.writing(alone=True) as connection:
            runs.set_status(connection, run_id, status)

    # Players

    def enter(
        self,
        nickname: str,
        *,
        secret: str | None = None,
        language: str = "en",
        consented: bool = False,
        on_leaderboard: bool | None = None,
    ) -> Player:
        """Find the player of a nickname, or make one.

        Parameters
        ----------
        nickname
            1 to 40 characters; case and white space tell no two apart.
        secret
            What the player's browser keeps, so that nobody else can play under the nickname. None: a trusted kernel,
            which can take any nickname of this store. A nickname made so is closed to all browsers.
        language
            Of the interface, BCP 47.
        consented
            The player consented just now; the first time is kept.
        on_leaderboard
            Shown there or not; None: as it was, at first not.

        Raises
        ------
        NicknameTakenError
            If the nickname is another one's.
        """
        with self.database.writing(alone=True) as connection:
            return players.enter(
                connection, self.id, nickname,
                secret=secret, language=language, consented=consented, on_leaderboard=on_leaderboard,
            )  # fmt: skip

    def set_leaderboard(self, player_id: str, on: bool) -> None:
        """Show a player on the leaderboard, or not any more."""
        with self.database.writing() as connection:
            players.set_leaderboard(connection, player_id, on)

    def forget(self, who: str) -> int:
        """Delete all of a player's data, at the player's request.

        Only the random id is kept, so that merging an older copy does not bring the data back. Files that were exported
        before, and backups, are not changed.

        Parameters
        ----------
        who
            A nickname (this store's own players come first) or a player's id.

        Returns
        -------
        int
            The number of rounds that were deleted.

        Raises
        ------
        PlayerUnknownError
            If there is no such player.
        ValueError
            If several players of other stores have this nickname.
        """
        with self.database.writing(alone=True) as connection:
            number = players.forget(connection, self.id, who)
        self.database.scrub()
        return number

    # Rounds

    def open_round(
        self,
        player_id: str,
        run_id: str,
        choose: Callable[[Situation], Choice | None],
        *,
        lease_seconds: float = 600,
    ) -> StoredRound | None:
        """Give the player's open round of a run, whatever tab or process opened it, or open a new one.

        Parameters
        ----------
        player_id, run_id
            Who plays what.
        choose
            Chooses a cluster map; called only where there is no open round, while no other round is being opened in any
            process. It must not write to this store.
        lease_seconds
            For so long others get other cluster maps first.

        Returns
        -------
        StoredRound or None
            None if `choose` gave None.

        Raises
        ------
        PlayerUnknownError
            If there is no such player.
        ValueError
            If the chosen cluster map is none of the run, this player has played it, or it comes without its record
            and nobody has played it.
        """
        with self.database.writing(alone=True) as connection:
            return playing.open_round(connection, player_id, run_id, choose, lease_seconds)

    def reveal(self, round_id: str, player_id: str, step: int, share: float, *, lease_seconds: float = 600) -> int:
        """Note that a step (from 0; `share` per cent) is shown, before it is, and give the furthest one so far."""
        with self.database.writing() as connection:
            return playing.reveal(connection, round_id, player_id, step, share, lease_seconds)

    def answer(self, round_id: str, player_id: str, answer: Answer) -> StoredRound:
        """Write how a round ended. Only the first answer is written; each gets the round as it stands.

        A round that was left for long, skipped in another tab, or opened by another process can be answered too.

        Raises
        ------
        RoundUnknownError
            If the player has no such round here.
        """
        with self.database.writing(alone=True) as connection:
            return playing.answer(connection, round_id, player_id, answer)

    def skip(self, round_id: str, player_id: str, actions: Sequence[Action]) -> StoredRound:
        """Close a round without an answer; its cluster map comes back after others."""
        with self.database.writing() as connection:
            return playing.skip(connection, round_id, player_id, actions)

    def correct(self, round_id: str, player_id: str, labels: Sequence[str], language: str) -> StoredRound:
        """Keep other labels for an answered round, as a further version, written after the reveal."""
        with self.database.writing() as connection:
            return playing.correct(connection, round_id, player_id, labels, language)

    def withdraw(self, round_id: str, player_id: str, withdrawn: bool = True) -> StoredRound:
        """Keep an answered round but let it count no more, or count again."""
        with self.database.writing() as connection:
            return playing.withdraw(connection, round_id, player_id, withdrawn)

    # In and out

    def rounds(self, run_id: str | None = None) -> pd.DataFrame:
        """Give finished rounds, a row a round; for the columns see :func:`inv_widgets.store.exchange.frame`."""
        from inv_widgets.store import exchange

        return exchange.frame(self, run_id)

    def export(self, path: str | Path) -> Path:
        """Write what :meth:`rounds` gives to a ``.csv``, ``.jsonl`` or ``.parquet`` file."""
        from inv_widgets.store import exchange

        return exchange.export(self, path)

    def import_(self, path: str | Path) -> Imported:
        """Add the rounds of an exported file that are not here yet."""
        from inv_widgets.store import exchange

        return exchange.import_file(self, path)

    def merge(self, other: LabelStore | str | Path) -> Imported:
        """Add the rounds of another store that are not here yet; the other one is only read."""
        from inv_widgets.store import exchange

        return exchange.merge(self, other)
