"""The few classes that a round offers where there are too many to list."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["choices_of"]


def choices_of(
    truth: str, plausible: Sequence[str], categories: Sequence[str], n: int, *, key: tuple[object, ...]
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

    Returns
    -------
    list of str
        In the order of the alphabet.
    """
    likely = [name for name in dict.fromkeys(plausible) if name != truth and name in set(categories)]
    chosen = [truth, *likely[: n // 2]]
    others = sorted(set(categories).difference(chosen))
    # Seeded by text: the same in every process and on every machine.
    others = random.Random(repr(key)).sample(others, min(len(others), max(0, n - len(chosen))))  # noqa: S311
    return sorted([*chosen, *others], key=lambda name: (name.casefold(), name))
