"""The field's metrics of saliency maps, with the definitions and cut-offs of the papers.

``ebpg``, ``miou``, ``bbox`` and ``pointing`` compare maps with a ground truth; ``drop``, ``increase``, ``insertion``,
``deletion`` and ``sensitivity_n`` ask the network; ``sparseness`` looks at the map alone. Maps are H x W or N x H x W
at the pictures' size, arrays or tensors; what comes out is one number a map, of the same kind. Names are loaded when
they are first used: without a network there is no torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inv_widgets.comparison.metrics.confidence import drop, increase
    from inv_widgets.comparison.metrics.curves import Curves, deletion, insertion
    from inv_widgets.comparison.metrics.gini import sparseness
    from inv_widgets.comparison.metrics.inputs import box_mask, window_mask
    from inv_widgets.comparison.metrics.localisation import bbox, ebpg, miou, pointing
    from inv_widgets.comparison.metrics.measuring import measured
    from inv_widgets.comparison.metrics.registry import METRICS, Metric
    from inv_widgets.comparison.metrics.results import Measured, UndefinedMetricWarning
    from inv_widgets.comparison.metrics.sensitivity import sensitivity_n

_HOMES = {
    "METRICS": "registry",
    "Curves": "curves",
    "Measured": "results",
    "Metric": "registry",
    "UndefinedMetricWarning": "results",
    "bbox": "localisation",
    "box_mask": "inputs",
    "deletion": "curves",
    "drop": "confidence",
    "ebpg": "localisation",
    "increase": "confidence",
    "insertion": "curves",
    "measured": "measuring",
    "miou": "localisation",
    "pointing": "localisation",
    "sensitivity_n": "sensitivity",
    "sparseness": "gini",
    "window_mask": "inputs",
}

__all__ = [
    "METRICS",
    "Curves",
    "Measured",
    "Metric",
    "UndefinedMetricWarning",
    "bbox",
    "box_mask",
    "deletion",
    "drop",
    "ebpg",
    "increase",
    "insertion",
    "measured",
    "miou",
    "pointing",
    "sensitivity_n",
    "sparseness",
    "window_mask",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
