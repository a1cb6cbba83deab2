"""Explanations of a labelled run that nobody has played: what a summary needs of them, without reading them.

Of ten thousand pictures people play some hundred. The others have no labels and count as pictures and layers only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inv_widgets.run_search import rows_with
from inv_widgets.summary.groups import Layer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from inv_widgets.run import Run

__all__ = ["Unplayed", "unplayed"]


@dataclass(frozen=True, slots=True)
class Unplayed:
    """An explanation without labels, by its names; the layers are those of its columns."""

    name: str
    picture_hash: str
    target_name: str
    network: str
    network_hash: str
    layers: tuple[Layer, ...]
    n_cluster_maps: int


def unplayed(run: Run, places: Sequence[int], played: Iterable[str]) -> dict[int, Unplayed]:
    """Give those of a run's explanations, by their places, of which no cluster map was played.

    Parameters
    ----------
    run
        What :func:`inv_widgets.label` gave. Of one whose explanations do not stand in files nothing is known before
        they are read: then there are none.
    places
        Of the explanations that count.
    played
        Ids of the cluster maps with rounds; of merged ones, of their members.
    """
    source: Run | None = getattr(run, "source", None)
    if source is None or source.files is None:
        return {}
    files, within = source.files
    _, _, found_at = rows_with(files, played)
    busy = set(found_at.tolist())
    quiet = {place: within[place] for place in places if within[place] not in busy}
    if not quiet:
        return {}
    rows = files.some("pictures", ["picture", "hash", "target_name", "network", "network_hash", "n_cluster_maps"])
    table, starts = files.columns("columns", ["layer", "depth", "block", "layer_in_block"])
    parts = (table[name].to_pylist() for name in ("layer", "depth", "block", "layer_in_block"))
    layers = [
        Layer(name, f"block {block}, layer {place}", depth, block, place)
        for name, depth, block, place in zip(*parts, strict=True)
    ]
    found = {}
    for place, there in quiet.items():
        row = rows[there][0]
        found[place] = Unplayed(
            row["picture"], row["hash"], row["target_name"], row["network"], row["network_hash"],
            tuple(layers[starts[there] : starts[there + 1]]), row["n_cluster_maps"],
        )  # fmt: skip
    return found
