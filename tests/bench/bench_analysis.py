"""How long an explanation takes, as a ratio to one forward + backward pass of the network.

The pass that is compared with is the barest one: forward, then ``autograd.grad`` with respect to the chosen activations
only. Each round times one pass and one explanation, in turn, in one process; medians of the rounds and of their ratios
are printed, and the parts of an explanation (made with one thread, so that they add up).

    python tests/bench/bench_analysis.py [--rounds 5] [--threads N]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import defaultdict
from contextlib import contextmanager
from functools import partial
from unittest import mock

import numpy as np
import torch

import inv_widgets as inv
from inv_widgets.analysis import clustering, columns, embedding, pipeline
from inv_widgets.analysis.activations import capture
from inv_widgets.torch_support import eval_pass

PICTURE = 224
PARTS = {
    "passes": [(pipeline, "capture")],
    "weights": [(pipeline, "_weights_of")],
    "min-max": [(clustering, "flat_maps")],
    "pca": [(embedding, "pca")],
    "affinities": [(embedding, "affinities")],
    "t-sne": [(embedding, "_descend"), (embedding, "_sklearn_tsne")],
    "ward": [(clustering, "linkage"), (clustering, "pdist"), (clustering, "_cut")],
    "silhouette": [(clustering, "silhouettes")],
    "thumbnails": [(columns, "thumbnails")],
}


def cases():
    """Name, network and layers of each case that can be run here."""
    torch.manual_seed(0)
    yield "VGG-16 (random weights), last 9", inv.Classifier.from_torchvision("vgg16", weights=None), "last 9"
    try:
        photos = inv.Classifier.demo("photos")
    except ImportError as error:
        print(f"EfficientNet-Lite0 is left out: {error}")
        return
    yield "EfficientNet-Lite0, blocks", photos, "blocks"
    yield "EfficientNet-Lite0, all", photos, "all"


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


@contextmanager
def timed_parts(spent):
    """Add up the seconds spent in each part."""

    def timing(function, part):
        def timed(*arguments, **options):
            begin = time.perf_counter()
            try:
                return function(*arguments, **options)
            finally:
                spent[part] += time.perf_counter() - begin

        return timed

    patches = [
        mock.patch.object(module, name, timing(getattr(module, name), part))
        for part, places in PARTS.items()
        for module, name in places
    ]
    for patch in patches:
        patch.start()
    try:
        yield
    finally:
        for patch in patches:
            patch.stop()


def seconds(function):
    begin = time.perf_counter()
    function()
    return time.perf_counter() - begin


def measure(name, net, spec, rounds, recipes):
    picture = np.random.default_rng(0).integers(0, 256, (PICTURE, PICTURE, 3), np.uint8)
    inputs, layers = net.preprocess(picture), capture(net, picture, None, spec).layers
    bare_pass(net, inputs, layers)
    threads = torch.get_num_threads()
    print(f"\n{name}: {len(layers)} layers, {sum(layer.n_maps for layer in layers)} maps, {threads} thread(s)")
    for recipe in recipes:
        bare = partial(bare_pass, net, inputs, layers)
        whole = partial(inv.explain, net, picture, None, spec, recipe)
        whole()
        pairs = [(seconds(bare), seconds(whole)) for _ in range(rounds)]
        ratio = statistics.median(long / short for short, long in pairs)
        short, long = (statistics.median(times) for times in zip(*pairs, strict=True))
        print(f"  solver {recipe.solver:8s} {ratio:7.2f} x one forward + backward   ({short:.3f} s, {long:.3f} s here)")
        torch.set_num_threads(1)
        spent = defaultdict(float)
        with timed_parts(spent):
            alone = seconds(whole)
        short = statistics.median(seconds(bare) for _ in range(3))
        torch.set_num_threads(threads)
        spent["everything else"] = alone - sum(spent.values())
        parts = ", ".join(f"{part} {value / short:.2f}" for part, value in spent.items())
        print(f"    with one thread {alone / short:.2f} x, of it: {parts}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--threads", type=int, default=torch.get_num_threads())
    arguments.add_argument("--published", action="store_true", help="time scikit-learn's solver too (slow)")
    options = arguments.parse_args()
    torch.set_num_threads(options.threads)
    solvers = [inv.Recipe(), inv.Recipe.published()] if options.published else [inv.Recipe()]
    for name, net, spec in cases():
        measure(name, net, spec, options.rounds, solvers)


if __name__ == "__main__":
    main()
