"""What can be wrong with a label store, each with a code that a front end can put into its reader's language."""

from __future__ import annotations

from typing import ClassVar

__all__ = ["CODES", "NicknameTakenError", "PlayerUnknownError", "RoundUnknownError", "StoreError"]

CODES = (
    "store-busy",
    "store-full",
    "store-readonly",
    "store-gone",
    "store-corrupted",
    "store-newer",
    "store-unreachable",
    "round-unknown",
    "nickname-taken",
    "player-unknown",
)
"""All codes of a :class:`StoreError`."""

_RETRY = ("store-busy", "store-full", "store-unreachable")


class StoreError(OSError):
    """Something is wrong with the label store; nothing of what was asked for was saved, unless it was saved before.

    Attributes
    ----------
    code
        One of :data:`CODES`.
    retry
        The same request can succeed later with nothing done in the program.
    """

    def __init__(self, message: str, *, code: str) -> None:
        if code not in CODES:
            raise ValueError(f"[inv-widgets] There is no code {code!r}: give one of {', '.join(CODES)}.")
        super().__init__(message)
        self.code = code
        self.retry = code in _RETRY


class _OneCodeError(StoreError):
    _code: ClassVar[str]

    def __init__(self, message: str) -> None:
        super().__init__(message, code=self._code)


class RoundUnknownError(_OneCodeError):
    """The store has no such round of this player, or none that this can be done with."""

    _code = "round-unknown"


class NicknameTakenError(_OneCodeError):
    """Somebody else plays under this nickname."""

    _code = "nickname-taken"


class PlayerUnknownError(_OneCodeError):
    """The store has no such player, perhaps not any more."""

    _code = "player-unknown"
