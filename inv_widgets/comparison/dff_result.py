"""What deep feature factorization found: concepts, where they are, and what the network makes of them."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from inv_widgets.comparison.enlarging import laid_on
from inv_widgets.comparison.parameters import check_int
from inv_widgets.explanation import Prediction

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["Concepts"]

Window = tuple[float, float, float, float]
Target = int | tuple[int, ...]

# Okabe & Ito: told apart with any colour vision.
_COLOURS = ((230, 159, 0), (86, 180, 233), (0, 158, 115), (204, 121, 167), (213, 94, 0), (240, 228, 66), (0, 114, 178))


@dataclass(frozen=True, eq=False, repr=False)
class Concepts:
    """What :func:`inv_widgets.dff` found; concept k is the same in all pictures, and 0 is the heaviest.

    Attributes
    ----------
    pictures, names, windows
        The N pictures (uint8, H x W x 3), what they are called, and what the network sees of each: (left, top, width,
        height) in pixels.
    layer
        Where the concepts were found.
    maps
        float32, shape (N, K, h, w), at least 0: how strong each concept is, in units of the activation.
    directions
        float32, shape (K, C), at least 0, of length 1: what each concept is made of.
    categories
        The names of the classes.
    probabilities
        float32, shape (N, K, classes): the softmax of what the rest of the network makes of each concept alone.
    targets, target_names, target_scores
        For each picture the class or group that was asked about, and how each concept alone scores for it (before the
        softmax; shape (N, K)).
    error
        ``|A - maps directions| / |A|``, 0..1: what the concepts leave out of the layer's maps A.
    clipped
        How much of the sum of all |A| was negative and taken as 0, 0..1.
    converged
        Whether the factorization came to rest.
    """

    pictures: tuple[NDArray[np.uint8], ...]
    names: tuple[str, ...]
    windows: tuple[Window, ...]
    layer: str
    maps: NDArray[np.float32]
    directions: NDArray[np.float32]
    categories: tuple[str, ...]
    probabilities: NDArray[np.float32]
    targets: tuple[Target, ...]
    target_names: tuple[str, ...]
    target_scores: NDArray[np.float32]
    error: float
    clipped: float
    converged: bool

    def __len__(self) -> int:
        return len(self.directions)

    def __repr__(self) -> str:
        known = "; ".join(f"{place}: {self.classes(place, 1)[0].name}" for place in range(len(self)))
        return f"Concepts({len(self)} of {self.layer!r} in {len(self.pictures)} pictures; {known})"

    @property
    def shares(self) -> NDArray[np.float64]:
        """Each concept's share of what all of them make of a picture's maps, in per cent; shape (N, K), NaN if none."""
        mass = self.maps.sum((2, 3), dtype=np.float64) * self.directions.sum(1)
        whole = mass.sum(1, keepdims=True)
        return np.where(whole > 0, 100 * mass / np.where(whole > 0, whole, 1), np.nan)

    @property
    def colours(self) -> NDArray[np.uint8]:
        """One colour a concept; uint8, shape (K, 3)."""
        if len(self) <= len(_COLOURS):
            return np.array(_COLOURS[: len(self)], np.uint8)
        hues = [colorsys.hsv_to_rgb(place / len(self), 0.75, 0.9) for place in range(len(self))]
        found: NDArray[np.uint8] = np.rint(255 * np.array(hues)).astype(np.uint8)
        return found

    def classes(self, concept: int, top: int = 3, *, picture: int | None = None) -> list[Prediction]:
        """Say which classes the network finds in one concept alone.

        Parameters
        ----------
        concept
            Which one, from 0.
        top
            How many classes, at most.
        picture
            As it is in this one; None: the mean probability over all pictures.

        Returns
        -------
        list of Prediction
            The most probable first.
        """
        check_int("concept", concept, 0, len(self) - 1)
        chances = self.probabilities[:, concept].mean(0) if picture is None else self._of(picture)[concept]
        order = np.argsort(-chances, kind="stable")[: check_int("top", top)]
        return [Prediction(int(index), self.categories[index], float(chances[index])) for index in order]

    def on_picture(self, picture: int = 0) -> NDArray[np.float32]:
        """Give the concepts' maps at a picture's size; float32, shape (K, H, W), 0 outside what the network sees."""
        self._of(picture)
        height, width = self.pictures[picture].shape[:2]
        return np.stack([laid_on(each, height, width, self.windows[picture]) for each in self.maps[picture]])

    def coloured(self, picture: int = 0, *, opacity: float = 0.7) -> NDArray[np.uint8]:
        """Lay the strongest concept of each pixel on a picture, in its colour.

        Parameters
        ----------
        picture
            Which one, from 0.
        opacity
            Of a concept where it is as strong as anywhere in all pictures (0..1); it falls with the concept's map.

        Returns
        -------
        ndarray
            uint8, shape (H, W, 3).
        """
        if isinstance(opacity, bool) or not isinstance(opacity, (int, float)) or not 0 <= opacity <= 1:
            raise ValueError(f"[inv-widgets] opacity={opacity!r:.80} is not possible: give a number of 0 to 1.")
        maps = self.on_picture(picture)
        strongest = maps.argmax(0)
        peaks = self.maps.max((0, 2, 3))
        intensity = np.take_along_axis(maps, strongest[None], 0)[0] / np.where(peaks > 0, peaks, 1)[strongest]
        alpha = (opacity * np.clip(intensity, 0, 1))[..., None]
        blended: NDArray[np.uint8] = np.rint(
            self.pictures[picture] * (1 - alpha) + self.colours[strongest] * alpha
        ).astype(np.uint8)
        return blended

    def to_frame(self) -> pd.DataFrame:
        """Give a frame with a row for each picture and concept.

        Its columns: ``picture``, ``concept``, ``share`` (per cent of the picture's maps), ``target_name``,
        ``target_score``, ``target_probability``, ``class_name`` and ``class_probability`` (the most probable class).
        """
        import pandas as pd

        rows = []
        for number, name in enumerate(self.names):
            target = self.targets[number]
            members = list(target) if isinstance(target, tuple) else [target]
            for concept in range(len(self)):
                (best,) = self.classes(concept, 1, picture=number)
                rows.append(
                    {
                        "picture": name,
                        "concept": concept,
                        "share": float(self.shares[number, concept]),
                        "target_name": self.target_names[number],
                        "target_score": float(self.target_scores[number, concept]),
                        "target_probability": float(self.probabilities[number, concept, members].sum()),
                        "class_name": best.name,
                        "class_probability": best.probability,
                    }
                )
        return pd.DataFrame(rows)

    def _of(self, picture: int) -> NDArray[np.float32]:
        found: NDArray[np.float32] = self.probabilities[check_int("picture", picture, 0, len(self.pictures) - 1)]
        return found
