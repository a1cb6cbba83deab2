"""RISE: the mean answer to random masks that show a pixel."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional as F  # noqa: N812 (as everywhere)

from inv_widgets.comparison.answers import answers, check_output
from inv_widgets.comparison.parameters import check_int, check_number, check_seed
from inv_widgets.comparison.progress import Progress

if TYPE_CHECKING:
    from torch import Tensor

    from inv_widgets.comparison.subject import Subject

__all__ = ["rise"]


def rise(  # noqa: PLR0913 (the paper's parameters)
    subject: Subject, *, masks: Any, cells: Any, p: Any, output: Any, seed: Any
) -> Tensor:
    """Weigh random masks by the answer to what they show: ``S(u) = 1 / (p N) sum_i f(x * M_i) M_i(u)``.

    Petsiuk, Das & Saenko 2018 (arXiv 1806.07421), equation 6 and section 3.2: grids of `cells` x `cells` cells, each
    shown with probability `p`, are enlarged bilinearly to one cell more than the picture, and cut at a random place.
    Each pixel is then shown with probability p exactly, also at the border, so that dividing by ``p N`` is unbiased.
    What is hidden is 0 after normalisation. All pictures see the same masks, which depend on the seed alone.

    Parameters
    ----------
    subject
        The pictures.
    masks
        How many masks; the paper takes 4000 (VGG-16) and 8000 (ResNet-50).
    cells, p
        Cells a side, and the probability that one is shown (0..1).
    output
        ``"probability"`` (the paper) or ``"score"``.
    seed
        Of the masks.

    Returns
    -------
    torch.Tensor
        N x H x W, at the input's size: the expected answer when the pixel is shown.
    """
    check_output(output)
    total, side = check_int("masks", masks), check_int("cells", cells)
    chance = check_number("p", p, 0, 1)
    generator = torch.Generator().manual_seed(check_seed(seed))
    shown = (torch.rand(total, 1, side, side, generator=generator) < chance).float()
    shifts = torch.rand(total, 2, generator=generator)
    inputs = subject.inputs
    wide = torch.float64 if inputs.dtype == torch.float64 else torch.float32
    size = (int(inputs.shape[-2]), int(inputs.shape[-1]))
    summed = torch.zeros(len(inputs), *size, dtype=wide, device=inputs.device)
    with Progress(subject, "RISE", total, "masks") as progress:
        for start in range(0, total, subject.batch_size):
            now = slice(start, start + subject.batch_size)
            batch = _enlarged(shown[now].to(inputs.device, wide), shifts[now], size)
            # Added at once for all pictures, so that an interrupted run has seen the same masks on each.
            found = [answers(subject, one * batch[:, None].to(inputs.dtype), row, output)
                     for row, one in enumerate(inputs)]  # fmt: skip
            summed += torch.einsum("nm,mhw->nhw", torch.stack(found).to(wide), batch)
            progress.update(len(batch))
    return summed / (chance * progress.done)


def _enlarged(shown: Tensor, shifts: Tensor, size: tuple[int, int]) -> Tensor:
    """Enlarge grids M x 1 x s x s to (s + 1) cells a side, and cut `size` out at a shift (0..1 of a cell)."""
    cell = [math.ceil(length / shown.shape[-1]) for length in size]
    enlarged = F.interpolate(
        shown, [(shown.shape[-1] + 1) * length for length in cell], mode="bilinear", align_corners=False
    )
    found = enlarged.new_empty(len(shown), *size)
    for one, (down, across), whole in zip(found, shifts.tolist(), enlarged[:, 0], strict=True):
        top, left = int(down * cell[0]), int(across * cell[1])
        one.copy_(whole[top : top + size[0], left : left + size[1]])
    return found
