"""Keras 3 models on its torch backend, as torch modules whose layers have Keras's names."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inv_widgets.errors import kind_of
from inv_widgets.foreign_networks import ForeignNetwork, tried
from inv_widgets.keras_files import read_keras
from inv_widgets.preprocessing import Preprocessing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor

__all__ = ["KerasNetwork", "keras_network"]

_SWITCH = (
    'Set os.environ["KERAS_BACKEND"] = "torch" before keras is first imported, and load the model again: '
    'keras.saving.load_model("model.keras").'
)
_OWN_SCALING = ("Rescaling", "Normalization")


class KerasNetwork(ForeignNetwork):
    """A Keras model; its layers are named as in Keras, those of a model in it ``model.layer``.

    Parameters
    ----------
    model
        A built Keras 3 model on the torch backend. It stays as it is, and shares its weights with this.
    channels_last
        Whether it takes N x H x W x C.
    """

    def __init__(self, model: Any, *, channels_last: bool) -> None:
        super().__init__(channels_last=channels_last)
        # Keras's layers are torch modules, but a model does not list its own as its children. Names with a dot: they
        # are shown, and no module of that name is looked up part by part.
        for name, layer in _named_layers(model):
            self._modules[name] = layer
        self._modules[self._free(model.name)] = model
        self._model = [model]  # in a list: not a child twice

    @property
    def inside(self) -> Any:
        """The Keras model."""
        return self._model[0]

    def run(self, inputs: Tensor) -> Tensor:
        """Call the model for inference."""
        layers = [self.inside, *self.inside._flatten_layers(include_self=False)]  # noqa: SLF001
        called = [layer._called for layer in layers]  # noqa: SLF001 (the one flag that a call for inference sets)
        try:
            output: Tensor = self.inside(inputs, training=False)
        finally:
            for layer, before in zip(layers, called, strict=True):
                layer._called = before  # noqa: SLF001
        return output

    def _free(self, name: str) -> str:
        while name in self._modules:
            name += "_"
        return name


def keras_network(model: Any, transform: Any = None) -> tuple[KerasNetwork, Callable[[Any], Tensor], str]:
    """Make a torch module of a Keras model; see :meth:`inv_widgets.Classifier.from_keras`.

    Returns
    -------
    tuple
        Module, transform and name.
    """
    if isinstance(model, str) or hasattr(model, "__fspath__"):
        name, model = Path(model).stem, read_keras(model)
    else:
        name = getattr(model, "name", "")
    keras = _checked(model)
    shape = _input_shape(model)
    channels_last = _is_channels_last(keras, model)
    sizes = (shape[2], shape[0], shape[1]) if channels_last else shape
    label = f"The Keras model {model.name!r}"
    known = transform if isinstance(transform, Preprocessing) else Preprocessing()
    settled = known.shape(sizes, label)
    network = KerasNetwork(model, channels_last=channels_last)
    tried(network, settled, label, guessed=None in sizes[1:] and known.size is None)
    if transform is None or transform is known:
        own = any(type(layer).__name__ in _OWN_SCALING for _, layer in _named_layers(model))
        transform = known.transform(settled, label, values="bytes" if own else "unit")
    return network, transform, name


def _checked(model: Any) -> Any:
    """Refuse what is no built Keras 3 model on torch with one input and one output; return keras."""
    keras = sys.modules.get("keras")
    if keras is None and importlib.util.find_spec("keras") is None:
        raise ImportError('[inv-widgets] keras is not installed: pip install "inv-widgets[keras]".')
    module = type(model).__module__.partition(".")[0]
    if keras is None or not hasattr(keras, "Model") or not isinstance(model, keras.Model):
        old = any(base.__module__.startswith(("tensorflow", "tf_keras")) for base in type(model).__mro__)
        what = f"a model of {module}" if old else kind_of(model)
        raise TypeError(
            f"[inv-widgets] This is {what}: from_keras takes a keras.Model of Keras 3. Save an older one as "
            f".keras and load it there. {_SWITCH}"
        )
    backend = keras.config.backend()
    if backend != "torch":
        raise ValueError(f"[inv-widgets] Keras runs on its {backend} backend here. {_SWITCH}")
    if not model.built:
        raise ValueError(
            f"[inv-widgets] The Keras model {model.name!r} is not built, so it has no weights yet: call it once on a "
            "batch of pictures, or begin it with keras.Input(shape=(height, width, 3))."
        )
    for side in ("inputs", "outputs"):
        many = getattr(model, side, None)
        if many is not None and len(many) != 1:
            raise ValueError(
                f"[inv-widgets] The Keras model {model.name!r} has {len(many)} {side}: a Classifier takes one picture "
                f"and returns one score a class. Make a model of one: keras.Model(inputs, outputs)."
            )
    return keras


def _input_shape(model: Any) -> tuple[int | None, int | None, int | None]:
    """Give the three sizes after the batch's, in the model's own order; None where any will do."""
    inputs = getattr(model, "inputs", None)
    if not inputs:  # a subclassed model does not say
        return None, None, None
    shape = tuple(inputs[0].shape)
    if len(shape) != 4:
        raise ValueError(
            f"[inv-widgets] The Keras model {model.name!r} takes an input of {shape}: a picture's is (batch, height, "
            "width, channels) or (batch, channels, height, width)."
        )
    return shape[1], shape[2], shape[3]


def _is_channels_last(keras: Any, model: Any) -> bool:
    for _, layer in _named_layers(model):
        if getattr(layer, "data_format", None) in {"channels_last", "channels_first"} and hasattr(layer, "kernel"):
            return bool(layer.data_format == "channels_last")
    return bool(keras.config.image_data_format() == "channels_last")


def _named_layers(model: Any, prefix: str = "", seen: set[int] | None = None) -> Iterator[tuple[str, Any]]:
    """Go through all layers, also those of models and layers inside; each once, by a name of its own."""
    seen = {id(model)} if seen is None else seen
    used: set[str] = set()
    for layer in model._flatten_layers(include_self=False, recursive=False):  # noqa: SLF001 (models and layers have it)
        if id(layer) in seen or type(layer).__name__ == "InputLayer":
            continue
        seen.add(id(layer))
        if type(layer).__name__ == "Functional" and type(model).__name__ == "Sequential":
            yield from _named_layers(layer, prefix, seen)  # the same layers once more
            continue
        name = layer.name
        while name in used:
            name += "_"
        used.add(name)
        yield prefix + name, layer
        yield from _named_layers(layer, f"{prefix}{name}.", seen)
