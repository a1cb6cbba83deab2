"""The colour maps that views and figures share (``inv_widgets/colour_maps.json``).

Each is 256 sRGB colours for 0..1. *viridis* and *inferno* (van der Walt, Smith and Firing 2015) and *cividis*
(Nuñez, Anderton and Renslow 2018) are CC0, as in matplotlib; *turbo* (Mikhailov, Google 2019) is Apache-2.0; *greys* is
ours: equal steps of CIELAB lightness from black to white, so that a high value is bright. All but *turbo* are
perceptually uniform.
"""

from __future__ import annotations

import functools
import json
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["COLOUR_MAPS", "colour_map", "colours"]

COLOUR_MAPS = ("viridis", "inferno", "turbo", "cividis", "greys")


@functools.cache
def colours(name: str) -> tuple[str, ...]:
    """Give a colour map's 256 colours as ``"#rrggbb"``, low to high.

    Raises
    ------
    ValueError
        If there is no such colour map.
    """
    if name not in COLOUR_MAPS:
        raise ValueError(f"[inv-widgets] No colour map {name!r}. There are: {', '.join(COLOUR_MAPS)}.")
    text = resources.files("inv_widgets").joinpath("colour_maps.json").read_text("utf-8")
    return tuple(json.loads(text)[name])


def colour_map(name: str) -> NDArray[np.uint8]:
    """Give a colour map as uint8, shape (256, 3), low to high."""
    digits = "".join(colour[1:] for colour in colours(name))
    return np.frombuffer(bytes.fromhex(digits), np.uint8).reshape(256, 3)
