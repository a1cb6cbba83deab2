"""What an explanation costs, as a ratio to one forward + backward pass of the network; what it starts with and needs.

The pass that is compared with is the barest one: forward, then ``autograd.grad`` with respect to the chosen activations
only. Each round times one pass and one of everything else, in turn, in one process; printed are the medians of the
rounds' ratios, of wall time and of CPU time (all threads of the process; where others use the machine, the steadier).

    python tests/bench/bench_analysis.py [--rounds 7] [--threads N] [--no-published] [--every 5]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import contextmanager
from functools import partial
from unittest import mock

import analysis_memory
import analysis_quality
import numpy as np
import torch

import inv_widgets as inv
from inv_widgets.analysis import clustering, columns, embedding, pruning, stages
from inv_widgets.analysis.activations import capture
from inv_widgets.torch_support import eval_pass

PICTURE = np.random.default_rng(0).integers(0, 256, (224, 224, 3), np.uint8)
CASES = {  # network, layers, the ratio to stay below
    "VGG-16 (random weights), last 9": (
        lambda: inv.Classifier.from_torchvision("vgg16", weights=None),
        "last 9",
        1.75,
    ),
    "EfficientNet-Lite0, blocks": (lambda: inv.Classifier.demo("photos"), "blocks", 3.0),
    "EfficientNet-Lite0, all": (lambda: inv.Classifier.demo("photos"), "all", 6.0),
}
PARTS = {
    "passes": (stages, "capture"),
    "weights, pruning": (pruning, "_surveyed"),
    "min-max": (clustering, "flat_maps"),
    "PCA": (embedding, "pca"),
    "t-SNE": (embedding, "tsne"),
    "Ward and silhouettes": (clustering, "cluster_points"),
    "thumbnails": (columns, "thumbnails"),
}


def bare_pass(net, inputs, layers):
    """Forward, and backward to the chosen activations; hooks on their modules, nothing else."""
    wanted = [layer.activation or layer.name for layer in layers]
    modules = dict(net.module.named_modules())
    wanted = [
        name if name.partition(":")[0] in modules else layer.name for name, layer in zip(wanted, layers, strict=True)
    ]
    calls = defaultdict(list)
    handles = [
        modules[name].register_forward_hook(lambda _, __, output, name=name: calls[name].append(output))
        for name in {name.partition(":")[0] for name in wanted}
    ]
    try:
        with eval_pass(net.module):
            start = inputs.clone().requires_grad_()
            logits = net.logits_of(net.module(start))
            taps = [calls[base][int(call or 0)] for base, _, call in (name.partition(":") for name in wanted)]
            return torch.autograd.grad(logits[0, int(logits.argmax())], taps, allow_unused=True)
    finally:
        for handle in handles:
            handle.remove()


def pass_a_layer(net, inputs, layers):
    """The published code's way."""
    for layer in layers:
        bare_pass(net, inputs, [layer])


def grad_cam(net, inputs, layers):
    """The package grad-cam: all layers in one pass, maps included, no clusters."""
    from pytorch_grad_cam import GradCAM

    modules = dict(net.module.named_modules())
    with GradCAM(net.module, [modules[layer.name] for layer in layers]) as method:
        method(inputs)


def captum_grad_cam(net, inputs, layers):
    """Captum's LayerGradCam: a pass a layer, maps included, no clusters."""
    from captum.attr import LayerGradCam

    modules = dict(net.module.named_modules())
    target = int(net.module(inputs).argmax())
    for layer in layers:
        LayerGradCam(net.module, modules[layer.name]).attribute(inputs, target)


@contextmanager
def timed_parts(spent):
    """Add up the CPU seconds that a thread spends in each part."""

    def timing(function, part):
        def timed(*arguments, **options):
            begin = time.thread_time()
            try:
                return function(*arguments, **options)
            finally:
                spent[part] += time.thread_time() - begin

        return timed

    patches = [
        mock.patch.object(module, name, timing(getattr(module, name), part)) for part, (module, name) in PARTS.items()
    ]
    for patch in patches:
        patch.start()
    try:
        yield
    finally:
        for patch in patches:
            patch.stop()


