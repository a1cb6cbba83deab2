"""How a game is played: every setting that is not the method's (those stand in :class:`~inv_widgets.recipe.Recipe`)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from inv_widgets.errors import kind_of
from inv_widgets.game.scoring import Points

__all__ = ["Rules"]

GOLD_EVERY = 10
"""Where there is gold and nothing else is said."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of a game.

    Parameters
    ----------
    retire_after
        A cluster map with so many finished rounds is handed out no more; None: never.
    gold_every
        In each so many rounds of a player one is gold; None: one in 10 where `gold` names any.
    gold
        Cluster maps whose answers are known, by their id, or all those of a picture by its name. They check players:
        they do not count towards quotas, and players are not told which they are.
    rounds
        A sitting: after so many rounds the game pauses for an end screen, from which the player can go on. None: until
        nothing is left.
    seconds
        Time for a round; None: as long as wanted.
    categories
        The classes to choose from; None: those of the run (of a run with one class, also those that the network found
        likely for its first picture).
    choices
        Offer only so many classes a round: the right one, some that the network found likely, the others at random, in
        the order of the alphabet and always the same for a picture. None: all.
    truth
        ``{picture name: class}``; for pictures that are not named, the class that the run explains.
    features_required
        A guess needs at least one feature.
    show_others
        Show after a round what other players said on that cluster map.
    leaderboard
        Players can choose to be listed by their nickname.
    title, information, consent
        Texts: the game's name; a page that is shown first; what players agree to before anything is stored.
    lease_seconds
        A round that was opened keeps its cluster map from other players for so long.
    seed
        Breaks ties in the order of cluster maps, and fixes the choices.
    points
        What rounds are worth.

    Raises
    ------
    TypeError, ValueError
        For a value that is not possible.
    """

    retire_after: int | None = None
    gold_every: int | None = None
    gold: tuple[str, ...] = ()
    rounds: int | None = None
    seconds: float | None = None
    categories: tuple[str, ...] | None = None
    choices: int | None = None
    truth: Mapping[str, str] = field(default_factory=dict)
    features_required: bool = True
    show_others: bool = True
    leaderboard: bool = True
    title: str | None = None
    information: str | None = None
    consent: str | None = None
    lease_seconds: float = 600.0
    seed: int = 0
    points: Points = field(default_factory=Points)

    def __post_init__(self) -> None:
        for name, (check, *limits) in _CHECKS.items():
            given = getattr(self, name)
            try:
                object.__setattr__(self, name, check(given, *limits))
            except (TypeError, ValueError) as error:
                raise type(error)(f"[inv-widgets] Rules({name}={given!r:.120}) is not possible: {error}.") from None

    @property
    def gold_interval(self) -> int | None:
        """In how many rounds one is gold, or None where there is no gold."""
        return (self.gold_every or GOLD_EVERY) if self.gold else None


def _whole(value: Any, low: int) -> int:
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"give a whole number, not {kind_of(value)}")
    if value < low:
        raise ValueError(f"give at least {low}")
    return value


def _maybe_whole(value: Any, low: int) -> int | None:
    return None if value is None else _whole(value, low)


def _seconds(value: Any, low: float) -> float:
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"give seconds, not {kind_of(value)}")
    if not (math.isfinite(value) and value >= low):
        raise ValueError(f"give at least {low:g} seconds")
    return float(value)


def _maybe_seconds(value: Any, low: float) -> float | None:
    return None if value is None else _seconds(value, low)


def _yes_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"give True or False, not {kind_of(value)}")
    return value


def _maybe_text(value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise TypeError(f"give a text or None, not {kind_of(value)}")
    return (value or "").strip() or None


def _names(value: Any) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise TypeError(f"give a list of names, not {kind_of(value)}")
    names = tuple(value)
    for name in names:
        if not isinstance(name, str) or not name:
            raise TypeError(f"{name!r:.40} is no name")
    return tuple(dict.fromkeys(names))


def _classes(value: Any) -> tuple[str, ...] | None:
    if value is None:
        return None
    names = _names(value)
    if not names:
        raise ValueError("give at least one class, or None for those of the run")
    return names


def _truths(value: Any) -> Mapping[str, str]:
    if value is None:
        return MappingProxyType({})
    if not isinstance(value, Mapping):
        raise TypeError(f"give {{picture name: class}}, not {kind_of(value)}")
    for picture, truth in value.items():
        if not isinstance(picture, str) or not isinstance(truth, str) or not truth:
            raise TypeError(f"{picture!r:.40}: {truth!r:.40} is not a picture's name and a class")
    return MappingProxyType(dict(value))


def _points(value: Any) -> Points:
    if not isinstance(value, Points):
        raise TypeError(f"give inv_widgets.game.scoring.Points(...), not {kind_of(value)}")
    return value


_CHECKS: dict[str, tuple[Any, ...]] = {
    "retire_after": (_maybe_whole, 1),
    "gold_every": (_maybe_whole, 1),
    "gold": (_names,),
    "rounds": (_maybe_whole, 1),
    "seconds": (_maybe_seconds, 1.0),
    "categories": (_classes,),
    "choices": (_maybe_whole, 2),
    "truth": (_truths,),
    "features_required": (_yes_no,),
    "show_others": (_yes_no,),
    "leaderboard": (_yes_no,),
    "title": (_maybe_text,),
    "information": (_maybe_text,),
    "consent": (_maybe_text,),
    "lease_seconds": (_seconds, 10.0),
    "seed": (_whole, 0),
    "points": (_points,),
}
