"""Comparisons made of numpy alone: the browser tests' kernels start without torch."""

import dataclasses
import time

import numpy as np
from examples import bump, example

from inv_widgets.comparison.comparison_result import ComparedMap, ComparedMethod, ComparedPicture, ComparisonResult
from inv_widgets.explanation import Prediction

NAMES = ("harbour", "meadow", "kitchen")
CATEGORIES = ("boat", "cow", "<b>pan</b>", "قارب", "🚲 bicycle")


def method(name, title, family="gradient"):
    return ComparedMethod(name, title, family, f"Somebody et al., {title}, 2020", {"layer": "last 1"}, name)


METHODS = (
    method("grad_cam", "Grad-CAM", "activation"),
    method("integrated_gradients", "Integrated gradients"),
    method("occlusion", "Occlusion", "perturbation"),
    method("attention_rollout", "Attention rollout", "attention"),
    method("inv", "INV", "activation"),
)


def native(name, seed):
    """Make a map: low resolution, signed, high resolution, none."""
    random = np.random.default_rng([seed, len(name)])
    centre = random.uniform(0.25, 0.75, 2)
    if name == "grad_cam":
        return 0.2 * bump(7, *centre, 0.2)
    if name == "integrated_gradients":
        return (random.normal(0, 1, (48, 48)) * bump(48, *centre, 0.2)).astype(np.float32)
    if name == "occlusion":
        return bump(14, *centre, 0.2) - 0.4 * bump(14, *(1 - centre), 0.2)
    return 2 * bump(14, *centre, 0.15) + 0.1


def found(described, seed):
    """Make one cell."""
    names = ("ebpg", "miou", "drop")
    if described.name == "attention_rollout":
        why = "[inv-widgets] Attention rollout is not possible on an example: it has no attention."
        nothing = dict.fromkeys(names, np.nan)
        return ComparedMap(described.key, None, np.nan, np.nan, np.nan, np.nan, nothing, error=why)
    place = [one.key for one in METHODS].index(described.key) if described in METHODS else 0
    values = {
        "ebpg": 20.0 + 7 * place - 3 * (seed % 6),
        "miou": 10.0 + place,
        "drop": np.nan if seed == 1 else 50.0 - place,
    }
    reasons = {"drop": "the class has no probability to lose"} if seed == 1 else {}
    seconds = (0.01, 0.4, 3.2, 0, 0.05)[place]
    forwards = (1, 50, 200, 0, 2)[place]
    return ComparedMap(described.key, native(described.name, seed), seconds, forwards, 1, np.nan, values, reasons)


def compared(name, seed, *, shape=(240, 320), masked=True):
    """Make one picture, the same as the explanation of that name has."""
    picture = example(name, seed, *shape).picture
    mask = None
    if masked:
        mask = np.zeros(shape, bool)
        mask[shape[0] // 4 : 3 * shape[0] // 4, shape[1] // 3 : 2 * shape[1] // 3] = True
    window = (shape[1] / 8, 0.0, 3 * shape[1] / 4, float(shape[0]))
    predictions = tuple(Prediction(i, text, 0.6 / (i + 1)) for i, text in enumerate(CATEGORIES[:3]))
    target_name = f"category of {name}"
    return ComparedPicture(name, name, picture, window, mask, seed, target_name, 0.8 / (seed + 1), predictions)


def result(count=3, methods=METHODS, **more):
    """Make a comparison of `count` pictures, without a network."""
    names = [NAMES[i] if i < len(NAMES) else f"picture {i + 1}" for i in range(count)]
    pictures = tuple(compared(name, seed, **more) for seed, name in enumerate(names))
    maps = tuple(tuple(found(one, seed) for one in methods) for seed in range(count))
    return ComparisonResult("an example", "none", tuple(methods), pictures, maps, ("ebpg", "miou", "drop"))


def many(count=40, width=18):
    """Make a big comparison, of few different maps."""
    keys = [f"{one.name} {i}" for i in range(width) for one in (METHODS[i % 3],)]
    methods = tuple(dataclasses.replace(METHODS[i % 3], key=key) for i, key in enumerate(keys))
    small = result(count, METHODS[:3], shape=(60, 80))
    maps = tuple(tuple(dataclasses.replace(row[i % 3], method=key) for i, key in enumerate(keys)) for row in small.maps)
    return dataclasses.replace(small, methods=methods, maps=maps)


class Run:
    """Explains any picture in a moment; tells its progress."""

    categories = CATEGORIES
    tells_progress = True

    def __init__(self, seconds=0.4):
        self.seconds = seconds
        self.calls = []

    def __call__(self, picture, target=None, keys=None, *, progress=None):
        self.calls.append((picture.name, target, tuple(keys or ())))
        chosen = tuple(one for one in METHODS if one.key in (keys or ()))
        for step in range(10 if chosen else 1):
            time.sleep(self.seconds / 10)
            if progress is not None:
                progress("a method", step + 1, 10)
        index = 0 if target is None else target
        shown = ComparedPicture(
            picture.name,
            picture.hash,
            picture.array,
            (0.0, 0.0, float(picture.width), float(picture.height)),
            None,
            index,
            CATEGORIES[index],
            0.7,
            (Prediction(0, CATEGORIES[0], 0.7), Prediction(1, CATEGORIES[1], 0.2)),
        )
        maps = tuple(found(one, 5) for one in chosen)
        return ComparisonResult("an example", "none", chosen, (shown,), (maps,), ("drop",))
