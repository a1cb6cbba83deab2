"""Explanations on disk while a long run goes on: one part a picture, a lock, and the merge into one run.

Next to ``NAME.parquet`` stand, while it is being made, the folder ``NAME.parts`` (a small run a picture, and
``job.json``: how it is made; at the end the whole run) and the file ``NAME.lock``. Whatever stops the work, finished
parts stay.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inv_widgets.analysis.picture_lists import unique
from inv_widgets.run_files import RunFiles, RunWriter, companions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from inv_widgets.explanation import Explanation

__all__ = ["Parts", "lock", "part_key", "require_same"]


def part_key(picture_hash: str, target: str) -> str:
    """Name a part after the picture's content and the target that was asked for."""
    return hashlib.blake2b(f"{picture_hash}|{target}".encode(), digest_size=10).hexdigest()


@contextlib.contextmanager
def lock(path: str | Path) -> Iterator[None]:
    """Let one process at a time work on the run at `path`; the lock of a process that has died is taken over.

    Raises
    ------
    RuntimeError
        While another process works on it.
    """
    file = _beside(path, ".lock")
    file.parent.mkdir(parents=True, exist_ok=True)
    owner = json.dumps({"pid": os.getpid(), "host": socket.gethostname()})
    while True:
        try:
            with file.open("x", encoding="utf-8") as opened:
                opened.write(owner)
            break
        except FileExistsError:
            _remove_if_stale(file)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


class Parts:
    """The parts of one run, finished earlier or just now, and the merge.

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
        self._files = _local(path)
        self._path = self._files["cluster_maps"]
        self._folder = _beside(path, ".parts")
        self._manifest = self._folder / "job.json"
        self._job = dict(job)
        self._whole = self._folder / "whole"
        self._old: RunFiles | None = None
        if resume:
            self._move()  # what a merge that was cut short has left there
            self._resume()
        else:
            shutil.rmtree(self._folder, ignore_errors=True)
        keys: list[str] = [] if self._old is None else self._old.job["keys"]
        self._places = {key: place for place, key in enumerate(keys)}

    def __contains__(self, key: object) -> bool:
        return key in self._places or self._part(str(key)).exists()

    def count(self) -> int:
        """Count the explanations that are there."""
        made = {file.stem for file in self._folder.glob("*.parquet") if "." not in file.stem}
        return len(made | set(self._places))

    def add(self, key: str, explanation: Explanation) -> None:
        """Write one part; it appears whole or not at all."""
        if not self._manifest.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            _write_whole(self._manifest, json.dumps(self._job))
        with RunWriter(self._part(key)) as writer:
            writer.add(explanation)

    def merge(self, wanted: Sequence[tuple[str, str]], errors: Mapping[str, str]) -> Path:
        """Write the run: the wanted explanations, then those that the file held before; remove the parts.

        Parameters
        ----------
        wanted
            (key, picture name) pairs, in order.
        errors
            ``{picture name: reason}``; earlier ones of other pictures stay.
        """
        if self._old is not None:
            asked_for = {*errors, *(name for _, name in wanted)}
            errors = {name: why for name, why in self._old.errors.items() if name not in asked_for} | dict(errors)
        asked = {key for key, _ in wanted}
        earlier = [key for key in self._places if key not in asked]
        keys = [*(key for key, _ in wanted), *earlier]
        called = [name for _, name in wanted]
        for key in earlier:
            called.append(unique(self._old_name(key), set(called)))
        if not self._is_already(keys, called, errors):
            job = self._job | {"keys": keys}
            draft = self._folder / "draft"
            shutil.rmtree(draft, ignore_errors=True)
            with RunWriter(draft / self._path.name, job=job) as writer:
                writer.errors.update(errors)
                for key, name in zip(keys, called, strict=True):
                    writer.copy(self._tables(key), name=name)
            draft.rename(self._whole)
            self._move()
        shutil.rmtree(self._folder, ignore_errors=True)
        return self._path

    def _move(self) -> None:
        """Put the whole run's three files in their places; cut short, the next call goes on with it."""
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

    def _part(self, key: str) -> Path:
        return self._folder / f"{key}.parquet"

    def _tables(self, key: str) -> dict[str, Any]:
        if key in self._places:
            assert self._old is not None
            return self._old.tables(self._places[key])
        return RunFiles(self._part(key)).tables(0)

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


def _local(path: str | Path) -> dict[str, Path]:
    """Name the run's three files, which must be on a disk here."""
    files = {kind: file for kind, file in companions(path).items() if isinstance(file, Path)}
    if not files:
        raise ValueError(
            f"[inv-widgets] out={path!r} is a URL, and the parts of a run on one machine stand on its disk: give a "
            "path, and run.save(URL) afterwards; or client=, then workers write to URLs."
        )
    return files


def _beside(path: str | Path, ending: str) -> Path:
    file = _local(path)["cluster_maps"]
    return file.with_name(file.name.removesuffix(".parquet") + ending)


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


def _write_whole(file: Path, text: str) -> None:
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_text(text, "utf-8")
    draft.replace(file)


def _remove_if_stale(file: Path) -> None:
    """Remove the lock of a process of this machine that no longer runs; refuse any other."""
    try:
        text = file.read_text("utf-8")
        owner = json.loads(text)
        pid, host = int(owner["pid"]), str(owner["host"])
    except FileNotFoundError:
        return
    except (ValueError, KeyError, TypeError):
        pid, host, text = 0, "", ""
    if pid and host == socket.gethostname() and not _runs(pid):
        _remove(file, text)
        return
    who = f"process {pid} on {host}" if pid else "a process that does not say which"
    raise RuntimeError(
        f"[inv-widgets] Another explain_many is writing this run ({who}). Wait for it, or give another out=. If it is "
        f"gone for sure, delete {file}."
    )


def _remove(file: Path, text: str) -> None:
    """Remove the lock that says `text`, but not a new one: of several processes that found it stale, one does."""
    import fcntl  # Windows never comes here, see _runs

    with contextlib.suppress(FileNotFoundError), file.open("r+", encoding="utf-8") as opened:
        fcntl.flock(opened, fcntl.LOCK_EX)
        if os.path.samestat(os.fstat(opened.fileno()), file.stat()) and opened.read() == text:
            file.unlink()


def _runs(pid: int) -> bool:
    if os.name == "nt":
        return True  # there os.kill would end it: better to ask
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
