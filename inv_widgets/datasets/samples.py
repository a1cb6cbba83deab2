"""Pictures with what is known about them: a name, a category, and where in the picture each category is."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from inv_widgets.errors import UnknownNameError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]

__all__ = ["MaskSource", "MaskedSample", "Sample"]


@dataclass(frozen=True)
class Sample:
    """A picture file with its name and true category; anything that takes a path takes a sample.

    Parameters
    ----------
    name
        Name to show, that of the file unless stated otherwise.
    picture
        The picture file.
    category
        What the picture shows, by the name that the matching network gives it.
    """

    name: str
    picture: Path
    category: str

    def __fspath__(self) -> str:
        return str(self.picture)


class MaskSource(Protocol):
    """Where masks come from; nothing is decoded before it is asked for."""

    def mask(self, picture: Path, category: str) -> Mask:
        """Decode one category's mask of a picture, bool H x W."""


@dataclass(frozen=True)
class MaskedSample(Sample):
    """A picture file with all the categories that it shows, and where each of them is.

    Parameters
    ----------
    name, picture, category
        As for :class:`Sample`; the category is the one that covers most of the picture unless stated otherwise.
    categories
        All categories in the picture, in the data set's order.
    source
        Where the masks come from.
    """

    categories: tuple[str, ...]
    source: MaskSource = field(repr=False, compare=False)

    def mask(self, category: str | None = None) -> Mask:
        """Give where a category is.

        Parameters
        ----------
        category
            One of `categories`; None: the sample's own.

        Returns
        -------
        numpy.ndarray
            bool, H x W of the picture.

        Raises
        ------
        KeyError
            For a category that the picture does not show.
        OSError, ValueError
            Where the annotation cannot be read or does not fit the picture.
        """
        wanted = self.category if category is None else category
        if wanted not in self.categories:
            raise UnknownNameError(
                f"[inv-widgets] {self.name} does not show {wanted!r}. It shows {', '.join(map(repr, self.categories))}."
            )
        return self.source.mask(self.picture, wanted)

    @property
    def masks(self) -> dict[str, Mask]:
        """The masks of all categories, bool H x W each; decoded anew each time."""
        return {category: self.mask(category) for category in self.categories}

    def of(self, category: str) -> MaskedSample:
        """Give the same picture as a sample of another category that it shows.

        Raises
        ------
        KeyError
            For a category that the picture does not show.
        """
        if category not in self.categories:
            self.mask(category)
        return dataclasses.replace(self, category=category)
