"""What :func:`inv_widgets.analysis.pruning.prune` does, for a batch on the network's device.

Only the kept maps, the weights and one sum a layer are copied to the CPU.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from inv_widgets.analysis.importance import WEIGHTINGS
from inv_widgets.analysis.pruning import weighed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from inv_widgets.analysis.pruning import Pruned, Weighed
    from inv_widgets.recipe import Recipe

__all__ = ["prune_on_device"]


def prune_on_device(maps: Sequence[Tensor], gradients: Sequence[Tensor], recipe: Recipe) -> list[list[Pruned]]:
    """Keep the maps that weigh enough, of several layers and pictures.

    Parameters
    ----------
    maps, gradients
        A tensor N x C x h x w a layer.
    recipe
        Its `weighting` and `prune_below` count.

    Returns
    -------
    list of list of Pruned
        For each picture one a layer.
    """
    tables = _tables(maps, gradients, recipe)
    halves = [_kept(layer, table, recipe) for layer, table in zip(maps, tables, strict=True)]
    if maps and maps[0].is_cuda:
        torch.cuda.synchronize(maps[0].device)  # all copies are on their way by now
    return [[_one(kept, sums, rows, row) for kept, sums, rows in halves] for row in range(len(maps[0]))]


def _tables(maps: Sequence[Tensor], gradients: Sequence[Tensor], recipe: Recipe) -> list[NDArray[np.float64]]:
    """For each layer the largest and smallest value and the weight of each map, (3, N, C): one copy for all layers."""
    found = []
    for layer, own in zip(maps, gradients, strict=True):
        weights = WEIGHTINGS[recipe.weighting](layer, own)
        wide = torch.float32 if layer.device.type == "mps" else torch.float64  # Apple's has no float64
        found.append(torch.stack([each.to(wide) for each in (layer.amax((2, 3)), layer.amin((2, 3)), weights)]))
    together = torch.cat([each.flatten() for each in found]).cpu().double().numpy()
    ends = np.cumsum([each.numel() for each in found])
    return [part.reshape(each.shape) for part, each in zip(np.split(together, ends[:-1]), found, strict=True)]


def _kept(maps: Tensor, table: NDArray[np.float64], recipe: Recipe) -> tuple[Tensor, Tensor, list[Weighed]]:
    """Start to copy one layer's kept maps, of all pictures one after the other, and each picture's sum of the rest."""
    count, channels = maps.shape[:2]
    rows = [weighed(high, low, weights, recipe) for high, low, weights in zip(*table, strict=True)]
    left = np.stack([each.left for each in rows])
    places = np.concatenate([row * channels + each.kept for row, each in enumerate(rows)])
    usable = np.stack([each.usable for each in rows])
    flat = maps.reshape(count, channels, -1)
    if not usable.all():
        flat = flat.where(torch.from_numpy(usable).to(maps.device)[..., None], torch.zeros_like(flat[:1, :1, :1]))
    wanted = flat.reshape(count * channels, -1).index_select(0, torch.from_numpy(places).to(maps.device))
    sums = torch.bmm(torch.from_numpy(left).to(maps.device)[:, None], flat.float())
    size = maps.shape[2:]
    return _to_cpu(wanted.float().reshape(-1, *size)), _to_cpu(sums.reshape(count, *size)), rows


def _to_cpu(values: Tensor) -> Tensor:
    if not values.is_cuda:
        return values.cpu()
    return torch.empty(values.shape, dtype=values.dtype, pin_memory=True).copy_(values, non_blocking=True)


def _one(kept_maps: Tensor, sums: Tensor, rows: list[Weighed], row: int) -> Pruned:
    before = sum(len(each.kept) for each in rows[:row])
    kept = kept_maps[before : before + len(rows[row].kept)]
    return rows[row].pruned(kept.numpy(), sums[row].numpy())
