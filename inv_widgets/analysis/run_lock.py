"""Where a run that is being made stands on disk, and the lock that lets one process at a time make it."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from inv_widgets.run_files import companions

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["beside", "local_files", "lock"]


@contextlib.contextmanager
def lock(path: str | Path) -> Iterator[None]:
    """Let one process at a time work on the run at `path`; the lock of a process that has died is taken over.

    Raises
    ------
    RuntimeError
        While another process works on it.
    """
    file = beside(path, ".lock")
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


def local_files(path: str | Path) -> dict[str, Path]:
    """Name the run's three files, which must be on a disk here."""
    files = {kind: file for kind, file in companions(path).items() if isinstance(file, Path)}
    if not files:
        raise ValueError(
            f"[inv-widgets] out={path!r} is a URL, and the parts of a run on one machine stand on its disk: give a "
            "path, and run.save(URL) afterwards; or client=, then workers write to URLs."
        )
    return files


def beside(path: str | Path, ending: str) -> Path:
    """Name a file or folder beside the run's: ``NAME`` with another ending."""
    file = local_files(path)["cluster_maps"]
    return file.with_name(file.name.removesuffix(".parquet") + ending)


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
