"""The registry of all methods: one line each; adding a method takes a function and its line here."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from inv_widgets.comparison.method import Method, NotPossibleError
from inv_widgets.errors import UnknownNameError
from inv_widgets.recipe import Recipe

if TYPE_CHECKING:
    from inv_widgets.comparison.subject import Subject

__all__ = ["makes_maps", "method_named", "methods", "possible"]

_LAST = "last 1"

_METHODS = (
    Method(
        name="layer_visualization", title="Layer visualization", family="activation", kind="map", layers="one",
        paper="Zeiler & Fergus, Visualizing and Understanding Convolutional Networks, ECCV 2014",
        passes="1 forward", returns="sum of the layer's maps",
        defaults={"layer": _LAST}, class_discriminative=False,
        home="layer_visualization:layer_visualization", needs="possible:convolutions",
    ),
    Method(
        name="cam", title="CAM", family="activation", kind="map",
        paper="Zhou et al., Learning Deep Features for Discriminative Localization, CVPR 2016",
        passes="1 forward, 1 backward to the last layer",
        returns="linear layer's weight times activation, signed; the mean is the class score without its bias",
        home="cam:cam", needs="cam:pooled_and_linear",
    ),
    Method(
        name="grad_cam", title="Grad-CAM", family="activation", kind="map", layers="one",
        paper="Selvaraju et al., Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization, "
        "ICCV 2017",
        passes="1 forward, 1 backward to the layer", returns="mean gradient times activation, positive part",
        defaults={"layer": _LAST, "relu": True}, home="grad_cam:grad_cam", needs="possible:convolutions",
    ),
    Method(
        name="grad_cam_pp", title="Grad-CAM++", family="activation", kind="map", layers="one",
        paper="Chattopadhay et al., Grad-CAM++: Improved Visual Explanations for Deep "
        "Convolutional Networks, WACV 2018",
        passes="1 forward, 1 backward to the layer",
        returns="positive gradients, weighted by the second order, times activation, positive part",
        defaults={"layer": _LAST}, home="grad_cam_pp:grad_cam_pp", needs="possible:convolutions",
    ),
    Method(
        name="layer_cam", title="Layer-CAM", family="activation", kind="map", layers="one",
        paper="Jiang et al., LayerCAM: Exploring Hierarchical Class Activation Maps for Localization, IEEE TIP 2021",
        passes="1 forward, 1 backward to the layer", returns="positive gradient times activation, cell by cell",
        defaults={"layer": _LAST}, home="layer_cam:layer_cam", needs="possible:convolutions",
    ),
    Method(
        name="score_cam", title="Score-CAM", family="activation", kind="map", layers="one",
        paper="Wang et al., Score-CAM: Score-Weighted Visual Explanations for Convolutional Neural Networks, "
        "CVPR workshop 2020",
        passes="1 forward a map of the layer, 1 more", returns="average of the maps, by the score of what each shows",
        defaults={"layer": _LAST}, home="score_cam:score_cam", needs="possible:convolutions",
    ),
    Method(
        name="ablation_cam", title="Ablation-CAM", family="activation", kind="map", layers="one",
        paper="Desai & Ramaswamy, Ablation-CAM: Visual Explanations for Deep Convolutional Network via Gradient-free "
        "Localization, WACV 2020",
        passes="1 forward a map of the layer, 1 more",
        returns="share of the score that is lost without a map times activation, positive part",
        defaults={"layer": _LAST}, home="ablation_cam:ablation_cam", needs="possible:convolutions",
    ),
    Method(
        name="sise", title="SISE", family="activation", kind="map", layers="many",
        paper="Sattarzadeh et al., Explaining Convolutional Neural Networks through Attribution-Based Input Sampling "
        "and Block-Wise Feature Aggregation, AAAI 2021",
        passes="1 forward a mask, 1 more, 1 backward; masks: maps above mu times the largest mean gradient",
        returns="probability of what masks show, fused over layers",
        defaults={"layers": "blocks", "mu": 0.5}, paper_defaults={"mu": 0},
        home="sise:sise", needs="possible:convolutions",
    ),
    Method(
        name="inv", title="INV", family="activation", kind="maps", layers="one",
        paper="Interpretable Network Visualizations, IJCAI 2024",
        passes="1 forward, 1 backward to the layer", returns="weighted sum of the column's cluster maps",
        defaults={"layer": _LAST, "recipe": None}, paper_defaults={"recipe": Recipe.published()},
        home="inv_map:inv", needs="possible:convolutions",
    ),
    Method(
        name="saliency", title="Saliency map", family="gradient", kind="map",
        paper="Simonyan et al., Deep Inside Convolutional Networks: Visualising Image Classification Models and "
        "Saliency Maps, ICLR workshop 2014",
        passes="1 forward, 1 backward", returns="largest slope of the class score over the colours, at least 0",
        home="gradient:saliency",
    ),
    Method(
        name="smooth_grad", title="SmoothGrad", family="gradient", kind="map",
        paper="Smilkov et al., SmoothGrad: removing noise by adding noise, ICML workshop 2017",
        passes="n forwards, n backwards", returns="largest mean slope of the class score over the colours, at least 0",
        defaults={"n": 50, "noise": 0.15, "seed": 0}, home="smooth_grad:smooth_grad",
    ),
    Method(
        name="guided_backprop", title="Guided backpropagation", family="gradient", kind="map",
        paper="Springenberg et al., Striving for Simplicity: The All Convolutional Net, ICLR workshop 2015",
        passes="1 forward, 1 backward", returns="largest guided slope over the colours, at least 0",
        home="guided_backprop:guided_backprop", needs="guided_backprop:rectified",
    ),
    Method(
        name="integrated_gradients", title="Integrated gradients", family="gradient", kind="map",
        paper="Sundararajan et al., Axiomatic Attribution for Deep Networks, ICML 2017",
        passes="n_steps + 1 forwards, n_steps - 1 backwards",
        returns="share of each pixel in the class score's difference from the baseline's, signed, summed over colours",
        defaults={"baseline": "zero", "n_steps": 50}, paper_defaults={"baseline": "black", "n_steps": 300},
        home="integrated_gradients:integrated_gradients",
    ),
    Method(
        name="full_grad", title="FullGrad", family="gradient", kind="map",
        paper="Srinivas & Fleuret, Full-Gradient Representation for Neural Network Visualization, NeurIPS 2019",
        passes="1 forward, 1 backward",
        returns="magnitudes of input and biases times gradient, each operation's brought to 0..1, summed",
        home="full_grad:full_grad", needs="full_grad:differentiable",
    ),
    Method(
        name="occlusion", title="Occlusion", family="perturbation", kind="map",
        paper="Zeiler & Fergus, Visualizing and Understanding Convolutional Networks, ECCV 2014",
        passes="1 forward a window, 1 more", returns="fall of the probability (or score) when the pixel is covered",
        defaults={"window": None, "stride": None, "baseline": 0.0, "output": "probability"},
        home="occlusion:occlusion",
    ),
    Method(
        name="rise", title="RISE", family="perturbation", kind="map",
        paper="Petsiuk et al., RISE: Randomized Input Sampling for Explanation of Black-box Models, BMVC 2018",
        passes="1 forward a mask, 1 more", returns="expected probability (or score) when the pixel is shown",
        defaults={"masks": 600, "cells": 7, "p": 0.5, "output": "probability", "seed": 0},
        paper_defaults={"masks": 8000}, home="rise:rise",
    ),
    Method(
        name="extremal_perturbation", title="Extremal perturbation", family="perturbation", kind="map",
        paper="Fong et al., Understanding Deep Networks via Extremal Perturbations and Smooth Masks, ICCV 2019",
        passes="1 forward and 1 backward for each step and area, 2 more forwards",
        returns="in how many of the masks the pixel is shown",
        defaults={
            "areas": (0.025, 0.05, 0.1, 0.2), "steps": 80, "optimiser": "adam", "learning_rate": 0.1,
            "strengths": (3, 5, 8, 13, 20, 30, 50, 80, 130, 200, 300), "relative": True, "sigma": 1 / 32,
            "step": 1 / 32, "blur": 20 / 224, "levels": 8,
        },
        paper_defaults={
            "steps": 800, "optimiser": "sgd", "learning_rate": 0.01, "strengths": (300, 600, 1200), "relative": False,
        },
        home="extremal_perturbation:extremal_perturbation",
    ),
    Method(
        name="lime", title="LIME", family="perturbation", kind="map",
        paper='Ribeiro et al., "Why Should I Trust You?": Explaining the Predictions of Any Classifier, KDD 2016',
        passes="1 forward a sample, 1 more", returns="weight of the pixel's superpixel in a linear model",
        defaults={
            "segmentation": "slic", "segments": 50, "samples": 500, "kernel_width": 0.25, "ridge": 1.0,
            "baseline": "mean", "output": "probability", "seed": 0,
        },
        paper_defaults={"segmentation": "quickshift", "samples": 1000}, home="lime:lime",
    ),
    Method(
        name="shap", title="KernelSHAP", family="perturbation", kind="map",
        paper="Lundberg & Lee, A Unified Approach to Interpreting Model Predictions, NeurIPS 2017",
        passes="1 forward a coalition, 2 more", returns="Shapley value of the pixel's superpixel",
        defaults={
            "segmentation": "slic", "segments": 50, "samples": 500, "baseline": 0.0, "output": "probability", "seed": 0,
        },
        paper_defaults={"samples": 2148}, home="shap:shap",
    ),
    Method(
        name="attention_rollout", title="Attention rollout", family="attention", kind="map",
        paper="Abnar & Zuidema, Quantifying Attention Flow in Transformers, ACL 2020",
        passes="1 forward", returns="share of each patch in what the class token attends to, through all blocks",
        defaults={"head_fusion": "mean", "discard": 0.0, "residual": 0.5}, class_discriminative=False,
        home="attention_rollout:attention_rollout", needs="attention_rollout:attending",
    ),
    Method(
        name="dff", title="Deep feature factorization", family="concept", kind="maps", layers="one",
        paper="Collins et al., Deep Feature Factorization for Concept Discovery, ECCV 2018",
        passes="1 forward, 1 a concept", returns="activation of the concept that scores highest for the class",
        defaults={"layer": _LAST, "n_concepts": 4, "seed": 0}, home="dff:dff_map", needs="possible:convolutions",
    ),
    Method(
        name="tcav", title="TCAV", family="concept", kind="concept", layers="one",
        paper="Kim et al., Interpretability Beyond Feature Attribution: Quantitative Testing with CAVs, ICML 2018",
        passes="1 forward, 1 backward a picture; 1 forward a region",
        returns="It tests what people have said of cluster maps: use inv.tcav(net, summary, label).",
        home="tcav:tcav", needs="possible:convolutions",
    ),
)  # fmt: skip


def methods() -> list[Method]:
    """List all methods, by family; what :func:`inv_widgets.saliency` takes is their ``name``.

    Returns
    -------
    list of Method
        Each with its paper, passes, what its values mean, and its parameters with their defaults.
    """
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


def makes_maps(method: Method) -> Method:
    """Give the method back, or say where one that makes no map is to be found.

    Raises
    ------
    ValueError
        If it makes a score of a concept.
    """
    if method.kind == "concept":
        raise ValueError(f"[inv-widgets] {method.title} makes no map of a picture. {method.returns}")
    return method


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
