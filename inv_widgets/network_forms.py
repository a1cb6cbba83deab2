"""The forms that a network's name may have, in words; the command line's help says them without loading torch."""

from __future__ import annotations

__all__ = ["FORMS"]

FORMS = (
    "demo:photos, demo:fashion, torchvision:NAME (such as torchvision:vgg16), timm:NAME (such as timm:resnet18), these "
    "with ?weights=none for random weights, onnx:FILE.onnx, keras:FILE.keras, or package.module:factory, where "
    "factory() returns a Classifier"
)
"""What :func:`inv_widgets.network_names.load_network` takes."""
