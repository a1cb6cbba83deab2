"""A workshop on Voilà: a kernel, with a process of its own, for each player."""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_client.kernelspec import KernelSpecManager
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from voila.app import Voila

from inv_widgets.workshop.voila_page import VARIABLE

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from inv_widgets.workshop.plan import Plan

__all__ = ["run"]

CELL = "from inv_widgets.workshop.voila_page import page\n\npage()"

_EXTENSIONS = [
    "@jupyter-widgets/jupyterlab-manager",
    "@voila-dashboards/widgets-manager7",
    "@voila-dashboards/widgets-manager8",
    "anywidget",
]

# Kernels of players who left without a word end after ten minutes.
_CULLED = {"cull_idle_timeout": 600, "cull_interval": 60, "cull_connected": False}


def run(plan: Plan, listening: socket.socket, ready: Callable[[str], None], ended: threading.Event) -> None:
    """Serve until `ended` is set.

    Parameters
    ----------
    plan
        What is played.
    listening
        Where.
    ready
        Called with the store's name when players can join.
    ended
        Set from another thread.
    """
    game = plan.game()  # here and now: what cannot be opened is told to the host, not to each player
    store = game.store.database.address.name
    title = game.title or "Deep Reveal"
    game.store.close()
    os.environ[VARIABLE] = dataclasses.replace(plan, port=listening.getsockname()[1]).to_json()
    with tempfile.TemporaryDirectory(prefix="inv-widgets-") as folder:
        notebook = Path(folder, "play.ipynb")
        notebook.write_text(json.dumps(_notebook(title)), "utf-8")
        logging.getLogger("tornado.access").setLevel(logging.ERROR)
        app = _App(notebook_path=str(notebook), open_browser=False, log_level=logging.WARNING)
        app.opened = lambda: ready(store)
        app.listening, app.ended = listening, ended
        app.config.VoilaConfiguration.strip_sources = True
        app.config.VoilaConfiguration.file_allowlist = []
        # Without this every extension of a JupyterLab that is installed here would come to each phone.
        app.config.VoilaConfiguration.extension_allowlist = _EXTENSIONS
        app.config.VoilaConfiguration.kernel_spec_manager_class = _ThisPython
        app.config.MappingKernelManager.update(_CULLED)
        app.initialize([])
        app.start()


class _ThisPython(KernelSpecManager):  # type: ignore[misc, unused-ignore]
    """Knows one kernel: this Python's, not one of the same name that was installed elsewhere."""

    def _kernel_dirs_default(self) -> list[str]:
        return []


class _App(Voila):  # type: ignore[misc]
    """Voilà at a socket that is open already; ends when it is told to."""

    listening: socket.socket
    ended: threading.Event
    opened: Callable[[], None]

    def setup_template_dirs(self) -> None:
        """Put our page before Voilà's."""
        super().setup_template_dirs()
        self.template_paths.insert(0, str(Path(__file__).with_name("voila_templates")))

    def listen(self) -> None:
        """Serve until the end."""
        server = HTTPServer(self.app)
        self.listening.setblocking(False)
        server.add_sockets([self.listening])
        self.ioloop = loop = IOLoop.current()

        def wait() -> None:
            self.ended.wait()
            loop.add_callback(loop.stop)

        threading.Thread(target=wait, daemon=True).start()
        self.opened()
        try:
            loop.start()
        finally:
            server.stop()
            self.stop()


def _notebook(title: str) -> dict[str, Any]:
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {
            "title": title,
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python", "version": sys.version.split()[0], "file_extension": ".py"},
        },
        "cells": [
            {
                "id": "play",
                "cell_type": "code",
                "execution_count": None,
                "metadata": {},
                "outputs": [],
                "source": CELL,
            }
        ],
    }
