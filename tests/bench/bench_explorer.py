"""The Explorer with 50 pictures of 9 layers: bytes sent, time to first paint, frame times while it is used.

In an exported page, then in JupyterLab: from the start of the cell to a painted card, and what came from the kernel.

``python tests/bench/bench_explorer.py [PICTURES]``. Chromium is taken from PATH, or from INV_CHROMIUM.
"""

import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))
from lab import FLAGS, Notebook, document, jupyterlab
from playwright.sync_api import sync_playwright

from inv_widgets import export
from inv_widgets.explanation import ClusterMap, Column, Explanation, Prediction, Rest
from inv_widgets.export import payload
from inv_widgets.run import Run

BYTES = ("image", "thumbnail", "maps", "channels", "channel_weights", "thumbnails")

# VGG-16's last nine conv layers: (side of the maps, maps); 4 to 5 cluster maps each make about 2,000 over 50 pictures.
LAYERS = [(56, 256)] * 3 + [(28, 512)] * 3 + [(14, 512)] * 3


def bumps(random, sides, n):
    """Draw n smooth maps, float32 in 0..1."""
    rows, columns = np.mgrid[0:sides, 0:sides].astype(np.float32) / sides
    centres = random.uniform(0.1, 0.9, (n, 2, 1, 1))
    return np.exp(-((rows - centres[:, 0]) ** 2 + (columns - centres[:, 1]) ** 2) / 0.03).astype(np.float32)


