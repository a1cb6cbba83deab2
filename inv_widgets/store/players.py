"""Who plays: entering under a nickname, the leaderboard's opt-in, and forgetting all of it."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, insert, select, update

from inv_widgets.store.errors import NicknameTakenError, PlayerUnknownError
from inv_widgets.store.records import Player
from inv_widgets.store.schema import forgotten, players, rounds
from inv_widgets.store.texts import clean_nickname, language_code, nickname_key

if TYPE_CHECKING:
    from sqlalchemy import Connection

__all__ = ["enter", "forget", "player", "set_leaderboard", "unknown"]


def enter(  # noqa: PLR0913 (what a player says of themselves)
    connection: Connection,
    store: str,
    nickname: str,
    *,
    secret: str | None,
    language: str,
    consented: bool,
    on_leaderboard: bool | None,
) -> Player:
    """Find or make the player of a nickname; see :meth:`LabelStore.enter`."""
    nickname, now = clean_nickname(nickname), dt.datetime.now(dt.timezone.utc)
    key, of_secret = nickname_key(nickname), None if secret is None else _hash(secret)
    found = connection.execute(
        select(players).where(players.c.store == store, players.c.nickname_key == key)
    ).one_or_none()
    if found is None:
        values = {
            "id": secrets.token_hex(16), "store": store, "nickname": nickname, "nickname_key": key,
            "secret_hash": of_secret, "language": language_code(language), "on_leaderboard": bool(on_leaderboard),
            "consented_at": now if consented else None, "created_at": now,
        }  # fmt: skip
        connection.execute(insert(players).values(values))
        return _player(values)
    if of_secret is not None and not hmac.compare_digest(found.secret_hash or "", of_secret):
        raise NicknameTakenError(f"[inv-widgets] Somebody else plays as {nickname!r}: choose another nickname.")
    changes: dict[str, Any] = {"language": language_code(language)}
    if on_leaderboard is not None:
        changes["on_leaderboard"] = on_leaderboard
    if consented and found.consented_at is None:
        changes["consented_at"] = now
    values = dict(found._mapping)  # noqa: SLF001 (SQLAlchemy's public name for it)
    if any(values[name] != value for name, value in changes.items()):
        connection.execute(update(players).where(players.c.id == found.id).values(changes))
    return _player(values | changes)


def player(connection: Connection, player_id: str) -> Player | None:
    """Give a player by id."""
    found = connection.execute(select(players).where(players.c.id == player_id)).mappings().one_or_none()
    return None if found is None else _player(dict(found))


def set_leaderboard(connection: Connection, player_id: str, on: bool) -> None:
    """Show a player on the leaderboard, or not any more."""
    change = update(players).where(players.c.id == player_id).values(on_leaderboard=on)
    if connection.execute(change).rowcount == 0:
        raise PlayerUnknownError(unknown(player_id))


def forget(connection: Connection, store: str, who: str) -> int:
    """Delete a player and all that hangs on it, and remember the bare id; give the number of rounds."""
    player_id = _found(connection, store, who)
    number = connection.scalar(select(func.count()).select_from(rounds).where(rounds.c.player_id == player_id))
    now = dt.datetime.now(dt.timezone.utc)
    connection.execute(insert(forgotten).values(player_id=player_id, forgotten_at=now))
    connection.execute(delete(players).where(players.c.id == player_id))  # rounds, actions, labels: ON DELETE CASCADE
    return int(number or 0)


def unknown(player_id: str) -> str:
    """Say that there is no such player."""
    return f"[inv-widgets] This store has no player {player_id!r:.80}: enter again (perhaps the data was deleted)."


def _found(connection: Connection, store: str, who: str) -> str:
    """Give a player's id; of equal nicknames, this store's own comes first."""
    if connection.scalar(select(players.c.id).where(players.c.id == who)):
        return who
    of_name = select(players.c.id, players.c.store).where(players.c.nickname_key == nickname_key(who))
    found: dict[str, str] = {row.id: row.store for row in connection.execute(of_name)}
    own = [one for one, its in found.items() if its == store] or list(found)
    if not own:
        raise PlayerUnknownError(unknown(who))
    if len(own) > 1:
        raise ValueError(
            f"[inv-widgets] {len(own)} players from other stores are called {who!r:.80}: give an id "
            f"({', '.join(sorted(own))})."
        )
    return own[0]


def _hash(secret: str) -> str:
    # A long random text of the browser's, no password: a fast hash is enough.
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _player(values: dict[str, Any]) -> Player:
    names = ("id", "nickname", "language", "on_leaderboard", "consented_at")
    return Player(**{name: values[name] for name in names})
