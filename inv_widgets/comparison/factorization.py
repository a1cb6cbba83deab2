"""Deep feature factorization: the maps of a layer as few concepts, by non-negative matrix factorization."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from inv_widgets.comparison.parameters import check_int, check_seed

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Factors", "factorize"]

_STEPS = 1000


@dataclass(frozen=True, eq=False)
class Factors:
    """Concepts of a layer's maps: ``A[n, c, y, x] = sum_k maps[n, k, y, x] directions[k, c]``, about.

    Attributes
    ----------
    maps
        float64, shape (N, K, h, w), at least 0: how strong each concept is, in units of the activation. The heaviest
        concept comes first.
    directions
        float64, shape (K, C), at least 0, each of length 1 (or 0, for a concept that nothing was left for).
    error
        ``|A - maps directions| / |A|``, 0..1.
    clipped
        How much of the sum of all |A| was negative and taken as 0, 0..1.
    converged
        Whether the factorization came to rest.
    """

    maps: NDArray[np.float64]
    directions: NDArray[np.float64]
    error: float
    clipped: float
    converged: bool

    def part(self, row: int) -> NDArray[np.float64]:
        """Give what each concept alone makes of picture `row`'s maps; shape (K, C, h, w)."""
        parts: NDArray[np.float64] = self.maps[row][:, None] * self.directions[..., None, None]
        return parts


def factorize(maps: NDArray[Any], n_concepts: Any, seed: Any) -> Factors:
    """Factorize the maps of a layer, all pictures together: ``A ~ H W`` with a row of A for each cell of each picture.

    Collins, Achanta & Suesstrunk 2018 (arXiv 1806.10206), equation 1: minimise ``|A - H W|^2`` with H, W >= 0. Lengths
    are free in this: each row of W gets length 1, so that concepts can be compared.

    Parameters
    ----------
    maps
        Shape (N, C, h, w); what is negative counts as 0.
    n_concepts
        K, at most as many as there are channels, and cells in all pictures.
    seed
        Of the start (NNDSVD, whose SVD is randomized).

    Raises
    ------
    ValueError
        For a number of concepts that is not possible.
    """
    count, channels, height, width = maps.shape
    cells = count * height * width
    if check_int("n_concepts", n_concepts) > min(channels, cells):
        raise ValueError(
            f"[inv-widgets] n_concepts={n_concepts} is not possible: the layer has {channels} maps of {height} x "
            f"{width} cells. Give at most {min(channels, cells)}."
        )
    check_seed(seed)
    rows = maps.astype(np.float64).transpose(0, 2, 3, 1).reshape(cells, channels)
    whole = np.abs(rows).sum()
    clipped = float(np.maximum(-rows, 0).sum() / whole) if whole else 0.0
    rows = np.maximum(rows, 0)
    strengths, directions, converged = _factors(rows, n_concepts, seed)
    lengths = np.linalg.norm(directions, axis=1)
    strengths, directions = strengths * lengths, directions / np.where(lengths > 0, lengths, 1)[:, None]
    order = np.argsort(-strengths.sum(0), kind="stable")
    strengths, directions = strengths[:, order], directions[order]
    size = np.linalg.norm(rows)
    return Factors(
        maps=np.ascontiguousarray(strengths.reshape(count, height, width, n_concepts).transpose(0, 3, 1, 2)),
        directions=directions,
        error=float(np.linalg.norm(rows - strengths @ directions) / size) if size else 0.0,
        clipped=clipped,
        converged=converged,
    )


def _factors(rows: NDArray[Any], n_concepts: int, seed: int) -> tuple[NDArray[Any], NDArray[Any], bool]:
    from sklearn.decomposition import NMF
    from sklearn.exceptions import ConvergenceWarning

    scale = rows.max()
    if not scale:
        return np.zeros((len(rows), n_concepts)), np.zeros((n_concepts, rows.shape[1])), True
    model = NMF(n_concepts, init="nndsvda", random_state=seed, max_iter=_STEPS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # is said by `converged`
        strengths = model.fit_transform(rows / scale)
    return strengths * scale, model.components_, bool(model.n_iter_ < _STEPS)
