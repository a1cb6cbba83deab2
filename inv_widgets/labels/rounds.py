"""Which rounds count, and for which cluster map: from a store's frame to what the scores are made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from inv_widgets.errors import kind_of
from inv_widgets.explanation import Rounds

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["HasRounds", "Report", "TypedRound", "checked_weights", "counting_rounds", "rounds_frame", "tally"]

_NEEDED = ("cluster_map", "player", "status", "step", "share", "truth", "outcome", "labels", "language")
_OUTCOMES = ("won", "lost", "resigned")


@runtime_checkable
class HasRounds(Protocol):
    """Anything with rounds, such as a LabelStore."""

    def rounds(self) -> pd.DataFrame:
        """Give a frame, a row a round."""
        ...


@dataclass(frozen=True, slots=True)
class TypedRound:
    """A round that counts, with what was typed.

    Attributes
    ----------
    cluster_map
        Its id.
    player
        Who played; the same person has the same one.
    category
        The class of the picture.
    language
        As recorded; may be empty.
    step, share
        The last step that was shown (from 0), and what it revealed of the picture, per cent.
    outcome
        ``"won"``, ``"lost"`` or ``"resigned"``.
    typed
        The labels as typed.
    nickname
        The player's name.
    weight
        How much this player's rounds count; 1 is one round.
    """

    cluster_map: str
    player: str
    category: str
    language: str
    step: int
    share: float
    outcome: str
    typed: tuple[str, ...]
    nickname: str = ""
    weight: float = 1.0

    @property
    def texts(self) -> list[tuple[str, str, str]]:
        """What was typed, the class and the recorded language, each text once."""
        return [(text, self.category, self.language) for text in dict.fromkeys(self.typed)]


@dataclass(frozen=True)
class Report:
    """What became of the rounds.

    Attributes
    ----------
    given, counted
        All rounds, and those that count and are about a cluster map of the run.
    left_out
        Why the others do not count: ``{"gold": 3, "skipped": 1, "withdrawn": 2, "repeated": 0, "seen before": 4}``.
    unmatched
        Rounds that would count, by the id of a cluster map that the run does not have.
    """

    given: int
    counted: int
    left_out: Mapping[str, int] = field(default_factory=dict)
    unmatched: Mapping[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        parts = [f"{self.counted} of {self.given} rounds counted"]
        parts += [f"{count} {reason}" for reason, count in sorted(self.left_out.items()) if count]
        if self.unmatched:
            parts.append(
                f"{sum(self.unmatched.values())} about {len(self.unmatched)} cluster maps that the run does not have"
            )
        return ", ".join(parts)


def rounds_frame(store: Any) -> pd.DataFrame:
    """Take what `label` accepts as rounds: a LabelStore, its frame, or a list of dicts with the same fields.

    Raises
    ------
    TypeError, ValueError
        For anything else, and for frames without the fields that are needed.
    """
    import pandas as pd

    if isinstance(store, HasRounds):
        frame = store.rounds()
    elif isinstance(store, pd.DataFrame):
        frame = store
    elif isinstance(store, Iterable) and not isinstance(store, str | bytes | Mapping):
        rows = list(store)
        frame = pd.DataFrame(rows) if rows else pd.DataFrame(columns=list(_NEEDED))
    else:
        raise TypeError(
            f"[inv-widgets] The rounds are {kind_of(store)}: give an inv.LabelStore, or the frame that its rounds() "
            "gives."
        )
    missing = [name for name in _NEEDED if name not in frame.columns]
    if missing:
        raise ValueError(
            f"[inv-widgets] The rounds have no field {', '.join(missing)}: give the frame that LabelStore.rounds() "
            "gives."
        )
    return frame


def counting_rounds(
    frame: pd.DataFrame,
    known: Iterable[str],
    *,
    corrections: bool = False,
    most_seen: int | None = None,
    weights: Mapping[str, float] | None = None,
) -> tuple[list[TypedRound], Report]:
    """Pick the rounds that count (docs/labels.md): answered ones; not gold, skipped, withdrawn or repeated ones.

    Parameters
    ----------
    frame
        See :func:`rounds_frame`.
    known
        The ids of the run's cluster maps.
    corrections
        Take the labels as corrected after the result was seen, where there is a correction.
    most_seen
        Leave out rounds on pictures that the player had already been shown more often than this.
    weights
        How much the rounds of some players count, by nickname or id, above 0; those of others count 1.

    Raises
    ------
    ValueError
        For an unknown outcome, or a weight that is none.
    """
    known = set(known)
    weights = checked_weights(weights)
    left_out: Counter[str] = Counter()
    unmatched: Counter[str] = Counter()
    counted = []
    rows: list[dict[str, Any]] = frame.to_dict("records")  # type: ignore[assignment]
    for row in rows:
        reason = _why_not(row, most_seen)
        if reason:
            left_out[reason] += 1
        elif row["cluster_map"] not in known:
            unmatched[str(row["cluster_map"])] += 1
        else:
            counted.append(_typed_round(row, weights, corrections=corrections))
    return counted, Report(len(frame), len(counted), dict(left_out), dict(unmatched))


def checked_weights(weights: Mapping[str, float] | None) -> dict[str, float]:
    """Check weights of players.

    Raises
    ------
    TypeError, ValueError
        For what is no ``{player: weight}``, or a weight that is not above 0.
    """
    if not isinstance(weights, Mapping | None):
        raise TypeError(
            f"[inv-widgets] weights={weights!r:.80} is {kind_of(weights)}: give a dict of nicknames and weights, such "
            "as {'ada': 3.0}."
        )
    for name, weight in (weights or {}).items():
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight < float("inf"):
            raise ValueError(
                f"[inv-widgets] weights[{name!r:.80}]={weight!r:.80} is {kind_of(weight)}: give a number above 0; to "
                "leave a player out, leave their rows out of the frame of rounds."
            )
    return {name: float(weight) for name, weight in (weights or {}).items()}


def tally(rounds: Iterable[TypedRound]) -> Rounds | None:
    """Sum up how people fared; None for no rounds."""
    rounds = list(rounds)
    if not rounds:
        return None
    outcomes = Counter(each.outcome for each in rounds)
    return Rounds(
        wins=outcomes["won"],
        losses=outcomes["lost"],
        resigns=outcomes["resigned"],
        players=len({each.player for each in rounds}),
        mean_step=sum(each.step for each in rounds) / len(rounds),
        # Sorted: a sum of reals must not depend on the order of the rounds.
        mean_share=sum(sorted(each.share for each in rounds)) / len(rounds),
    )


def _why_not(row: Mapping[str, Any], most_seen: int | None) -> str:
    if row["status"] != "answered":
        return str(row["status"])
    if _true(row.get("withdrawn")):
        return "withdrawn"
    if _true(row.get("gold")):
        return "gold"
    seen = row.get("times_seen")
    if most_seen is not None and not _missing(seen) and int(seen) > most_seen:  # type: ignore[arg-type]
        return "seen before"
    return ""


def _typed_round(row: Mapping[str, Any], weights: Mapping[str, float], *, corrections: bool) -> TypedRound:
    corrected = row.get("labels_corrected")
    typed = corrected if corrections and not _missing(corrected) else row["labels"]
    outcome = row["outcome"]
    if outcome not in _OUTCOMES:
        raise ValueError(
            f"[inv-widgets] A round on {row['cluster_map']!r} was answered with the outcome {outcome!r}: it must be "
            f"one of {', '.join(_OUTCOMES)}."
        )
    nickname, player = str(row["player"]), row.get("player_id")
    player = nickname if _missing(player) else str(player)
    return TypedRound(
        cluster_map=str(row["cluster_map"]),
        player=player,
        category=_text(row["truth"]),
        language=_text(row["language"]),
        step=int(row["step"]),
        share=float(row["share"]),
        outcome=str(outcome),
        typed=tuple(map(str, [] if typed is None or _missing(typed) else typed)),
        nickname=nickname,
        weight=weights.get(player, weights.get(nickname, 1.0)),
    )


def _true(value: Any) -> bool:
    return not _missing(value) and bool(value)


def _missing(value: Any) -> bool:
    """Tell whether a frame's cell is empty: None, NaN or pandas's NA."""
    if value is None:
        return True
    if isinstance(value, float):
        return value != value  # noqa: PLR0124 (NaN)
    return type(value).__name__ in {"NAType", "NaTType"}


def _text(value: Any) -> str:
    return "" if _missing(value) else str(value)
