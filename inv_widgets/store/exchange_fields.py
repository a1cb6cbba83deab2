"""The fields of exported rounds, the same in every format, and what each may hold.

Every value of a file that is read goes through here, so that the store never gets what it could not give out again.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inv_widgets.errors import kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["FIELDS", "LISTS", "TEXTS", "VERSION", "Field", "checked", "moment_text"]

VERSION = 1
"""Of the fields; it grows when a field is added or comes to mean something else."""

_INTEGER = 2**31  # what an INTEGER of PostgreSQL holds
_OUTCOMES = ("won", "lost", "resigned")
_STATUSES = ("answered", "skipped", "repeated")
_EXCEL_NUMBER = re.compile(r"\d([.,]\d+)?E\+\d+")


@dataclass(frozen=True, slots=True)
class Field:
    """A field: how a value is checked (an error says what is wrong with it), and whether it may be missing."""

    check: Callable[[Any], Any]
    optional: bool = False


def checked(row: Mapping[str, Any]) -> dict[str, Any]:
    """Check a row of a file.

    Parameters
    ----------
    row
        Field to value. An empty text stands for a missing value where a value may be missing: CSV has no other way.

    Returns
    -------
    dict
        All fields, in their order: numbers as numbers, times with their zone, lists as lists.

    Raises
    ------
    ValueError
        With ``field: what is wrong``, for the first field that is malformed.
    """
    values = {name: _value(name, field, row[name]) for name, field in FIELDS.items()}
    skipped = values["status"] == "skipped"
    for name in () if skipped else ("outcome", "points", "answered"):
        if values[name] is None:
            raise ValueError(f"{name}: it is empty, but the round was answered")
    for name in ("outcome", "answered", "labels", "labels_corrected") if skipped else ():
        if values[name] not in (None, []):
            raise ValueError(f"{name}: it is not empty, but the round was skipped")
    if values["step"] >= values["steps"]:
        raise ValueError(f"step: {values['step']} is not below steps, {values['steps']}")
    return values


def moment_text(moment: dt.datetime) -> str:
    """Write a time as ISO 8601 in UTC, to the microsecond: ``2026-11-21T09:30:00.000000Z``."""
    utc = moment.astimezone(dt.timezone.utc).replace(tzinfo=None)
    return utc.isoformat(timespec="microseconds") + "Z"


def _value(name: str, field: Field, value: Any) -> Any:
    missing = value is None or value == "" or (isinstance(value, float) and math.isnan(value))
    if field.optional and missing:
        return None
    try:
        return field.check(value)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r:.80} is {kind_of(value)}, not a text")  # noqa: TRY004 (one kind for all fields)
    if "\0" in value:
        raise ValueError("it has a NUL character, which not every store can keep")
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        raise ValueError("it has half of a surrogate pair, which is no character")
    return value


def _word(limit: int) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        text = _text(value)
        if not text.strip():
            raise ValueError("it is empty")
        if len(text) > limit:
            raise ValueError(f"{text!r:.80} is longer than {limit} characters")
        return text

    return check


def _id(value: Any) -> str:
    if isinstance(value, str) and _EXCEL_NUMBER.fullmatch(value):
        raise ValueError(f"{value!r} is an id that a spreadsheet has rounded: use a file that was not saved by one")
    return _word(64)(value)


def _one_of(*known: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if value not in known:
            raise ValueError(f"{value!r:.80} is none of {', '.join(known)}")
        return str(value)

    return check


def _whole(lowest: int = -_INTEGER) -> Callable[[Any], int]:
    def check(value: Any) -> int:
        try:
            if isinstance(value, bool):
                raise ValueError  # noqa: TRY301, TRY004
            number = int(value) if isinstance(value, (int, str)) else float(value)
            if number != int(number):
                raise ValueError  # noqa: TRY301
        except (TypeError, ValueError, OverflowError):
            raise ValueError(f"{value!r:.80} is no whole number") from None
        if not lowest <= number < _INTEGER:
            raise ValueError(f"{value!r:.80} is not in {lowest}..{_INTEGER - 1}")
        return int(number)

    return check


def _real(lowest: float = -math.inf, highest: float = math.inf) -> Callable[[Any], float]:
    def check(value: Any) -> float:
        try:
            if isinstance(value, bool):
                raise ValueError  # noqa: TRY301, TRY004
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if not (math.isfinite(number) and lowest <= number <= highest):
            limits = (
                "" if math.isinf(lowest) else f" from {lowest:g}" + ("" if math.isinf(highest) else f" to {highest:g}")
            )
            raise ValueError(f"{value!r:.80} is no number{limits}")
        return number

    return check


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    # Spreadsheets write these words in their own language.
    words = {"true": True, "1": True, "vero": True, "wahr": True, "vrai": True, "verdadero": True}
    words |= {"false": False, "0": False, "falso": False, "falsch": False, "faux": False}
    try:
        return words[str(value).strip().lower()]
    except KeyError:
        raise ValueError(f"{value!r:.80} is neither true nor false") from None


def _moment(value: Any) -> dt.datetime:
    if isinstance(value, str):
        try:
            # Python 3.10 does not know the Z.
            value = dt.datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", value.strip()))
        except ValueError:
            raise ValueError(f"{value!r:.80} is no time as in 2026-11-21T09:30:00Z") from None
    if not isinstance(value, dt.datetime):
        raise ValueError(f"{value!r:.80} is {kind_of(value)}, not a time")  # noqa: TRY004
    if value.tzinfo is None:
        raise ValueError(f"{value!s} has no time zone: write 2026-11-21T09:30:00Z")
    try:
        return value.astimezone(dt.timezone.utc)
    except OverflowError:
        raise ValueError(f"{value!s} is out of range") from None


def _texts(value: Any) -> list[str]:
    if not isinstance(value, (list, tuple)):
        raise ValueError(f"{value!r:.80} is {kind_of(value)}, not a list of texts")  # noqa: TRY004
    return [_text(text) for text in value]


def _actions(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, (list, tuple)):
        raise ValueError(f"{value!r:.80} is {kind_of(value)}, not a list of actions")  # noqa: TRY004
    return [_action(action) for action in value]


def _action(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or not {"kind", "at"} <= set(value) <= {"kind", "at", "value"}:
        raise ValueError(f"{value!r:.80} is no action: give kind, at, value")
    about = value.get("value")
    if isinstance(about, (list, tuple)):
        about = _texts(about)
    elif isinstance(about, str):
        about = _text(about)
    elif isinstance(about, float):
        about = _real()(about)
    elif about is not None and not isinstance(about, int):
        raise ValueError(f"{about!r:.80} is {kind_of(about)}, not an action's value")
    return {"kind": _word(32)(value["kind"]), "at": _real(0)(value["at"]), "value": about}


def _list(check: Callable[[Any], list[Any]]) -> Callable[[Any], list[Any]]:
    def from_text(value: Any) -> list[Any]:
        if isinstance(value, str):  # CSV
            try:
                value = json.loads(value, parse_constant=_refuse)
            except (ValueError, RecursionError):
                raise ValueError(f"{value!r:.80} is no list in JSON; was it cut off?") from None
        return check(value)

    return from_text


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


_count, _any_text = Field(_whole(0)), Field(_text)

FIELDS: dict[str, Field] = {
    "round": Field(_id),
    "run": Field(_id),
    "player": Field(_word(1000)),
    "player_id": Field(_id),
    "picture": _any_text,
    "picture_hash": Field(_id),
    "network": _any_text,
    "target": _any_text,
    "layer": _any_text,
    "cluster": Field(_whole()),
    "cluster_map": Field(_id),
    "weight": Field(_real()),
    "status": Field(_one_of(*_STATUSES)),
    "step": _count,
    "steps": Field(_whole(1)),
    "share": Field(_real(0, 100)),
    "guess": Field(_text, optional=True),
    "truth": _any_text,
    "outcome": Field(_one_of(*_OUTCOMES), optional=True),
    "points": Field(_whole(), optional=True),
    "labels": Field(_list(_texts)),
    "labels_corrected": Field(_list(_texts), optional=True),
    "language": Field(_word(35), optional=True),
    "times_seen": _count,
    "gold": Field(_flag),
    "withdrawn": Field(_flag),
    "started": Field(_moment),
    "answered": Field(_moment, optional=True),
    "seconds": Field(_real(0), optional=True),
    "actions": Field(_list(_actions)),
    "app_version": Field(_word(32)),
}
"""All fields in their order, a row a round that was answered or skipped.

`status` is ``answered``, ``skipped``, or ``repeated``: another answer of the same player on the same cluster map, from
a second tab or computer. Rounds count that are ``answered`` and not `withdrawn`. `labels` are those at the answer,
`labels_corrected` the last correction.
"""

LISTS = ("labels", "labels_corrected", "actions")
"""Fields that hold lists: JSON in CSV."""

TEXTS = (
    "round", "run", "player", "player_id", "picture", "picture_hash", "network", "target", "layer", "cluster_map",
    "status", "guess", "truth", "outcome", "language", "app_version",
)  # fmt: skip
