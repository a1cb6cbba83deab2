"""The parts of a run that is being made: small runs of some explanations each.

A part a picture would be thirty thousand files of a run of ten thousand; so explanations that come quickly share one.
"""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

from inv_widgets.run_files import RunFiles, RunWriter

if TYPE_CHECKING:
    from collections.abc import KeysView
    from pathlib import Path

    from inv_widgets.explanation import Explanation

__all__ = ["PartFiles"]

SECONDS = 2.0
"""An explanation is written at once where the last part is older than this; a process that is killed loses no more."""

MOST = 64
"""Explanations a part."""

_OPEN = 8  # parts


class PartFiles:
    """The parts in a folder, found there or just made.

    Parameters
    ----------
    folder
        It need not exist before something is added.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._waiting: dict[str, Explanation] = {}
        self._written = 0.0  # when
        self._places: dict[str, tuple[Path, int]] = {}
        self._open: dict[Path, RunFiles] = {}
        for file in sorted(folder.glob("*.parquet")):
            if "." not in file.stem:  # no companion, no draft
                keys = RunFiles(file).job.get("keys", [])
                self._places |= {key: (file, place) for place, key in enumerate(keys)}

    def __contains__(self, key: object) -> bool:
        return key in self._places or key in self._waiting

    def keys(self) -> KeysView[str]:
        """Give the keys of all explanations that are written."""
        return self._places.keys()

    def add(self, key: str, explanation: Explanation) -> None:
        """Take an explanation; it is written now, or with others that follow soon."""
        self._waiting[key] = explanation
        if len(self._waiting) >= MOST or time.monotonic() - self._written >= SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write what waits, as one part that appears whole or not at all."""
        if not self._waiting:
            return
        keys = list(self._waiting)
        file = self._folder / f"{uuid.uuid4().hex[:16]}.parquet"
        with RunWriter(file, job={"keys": keys}) as writer:
            for explanation in self._waiting.values():
                writer.add(explanation)
        self._places |= {key: (file, place) for place, key in enumerate(keys)}
        self._waiting.clear()
        self._written = time.monotonic()

    def tables(self, key: str) -> dict[str, Any]:
        """Read one explanation's rows, as :meth:`RunFiles.tables` gives them."""
        file, place = self._places[key]
        if file not in self._open:
            if len(self._open) >= _OPEN:
                self._open.pop(next(iter(self._open)))
            self._open[file] = RunFiles(file)
        return self._open[file].tables(place)
