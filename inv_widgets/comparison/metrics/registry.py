"""All metrics as data."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from inv_widgets.comparison.metrics.results import Measured

__all__ = ["METRICS", "Metric"]


@dataclass(frozen=True)
class Metric:
    """A metric as a line of a table.

    Attributes
    ----------
    name
        What ``inv.metrics.measured`` takes, and the function's name.
    title
        How the literature calls it.
    needs
        ``"masks"`` (the ground truth), ``"network"`` (and pictures), or ``"maps"`` alone.
    unit
        ``"%"``, or "" for a plain number.
    better
        ``"higher"``, ``"lower"``, or "" where neither is.
    paper
        Authors, title, venue and year.
    home
        ``"module:function"`` of the measuring function in this package.
    costly
        Whether it takes hundreds of forward passes a picture.
    """

    name: str
    title: str
    needs: Literal["masks", "network", "maps"]
    unit: str
    better: Literal["higher", "lower", ""]
    paper: str
    home: str
    costly: bool = False

    @property
    def measure(self) -> Callable[..., Measured]:
        """The function behind it."""
        module, _, name = self.home.partition(":")
        function: Callable[..., Measured] = getattr(importlib.import_module(f"{__package__}.{module}"), name)
        return function


_SCORE_CAM = "Wang et al., Score-CAM, CVPR workshops 2020"
_SISE = (
    "Sattarzadeh et al., Explaining Convolutional Neural Networks through Attribution-Based Input Sampling, AAAI 2021"
)
_PLUS_PLUS = "Chattopadhay et al., Grad-CAM++, WACV 2018"
_RISE = "Petsiuk et al., RISE, BMVC 2018"

METRICS = {
    metric.name: metric
    for metric in (
        Metric("ebpg", "EBPG", "masks", "%", "higher", _SCORE_CAM, "localisation:measure_ebpg"),
        Metric("miou", "mIoU", "masks", "%", "higher", _SISE, "localisation:measure_miou"),
        Metric(
            "bbox",
            "Bbox",
            "masks",
            "%",
            "higher",
            "Schulz et al., Restricting the Flow: Information Bottlenecks for Attribution, ICLR 2020",
            "localisation:measure_bbox",
        ),
        Metric(
            "pointing",
            "Pointing game",
            "masks",
            "%",
            "higher",
            "Zhang et al., Top-down Neural Attention by Excitation Backprop, ECCV 2016",
            "localisation:measure_pointing",
        ),
        Metric("drop", "Drop %", "network", "%", "lower", _PLUS_PLUS, "confidence:measure_drop"),
        Metric("increase", "Increase %", "network", "%", "higher", _PLUS_PLUS, "confidence:measure_increase"),
        Metric("insertion", "Insertion AUC", "network", "", "higher", _RISE, "curves:measure_insertion", costly=True),
        Metric("deletion", "Deletion AUC", "network", "", "lower", _RISE, "curves:measure_deletion", costly=True),
        Metric(
            "sensitivity_n",
            "Sensitivity-n",
            "network",
            "",
            "higher",
            "Ancona et al., Towards Better Understanding of Gradient-based Attribution Methods, ICLR 2018",
            "sensitivity:measure_sensitivity_n",
            costly=True,
        ),
        Metric(
            "sparseness",
            "Sparseness",
            "maps",
            "",
            "",
            "Chalasani et al., Concise Explanations of Neural Networks using Adversarial Training, ICML 2020",
            "gini:measure_sparseness",
        ),
    )
}
