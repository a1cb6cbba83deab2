"""A Run: the explanations of many pictures, as a lazy sequence over three Parquet files.

``NAME.parquet`` has a row a cluster map, ``NAME.columns.parquet`` a row a layer, ``NAME.pictures.parquet`` a row a
picture (and target). An explanation can be read without most of the others.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from inv_widgets.errors import UnknownNameError, counted, kind_of
from inv_widgets.explanation import Explanation
from inv_widgets.last_read import LastRead
from inv_widgets.url_files import UrlFile

if TYPE_CHECKING:
    import pandas as pd

    from inv_widgets.run_files import RunFiles
    from inv_widgets.run_folder import RunFolder

__all__ = ["Run", "as_run", "load"]


class Run(Sequence[Explanation]):
    """A read-only sequence of explanations.

    Index it by number, picture name or slice; filter it; save it. A Run that was loaded reads each explanation from its
    files when it is asked for.

    Parameters
    ----------
    explanations
        Explanations, in memory.
    errors
        Pictures that could not be explained, with the reason: ``{name: reason}``.
    """

    def __init__(self, explanations: Iterable[Explanation] = (), *, errors: Mapping[str, str] | None = None) -> None:
        items = explanations if isinstance(explanations, _Lazy) else list(explanations)
        for item in () if isinstance(items, _Lazy) else items:
            if not isinstance(item, Explanation):
                raise TypeError(
                    f"[inv-widgets] A Run is made of Explanations, not {type(item).__name__}: {item!r:.80}. "
                    "Give what inv.explain or inv.explain_many returned."
                )
        self._items: Sequence[Explanation] = items
        self._errors = dict(errors or {})

    @property
    def errors(self) -> dict[str, str]:
        """Pictures that could not be explained, with the reason."""
        return dict(self._errors)

    @property
    def keys(self) -> list[tuple[str, str]]:
        """(picture name, target name) of each explanation, without reading the explanations."""
        if isinstance(self._items, _Lazy):
            return self._items.keys
        return [(item.name, item.target_name) for item in self._items]

    @property
    def targets(self) -> list[tuple[int, ...]]:
        """The class index of each explanation, or a group's indices, without reading those that stand in files."""
        run: Run = getattr(self, "source", self)  # what a run with labels was made from
        if run.files is None:
            return [item.target if isinstance(item.target, tuple) else (item.target,) for item in run]
        files, places = run.files
        rows = files.some("pictures", ["target"])
        return [tuple(rows[place][0]["target"]) for place in places]

    @property
    def files(self) -> tuple[RunFiles | RunFolder, list[int]] | None:
        """The files that this run reads from and its places in them; None: it is in memory."""
        return (self._items.source, list(self._items.places)) if isinstance(self._items, _Lazy) else None

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        errors = f", {counted(len(self._errors), 'error')}" if self._errors else ""
        return f"Run({counted(len(self), 'explanation')}{errors})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Run):
            return NotImplemented
        return (
            len(self) == len(other)
            and self._errors == other._errors
            and all(one == two for one, two in zip(self, other, strict=True))
        )

    __hash__ = None  # type: ignore[assignment]

    @overload
    def __getitem__(self, key: int | str) -> Explanation: ...
    @overload
    def __getitem__(self, key: slice) -> Run: ...
    def __getitem__(self, key: int | str | slice) -> Explanation | Run:
        if isinstance(key, slice):
            return self._pick(range(len(self))[key])
        if isinstance(key, str):
            return self._items[self._place(key)]
        try:
            place = operator.index(key)  # an array may have several
        except TypeError:
            raise TypeError(
                f"[inv-widgets] run[{key!r}] is not possible: give a number, a picture's name or a slice."
            ) from None
        if not -len(self) <= place < len(self):
            raise IndexError(f"[inv-widgets] There is no explanation {key}: this run has {len(self)}, counted from 0.")
        return self._items[place]

    def __iter__(self) -> Iterator[Explanation]:
        return iter(self._items)

    def bare(self, places: Iterable[int]) -> Iterator[Explanation]:
        """Read explanations without what takes long and only views show, in the order of `places`.

        Of one that stands in files the picture is black, the rests' maps are 0, and single channels have no thumbnails.
        """
        if not isinstance(self._items, _Lazy):
            return (self._items[place] for place in places)
        source, within = self._items.source, self._items.places
        return source.bare([within[place] for place in places])

    def filter(self, *, target: int | str | Sequence[int] | None = None, picture: str | None = None) -> Run:
        """Keep the explanations of one target (its name, its index, a group's indices) or of one picture (its name)."""
        keys = self.keys
        keep = [i for i, (name, _) in enumerate(keys) if picture is None or name == picture]
        if isinstance(target, str):
            keep = [i for i in keep if keys[i][1] == target]
        elif target is not None:
            wanted = _indices(target)
            targets = self.targets
            keep = [i for i in keep if set(targets[i]) == wanted]
        return self._pick(keep)

    def to_frame(self) -> pd.DataFrame:
        """Give a frame with a row a cluster map: the columns of ``NAME.parquet``."""
        from inv_widgets import run_files

        return run_files.to_frame(self)

    def save(self, path: str | Path | UrlFile) -> Path | UrlFile:
        """Write ``NAME.parquet``, ``NAME.columns.parquet`` and ``NAME.pictures.parquet``; return the first's path.

        The files appear whole or not at all. `path` may be a URL (``s3://bucket/NAME.parquet``; extra ``urls``).
        """
        from inv_widgets import run_files

        return run_files.write(path, self, errors=self._errors)

    def _pick(self, places: Iterable[int]) -> Run:
        if isinstance(self._items, _Lazy):
            return Run(self._items.pick(list(places)), errors=self._errors)
        return Run((self._items[i] for i in places), errors=self._errors)

    def _place(self, name: str) -> int:
        names = [picture for picture, _ in self.keys]
        if name in names:
            return names.index(name)
        import difflib

        close = difflib.get_close_matches(name, names, n=3, cutoff=0.4)
        advice = f"Did you mean {', '.join(close)}?" if close else f"It has {len(names)} others."
        raise UnknownNameError(f"[inv-widgets] No picture {name!r} in this run. {advice}")


