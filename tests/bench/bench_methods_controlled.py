"""Whether each method tells what a network looks at: the same pictures under an object and a scene network.

The evidence of `inv.datasets.controlled` is known to the pixel. For each method: mean energy in the object's mask under
the network that names the object, under the one that names the scene, and their difference with its 95 % bootstrap
interval over the pictures. A method passes where the whole interval is above 0. Grad-CAM, Score-CAM, SISE and INV are
also asked to be above the mask's share of the picture under the first network, and below it under the second. What
fails stays in the table. Each map is asked for the true category.

    python tests/bench/bench_methods_controlled.py [--pictures 48] [--methods grad_cam,sise] [--preset default]
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from bench_methods_report import print_machine, table

import inv_widgets as inv
from inv_widgets.comparison.controlled import contrast
from inv_widgets.comparison.method import NotPossibleError
from inv_widgets.comparison.saliency import attribute

BOTH = ("grad_cam", "score_cam", "sise", "inv")
"""Methods that must be above and below the mask's share."""


def maps_of(method, samples, preset="default"):
    """Make a method's maps of all samples under both networks; and how long one took."""
    start = time.perf_counter()
    found = {}
    for part in ("object", "scene"):
        net = inv.Classifier.controlled(part)
        targets = [sample.object_category if part == "object" else sample.scene_category for sample in samples]
        pictures = [sample.picture for sample in samples]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # completeness gaps
            found[part] = [each.map for each in attribute(net, pictures, method, targets=targets, preset=preset)]
    return found["object"], found["scene"], (time.perf_counter() - start) / (2 * len(samples))


def row_of(method, samples, preset="default"):
    """Measure one method; a row of the table, and whether it passes."""
    try:
        on_object, on_scene, seconds = maps_of(method.name, samples, preset)
    except NotPossibleError as error:
        why = str(error).split("controlled object network: ")[-1].split(".")[0]
        return {"method": method.title, "object": "", "scene": "", "difference": why, "> 0": "not possible",
                "above / below": "", "n": "", "s a map": ""}, None  # fmt: skip
    found = contrast(on_object, on_scene, [sample.mask for sample in samples])
    passed = found.discriminates
    verdict = ("pass" if passed else "FAIL") if method.class_discriminative else "not asked"
    both = "yes" if found.finds_both else "no"
    if method.name in BOTH:
        both = "pass" if found.finds_both else "FAIL"
        passed = passed and found.finds_both
    return {
        "method": method.title,
        "object": f"{found.object_energy.mean:.1f}",
        "scene": f"{found.scene_energy.mean:.1f}",
        "difference": f"{found.difference.mean:.1f} ({found.difference.low:.1f} to {found.difference.high:.1f})",
        "> 0": verdict,
        "above / below": f"{found.object_excess.mean:+.1f} / {found.scene_excess.mean:+.1f} {both}",
        "n": str(found.n),
        "s a map": f"{seconds:.3f}",
    }, passed if method.class_discriminative else None  # fmt: skip


def main(given=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=48)
    parser.add_argument("--methods", help="names, with commas between; default: all that make maps")
    parser.add_argument("--seed", type=int, default=0, help="of the pictures")
    parser.add_argument("--preset", default="default", choices=("default", "paper"))
    options = parser.parse_args() if given is None else parser.parse_known_args(given)[0]
    names = options.methods.split(",") if options.methods else [m.name for m in inv.methods() if m.kind != "concept"]
    chosen = [next(m for m in inv.methods() if m.name == name) for name in names]
    samples = inv.datasets.controlled(options.pictures, seed=options.seed)
    area = 100 * sum(sample.area for sample in samples) / len(samples)
    print(
        f"\nControlled benchmark: {len(samples)} pictures, masks cover {area:.1f} % on average, preset {options.preset}"
    )
    print_machine()
    rows, verdicts = [], {}
    for method in chosen:
        row, verdicts[method.title] = row_of(method, samples, options.preset)
        rows.append(row)
        print("  " + "  ".join(row.values()), flush=True)
    print("\n" + table(rows))
    failed = [title for title, passed in verdicts.items() if passed is False]
    print(f"\n{sum(v is True for v in verdicts.values())} pass; fail: {', '.join(failed) or 'none'}")
    return failed


if __name__ == "__main__":
    main()
