"""What :func:`explain_many` takes for pictures and targets, as one list of named pictures with a target each."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Mapping, Sized
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from inv_widgets.errors import kind_of
from inv_widgets.pictures import Picture, readable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Entry", "UniqueNames", "entries"]

_WANTED = "a list of pictures, a dict from name to picture, (name, picture) pairs, a folder or a glob pattern"


@dataclass(frozen=True)
class Entry:
    """One picture of many: what it is called, the picture in any form, and the target in any form."""

    name: str
    picture: Any
    target: Any = None


def entries(pictures: Any, target: Any = None) -> tuple[Iterator[Entry], int | None]:
    """Go through pictures under names of their own; give their number too, where it is known.

    Parameters
    ----------
    pictures
        Pictures in any form, a dict from name to picture, (name, picture) pairs, a folder, a glob pattern, or
        one picture.
    target
        One for all; a list with one a picture; or a dict from picture name to target.

    Raises
    ------
    FileNotFoundError, TypeError, ValueError
        Where there are no pictures, and where the targets do not fit.
    """
    found = _listed(pictures)
    number = len(found) if isinstance(found, Sized) else None
    if isinstance(target, list) and number is not None and len(target) != number:
        raise ValueError(
            f"[inv-widgets] {len(target)} targets were given for {number} pictures: a list is one target a picture. "
            "A group of classes for all pictures is a tuple."
        )
    if isinstance(target, Mapping) and isinstance(found, list):
        _require_names(target, [name for name, _ in _named(found)])
    return _with_targets(_named(found), target), number


class UniqueNames:
    """Names that are taken already; a million that are alike must not be counted through for each of them."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._last = dict.fromkeys(taken, 1)  # the number that each name was given last

    def take(self, name: str) -> str:
        """Take ``name``, or ``name (2)``, ``name (3)`` ... where it is taken."""
        free, number = name, self._last.get(name, 0)
        while free in self._last:
            number += 1
            free = f"{name} ({number})"
        self._last[name] = max(number, 1)
        self._last[free] = self._last.get(free, 1)
        return free


def _listed(pictures: Any) -> Iterable[Any]:
    if isinstance(pictures, Mapping):
        return [(str(name), picture) for name, picture in pictures.items()]
    if isinstance(pictures, (str, os.PathLike)):
        return _files(pictures)
    if isinstance(pictures, (Image.Image, Picture)) or 0 < getattr(pictures, "ndim", 9) <= 3:
        return [pictures]
    if not isinstance(pictures, Iterable):
        raise TypeError(f"[inv-widgets] The pictures are {kind_of(pictures)}: give {_WANTED}.")
    return list(pictures) if isinstance(pictures, Sized) else pictures


def _files(where: str | os.PathLike[str]) -> list[Any]:
    text = os.fspath(where)
    if not text:
        raise FileNotFoundError(f"[inv-widgets] The pictures are {text!r}, an empty text: give {_WANTED}.")
    exists = os.path.exists(text)  # noqa: PTH110 (Path's raises for a text that no file can be called)
    if exists and Path(text).is_dir():
        endings = {ending for ending, kind in Image.registered_extensions().items() if kind in Image.OPEN}
        files = [file for file in sorted(Path(text).rglob("*")) if file.suffix.lower() in endings and file.is_file()]
        if not files:
            raise FileNotFoundError(f"[inv-widgets] The folder {text!r} holds no pictures.")
        return [(file.relative_to(text).as_posix(), file) for file in files]
    if any(sign in text for sign in "*?[") and not exists:
        matching = sorted(glob.glob(text, recursive=True))  # noqa: PTH207 (Path.glob takes no absolute pattern)
        if not matching:
            raise FileNotFoundError(f"[inv-widgets] No file matches {text!r}.")
        return list(matching)
    if "://" not in text and not exists:
        raise FileNotFoundError(f"[inv-widgets] There is no picture and no folder {text!r}. Check the path.")
    return [where]


def _named(found: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    names = UniqueNames()
    for one in found:
        name, picture = one if _is_pair(one) else (_own_name(one), one)
        yield names.take(readable(name)), picture


def _is_pair(one: Any) -> bool:
    return isinstance(one, tuple) and len(one) == 2 and isinstance(one[0], str)


def _own_name(picture: Any) -> str:
    if isinstance(picture, (str, os.PathLike, Picture)):
        own = getattr(picture, "name", None)
        return own if isinstance(own, str) and own else Path(os.fspath(picture)).name  # type: ignore[arg-type]
    return "picture"


def _require_names(target: Mapping[Any, Any], names: Sequence[str]) -> None:
    known = set(names)
    unknown = [name for name in target if name not in known]
    if unknown:
        import difflib

        close = difflib.get_close_matches(str(unknown[0]), names, n=3, cutoff=0.4)
        advice = f"Did you mean {', '.join(close)}?" if close else f"There are {len(names)} others."
        raise ValueError(f"[inv-widgets] A target is given for {unknown[0]!r}, but no picture has that name. {advice}")


def _with_targets(named: Iterator[tuple[str, Any]], target: Any) -> Iterator[Entry]:
    count = 0
    for count, (name, picture) in enumerate(named, 1):
        if isinstance(target, Mapping):
            yield Entry(name, picture, target.get(name))
        elif isinstance(target, list):
            if count > len(target):
                raise ValueError(
                    f"[inv-widgets] There are more pictures than the {len(target)} targets: give one each."
                )
            yield Entry(name, picture, target[count - 1])
        else:
            yield Entry(name, picture, target)
    if isinstance(target, list) and count < len(target):
        raise ValueError(f"[inv-widgets] {len(target)} targets were given for {count} pictures: give one each.")