def explanation(place):
    random = np.random.default_rng(place)
    height, width = 576, 768
    rows, columns = np.mgrid[0:height, 0:width] / width
    waves = [np.sin(9 * (rows * a + columns * b) + c) for a, b, c in random.uniform(0.3, 3, (3, 3))]
    noise = random.normal(0, 9, (height, width, 1))
    picture = np.clip(127.5 + 100 * np.stack(waves, -1) + noise, 0, 255).astype(np.uint8)
    made = []
    for depth, (side, n_maps) in enumerate(LAYERS):
        n = int(random.integers(4, 6))
        raw = bumps(random, side, n)
        maps = []
        for cluster in range(n):
            channels = np.arange(cluster * 40, cluster * 40 + 40)
            weight = 30.0 / (cluster + 1)
            thumbnails = np.stack([255 * bumps(random, min(side, 16), 1)[0] for _ in range(12)])
            maps.append(
                ClusterMap.from_raw(
                    raw[cluster],
                    id=f"{place:08x}{depth:04x}{cluster:04x}",
                    cluster=cluster,
                    channels=channels,
                    channel_weights=np.full(40, weight / 40),
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
        picture=picture, name=name, picture_hash=name, network="vgg16", network_hash="bench",
        window=(96.0, 0.0, 576.0, 576.0), target=place % 10, target_name=f"category {place % 10}",
        target_probability=0.9, prediction=Prediction(place % 10, f"category {place % 10}", 0.9), columns=tuple(made),
    )  # fmt: skip


# Waits until the cards that are in sight bear pixels.
PAINTED = """
() => new Promise((resolve) => {
  const seen = (canvas) => {
    const box = canvas.getBoundingClientRect();
    return box.right > 0 && box.left < innerWidth && box.bottom > 0 && box.top < innerHeight;
  };
  const drawn = (canvas) => {
    if (canvas.width === 0) return false;
    const { width, height } = canvas;
    return canvas.getContext("2d").getImageData(width >> 1, height >> 1, 1, 1).data[3] > 0;
  };
  const look = () => {
    const cards = [...document.querySelectorAll(".inv-card canvas")].filter(seen);
    if (cards.length > 0 && cards.every(drawn)) resolve(performance.now());
    else requestAnimationFrame(look);
  };
  look();
})
"""

# Does a step each frame and gives the times between frames.
FRAMES = """
(step) => new Promise((resolve) => {
  const act = new Function("i", step);
  const times = [];
  let [last, i] = [performance.now(), 0];
  const frame = (now) => {
    times.push(now - last);
    last = now;
    act(i++);
    if (i < 150) requestAnimationFrame(frame);
    else resolve(times.slice(2));
  };
  requestAnimationFrame(frame);
})
"""
SCROLL = "const s = document.querySelector('.inv-columns'); s.scrollLeft = 900 * Math.abs(Math.sin(i / 40));"
SCROLL_DOWN = "const s = document.querySelector('.inv-columns'); s.scrollTop = 700 * Math.abs(Math.sin(i / 40));"
SLIDE = """
const input = document.querySelectorAll('.inv-slider')[0];
input.value = String(Math.abs(Math.sin(i / 30)));
input.dispatchEvent(new Event('input', { bubbles: true }));
"""
SWITCH = "if (i % 15 === 0) document.querySelectorAll('.inv-thumbnail')[i / 15 + 1]?.click();"


# Runs the second cell and gives the time until its first card bears pixels.
OPEN = """
() => new Promise((resolve) => {
  const start = performance.now();
  jupyterapp.shell.currentWidget.content.activeCellIndex = 1;
  jupyterapp.commands.execute("notebook:run-cell");
  const look = () => {
    const canvas = document.querySelector(".inv-card canvas");
    const { width, height } = canvas ?? {};
    if (width && canvas.getContext("2d").getImageData(width >> 1, height >> 1, 1, 1).data[3] > 0)
      resolve(performance.now() - start);
    else requestAnimationFrame(look);
  };
  look();
})
"""
CLEAR = "() => jupyterapp.commands.execute('notebook:clear-all-cell-outputs').then(() => undefined)"


def in_jupyterlab(run, browser, folder):
    run.save(folder / "run.parquet")
    cells = ["import inv_widgets as inv\nrun = inv.load('run.parquet')", "inv.Explorer(run)"]
    (folder / "bench.ipynb").write_text(json.dumps(document(cells)))
    with jupyterlab(folder, folder / "own") as address:
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        received = []
        notebook = Notebook(page, address, "bench.ipynb")
        network = page.context.new_cdp_session(page)
        network.send("Network.enable")
        network.on("Network.webSocketFrameReceived", lambda event: received.append(size_of(event["response"])))
        notebook.run(0)
        times = []
        for _ in range(5):
            page.evaluate(CLEAR)
            received.clear()
            times.append(page.evaluate(OPEN))
            page.wait_for_timeout(500)
        print(f"in JupyterLab       {sorted(times)[2]:8.0f} ms   from the start of the cell to a painted card")
        print(f"  from the kernel   {sum(received) / 1e6:8.2f} MB")
        notebook.shut_down()


def size_of(frame):
    """Give a WebSocket frame's bytes; binary ones (opcode 2) come as base64."""
    return len(frame["payloadData"]) * (3 / 4 if frame["opcode"] == 2 else 1)


def main(pictures):
    chromium = os.environ.get("INV_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("no Chromium was found: apt install chromium, or INV_CHROMIUM=/path/to/chromium")
    run = Run([explanation(place) for place in range(pictures)])
    cluster_maps = sum(len(column.cluster_maps) for item in run for column in item.columns)
    start = time.perf_counter()
    sent = payload.pictures(run)
    made = time.perf_counter() - start
    size = {name: sum(len(picture[name]) for picture in sent) / 1e6 for name in BYTES}
    print(f"{pictures} pictures, {len(LAYERS)} layers, {cluster_maps} cluster maps")
    print(f"bytes sent          {sum(size.values()):8.2f} MB   (made in {made:.2f} s)")
    for name, megabytes in size.items():
        print(f"  {name:<17} {megabytes:8.2f} MB")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = export.page(run, Path(folder) / "page.html")
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        opened = []
        for _ in range(3):
            page = browser.new_page(viewport={"width": 1100, "height": 800})
            page.goto(path.as_uri(), wait_until="commit")
            page.wait_for_selector(".inv-card")
            painted = page.evaluate(PAINTED)
            first = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN")
            opened.append((painted, first))
        painted, first = (sorted(values)[1] for values in zip(*opened, strict=True))
        print(f"first paint         {first:8.0f} ms")
        print(f"all cards in sight  {painted:8.0f} ms   (from navigation; goal: under 2000)")
        for name, step in [
            ("scroll sideways", SCROLL),
            ("scroll down", SCROLL_DOWN),
            ("opacity slider", SLIDE),
            ("another picture", SWITCH),
        ]:
            times = np.array(page.evaluate(FRAMES, step))
            late = int((times > 34).sum())
            print(
                f"{name:<18}  {np.median(times):8.1f} ms a frame, 95 % under {np.percentile(times, 95):.1f}, "
                f"worst {times.max():.1f}, {late} of {len(times)} over 34"
            )
        in_jupyterlab(run, browser, Path(folder))
        browser.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50)
