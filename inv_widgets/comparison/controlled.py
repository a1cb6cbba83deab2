"""Whether a method tells what a network looks at from what it does not: one set of pictures under two networks.

On the pictures of :func:`inv_widgets.datasets.controlled`, evidence for the object network lies in the object's mask,
evidence for the scene network outside it. A method that shows it puts more of its energy in the mask under the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from inv_widgets.comparison.metrics.inputs import read_maps, read_masks
from inv_widgets.comparison.metrics.localisation import measure_ebpg
from inv_widgets.summary.spread import Bootstrap

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Contrast", "Estimate", "contrast"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over pictures with its bootstrap interval; NaN where there is nothing to take it of."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Contrast:
    """What :func:`contrast` found; all in per cent of a map's positive energy, or of the picture's pixels.

    Attributes
    ----------
    object_energy, scene_energy
        How much of the map lies in the object's mask, under either network.
    difference
        The first minus the second, picture by picture.
    object_excess, scene_excess
        Either energy minus the mask's share of its picture: 0 is chance.
    area
        Mean share of the pictures that the masks cover.
    n
        Pictures that count.
    undefined
        Numbers of the pictures that do not, because one of their two maps is nowhere positive.
    """

    object_energy: Estimate
    scene_energy: Estimate
    difference: Estimate
    object_excess: Estimate
    scene_excess: Estimate
    area: float
    n: int
    undefined: tuple[int, ...] = ()

    @property
    def discriminates(self) -> bool:
        """Whether the whole interval of the difference is above 0."""
        return self.difference.low > 0

    @property
    def finds_both(self) -> bool:
        """Whether the object's map is above chance in the mask and the scene's below, by their whole intervals."""
        return self.object_excess.low > 0 > self.scene_excess.high


def contrast(object_maps: Any, scene_maps: Any, masks: Any, *, bootstrap: Bootstrap | None = None) -> Contrast:
    """Compare the energy in the object's mask under the object network with that under the scene network.

    Parameters
    ----------
    object_maps, scene_maps
        One method's maps of the same N pictures, at the pictures' size, for what each network predicts (or should):
        N x H x W or a list of H x W, arrays or tensors. Only positive values are energy (:func:`inv.metrics.ebpg`).
    masks
        Where the objects are, bool, N x H x W or a list of H x W.
    bootstrap
        How intervals are drawn: pictures anew, with replacement; by default 1,000 times, 95 %.

    Returns
    -------
    Contrast
        A picture with a map that is nowhere positive counts under neither network; it is named in ``undefined``.

    Raises
    ------
    TypeError, ValueError
        For maps and masks that do not fit each other.

    References
    ----------
    In the manner of Yang and Kim, "Benchmarking Attribution Methods with Relative Feature Importance", 2019: their
    model contrast score, with energy instead of mean attribution, so that the scale of a map does not matter.

    Examples
    --------
    >>> import numpy as np
    >>> left, right = np.array([[3.0, 1.0]]), np.array([[1.0, 3.0]])
    >>> contrast([left, left], [right, right], np.array([[True, False]])).difference
    Estimate(mean=50.0, low=50.0, high=50.0)
    """
    on_object, on_scene = read_maps(object_maps), read_maps(scene_maps)
    if len(on_object) != len(on_scene):
        raise ValueError(
            f"[inv-widgets] {len(on_object)} maps under the object network but {len(on_scene)} under the scene "
            "network: give both networks' maps of the same pictures."
        )
    shapes = [[each.shape for each in given.maps] for given in (on_object, on_scene)]
    if shapes[0] != shapes[1]:
        raise ValueError(
            "[inv-widgets] The maps under the object network and those under the scene network have other sizes: give "
            "both at the pictures' size."
        )
    truth = read_masks(masks, shapes[0])
    energy = np.stack([measure_ebpg(on_object, truth).values, measure_ebpg(on_scene, truth).values])
    area = np.array([100 * mask.mean() for mask in truth])
    defined = np.isfinite(energy).all(axis=0)
    energy, area = energy[:, defined], area[defined]
    rows = np.stack([*energy, energy[0] - energy[1], energy[0] - area, energy[1] - area])
    estimates = _estimates(rows, Bootstrap() if bootstrap is None else bootstrap)
    return Contrast(
        object_energy=estimates[0],
        scene_energy=estimates[1],
        difference=estimates[2],
        object_excess=estimates[3],
        scene_excess=estimates[4],
        area=float(area.mean()) if area.size else float("nan"),
        n=int(area.size),
        undefined=tuple(np.flatnonzero(~defined).tolist()),
    )


def _estimates(rows: NDArray[np.float64], bootstrap: Bootstrap) -> list[Estimate]:
    """Give the mean of each row and its percentile interval, all rows by the same draws of pictures."""
    n = rows.shape[1]
    if n == 0:
        return [Estimate(float("nan"), float("nan"), float("nan"))] * len(rows)
    means = rows.mean(axis=1).tolist()
    if n == 1:
        return [Estimate(mean, float("nan"), float("nan")) for mean in means]
    low, high = np.quantile(bootstrap.counts(n) @ rows.T / n, bootstrap.shares, axis=0).tolist()
    return [Estimate(*each) for each in zip(means, low, high, strict=True)]
