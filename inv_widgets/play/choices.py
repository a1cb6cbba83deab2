"""The few classes that a round offers where there are too many to list."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["choices_of"]


def choices_of(  # noqa: PLR0913 (all that a choice hangs on)
    truth: str,
    plausible: Sequence[str],
    categories: Sequence[str],
    n: int,
    *,
    key: tuple[object, ...],
    other_truths: Iterable[str] = (),
) -> list[str]:
    """Choose the classes that a round offers.

    Parameters
    ----------
    truth
        The right class, always among them.
    plausible
        Classes that the network found likely, best first: up to a half of the wrong ones come from these.
    categories
        All classes.
    n
        How many to offer; fewer where there are fewer.
    key
        Fixes what is chosen at random.
    other_truths
        The right classes of other rounds on the same picture. They are offered too: were their choices others, what the
        two have in common would give both away.

    Returns
    -------
    list of str
        In the order of the alphabet.
    """
    right = [truth, *sorted(set(other_truths) - {truth})][:n]
    likely = [name for name in dict.fromkeys(plausible) if name not in right and name in set(categories)]
    chosen = [*right, *likely[: max(0, n // 2 + 1 - len(right))]]
    others = sorted(set(categories).difference(chosen))
    # Seeded by text: the same in every process and on every machine.
    others = random.Random(repr(key)).sample(others, min(len(others), max(0, n - len(chosen))))  # noqa: S311
    return sorted([*chosen, *others], key=lambda name: (name.casefold(), name))
