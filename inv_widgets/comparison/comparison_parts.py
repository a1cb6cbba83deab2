"""Maps on disk while a long comparison goes on: one file a map beside NAME.parquet, until the whole is written."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from inv_widgets import atomic
from inv_widgets.comparison import comparison_files as on_disk

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from inv_widgets.comparison.comparison_result import ComparedMap, ComparisonResult

__all__ = ["Parts"]

_SAYS = {
    "network_hash": "another network, or other weights",
    "metrics": "other metrics",
    "keep_maps": "another keep_maps",
    "memory": "another memory",
}


class Parts:
    """Finished maps on disk while a long comparison goes on; nothing where no `out` is given.

    Parameters
    ----------
    out
        ``NAME.parquet``.
    job
        What must be the same for a resumed comparison.
    resume
        Go on with what is there; False starts anew (an older comparison stands until the new one is whole).

    Raises
    ------
    ValueError
        If what is there was made in another way.
    """

    def __init__(self, out: str | Path | None, job: Mapping[str, Any], *, resume: bool) -> None:
        self._out = None if out is None else on_disk.files(out)[0]
        self._about = dict(job)
        self._old: dict[str, ComparedMap] = {}
        self._asked: list[str] = []
        self._whole: set[str] = set()
        if self._out is None:
            return
        self._folder = self._out.with_name(f"{self._out.stem}.parts")
        if not resume:
            shutil.rmtree(self._folder, ignore_errors=True)
            return
        whole = [self._out] if self._out.exists() else []
        for file in (*whole, *sorted(self._folder.glob("*.parquet"))):
            table, about = on_disk.table_of(file, on_disk.MAPS)
            self._require_same(file, about)
            rows = {row["key"]: on_disk.map_of(row) for row in table.to_pylist()}
            self._old |= rows
            self._whole |= set(rows) if file in whole else set()

    def get(self, key: str) -> ComparedMap | None:
        """Give a map that was finished earlier; one that failed is tried again."""
        self._asked.append(key)
        found = self._old.get(key)
        return None if found is not None and found.error else found

    def add(self, key: str, found: ComparedMap) -> None:
        """Write a map; it appears whole or not at all."""
        if self._out is not None:
            content = on_disk.as_bytes([on_disk.map_row(0, key, found)], on_disk.MAPS, self._about)
            atomic.write(self._folder / f"{key}.parquet", content)

    def finish(self, result: ComparisonResult) -> None:
        """Write the whole comparison and remove the parts."""
        if self._out is None:
            return
        beyond = self._whole.difference(self._asked)
        if beyond:
            raise ValueError(
                f"[inv-widgets] {self._out} holds {len(beyond)} maps of other pictures, targets, methods or parameters "
                "than were asked for now. Give another out=, or resume=False to replace it. What was made now is kept "
                f"in {self._folder}."
            )
        wide = len(result.methods)
        keys = [self._asked[start : start + wide] for start in range(0, len(self._asked), wide)]
        on_disk.write(self._out, result, keys=keys, **self._about)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _require_same(self, file: Path, about: Mapping[str, Any]) -> None:
        differing = [name for name, value in self._about.items() if about.get(name) != value]
        if differing:
            raise ValueError(
                f"[inv-widgets] {file} was made with {' and '.join(_SAYS[name] for name in differing)}, so it cannot "
                "be resumed. Give another out=, or resume=False to replace it."
            )
