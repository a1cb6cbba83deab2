"""What a TCAV test found, a row for each label, class and layer."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inv_widgets.comparison.significance import holm

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

__all__ = ["TcavResult", "TcavRow", "corrected"]


@dataclass(frozen=True, slots=True)
class TcavRow:
    """Whether a network's score of a class depends on what a label means, at one layer.

    Attributes
    ----------
    label, target_name, layer
        What was tested.
    score
        The TCAV score, 0..1: the share of the class's pictures whose class score grows along the concept vector, learnt
        from all examples and one counterpart of each. NaN where the label is untestable; so are the next seven.
    score_parts
        The mean score when each part of the examples (no picture is in two) gives a vector of its own: what the t-test
        compares.
    score_random, score_random_low, score_random_high
        The mean (0.5) of what random sets give against each other, and the bounds of the middle 95 per cent.
    t, p
        Student's t of the parts' scores against the random ones (positive: the class score grows with the concept), and
        its two-sided p-value.
    p_holm
        The p-value, corrected for all that was tested in the same call.
    n_examples, n_pictures
        Regions that carry the label, and the pictures that they are in.
    n_parts, n_random
        Parts of the examples, and random sets.
    n_class_pictures
        Pictures of the class, which the scores are shares of.
    testable, reason
        Whether it was tested, and if not, why.
    """

    label: str
    target_name: str
    layer: str
    score: float = math.nan
    score_parts: float = math.nan
    score_random: float = math.nan
    score_random_low: float = math.nan
    score_random_high: float = math.nan
    t: float = math.nan
    p: float = math.nan
    p_holm: float = math.nan
    n_examples: int = 0
    n_pictures: int = 0
    n_parts: int = 0
    n_random: int = 0
    n_class_pictures: int = 0
    testable: bool = False
    reason: str = ""


@dataclass(frozen=True, repr=False)
class TcavResult:
    """What :func:`inv_widgets.tcav` found.

    Attributes
    ----------
    rows
        A :class:`TcavRow` for each label, class and layer: labels and classes by name, layers from shallow to deep.
    n_random, seed, share
        As they were given.
    """

    rows: tuple[TcavRow, ...]
    n_random: int
    seed: int
    share: float | None

    def __repr__(self) -> str:
        tested = [row for row in self.rows if row.testable]
        significant = sum(row.p_holm < 0.05 for row in tested)
        return (
            f"TcavResult({len(self.rows)} rows, {len(tested)} tested, {significant} with p_holm < 0.05, "
            f"{len(self.rows) - len(tested)} untestable)"
        )

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[TcavRow]:
        return iter(self.rows)

    def to_frame(self) -> pd.DataFrame:
        """Give a frame with a row for each label, class and layer; its columns are :class:`TcavRow`'s attributes."""
        import pandas as pd

        names = [field.name for field in dataclasses.fields(TcavRow)]
        frame = pd.DataFrame({name: [getattr(row, name) for row in self.rows] for name in names}, columns=names)
        return frame.astype({name: _KINDS.get(name, "float64") for name in names})


_KINDS = {
    "label": "object", "target_name": "object", "layer": "object", "n_examples": "int64", "n_pictures": "int64",
    "n_parts": "int64", "n_random": "int64", "n_class_pictures": "int64", "testable": "bool", "reason": "object",
}  # fmt: skip


def corrected(rows: Sequence[TcavRow]) -> tuple[TcavRow, ...]:
    """Correct the p-values of rows that were tested together."""
    values = holm([row.p for row in rows])
    return tuple(dataclasses.replace(row, p_holm=value) for row, value in zip(rows, values, strict=True))
