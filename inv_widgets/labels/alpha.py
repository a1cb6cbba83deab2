"""Krippendorff's alpha for sets of labels, with weights of players, and how far it moves if other players had come.

alpha = 1 - D_o / D_e: how far apart those are who saw the same cluster map, against any two sets of labels of the run.
1: all agree; 0: as much as by chance; below 0: less than by chance (Krippendorff, *Content Analysis*, 2004, ch. 11).

Weights w of players count each of them as w players, who are compared with all others but not with each other:

    D_o = sum_u m_u D_u / sum_u m_u,  D_u = sum_{i != j} w_i w_j d_ij / (m_u^2 - sum_i w_i^2),  m_u = sum_i w_i
    D_e = sum_{i != j} w_i w_j d_ij / (n^2 - sum_i w_i^2),                                       n = sum_u m_u

over the cluster maps u with at least two players. With w = 1 these are Krippendorff's. Bootstrap draws players with
replacement: a player who is drawn twice has the weight 2 w, and so is never in agreement with a copy of their own.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from inv_widgets.labels.distances import distance_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from inv_widgets.labels.distances import Distance

__all__ = ["Disagreement", "Ratings"]

_AT_ONCE = 4_000_000  # numbers in an array; 32 MB
_BLOCK = 256  # different sets of labels


@dataclass(frozen=True, eq=False)
class Ratings:
    """What each player said of each cluster map: a rating is a set of labels that is not empty.

    Attributes
    ----------
    units, coders, sets
        The cluster maps, the players and the different sets of labels.
    unit, coder, said
        int64, shape (n,): for each rating its place in `units`, `coders` and `sets`.
    """

    units: tuple[str, ...]
    coders: tuple[str, ...]
    sets: tuple[frozenset[str], ...]
    unit: NDArray[np.int64]
    coder: NDArray[np.int64]
    said: NDArray[np.int64]

    @classmethod
    def of(cls, said: Mapping[tuple[str, str], Iterable[str]]) -> Ratings:
        """Read ``{(cluster map, player): labels}``; who gave none is left out. The order does not matter."""
        rows = sorted((key, frozenset(labels)) for key, labels in said.items())
        rows = [(key, labels) for key, labels in rows if labels]
        units = {unit: place for place, unit in enumerate(dict.fromkeys(unit for (unit, _), _ in rows))}
        coders = {coder: place for place, coder in enumerate(sorted({coder for (_, coder), _ in rows}))}
        sets = {each: place for place, each in enumerate(dict.fromkeys(labels for _, labels in rows))}
        return cls(
            tuple(units),
            tuple(coders),
            tuple(sets),
            np.array([units[unit] for (unit, _), _ in rows], np.int64),
            np.array([coders[coder] for (_, coder), _ in rows], np.int64),
            np.array([sets[labels] for _, labels in rows], np.int64),
        )

    def __len__(self) -> int:
        return len(self.unit)

    def only(self, units: Iterable[str]) -> Ratings:
        """Keep the ratings of some cluster maps; players stay the same."""
        wanted = set(units)
        keep = np.array([unit in wanted for unit in self.units], bool)
        kept = keep[self.unit] if len(self) else np.zeros(0, bool)
        return Ratings(self.units, self.coders, self.sets, self.unit[kept], self.coder[kept], self.said[kept])


class Disagreement:
    """Observed and expected disagreement under several weightings of the players at once.

    Parameters
    ----------
    ratings
        See :class:`Ratings`.
    distance
        ``"masi"`` or ``"jaccard"``.
    weights
        Of ``ratings.coders``: float64, shape (draws, players), at least 0.
    """

    def __init__(self, ratings: Ratings, distance: Distance, weights: NDArray[np.float64]) -> None:
        self.ratings = ratings
        self.weights = weights
        self._distances = distance_of(distance)
        self._sets = _incidence(ratings.sets)
        self._sizes = np.array([len(each) for each in ratings.sets], np.int64)
        draws, units = len(weights), len(ratings.units)
        self._mass = np.zeros((draws, units))  # m_u where two players are, else 0
        self._apart = np.zeros((draws, units))  # D_u
        self._own = np.zeros((draws, len(ratings.coders)))  # of each player, the sum of mean distances to the others
        self._shared = np.zeros((draws, len(ratings.coders)))  # on so many cluster maps
        self._said = np.zeros((draws, len(ratings.sets)))  # how much each set weighs
        self._squares = np.zeros(draws)
        if len(ratings):
            self._weigh()

    def observed(self, units: Sequence[int] | slice = slice(None)) -> NDArray[np.float64]:
        """Give D_o over some cluster maps, by their places; shape (draws,), NaN where nobody can be compared."""
        mass = self._mass[:, units]
        return _ratio((mass * self._apart[:, units]).sum(1), mass.sum(1))

    def observed_of(self, coder: int) -> NDArray[np.float64]:
        """Give a player's mean distance to the others, each of their shared cluster maps alike; shape (draws,)."""
        return _ratio(self._own[:, coder], self._shared[:, coder])

    def expected(self) -> NDArray[np.float64]:
        """Give D_e over all cluster maps; shape (draws,)."""
        apart = np.zeros(len(self._said))
        for start in range(0, len(self._sizes), _BLOCK):
            rows = slice(start, start + _BLOCK)
            both = (self._sets[rows] @ self._sets.T).toarray()
            distances = self._distances(both, self._sizes[rows, None], self._sizes[None, :])
            apart += np.einsum("ij,ij->i", self._said[:, rows] @ distances, self._said)
        return _ratio(apart, self._said.sum(1) ** 2 - self._squares)

    def _weigh(self) -> None:
        ratings = self.ratings
        near = self._near()
        of_unit = _one_hot(ratings.unit, len(ratings.units))
        of_coder = _one_hot(ratings.coder, len(ratings.coders))
        of_set = _one_hot(ratings.said, len(ratings.sets))
        step = max(1, _AT_ONCE // len(ratings))
        for start in range(0, len(self.weights), step):
            rows = slice(start, start + step)
            weight = self.weights[rows][:, ratings.coder]
            mass = weight @ of_unit
            others = mass[:, ratings.unit] - weight
            away = (near @ weight.T).T  # sum_j w_j d_ij
            pairs = (weight * others) @ of_unit
            there = pairs > _NOTHING
            self._apart[rows] = _ratio((weight * away) @ of_unit, pairs, 0.0)
            self._mass[rows] = np.where(there, mass, 0.0)
            self._own[rows] = _ratio(away, others, 0.0) @ of_coder
            self._shared[rows] = (others > _NOTHING) @ of_coder
            counted = np.where(there[:, ratings.unit], weight, 0.0)
            self._said[rows] = counted @ of_set
            self._squares[rows] = (counted**2).sum(1)

    def _near(self) -> Any:
        """Give the distances of all pairs of ratings of one cluster map; sparse, shape (n, n)."""
        from scipy import sparse

        ratings = self.ratings
        ones, others = (np.concatenate(parts) for parts in zip(*self._pairs(), strict=True))
        values = np.empty(len(ones))
        for start in range(0, len(ones), _AT_ONCE // 8):
            rows = slice(start, start + _AT_ONCE // 8)
            one, other = ratings.said[ones[rows]], ratings.said[others[rows]]
            both = self._sets[one].multiply(self._sets[other]).sum(axis=1)
            values[rows] = self._distances(both, self._sizes[one], self._sizes[other])
        return sparse.csr_array((values, (ones, others)), shape=(len(ratings), len(ratings)))

    def _pairs(self) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        by_unit: dict[int, list[int]] = defaultdict(list)
        for place, unit in enumerate(self.ratings.unit.tolist()):
            by_unit[unit].append(place)
        for places in by_unit.values():
            there = np.array(places, np.int64)
            apart = ~np.eye(len(there), dtype=bool)
            yield np.repeat(there, len(there))[apart.ravel()], np.tile(there, len(there))[apart.ravel()]


_NOTHING = 1e-12


def _one_hot(places: NDArray[np.int64], size: int) -> Any:
    """Give a sparse matrix, shape (n, size), with a 1 in each row."""
    from scipy import sparse

    return sparse.csr_array((np.ones(len(places)), (np.arange(len(places)), places)), shape=(len(places), size))


def _incidence(sets: Sequence[frozenset[str]]) -> Any:
    """Give which label is in which set; sparse, shape (sets, labels)."""
    from scipy import sparse

    names = {name: place for place, name in enumerate(sorted({name for each in sets for name in each}))}
    rows = np.array([row for row, each in enumerate(sets) for _ in each], np.int64)
    columns = np.array([names[name] for each in sets for name in sorted(each)], np.int64)
    return sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(sets), len(names)))


def _ratio(part: NDArray[np.float64], whole: NDArray[np.float64], otherwise: float = np.nan) -> NDArray[np.float64]:
    """Divide; `otherwise` where the whole is nothing."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(whole > _NOTHING, part / whole, otherwise)
