"""How long a large run takes on some GPUs, and what breaks first: arithmetic from measured rates.

A worker has one GPU and some CPU cores; the passes run on the GPU, all else (reading, clustering, writing) beside them
on the cores. It makes as many pictures a second as the slower of the two:

    rate = overlap * min(gpu_rate, cores / cpu_seconds)        seconds = start + pictures / (gpus * rate)

`--cpu-seconds` and `--kib` are measured by `large_run_measures.py`. **The default of `--gpu-rate` is an assumption**:
measure yours (`make bench-many` on a machine with the GPU prints the rate of the passes alone) and give it here.

    python tests/bench/large_run_arithmetic.py --gpu-rate 400 --cores 16 --cpu-seconds 0.130 --kib 502
"""

from __future__ import annotations

import argparse
import math

SETS = {"ImageNet-1k validation": 50_000, "ImageNet-1k training": 1_281_167}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gpu-rate", type=float, default=400, help="pictures a second through one GPU (assumed: 400)")
    parser.add_argument("--cores", type=float, default=16, help="CPU cores beside each GPU")
    parser.add_argument("--cpu-seconds", type=float, required=True, help="of one core, a picture, beside the passes")
    parser.add_argument("--kib", type=float, required=True, help="KiB a picture on disk")
    parser.add_argument("--picture-kib", type=float, default=110, help="KiB a picture as it is read (ImageNet: 110)")
    parser.add_argument("--part-size", type=int, default=256)
    parser.add_argument("--overlap", type=float, default=0.9, help="share of the slower rate that is reached")
    parser.add_argument("--start", type=float, default=60, help="seconds until all workers work (assumed: 60)")
    parser.add_argument("--gpus", type=int, nargs="+", default=[1, 8, 64])
    given = parser.parse_args()
    on_cores = given.cores / given.cpu_seconds
    rate = given.overlap * min(given.gpu_rate, on_cores)
    slower = "the GPU sets" if given.gpu_rate <= on_cores else "the CPU cores set"
    print(f"one GPU: {given.gpu_rate:.0f} pictures/s (assumed or given); its {given.cores:g} cores: {on_cores:.0f}")
    print(f"a worker makes {rate:.0f} pictures/s: {slower} the pace")
    print(f"cores a GPU that keep up with it: {math.ceil(given.gpu_rate * given.cpu_seconds)}")
    print(f"a lost worker costs at most {given.part_size / rate:.1f} s of its work\n")
    rows = [("pictures", "GPUs", "time", "pictures/s", "read MB/s", "write MB/s", "put/s", "GB on disk", "files")]
    for name, pictures in SETS.items():
        for gpus in given.gpus:
            parts = math.ceil(pictures / given.part_size)
            working = min(gpus, parts)
            # The last parts are made while other workers have none left: one part's time more.
            seconds = given.start + pictures / (working * rate) + given.part_size / rate
            all_rate = working * rate
            rows.append((
                name, str(gpus), duration(seconds), f"{all_rate:.0f}", f"{all_rate * given.picture_kib / 1024:.0f}",
                f"{all_rate * given.kib / 1024:.0f}", f"{3 * all_rate / given.part_size:.1f}",
                f"{pictures * given.kib * 1024 / 1e9:.0f}", str(3 * parts + 3),
            ))  # fmt: skip
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for place, row in enumerate(rows):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |")
        if place == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")


def duration(seconds):
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


if __name__ == "__main__":
    main()
