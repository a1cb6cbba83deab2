"""A TCAV result for the simulated labels, made of simulated numbers: no network was asked."""

import math

import pandas as pd
from labelled_examples import CLASSES, LAYERS

TAXI = CLASSES[0]
# Of wheel two layers: the clearer one counts.
_ROWS = (
    ("wheel", 8, 0.94, 6.1, 0.0002, ""),
    ("wheel", 7, 0.60, 1.1, 0.6, ""),
    ("window", 8, 0.12, -4.1, 0.02, ""),
    ("yellow", 8, 0.55, 0.4, 0.8, ""),
    ("edge", 8, math.nan, math.nan, math.nan, "Only 3 regions carry this label."),
)


def simulated_tcav():
    """Give the frame of a simulated result."""
    names = ("label", "layer", "score", "t", "p_holm", "reason")
    frame = pd.DataFrame(_ROWS, columns=names)
    frame["layer"] = [LAYERS[place][0] for place in frame["layer"]]
    frame["testable"] = frame["reason"] == ""
    return frame.assign(target_name=TAXI)
