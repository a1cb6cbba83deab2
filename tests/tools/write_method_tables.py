"""Write the tables of docs/methods.md that follow from the registries of methods and metrics.

    python tests/tools/write_method_tables.py

Rewrites what stands between ``<!-- NAME -->`` and ``<!-- end of NAME -->``. A test fails where the page differs.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import inv_widgets as inv
from inv_widgets.comparison.metrics.registry import METRICS

PAGE = Path(__file__).parents[2] / "docs" / "methods.md"

NEEDS = {
    "": "any network",
    "possible:convolutions": "convolutional layers",
    "cam:pooled_and_linear": "global average pooling, then one linear layer",
    "guided_backprop:rectified": "rectifiers (ReLU, ReLU6, SiLU ...)",
    "full_grad:differentiable": "operations whose biases are known",
    "attention_rollout:attending": "attention over tokens",
}
"""What each check of the registry asks for, in words."""

BESIDE = {
    "layer_visualization": "captum gives a layer's maps, not their sum.",
    "cam": "Equal to torchcam's.",
    "grad_cam": "Equal to grad-cam's and torchcam's, which hook modules; ours finds residual adds and functions too.",
    "grad_cam_pp": "torchcam's lacks the denominator; grad-cam's epsilon moves weights where gradients are small.",
    "layer_cam": "Equal to grad-cam's and torchcam's.",
    "score_cam": "Equal to grad-cam's; ours leaves out maps that make no mask, and can be interrupted.",
    "ablation_cam": "Equal to grad-cam's where the score is positive; where it is negative theirs turns the sign.",
    "sise": "None of the three has it.",
    "inv": "None of the three has it.",
    "saliency": "Equal to captum's; ours counts passes and leaves no gradients behind.",
    "smooth_grad": "captum averages magnitudes by default; the paper averages slopes, and takes the magnitude then.",
    "guided_backprop": "captum knows the module `nn.ReLU` only; elsewhere its map is the plain gradient.",
    "integrated_gradients": "Equal to captum's; ours notes the gap of completeness, and can double the steps itself.",
    "full_grad": "grad-cam's takes the biases of modules only: on ReLU6 its terms miss the score.",
    "occlusion": "Equal to captum's, which can neither be interrupted nor bound its memory.",
    "rise": "None of the three has it.",
    "extremal_perturbation": "None of the three has it; the authors' code may not be used commercially.",
    "lime": "Equal to captum's with the same samples; captum's can neither be interrupted nor bound its memory.",
    "shap": "captum keeps the sum by two samples of a large weight, and draws without pairs.",
    "attention_rollout": "None of the three has it.",
    "dff": "grad-cam's makes pictures of concepts, not one map for a class.",
    "tcav": "Equal to captum's scores; ours takes regions that people labelled, and counterparts of the same shape.",
}
"""Why each is code of ours, beside captum, grad-cam and torchcam; each is checked against them where they are right."""

DEFINITIONS = {
    "ebpg": "share of the map's positive energy that lies in the mask",
    "miou": "intersection over union of the mask and the map's highest 20 % of pixels",
    "bbox": "share of the map's N highest pixels that lie in the mask, N being its area; no intersection over union",
    "pointing": "100 where the highest pixel lies in the mask or at most 15 pixels from it, else 0",
    "drop": "100 max(0, y - o) / y; y and o: the class's probability on the picture, and with the top 15 % of pixels",
    "increase": "100 where o > y, else 0",
    "insertion": "area under the probability as pixels are shown, highest first, on a blurred picture",
    "deletion": "area under the probability as pixels are set to 0, highest first",
    "sensitivity_n": "correlation of the map's sums over random pixels with what the class score loses without them",
    "sparseness": "Gini index of the map's magnitudes: 0 all alike, 1 a single pixel",
}


def tables() -> dict[str, str]:
    """Make all tables, by the name that marks their place."""
    methods = inv.methods()
    return {
        "methods": _table(
            ("`method`", "name", "family", "needs", "class", "passes for a picture", "the map"),
            [
                (f"`{one.name}`", one.title, one.family, NEEDS[one.needs], "yes" if one.class_discriminative else "no",
                 one.passes, one.returns)
                for one in methods
            ],
        ),
        "parameters": _table(
            ("method", 'defaults, `preset="default"`', '`preset="paper"` where it differs'),
            [(one.title, _given(one.defaults), _given(one.paper_defaults)) for one in methods],
        ),
        "papers": _table(
            ("method", "paper", "code of ours, since"),
            [(one.title, one.paper, BESIDE[one.name]) for one in methods],
        ),
        "metrics": _table(
            ("`inv.metrics`", "name", "needs", "unit", "better", "what it is", "source"),
            [
                (f"`{name}`", one.title, {"masks": "masks", "network": "the network", "maps": "the map"}[one.needs],
                 one.unit, one.better, DEFINITIONS[name], one.paper)
                for name, one in METRICS.items()
            ],
        ),
    }  # fmt: skip


def written(page: str) -> str:
    """Put the tables in their places.

    Raises
    ------
    ValueError
        Where a place is missing.
    """
    for name, table in tables().items():
        place = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
        if not place.search(page):
            raise ValueError(f"There is no <!-- {name} --> ... <!-- end of {name} -->.")
        page = place.sub(lambda found, table=table: f"{found[1]}{table}\n{found[2]}", page)
    return page


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _given(parameters: Any) -> str:
    return ", ".join(f"`{name}={_value(value)}`" for name, value in parameters.items())


def _value(value: Any) -> str:
    if isinstance(value, inv.Recipe):
        return "Recipe.published()" if value == inv.Recipe.published() else repr(value)
    return f"{value:.4g}" if isinstance(value, float) else repr(value)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text("utf-8")), "utf-8")
