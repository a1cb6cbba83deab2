"""The Explorer with 2,000 cluster maps: bytes sent, time to first paint, frames as it scrolls and a slider is dragged.

50 pictures of 9 layers of a trained network, with sides as VGG-16's last nine have them; the same from numbers, as
smooth as maps can be; and one picture of 250 layers, so that 2,000 cards stand in one view. In exported pages, then in
JupyterLab. Frames come 60 times a second at most: a median of 16.7 ms says that none was
lost; the main thread's CPU time a frame says how near that was. The same without that limit is told beside it.

``python tests/bench/bench_browser_explorer.py``; Chromium is taken from PATH, or from INV_CHROMIUM.
"""

import dataclasses
import io
import json
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from browser_measures import ARRIVED, UNLIMITED, Table, frames, launch, load, open_page, since_arrival
from drawn_quality import quality
from lab import Notebook, document, jupyterlab
from PIL import Image
from playwright.sync_api import sync_playwright

import inv_widgets as inv  # torch only where a network is asked for: the bench of large runs measures memory
from inv_widgets import datasets, export
from inv_widgets.explanation import ClusterMap, Column, Explanation, Prediction, Rest
from inv_widgets.export import payload
from inv_widgets.export.overlays import overlay
from inv_widgets.run import Run
from inv_widgets.widgets import explorer_pictures as sending

# VGG-16's last nine conv layers: (side of the maps, maps).
LAYERS = [(56, 256)] * 3 + [(28, 512)] * 3 + [(14, 512)] * 3
# EfficientNet-Lite0's wide layers of the same sides.
TRAINED = [
    f"_blocks.{block}._{part}_conv"
    for block, part in (
        (2, "expand"), (2, "depthwise"), (3, "expand"), (4, "expand"), (4, "depthwise"), (5, "expand"),
        (8, "expand"), (9, "expand"), (10, "depthwise"),
    )
]  # fmt: skip
OVERLAYS = (224, 512)  # pixels: the network's window, and what the reveal game of the paper shows


def bumps(random, side, n):
    """Draw n smooth maps, float32 in 0..1."""
    rows, columns = np.mgrid[0:side, 0:side].astype(np.float32) / side
    centres = random.uniform(0.1, 0.9, (n, 2, 1, 1))
    return np.exp(-((rows - centres[:, 0]) ** 2 + (columns - centres[:, 1]) ** 2) / 0.03).astype(np.float32)


def photo(place, random):
    """Cut a landscape picture of 768 x 576 out of one of the demo photos."""
    samples = datasets.photos()
    image = Image.open(samples[place % len(samples)].picture).convert("RGB")
    scale = random.uniform(1.0, 1.3) * max(768 / image.width, 576 / image.height)
    image = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.LANCZOS)
    left, top = (int(random.integers(0, side - part + 1)) for side, part in zip(image.size, (768, 576), strict=True))
    return np.asarray(image.crop((left, top, left + 768, top + 576)))


