"""A run of 10,000 pictures in the Explorer, in games and labelled: time and memory; then its use in JupyterLab.

Explanations have VGG-16's last nine conv layers (4 to 5 cluster maps each) and pictures of 384 x 288: 20 are made from
numbers and written under 10,000 names, 5 GB in a temporary folder.

    python tests/bench/bench_browser_large_run.py [--pictures 10000] [--folder /a/disk/with/room] [--no-lab]
"""

import argparse
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pyarrow as pa
from bench_browser_explorer import LAYERS, explanation
from browser_measures import ARRIVED, Table, frames, launch
from lab import Notebook, document, jupyterlab
from PIL import Image
from playwright.sync_api import sync_playwright

from inv_widgets import run_files
from inv_widgets.run import Run
from inv_widgets.run_files import RunFiles, RunWriter

BYTES_A_PICTURE = 600_000
DIFFERENT = 20
FRESH = 3  # processes, of which the median counts


def make(path, pictures):
    """Write the run; give seconds a picture and its size in bytes."""
    made = []
    for place in range(DIFFERENT):
        item = explanation(place, LAYERS, lambda random: int(random.integers(4, 6)))
        pixels = np.asarray(Image.fromarray(item.picture).resize((384, 288)))
        made.append(replace(item, picture=pixels, window=tuple(side / 2 for side in item.window)))
    few = path.with_name("few.parquet")
    source = RunFiles(Run(made).save(few))
    tables = [source.tables(place) for place in range(DIFFERENT)]
    start = time.perf_counter()
    with RunWriter(path) as writer:
        for place in range(pictures):
            writer.copy(own_ids(tables[place % DIFFERENT], place), name=name_of(place))
    return time.perf_counter() - start, sum(file.stat().st_size for file in path.parent.glob(f"{path.stem}.*"))


def own_ids(tables, place):
    """Give a copy's picture and cluster maps ids of their own, as those of another picture would have."""
    changed = dict(tables)
    for kind, name in [("pictures", "hash"), ("cluster_maps", "id")]:
        table = tables[kind]
        at = table.schema.get_field_index(name)
        ids = [blake2b(f"{place} {one}".encode(), digest_size=8).hexdigest() for one in table[name].to_pylist()]
        changed[kind] = table.set_column(at, table.schema.field(at), pa.array(ids, pa.string()))
    return changed


def name_of(place):
    return f"picture {place:05d}.jpg"


