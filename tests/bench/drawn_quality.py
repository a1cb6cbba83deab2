"""How much what an Explorer draws differs from the pictures and maps themselves.

Maps are sent in steps, pictures with loss: what a pixel of the picture with the map laid on it changes by, as CIEDE2000
(1 is about the least that an eye tells side by side), and how like the picture is what is sent of it (SSIM).
"""

import io

import numpy as np
from PIL import Image
from skimage.color import deltaE_ciede2000, rgb2lab
from skimage.metrics import structural_similarity

from inv_widgets.export import payload
from inv_widgets.export.overlays import overlay
from inv_widgets.export.packed_cells import MAP_STEP, levels
from inv_widgets.game.masking import reveal_mask

SIDE = 224
SHOWN = 448  # pixels: as wide as a detail shows a picture


def quality(run, table):
    """Add what is measured on every 40th cluster map and every fourth picture to a table."""
    pairs = [(item, shown) for item in run for column in item.columns for shown in column.cluster_maps]
    changes, masks = [], []
    for item, shown in pairs[::40]:
        drawn = np.minimum(255, MAP_STEP * levels(shown.map).astype(int)).astype(np.float32) / 255
        before, after = (_overlay(item, values) for values in (shown.map, drawn))
        changes.append(deltaE_ciede2000(rgb2lab(before), rgb2lab(after)).ravel())
        one, two = (reveal_mask(values, (SIDE, SIDE), 13) for values in (shown.map, drawn))
        masks.append((one & two).sum() / (one | two).sum())
    change = np.concatenate(changes)
    note = f"mean {change.mean():.2f}, largest {change.max():.1f}"
    table.row("CIEDE2000 by the maps' steps: 95 of 100 pixels under", np.percentile(change, 95), "", note=note)
    note = f"least {100 * min(masks):.0f}"
    table.row("top 13 % of pixels, with and without steps (IoU)", 100 * np.mean(masks), "%", note=note)
    table.row("pictures as they are sent (SSIM)", 100 * np.mean([_likeness(item.picture) for item in run[::4]]), "%")


def _overlay(item, values):
    left, top, width, height = map(round, item.window)
    part = item.picture[top : top + height, left : left + width]
    return overlay(part, values, (0, 0, width, height), size=(SIDE, SIDE))


def _likeness(picture):
    sent = payload._images(picture)
    with Image.open(io.BytesIO(sent["image"])) as image:
        return structural_similarity(_grey(Image.fromarray(picture)), _grey(image))


def _grey(image):
    size = (SHOWN, round(image.height * SHOWN / image.width))
    return np.asarray(image.convert("L").resize(size, Image.Resampling.BICUBIC))
