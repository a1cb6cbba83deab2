"""Cluster maps as a table of plain values, for spreadsheets and statistics."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from inv_widgets.atomic import write
from inv_widgets.export.drawing import plain
from inv_widgets.labels.support import is_low
from inv_widgets.run import as_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import pandas as pd

    from inv_widgets.explanation import ClusterMap, Column, Explanation, Rounds
    from inv_widgets.run import Run
    from inv_widgets.url_files import UrlFile

__all__ = ["table"]


@overload
def table(run: Run | Explanation | Iterable[Explanation] | str | Path | UrlFile, path: None = None) -> pd.DataFrame: ...
@overload
def table(run: Run | Explanation | Iterable[Explanation] | str | Path | UrlFile, path: str | Path) -> Path: ...
def table(
    run: Run | Explanation | Iterable[Explanation] | str | Path | UrlFile, path: str | Path | None = None
) -> pd.DataFrame | Path:
    """Give a row a cluster map, without its arrays; with a path, write them.

    Parameters
    ----------
    run
        A Run, an Explanation, several, or a saved run's path.
    path
        A file that ends in ``.csv``, ``.jsonl`` or ``.parquet``. In CSV, a text that a spreadsheet would take for a
        formula (``=``, ``+``, ``-``, ``@``) gets a leading apostrophe.

    Returns
    -------
    DataFrame or Path
        The frame, or the path. ``weight`` is in per cent of the layer's total; ``target`` is the class index, or a
        group's indices joined by ``+``; ``labels`` are all labels, best first, joined by ``"; "``; ``low_support``
        tells whether few rounds or players gave the best one; then how rounds ended and what they had been shown
        (``mean_share`` in per cent of the picture), and how many cluster maps were merged into this one.

    Raises
    ------
    ValueError
        If `path` ends in something else.
    """
    import pandas as pd

    writer = None if path is None else _writer(Path(path))
    frame = pd.DataFrame(list(_rows(as_run(run))), columns=list(_TYPES)).astype(_TYPES)
    if path is None or writer is None:
        return frame
    return write(Path(path), writer(frame))


_TYPES: dict[str, Any] = {
    "picture": "str", "network": "str", "target": "str", "target_name": "str", "target_probability": "float64",
    "prediction": "str", "prediction_probability": "float64",
    "layer": "str", "title": "str", "depth": "int64", "block": "int64", "layer_in_block": "int64",
    "cluster": "int64", "id": "str", "weight": "float64", "n_maps": "int64", "silhouette": "float64",
    "map_height": "int64", "map_width": "int64", "label": "str", "label_score": "float64", "labels": "str",
    "low_support": "bool", "wins": "int64", "losses": "int64", "resigns": "int64", "players": "int64",
    "mean_step": "float64", "mean_share": "float64", "members": "int64",
}  # fmt: skip


def _rows(run: Run) -> Iterator[dict[str, Any]]:
    for explanation in run:
        for column, cluster_map in explanation.cluster_maps():
            yield _row(explanation, column, cluster_map)


def _row(explanation: Explanation, column: Column, cluster_map: ClusterMap) -> dict[str, Any]:
    target = explanation.target
    best = cluster_map.labels[0] if cluster_map.labels else None
    row: dict[str, Any] = {
        "picture": explanation.name,
        "network": explanation.network,
        "target": "+".join(map(str, target if isinstance(target, tuple) else (target,))),
        "target_name": explanation.target_name,
        "target_probability": explanation.target_probability,
        "prediction": explanation.prediction.name,
        "prediction_probability": explanation.prediction.probability,
        **{name: getattr(column, name) for name in ("layer", "title", "depth", "block", "layer_in_block")},
        **{name: getattr(cluster_map, name) for name in ("cluster", "id", "weight", "n_maps", "silhouette")},
        "map_height": cluster_map.map.shape[0],
        "map_width": cluster_map.map.shape[1],
        "label": best.name if best else "",
        "label_score": best.score if best else float("nan"),
        "labels": "; ".join(label.name for label in cluster_map.labels),
        "low_support": best is not None and is_low(best),
        **_fared(cluster_map.rounds),
        "members": len(cluster_map.members),
    }
    return {name: plain(value) if isinstance(value, str) else value for name, value in row.items()}


def _fared(rounds: Rounds | None) -> dict[str, Any]:
    names = ("wins", "losses", "resigns", "players", "mean_step", "mean_share")
    nobody = dict.fromkeys(names, 0) | {"mean_step": float("nan"), "mean_share": float("nan")}
    return nobody if rounds is None else {name: getattr(rounds, name) for name in names}


def _writer(path: Path) -> Callable[[pd.DataFrame], bytes]:
    writers = {".csv": _csv, ".jsonl": _jsonl, ".parquet": _parquet}
    try:
        return writers[path.suffix.lower()]
    except KeyError:
        raise ValueError(
            f"[inv-widgets] A table cannot be written to {path.name!r}: "
            "give a name that ends in .csv, .jsonl or .parquet."
        ) from None


def _csv(frame: pd.DataFrame) -> bytes:
    texts = [name for name, kind in _TYPES.items() if kind == "str"]
    safe = frame.assign(**{name: [_unformulated(text) for text in frame[name]] for name in texts})
    return safe.to_csv(index=False, lineterminator="\n").encode("utf-8")


def _unformulated(text: str) -> str:
    # Spreadsheets run a cell that starts so, also after white space (OWASP, "CSV injection").
    return f"'{text}" if text.lstrip().startswith(("=", "+", "-", "@")) or text.startswith(("\t", "\r")) else text


def _jsonl(frame: pd.DataFrame) -> bytes:
    text: str = frame.to_json(orient="records", lines=True, force_ascii=False, double_precision=15)
    return text.encode("utf-8")


def _parquet(frame: pd.DataFrame) -> bytes:
    content: bytes = frame.to_parquet(index=False)
    return content
