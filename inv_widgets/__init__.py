"""Explain image classifiers with people in the loop: Interpretable Network Visualizations in a notebook.

Names are loaded when they are first used: importing the package loads neither torch nor scikit-learn.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from inv_widgets import datasets, export
    from inv_widgets.analysis.batches import explain_many
    from inv_widgets.analysis.layers import layers
    from inv_widgets.analysis.pipeline import explain
    from inv_widgets.classifier import Classifier
    from inv_widgets.comparison import metrics
    from inv_widgets.comparison.compare import compare
    from inv_widgets.comparison.comparison_result import ComparisonResult
    from inv_widgets.comparison.dff import dff
    from inv_widgets.comparison.full_grad import full_grad_terms
    from inv_widgets.comparison.method import NoGradientError, NotPossibleError
    from inv_widgets.comparison.methods import methods
    from inv_widgets.comparison.saliency import saliency
    from inv_widgets.comparison.sanity import randomisation
    from inv_widgets.comparison.tcav import tcav
    from inv_widgets.errors import UnknownNameError
    from inv_widgets.explanation import ClusterMap, Column, Explanation, Label
    from inv_widgets.labels.pipeline import label
    from inv_widgets.play.game import Game
    from inv_widgets.play.rules import Rules
    from inv_widgets.recipe import Recipe
    from inv_widgets.run import Run, load
    from inv_widgets.store.errors import StoreError
    from inv_widgets.store.label_store import LabelStore
    from inv_widgets.summary.pipeline import summarize
    from inv_widgets.widgets.comparison import Comparison
    from inv_widgets.widgets.explorer import Explorer
    from inv_widgets.widgets.global_chart import GlobalChart
    from inv_widgets.widgets.host_desk import HostDesk
    from inv_widgets.widgets.reveal_game import RevealGame
    from inv_widgets.widgets.state import State
    from inv_widgets.widgets.synonym_editor import SynonymEditor
    from inv_widgets.widgets.workspace import Workspace

_HOMES = {
    "Classifier": "classifier",
    "ClusterMap": "explanation",
    "Column": "explanation",
    "Comparison": "widgets.comparison",
    "ComparisonResult": "comparison.comparison_result",
    "Explanation": "explanation",
    "Explorer": "widgets.explorer",
    "Game": "play.game",
    "GlobalChart": "widgets.global_chart",
    "HostDesk": "widgets.host_desk",
    "Label": "explanation",
    "LabelStore": "store.label_store",
    "NoGradientError": "comparison.method",
    "NotPossibleError": "comparison.method",
    "Recipe": "recipe",
    "RevealGame": "widgets.reveal_game",
    "Rules": "play.rules",
    "Run": "run",
    "State": "widgets.state",
    "StoreError": "store.errors",
    "SynonymEditor": "widgets.synonym_editor",
    "UnknownNameError": "errors",
    "Workspace": "widgets.workspace",
    "compare": "comparison.compare",
    "dff": "comparison.dff",
    "explain": "analysis.pipeline",
    "explain_many": "analysis.batches",
    "full_grad_terms": "comparison.full_grad",
    "label": "labels.pipeline",
    "layers": "analysis.layers",
    "load": "run",
    "methods": "comparison.methods",
    "randomisation": "comparison.sanity",
    "saliency": "comparison.saliency",
    "summarize": "summary.pipeline",
    "tcav": "comparison.tcav",
}
_ROOMS = {"datasets": "datasets", "export": "export", "metrics": "comparison.metrics"}

__all__ = [
    "Classifier",
    "ClusterMap",
    "Column",
    "Comparison",
    "ComparisonResult",
    "Explanation",
    "Explorer",
    "Game",
    "GlobalChart",
    "HostDesk",
    "Label",
    "LabelStore",
    "NoGradientError",
    "NotPossibleError",
    "Recipe",
    "RevealGame",
    "Rules",
    "Run",
    "State",
    "StoreError",
    "SynonymEditor",
    "UnknownNameError",
    "Workspace",
    "compare",
    "datasets",
    "dff",
    "explain",
    "explain_many",
    "export",
    "full_grad_terms",
    "label",
    "layers",
    "load",
    "methods",
    "metrics",
    "randomisation",
    "saliency",
    "summarize",
    "tcav",
]


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return importlib.import_module(f"{__name__}.{_ROOMS[name]}")
    if name in _HOMES:
        value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
