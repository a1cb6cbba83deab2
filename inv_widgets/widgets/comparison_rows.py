"""The rows of a Comparison: the pictures of its result, and those that are added while it is on screen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from inv_widgets.export import comparison_payload as payload
from inv_widgets.run import as_run
from inv_widgets.run_outline import picture_hashes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from inv_widgets.comparison.comparison_result import ComparedMap, ComparedPicture, ComparisonResult
    from inv_widgets.explanation import Explanation
    from inv_widgets.pictures import Picture
    from inv_widgets.run import Run

__all__ = ["AddedRow", "Explained", "ResultRow"]


class Explained:
    """Explanations of the pictures, found by the pictures' hashes; read when a row is looked at.

    Parameters
    ----------
    explanations
        A Run, explanations, the path of a saved run, or None.
    version
        How often there were others before: the browser asks again for what it has of older ones.

    Attributes
    ----------
    run, version
        As given.
    """

    def __init__(self, explanations: Any, version: int = 0) -> None:
        self.run: Run | None = None if explanations is None else as_run(explanations)
        self.version = version
        self._places: dict[str, list[int]] = {}
        for place, one in enumerate([] if self.run is None else picture_hashes(getattr(self.run, "source", self.run))):
            self._places.setdefault(one, []).append(place)

    def of(self, picture_hash: str) -> list[Explanation]:
        """Give the explanations of a picture."""
        return [] if self.run is None else [self.run[place] for place in self._places.get(picture_hash, ())]

    def names(self, picture_hash: str) -> list[str]:
        """Give what they call the picture."""
        if self.run is None:
            return []
        return list(dict.fromkeys(self.run.keys[place][0] for place in self._places.get(picture_hash, ())))


@dataclass(frozen=True)
class ResultRow:
    """A picture of the result."""

    key: str
    picture: ComparedPicture
    maps: tuple[ComparedMap, ...]

    @property
    def hashes(self) -> set[str]:
        """Hashes of the picture."""
        return {self.picture.hash}

    def head(self, explained: Explained) -> dict[str, Any]:
        """Give what is known from the start."""
        told = payload.head(self.key, self.picture, self.maps, known_as=explained.names(self.picture.hash))
        return told | {"version": explained.version}

    def content(self, explained: Explained, have: Iterable[str] = ()) -> dict[str, Any]:
        """Give the bytes."""
        told = payload.content(self.picture, self.maps, explained.of(self.picture.hash), without=set(have))
        return told | {"version": explained.version}


@dataclass
class AddedRow:
    """A picture that was dropped, or one that is asked about for another class; filled method by method.

    Attributes
    ----------
    given
        The picture.
    origin
        The hash of what it was made of: the row's own where it is asked about anew.
    target
        What `run` is asked for: a class or None.
    methods
        Keys of the methods that are asked for.
    after
        The key of the row that it stands below; None: on top.
    state
        ``"waiting"``, ``"working"``, ``"done"``, ``"stopped"`` or ``"failed"``.
    """

    key: str
    given: Picture
    origin: str
    target: Any
    methods: tuple[str, ...]
    after: str | None = None
    state: str = "waiting"
    method: str = ""
    steps: tuple[int, int] = (0, 0)
    error: str = ""
    results: list[ComparisonResult] = field(default_factory=list)
    version: int = 0

    @property
    def hashes(self) -> set[str]:
        """Hashes of the picture, as it was given and as it is shown."""
        return {self.origin, self.given.hash}

    @property
    def open(self) -> bool:
        """Whether something is still to be done."""
        return self.state in {"waiting", "working"}

    @property
    def maps(self) -> tuple[ComparedMap, ...]:
        """What was made so far."""
        return tuple(found for result in self.results for found in result.maps[0])

    def head(self, explained: Explained) -> dict[str, Any]:
        """Give what is known so far, and how far it is."""
        told = {
            "added": True,
            "after": self.after,
            "version": self.version + explained.version,
            "status": {
                "state": self.state,
                "method": self.method,
                "steps": list(self.steps),
                "methods": list(self.methods),
                "error": self.error.removeprefix("[inv-widgets] "),
            },
        }
        if self.results:
            names = explained.names(self.origin)
            return payload.head(self.key, self.results[0].pictures[0], self.maps, known_as=names) | told
        size = {"width": self.given.width, "height": self.given.height}
        return {
            "key": self.key, "name": self.given.name, "known_as": [], "target": [], "target_name": "",
            "probability": None, "predictions": [], "has_mask": False, "cells": [], **size, **told,
        }  # fmt: skip

    def still(self, explained: Explained) -> dict[str, Any]:
        """Give all that is there, of a row that stands still: in a file nothing more comes."""
        told = self.head(explained) | self.content(explained)
        status = told["status"] | ({"state": "stopped", "method": ""} if self.open else {})
        return told | {"status": status}

    def content(self, explained: Explained, have: Iterable[str] = ()) -> dict[str, Any]:
        """Give the bytes that are there."""
        if not self.results:
            raise LookupError("[inv-widgets] This picture is not predicted yet.")
        shown = self.results[0].pictures[0]
        told = payload.content(shown, self.maps, explained.of(self.origin), without=set(have))
        return told | {"version": self.version + explained.version}
