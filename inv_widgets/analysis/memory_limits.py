"""How much memory this process may take: the machine's, or what its container leaves of it (cgroups of Linux)."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["machine_memory"]

_GROUPS = Path("/proc/self/cgroup")
_LIMITS = Path("/sys/fs/cgroup")


def machine_memory() -> int | None:
    """Give the bytes of memory that this process may take; None where nobody says, as on Windows."""
    try:
        pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None
    if pages <= 0:
        return None
    return min([pages * size, *_container_limits()])


def _container_limits() -> Iterator[int]:
    """Give the limits of this process's control groups and of all that they lie in, version 2 and 1."""
    try:
        lines = _GROUPS.read_text("utf-8").splitlines()
    except (OSError, ValueError):
        return
    for line in lines:
        _, controllers, group = line.split(":", 2) if line.count(":") >= 2 else ("", "-", "")
        if not controllers:
            yield from _limits_up(_LIMITS, group, "memory.max")
        elif "memory" in controllers.split(","):
            yield from _limits_up(_LIMITS / "memory", group, "memory.limit_in_bytes")


def _limits_up(root: Path, group: str, name: str) -> Iterator[int]:
    # In a container the group's path may be the host's, of which only the root can be seen here.
    inner = root / group.strip("/")
    for folder in (inner, *inner.parents):
        with contextlib.suppress(OSError, ValueError):  # no such file, or "max"
            yield int((folder / name).read_text("ascii"))
        if folder == root:
            return
