"""Explanations on disk while a long run goes on: parts of some pictures each, and the run that is made of them.

Next to ``NAME.parquet`` stand, while it is being made, the folder ``NAME.parts`` (parts of some pictures each, and
``job.json``: how it is made; a draft of the run's files, at the end the whole run) and the file ``NAME.lock``. Whatever
stops the work, parts that are written stay. A run that begins anew is written to its draft as it goes; one that goes on
is put together at the end.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from typing import TYPE_CHECKING, Any

from inv_widgets.analysis.part_files import PartFiles
from inv_widgets.analysis.picture_lists import UniqueNames
from inv_widgets.analysis.run_lock import beside, local_files, lock
from inv_widgets.run_files import RunFiles, RunWriter
from inv_widgets.run_writer import put_in_place

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from typing_extensions import Self

    from inv_widgets.classifier import Classifier
    from inv_widgets.explanation import Explanation

__all__ = ["Parts", "lock", "part_key", "require_same", "target_text"]


def part_key(picture_hash: str, target: str) -> str:
    """Name a part after the picture's content and the target that was asked for."""
    return hashlib.blake2b(f"{picture_hash}|{target}".encode(), digest_size=10).hexdigest()


def target_text(net: Classifier, target: Any) -> str:
    """Say which target was asked for, as keys have it.

    Raises
    ------
    KeyError, IndexError, TypeError, ValueError
        For what is no target of the network.
    """
    return "first choice" if target is None else repr(net.resolve_target(target)[0])