def _indices(target: Any) -> set[int]:
    try:
        return {operator.index(index) for index in (target if isinstance(target, Iterable) else [target])}
    except TypeError:
        raise TypeError(
            f"[inv-widgets] target={target!r} is {kind_of(target)}: give a target's name, its index, or the indices of "
            "a group."
        ) from None


class _Lazy(Sequence[Explanation]):
    """Explanations that stand in files; the last few that were read are kept."""

    def __init__(self, source: RunFiles | RunFolder, places: list[int]) -> None:
        self.source = source
        self.places = places
        self._last = LastRead()

    @property
    def keys(self) -> list[tuple[str, str]]:
        keys = list(self.source.keys)
        return [keys[place] for place in self.places]

    def pick(self, places: list[int]) -> _Lazy:
        return _Lazy(self.source, [self.places[i] for i in places])

    def __len__(self) -> int:
        return len(self.places)

    @overload
    def __getitem__(self, key: int) -> Explanation: ...
    @overload
    def __getitem__(self, key: slice) -> _Lazy: ...
    def __getitem__(self, key: int | slice) -> Explanation | _Lazy:
        if isinstance(key, slice):
            return _Lazy(self.source, self.places[key])
        return self._last.get(self.places[key], self.source.read)


def load(path: str | Path | UrlFile) -> Run:
    """Open a run that was saved; explanations are read when they are asked for.

    Parameters
    ----------
    path
        ``NAME.parquet``; its two companions stand beside it. Or the folder that several workers wrote. A URL is read
        through fsspec (extra ``urls``), only what is asked for.

    Raises
    ------
    FileNotFoundError
        If one of the three files is missing.
    ValueError
        If a file is no run of inv-widgets, or a newer version wrote it.
    """
    from inv_widgets import run_files, run_folder

    source = run_folder.RunFolder(path) if run_folder.is_run_folder(path) else run_files.opened(path)
    return Run(_Lazy(source, list(range(len(source.keys)))), errors=source.errors)


def as_run(explanations: Run | Explanation | Iterable[Explanation] | str | Path | UrlFile) -> Run:
    """Take what widgets and functions accept as a run: a Run, one Explanation or several, a saved run's path or URL."""
    if isinstance(explanations, Run):
        return explanations
    if isinstance(explanations, Explanation):
        return Run([explanations])
    if isinstance(explanations, str | Path | UrlFile):
        return load(explanations)
    if isinstance(explanations, Iterable):
        return Run(explanations)
    raise TypeError(
        f"[inv-widgets] Expected a Run, an Explanation, a list of them or the path of a saved run, "
        f"not {type(explanations).__name__}."
    )
