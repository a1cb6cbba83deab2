"""CAM: the last maps weighted by the linear layer that follows their global average pooling."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from inv_widgets.comparison.choice import maps_and_gradients
from inv_widgets.comparison.method import NotPossibleError
from inv_widgets.comparison.possible import convolutions

if TYPE_CHECKING:
    from torch import Tensor

    from inv_widgets.analysis.nodes import Node
    from inv_widgets.comparison.subject import Subject

__all__ = ["cam", "pooled_and_linear"]

_MEANS = {"mean", "adaptive_avg_pool2d", "avg_pool2d"}
_LINEAR = {"linear", "matmul", "mm", "addmm", "bmm", "baddbmm", "conv2d"}


def cam(subject: Subject) -> Tensor:
    """Weigh the last layer's maps: ``sum_k w_k A_k``, w_k the weight of pooled map k in the class score.

    Zhou et al. 2016 (arXiv 1512.04150), equation 2, for networks whose score is ``Y = sum_k w_k mean(A_k) + b``. There
    ``dY/dA_k = w_k / cells`` in every cell, so that ``w_k = sum dY/dA_k``: read off the gradients, the weights are
    found however the linear layer is written, and for a group of classes too. Grad-CAM before its ReLU is CAM divided
    by the number of cells.

    Parameters
    ----------
    subject
        The pictures.

    Returns
    -------
    torch.Tensor
        N x h x w, at the last layer's size, signed: its mean, plus the bias, is the class score.
    """
    maps, gradients = maps_and_gradients(subject, "last 1")
    pooled_and_linear(subject)
    return (gradients.sum((-2, -1), keepdim=True) * maps).sum(1)


def pooled_and_linear(subject: Subject) -> None:
    """Raise where anything but global average pooling and a linear layer stands between the last maps and the scores.

    Raises
    ------
    NotPossibleError
        With what stands there instead.
    """
    convolutions(subject)
    nodes = subject.path.nodes
    # Not a softmax that was taken off: see inv_widgets.before_softmax.
    users = defaultdict(list)
    for index in subject.path.leading():
        for used in () if nodes[index].hidden else set(nodes[index].sources):
            users[used].append(index)
    current = subject.tap(subject.layers("last 1")[0])
    pooled = linear = False
    while users[current]:
        if len(users[current]) > 1:
            raise NotPossibleError("[inv-widgets] its last maps go more than one way to the scores.")
        current = users[current][0]
        node = nodes[current]
        if not pooled and node.name in _MEANS and node.kind in {"pool", "global_pool"} and _one_cell(node):
            pooled = True
        elif pooled and node.name in _LINEAR and len(node.sources) == 1:
            linear = True
        elif node.kind not in {"pass", "layout"}:
            where = "after its linear layer" if linear else "between its last maps and its scores"
            raise NotPossibleError(
                f"[inv-widgets] {where} stands {_called(subject, node)}; there must be global average pooling and a "
                "linear layer only."
            )
    if not linear:
        missing = "linear layer after its global average pooling" if pooled else "global average pooling"
        raise NotPossibleError(f"[inv-widgets] there is no {missing}.")


def _one_cell(node: Node) -> bool:
    return len(node.shape) == 2 or node.shape[2:] == (1, 1) or node.shape[1:3] == (1, 1)


def _called(subject: Subject, node: Node) -> str:
    if not node.own:
        return node.name or node.kind
    return f"{type(subject.net.module.get_submodule(node.module)).__name__} ({node.module})"
