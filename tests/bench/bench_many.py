"""How many pictures a second: the passes alone, the columns alone, and ``explain_many``, which does both at a time.

Two ways share the cores: passes on some of them with the columns on the others (no core is either's while both have
work: this is where overlap shows), and both on all of them in turn, which is the default on a CPU. "Alone" has the same
threads as in the run beside it. Rounds go through all ways in turn in one process; printed are medians, by wall time
and by CPU time (all threads; the steadier where others use the machine). "Steady" leaves out the first quarter of the
pictures and the last two batches; "start" is the time to the first finished picture, "end" that from the last one to
the whole run on disk. All takes some ten minutes on two cores.

    python tests/bench/bench_many.py [--pictures 10000] [--rounds 3] [--cases fashion vgg lite0] [--no-memory]
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from concurrent.futures import Future
from functools import partialmethod
from pathlib import Path

import numpy as np
import torch
from tqdm.auto import tqdm

import inv_widgets as inv
from inv_widgets import datasets
from inv_widgets.analysis.assembly_line import AssemblyLine
from inv_widgets.analysis.batch_sizes import BatchSizes
from inv_widgets.analysis.column_makers import ColumnMakers
from inv_widgets.analysis.cores import Cores, count_cores
from inv_widgets.analysis.pipeline import named_picture
from inv_widgets.analysis.stages import passed, prepare, pruned_maps, through

RECIPE = inv.Recipe()
DEBIAN = Path("/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz")


def garments(number):
    """Small pictures: Debian's test set, and where it is not installed or not enough, others with noise."""
    if DEBIAN.exists():
        with gzip.open(DEBIAN) as file:
            real = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 28, 28)
    else:
        real = np.stack([np.asarray(inv.pictures.load_picture(one).array)[..., 0] for one in datasets.fashion()])
    noise = np.random.default_rng(0)
    for place in range(number):
        picture = real[place % len(real)]
        if place >= len(real):
            picture = np.clip(picture + noise.normal(0, 8, picture.shape), 0, 255).astype(np.uint8)
        yield np.repeat(picture[..., None], 3, axis=2)


def noise(number):
    random = np.random.default_rng(0)
    return [random.integers(0, 256, (256, 256, 3), np.uint8) for _ in range(number)]


