"""Faithfulness of some methods on the 12 demo photos: EfficientNet-Lite0, `inv.compare`.

Drop % and Increase % (top 15 % of the pixels), with `--curves` the areas under the insertion and deletion curves too
(hundreds of passes a map); means with 95 % bootstrap intervals over the photos.

    python tests/bench/bench_methods_photos.py [--methods grad_cam,inv,sise,lime] [--pictures 12] [--curves]
"""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from bench_methods_report import print_machine, table

import inv_widgets as inv
from inv_widgets.comparison.metrics.registry import METRICS

METHODS = ("inv", "grad_cam", "grad_cam_pp", "layer_cam", "cam", "sise", "saliency", "full_grad")
MEASURES = ("drop", "increase")
CURVES = ("insertion", "deletion")


def rows_of(result):
    """Make a row a method out of a comparison's summary."""
    frame = result.summary().set_index(["method", "measure"])
    rows = []
    for method in result.methods:
        row = {"method": method.label}
        for measure in (*result.metrics, "seconds"):
            mean, low, high = (float(frame.loc[(method.key, measure), each]) for each in ("mean", "low", "high"))
            digits = 1 if measure in {"drop", "increase"} else 3
            head = METRICS[measure].title if measure in METRICS else "s"
            row[head] = f"{mean:.{digits}f}"
            if measure != "seconds":
                row[head] += f" ({low:.{digits}f} to {high:.{digits}f})"
        rows.append(row)
    return rows


def main(given=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=12)
    parser.add_argument("--methods", default=",".join(METHODS), help="names, with commas between")
    parser.add_argument("--curves", action="store_true", help="insertion and deletion too (slow)")
    options = parser.parse_args() if given is None else parser.parse_known_args(given)[0]
    print("\nDemo photos: EfficientNet-Lite0 (ImageNet), the class that is most probable")
    print_machine()
    try:
        net = inv.Classifier.demo("photos")
    except ImportError as error:
        print(f"left out: {error}")
        return []
    metrics = (*MEASURES, *CURVES) if options.curves else MEASURES
    pictures = {sample.name: sample.picture for sample in inv.datasets.photos()[: options.pictures]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        result = inv.compare(net, pictures, options.methods.split(","), metrics=metrics)
    print("\n" + table(rows_of(result)))
    return []


if __name__ == "__main__":
    main()
