"""The ways to a Classifier: from libraries, files of other frameworks, a module of one's own, the demos."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

    import torch
    from torch import nn
    from typing_extensions import Self

    from inv_widgets.preprocessing import Preprocessing

__all__ = ["ClassifierSources"]

Window = tuple[float, float, float, float]


class ClassifierSources:
    """Constructors of :class:`inv_widgets.Classifier`."""

    __slots__ = ()

    if TYPE_CHECKING:

        def __init__(
            self,
            module: nn.Module,
            transform: Callable[[Any], torch.Tensor],
            categories: Sequence[str] | Mapping[int, str] | None = None,
            window: Callable[..., Window] | None = None,
            name: str | None = None,
        ) -> None: ...

    @classmethod
    def from_torchvision(cls, name: str, weights: Any = "DEFAULT") -> Self:
        """Take a classification network of torchvision.

        Parameters
        ----------
        name
            Such as ``"vgg16"`` or ``"resnet18"``.
        weights
            ``"DEFAULT"``, the name of others (``"IMAGENET1K_V1"``), a member of torchvision's enum, or None for random
            weights; then transform and categories are those of the default weights, and nothing is downloaded.

        Raises
        ------
        ConnectionError
            Where weights have to be downloaded and cannot be.
        ValueError
            For an unknown name of a network or of weights.
        """
        from inv_widgets.networks import torchvision_network

        return cls(*torchvision_network(name, weights))

    @classmethod
    def from_timm(cls, name: str, *, pretrained: bool = True) -> Self:
        """Take a network of timm (extra ``timm``); `pretrained` False gives random weights without a download.

        Raises
        ------
        ConnectionError
            Where weights have to be downloaded and cannot be.
        ImportError
            Where timm is not installed.
        ValueError
            For an unknown name.
        """
        from inv_widgets.networks import timm_network

        return cls(*timm_network(name, pretrained=pretrained))

    @classmethod
    def from_module(
        cls,
        module: nn.Module,
        transform: Callable[[Any], torch.Tensor],
        categories: Sequence[str] | Mapping[int, str] | None = None,
        window: Callable[..., Window] | None = None,
        name: str | None = None,
    ) -> Self:
        """Take your own network; the parameters are those of the class."""
        return cls(module, transform, categories, window, name)

    @classmethod
    def from_onnx(
        cls,
        path: str | os.PathLike[str],
        transform: Callable[[Any], torch.Tensor] | Preprocessing | None = None,
        categories: Sequence[str] | Mapping[int, str] | None = None,
        window: Callable[..., Window] | None = None,
        name: str | None = None,
    ) -> Self:
        """Take a network from an ONNX file (extra ``onnx``).

        Class scores are taken before a softmax at its end; one sigmoid becomes two classes. Where onnxruntime is
        installed, the converted network is compared with it once.

        Parameters
        ----------
        path
            The file; weights in files of their own must lie in its folder.
        transform
            From an upright RGB ``PIL.Image`` to a float tensor C x H x W, also where the network takes N x H x W x C.
            None: the whole picture squeezed to the input's size (224 x 224 where that is free), as floats 0..1. A
            :class:`inv_widgets.preprocessing.Preprocessing` changes what of that is known; it knows the window too.
        categories, window, name
            As for the class; the name is the file's by default.

        Raises
        ------
        FileNotFoundError, TypeError, ValueError
            For no file, no ONNX, several inputs or other inputs than pictures, and operators that cannot be converted.
        ImportError
            Where onnx2torch is not installed.
        """
        from inv_widgets.onnx_networks import onnx_network

        return cls._converted(onnx_network(path, transform), transform, categories, window, name)

    @classmethod
    def from_keras(
        cls,
        model: Any,
        transform: Callable[[Any], torch.Tensor] | Preprocessing | None = None,
        categories: Sequence[str] | Mapping[int, str] | None = None,
        window: Callable[..., Window] | None = None,
        name: str | None = None,
    ) -> Self:
        """Take a Keras 3 model on its torch backend (extra ``keras``); it is left as it is, and shares its weights.

        Class scores are taken as by :meth:`from_onnx`. Layers are called as in Keras.

        Parameters
        ----------
        model
            A built model, channels first or last. ``KERAS_BACKEND`` must be ``torch`` before keras is imported. Or the
            path of a ``.keras`` file: it is loaded in Keras's safe mode, and refused where it holds more than Keras's
            own layers.
        transform
            As for :meth:`from_onnx`, for models of either order; floats 0..255 where None is given for a model with a
            Rescaling or Normalization layer.
        categories, window, name
            As for the class; the name is the model's, or the file's, by default.

        Raises
        ------
        FileNotFoundError, TypeError, ValueError
            For what is no such model or file, another backend, several inputs, and models that are not built.
        ImportError
            Where keras is not installed.
        """
        from inv_widgets.keras_networks import keras_network

        return cls._converted(keras_network(model, transform), transform, categories, window, name)

    @classmethod
    def _converted(
        cls, converted: tuple[nn.Module, Any, str], transform: Any, categories: Any, window: Any, name: str | None
    ) -> Self:
        """Take a converted network, the transform for it and its own name; where the transform was made, its window."""
        module, given, own_name = converted
        window = getattr(given, "window", None) if window is None and given is not transform else window
        return cls(module, given, categories, window, own_name if name is None else name)

    @classmethod
    def demo(cls, name: Literal["photos", "fashion"] | None = None) -> Self:
        """Take a demo network, which works offline.

        Parameters
        ----------
        name
            ``"photos"``: EfficientNet-Lite0 for the 1,000 ImageNet classes (extra ``demo``). ``"fashion"``: a small
            VGG-like network for the ten of Fashion-MNIST. None: photos where the extra is installed, else fashion, with
            a warning that says so.
        """
        from inv_widgets.networks import demo_network

        return cls(*demo_network(name))

    @classmethod
    def controlled(cls, part: Literal["object", "scene"]) -> Self:
        """Take one of the two networks of the controlled benchmark, which work offline.

        Both see the pictures of :func:`inv_widgets.datasets.controlled`, a garment on a texture. What is evidence for
        one is none for the other, and each pixel is known to be one or the other.

        Parameters
        ----------
        part
            ``"object"``: names the garment, one of eight. ``"scene"``: names the texture, one of five.

        Raises
        ------
        ValueError
            For another part.
        """
        from inv_widgets.networks import controlled_network

        return cls(*controlled_network(part))
