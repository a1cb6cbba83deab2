"""What happens in a round: actions with their times, how the round looked after each, and how it ended.

A round is kept as the list of what the player did, so that it can be shown again as it was played.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from inv_widgets.errors import kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from inv_widgets.game.scoring import Outcome

__all__ = [
    "ACTION_KINDS",
    "MAX_LABELS",
    "MAX_LABEL_LENGTH",
    "Action",
    "ActionValue",
    "Frame",
    "clean_labels",
    "outcome_of",
    "replay",
]

ActionValue: TypeAlias = "str | int | float | tuple[str, ...] | None"
"""What an action was about: a step, a class, a label, several labels, or nothing."""

ACTION_KINDS = (
    "show", "guess", "label", "unlabel", "resign", "unresign", "undo", "redo", "pause", "resume", "language",
    "answer", "timeout", "skip", "correct", "withdraw", "restore",
)  # fmt: skip
"""What can happen in a round; the last three come after the result, on the store's clock. :func:`replay` passes over
others: those of newer versions."""

MAX_LABELS = 20
"""At most so many labels are kept of a round."""

MAX_LABEL_LENGTH = 200
"""At most so many characters are kept of a label."""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that a player did.

    Attributes
    ----------
    kind
        One of :data:`ACTION_KINDS`.
    at
        Seconds since the round was first shown, pauses included, on the browser's clock; at least 0.
    value
        ``show``: the step; ``guess``: the class, or None when it was taken back; ``label``, ``unlabel``: the text;
        ``language``: its code; ``correct``: the labels as they stand now; otherwise None. A list becomes a tuple.

    Raises
    ------
    ValueError, TypeError
        For an empty kind, a time that is no finite number of at least 0, or a value of another type.
    """

    kind: str
    at: float
    value: ActionValue = None

    def __post_init__(self) -> None:
        if not isinstance(self.kind, str) or not self.kind:
            raise TypeError(f"[inv-widgets] Action(kind={self.kind!r:.80}) is not possible: give a word.")
        number = isinstance(self.at, (int, float)) and not isinstance(self.at, bool)
        if not number or not math.isfinite(self.at) or self.at < 0:
            raise ValueError(f"[inv-widgets] Action(at={self.at!r:.80}) is not possible: give seconds, at least 0.")
        object.__setattr__(self, "at", float(self.at))
        value = self.value
        if isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
            object.__setattr__(self, "value", tuple(value))
        elif value is not None and not isinstance(value, (str, int, float)):
            raise TypeError(
                f"[inv-widgets] Action(value={value!r:.80}) is {kind_of(value)}: give a text, a number, texts or None."
            )


@dataclass(frozen=True, slots=True)
class Frame:
    """A round as it looked just after an action: the step shown, and what the player had chosen and typed so far."""

    at: float
    step: int = 0
    guess: str | None = None
    labels: tuple[str, ...] = ()
    resigned: bool = False
    paused: bool = False


def replay(actions: Iterable[Action]) -> list[Frame]:
    """Give the round as it looked after each action.

    Undo takes back the last change of guess, labels or giving up; what was shown stays shown. Redo brings it back, as
    long as nothing else was changed since.

    Parameters
    ----------
    actions
        In the order in which they were done.

    Returns
    -------
    list of Frame
        One an action. An action that changes nothing (a label that already stands there, an unknown kind) gives the
        frame before with its own time.
    """
    frames: list[Frame] = []
    frame = Frame(0.0)
    undone: list[Frame] = []
    done: list[Frame] = []
    for action in actions:
        frame = replace(frame, at=action.at)
        if action.kind in {"undo", "redo"}:
            take, give = (done, undone) if action.kind == "undo" else (undone, done)
            if take:
                give.append(frame)
                other = take.pop()
                frame = replace(frame, guess=other.guess, labels=other.labels, resigned=other.resigned)
        else:
            changed = _after(frame, action)
            if _chosen(changed) != _chosen(frame):
                done.append(frame)
                undone.clear()
            frame = changed
        frames.append(frame)
    return frames


def outcome_of(guess: str | None, truth: str, resigned: bool = False) -> Outcome:
    """Say how a round ended: a round without a guess (the time was over) counts as given up, not as a wrong guess.

    Classes are compared to the letter.
    """
    if resigned or guess is None:
        return "resigned"
    return "won" if guess == truth else "lost"


def clean_labels(texts: Iterable[str], limit: int = MAX_LABELS) -> tuple[str, ...]:
    """Keep labels as they were typed, but for white space around them, empty ones, and exact repeats.

    Parameters
    ----------
    texts
        As typed; more than :data:`MAX_LABEL_LENGTH` characters of one are not kept.
    limit
        At most so many are kept, the first.

    Raises
    ------
    TypeError
        If one is no text.
    """
    kept: dict[str, None] = {}
    for text in texts:
        if not isinstance(text, str):
            raise TypeError(f"[inv-widgets] The label {text!r:.80} is {kind_of(text)}: give texts.")
        # A lone half of a surrogate pair or a NUL cannot be stored by every database.
        plain = text.encode("utf-8", "ignore").decode("utf-8").replace("\0", "")
        trimmed = plain.strip()[:MAX_LABEL_LENGTH].rstrip()
        if trimmed and len(kept) < limit:
            kept[trimmed] = None
    return tuple(kept)


def _chosen(frame: Frame) -> tuple[str | None, tuple[str, ...], bool]:
    return frame.guess, frame.labels, frame.resigned


def _after(frame: Frame, action: Action) -> Frame:
    change = _CHANGES.get(action.kind)
    return frame if change is None else replace(frame, **change(frame, action.value))


def _show(frame: Frame, value: ActionValue) -> dict[str, Any]:
    return {"step": max(frame.step, int(value))} if isinstance(value, (int, float)) else {}


def _guess(_: Frame, value: ActionValue) -> dict[str, Any]:
    return {"guess": value} if value is None or isinstance(value, str) else {}


def _label(frame: Frame, value: ActionValue) -> dict[str, Any]:
    return {"labels": clean_labels((*frame.labels, value))} if isinstance(value, str) else {}


def _unlabel(frame: Frame, value: ActionValue) -> dict[str, Any]:
    if not isinstance(value, str):
        return {}
    gone = clean_labels([value])
    return {"labels": tuple(label for label in frame.labels if label not in gone)}


def _correct(_: Frame, value: ActionValue) -> dict[str, Any]:
    return {"labels": clean_labels(value)} if isinstance(value, tuple) else {}


_CHANGES: dict[str, Callable[[Frame, ActionValue], dict[str, Any]]] = {
    "show": _show,
    "guess": _guess,
    "label": _label,
    "unlabel": _unlabel,
    "correct": _correct,
    "resign": lambda *_: {"resigned": True},
    "unresign": lambda *_: {"resigned": False},
    "pause": lambda *_: {"paused": True},
    "resume": lambda *_: {"paused": False},
}
