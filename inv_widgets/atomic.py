"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["write"]


def write(path: Path, content: bytes | memoryview) -> Path:
    """Write a file under another name first, then give it its own: an older file stands until the new one is whole.

    Folders on the way are made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        draft.write_bytes(content)
        os.replace(draft, path)  # noqa: PTH105 (Path.replace would do the same; this says that it is one step)
    finally:
        draft.unlink(missing_ok=True)
    return path
