"""Networks by name, as the command line gives them."""

from __future__ import annotations

import difflib
import importlib
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from inv_widgets.classifier import Classifier
from inv_widgets.errors import kind_of
from inv_widgets.network_forms import FORMS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from inv_widgets.preprocessing import Preprocessing

__all__ = ["load_network"]


def load_network(
    name: str, *, categories: Sequence[str] | None = None, preprocessing: Preprocessing | None = None
) -> Classifier:
    """Build the classifier that a name stands for.

    Parameters
    ----------
    name
        ``demo:photos``, ``demo:fashion``, ``torchvision:vgg16``, ``timm:resnet18``, or ``package.module:factory``: a
        function without arguments that returns a Classifier (or such a Classifier itself), looked for in the current
        folder as well. ``torchvision:vgg16?weights=none`` has random weights and downloads nothing, so has
        ``timm:resnet18?weights=none``; ``torchvision:resnet50?weights=IMAGENET1K_V1`` takes these. ``onnx:FILE.onnx``
        and ``keras:FILE.keras`` are read without running any code of theirs.
    categories, preprocessing
        Of a network in an ONNX or Keras file, which does not say: the names of its classes in the order of its scores,
        and what its input is; see :meth:`Classifier.from_onnx`. The others bring theirs along.

    Raises
    ------
    ValueError
        For a name of another form, an unknown network, a factory that is not there, a file that is no such network, and
        categories or preprocessing that do not fit.
    TypeError
        For a factory that returns something else.
    FileNotFoundError, ImportError, ConnectionError
        Where a file, a package, a module or the connection to download weights is missing.
    """
    source, colon, rest = name.partition(":")
    if not colon or not source or not rest:
        raise ValueError(f"[inv-widgets] {name!r} names no network: give {FORMS}.")
    if source in {"onnx", "keras"}:
        return _from_file(source, rest, categories, preprocessing)
    if categories is not None or preprocessing is not None:
        raise ValueError(
            f"[inv-widgets] {name} brings its categories and its preprocessing along: they can be given for onnx:FILE "
            "and keras:FILE only."
        )
    if source == "demo":
        if rest not in ("photos", "fashion"):
            raise ValueError(f"[inv-widgets] {name!r} names no network: give {FORMS}.")
        return Classifier.demo(rest)  # type: ignore[arg-type]
    if source in {"torchvision", "timm"}:
        return _from_library(source, rest)
    return _from_factory(source, rest)


def _from_file(
    kind: str, path: str, categories: Sequence[str] | None, preprocessing: Preprocessing | None
) -> Classifier:
    build = Classifier.from_onnx if kind == "onnx" else Classifier.from_keras
    made = build(path, transform=preprocessing, categories=categories)
    from PIL import Image

    made.predict(Image.new("RGB", (256, 256), "grey"))  # asks for as many names as classes, and for finite weights
    return made


def _from_library(library: str, name: str) -> Classifier:
    architecture, asked, weights = name.partition("?")
    key, _, value = weights.partition("=")
    if asked and (key != "weights" or not value):
        raise ValueError(f"[inv-widgets] {library}:{name} asks for {weights!r}: only ?weights=... can be asked for.")
    if library == "torchvision":
        chosen = {"": "DEFAULT", "none": None}.get(value.lower(), value)
        return Classifier.from_torchvision(architecture, weights=chosen)
    if value.lower() not in {"", "none"}:
        raise ValueError(
            f"[inv-widgets] timm names its weights after a dot, as in timm:{architecture}.{value}: give that, or "
            "?weights=none for random weights."
        )
    return Classifier.from_timm(architecture, pretrained=value == "")


def _from_factory(module_name: str, attribute: str) -> Classifier:
    with _current_folder():
        factory = _factory(module_name, attribute)
        made = factory() if callable(factory) and not isinstance(factory, Classifier) else factory
    if not isinstance(made, Classifier):
        raise TypeError(
            f"[inv-widgets] {module_name}:{attribute} gave {kind_of(made)}, not a Classifier: return "
            "Classifier.from_module(network, transform, categories)."
        )
    return made


def _factory(module_name: str, attribute: str) -> Any:
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise ImportError(
            f"[inv-widgets] The module {module_name!r} cannot be imported: {error}. A network's name is {FORMS}."
        ) from error
    if not hasattr(module, attribute):
        names = [known for known in vars(module) if not known.startswith("_")]
        close = difflib.get_close_matches(attribute, names, n=3, cutoff=0.5)
        advice = f"Did you mean {', '.join(map(repr, close))}?" if close else "Define it there."
        raise ValueError(f"[inv-widgets] The module {module_name!r} has no {attribute!r}. {advice}")
    return getattr(module, attribute)


@contextmanager
def _current_folder() -> Iterator[None]:
    """Let imports find what stands in the current folder: a console script's path lacks it."""
    folder = os.getcwd()  # noqa: PTH109 (sys.path holds text)
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        if folder in sys.path:
            sys.path.remove(folder)
