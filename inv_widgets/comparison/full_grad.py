"""FullGrad: the class score taken apart into what the input gives and what each bias gives."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from inv_widgets.analysis.pipeline import named_picture
from inv_widgets.comparison.implicit_biases import BiasTerm, ImplicitBiases
from inv_widgets.comparison.resizing import resized
from inv_widgets.comparison.subject import Subject
from inv_widgets.torch_support import eval_pass

if TYPE_CHECKING:
    from torch import Tensor

    from inv_widgets.classifier import Classifier

__all__ = ["FullGradTerms", "full_grad", "full_grad_terms"]

_LARGE = 0.05  # the gap that is warned of


@dataclass(frozen=True, eq=False)
class FullGradTerms:
    """A class score in parts.

    Attributes
    ----------
    score
        The class score: the target's logit, or the logsumexp of a group's.
    target, target_name
        The class or group.
    input
        Input times gradient, C x H x W.
    biases
        The other terms, in the order of the forward pass.
    """

    score: float
    target: int | tuple[int, ...]
    target_name: str
    input: Tensor
    biases: tuple[BiasTerm, ...]

    @property
    def total(self) -> float:
        """The sum of all terms: the score, but for rounding."""
        return float(self.input.double().sum()) + sum(float(term.values.double().sum()) for term in self.biases)


def full_grad_terms(net: Classifier, picture: Any, target: Any = None) -> FullGradTerms:
    """Take a class score apart: ``Y = <x, dY/dx> + sum_l <b_l, dY/dy_l>``, exactly.

    Srinivas & Fleuret 2019 (arXiv 1905.00780), proposition 1 and equation 5. b_l is the explicit bias of convolutions,
    linear layers and batch normalisation, and the implicit one, ``f(z) - f'(z) z``, of all else: 6 where ReLU6 is
    saturated, minus the output for products of two (gates), by Euler's theorem none for ReLU, pooling and sums.

    Parameters
    ----------
    net
        The network; it is left as it was found.
    picture
        A picture in any form.
    target
        As in :func:`inv_widgets.saliency`.

    Raises
    ------
    NotPossibleError
        For a network with parts that are no torch functions (custom autograd functions, compiled code), or functions
        that torch cannot differentiate in forward mode.
    """
    subject = Subject(net, [named_picture(picture)], [target])
    terms: list[BiasTerm] = []
    scores, gradients = subject.gradients(watch=ImplicitBiases(terms.append))
    terms.sort(key=lambda term: term.order)
    products = (subject.inputs * gradients)[0]
    return FullGradTerms(float(scores[0]), subject.targets[0], subject.target_names[0], products, tuple(terms))


def full_grad(subject: Subject) -> Tensor:
    """Sum the terms over space: ``psi(x dY/dx) + sum_l sum_c psi(b_l dY/dy_l)_c``, ``psi = upsample(rescale(|.|))``.

    Srinivas & Fleuret 2019, equation 6. As in the authors' code each term is brought to 0..1 over all its channels
    together before these are summed; terms without space (of the classifier, of gates) are left out. Which share they
    are is noted. Others' FullGrad takes the biases of modules only, so that with ReLU6, SiLU or gates its terms do not
    sum to the score: :func:`full_grad_terms` has all.

    Parameters
    ----------
    subject
        The pictures.

    Returns
    -------
    torch.Tensor
        N x H x W, at the input's size; without a unit, at least 0.

    Raises
    ------
    NotPossibleError
        As :func:`full_grad_terms`.

    Warns
    -----
    RuntimeWarning
        If the terms do not sum to the class scores but for 5 %.
    """
    spread = _OverSpace()
    scores, gradients = subject.gradients(watch=spread)
    products = gradients * subject.inputs
    whole = float(spread.total) + float(products.sum(dtype=torch.float64))
    gap = abs(whole - float(scores.sum(dtype=torch.float64))) / max(float(scores.abs().sum(dtype=torch.float64)), 1e-12)
    subject.notes.update(completeness_gap=gap, terms_with_space=spread.spatial + 1, terms_without=spread.others)
    if not gap <= _LARGE:
        warnings.warn(
            f"[inv-widgets] FullGrad: the terms sum to the class score but for {100 * gap:.0f} % of it. Part of "
            f"{subject.net.name} is not seen (a tensor that is changed through a view of it?), or use float32.",
            RuntimeWarning,
            stacklevel=2,
        )
    return _rescaled(products) + torch.cat([spread.on_input(part) for part in range(len(spread.sums))])


def differentiable(subject: Subject) -> None:
    """Raise where a part of the network has no implicit bias that can be known."""
    network = subject.net.module
    biases = ImplicitBiases(lambda _term: None)
    with eval_pass(network), biases:
        start = subject.inputs[:1].detach().clone().requires_grad_().clone()
        biases.watch(start)
        subject.net.logits_of(network(start))


class _OverSpace(ImplicitBiases):
    """The sum of all terms that have space, for each part of the pictures."""

    def __init__(self) -> None:
        super().__init__(self._add)
        # For each part the sums of the terms of one size: upsampling is linear, and needed once a size.
        self.sums: list[dict[tuple[int, int], Tensor]] = []
        self.total: Tensor | float = 0.0
        self.spatial = self.others = 0
        self._shape, self._device = torch.Size(), torch.device("cpu")

    def watch(self, inputs: Tensor) -> None:
        super().watch(inputs)
        self._shape, self._device = inputs.shape, inputs.device
        self.spatial = self.others = 0
        self.sums.append({})

    def on_input(self, part: int) -> Tensor:
        """Give a part's sum, at the input's size."""
        size = (self._shape[2], self._shape[3])
        start = torch.zeros(1, *size, device=self._device)
        return sum((resized(each, size) for each in self.sums[part].values()), start)

    def _add(self, term: BiasTerm) -> None:
        gradient = term.gradient if term.channels < 0 else term.gradient.movedim(term.channels, 1)
        if term.channels > 0 and len(gradient) == self._shape[0] and gradient[0, 0].numel() > 1:
            size = (gradient.shape[2], gradient.shape[3])
            bias = term.bias.movedim(term.channels, 1) if term.bias.ndim == 4 else term.bias
            found, total = _scaled(gradient, bias)
            self.sums[-1][size] = self.sums[-1].get(size, 0) + found
            self.spatial += 1
        else:
            total = term.values.float().sum()
            self.others += 1
        self.total = self.total + total


def _scaled(gradient: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """Give the rescaled term of maps, summed over channels (N x h x w), and the sum of its values."""
    if bias.numel() != gradient.shape[1]:
        values = gradient * bias
        return _rescaled(values), values.float().sum()
    # One number a channel: the products are never made.
    weights, flat = bias.flatten().float(), gradient.flatten(2).float()
    sizes = flat.abs()
    low, high = (sizes.amin(2) * weights.abs()).amin(1), (sizes.amax(2) * weights.abs()).amax(1)
    summed = (weights.abs() @ sizes).view(-1, *gradient.shape[2:])
    return _between(summed, low, high, len(weights)), (weights @ flat).sum()


def _rescaled(values: Tensor) -> Tensor:
    """Bring the magnitudes of N x C x h x w to 0..1, each picture's by themselves, and sum over the channels."""
    sizes = values.float().abs()
    low, high = sizes.flatten(1).amin(1), sizes.flatten(1).amax(1)
    return _between(sizes.sum(1), low, high, values.shape[1])


def _between(summed: Tensor, low: Tensor, high: Tensor, count: int) -> Tensor:
    across = torch.where(high > low, high - low, 1.0)
    return (summed - (low * count).view(-1, 1, 1)) / across.view(-1, 1, 1)
