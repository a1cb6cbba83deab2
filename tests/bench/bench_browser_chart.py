"""A GlobalChart of a class with 5,000 labels: from people's words to marks on screen, in Python and in the browser.

The labels are simulated. ``python tests/bench/bench_browser_chart.py``; Chromium is taken from PATH, or INV_CHROMIUM.
"""

import io
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from browser_measures import Table, frames, launch, load, open_page, since_arrival
from PIL import Image
from playwright.sync_api import sync_playwright

from inv_widgets.export.global_payload import payload
from inv_widgets.export.payload import to_json
from inv_widgets.summary.aggregation import MinSupport, global_labels, group_names
from inv_widgets.summary.evidence import ClassEvidence, Evidence, Explained, Finding
from inv_widgets.summary.examples import ExampleMap, Thumbnail
from inv_widgets.summary.groups import Layer
from inv_widgets.summary.spread import Bootstrap
from inv_widgets.summary.summary import Summary
from inv_widgets.widgets.global_chart import GlobalChart

LABELS = 5000
PICTURES = 250
MAPS = 5  # of a layer
SIDES = [56] * 3 + [28] * 3 + [14] * 3


def simulated():
    """Simulate what was said of 250 pictures of one class: few labels often, most of them once or twice."""
    random = np.random.default_rng(0)
    layers = tuple(
        Layer(
            f"features.{i}", f"block {3 + i // 3}, layer {1 + i % 3}", i, 3 + i // 3, 1 + i % 3, f"block {3 + i // 3}"
        )
        for i in range(9)
    )
    places = [(picture, layer, k) for picture in range(PICTURES) for layer in range(9) for k in range(MAPS)]
    often = 1 / np.arange(1, LABELS + 1)
    said = random.choice(LABELS, len(places), p=often / often.sum())
    said[random.permutation(len(places))[:LABELS]] = np.arange(LABELS)  # each at least once
    maps, findings, thumbnails = {}, [], {}
    for (picture, layer, k), number in zip(places, said.tolist(), strict=True):
        key, name, label = f"{picture:04x}{layer:x}{k:x}", f"hash {picture}", f"thing {number:04d}"
        side, weight, rounds = SIDES[layer], 40.0 / (k + 1), int(random.integers(1, 6))
        cells = random.integers(0, 255, side * side, np.uint8).tobytes()
        maps[key] = ExampleMap(
            key, layers[layer].name, layers[layer].title, layer, weight, f"picture {picture}.jpg", name, "dog",
            (side, side), cells, (0.0, 0.0, 96.0, 96.0), (96, 96), (label,), picture,
        )  # fmt: skip
        score = rounds * (1 - 0.1 * float(random.integers(0, 6)))
        who = frozenset(f"player {each}" for each in random.integers(0, 200, rounds).tolist())
        findings.append(Finding(label, name, layers[layer].name, key, score, weight, rounds, len(who), who))
    for picture in range(PICTURES):
        buffer = io.BytesIO()
        Image.fromarray(random.integers(0, 255, (12, 12, 3), np.uint8)).resize((96, 96)).save(buffer, "WEBP")
        thumbnails[f"hash {picture}"] = Thumbnail(buffer.getvalue(), 96, 96)
    names = {f"hash {picture}": f"picture {picture}.jpg" for picture in range(PICTURES)}
    played = {layer.name: frozenset(names) for layer in layers}
    found = ClassEvidence("dog", names, played, tuple(findings))
    explained = tuple(Explained(name, key, "dog") for key, name in names.items())
    return Evidence((found,), layers, maps, thumbnails, explained)


def timed(do):
    """Call it five times; give what it made, the median of the milliseconds, and of those on the CPU in words."""
    times = []
    for _ in range(5):
        start = time.perf_counter(), time.process_time()
        made = do()
        times.append((time.perf_counter() - start[0], time.process_time() - start[1]))
    wall, cpu = 1000 * np.median(times, axis=0)
    return made, float(wall), f"CPU time {cpu:.0f}"


def summary_of(evidence):
    support, bootstrap = MinSupport(), Bootstrap()
    rows = global_labels(evidence, support, bootstrap)
    return Summary(rows, group_names(evidence.layers), evidence, support, bootstrap)


DRAWN = """
const box = document.querySelector(".inv-chart[data-view=%s]");
return box?.querySelectorAll(".inv-vega[data-state=drawn] .mark-rect path").length > 4;
"""
SEARCH = """
if (i % 15 !== 0) return;
const input = document.querySelector(".inv-chart-search input");
input.value = `thing ${(i / 15) % 4}`;
input.dispatchEvent(new Event("input", { bubbles: true }));
"""
PICK = "if (i % 15 === 0) document.querySelectorAll('.inv-label')[(i / 15) % 10].click();"
SCROLL = "const s = document.querySelector('.inv-chart'); s.scrollTop = 600 * (1 - Math.cos(i / 40)) / 2;"


def measure_python(evidence):
    table = Table(f"In Python: one class, {LABELS} labels on {len(evidence.maps)} cluster maps of {PICTURES} pictures")
    summary, wall, cpu = timed(lambda: summary_of(evidence))
    table.row("scores, intervals over pictures, ranks", wall, "ms", note=f"{cpu}; {len(summary.rows)} rows")
    sent, wall, cpu = timed(lambda: payload(summary))
    table.row("summary -> what the front end reads", wall, "ms", 1000, note=cpu)
    chart, wall, cpu = timed(lambda: GlobalChart(summary))
    table.row("GlobalChart(summary): the same, and its specifications", wall, "ms", 1000, note=cpu)
    numbers = {name: value for name, value in sent.items() if name != "bytes"}
    table.row("sent: examples' maps", len(sent["bytes"]) / 1e6, "MB")
    table.row("sent: the rest, as JSON", len(to_json(numbers)) / 1e6, "MB")
    return table, chart


def measure_browser(playwright, chart, folder):
    table = Table("In the browser: the exported page")
    browser = launch(playwright)
    for view, most in [("labels", 12), ("labels", 200), ("trends", 12), ("layers", 12), ("layers", 200)]:
        chart.view, chart.max_labels = view, most
        uri = chart.save(folder / f"{view}-{most}.html").as_uri()
        opened = []
        for _ in range(5):
            page = open_page(browser, uri, width=1100, height=900)
            opened.append(since_arrival(page, DRAWN % view))
            page.close()
        goal = 1000 if most == 12 else None
        table.row(f"data there -> marks on screen: {view}, {most} labels", np.median(opened), "ms", goal)
    page = open_page(browser, (folder / "labels-12.html").as_uri(), width=1100, height=900)
    since_arrival(page, DRAWN % "labels")
    for name, step in [("scroll", SCROLL), ("another label, 4 a second", PICK), ("another search, 4 a second", SEARCH)]:
        times, work = frames(page, step)
        note = f"main thread's CPU time {work:.1f} a frame"
        table.row(f"{name}: median frame", np.median(times), "ms", 16.7, note=note)
        table.row("  95 of 100 frames under", np.percentile(times, 95), "ms", 33)
    browser.close()
    return table


def main():
    python, chart = measure_python(simulated())
    with tempfile.TemporaryDirectory() as made, sync_playwright() as playwright:
        missed = python.missed + measure_browser(playwright, chart, Path(made)).missed
    print(f"\n{missed} goals missed ({load()})" if missed else f"\nall goals reached ({load()})")


if __name__ == "__main__":
    sys.exit(main())
