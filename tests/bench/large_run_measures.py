"""What `large_run_arithmetic.py` needs: CPU seconds and bytes a picture, and what a driver spends on a million of them.

CPU time on one thread, medians over pictures, so that other jobs on the machine matter little. The pictures are the
demo photos at the size that ImageNet's have most often (longer side 500), as JPEG files.

    python tests/bench/large_run_measures.py [--pictures 20] [--million 1281167]
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

import torch
from PIL import Image

import inv_widgets as inv
from inv_widgets.analysis.activations import capture
from inv_widgets.analysis.distributed_folder import PartsFolder, entry_id
from inv_widgets.analysis.picture_lists import entries
from inv_widgets.run_files import RunWriter, companions
from inv_widgets.run_folder import RunFolder

CASES = {
    "EfficientNet-Lite0, blocks": (lambda: inv.Classifier.demo("photos"), None),
    "VGG-16 (random weights), last 9": (lambda: inv.Classifier.from_torchvision("vgg16", weights=None), "last 9"),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=20)
    parser.add_argument("--million", type=int, default=1_281_167)
    parser.add_argument("--open", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.open is not None:
        open_run(given.open)
        return
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        files = photos(Path(folder), given.pictures)
        if given.million:
            a_million(Path(folder) / "run", given.million)
        for name, (make, layers) in CASES.items():
            a_picture(name, make(), layers, files, Path(folder))


def photos(folder, number):
    own, files = inv.datasets.photos(), []
    for place in range(number):
        with Image.open(own[place % len(own)].picture) as image:
            scale = 500 / max(image.size)
            small = image.convert("RGB").resize((round(image.width * scale), round(image.height * scale)))
        files.append(folder / f"{place}.jpg")
        small.rotate(7 * (place // len(own))).save(files[-1], quality=90)
    return files


def a_picture(name, net, layers, files, folder):
    cpu = {"read": [], "passes": [], "columns": []}
    inv.explain(net, files[0], layers=layers)  # compiles, and finds the layers
    path, made = folder / "measured.parquet", []
    for file in files:
        picture, decoding = timed(inv.pictures.load_picture, file)
        _, preprocessing = timed(net.preprocess, picture)
        _, captured = timed(capture, net, picture, layers=layers)
        explanation, whole = timed(inv.explain, net, picture, layers=layers)
        cpu["read"].append(decoding + preprocessing)
        cpu["passes"].append(captured - preprocessing)
        cpu["columns"].append(whole - captured)
        made.append(explanation)
    write(path, made[:1])  # imports what writes
    # Explanations are written some together: their time, shared by all.
    cpu["write"] = [timed(write, path, made)[1] / len(files)]
    print(f"\n{name}: {len(files)} photos, CPU milliseconds a picture on one thread")
    for step, seconds in cpu.items():
        print(f"  {step:10s} {1000 * statistics.median(seconds):8.1f}")
    beside = sum(statistics.median(seconds) for step, seconds in cpu.items() if step != "passes")
    print(f"  beside the passes, in all: {1000 * beside:.1f} ms")
    for kind, file in companions(path).items():
        print(f"  {kind:13s} {file.stat().st_size / len(files) / 1024:8.1f} KiB a picture")
    print(
        f"  in all        {sum(file.stat().st_size for file in companions(path).values()) / len(files) / 1024:8.1f} KiB"
    )
    print(f"  as JPEG files {sum(file.stat().st_size for file in files) / len(files) / 1024:8.1f} KiB")


def write(path, explanations):
    with RunWriter(path) as writer:
        for explanation in explanations:
            writer.add(explanation)


def a_million(folder, number, part_size=256):
    """What the driver does: list the pictures, keep what workers report, write the manifest; and what a reader does."""
    print(
        f"\nthe driver, {number:,} pictures in parts of {part_size}; memory beyond that of the list of names and paths"
    )
    given = [(f"n{n % 1000:08d}/{n}.JPEG", f"/data/imagenet/train/n{n % 1000:08d}/{n}.JPEG") for n in range(number)]
    steps = Steps()
    todo, _ = entries(given)
    wanted = [(entry_id(entry, "first choice"), entry.name) for entry in todo]
    steps.tell("lists pictures")
    job = {"network": "n", "network_hash": "0" * 16, "recipe": inv.Recipe().to_json(), "layers": "blocks"}
    parts = PartsFolder(folder, job, resume=True)
    for first in range(0, number, part_size):
        rows = [(id_, name, name[:9]) for id_, name in wanted[first : first + part_size]]
        parts.add(f"{parts.generation}-{uuid.uuid4().hex[:16]}.parquet", rows)
    steps.tell("keeps what is made")
    parts.commit(wanted, {})
    steps.tell("writes the manifest")
    for file in sorted(folder.glob("*.*")):
        print(f"    {file.name.partition('-')[0]:15s} {file.stat().st_size / 2**20:7.1f} MiB")
    sys.stdout.flush()
    subprocess.run([sys.executable, __file__, "--open", str(folder)], check=True)


def open_run(folder):
    steps = Steps()
    run = RunFolder(folder)
    steps.tell("a reader opens it")
    names = list(run.keys)
    steps.tell("all names as a list")
    assert len(names) == len(run.keys)


class Steps:
    """Tells CPU time since the last step, and resident memory since the first."""

    def __init__(self):
        self.memory, self.time = resident(), time.process_time()

    def tell(self, what):
        seconds = time.process_time() - self.time
        print(f"  {what:20s} {seconds:7.1f} s CPU  {resident() - self.memory:6.0f} MiB more")
        self.time = time.process_time()


def timed(function, *arguments, **options):
    started = time.process_time()
    result = function(*arguments, **options)
    return result, time.process_time() - started


def resident():
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    main()