def photos(number):
    own = [inv.pictures.load_picture(sample).array for sample in datasets.photos()]
    return [np.roll(own[place % len(own)], 7 * (place // len(own)), axis=1) for place in range(number)]


CASES = {  # network, layers, pictures, how many of them
    "fashion": ("Fashion-MNIST network, blocks", lambda: inv.Classifier.demo("fashion"), None, garments, 400),
    "vgg": (
        "VGG-16 (random weights), last 9",
        lambda: inv.Classifier.from_torchvision("vgg16", weights=None),
        "last 9",
        noise,
        40,
    ),
    "lite0": ("EfficientNet-Lite0, blocks", lambda: inv.Classifier.demo("photos"), None, photos, 64),
}


def rate(function, number):
    """Pictures a second of wall time, CPU seconds a picture (all threads), and what the function gives."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = function()
    return number / (time.perf_counter() - wall), (time.process_time() - cpu) / number, result


class Ways:
    """The passes, the columns and both, with the threads that torch has when they are called."""

    def __init__(self, net, pictures, layers, rows, workers):
        self.net, self.pictures, self.layers, self.rows, self.workers = net, pictures, layers, rows, workers
        ready = [prepare(net, named_picture(picture), None, RECIPE) for picture in pictures]
        self.batches = [ready[start : start + rows] for start in range(0, len(ready), rows)]
        network_hash = net.hash
        self.material = [
            (passed(net, network_hash, one, captured, row, RECIPE), kept)
            for batch, captured, pruned in self._passed()
            for row, (one, kept) in enumerate(zip(batch, pruned, strict=True))
        ]

    def _passed(self):
        for batch in self.batches:
            captured = through(self.net, batch, self.layers, self.rows)
            pruned = pruned_maps(captured, RECIPE, len(batch))
            places = range(len(captured.layers))
            yield batch, captured, [[pruned(row, place) for place in places] for row in range(len(batch))]

    def passes(self):
        for _ in self._passed():
            pass

    def columns(self):
        makers, futures = ColumnMakers(self.workers, Cores(self.workers)), []
        for known, kept in self.material:
            futures.append(Future())
            makers.submit(known, kept, futures[-1])
        for future in futures:
            future.result()
        makers.stop()

    def explain_many(self, pictures=None):
        """Explain them; give the moments when it began, when each was finished, and when all was written."""
        moments = [time.perf_counter()]
        with tempfile.TemporaryDirectory() as folder, noting(moments):
            inv.explain_many(
                self.net,
                self.pictures if pictures is None else pictures,
                layers=self.layers,
                out=Path(folder, "run"),
                workers=self.workers,
                batch_size=self.rows,
            )
            moments.append(time.perf_counter())
        return moments

    def steady(self, moments):
        """Pictures a second when neither the first batches nor the last ones are under way."""
        first = -(-len(self.pictures) // 4 // self.rows) * self.rows
        last = len(self.pictures) - 2 * self.rows
        return (last - first) / (moments[last] - moments[first])


@contextlib.contextmanager
def noting(moments):
    """Note when each picture is finished."""
    inner = AssemblyLine.given

    def given(line, slot):
        moments.append(time.perf_counter())
        inner(line, slot)

    AssemblyLine.given = given
    try:
        yield
    finally:
        AssemblyLine.given = inner


HEAD = ("", "passes", "columns", "explain_many", "steady", "ratio: whole", "steady", "start s", "end s")
WIDTHS = (54, 14, 14, 14, 8, 13, 7, 8, 6)


def line(*cells):
    print(
        "".join(f"{cell:{'<' if place == 0 else '>'}{WIDTHS[place]}}" for place, cell in enumerate(cells)), flush=True
    )


def table(name, options):
    title, make, layers, source, number = CASES[name]
    torch.manual_seed(0)
    try:
        net = make()
    except ImportError as error:
        line(f"{title} is left out: {error}")
        return
    pictures = list(source(options.number or number))
    cores = count_cores()
    apart = max(1, cores // 2)
    ways = {}
    for how, threads, workers in (("side by side", apart, max(1, cores - apart)), ("in turn", cores, cores)):
        torch.set_num_threads(threads)
        rows = BatchSizes(net, None, threads).of(net.preprocess(pictures[0]))
        key = f"  {how}: {threads} for torch, workers {workers}, batches of {rows}"
        ways[key] = (threads, Ways(net, pictures, layers, rows, workers))
        ways[key][1].explain_many(pictures[: 2 * rows])  # loads code
    some = pictures[: max(4, len(pictures) // 8)]
    line(f"{title}, {len(pictures)} pictures")
    found, singles = {key: [] for key in ways}, []
    for _ in range(options.rounds):
        for key, (threads, one) in ways.items():
            torch.set_num_threads(threads)
            found[key].append(measured(one))
        torch.set_num_threads(cores)
        singles.append(rate(lambda: [inv.explain(net, picture, None, layers) for picture in some], len(some))[:2])
    for key, rounds in found.items():
        line(key, *cells(rounds))
    speed, cpu = (statistics.median(column) for column in zip(*singles, strict=True))
    line(f"  inv.explain one by one, {cores} for torch", "", "", f"{speed:.1f} ({1000 * cpu:.0f})")


def measured(one):
    """One round: (pictures a second, CPU seconds a picture) of each way; the steady rate, start and end of the last."""
    number = len(one.pictures)
    passes, columns = (rate(way, number)[:2] for way in (one.passes, one.columns))
    speed, cpu, moments = rate(one.explain_many, number)
    return passes, columns, (speed, cpu), one.steady(moments), moments[1] - moments[0], moments[-1] - moments[-2]


def cells(rounds):
    """Medians; the ratios are of rates in one round."""
    middle = statistics.median
    for way in zip(*[found[:3] for found in rounds], strict=True):
        yield f"{middle(speed for speed, _ in way):.1f} ({1000 * middle(cpu for _, cpu in way):.0f})"
    yield f"{middle(found[3] for found in rounds):.1f}"
    slower = [min(found[0][0], found[1][0]) for found in rounds]
    yield f"{middle(found[2][0] / alone for found, alone in zip(rounds, slower, strict=True)):.2f}"
    yield f"{middle(found[3] / alone for found, alone in zip(rounds, slower, strict=True)):.2f}"
    for place in (4, 5):
        yield f"{middle(found[place] for found in rounds):.2f}"


def peak_memory():
    """MiB of resident memory at most so far; what getrusage says begins with what the parent had."""
    try:
        lines = Path("/proc/self/status").read_text("ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def child(number, threads):
    """Explain so many small pictures; print the peak of resident memory and the time it took."""
    torch.set_num_threads(threads)
    net = inv.Classifier.demo("fashion")
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        inv.explain_many(net, garments(50), out=Path(folder, "first"))
        before = peak_memory()
        done = []
        with noting(done):
            begin = time.perf_counter()
            run = inv.explain_many(net, garments(number), out=Path(folder, "run"))
        end = time.perf_counter()
        peak = peak_memory()
        disk = sum(file.stat().st_size for file in Path(folder).glob("run*"))
        assert len(run) == number, run
    print(number, before, peak, number / (end - begin), end - done[-1], disk / number)


def memory(pictures, threads):
    print(
        f"\nMany small pictures ({'Debian' if DEBIAN.exists() else 'shipped ones'}'s Fashion-MNIST), in MiB of resident"
    )
    print(f"  {'pictures':>9s} {'after 50':>9s} {'peak':>9s} {'a second':>9s} {'end s':>9s} {'bytes each':>10s}")
    for count in sorted({max(100, pictures // 10), pictures}):
        found = subprocess.run(
            [sys.executable, __file__, "--child", str(count), "--threads", str(threads)],
            env=os.environ,
            check=True,
            capture_output=True,
            text=True,
        )
        before, peak, speed, merge, size = map(float, found.stdout.split()[1:])
        print(f"  {count:9d} {before:9.0f} {peak:9.0f} {speed:9.1f} {merge:9.2f} {size:10.0f}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--pictures", type=int, default=10_000, help="for the memory")
    arguments.add_argument("--number", type=int, help="of pictures, for the rates; by default some dozen")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--cases", nargs="*", default=list(CASES), choices=list(CASES))
    arguments.add_argument("--no-memory", action="store_true")
    arguments.add_argument("--threads", type=int, default=torch.get_num_threads())
    arguments.add_argument("--child", type=int, help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.child:
        child(options.child, options.threads)
        return
    tqdm.__init__ = partialmethod(tqdm.__init__, disable=True)
    if options.cases:
        print(f"\nPictures a second (CPU ms a picture), {count_cores()} core(s), medians of {options.rounds} rounds")
        line(*HEAD)
    for name in options.cases:
        table(name, options)
    if not options.no_memory:
        memory(options.pictures, options.threads)


if __name__ == "__main__":
    main()
