"""Small comparisons, made of numbers."""

import numpy as np

from inv_widgets.comparison.comparison_result import ComparedMap, ComparedMethod, ComparedPicture, ComparisonResult
from inv_widgets.explanation import Prediction
from inv_widgets.pictures import load_picture

WORD = "<img src=x onerror=alert(1)>"
KEYS = ("grad_cam", "lime", "cam")


def method(key):
    return ComparedMethod(key, key.upper(), "gradient", "A paper", {"layer": "last 1"}, key)


def compared(picture, target=0, mask=None):
    return ComparedPicture(
        picture.name,
        picture.hash,
        picture.array,
        (4.0, 0.0, picture.width - 8.0, float(picture.height)),
        mask,
        target,
        f"class {target}",
        0.5,
        (Prediction(0, "class 0", 0.5), Prediction(1, WORD, 0.25)),
    )


def found(key, seed=0):
    values = {"ebpg": 10.0 * (seed + 1) + KEYS.index(key), "drop": np.nan}
    if key == "cam":
        nothing = dict.fromkeys(values, np.nan)
        return ComparedMap(key, None, np.nan, np.nan, np.nan, np.nan, nothing, error=f"[inv-widgets] {WORD}")
    native = np.random.default_rng(seed).random((5, 7), np.float32) - (0.5 if key == "lime" else 0)
    return ComparedMap(key, native, 0.5, 3, 1, np.nan, values, {"drop": "nothing to lose"}, {"n_steps": 20})


def result(*names, keys=KEYS, masks=True):
    pictures = []
    for place, name in enumerate(names):
        array = np.random.default_rng(place).integers(0, 256, (24, 32, 3), np.uint8)
        mask = np.zeros((24, 32), bool)
        mask[3:9, 5:20] = True
        pictures.append(compared(load_picture(array, name=name), mask=mask if masks else None))
    maps = tuple(tuple(found(key, place) for key in keys) for place in range(len(names)))
    return ComparisonResult("net", "none", tuple(map(method, keys)), tuple(pictures), maps, ("ebpg", "drop"))


def answer(picture, target=None, keys=None, **_):
    """Explain one picture."""
    keys = tuple(keys or ())
    shown = compared(picture, 0 if target is None else target)
    return ComparisonResult(
        "net", "none", tuple(map(method, keys)), (shown,), (tuple(found(key, 3) for key in keys),), ("drop",)
    )
