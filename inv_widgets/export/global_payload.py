"""What a GlobalChart draws from: a summary as plain numbers and bytes, column by column."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from inv_widgets.summary.groups import ALL

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from inv_widgets.summary.aggregation import GlobalLabel
    from inv_widgets.summary.examples import ExampleMap
    from inv_widgets.summary.summary import Summary

__all__ = ["EXAMPLE_BYTES", "payload"]

EXAMPLE_BYTES = 4_000_000
"""Maps and thumbnails of examples are sent up to so many bytes: hosts drop messages that are much bigger."""

_EXAMPLES = (12, 6, 3, 1)  # of each label at most; the first number whose bytes are few enough counts


def payload(summary: Summary, withheld: Collection[str] = ()) -> dict[str, Any]:
    """Give a summary as the front end reads it.

    Parameters
    ----------
    summary
        The global explanations.
    withheld
        Hashes of pictures that must not be told: neither they nor their cluster maps are there. Counts stay.

    Returns
    -------
    dict
        ``groups`` (names, "all" last), ``layers`` (name, title, depth, group), ``support`` (what a number must rest
        on), ``classes`` (of each its name, labels, and lists as long as each other: ``rows`` a label and group,
        ``cells`` a label and layer), ``maps`` (cluster maps; those that are examples have their place in ``bytes``,
        merged ones their members' ids), ``pictures`` with their thumbnails, and ``explained`` (which picture's
        explanation is of which class, in the run's order: what other views show first). Scores have four decimals,
        weights are per cent, what is not known is None.
    """
    withheld = frozenset(withheld)
    told = {key: shown for key, shown in summary.evidence.maps.items() if shown.picture_hash not in withheld}
    places = {key: place for place, key in enumerate(sorted(told))}
    layers = {layer.name: place for place, layer in enumerate(summary.layers)}
    sent = _sent(summary, told)
    cells, offsets = bytearray(), {}
    for key in sorted(sent):
        offsets[key] = len(cells)
        cells += told[key].cells
    pictures = _pictures(summary, told, sent)
    numbers = {picture["hash"]: place for place, picture in enumerate(pictures)}
    support = summary.min_support
    return {
        "groups": list(summary.groups),
        "layers": [
            {"name": each.name, "title": each.title, "depth": each.depth, "group": each.group}
            for each in summary.layers
        ],
        "support": {"rounds": support.rounds, "players": support.players, "pictures": support.pictures},
        "classes": _classes(summary, places, layers, sent),
        "maps": [_map(told[key], numbers, layers, offsets.get(key, -1)) for key in places],
        "pictures": [{name: value for name, value in each.items() if name != "hash"} for each in pictures],
        "bytes": bytes(cells),
        "explained": _explained(summary, withheld),
    }


def _explained(summary: Summary, withheld: Collection[str]) -> dict[str, list[Any]]:
    targets = {target: place for place, target in enumerate(summary.targets)}
    told = [
        each for each in summary.evidence.explained if each.picture_hash not in withheld and each.target_name in targets
    ]
    return {"picture": [each.picture for each in told], "class": [targets[each.target_name] for each in told]}


def _sent(summary: Summary, told: dict[str, ExampleMap]) -> set[str]:
    """Choose the cluster maps that are sent whole: the best of each label, as many as there is room for."""
    chosen: set[str] = set()
    for number in _EXAMPLES:
        chosen = {key for row in summary.rows for key in _told(row, told)[:number]}
        hashes = {told[key].picture_hash for key in chosen}
        size = sum(len(told[key].cells) for key in chosen)
        if size + sum(len(summary.evidence.thumbnails[one].data) for one in hashes) <= EXAMPLE_BYTES:
            return chosen
    # Still too many: the best labels' go first.
    kept: set[str] = set()
    size, seen = 0, set()
    for row in sorted(summary.rows, key=lambda row: (row.rank, row.target_name, row.group)):
        for key in _told(row, told)[:1]:
            shown = told[key]
            size += 0 if key in kept else len(shown.cells)
            if shown.picture_hash not in seen:
                size += len(summary.evidence.thumbnails[shown.picture_hash].data)
            if size > EXAMPLE_BYTES:
                return kept
            kept.add(key)
            seen.add(shown.picture_hash)
    return kept


def _told(row: GlobalLabel, told: Collection[str]) -> list[str]:
    return [key for key in row.examples if key in told]


def _pictures(summary: Summary, told: dict[str, ExampleMap], sent: Iterable[str]) -> list[dict[str, Any]]:
    shown = {told[key].picture_hash for key in sent}
    named = {each.picture_hash: each.picture for each in told.values()}
    pictures: list[dict[str, Any]] = []
    for key in sorted(named):
        picture: dict[str, Any] = {"hash": key, "name": named[key]}
        if key in shown:
            small = summary.evidence.thumbnails[key]
            picture |= {"thumbnail": small.data, "type": small.type, "width": small.width, "height": small.height}
        pictures.append(picture)
    return pictures


def _map(shown: ExampleMap, pictures: dict[str, int], layers: dict[str, int], offset: int) -> dict[str, Any]:
    width, height = shown.picture_size
    return {
        "id": shown.id,
        "picture": pictures[shown.picture_hash],
        "target": shown.target_name,
        "layer": layers.get(shown.layer, -1),
        "weight": _number(shown.weight, 2),
        "labels": list(shown.labels),
        "height": shown.shape[0],
        "width": shown.shape[1],
        "window": [_number(part / side, 6) for part, side in zip(shown.window, (width, height) * 2, strict=True)],
        "offset": offset,
        **({"members": list(shown.members)} if shown.members else {}),
    }


def _classes(
    summary: Summary, places: dict[str, int], layers: dict[str, int], sent: Collection[str]
) -> list[dict[str, Any]]:
    groups = {group: place for place, group in enumerate(summary.groups)}
    trends = summary.trends().to_dict("records")
    by_class: dict[str, list[GlobalLabel]] = {target: [] for target in summary.targets}
    for row in summary.rows:
        by_class[row.target_name].append(row)
    cells: dict[str, list[dict[Any, Any]]] = {target: [] for target in summary.targets}
    by_layer = summary.by_layer()
    for cell in by_layer[by_layer["n_cluster_maps"] > 0].to_dict("records"):
        cells[cell["target_name"]].append(cell)
    classes = []
    for found in summary.evidence.classes:
        rows, there = by_class[found.target_name], cells[found.target_name]
        # "all" is last and has every label; where it was filtered away, the other groups have.
        labels = list(dict.fromkeys(row.label for row in sorted(rows, key=lambda row: (row.group != ALL, row.rank))))
        numbers = {label: place for place, label in enumerate(labels)}
        classes.append({
            "name": found.target_name,
            "labels": labels,
            "played": sorted(layers[layer] for layer, pictures in found.played.items() if pictures and layer in layers),
            "rows": {
                "label": [numbers[row.label] for row in rows],
                "group": [groups[row.group] for row in rows],
                "rank": [row.rank for row in rows],
                "score": [_number(row.score) for row in rows],
                "weight": [_number(row.mean_weight, 2) for row in rows],
                "low": [int(row.low_support) for row in rows],
                "from": [_number(row.score_low) for row in rows],
                "to": [_number(row.score_high) for row in rows],
                "maps": [row.counts.n_cluster_maps for row in rows],
                "pictures": [row.counts.n_pictures for row in rows],
                "players": [row.counts.n_players for row in rows],
                "rounds": [row.counts.n_rounds for row in rows],
                "examples": [[places[key] for key in _told(row, places) if key in sent] for row in rows],
            },
            "cells": {
                "label": [numbers[cell["label"]] for cell in there],
                "layer": [layers[cell["layer"]] for cell in there],
                "score": [_number(cell["score"]) for cell in there],
                "maps": [cell["n_cluster_maps"] for cell in there],
                "pictures": [cell["n_pictures"] for cell in there],
                "rounds": [cell["n_rounds"] for cell in there],
            },
            "trends": [
                {
                    "label": numbers[trend["label"]],
                    "rises": trend["direction"] == "rises",
                    "slope": _number(trend["slope"], 5),
                    "intercept": _number(trend["intercept"], 5),
                    "from": _number(trend["slope_low"], 5),
                    "to": _number(trend["slope_high"], 5),
                    "low": int(trend["low_support"]),
                }
                for trend in trends
                if trend["target_name"] == found.target_name
            ],
        })  # fmt: skip
    return classes


def _number(value: float, digits: int = 4) -> float | None:
    """Round; what JSON cannot say is None."""
    value = float(value)
    return round(value, digits) if math.isfinite(value) else None
