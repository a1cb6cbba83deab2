"""All methods: whether they are right on the controlled benchmark, what they cost, how faithful they are on photos.

    python tests/bench/bench_methods.py [--only controlled,speed,photos] [--pictures 48] [--methods grad_cam,sise]
                                        [--network resnet18] [--rounds 7] [--threads N]

The three parts are programs of their own beside this one, which say more: `bench_methods_controlled.py`,
`bench_methods_speed.py`, `bench_methods_photos.py`. Ends with status 1 where a target is missed.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import bench_methods_controlled
import bench_methods_photos
import bench_methods_speed

PARTS = {"controlled": bench_methods_controlled, "speed": bench_methods_speed, "photos": bench_methods_photos}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--only", default=",".join(PARTS), help="which parts, with commas between")
    options, rest = parser.parse_known_args()
    chosen = options.only.split(",")
    if unknown := set(chosen) - set(PARTS):
        parser.error(f"there is no part {min(unknown)!r}: give some of {', '.join(PARTS)}")
    missed = [each for name in chosen for each in PARTS[name].main(rest)]
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
