"""What an Explorer sends of its run: a small one whole, of a big one the picture that is shown and names.

Thumbnails of single channels, about half of all bytes, are shown in an opened detail alone: only very few come at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inv_widgets.export import payload
from inv_widgets.labels.known import known_labels
from inv_widgets.run_outline import thumbnails

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inv_widgets.run import Run

__all__ = [
    "BYTES",
    "CHANNEL_BYTES",
    "WHOLE_BYTES",
    "WHOLE_PICTURES",
    "asked_channels",
    "asked_thumbnails",
    "heads",
    "pictures",
    "whole",
]

WHOLE_PICTURES = 64
"""Up to so many explanations all pictures are sent at once, and a saved notebook has them without a kernel."""
WHOLE_BYTES = 32_000_000
"""As long as they are no more than so many bytes; the others come when they are looked at."""

CHANNEL_BYTES = 1_000_000
"""Up to so many bytes a run has its channels' thumbnails with it; else each picture's come when a detail is opened."""

BYTES = ("image", "thumbnail", "columns", "maps", "channels", "channel_weights")  # the order of the front end
_STEP = 8  # explanations that are read and encoded together


def pictures(run: Run, shown: int) -> list[dict[str, Any]]:
    """Give all pictures of a small run whole; of a big one the one at `shown`, and only the names of the others."""
    if len(run) > WHOLE_PICTURES:
        return [whole(run, place) if place == shown else head for place, head in enumerate(heads(run))]
    sent: list[dict[str, Any]] = []
    size = channels = 0
    while len(sent) < len(run) and (size < WHOLE_BYTES or not sent):
        first = len(sent)
        found = payload.pictures(run[first : first + _STEP], thumbnails=channels <= CHANNEL_BYTES)
        sent += [picture | {"key": str(place)} for place, picture in enumerate(found, first)]
        size += sum(len(picture[name]) for picture in found for name in BYTES)
        channels += sum(len(picture.get("thumbnails", b"")) for picture in found)
    if len(sent) < len(run) or channels > CHANNEL_BYTES:
        for picture in sent:
            picture.pop("thumbnails", None)
    return sent if len(sent) == len(run) else sent + heads(run)[len(sent) :]


def heads(run: Run) -> list[dict[str, Any]]:
    """Give what is known of each explanation without reading it: its names, and its labels where it has any."""
    found: list[dict[str, Any]] = [
        {"key": str(place), "name": name, "target_name": target_name}
        for place, (name, target_name) in enumerate(run.keys)
    ]
    labels = known_labels(run)
    if any(labels):  # else nobody labelled it
        for head, names in zip(found, labels, strict=True):
            if names is not None:
                head["labels"] = names
    return found


def whole(run: Run, place: int) -> dict[str, Any]:
    """Give one picture with its columns and bytes, without its channels' thumbnails."""
    return payload.pictures(run[place : place + 1], thumbnails=False)[0] | {"key": str(place)}


def asked_channels(run: Run, place: int) -> bytes:
    """Give the thumbnails of one picture's channels."""
    return payload.channel_thumbnails(run[place])


def asked_thumbnails(run: Run, keys: Sequence[Any], withheld: frozenset[int]) -> tuple[list[str], list[bytes]]:
    """Give the thumbnails that the browser asks for: the keys of those that there are, and their bytes."""
    places = [int(key) for key in keys]
    there = [place for place in places if 0 <= place < len(run) and place not in withheld]
    return [str(place) for place in there], thumbnails(run, there)
