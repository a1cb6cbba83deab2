"""What an Explorer draws from: a run as plain numbers and bytes, for the widget and for the exported page.

Each picture is sent once (AVIF or WebP), each cluster map as its own small array of bytes. The browser enlarges and
colours.
"""

from __future__ import annotations

import base64
import functools
import io
import json
import math
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from inv_widgets.export.packed_cells import CELLS, MAP_STEP, Cells, hundredths, levels, packed_json
from inv_widgets.labels.support import LEAST, is_low
from inv_widgets.run import as_run
from inv_widgets.thumbnails import shrunk, thumbnail

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from inv_widgets.explanation import ClusterMap, Column, Explanation, Label, Rounds
    from inv_widgets.run import Run
    from inv_widgets.url_files import UrlFile

__all__ = ["channel_thumbnails", "pictures", "to_json"]

LONGEST = 768  # pixels of the picture's longer side
_TOGETHER = 8  # explanations that are read, and encoded beside each other
_LOSSLESS = 128  # a picture up to this size costs next to nothing, and artefacts would show when it is enlarged


def pictures(
    run: Run | Explanation | Iterable[Explanation] | str | Path | UrlFile,
    *,
    most: int | None = None,
    thumbnails: bool = True,
) -> list[dict[str, Any]]:
    """Give one dict an explanation, ready for the front end.

    Parameters
    ----------
    run
        A Run, an Explanation, several, or a saved run's path.
    most
        Bytes that all may take as text in a page; None: any number.
    thumbnails
        Whether single channels' thumbnails are given too: about half of all bytes, and only an opened detail shows
        them.

    Returns
    -------
    list of dict
        Scalars, texts and lists as JSON has them (never NaN: ``None``), and bytes: ``image`` (of ``image_type``),
        ``thumbnail`` (WebP), ``columns`` (deflated JSON), ``maps`` (uint8, in steps of ``map_step`` / 255 of a map's
        range) and ``thumbnails`` (uint8 cells), ``channels`` (int32) and ``channel_weights`` (int32, hundredths of a
        per cent), little endian and packed as `Cells` does. ``columns`` and their ``cluster_maps`` hold offsets into
        these, in elements. Weights are per cent, probabilities 0..1, the window a fraction of the picture's width and
        height.

        Where labels were analysed, cluster maps have ``labels`` (each with its score and what it rests on; the best
        ones and those of low support are marked), ``rounds`` (wins, losses, resigns, players, mean step, mean share in
        per cent of the picture) and, where they were merged, ``members``: cluster maps in the same form. A merged one's
        channels and thumbnails are its members', so its own offsets are -1. ``support`` is what a label must rest on.
        None of this is there where there are no labels.

    Raises
    ------
    ValueError
        If they take more than `most`: as soon as the first ones tell, before all are encoded.
    """
    run = as_run(run)
    keys: dict[str, int] = {}
    sent: list[dict[str, Any]] = []
    # Pillow and zlib let go of the interpreter while they encode; explanations themselves are read one after another.
    with ThreadPoolExecutor(max_workers=4) as pool:
        for first in range(0, len(run), _TOGETHER):
            drafts = []
            for explanation in run[first : first + _TOGETHER]:
                cells = Cells(() if thumbnails else ("thumbnails",))
                draft = _picture(explanation, _unique(explanation, keys), cells)
                drafts.append((draft, pool.submit(_images, explanation.picture), pool.submit(cells.packed)))
            sent += [draft | images.result() | packed.result() for draft, images, packed in drafts]
            if most is not None:
                _require_room(sent, len(run), most)
    return sent


def channel_thumbnails(explanation: Explanation) -> bytes:
    """Give the ``thumbnails`` that `pictures` leaves out where it is told so."""
    cells = Cells(tuple(name for name in CELLS if name != "thumbnails"))
    for column in explanation.columns:
        _column(column, cells)
    return cells.packed()["thumbnails"]