def seconds(function):
    """Wall and CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    function()
    return time.perf_counter() - wall, time.process_time() - cpu


def measure(name, options):
    make, spec, limit = CASES[name]
    torch.manual_seed(0)
    try:
        net = make()
    except ImportError as error:
        print(f"\n{name} is left out: {error}")
        return
    inputs, layers = net.preprocess(PICTURE), capture(net, PICTURE, None, spec).layers
    explain = partial(inv.explain, net, PICTURE, None, spec)
    ways = {
        f"inv.explain (to stay below {limit:g})": explain,
        "  of it the passes, traced": partial(capture, net, PICTURE, None, spec),
        "passes of the published code: one a layer": partial(pass_a_layer, net, inputs, layers),
        "grad-cam, all layers": partial(grad_cam, net, inputs, layers),
        "captum LayerGradCam, each layer": partial(captum_grad_cam, net, inputs, layers),
    }
    bare = partial(bare_pass, net, inputs, layers)
    threads = torch.get_num_threads()
    print(f"\n{name}: {len(layers)} layers, {sum(layer.n_maps for layer in layers)} maps, {threads} thread(s)")
    print(f"  {'x one forward + backward':44s} {'wall':>7s} {'CPU':>7s}")
    for run in (bare, *ways.values()):
        run()
    rounds = [(seconds(bare), [seconds(run) for run in ways.values()]) for _ in range(options.rounds)]
    for place, way in enumerate(ways):
        wall, cpu = (statistics.median(found[place][k] / short[k] for short, found in rounds) for k in (0, 1))
        print(f"  {way:44s} {wall:7.2f} {cpu:7.2f}")
    if not options.no_published:
        found = seconds(partial(explain, inv.Recipe.published()))
        wall, cpu = (found[k] / statistics.median(short[k] for short, _ in rounds) for k in (0, 1))
        print(f"  {'inv.explain, Recipe.published(), run once':44s} {wall:7.2f} {cpu:7.2f}")
    wall, cpu = (1000 * statistics.median(short[k] for short, _ in rounds) for k in (0, 1))
    print(f"  one forward + backward here: {wall:.0f} ms, {cpu:.0f} ms of CPU")
    torch.set_num_threads(1)
    spent = defaultdict(float)
    with timed_parts(spent):
        _, whole = seconds(explain)
    short = statistics.median(seconds(bare)[1] for _ in range(5))
    torch.set_num_threads(threads)
    spent["all else"] = whole - sum(spent.values())
    parts = ", ".join(f"{part} {value / short:.2f}" for part, value in spent.items())
    print(f"  CPU time by part, torch on one thread: {whole / short:.2f} x, of it {parts}")


FIRST = """
import sys, time
begin = time.perf_counter()
import inv_widgets as inv
imported = time.perf_counter() - begin
assert not {"torch", "sklearn", "numba"} & set(sys.modules)
import numpy as np, torch
torch.set_num_threads(int(sys.argv[1]))
net = inv.Classifier.demo("fashion")
picture = inv.datasets.fashion()[0]
times = []
for _ in range(4):
    begin = time.perf_counter(), time.process_time()
    inv.explain(net, picture, layers="all")
    times.append((time.perf_counter() - begin[0], time.process_time() - begin[1]))
print(imported, *times[0], *sorted(times[1:])[1])
"""


def start(threads):
    """Import, and the first explanation of a process beside later ones."""
    print("\nStart (medians of fresh processes; wall and, in brackets, CPU seconds)")
    with tempfile.TemporaryDirectory() as empty:
        for what, environment, times in (
            ("compiled code on disk", {}, 3),
            ("nothing on disk yet", {"NUMBA_CACHE_DIR": empty}, 1),
        ):
            runs = []
            for _ in range(times):
                command = [sys.executable, "-c", FIRST, str(threads)]
                found = subprocess.run(
                    command, env=os.environ | environment, check=True, capture_output=True, text=True
                )
                runs.append([float(word) for word in found.stdout.split()])
            imported, wall, cpu, later, later_cpu = (statistics.median(column) for column in zip(*runs, strict=True))
            print(
                f"  {what}: import {1000 * imported:.0f} ms (to stay below 150), first explanation {wall:.2f} "
                f"({cpu:.2f}), later ones {later:.2f} ({later_cpu:.2f})"
            )


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=7)
    arguments.add_argument("--threads", type=int, default=torch.get_num_threads())
    arguments.add_argument("--no-published", action="store_true", help="leave scikit-learn's solver out, which is slow")
    arguments.add_argument("--every", type=int, default=5, help="quality: on every n-th picture (0: not at all)")
    options = arguments.parse_args()
    torch.set_num_threads(options.threads)
    for name in CASES:
        measure(name, options)
    start(options.threads)
    analysis_memory.table(options.threads)
    if options.every:
        analysis_quality.tables(options.every, layers="blocks")


if __name__ == "__main__":
    main()
