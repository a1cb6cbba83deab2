"""The registry of all methods: one line each; adding a method takes a function and its line here."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from inv_widgets.comparison.method import Method, NotPossibleError
from inv_widgets.errors import UnknownNameError

if TYPE_CHECKING:
    from inv_widgets.comparison.subject import Subject

__all__ = ["method_named", "methods", "possible"]

_LAST = "last 1"

_METHODS = (
    Method(
        name="grad_cam", title="Grad-CAM", family="activation", kind="map", layers="one",
        paper="Selvaraju et al., Grad-CAM: Visual Explanations from Deep Networks, ICCV 2017",
        passes="1 forward, 1 backward to the layer", returns="mean gradient times activation, positive part",
        defaults={"layer": _LAST, "relu": True}, home="grad_cam:grad_cam", needs="possible:convolutions",
    ),
)  # fmt: skip


def methods() -> list[Method]:
    """List all methods, by family."""
    return list(_METHODS)


def method_named(name: Any) -> Method:
    """Give the method of this name.

    Raises
    ------
    UnknownNameError
        If there is none, with the closest names.
    """
    for method in _METHODS:
        if method.name == name:
            return method
    names = [method.name for method in _METHODS]
    by_title = [method.name for method in _METHODS if method.title.casefold() == str(name).strip().casefold()]
    close = by_title or difflib.get_close_matches(str(name).lower().replace("-", "_"), names, n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(map(repr, close))}?" if close else f"There are {', '.join(names)}."
    raise UnknownNameError(f"[inv-widgets] There is no method {name!r}. {hint} inv.methods() describes all.")


def possible(subject: Subject) -> list[str]:
    """List the names of the map methods that the subject's network allows."""
    found = []
    for method in _METHODS:
        try:
            if method.check is not None:
                method.check(subject)
        except NotPossibleError:
            continue
        if method.kind != "concept":
            found.append(method.name)
    return found