def explanation(place, layers, clusters):
    """Make an explanation from numbers; each layer has `clusters`(random) cluster maps."""
    random = np.random.default_rng(place)
    made = []
    for depth, (side, n_maps) in enumerate(layers):
        n = clusters(random)
        raw = bumps(random, side, n)
        maps = []
        for cluster in range(n):
            thumbnails = np.stack([255 * bumps(random, min(side, 16), 1)[0] for _ in range(12)])
            maps.append(
                ClusterMap.from_raw(
                    raw[cluster],
                    id=f"{place:08x}{depth:04x}{cluster:04x}",
                    cluster=cluster,
                    channels=np.arange(cluster * 20, cluster * 20 + 20),
                    channel_weights=np.full(20, 30.0 / (cluster + 1) / 20),
                    channel_thumbnails=thumbnails,
                )
            )
        rest = Rest(10.0, 15.0, n_maps // 3, 20, raw[0])
        made.append(
            Column(
                f"features.{depth}", depth, 3 + depth // 3, 1 + depth % 3, n_maps, (side, side), 1.0, rest,
                {3: 0.31, 4: 0.41, 5: 0.4}, "", tuple(maps),
            )
        )  # fmt: skip
    name = f"picture {place:03d}.jpg"
    return Explanation(
        picture=photo(place, random), name=name, picture_hash=name, network="vgg16", network_hash="bench",
        window=(96.0, 0.0, 576.0, 576.0), target=place % 10, target_name=f"category {place % 10}",
        target_probability=0.9, prediction=Prediction(place % 10, f"category {place % 10}", 0.9), columns=tuple(made),
    )  # fmt: skip


def many_pictures():
    return Run([explanation(place, LAYERS, lambda random: int(random.integers(4, 6))) for place in range(50)])


def trained_pictures():
    network = inv.Classifier.demo("photos")
    made = []
    for place in range(50):
        found = inv.explain(network, photo(place, np.random.default_rng(place)), layers=TRAINED)
        made.append(dataclasses.replace(found, name=f"picture {place:03d}.jpg"))
    return Run(made)


def many_layers():
    return Run([explanation(0, (LAYERS * 28)[:250], lambda _: 8)])


def maps_of(run):
    return [(item, shown) for item in run for column in item.columns for shown in column.cluster_maps]


# Every card in sight bears pixels; what was seen is not looked at again.
PAINTED = """
const known = (window.benchPainted ??= new WeakSet());
const seen = (canvas) => {
  const box = canvas.getBoundingClientRect();
  return box.width > 0 && box.right > 0 && box.left < innerWidth && box.bottom > 0 && box.top < innerHeight;
};
const drawn = (canvas) => {
  if (known.has(canvas)) return true;
  if (canvas.width === 0 || canvas.width === 300) return false;
  const { width, height } = canvas;
  if (canvas.getContext("2d").getImageData(width >> 1, height >> 1, 1, 1).data[3] === 0) return false;
  known.add(canvas);
  return true;
};
const cards = [...document.querySelectorAll(".inv-card canvas")].filter(seen);
return cards.length > 0 && cards.every(drawn);
"""

SCROLL = "const s = document.querySelector('.inv-columns'); s.scrollLeft = %d * (1 - Math.cos(i / 40)) / 2;"
SCROLL_DOWN = "const s = document.querySelector('.inv-columns'); s.scrollTop = 700 * (1 - Math.cos(i / 40)) / 2;"
SLIDE = """
const input = document.querySelectorAll('.inv-slider')[0];
input.value = String(Math.abs(Math.sin(i / 30)));
input.dispatchEvent(new Event('input', { bubbles: true }));
"""
SWITCH = "if (i % 15 === 0) document.querySelectorAll('.inv-thumbnail')[i / 15 + 1]?.click();"

OPEN = """
() => {
  jupyterapp.shell.currentWidget.content.activeCellIndex = 1;
  window.benchStarted = performance.now();
  window.benchReceived = 0;
  jupyterapp.commands.execute("notebook:run-cell");
}
"""
CLEAR = "() => jupyterapp.commands.execute('notebook:clear-all-cell-outputs').then(() => undefined)"


def measure_bytes(run, what):
    start = time.perf_counter()
    sent = sending.pictures(run, 0)
    made = time.perf_counter() - start
    parts = {name: sum(len(picture[name]) for picture in sent) for name in sending.BYTES}
    heads = [{name: value for name, value in picture.items() if name not in parts} for picture in sent]
    parts["names (JSON)"] = len(json.dumps(heads, separators=(",", ":")))
    total = sum(parts.values())
    shown = maps_of(run)
    table = Table(f"Bytes: {len(run)} pictures, {len(shown)} cluster maps {what}")
    table.row("all that is sent", total / 1e6, "MB", note=f"made in {made:.2f} s")
    for name, size in parts.items():
        table.row(f"  {name}", size / 1e6, "MB")
    table.row("  maps as they are", sum(len(_cells(item)) for item in run) / 1e6, "MB")
    asked = [payload.channel_thumbnails(item) for item in run[:10]]
    table.row("a picture's channels, when a detail is opened", np.mean([len(one) for one in asked]) / 1e6, "MB")
    for side in OVERLAYS:
        pngs = measure_overlays(shown, side)
        table.row(f"the same as PNG overlays of {side} x {side}", pngs / 1e6, "MB")
        table.row("  over maps and pictures", pngs / (parts["maps"] + parts["image"]), "x")
        table.row("  over all that is sent", pngs / total, "x", 30, least=True)
    quality(run, table)
    return table


def _cells(item):
    maps = [shown.map for column in item.columns for shown in column.cluster_maps]
    rests = [column.rest.map for column in item.columns if column.rest.n_pruned + column.rest.n_dropped]
    return b"".join(np.uint8(255 * one).tobytes() for one in [*maps, *rests])


def measure_overlays(shown, side):
    """Sum the sizes of the windows with their maps laid on, as files; every eighth is made."""

    def size(pair):
        item, cluster = pair
        left, top, width, height = map(round, item.window)
        part = item.picture[top : top + height, left : left + width]
        buffer = io.BytesIO()
        Image.fromarray(overlay(part, cluster.map, (0, 0, width, height), size=(side, side))).save(buffer, "PNG")
        return len(buffer.getvalue())

    some = shown[::8]
    with ThreadPoolExecutor(2) as pool:
        return sum(pool.map(size, some)) * len(shown) / len(some)


def measure_page(playwright, run, path, title, *, width, across, switch):
    uri = export.page(run, path).as_uri()
    table = Table(title)
    browser = launch(playwright)
    opened = []
    for _ in range(5):
        page = open_page(browser, uri, width=width, height=900)
        painted = since_arrival(page, PAINTED)
        opened.append((painted, painted + page.evaluate("window.benchArrived")))
        if len(opened) < 5:
            page.close()
    painted, whole = np.median(opened, axis=0)
    cards = page.evaluate("document.querySelectorAll('.inv-card canvas').length")
    table.row(
        "data there -> all cards in sight painted", painted, "ms", 1000,
        note=f"from navigation {whole:.0f}; {path.stat().st_size / 1e6:.1f} MB; {cards} cards in the page",
    )  # fmt: skip
    steps = [("scroll sideways", SCROLL % across), ("scroll down", SCROLL_DOWN), ("drag the opacity", SLIDE)]
    unlimited = launch(playwright, *UNLIMITED)
    free = open_page(unlimited, uri, width=width, height=900)
    since_arrival(free, PAINTED)
    for name, step in [*steps, *([("another picture, 4 a second", SWITCH)] if switch else [])]:
        times, work = median_run(page, step)
        late = int((times > 34).sum())
        table.row(f"{name}: median frame", np.median(times), "ms", 16.7)
        table.row(
            "  95 of 100 frames under", np.percentile(times, 95), "ms", 33, note=f"{late} of {len(times)} over 34"
        )
        times, _ = median_run(free, step)
        note = f"frames without limit: median {np.median(times):.1f}, 95 of 100 under {np.percentile(times, 95):.1f}"
        table.row("  main thread's CPU time a frame", work, "ms", note=note)
    browser.close()
    unlimited.close()
    return table


def median_run(page, step):
    """Give the run whose median is the middle of three."""
    return sorted((frames(page, step) for _ in range(3)), key=lambda run: float(np.median(run[0])))[1]


def measure_jupyterlab(playwright, run, folder):
    run.save(folder / "run.parquet")
    cells = ["import inv_widgets as inv\nrun = inv.load('run.parquet')", "inv.Explorer(run)"]
    (folder / "bench.ipynb").write_text(json.dumps(document(cells)))
    table = Table("In JupyterLab: 50 pictures")
    browser = launch(playwright)
    with jupyterlab(folder, folder / "own") as address:
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        page.add_init_script(ARRIVED)
        notebook = Notebook(page, address, "bench.ipynb")
        notebook.run(0)
        times = []
        for _ in range(5):
            page.evaluate(CLEAR)
            page.evaluate(OPEN)
            shown = since_arrival(page, PAINTED)
            times.append((shown, shown + page.evaluate("benchArrived - benchStarted"), page.evaluate("benchReceived")))
            page.wait_for_timeout(500)
        painted, whole, received = np.median(times, axis=0)
        table.row("data there -> all cards in sight painted", painted, "ms", 1000)
        table.row("start of the cell -> the same", whole, "ms", note=f"{received / 1e6:.2f} MB from the kernel")
        notebook.shut_down()
    browser.close()
    return table


def main():
    few, wide = trained_pictures(), many_layers()
    tables = [measure_bytes(few, "of a trained network"), measure_bytes(many_pictures(), "from numbers")]
    with tempfile.TemporaryDirectory() as made, sync_playwright() as playwright:
        folder = Path(made)
        title = "Exported page: 50 pictures of 9 layers"
        tables.append(measure_page(playwright, few, folder / "few.html", title, width=1100, across=600, switch=True))
        title = "Exported page: one picture, 250 layers, 2,000 cluster maps in one view"
        tables.append(
            measure_page(playwright, wide, folder / "wide.html", title, width=1440, across=6000, switch=False)
        )
        tables.append(measure_jupyterlab(playwright, few, folder))
    missed = sum(table.missed for table in tables)
    print(f"\n{missed} goals missed ({load()})" if missed else f"\nall goals reached ({load()})")


if __name__ == "__main__":
    sys.exit(main())
