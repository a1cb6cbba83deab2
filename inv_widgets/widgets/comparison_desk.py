"""Behind a Comparison: its rows, what of them may be seen, and answers to what the browser asks."""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING, Any

from inv_widgets.export import comparison_payload as payload
from inv_widgets.export.comparison_added import AddedPicture
from inv_widgets.pictures import load_picture
from inv_widgets.widgets.comparison_rows import AddedRow, Explained, ResultRow
from inv_widgets.widgets.comparison_runs import ComparisonRuns
from inv_widgets.widgets.uploads import Uploads, picture_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from inv_widgets.comparison.comparison_result import ComparisonResult

__all__ = ["ComparisonDesk"]

Answer = tuple[dict[str, Any], list[bytes]]


class ComparisonDesk:
    """Keeps the rows. Whoever calls it holds the widget's lock.

    Parameters
    ----------
    result
        What is compared.
    run
        Compares one more picture, or None.
    explained
        Explanations of the pictures.
    withheld
        Gives the hashes of pictures that open games withhold.
    told
        Called, on the worker's thread too, when an added row has changed.
    """

    def __init__(
        self,
        result: ComparisonResult,
        run: Callable[..., ComparisonResult] | None,
        explained: Explained,
        *,
        withheld: Callable[[], frozenset[str]],
        told: Callable[[], None],
    ) -> None:
        self._result = result
        self._explained = explained
        self._withheld = withheld
        self._told = told
        self._rows = [
            ResultRow(str(place), picture, maps)
            for place, (picture, maps) in enumerate(zip(result.pictures, result.maps, strict=True))
        ]
        self._added: list[AddedRow] = []
        self._keys = itertools.count(1)
        self._uploads = Uploads()
        self._runs = None if run is None else ComparisonRuns(run, told)

    def rows(self, whole_bytes: float, *, heads_only: bool = False) -> list[dict[str, Any]]:
        """Give the result's rows, whole up to so many bytes, the others by what is known from the start."""
        withheld = self._withheld()
        sent: list[dict[str, Any]] = []
        size = 0
        for row in self._rows:
            if row.hashes & withheld:
                sent.append({"key": row.key, "withheld": True})
                continue
            told = row.head(self._explained)
            if not heads_only and size < whole_bytes:
                told |= row.content(self._explained)
                size += sum(len(told[name]) for name in payload.BYTES)
            sent.append(told)
        return sent

    def added(self) -> list[dict[str, Any]]:
        """Give what is known of the added rows."""
        withheld = self._withheld()
        return [
            {"key": row.key, "withheld": True, "added": True, "after": row.after}
            if row.hashes & withheld
            else row.head(self._explained)
            for row in self._added
        ]

    def made(self) -> list[ComparisonResult]:
        """Give what was made for the added rows."""
        return [result for row in self._added for result in row.results if result.methods]

    def explain(self, explained: Explained) -> None:
        """Take other explanations of the pictures."""
        self._explained = explained

    def visible(self) -> ComparisonResult:
        """Give the result without what a game withholds."""
        withheld = self._withheld()
        rows = [row for row in self._rows if not row.hashes & withheld]
        if len(rows) == len(self._rows):
            return self._result
        return dataclasses.replace(
            self._result, pictures=tuple(row.picture for row in rows), maps=tuple(row.maps for row in rows)
        )

    def added_pictures(self) -> list[AddedPicture]:
        """Give the added rows that may be seen and of which something is there; places are those of `visible`."""
        withheld = self._withheld()
        shown = [row.key for row in self._rows if not row.hashes & withheld]
        added = [row for row in self._added if row.results and not row.hashes & withheld]
        places = {key: place for place, key in enumerate([*shown, *(row.key for row in added)])}
        return [
            AddedPicture(row.results[0].pictures[0], {one.method: one for one in row.maps}, places.get(row.after or ""))
            for row in added
        ]

    def whole_added(self) -> list[dict[str, Any]]:
        """Give the added rows with their bytes, as they stand now: nothing more will come."""
        withheld = self._withheld()
        return [row.still(self._explained) for row in self._added if row.results and not row.hashes & withheld]

    def wait(self, timeout: float | None) -> bool:
        """Wait until all rows are filled."""
        return self._runs is None or self._runs.wait(timeout)

    def close(self) -> None:
        """End what is being compared."""
        if self._runs is not None:
            self._runs.close()

    def answer(self, content: dict[str, Any], buffers: list[memoryview]) -> Answer:
        """Answer a question; raise what the browser shows."""
        kind = content.get("kind")
        if kind == "row":
            told = self._row(content["key"]).content(self._explained, content.get("have") or ())
            return {"row": told}, [told.pop(name) for name in payload.BYTES]
        if kind == "upload":
            return self._upload(content, buffers)
        if kind == "compare":
            return self._compare(content)
        if kind in {"stop", "remove"}:
            row = self._row(content["key"])
            if isinstance(row, AddedRow):
                self._live().stop(row)
                if kind == "remove":
                    self._remove(row)
            return {}, []
        raise ValueError(f"[inv-widgets] The kernel does not know the question {kind!r}.")

    def _upload(self, content: dict[str, Any], buffers: list[memoryview]) -> Answer:
        runs = self._live()
        data = self._uploads.add(
            str(content["upload"]), int(content["part"]), int(content["parts"]), bytes(buffers[0]) if buffers else b""
        )
        if data is None:
            return {}, []
        picture = picture_of(data, str(content.get("name") or "picture")[:200])
        if picture.hash in self._withheld():
            raise PermissionError(_PLAY_FIRST)
        row = AddedRow(self._key(), picture, picture.hash, content.get("target"), self._methods(content))
        self._added.insert(0, row)
        runs.add(row)
        return {"key": row.key}, []

    def _compare(self, content: dict[str, Any]) -> Answer:
        runs = self._live()
        row = self._row(content["key"])
        if isinstance(row, AddedRow):
            given, origin = row.given, row.origin
        else:
            given, origin = load_picture(row.picture.picture, name=row.picture.name), row.picture.hash
        made = AddedRow(self._key(), given, origin, content.get("target"), self._methods(content), after=row.key)
        self._added.append(made)
        runs.add(made)
        return {"key": made.key}, []

    def _remove(self, row: AddedRow) -> None:
        self._added.remove(row)
        for other in self._added:
            other.after = row.after if other.after == row.key else other.after
        self._told()

    def _row(self, key: Any) -> ResultRow | AddedRow:
        rows: list[ResultRow | AddedRow] = [*self._rows, *self._added]
        for row in rows:
            if row.key == key:
                if row.hashes & self._withheld():
                    raise PermissionError(_PLAY_FIRST)
                return row
        raise LookupError(f"[inv-widgets] There is no row {key!r} any more.")

    def _live(self) -> ComparisonRuns:
        if self._runs is None:
            raise RuntimeError(
                "[inv-widgets] There is no network here: give run=, such as inv.compare(...).rerun of a live result."
            )
        return self._runs

    def _methods(self, content: dict[str, Any]) -> tuple[str, ...]:
        wanted = set(content.get("methods") or ())
        keys = tuple(method.key for method in self._result.methods)
        return tuple(key for key in keys if key in wanted) or keys

    def _key(self) -> str:
        return f"added-{next(self._keys)}"


_PLAY_FIRST = "[inv-widgets] This picture is withheld while a game is open: play first."
