"""What the benches of methods print alike: the machine in words, a warning where it is busy, tables in Markdown."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import torch


def machine() -> str:
    """Say what the numbers were measured on."""
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        model = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return (
        f"{os.cpu_count()} cores ({model}), {torch.get_num_threads()} thread(s), torch {torch.__version__}, "
        f"Python {platform.python_version()}"
    )


def print_machine() -> None:
    """Print the machine, and a warning where other programs use it."""
    print(machine())
    try:
        load = os.getloadavg()[0]
    except OSError:
        return
    if load > 1:
        print(
            f"WARNING: other programs use this machine (load {load:.1f}). Times below include waiting for them; ratios "
            "are medians of pairs measured in turn, and still doubtful."
        )


def table(rows: list[dict[str, str]]) -> str:
    """Write rows with the same keys as a Markdown table, aligned."""
    if not rows:
        return "(nothing)"
    heads = list(rows[0])
    widths = [max(len(head), *(len(row[head]) for row in rows)) for head in heads]
    lines = [heads, ["-" * width for width in widths], *([row[head] for head in heads] for row in rows)]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    )