def measure(path):
    """In a process of its own: what each step takes, and the memory afterwards."""
    import inv_widgets as inv

    inv.Explorer(Run([]))  # imports, and the front end is read
    found = {"memory before": memory()}

    def step(name, work):
        start, busy = time.perf_counter(), time.process_time()
        result = work()
        found[name] = 1000 * (time.perf_counter() - start)
        found[f"{name}, CPU"] = 1000 * (time.process_time() - busy)
        return result

    explorer = step("inv.Explorer(path), load included", lambda: inv.Explorer(path))
    found["memory: explored"] = memory()
    state = explorer.get_state("_pictures")["_pictures"]
    found["sent"] = sum(len(value) for one in state for value in one.values() if isinstance(value, bytes))
    found["sent"] += len(json.dumps(state, default=lambda value: ""))
    step("what is sent as a still figure", explorer._repr_mimebundle_)
    run_files._OPEN.clear()
    run = step("inv.load(path)", lambda: inv.load(path))
    keys = step("run.keys", lambda: run.keys)
    step("run[name]", lambda: run[keys[len(keys) // 2][0]])
    step("run[-1]", lambda: run[-1])
    step("run.filter(target=3)", lambda: run.filter(target=3))
    first = len(run) // 3
    ask = [str(place) for place in range(first, min(len(run), first + 24))]
    step("24 thumbnails", lambda: explorer._answer_thumbnails({"keys": ask}))
    step("one picture, whole", lambda: explorer._answer_picture({"key": str(len(run) // 4)}))
    found["memory: peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(found))


def memory():
    """Resident, in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def in_fresh_processes(path):
    command = [sys.executable, __file__, "--measure", str(path)]
    found = [
        json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout) for _ in range(FRESH)
    ]
    return {name: statistics.median(one[name] for one in found) for name in found[0]}


def with_people(table, path, folder):
    """Games, labels and workshops on the run, each in a process of its own; see ``large_run_game.py``."""
    goals = {"inv.Game(path), a new store": 2000, "inv.Workspace(path), a new store": 3000, "inv.GlobalChart": 2000}
    for part in ("game", "labels", "workspace", "workshop"):
        command = [sys.executable, str(Path(__file__).with_name("large_run_game.py")), str(path), str(folder), part]
        found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        for what in [name for name in found if f"{name}, CPU" in found]:
            table.row(what, found[what], "ms", goals.get(what), note=f"(CPU {found[f'{what}, CPU']:.0f} ms)")
        for what in ("memory before", "memory: peak", "memory: its process"):
            if what in found:
                goal = 500 if part == "game" and what == "memory: peak" else None
                table.row(f"  resident, {part}: {what.removeprefix('memory').strip(': ')}", found[what], "MB", goal)


# Runs the second cell and waits until a card of the Explorer bears pixels.
OPEN = """
() => new Promise((resolve) => {
  const start = performance.now();
  jupyterapp.shell.currentWidget.content.activeCellIndex = 1;
  jupyterapp.commands.execute("notebook:run-cell");
  const look = () => {
    if (PAINTED()) {
      requestAnimationFrame(() => resolve([performance.now() - start, performance.now() - window.benchArrived]));
    }
    else requestAnimationFrame(look);
  };
  look();
})
"""

# Does something and waits until it has had its effect: milliseconds.
UNTIL = """
([act, done]) => new Promise((resolve) => {
  const [strip, root] = [document.querySelector(".inv-thumbnails"), document.querySelector(".inv-explorer")];
  const start = performance.now();
  new Function("strip", "root", act)(strip, root);
  const holds = new Function("strip", "root", done);
  const look = () => {
    if (holds(strip, root)) requestAnimationFrame(() => resolve(performance.now() - start));
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})
"""
PAINTED = """
window.PAINTED = () => {
  const canvas = document.querySelector(".inv-card canvas");
  const { width, height } = canvas ?? {};
  return width > 0 && canvas.getContext("2d").getImageData(width >> 1, height >> 1, 1, 1).data[3] > 0;
};
"""
# All thumbnails in sight are decoded pictures.
SEEN = """
const box = strip.getBoundingClientRect();
const options = [...strip.querySelectorAll("[role=option]")].filter((one) => {
  const { left, right } = one.getBoundingClientRect();
  return right > box.left && left < box.right;
});
const drawn = (one) => one.querySelector("img")?.complete && one.querySelector("img").naturalWidth > 0;
return options.length > 5 && options.every(drawn);
"""
SEARCH = """
const input = root.querySelector("input[type=search]");
input.value = "{text}";
input.dispatchEvent(new Event("input", {{ bubbles: true }}));
"""
KEY = """
strip.querySelector("[aria-selected=true]").focus();
document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "End", bubbles: true, cancelable: true }));
"""


def in_jupyterlab(table, path, pictures, browser, folder):
    cells = [
        "import inv_widgets as inv\ninv.Explorer([])",
        f"explorer = inv.Explorer({str(path)!r})\nexplorer",
        "print(open('/proc/self/status').read())",
    ]
    (folder / "bench.ipynb").write_text(json.dumps(document(cells)))
    with jupyterlab(folder, folder / "own") as address:
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        page.add_init_script(ARRIVED)
        notebook = Notebook(page, address, "bench.ipynb")
        page.evaluate(PAINTED)
        notebook.run(0)
        opened = []
        for _ in range(FRESH):
            page.evaluate("() => jupyterapp.commands.execute('notebook:clear-all-cell-outputs').then(() => undefined)")
            opened.append(page.evaluate(OPEN))
            page.wait_for_timeout(1000)
        table.row("JupyterLab: start of the cell to a painted card, first", opened[0][0], "ms", 2000)
        table.row("  and again, median", statistics.median(whole for whole, _ in opened), "ms", 2000)
        table.row("  of it after the state has arrived", statistics.median(late for _, late in opened), "ms", 1000)
        notebook.output(1).scroll_into_view_if_needed()

        def until(what, act, done, goal=None):
            table.row(what, page.evaluate(UNTIL, [act, done]), "ms", goal)

        until("far away in the strip: all thumbnails in sight", f"strip.scrollLeft = {54 * pictures // 2}", SEEN, 1000)
        times, work = frames(page, "document.querySelector('.inv-thumbnails').scrollLeft += 40", 150)
        table.row("scrolling the strip: median frame", np.median(times), "ms", 16.8)
        table.row("  95 of 100 frames", np.percentile(times, 95), "ms", 33)
        table.row("  the main thread's work a frame", work, "ms")
        wanted = name_of(pictures // 3)
        found = "const one = strip.querySelectorAll('[role=option]');"
        found += f"return one.length === 1 && one[0].title.startsWith('{wanted}')"
        until("a search over all names", SEARCH.format(text=wanted), found, 200)
        shown = f"return root.querySelector('h2')?.textContent === '{wanted}' && PAINTED()"
        until("a click on a picture, to a painted card", "strip.querySelector('[role=option]').click()", shown, 1000)
        until("the search is taken back", SEARCH.format(text=""), "return strip.querySelectorAll('button').length > 20")
        last = f"return root.querySelector('h2')?.textContent === '{name_of(pictures - 1)}' && PAINTED()"
        until("the End key, to a painted card", KEY, last, 1000)
        table.row("thumbnails that stand in the page", page.locator(".inv-thumbnails [role=option]").count(), "", 100)
        notebook.run(2)
        resident = next(line for line in notebook.text(2).splitlines() if line.startswith("VmRSS"))
        table.row("the kernel's resident memory at the end", int(resident.split()[1]) / 1024, "MB", 500)
        notebook.shut_down()


def main(options):
    room = Path(options.folder or tempfile.gettempdir())
    if shutil.disk_usage(room).free < 1.2 * BYTES_A_PICTURE * options.pictures:
        sys.exit(f"[inv-widgets] {room} has not enough room: give another --folder, or fewer --pictures.")
    with tempfile.TemporaryDirectory(dir=room) as name:
        folder = Path(name)
        path = folder / "run.parquet"
        took, size = make(path, options.pictures)
        table = Table(f"A run of {options.pictures:,} pictures, {size / 1e9:.1f} GB, written in {took:.0f} s")
        found = in_fresh_processes(path)
        goals = {"inv.Explorer(path), load included": 2000}
        for what in [name for name in found if f"{name}, CPU" in found]:
            table.row(what, found[what], "ms", goals.get(what), note=f"(CPU {found[f'{what}, CPU']:.0f} ms)")
        table.row("sent to the browser at first", found["sent"] / 1e6, "MB")
        table.row("resident memory before", found["memory before"], "MB")
        table.row("  with the Explorer open", found["memory: explored"], "MB", 500)
        table.row("  the peak of all of this", found["memory: peak"], "MB", 500)
        with_people(table, path, folder)
        if not options.no_lab:
            with sync_playwright() as playwright:
                browser = launch(playwright)
                in_jupyterlab(table, path, options.pictures, browser, folder)
                browser.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A run of 10,000 pictures in the Explorer.")
    parser.add_argument("--pictures", type=int, default=10_000)
    parser.add_argument("--folder", help="where the run is written for the time of the bench")
    parser.add_argument("--no-lab", action="store_true", help="the Python side only")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        measure(given.measure)
    else:
        main(given)
