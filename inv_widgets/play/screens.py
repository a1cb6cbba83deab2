"""What a seat shows, as JSON values and bytes: all that a browser gets to know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inv_widgets.game.rounds import MAX_LABEL_LENGTH, MAX_LABELS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from inv_widgets.play.game import Game
    from inv_widgets.store.records import Ranking, Said, StoredRound

__all__ = ["leaderboard", "result", "round_", "settings"]


def settings(game: Game, player: str | None) -> dict[str, Any]:
    """Give what stays the same while a game is open; `player` is the nickname that the kernel vouches for."""
    rules = game.rules
    return {
        "game": game.key,
        "title": game.title or "",
        "information": rules.information,
        "consent": rules.consent,
        "asks_nickname": player is None,
        "player": player,
        "categories": list(game.categories),
        "shares": list(game.recipe.reveal_shares),
        "seconds": rules.seconds,
        "features_required": rules.features_required,
        "max_labels": MAX_LABELS,
        "max_label_length": MAX_LABEL_LENGTH,
        "leaderboard": rules.leaderboard,
        "show_others": rules.show_others,
        "picture_size": game.recipe.reveal_picture,
    }


def round_(game: Game, playing: StoredRound, step: int) -> dict[str, Any]:
    """Show an open round: no more than the visible pixels, and none while its clock stands."""
    clock = game.clocks.of(playing.id)
    shown = game.masked(playing.cluster_map, step)
    seconds = game.rules.seconds
    left = None if seconds is None else max(0, round(1000 * (seconds - clock.seconds(game.clocks.now()))))
    image = {"image": shown.data} if clock.running else {}
    return {
        "round": playing.id,
        "step": step,
        **image,
        "image_type": shown.type,
        "width": shown.width,
        "height": shown.height,
        "choices": game.choices(playing.cluster_map),
        "left_ms": left,
        "paused": not clock.running,
    }


def result(game: Game, done: StoredRound, player_id: str) -> dict[str, Any]:
    """Show an answered round: everything."""
    whole, one = game.whole(done.cluster_map), game.maps[done.cluster_map]
    n_others = 0
    said: Sequence[Said] = ()
    if game.rules.show_others:
        most = game.usual_rounds() if one.gold else None
        n_others, said = game.store.said(done.cluster_map, except_player=player_id, most=most)
    return {
        "round": done.id,
        "outcome": done.outcome,
        "guess": done.guess,
        "truth": done.truth,
        "points": done.points,
        "step": done.step,
        "image": whole.image.data,
        "image_type": whole.image.type,
        "width": whole.image.width,
        "height": whole.image.height,
        "window": list(whole.window),
        "map": whole.cells,
        "map_height": whole.map_height,
        "map_width": whole.map_width,
        "picture": one.record.picture,
        "layer_title": one.title,
        "weight": round(one.record.weight, 3),
        "labels": list(done.labels),
        "language": done.language or "",
        "others": [{"text": label.text, "players": label.players} for label in said],
        "n_others": n_others,
        "withdrawn": done.withdrawn,
    }


def leaderboard(ranking: Iterable[Ranking], player_id: str) -> list[dict[str, Any]]:
    """Give the players who chose to be listed; nicknames only."""
    return [
        {
            "nickname": row.nickname,
            "points": row.points,
            "rounds": row.rounds,
            "wins": row.wins,
            "you": row.player_id == player_id,
        }
        for row in ranking
    ]
