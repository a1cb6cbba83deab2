"""What a browser may say to a seat, checked to the letter: kinds, keys, types and lengths."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from inv_widgets.game.rounds import MAX_LABEL_LENGTH, MAX_LABELS, Action, clean_labels

__all__ = ["MAX_NICKNAME", "Refusal", "checked_message"]

MAX_NICKNAME = 40
"""Characters of a nickname."""

_MAX_ACTIONS = 5_000  # a round of an hour with an action a second; more is no player
_MAX_TEXT = 2_000
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_KIND = re.compile(r"[a-z][a-z_-]{0,31}")


class Refusal(Exception):  # noqa: N818 (no error of the program's)
    """A message that is answered with an error: `code` so that the browser can say it in its language.

    `retry`: the same message can succeed later.
    """

    def __init__(self, code: str, text: str, *, retry: bool = False) -> None:
        super().__init__(f"[inv-widgets] {text}")
        self.code = code
        self.retry = retry


def checked_message(message: Any) -> dict[str, Any]:
    """Check a message of the browser.

    Returns
    -------
    dict
        Its kind and values as Python has them: ``labels`` a tuple without repeats, ``actions`` a tuple of Actions.

    Raises
    ------
    Refusal
        With the code "bad-message", for anything but what the protocol says.
    """
    if not isinstance(message, Mapping):
        raise _bad("A message is an object.")
    kind = message.get("kind")
    if not isinstance(kind, str) or kind not in _MESSAGES:
        raise _bad(f"There is no message {kind!r:.80}. Known are: {', '.join(_MESSAGES)}.")
    checks = _MESSAGES[kind]
    unknown = sorted(str(key)[:80] for key in message if key != "kind" and key not in checks)
    if unknown:
        raise _bad(f"The message {kind!r} has no {unknown[0]!r}: give {', '.join(checks) or 'nothing else'}.")
    missing = [key for key in checks if key not in message and key not in _OPTIONAL]
    if missing:
        raise _bad(f"The message {kind!r} lacks {missing[0]!r}.")
    checked: dict[str, Any] = {"kind": kind}
    for key, check in checks.items():
        if key in message:
            try:
                checked[key] = check(message[key])
            except (ValueError, TypeError) as error:
                raise _bad(f"{key} of the message {kind!r} {error}") from None
    return checked


def _bad(text: str) -> Refusal:
    return Refusal("bad-message", text)


def _yes_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("is no yes or no.")
    return value


def _maybe_yes_no(value: Any) -> bool | None:
    return None if value is None else _yes_no(value)


def _text(value: Any, longest: int) -> str:
    if not isinstance(value, str):
        raise TypeError("is no text.")
    if len(value) > longest:
        raise ValueError(f"has {len(value)} characters: at most {longest}.")
    # Databases store neither; no keyboard types them.
    return value.encode("utf-8", "ignore").decode("utf-8").replace("\0", "")


def _token(value: Any) -> str:
    token = _text(value, 64)
    if not token:
        raise ValueError("is empty.")
    return token


def _nickname(value: Any) -> str | None:
    if value is None:
        return None
    nickname = " ".join(_text(value, _MAX_TEXT).split())
    if len(nickname) > MAX_NICKNAME:
        raise ValueError(f"has {len(nickname)} characters: at most {MAX_NICKNAME}.")
    return nickname or None


def _secret(value: Any) -> str | None:
    return None if value is None else _text(value, 200) or None


def _language(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 35 or not _LANGUAGE.fullmatch(value):
        raise ValueError("is no code of a language, such as 'en'.")
    return value


def _step(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1000:
        raise ValueError("is no step.")
    return value


def _guess(value: Any) -> str | None:
    return None if value is None else _text(value, _MAX_TEXT)


def _labels(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > 5 * MAX_LABELS:
        raise TypeError("is no list of a few texts.")
    if any(len(_text(one, _MAX_TEXT).strip()) > MAX_LABEL_LENGTH for one in value):
        raise ValueError(f"has a text of more than {MAX_LABEL_LENGTH} characters.")
    labels = clean_labels(value, len(value))
    if len(labels) > MAX_LABELS:
        raise ValueError(f"has {len(labels)} texts: at most {MAX_LABELS}.")
    return labels


def _seconds(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise ValueError("is no number of seconds.")
    return float(value)


def _actions(value: Any) -> tuple[Action, ...]:
    if not isinstance(value, list) or len(value) > _MAX_ACTIONS:
        raise TypeError(f"is no list of at most {_MAX_ACTIONS} actions.")
    return tuple(map(_action, value))


def _action(value: Any) -> Action:
    if not isinstance(value, Mapping) or not {"kind", "at"} <= set(value) <= {"kind", "at", "value"}:
        raise TypeError("has an action that is not {kind, at, value}.")
    kind, about = value["kind"], value.get("value")
    if not isinstance(kind, str) or not _KIND.fullmatch(kind):
        raise ValueError(f"has an action of the kind {kind!r:.40}.")
    if isinstance(about, float) and not math.isfinite(about):
        raise ValueError("has an action whose value is no number.")
    texts = about if isinstance(about, list) else [about] if isinstance(about, str) else []
    if len(texts) > 5 * MAX_LABELS:
        raise ValueError("has an action with too many texts.")
    cleaned = [_text(text, _MAX_TEXT) for text in texts]
    about = cleaned if isinstance(about, list) else cleaned[0] if cleaned else about
    try:
        return Action(kind, value["at"], about)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise ValueError(f"has an action that is not possible: {error}") from None


_ROUND: dict[str, Callable[[Any], Any]] = {"round": _token}
_LABELS: dict[str, Callable[[Any], Any]] = {"labels": _labels, "language": _language}

_MESSAGES: dict[str, dict[str, Callable[[Any], Any]]] = {
    "enter": {
        "nickname": _nickname, "secret": _secret, "consent": _yes_no, "language": _language, "on_leaderboard": _yes_no,
    },
    "decline": {},
    "reconsider": {},
    "show": {**_ROUND, "step": _step},
    "answer": {
        **_ROUND, "guess": _guess, "resigned": _yes_no, **_LABELS, "actions": _actions, "seconds": _seconds,
        "timeout": _yes_no,
    },
    "skip": {**_ROUND, "actions": _actions},
    "next": {},
    "pause": _ROUND,
    "resume": _ROUND,
    "continue": {},
    "poll": {},
    "correct": {**_ROUND, **_LABELS},
    "withdraw": {**_ROUND, "withdrawn": _yes_no},
    "leaderboard": {"on": _maybe_yes_no},
    "statistics": {},
    "forget": {},
}  # fmt: skip
_OPTIONAL = ("timeout",)
