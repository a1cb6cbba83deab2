"""What stands behind the words of a command line: pictures, targets, layers, files that somebody wrote by hand."""

from __future__ import annotations

import glob
import os
import re
from argparse import ArgumentTypeError
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = ["check_out", "layers_of", "lines_of", "pictures_of", "size_of", "target_of", "text_of", "whole_number"]

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")  # of a Path, which has one of its slashes left; C:/ is a disk


def pictures_of(patterns: Sequence[str]) -> list[str | tuple[str, Path]]:
    """Give the files, those of a folder under their path in it; patterns that a shell has left alone are resolved."""
    found: list[str | tuple[str, Path]] = []
    for pattern in patterns:
        matches = [pattern] if Path(pattern).exists() else sorted(glob.glob(pattern))  # noqa: PTH207 (may be absolute)
        if not matches:
            advice = "download it first" if _URL.match(pattern) else "check the path"
            raise FileNotFoundError(f"[inv-widgets] There is no picture {pattern!r}: {advice}.")
        for match in matches:
            found += _in_folder(match) if Path(match).is_dir() else [match]
    return list(dict.fromkeys(found))


def target_of(names: list[str] | None) -> int | str | tuple[int | str, ...] | None:
    """Give one target, or a group of several; digits are an index."""
    if names is None:
        return None
    targets = tuple(int(name) if name.isdecimal() else name for name in names)
    return targets if len(targets) > 1 else targets[0]


def layers_of(names: list[str] | None) -> str | list[str] | None:
    """Give one choice of layers, or a list of several."""
    return names[0] if names and len(names) == 1 else names


def size_of(text: str | None) -> tuple[int, int] | None:
    """Give height and width of ``224`` or ``240x320``."""
    if text is None:
        return None
    sides = text.lower().split("x")
    if len(sides) > 2 or not all(side.isdecimal() and int(side) for side in sides):
        raise ValueError(f"[inv-widgets] --size {text} is not possible: give pixels, such as 224 or 240x320.")
    return int(sides[0]), int(sides[-1])


def whole_number(least: int) -> Callable[[str], int]:
    """Give the type of an option that is a whole number, for argparse."""

    def read(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise ArgumentTypeError(f"{text!r} is not possible: give a whole number of at least {least}")
        return int(text)

    return read


def check_out(path: Path, suffixes: Iterable[str]) -> None:
    """Refuse a file to write whose name ends otherwise, a URL, and a folder that takes no files."""
    if _URL.match(str(path)):
        raise ValueError(
            f"[inv-widgets] --out {path} is a URL: give a file on this computer. In Python, run.save(URL) copies a run."
        )
    if path.suffix.lower() not in suffixes:
        raise ValueError(
            f"[inv-widgets] --out {path} is not possible: give a name that ends in {' or '.join(suffixes)}."
        )
    # Before a network works for hours: the folder, or where it will be made, takes files.
    above = path.absolute().parents
    folder = next((folder for folder in above if folder.exists()), above[-1])  # a drive may be missing
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        why = "you may not write there" if folder.is_dir() else "it is no folder"
        raise OSError(f"[inv-widgets] --out {path} cannot be written: {str(folder)!r}: {why}. Give another place.")


def text_of(file: Path, option: str) -> str:
    """Read a file that somebody wrote by hand."""
    try:
        text = file.read_text("utf-8-sig").strip()
    except OSError as error:
        raise OSError(f"[inv-widgets] {option} {file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ValueError(f"[inv-widgets] {option} {file} is no text in UTF-8: save it as such.") from None
    if not text:
        raise ValueError(f"[inv-widgets] {option} {file} is empty.")
    return text


def lines_of(file: Path, option: str) -> list[str]:
    """Read a file of one thing a line; empty lines count for nothing."""
    return [line.strip() for line in text_of(file, option).splitlines() if line.strip()]


def _in_folder(folder: str) -> list[tuple[str, Path]]:
    from inv_widgets.analysis.picture_lists import entries

    return [(entry.name, entry.picture) for entry in entries(folder)[0]]