def to_json(value: Any) -> str:
    """Write a payload as JSON that may stand inside a ``<script>`` element: bytes as base64, ``<`` escaped.

    Raises
    ------
    ValueError
        If a number is NaN or infinite.
    """
    text = json.dumps(value, default=_base64, allow_nan=False, separators=(",", ":"))
    # These only ever stand inside strings. Without "<" no "</script" and no "<!--" is left.
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _require_room(sent: list[dict[str, Any]], count: int, most: int) -> None:
    """Refuse what is too much already, or will be by far if the rest is like the first ones."""
    size = sum(len(value) for picture in sent for value in picture.values() if isinstance(value, bytes)) * 4 // 3
    expected = size * count // len(sent)
    if size > most or expected > 1.5 * most:
        fit = max(1, most * len(sent) // size)
        fit -= fit % 10 if fit > 10 else 0
        raise ValueError(
            f"[inv-widgets] A page of {count} explanations would take about {expected / 1e6:,.0f} MB, and browsers "
            f"open no more than about {most / 1e6:,.0f}. Give a part of it: run[:{fit}], or run.filter(target=...) "
            "for one class. In a notebook inv.Explorer(run) shows all."
        )


def _base64(value: object) -> str:
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(value).decode("ascii")
    raise TypeError(f"[inv-widgets] A payload is made of JSON values and bytes, not {type(value).__name__}.")


def _unique(explanation: Explanation, keys: dict[str, int]) -> str:
    targets = explanation.target if isinstance(explanation.target, tuple) else (explanation.target,)
    key = "|".join([explanation.name, explanation.picture_hash, explanation.network_hash, ",".join(map(str, targets))])
    keys[key] = keys.get(key, 0) + 1
    return key if keys[key] == 1 else f"{key}|{keys[key]}"


def _picture(explanation: Explanation, key: str, cells: Cells) -> dict[str, Any]:
    target, prediction = explanation.target, explanation.prediction
    height, width = explanation.picture.shape[:2]
    window = [part / side for part, side in zip(explanation.window, (width, height) * 2, strict=True)]
    return {
        "key": key,
        "name": explanation.name,
        "target": [int(index) for index in (target if isinstance(target, tuple) else (target,))],
        "target_name": explanation.target_name,
        "target_probability": _number(explanation.target_probability, 6),
        "network": explanation.network,
        "prediction": {
            "index": int(prediction.index),
            "name": prediction.name,
            "probability": _number(prediction.probability, 6),
        },
        "window": [_number(part, 6) for part in window],
        "map_step": MAP_STEP,
        "columns": packed_json([_column(column, cells) for column in explanation.columns]),
        **_support(explanation),
    }


def _images(picture: NDArray[np.uint8]) -> dict[str, Any]:
    image = Image.fromarray(picture)
    sent = shrunk(image, LONGEST)
    return {
        "width": sent.width,
        "height": sent.height,
        **_encoded(sent),
        "thumbnail": thumbnail(picture),
    }


def _encoded(image: Image.Image) -> dict[str, Any]:
    buffer = io.BytesIO()
    if max(image.size) <= _LOSSLESS:
        image.save(buffer, "WEBP", lossless=True, quality=50, method=2)
    elif _avif():
        # Six tenths of the bytes of WebP 86, as like the picture (SSIM), and half as long again.
        image.save(buffer, "AVIF", quality=55, speed=10, max_threads=1)
        return {"image": buffer.getvalue(), "image_type": "image/avif"}
    else:
        image.save(buffer, "WEBP", quality=80, method=4)
    return {"image": buffer.getvalue(), "image_type": "image/webp"}


@functools.cache
def _avif() -> bool:
    """Tell whether this Pillow writes AVIF: wheels do since 11.3; others may not, or may know it without an encoder."""
    try:
        Image.new("RGB", (8, 8)).save(io.BytesIO(), "AVIF")
    except (KeyError, OSError, ValueError):
        return False
    return True


def _column(column: Column, cells: Cells) -> dict[str, Any]:
    rest = column.rest
    thumbnail = next((shown.channel_thumbnails.shape[1:] for shown in column.cluster_maps), (0, 0))
    has_rest = bool(rest.n_pruned + rest.n_dropped and rest.weighted_sum.size)
    silhouettes = [[int(k), _number(value, 4)] for k, value in sorted(column.silhouettes.items())]
    return {
        "layer": column.layer,
        **{name: int(getattr(column, name)) for name in ("depth", "block", "layer_in_block", "n_maps")},
        "map_height": int(column.map_shape[0]),
        "map_width": int(column.map_shape[1]),
        "thumbnail_height": int(thumbnail[0]),
        "thumbnail_width": int(thumbnail[1]),
        "shown_weight": _number(column.shown_weight, 3),
        "pruned_weight": _number(rest.pruned_weight, 3),
        "dropped_weight": _number(rest.dropped_weight, 3),
        "n_pruned": int(rest.n_pruned),
        "n_dropped": int(rest.n_dropped),
        "silhouettes": silhouettes,
        "reason": column.reason,
        "rest_map": cells.add("maps", levels(rest.map)) if has_rest else -1,
        "cluster_maps": [_cluster_map(shown, thumbnail, cells) for shown in column.cluster_maps],
    }


def _cluster_map(shown: ClusterMap, thumbnail: Sequence[int], cells: Cells) -> dict[str, Any]:
    return {
        "id": shown.id,
        "number": int(shown.cluster) + 1,
        "weight": _number(shown.weight, 3),
        "n_maps": int(shown.n_maps),
        "silhouette": _number(shown.silhouette, 4),
        "labels": _labels(shown),
        "map": cells.add("maps", levels(shown.map)),
        **_channels(shown, thumbnail, cells),
        **({"rounds": _rounds(shown.rounds)} if shown.rounds else {}),
        **({"members": [_cluster_map(member, thumbnail, cells) for member in shown.members]} if shown.members else {}),
    }


def _channels(shown: ClusterMap, thumbnail: Sequence[int], cells: Cells) -> dict[str, Any]:
    thumbnails = shown.channel_thumbnails
    # All thumbnails of a column have one size; one of another size could not be read by the front end.
    if thumbnails.shape[1:] != tuple(thumbnail):
        thumbnails = thumbnails[:0]
    if _are_members(shown):
        return {"channels": -1, "thumbnails": -1, "n_thumbnails": len(thumbnails)}
    offset = cells.add("channels", shown.channels)
    cells.add("channel_weights", hundredths(shown.channel_weights))
    return {
        "channels": offset,
        "thumbnails": cells.add("thumbnails", thumbnails),
        "n_thumbnails": len(thumbnails),
    }


def _are_members(shown: ClusterMap) -> bool:
    """Tell whether a cluster map's channels are those of its members: then they need not be sent twice."""
    if not shown.members:
        return False
    channels = np.concatenate([member.channels for member in shown.members])
    return np.array_equal(np.sort(channels), np.sort(shown.channels))


def _labels(shown: ClusterMap) -> list[dict[str, Any]]:
    best = {label.name for label in shown.best_labels}
    return [_label(label, best=label.name in best) for label in shown.labels]


def _label(label: Label, *, best: bool) -> dict[str, Any]:
    told: dict[str, Any] = {"name": label.name, "score": _number(label.score, 4)}
    if best:
        told["best"] = True
    if label.frequency:
        told |= {"rounds": int(label.frequency), "players": int(label.players)}
    if is_low(label):
        told["low"] = True
    return told


def _rounds(rounds: Rounds) -> dict[str, Any]:
    counts = {name: int(getattr(rounds, name)) for name in ("wins", "losses", "resigns", "players")}
    return counts | {"step": _number(rounds.mean_step, 3), "share": _number(rounds.mean_share, 3)}


def _support(explanation: Explanation) -> dict[str, Any]:
    """Say what a label must rest on, where it is known what labels rest on."""
    known = any(label.frequency for _, shown in explanation.cluster_maps() for label in shown.labels)
    return {"support": {"rounds": LEAST.rounds, "players": LEAST.players}} if known else {}


def _number(value: float, digits: int) -> float | None:
    """Round; what JSON cannot say is None."""
    value = float(value)
    return round(value, digits) if math.isfinite(value) else None
