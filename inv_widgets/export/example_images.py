"""The small pictures beside a global chart's labels: an example's map on its picture."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from PIL import Image

from inv_widgets.export.overlays import overlay

__all__ = ["example_image"]

_IMAGE = 64  # pixels: twice what a chart shows, for screens with two pixels for one


def example_image(
    payload: dict[str, Any], place: int, *, colour_map: str = "viridis", opacity: float = 0.6
) -> str | None:
    """Lay an example's map on its picture, as a ``data:`` address of a square PNG; None where it was not sent."""
    shown = payload["maps"][place]
    picture = payload["pictures"][shown["picture"]]
    if shown["offset"] < 0 or "thumbnail" not in picture:
        return None
    small = np.asarray(Image.open(io.BytesIO(picture["thumbnail"])).convert("RGB"))
    height, width = small.shape[:2]
    size = shown["height"] * shown["width"]
    cells = np.frombuffer(payload["bytes"], np.uint8, size, shown["offset"]).reshape(shown["height"], shown["width"])
    scale = _IMAGE / max(height, width)
    left, top, across, down = shown["window"]
    blended = overlay(
        small,
        cells.astype(np.float32) / np.float32(255),
        (left * width, top * height, across * width, down * height),
        size=(max(1, round(width * scale)), max(1, round(height * scale))),
        colour_map=colour_map,
        opacity=opacity,
    )
    buffer = io.BytesIO()
    Image.fromarray(blended).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
