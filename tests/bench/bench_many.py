"""How many pictures a second: the passes alone, the columns alone, and ``explain_many``, which does both at a time.

Two ways share the cores: passes on some of them with the columns on the others (no core is either's while both have
work: this is where overlap shows), and both on all of them in turn, which is the default on a CPU. "Alone" has the same
threads as in the run beside it. Rounds go through all ways in turn in one process; printed are medians, by wall time
and by CPU time (all threads; the steadier where others use the machine).

    python tests/bench/bench_many.py [--pictures 10000] [--rounds 3] [--cases fashion vgg lite0] [--no-memory]
"""

from __future__ import annotations

import argparse
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
        16,
    ),
    "lite0": ("EfficientNet-Lite0, blocks", lambda: inv.Classifier.demo("photos"), None, photos, 48),
}


def rate(function, number):
    """Pictures a second of wall time, and CPU seconds a picture."""
    wall, cpu = time.perf_counter(), time.process_time()
    function()
    return number / (time.perf_counter() - wall), (time.process_time() - cpu) / number


class Ways:
    """The passes, the columns and both, with the threads that torch has when they are called."""

    def __init__(self, net, pictures, layers, rows, workers):
        self.net, self.pictures, self.layers, self.rows, self.workers = net, pictures, layers, rows, workers
        ready = [prepare(net, named_picture(picture), None, RECIPE) for picture in pictures]
        self.batches = [ready[start : start + rows] for start in range(0, len(ready), rows)]
        self.material = [
            (passed(net, net.hash, one, captured, row, RECIPE), kept)
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

    def explain_many(self):
        with tempfile.TemporaryDirectory() as folder:
            inv.explain_many(
                self.net,
                self.pictures,
                layers=self.layers,
                out=Path(folder, "run"),
                workers=self.workers,
                batch_size=self.rows,
            )


def table(name, options):
    title, make, layers, source, number = CASES[name]
    torch.manual_seed(0)
    try:
        net = make()
    except ImportError as error:
        print(f"\n{title} is left out: {error}")
        return
    pictures = list(source(options.number or number))
    cores = count_cores()
    apart = max(1, cores // 2)
    ways = {}
    for how, threads, workers in (("side by side", apart, max(1, cores - apart)), ("in turn", cores, cores)):
        torch.set_num_threads(threads)
        inputs = net.preprocess(pictures[0])
        rows = BatchSizes(net, None, threads).of(inputs)
        key = f"{how}: torch's threads {threads}, workers {workers}, batches of {rows}"
        ways[key] = (threads, Ways(net, pictures, layers, rows, workers))
    some = pictures[: max(4, len(pictures) // 4)]
    single = lambda: [inv.explain(net, picture, None, layers) for picture in some]  # noqa: E731
    print(f"\n{title}: {len(pictures)} pictures, {cores} core(s)")
    print(
        f"  {'pictures a second (CPU ms a picture)':44s} {'passes':>14s} {'columns':>14s} {'explain_many':>14s}  ratio"
    )
    names = ("passes", "columns", "explain_many")
    found = {key: {way: [] for way in names} for key in ways}
    singles = []
    for round_ in range(options.rounds + 1):
        for key, (threads, one) in ways.items():
            torch.set_num_threads(threads)
            for way in names:
                measured = rate(getattr(one, way), len(pictures))
                if round_:  # the first loads code
                    found[key][way].append(measured)
        torch.set_num_threads(cores)
        if round_:
            singles.append(rate(single, len(some)))
    for key, one in found.items():
        middle = {way: [statistics.median(column) for column in zip(*rates, strict=True)] for way, rates in one.items()}
        ratios = [
            both[0] / min(passes[0], columns[0])
            for passes, columns, both in zip(one["passes"], one["columns"], one["explain_many"], strict=True)
        ]
        cells = "".join(f" {speed:7.2f} ({1000 * cpu:4.0f})" for speed, cpu in middle.values())
        print(f"  {key:44s}{cells}   {statistics.median(ratios):.2f}")
    speed, cpu = (statistics.median(column) for column in zip(*singles, strict=True))
    print(f"  inv.explain one by one, torch's threads {cores}: {speed:.2f} ({1000 * cpu:.0f})")


def child(number, threads):
    """Explain so many small pictures; print the peak of resident memory and the time it took."""
    torch.set_num_threads(threads)
    net = inv.Classifier.demo("fashion")
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        inv.explain_many(net, garments(50), out=Path(folder, "first"))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        begin = time.perf_counter()
        done = []
        inner = AssemblyLine.given

        def given(line, slot):
            done.append(time.perf_counter())
            inner(line, slot)

        AssemblyLine.given = given
        run = inv.explain_many(net, garments(number), out=Path(folder, "run"))
        end = time.perf_counter()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        disk = sum(file.stat().st_size for file in Path(folder).glob("run*"))
        assert len(run) == number, run
    print(number, before / 1024, peak / 1024, number / (end - begin), end - done[-1], disk / number)


def memory(pictures, threads):
    print(
        f"\nMany small pictures ({'Debian' if DEBIAN.exists() else 'shipped ones'}'s Fashion-MNIST), in MiB of resident"
    )
    print(f"  {'pictures':>9s} {'after 50':>9s} {'peak':>9s} {'a second':>9s} {'merge, s':>9s} {'bytes each':>10s}")
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
    for name in options.cases:
        table(name, options)
    if not options.no_memory:
        memory(options.pictures, options.threads)


if __name__ == "__main__":
    main()
