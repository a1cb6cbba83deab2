"""A sanity check of methods: whether the map changes when the network forgets what it has learnt."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from scipy import stats
from scipy.ndimage import gaussian_filter

from inv_widgets.analysis.pipeline import named_picture
from inv_widgets.classifier import Classifier
from inv_widgets.comparison.saliency import attribute

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from numpy.typing import NDArray
    from torch import nn

__all__ = ["THRESHOLD", "Randomisation", "randomisation", "structural_similarity"]

Order = Literal["cascade", "independent", "all"]

# A method whose maps agree more than this, by rank, once no weight is left, does not look at the weights. Measured on
# EfficientNet-Lite0: gradients, guided or not, 0.2 at most, Grad-CAM 0.5, FullGrad (biases at edges) 0.86, an edge
# detector 1.
THRESHOLD = 0.9


@dataclass(frozen=True, eq=False)
class Randomisation:
    """How much a map stays the same as weights are made random.

    Attributes
    ----------
    method
        The method's name.
    order
        How layers were made random: one after the other, from the last to the first and staying so (``"cascade"``);
        each by itself (``"independent"``); all at once (``"all"``).
    layers
        The modules, in that order; ``"all"`` for all at once.
    rank_correlations
        Spearman's, of the magnitudes of the map's pixels (what the network sees) before and after; 1: the same order,
        0: none.
    similarities
        Structural similarity (SSIM) of the maps' magnitudes, each brought to 0..1.
    """

    method: str
    order: str
    layers: tuple[str, ...]
    rank_correlations: tuple[float, ...]
    similarities: tuple[float, ...]

    @property
    def ignores_weights(self) -> bool:
        """Whether the map hardly changes when all is random: a rank correlation above `THRESHOLD` at the end.

        For layers by themselves: whatever the layer.
        """
        decisive = self.rank_correlations if self.order == "independent" else self.rank_correlations[-1:]
        return min(decisive) > THRESHOLD

    def to_frame(self) -> pd.DataFrame:
        """Make a table, a row a step: method, order, layer, rank_correlation, ssim."""
        import pandas as pd

        return pd.DataFrame({
            "method": self.method,
            "order": self.order,
            "layer": self.layers,
            "rank_correlation": self.rank_correlations,
            "ssim": self.similarities,
        })  # fmt: skip


def randomisation(  # noqa: PLR0913 (each may be left out)
    net: Classifier,
    picture: Any,
    method: str | Callable[[Classifier, Any, Any], Any] = "grad_cam",
    seed: int = 0,
    *,
    target: Any = None,
    order: Order = "cascade",
    **parameters: Any,
) -> Randomisation:
    """Compare a method's map with its maps of the same network with random weights.

    Adebayo et al., Sanity Checks for Saliency Maps, NeurIPS 2018 (arXiv 1810.03292), section 3: a method whose map
    stays the same cannot tell what the network has learnt. The network itself is not touched: this works on a copy.
    Weights are drawn anew, normal with their own mean and standard deviation; vectors (biases, batch normalisation) are
    shuffled, all of one module alike, so that activations keep their scale.

    Parameters
    ----------
    net
        The network.
    picture
        A picture in any form.
    method
        A name of :func:`inv_widgets.methods`, or a function of a Classifier, a picture and a target that returns a map
        (H x W).
    seed
        Of the random weights.
    target
        The class; None: the most probable one before anything is random. It stays the same.
    order
        ``"cascade"``, ``"independent"`` or ``"all"``, as in :class:`Randomisation`.
    **parameters
        The method's own.

    Returns
    -------
    Randomisation

    Raises
    ------
    ValueError
        For an unknown order, a network without weights, and maps that are not finite or change their size.
    """
    if order not in {"cascade", "independent", "all"}:
        raise ValueError(f'[inv-widgets] order={order!r} is not possible: give "cascade", "independent" or "all".')
    loaded = named_picture(picture)
    if target is None:
        target = net.predict(loaded, top=1)[0].index
    module = copy.deepcopy(net.module)
    random = Classifier(module, net.transform, net.categories, net.window, net.name)
    names = [name for name, part in module.named_modules() if _vectors_and_weights(part)][::-1]
    if not names:
        raise ValueError(f"[inv-widgets] {net.name} has no weights: nothing can be made random.")
    generator = torch.Generator().manual_seed(seed)
    before = _map(net, loaded, method, target, parameters)
    originals = {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}
    steps = [names] if order == "all" else [[name] for name in names]
    correlations, similarities = [], []
    for step in steps:
        if order == "independent":
            module.load_state_dict(originals)
        for name in step:
            _forget(module.get_submodule(name), generator)
        after = _map(random, loaded, method, target, parameters)
        if after.shape != before.shape:
            raise ValueError(f"[inv-widgets] The map was {before.shape} and is {after.shape} with random weights.")
        correlations.append(_rank_correlation(before, after))
        similarities.append(structural_similarity(_unit(before), _unit(after)))
    layers = ("all",) if order == "all" else tuple(names)
    title = method if isinstance(method, str) else getattr(method, "__name__", "a function")
    return Randomisation(title, order, layers, tuple(correlations), tuple(similarities))


def structural_similarity(one: NDArray[Any], two: NDArray[Any]) -> float:
    """Give the mean SSIM of two maps in 0..1 (Wang et al. 2004, equation 13; Gaussian window, sigma 1.5)."""
    c1, c2 = 0.01**2, 0.03**2
    means = [_blurred(each) for each in (one, two)]
    variances = [_blurred(each * each) - mean * mean for each, mean in zip((one, two), means, strict=True)]
    covariance = _blurred(one * two) - means[0] * means[1]
    above = (2 * means[0] * means[1] + c1) * (2 * covariance + c2)
    below = (means[0] ** 2 + means[1] ** 2 + c1) * (variances[0] + variances[1] + c2)
    return float((above / below).mean())


def _blurred(values: NDArray[Any]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = gaussian_filter(np.asarray(values, np.float64), 1.5, truncate=3.5)
    return found


def _map(net: Classifier, picture: Any, method: Any, target: Any, parameters: Any) -> NDArray[np.float64]:
    if isinstance(method, str):
        found = attribute(net, [picture], method, target, **parameters)[0].map
    else:
        found = method(net, picture, target, **parameters)
    values = np.abs(np.asarray(found, np.float64))
    if values.ndim != 2 or not np.isfinite(values).all():
        raise ValueError(f"[inv-widgets] The method gave no finite map H x W but {values.shape}.")
    if values.shape != (picture.height, picture.width):
        return values
    # Beyond the window all maps are 0, and alike.
    left, top, across, down = net.window(picture.height, picture.width)
    rows, columns = (slice(max(0, round(start)), round(start + size)) for start, size in ((top, down), (left, across)))
    return values[rows, columns]


def _rank_correlation(one: NDArray[np.float64], two: NDArray[np.float64]) -> float:
    """Spearman's; of constant maps 1 if both are constant (the method shows the same), else 0."""
    flat = [bool(np.ptp(each) <= 1e-12 * np.abs(each).max()) for each in (one, two)]
    if any(flat):
        return float(all(flat))
    return float(stats.spearmanr(one.ravel(), two.ravel()).statistic)


def _unit(values: NDArray[np.float64]) -> NDArray[np.float64]:
    low, across = values.min(), np.ptp(values)
    return (values - low) / across if across else np.zeros_like(values)


def _vectors_and_weights(part: nn.Module) -> list[torch.Tensor]:
    own = [*part.parameters(recurse=False), *part.buffers(recurse=False)]
    has_weights = next(part.parameters(recurse=False), None) is not None
    return [tensor for tensor in own if tensor.is_floating_point() and tensor.numel() > 1] if has_weights else []


def _forget(part: nn.Module, generator: torch.Generator) -> None:
    orders: dict[int, torch.Tensor] = {}
    with torch.no_grad():
        for tensor in _vectors_and_weights(part):
            if tensor.ndim > 1:
                drawn = torch.randn(tensor.shape, generator=generator, dtype=torch.float32)
                values = tensor.float()
                tensor.copy_(drawn.to(tensor.device) * values.std() + values.mean())
            else:
                size = len(tensor)
                if size not in orders:
                    orders[size] = torch.randperm(size, generator=generator)
                tensor.copy_(tensor[orders[size].to(tensor.device)])
