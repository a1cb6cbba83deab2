"""What the command line says: results on standard output, errors on standard error."""

from __future__ import annotations

import sys

__all__ = ["say", "tell"]


def say(text: str) -> None:
    """Tell a result."""
    print(text, flush=True)  # noqa: T201 (a command line prints)


def tell(text: str) -> None:
    """Tell what went wrong."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201
