"""FullGrad: the class score taken apart into what the input gives and what each bias gives."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from inv_widgets.analysis.pipeline import named_picture
from inv_widgets.comparison.implicit_biases import BiasTerm, ImplicitBiases
from inv_widgets.comparison.subject import Subject
from inv_widgets.comparison.term_maps import TermMaps, rescaled
from inv_widgets.torch_support import eval_pass, output_of

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

    Returns
    -------
    FullGradTerms
        In units of the class score; its ``total`` is the score, but for rounding.

    Raises
    ------
    NotPossibleError
        For a network with parts that are no torch functions (custom autograd functions, TorchScript), functions that
        torch cannot differentiate in forward mode, and where no gradient comes to the input.
    KeyError, IndexError, TypeError, ValueError
        For what is no picture or target; the message says what to do.

    Examples
    --------
    >>> import inv_widgets as inv
    >>> net = inv.Classifier.demo("fashion")
    >>> terms = inv.full_grad_terms(net, inv.datasets.fashion()[0])
    >>> abs(terms.total - terms.score) < 1e-3
    True
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
    terms = TermMaps()
    scores, gradients = subject.gradients(watch=terms)
    products = gradients * subject.inputs
    whole = float(terms.total) + float(products.sum(dtype=torch.float64))
    gap = abs(whole - float(scores.sum(dtype=torch.float64))) / max(float(scores.abs().sum(dtype=torch.float64)), 1e-12)
    subject.notes.update(completeness_gap=gap, terms_with_space=terms.spatial + 1, terms_without=terms.others)
    if not gap <= _LARGE:
        warnings.warn(
            f"[inv-widgets] FullGrad: the terms sum to the class score but for {100 * gap:.0f} % of it. Part of "
            f"{subject.net.name} is not seen (a tensor that is changed through a view of it?), or use float32.",
            RuntimeWarning,
            stacklevel=2,
        )
    return rescaled(products) + terms.on_input()


def differentiable(subject: Subject) -> None:
    """Raise where a part of the network has no implicit bias that can be known."""
    network = subject.net.module
    biases = ImplicitBiases(lambda _term: None)
    with eval_pass(network), biases:
        start = subject.inputs[:1].detach().clone().requires_grad_().clone()
        biases.watch(start)
        subject.net.logits_of(output_of(network, start))
