"""The peak memory of an explanation beyond that of one forward + backward pass, beside the maps and gradients it keeps.

Resident memory, by the kernel's own high-water mark (Linux): torch, numpy and compiled loops alike.

    python tests/bench/analysis_memory.py
"""

from __future__ import annotations

import ctypes
import gc
import os
import subprocess
import sys
from pathlib import Path

CLEAR = Path("/proc/self/clear_refs")


def marks():
    """Resident bytes now, and at the highest since the mark was reset."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return (1024 * int(lines[name].split()[0]) for name in ("VmRSS", "VmHWM"))


def beyond_now(function):
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    CLEAR.write_text("5")
    before, _ = marks()
    kept = function()
    _, highest = marks()
    del kept
    return highest - before


def measure(name):
    import torch
    from bench_analysis import CASES, PICTURE, bare_pass

    import inv_widgets as inv
    from inv_widgets.analysis.activations import capture

    make, spec, _ = CASES[name]
    torch.manual_seed(0)
    net = make()
    captured = capture(net, PICTURE, None, spec)
    kept = sum(
        maps.nbytes + gradients.nbytes for maps, gradients in zip(captured.maps, captured.gradients, strict=True)
    )
    layers, inputs = captured.layers, net.preprocess(PICTURE)
    del captured
    passes, explained = [], []
    for _ in range(4):
        passes.append(beyond_now(lambda: bare_pass(net, inputs, layers)))
        explained.append(beyond_now(lambda: inv.explain(net, PICTURE, None, spec)))
    # The first of each also loads code; of the others the highest.
    print(max(passes[1:]), max(explained[1:]), kept)


def table(threads):
    print("\nPeak memory beyond what the process holds (MiB)")
    if not CLEAR.exists():
        print("  Not measured: needs Linux.")
        return
    from bench_analysis import CASES

    for name in CASES:
        command = [sys.executable, __file__, name]
        environment = {"OMP_NUM_THREADS": str(threads)}
        found = subprocess.run(command, env=os.environ | environment, check=False, capture_output=True, text=True)
        if found.returncode:
            print(f"  {name}: not measured: {found.stderr.strip().splitlines()[-1]}")
            continue
        passes, explained, kept = (int(word) / 2**20 for word in found.stdout.split())
        print(
            f"  {name}: one forward + backward {passes:.0f}, explain {explained:.0f}; kept maps and gradients "
            f"{kept:.0f}; beyond the pass {(explained - passes) / kept:.2f} x kept (to stay below 1.5)"
        )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure(sys.argv[1])
    else:
        table(threads=2)
