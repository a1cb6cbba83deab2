"""Which parts of a run were played how often: the table on a host's desk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inv_widgets.play.game import Game

__all__ = ["MOST_PICTURES", "coverage"]

MOST_PICTURES = 500
"""Rows of the table: of more pictures, those with the most rounds."""


def coverage(game: Game, rounds_of: Mapping[str, int]) -> dict[str, Any]:
    """Count a game's cluster maps and their rounds: a row a picture, a cell a layer.

    Parameters
    ----------
    game
        What is played.
    rounds_of
        Rounds that count by cluster map, gold ones included.

    Returns
    -------
    dict
        As JSON has it: `pictures` (names), `numbers` (their places among all, from 1), `n_pictures` (how many there
        are), `layers` (titles), `cells` (of each picture by layer ``{maps, played, rounds}``, None without a map).
    """
    maps, pictures, layers = game.maps, game.pictures, game.layers
    row_of, column_of = _codes(pictures), _codes(layers)
    rows_of = np.array([row_of.get(name, -1) for name in maps.outline.pictures], np.int64)
    columns_of = np.array([column_of.get(one.layer, -1) for one in maps.outline.layers], np.int64)
    first = maps.index.first
    cell = rows_of[maps.outline.places[first]] * len(layers) + columns_of[maps.outline.layer_codes[first]]
    rounds = maps.tally(rounds_of)

    def count(weights: Any) -> Any:
        found = np.bincount(cell, weights, len(pictures) * len(layers))
        return found.astype(np.int64).reshape(len(pictures), len(layers))

    numbers = {"maps": count(None), "played": count(rounds > 0), "rounds": count(rounds)}
    shown = np.arange(len(pictures))
    if len(pictures) > MOST_PICTURES:
        most = np.argsort(-numbers["rounds"].sum(1), kind="stable")[:MOST_PICTURES]
        shown = np.sort(most)
    cells = [
        [dict(zip(numbers, cell, strict=True)) if cell[0] else None for cell in zip(*row, strict=True)]
        for row in zip(*(values[shown].tolist() for values in numbers.values()), strict=True)
    ]
    return {
        "pictures": [pictures[place] for place in shown.tolist()],
        "numbers": (shown + 1).tolist(),
        "n_pictures": len(pictures),
        "layers": list(layers.values()),
        "cells": cells,
    }


def _codes(names: Any) -> dict[str, int]:
    return {name: code for code, name in enumerate(names)}
