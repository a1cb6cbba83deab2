"""Every number of the method, named, with its source.

A :class:`Recipe` is frozen and is stored beside each result, so that a result always says how it was made.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Recipe"]

Weighting = Literal["guided", "grad_cam"]
Solver = Literal["fast", "sklearn"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """The numbers of Interpretable Network Visualizations (arXiv 2405.03301).

    Change one with ``dataclasses.replace(recipe, seed=1)`` or ``Recipe(seed=1)``.

    Parameters
    ----------
    weighting
        How a feature map's weight is read off its gradient. ``"guided"`` averages the gradient over the places
        where both the map and its gradient are positive (the authors' published code); ``"grad_cam"`` averages it over
        the whole map (Selvaraju et al. 2017, eq. 1), so that weights can be negative.
    prune_below
        Feature maps whose weight is under this share of the layer's mean weight are pruned. The authors' figures
        (0.175 % of 512 maps, 0.35 % of 256, 0.7 % of 128, 1.4 % of 64) are all 0.896 of the mean.
    pca_components
        Maps are reduced to ``min(pca_components, n, d)`` dimensions before the embedding.
    perplexity
        t-SNE's perplexity is ``min(perplexity, (n - 1) / 3)``.
    tsne_iterations, tsne_learning_rate_divisor, tsne_learning_rate_min, tsne_early_exaggeration
        The t-SNE optimiser; its learning rate is ``max(n / divisor, minimum)``. The iterations are the most that are
        made: the solver ``"fast"`` ends where the embedding has settled (50 iterations change its cost by under 1e-4).
    clusters_min, clusters_max
        Ward clusterings with ``clusters_min .. min(clusters_max, n - 1)`` clusters compete by mean silhouette.
    drop_below_heaviest, drop_below_mean
        Clusters lighter than ``max(heaviest * drop_below_heaviest, mean * drop_below_mean)`` are dropped.
    channel_thumbnails
        How many of a cluster's heaviest feature maps keep a thumbnail.
    thumbnail_size
        The longer side of a feature map's thumbnail, in cells.
    kept_picture
        The longer side, in pixels, of the picture that is kept with the explanation.
    seed
        Seeds the embedding.
    solver
        ``"fast"`` is ours, ``"sklearn"`` the published one. They differ in how the same quantities are computed.
    reveal_shares
        The shares of the picture, in per cent, that the reveal game shows at steps 0 to 5.
    reveal_picture
        The longer side, in pixels, at which masks are made; smaller pictures are enlarged first.
    reveal_blur, reveal_truncate
        ``(map side, sigma)`` pairs of the mask's Gaussian edge, sigma in pixels of a 512-pixel picture and scaled
        with the picture's longer side, interpolated over the side's logarithm and clamped outside; the kernel is
        cut at `reveal_truncate` sigma.
    step_discount
        A label's score is ``frequency * (1 - step_discount * mean step)``.
    lost_factor
        ... times this, if no round that gave the label on that cluster map was won.
    trend_labels
        How many labels that rise, and that fall, most over depth are shown: the default of ``Summary.trends``.
    tcav_examples, tcav_random_sets
        Fewest examples with which a label can be tested, and of random sets: :func:`inv_widgets.tcav` takes these.
    """

    weighting: Weighting = "guided"
    prune_below: float = 0.896
    pca_components: int = 50
    perplexity: float = 30.0
    tsne_iterations: int = 1000
    tsne_learning_rate_divisor: float = 48.0
    tsne_learning_rate_min: float = 50.0
    tsne_early_exaggeration: float = 12.0
    clusters_min: int = 3
    clusters_max: int = 8
    drop_below_heaviest: float = 1 / 3
    drop_below_mean: float = 1 / 2
    channel_thumbnails: int = 12
    thumbnail_size: int = 16
    kept_picture: int = 1024
    seed: int = 0
    solver: Solver = "fast"
    reveal_shares: tuple[float, ...] = (2.0, 4.5, 8.0, 13.0, 20.0, 30.0)
    reveal_picture: int = 512
    reveal_blur: tuple[tuple[float, float], ...] = ((256, 3), (128, 6), (64, 12), (32, 16), (16, 24))
    reveal_truncate: float = 1.5
    step_discount: float = 0.1
    lost_factor: float = 0.25
    trend_labels: int = 6
    tcav_examples: int = 10
    tcav_random_sets: int = 10

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            given = getattr(self, field.name)
            value = _plain(given, like=field.default)
            if value is None:
                wanted = _KINDS[type(field.default)]
                raise ValueError(f"[inv-widgets] Recipe({field.name}={given!r}) is not possible: give {wanted}.")
            object.__setattr__(self, field.name, value)
        for name, (ok, wanted) in self._checks().items():
            if not ok:
                value = getattr(self, name)
                raise ValueError(f"[inv-widgets] Recipe({name}={value!r}) is not possible: give {wanted}.")

    def _checks(self) -> dict[str, tuple[bool, str]]:
        at_least_one = ("pca_components", "kept_picture", "thumbnail_size", "reveal_picture")
        shares = (
            "prune_below",
            "drop_below_heaviest",
            "drop_below_mean",
            "lost_factor",
            "step_discount",
            "reveal_truncate",
        )
        positive = ("tsne_learning_rate_divisor", "tsne_learning_rate_min")
        checks = {
            "weighting": (self.weighting in {"guided", "grad_cam"}, '"guided" or "grad_cam"'),
            "solver": (self.solver in {"fast", "sklearn"}, '"fast" or "sklearn"'),
            "perplexity": (self.perplexity >= 1, "a number of at least 1"),
            "tsne_early_exaggeration": (self.tsne_early_exaggeration >= 1, "a number of at least 1"),
            "tsne_iterations": (
                self.tsne_iterations >= (250 if self.solver == "sklearn" else 1),
                'a whole number of at least 1, with the solver "sklearn" of at least 250',
            ),
            "clusters_min": (self.clusters_min >= 2, "a whole number of at least 2"),
            "clusters_max": (self.clusters_max >= self.clusters_min, "at least clusters_min"),
            "channel_thumbnails": (self.channel_thumbnails >= 0, "a whole number of at least 0"),
            "seed": (0 <= self.seed < 2**32, "a whole number from 0 to 2**32 - 1"),
            "reveal_shares": (
                len(self.reveal_shares) > 0
                and list(self.reveal_shares) == sorted(set(self.reveal_shares))
                and all(0 < share <= 100 for share in self.reveal_shares),
                "increasing shares in per cent, above 0 and up to 100",
            ),
            "reveal_blur": (
                len(self.reveal_blur) > 0
                and all(len(pair) == 2 and pair[0] > 0 and pair[1] >= 0 for pair in self.reveal_blur)
                and len({pair[0] for pair in self.reveal_blur}) == len(self.reveal_blur),
                "(map side, sigma) pairs, each side once and above 0, sigma at least 0",
            ),
        }
        checks |= {name: (getattr(self, name) >= 1, "a whole number of at least 1") for name in at_least_one}
        checks |= {name: (getattr(self, name) >= 0, "a number of at least 0") for name in shares}
        checks |= {name: (getattr(self, name) > 0, "a number above 0") for name in positive}
        return checks

    @classmethod
    def published(cls, **changes: Any) -> Self:
        """Give the recipe whose solver is the published one (scikit-learn's PCA, t-SNE and Ward runs)."""
        return cls(**({"solver": "sklearn"} | changes))

    def to_json(self) -> str:
        """Write all fields as one line of JSON, sorted by name."""
        return _json(self)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what :meth:`to_json` wrote; fields that a newer version added are refused by name."""
        fields = json.loads(text)
        unknown = sorted(set(fields) - {field.name for field in dataclasses.fields(cls)})
        if unknown:
            raise ValueError(
                f"[inv-widgets] The recipe has fields that this version does not know: {', '.join(unknown)}. "
                "It was written by a newer inv-widgets: upgrade to read it."
            )
        return cls(**fields)


_KINDS = {int: "a whole number", float: "a finite number", str: "a text", tuple: "a tuple of numbers"}


@functools.lru_cache(maxsize=16)  # each row of a run has it
def _json(recipe: Recipe) -> str:
    return json.dumps(dataclasses.asdict(recipe), sort_keys=True)


def _plain(value: Any, like: Any) -> Any:
    """Give a value as plain Python, of the type of `like`, or None where it is none; numbers in tuples are floats."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(like, tuple):
        entries = value if isinstance(value, (list, tuple)) else [None]
        plain = tuple(_plain(entry, like[0] if isinstance(like[0], tuple) else 0.0) for entry in entries)
        return None if None in plain else plain
    if isinstance(like, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    fits = type(value) is type(like) and not (isinstance(value, float) and not math.isfinite(value))
    return value if fits else None