class Parts:
    """The parts of one run, finished earlier or just now, and the run that is made of them.

    Use it as a context manager: what is drafted of the run and not finished is given up at its end.

    Parameters
    ----------
    path
        ``NAME.parquet``.
    job
        How the run is made: what must be the same for a resumed run.
    resume
        Go on with what is there; False starts anew (an older run of that name stands until the new one is whole).

    Raises
    ------
    ValueError
        If what is there was made in another way.
    """

    def __init__(self, path: str | Path, job: Mapping[str, Any], *, resume: bool) -> None:
        self._files = local_files(path)
        self._path = self._files["cluster_maps"]
        self._folder = beside(path, ".parts")
        self._manifest = self._folder / "job.json"
        self._job = dict(job)
        self._whole = self._folder / "whole"
        self._old: RunFiles | None = None
        if resume:
            self._move()  # what a merge that was cut short has left there
            self._resume()
        if not resume or not self._manifest.exists():
            _remove(self._folder)  # its parts are of another run, or nobody knows of which
        keys: list[str] = [] if self._old is None else self._old.job["keys"]
        self._places = {key: place for place, key in enumerate(keys)}
        self._made = PartFiles(self._folder)
        self._taken: list[tuple[str, str]] = []
        self._drafted = 0  # of what was taken
        self._draft: RunWriter | None = None
        self._draft_folder = self._folder / "draft"
        self._begins = not self._places and not self._made.keys()

    def __contains__(self, key: object) -> bool:
        return key in self._places or key in self._made

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Give up the draft, where it has not become the run."""
        if self._draft is not None:
            self._leave(KeyboardInterrupt)
            shutil.rmtree(self._draft_folder, ignore_errors=True)

    def count(self) -> int:
        """Count the explanations that are there."""
        return len(self._made.keys() | self._places.keys())

    def add(self, key: str, explanation: Explanation, kept_as: tuple[bytes, bytes] | None = None) -> None:
        """Take one explanation; it is written within seconds, with others, whole or not at all.

        Parameters
        ----------
        kept_as
            What :func:`inv_widgets.thumbnails.stored` made of its picture, where that is done already.
        """
        if not self._manifest.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            _write_whole(self._manifest, json.dumps(self._job))
        self._made.add(key, explanation, kept_as)

    def take(self, key: str, name: str) -> None:
        """Say which explanation comes next in the run, and what its picture is called there."""
        self._taken.append((key, name))
        self._draw_on()

    def flush(self) -> None:
        """Write what was added and is not written yet."""
        self._made.flush()

    def merge(self, errors: Mapping[str, str]) -> Path:
        """Write the run: the explanations that were taken, then those that the file held before; remove the parts.

        Parameters
        ----------
        errors
            ``{picture name: reason}``; earlier ones of other pictures stay.
        """
        if self._old is not None:
            asked_for = {*errors, *(name for _, name in self._taken)}
            errors = {name: why for name, why in self._old.errors.items() if name not in asked_for} | dict(errors)
        asked = {key for key, _ in self._taken}
        names = UniqueNames(name for _, name in self._taken)
        self._taken += [(key, names.take(self._old_name(key))) for key in self._places if key not in asked]
        self.flush()
        keys, called = ([pair[place] for pair in self._taken] for place in (0, 1))
        if not self._is_already(keys, called, errors):
            self._begins = True
            self._draw_on()
            writer = self._draft or self._begin()
            writer.errors.update(errors)
            writer.job["keys"] = keys
            self._leave(None)
            self._draft_folder.rename(self._whole)
            self._old = None  # Windows lets no file be replaced that is open
            self._move()
        shutil.rmtree(self._folder, ignore_errors=True)
        return self._path

    def _draw_on(self) -> None:
        """Write to the draft what was taken and is in a part by now."""
        while self._begins and self._drafted < len(self._taken):
            key, name = self._taken[self._drafted]
            if key not in self._places and not self._made.is_written(key):
                return
            writer = self._draft or self._begin()
            if key in self._places:
                assert self._old is not None
                writer.copy(self._old.tables(self._places[key]), name=name)
            else:
                self._made.copy(key, writer, name)
            self._drafted += 1

    def _begin(self) -> RunWriter:
        shutil.rmtree(self._draft_folder, ignore_errors=True)
        self._draft = RunWriter(self._draft_folder / self._path.name, job=self._job).__enter__()
        return self._draft

    def _leave(self, error: type[BaseException] | None) -> None:
        draft, self._draft = self._draft, None
        if draft is not None:
            draft.__exit__(error, None, None)

    def _move(self) -> None:
        """Put the whole run's three files in their places; cut short, the next call goes on with it."""
        put_in_place(self._path)  # what a save that was killed has left: it is older than this run
        for name in ("pictures", "columns", "cluster_maps"):
            file = self._files[name]
            draft = self._whole / file.name
            if draft.exists():
                draft.replace(file)
        if self._whole.exists():
            shutil.rmtree(self._folder, ignore_errors=True)

    def _resume(self) -> None:
        if self._manifest.exists():
            require_same(json.loads(self._manifest.read_text("utf-8")), self._job, self._folder)
        if any(file.exists() for file in self._files.values()):
            self._old = RunFiles(self._path)
            if "keys" not in self._old.job:
                raise ValueError(
                    f"[inv-widgets] {self._path} stands there already and was not written by explain_many, so it "
                    "cannot be resumed. Give another out=, or resume=False to replace it."
                )
            require_same(self._old.job, self._job, self._path)

    def _old_name(self, key: str) -> str:
        assert self._old is not None
        keys: list[tuple[str, str]] = self._old.keys
        return keys[self._places[key]][0]

    def _is_already(self, keys: list[str], names: list[str], errors: Mapping[str, str]) -> bool:
        if self._old is None:
            return False
        same_names = [name for name, _ in self._old.keys] == names
        return self._old.job["keys"] == keys and same_names and self._old.errors == dict(errors)


_SAYS = {
    "network_hash": "another network, or other weights",
    "recipe": "another recipe",
    "layers": "other layers",
}


def require_same(there: Mapping[str, Any], job: Mapping[str, Any], where: object) -> None:
    """Refuse to go on with a run at `where` that was made in another way.

    Raises
    ------
    ValueError
        With what differs.
    """
    differing = [name for name in _SAYS if there.get(name) != job[name]]
    if not differing:
        return
    details = "; ".join(_difference(name, there.get(name), job[name]) for name in differing)
    raise ValueError(
        f"[inv-widgets] {where} was made with {' and '.join(_SAYS[name] for name in differing)} ({details}), so it "
        "cannot be resumed. Give another out=, or resume=False to replace it."
    )


def _difference(name: str, old: Any, new: Any) -> str:
    if name == "recipe" and isinstance(old, str):
        before, now = json.loads(old), json.loads(new)
        fields = [field for field in {**before, **now} if before.get(field) != now.get(field)]
        return ", ".join(f"{field} {before.get(field)!r}, now {now.get(field)!r}" for field in fields)
    return f"{name} {old!r}, now {new!r}"


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        raise OSError(
            f"[inv-widgets] {folder} is of an earlier run and cannot be removed: close what has its files open, or "
            "delete it."
        )


def _write_whole(file: Path, text: str) -> None:
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_text(text, "utf-8")
    draft.replace(file)
