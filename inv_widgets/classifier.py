"""A network with all that is needed to explain it: preprocessing, category names, and where it looks.

Importing this imports torch, and makes a later plain ``import torchvision`` work beside a CPU torch.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import torch

from inv_widgets.classifier_sources import ClassifierSources
from inv_widgets.errors import kind_of
from inv_widgets.explanation import Prediction
from inv_widgets.outputs import find_logits
from inv_widgets.pictures import load_picture
from inv_widgets.targets import resolve_target, target_score
from inv_widgets.torch_support import ensure_torchvision, eval_pass, output_of
from inv_widgets.validation import all_finite, checked_categories, checked_input, checked_window, unwrapped
from inv_widgets.weights_hash import WeightsHash
from inv_widgets.windows import WholePicture

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from torch import nn

ensure_torchvision()

__all__ = ["Classifier"]

Window = tuple[float, float, float, float]
Target = int | tuple[int, ...]


class Classifier(ClassifierSources):
    """An image classifier and how to use it. Building one changes nothing in the module.

    Use :meth:`from_module`, :meth:`from_torchvision`, :meth:`from_timm`, :meth:`from_onnx`,
    :meth:`from_keras`, :meth:`demo` or :meth:`controlled`.

    Parameters
    ----------
    module
        The network. Wrappers (DataParallel, DistributedDataParallel, ``torch.compile``) are looked through.
    transform
        From an upright RGB ``PIL.Image`` to a float tensor C x H x W.
    categories
        The names of the classes in the order of the logits; a dict from index to name does too. None: ``"class 0"``,
        ``"class 1"`` ..., as many as the network has.
    window
        From a picture's height and width to ``(left, top, width, height)`` of what the network sees, in pixels of the
        picture. A function of one argument gets ``(height, width)``. None: the whole picture, squeezed or not.
        ``inv_widgets.windows`` has ready ones.
    name
        What people call the network; by default its class.

    Attributes
    ----------
    module, transform, name
        As given.

    Raises
    ------
    TypeError, ValueError
        For arguments that cannot work, and for TorchScript modules: hooks see nothing inside them.
    """

    def __init__(
        self,
        module: nn.Module,
        transform: Callable[[Any], torch.Tensor],
        categories: Sequence[str] | Mapping[int, str] | None = None,
        window: Callable[..., Window] | None = None,
        name: str | None = None,
    ) -> None:
        self.module = unwrapped(module)
        if not callable(transform):
            raise TypeError(
                f"[inv-widgets] transform is {kind_of(transform)}: give a function from an RGB PIL image to a "
                "float tensor C x H x W."
            )
        if window is not None and not callable(window):
            raise TypeError(
                f"[inv-widgets] window is {window!r}: give None, or a function from a picture's height and width to "
                "(left, top, width, height), such as inv_widgets.windows.ResizedCrop(256, 224)."
            )
        self.transform = transform
        self.name = type(self.module).__name__ if name is None else name
        self._window: Callable[..., Window] = WholePicture() if window is None else window
        self._categories = None if categories is None else checked_categories(categories)
        self._weights_hash = WeightsHash(self.module)

    def __getstate__(self) -> dict[str, Any]:
        # A copy's tensors have addresses and versions of their own: its hash is taken anew.
        return {name: value for name, value in vars(self).items() if name != "_weights_hash"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._weights_hash = WeightsHash(self.module)

    def __repr__(self) -> str:
        count = "?" if self._categories is None else len(self._categories)
        dtype = str(self.dtype).removeprefix("torch.")
        return f"Classifier({self.name!r}, {count} categories, {dtype} on {self.device})"

    @property
    def categories(self) -> tuple[str, ...]:
        """The names of the classes; where none were given, the network is asked once how many there are."""
        if self._categories is None:
            from PIL import Image

            self._logits(Image.new("RGB", (224, 224), "grey"))
        assert self._categories is not None
        return self._categories

    @property
    def device(self) -> torch.device:
        """Where the network's parameters are; the CPU where it has none."""
        return self._sample().device

    @property
    def dtype(self) -> torch.dtype:
        """The type of the network's (floating-point) parameters; float32 where it has none."""
        return self._sample().dtype

    @property
    def hash(self) -> str:
        """16 hexadecimal digits of the names, shapes, types and bytes of all parameters and buffers as they are now."""
        return self._weights_hash()

    def preprocess(self, picture: Any) -> torch.Tensor:
        """Make the network's input from a picture.

        Parameters
        ----------
        picture
            Any that :func:`inv_widgets.pictures.load_picture` takes.

        Returns
        -------
        torch.Tensor
            1 x C x H x W on the network's device and dtype, contiguous, without a gradient.

        Raises
        ------
        TypeError, ValueError
            For what is no picture, and where the transform returns anything but a finite float tensor C x H x W.
        """
        loaded = load_picture(picture)
        with torch.inference_mode(mode=False), torch.no_grad():
            tensor = checked_input(self.transform(loaded.image))
            # A picture's strides, colours innermost, make some networks slower, and none faster.
            return tensor[None].to(self.device, self.dtype).contiguous()

    def window(self, height: int, width: int) -> Window:
        """Say what the network sees of a picture of this size.

        Returns
        -------
        tuple
            (left, top, width, height) in pixels of the picture, floats; padding lies beyond the picture.
        """
        function = self._window
        given = function((height, width)) if _takes_one(function) else function(height, width)
        return checked_window(given, height, width)

    def predict(self, picture: Any, top: int = 5) -> list[Prediction]:
        """Classify a picture.

        Parameters
        ----------
        picture
            Any that :func:`inv_widgets.pictures.load_picture` takes.
        top
            How many classes to return, at most.

        Returns
        -------
        list of Prediction
            Index, name and softmax probability (0..1), the most probable first.
        """
        if isinstance(top, bool) or not isinstance(top, int) or top < 1:
            raise ValueError(f"[inv-widgets] top={top!r} is not possible: give a whole number of at least 1.")
        logits = self._logits(picture)
        probabilities = logits[0].cpu().double().softmax(0)
        values, indices = probabilities.topk(min(top, len(probabilities)))
        names = self.categories
        pairs = zip(indices.tolist(), values.tolist(), strict=True)
        return [Prediction(index, names[index], value) for index, value in pairs]

    def logits_of(self, output: Any) -> torch.Tensor:
        """Find the logits (1 x K) in what the network returned, and check that they fit the categories.

        Parameters
        ----------
        output
            A tensor, tuple, list, dict, dataclass or ``transformers`` output, for one picture.
        """
        logits = find_logits(output)
        count = logits.shape[1]
        if self._categories is None:
            self._categories = tuple(f"class {index}" for index in range(count))
        if count != len(self._categories):
            raise ValueError(
                f"[inv-widgets] {self.name} returns {count} logits but has {len(self._categories)} category names: "
                f"give {count} names in the order of the logits, or categories=None."
            )
        if not all_finite(logits):
            raise ValueError(
                f"[inv-widgets] {self.name} returns logits that are NaN or infinite. Check its weights and its "
                f"transform{'' if self.dtype == torch.float32 else f', or use float32 instead of {self.dtype}'}."
            )
        return logits

    def resolve_target(self, target: Any = None, logits: torch.Tensor | None = None) -> tuple[Target, str]:
        """Say which class or group is meant, and its name; see :func:`inv_widgets.targets.resolve_target`.

        Parameters
        ----------
        target
            None (the class with the highest of the `logits`), an index, a name, or a list of these: a group.
        logits
            Shape (K,) or (1, K).
        """
        return resolve_target(target, self.categories, logits)

    def score(self, logits: torch.Tensor, target: Target) -> torch.Tensor:
        """Give the class score: the logit, or the logsumexp of a group's logits; a scalar with its gradient.

        Parameters
        ----------
        logits
            Shape (K,) or (1, K).
        target
            As :meth:`resolve_target` returns it.
        """
        return target_score(logits, target)

    def _logits(self, picture: Any) -> torch.Tensor:
        with eval_pass(self.module), torch.no_grad():
            return self.logits_of(output_of(self.module, self.preprocess(picture)))

    def _sample(self) -> torch.Tensor:
        for tensors in (self.module.parameters(), self.module.buffers()):
            for tensor in tensors:
                if tensor.is_floating_point():
                    return tensor
        return torch.empty(0)


def _takes_one(function: Callable[..., Any]) -> bool:
    """Whether the function must be called with one argument (the size as a pair)."""
    try:
        inspect.signature(function).bind(0, 0)
    except TypeError:
        return True
    except ValueError:  # a built-in without a signature
        return False
    return False
