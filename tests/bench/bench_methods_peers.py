"""The same methods in grad-cam (pytorch_grad_cam), torchcam and captum, for timing beside ours on one network.

Each entry makes a function that explains the input once more. Settings are ours where the library has them.
"""

from __future__ import annotations

import importlib
import inspect

import torch

GRAD_CAM = {
    "grad_cam": "GradCAM", "grad_cam_pp": "GradCAMPlusPlus", "layer_cam": "LayerCAM", "score_cam": "ScoreCAM",
    "ablation_cam": "AblationCAM", "full_grad": "FullGrad",
}  # fmt: skip
TORCHCAM = {
    "cam": "CAM", "grad_cam": "GradCAM", "grad_cam_pp": "GradCAMpp", "layer_cam": "LayerCAM", "score_cam": "ScoreCAM",
}  # fmt: skip
BATCH = 16
"""How many changed pictures at once, where a library lets us say."""


def peers(method, module, inputs, target, layer):
    """List (library, function) of those that have the method; `layer` is a module of the network."""
    found = []
    for library, make in (("grad-cam", _grad_cam), ("torchcam", _torchcam), ("captum", _captum)):
        try:
            run = make(method, module, inputs, target, layer)
        except ImportError:
            continue
        if run is not None:
            found.append((library, run))
    return found


def _grad_cam(method, module, inputs, target, layer):
    if method not in GRAD_CAM:
        return None
    library = importlib.import_module("pytorch_grad_cam")
    targets = [importlib.import_module("pytorch_grad_cam.utils.model_targets").ClassifierOutputTarget(target)]
    explainer = getattr(library, GRAD_CAM[method])

    def run():
        with explainer(model=module, target_layers=[layer]) as made:
            made.batch_size = BATCH
            return made(input_tensor=inputs, targets=targets)

    return run


def _torchcam(method, module, inputs, target, layer):
    if method not in TORCHCAM:
        return None
    explainer = getattr(importlib.import_module("torchcam.methods"), TORCHCAM[method])
    more = {"batch_size": BATCH} if "batch_size" in inspect.signature(explainer).parameters else {}
    if method == "cam":
        more["fc_layer"] = "fc"

    def run():
        with explainer(module, target_layer=layer, **more) as made:
            if method in {"cam", "score_cam"}:
                with torch.no_grad():
                    scores = module(inputs)
            else:
                scores = module(inputs)
            return made(class_idx=target, scores=scores)

    return run


def _captum(method, module, inputs, target, layer):
    attr = importlib.import_module("captum.attr")
    start = inputs.clone().requires_grad_()
    makers = {
        "grad_cam": lambda: attr.LayerGradCam(module, layer).attribute(inputs, target=target),
        "saliency": lambda: attr.Saliency(module).attribute(start, target=target),
        "guided_backprop": lambda: attr.GuidedBackprop(module).attribute(start, target=target),
        "integrated_gradients": lambda: attr.IntegratedGradients(module).attribute(
            inputs, target=target, n_steps=50, method="riemann_trapezoid", internal_batch_size=8
        ),
        "smooth_grad": lambda: attr.NoiseTunnel(attr.Saliency(module)).attribute(
            start, nt_samples=50, nt_samples_batch_size=8, target=target
        ),
        "occlusion": lambda: attr.Occlusion(module).attribute(
            inputs, (3, 32, 32), strides=(3, 16, 16), target=target, perturbations_per_eval=BATCH
        ),
    }
    return makers.get(method)
