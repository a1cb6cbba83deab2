"""The table of methods on VOC 2007 that was published with SISE, made anew, beside the published figures.

    make bench-voc VOC=/path/to/VOCdevkit NETWORK=torchvision:vgg16
    python tests/bench/bench_voc.py --voc /path/to/VOCdevkit --network torchvision:vgg16 [--pictures 100] [--out voc]
                                    [--methods grad_cam,sise] [--preset paper]

What is needed:
- VOC 2007 with its test set (http://host.robots.ox.ac.uk/pascal/VOC/voc2007/): all archives unpacked into one folder;
- a network: `torchvision:vgg16` and `torchvision:resnet50` download ImageNet weights. The published figures are of
  networks that were fine-tuned on VOC, so that theirs differ: with ImageNet's 1,000 categories the network's first
  choice is explained, whatever the box holds. With weights that were fine-tuned give `package.module:factory`, a
  function of yours that loads the file and returns `Classifier.from_module(network, transform,
  inv.datasets.VOC_CATEGORIES)`: then each picture is explained for the category that covers most of it.

Each picture's maps are written as soon as they are made; the same call goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import pandas as pd
from bench_methods_report import print_machine, table

import inv_widgets as inv
from inv_widgets.network_names import load_network

MEASURES = {"ebpg": "EBPG", "miou": "mIoU", "bbox": "Bbox", "drop": "Drop", "increase": "Increase", "seconds": "s"}
METHODS = (
    "grad_cam", "grad_cam_pp", "extremal_perturbation", "rise", "score_cam", "integrated_gradients", "full_grad",
    "sise",
)  # fmt: skip

PUBLISHED = {
    "VGG-16": {
        "ebpg": (55.44, 46.29, 61.19, 33.44, 46.42, 36.87, 38.72, 60.54),
        "miou": (26.52, 28.1, 25.44, 27.11, 27.71, 14.11, 26.61, 27.79),
        "bbox": (51.7, 55.59, 51.2, 54.59, 54.98, 33.97, 54.17, 55.68),
        "drop": (49.47, 60.63, 43.90, 39.62, 39.79, 64.74, 60.78, 38.40),
        "increase": (31.08, 23.89, 32.65, 37.76, 36.42, 26.17, 22.73, 37.96),
        "seconds": (0.006, 0.006, 87.42, 64.28, 5.90, 0.68, 18.69, 5.90),
    },
    "ResNet-50": {
        "ebpg": (60.08, 47.78, 63.24, 32.86, 35.56, 40.62, 39.55, 66.08),
        "miou": (32.16, 30.16, 26.29, 27.4, 31.0, 15.41, 20.2, 31.37),
        "bbox": (60.25, 58.66, 52.34, 55.55, 60.02, 34.79, 44.94, 61.59),
        "drop": (35.80, 41.77, 39.38, 39.77, 35.36, 66.12, 65.99, 30.92),
        "increase": (36.58, 32.15, 34.27, 37.08, 37.08, 24.24, 25.36, 40.22),
        "seconds": (0.019, 0.020, 78.37, 26.08, 18.17, 0.52, 34.03, 9.21),
    },
}
"""Of `METHODS`, in their order, on VOC 2007's test set; per cent, and seconds on the authors' machine.

