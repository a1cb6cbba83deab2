"""What a method is: its line in the registry, and the error of one that a network does not allow."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Kind", "Method", "NoGradientError", "NotPossibleError"]

Kind = Literal["map", "maps", "concept"]


class NotPossibleError(ValueError):
    """A method that this network does not allow (no attention, no rectifier ...); the message says which ones do."""


class NoGradientError(NotPossibleError):
    """No gradient comes to where a method needs it: the network is quantised, or detaches what it computes."""


@dataclass(frozen=True)
class Method:
    """One method that explains a network's decision, as a line of the registry.

    Attributes
    ----------
    name
        What :func:`inv_widgets.saliency` takes.
    title
        How the literature calls it.
    family
        ``"activation"`` (from feature maps), ``"gradient"`` (from gradients at the input), ``"perturbation"`` (from
        changed pictures), ``"attention"`` or ``"concept"``.
    kind
        ``"map"``: one saliency map a picture. ``"maps"``: several a picture, of which :func:`inv_widgets.saliency`
        makes one. ``"concept"``: no map but a score.
    paper
        Authors, title, venue and year.
    passes
        What it costs for one picture, in words.
    returns
        What the values mean, in words.
    layers
        ``"none"``, ``"one"`` (parameter ``layer``) or ``"many"`` (parameter ``layers``).
    defaults
        Its parameters with the values that are taken where none are given.
    paper_defaults
        Where the paper's parameters differ from `defaults` (``preset="paper"``).
    class_discriminative
        Whether the map depends on the class that is asked about.
    home
        ``"module:function"`` inside ``inv_widgets.comparison``.
    needs
        ``"module:function"`` of a check that raises :class:`NotPossibleError`, or "".
    """

    name: str
    title: str
    family: str
    kind: Kind
    paper: str
    passes: str
    returns: str
    home: str
    layers: Literal["none", "one", "many"] = "none"
    defaults: Mapping[str, Any] = field(default_factory=dict)
    paper_defaults: Mapping[str, Any] = field(default_factory=dict)
    class_discriminative: bool = True
    needs: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "defaults", MappingProxyType(dict(self.defaults)))
        object.__setattr__(self, "paper_defaults", MappingProxyType(dict(self.paper_defaults)))

    @property
    def function(self) -> Callable[..., Any]:
        """The function behind it: takes a Subject and the parameters, returns maps N x h x w."""
        return _found(self.home)

    @property
    def differentiates(self) -> bool:
        """Whether it needs gradients of the class score."""
        return "backward" in self.passes

    @property
    def check(self) -> Callable[..., None] | None:
        """The function that raises :class:`NotPossibleError` for a Subject whose network does not allow it."""
        return _found(self.needs) if self.needs else None


def _found(home: str) -> Callable[..., Any]:
    module, _, name = home.partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(f"inv_widgets.comparison.{module}"), name)
    return function
