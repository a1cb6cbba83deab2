"""JupyterLab, opened on the quickstart."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from inv_widgets.cli_output import say

__all__ = ["lab"]

NOTEBOOK = Path("notebooks", "01_quickstart.ipynb")


def lab() -> int:
    """Open JupyterLab on the quickstart and wait until it ends."""
    places = (Path.cwd(), Path(__file__).parent.parent)
    notebook = next((place / NOTEBOOK for place in places if (place / NOTEBOOK).is_file()), None)
    if notebook is None:
        say(f"The quickstart, {NOTEBOOK}, comes with the source repository: run `inv-widgets demo` in a clone of it.")
        return 0
    from importlib.util import find_spec

    if find_spec("jupyterlab") is None:
        raise ModuleNotFoundError(
            f"[inv-widgets] JupyterLab is not installed, so {notebook} cannot be opened: "
            'pip install "inv-widgets[demo]", or stop before it with --no-lab.'
        )
    say(f"JupyterLab opens {notebook}; end it with Ctrl-C.")
    # JupyterLab refuses to start as root, which is who one is in most containers.
    as_root = ["--allow-root"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
    command = [sys.executable, "-m", "jupyterlab", str(notebook), *as_root]
    lab = subprocess.Popen(command)  # noqa: S603 (this Python's JupyterLab)
    # Ctrl-C reaches JupyterLab too, which asks whether to shut down.
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return lab.wait()
    finally:
        signal.signal(signal.SIGINT, previous)