Sattarzadeh et al., Explaining Convolutional Neural Networks through Attribution-Based Input Sampling and Block-Wise
Feature Aggregation, AAAI 2021 (arXiv 2010.00672).
"""

CHUNK = 50
"""Pictures of one file: a comparison keeps its pictures in memory."""


def compared(net, samples, methods, out, **options):
    """Compare chunk by chunk, each with files of its own; one tidy frame of all."""
    known = set(net.categories) >= set(inv.datasets.VOC_CATEGORIES)
    frames = []
    for start in range(0, len(samples), CHUNK):
        chunk = samples[start : start + CHUNK]
        target = [sample.category for sample in chunk] if known else None
        result = inv.compare(
            net, chunk, list(methods), target=target, metrics=[each for each in MEASURES if each != "seconds"],
            keep_maps=False, out=out / f"{start:05d}.parquet", **options,
        )  # fmt: skip
        frames.append(result.to_frame())
        print(f"{start + len(chunk)} of {len(samples)} pictures", flush=True)
    return pd.concat(frames, ignore_index=True)


def rows_of(frame, methods, published):
    """Make a row a method: our mean, and the published figure after a slash."""
    means = frame.groupby(["method", "measure"])["value"].mean()
    rows = []
    for name in methods:
        row = {"method": next(method.title for method in inv.methods() if method.name == name)}
        for measure, head in MEASURES.items():
            row[head] = f"{means[name, measure]:.{3 if measure == 'seconds' else 2}f}"
            if name in METHODS and published:
                row[head] += f" / {PUBLISHED[published][measure][METHODS.index(name)]:g}"
        rows.append(row)
    return rows


def samples_of(folder, year, split):
    """Read VOC; where it is not there, say what to get."""
    if not folder:
        sys.exit(
            "[inv-widgets] Name the folder: make bench-voc VOC=/path/to/VOCdevkit. It is PASCAL VOC 2007, from "
            "http://host.robots.ox.ac.uk/pascal/VOC/voc2007/ (unpack the archives of trainval and test into one "
            "folder)."
        )
    try:
        return inv.datasets.voc(folder, year=year, split=split)
    except FileNotFoundError as error:
        sys.exit(str(error))


def main(given=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--voc", default="", help="the folder VOCdevkit")
    parser.add_argument("--network", default="torchvision:vgg16", help="as `inv-widgets explain --network` takes it")
    parser.add_argument("--methods", default=",".join(METHODS), help="names, with commas between")
    parser.add_argument("--pictures", type=int, help="how many; default: all of the split")
    parser.add_argument("--year", default="2007")
    parser.add_argument("--split", default="test")
    parser.add_argument("--preset", default="paper", choices=("default", "paper"), help="of the methods' parameters")
    parser.add_argument("--out", type=Path, default=Path("artifacts/voc"), help="folder for what is made")
    options = parser.parse_args(given)
    samples = samples_of(options.voc, options.year, options.split)[: options.pictures]
    try:
        net = load_network(options.network)
    except (ConnectionError, ImportError, ValueError) as error:
        sys.exit(f"{error}\nmake bench-voc NETWORK=package.module:factory takes a network of yours.")
    methods = options.methods.split(",")
    out = options.out / net.hash[:12]
    out.mkdir(parents=True, exist_ok=True)
    print_machine()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # what fails stands in the frame, with the reason
        frame = compared(net, samples, methods, out, preset=options.preset)
    frame.to_csv(out / "table.csv", index=False)
    called = net.name.lower().replace("-", "")
    published = next((name for name in PUBLISHED if name.lower().replace("-", "") in called), "")
    print(f"\nVOC {options.year} {options.split}, {len(samples)} pictures, {net.name}, preset {options.preset}\n")
    print(table(rows_of(frame, methods, published)))
    if published:
        print(f"\nours / published for {published} (Sattarzadeh et al., AAAI 2021; seconds on their machine)")
    if not set(net.categories) >= set(inv.datasets.VOC_CATEGORIES):
        print(
            "The network does not know VOC's categories: its first choice was explained, and figures are not those of "
            "the fine-tuned networks of the paper."
        )
    failed = frame[frame["measure"].eq("seconds") & frame["value"].isna()]
    for (method, reason), group in failed.groupby(["method", "reason"]):
        print(f"{method} failed on {len(group)} pictures: {reason}")
    undefined = frame[frame["value"].isna() & frame["reason"].ne("") & frame["measure"].isin(MEASURES)]
    print(f"{len(undefined)} values are undefined and left out; all values with reasons: {out / 'table.csv'}")


if __name__ == "__main__":
    main()
