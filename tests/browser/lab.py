"""How the tests drive a notebook in JupyterLab and watch what its page says."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import expect

ROOT = Path(__file__).parents[2]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    # Names other than this machine's do not resolve: a page that needs a CDN breaks here too.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]

# What JupyterLab itself logs on a good day.
HARMLESS = re.compile(
    r"jlab_core\S*: (Could not restore the debugger state|Canceled future for \w+ message before replies)"
)


# Views follow a new size or a click by observers, frames, timers of at most 120 ms and transitions.
AT_REST = """() => {
  const boxes = [...document.querySelectorAll(".inv-root, .inv-root canvas, .inv-root svg, .inv-root img")].map(
    element => Object.values(element.getBoundingClientRect().toJSON()).map(Math.round).join(),
  );
  const busy = [...document.querySelectorAll(".inv-root [aria-busy=true]")].some(element => element.checkVisibility());
  const moves = document.getAnimations().some(
    ({ playState, effect }) => playState === "running" && effect.getComputedTiming().endTime < Infinity,
  );
  const now = performance.now();
  if (busy || moves || window.restedLike !== boxes.join(";")) window.restsSince = now;
  window.restedLike = boxes.join(";");
  return now - window.restsSince > 200;
}"""


def at_rest(page):
    """Wait until nothing on the page moves or grows any more."""
    page.evaluate("() => { window.restedLike = undefined; }")
    page.wait_for_function(AT_REST)


@contextmanager
def jupyterlab(folder, own):
    """Serve `folder` in a JupyterLab with settings, workspaces and kernels of its own under `own`; give its address."""
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        port = made.getsockname()[1]
    settings = settings_of(own)
    for plugin, values in {
        "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
        "apputils-extension/kernels-settings": {"showStatusBarItem": False},
        "docmanager-extension/plugin": {"autosave": False},
    }.items():
        path = settings / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))
    environment = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(own / "config"),
        "JUPYTER_DATA_DIR": str(own / "data"),
        "JUPYTER_RUNTIME_DIR": str(own / "runtime"),
        "IPYTHONDIR": str(own / "ipython"),
        "JUPYTER_PLATFORM_DIRS": "1",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(Path(__file__).parent)]),
        "OMP_NUM_THREADS": "1",
    }
    options = [
        "--no-browser",
        "--allow-root",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={folder}",
        "--IdentityProvider.token=",
        "--ServerApp.password=",
        "--LabApp.expose_app_in_browser=True",
        "--LabApp.extension_manager=readonly",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.news_url=",
        f"--LabApp.user_settings_dir={own / 'settings'}",
        f"--LabApp.workspaces_dir={own / 'workspaces'}",
    ]
    log = own / "lab.log"
    address = f"http://localhost:{port}"
    with log.open("w") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options],
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_for(address, server, log)
        yield address
    finally:
        # The kernels are its children: end the group that was started here.
        os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(timeout=15)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait(timeout=15)


def settings_of(own):
    return own / "settings" / "@jupyterlab"


def _wait_for(address, server, log):
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if server.poll() is not None:
            raise RuntimeError(f"JupyterLab ended with {server.returncode}:\n{log.read_text()[-4000:]}")
        try:
            with urllib.request.urlopen(f"{address}/api/status", timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.3)
    raise RuntimeError(f"JupyterLab did not answer within 120 s:\n{log.read_text()[-4000:]}")


class Witness:
    """Keeps what a page logs as an error, and each request that leaves this machine."""

    def __init__(self, page):
        self._errors = []
        self._foreign = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._errors.append(f"uncaught: {error.stack or error}"))
        page.on("request", lambda request: self._asked(request.url))
        page.on("websocket", lambda made: self._asked(made.url))

    def complaints(self):
        """Give what was kept, once."""
        kept = self._errors + [f"asked for {url}" for url in self._foreign]
        self._errors, self._foreign = [], []
        return kept

    def _console(self, message):
        place = (message.location or {}).get("url", "")
        if message.type == "error" and not HARMLESS.search(f"{place}: {message.text}"):
            self._errors.append(f"{place}: {message.text}")

    def _asked(self, url):
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob", "about", "file") and parts.hostname not in ("localhost", "127.0.0.1"):
            self._foreign.append(url)


class Notebook:
    """One notebook in JupyterLab: in a window that is there already, or that is opened for it."""

    def __init__(self, page, address, name):
        self.page = page
        self.name = name
        self._address = address
        if page.url.startswith(address):
            page.evaluate(
                "path => jupyterapp.commands.execute('docmanager:open', { path }).then(widget => widget.context.ready)",
                name,
            )
        else:
            workspace = re.sub(r"\W", "-", name)
            page.goto(f"{address}/lab/workspaces/{workspace}/tree/{name}?reset", timeout=120_000)
            page.wait_for_function("() => window.jupyterapp !== undefined", timeout=120_000)
            page.evaluate("() => window.jupyterapp.restored")
            page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=120_000)
        page.evaluate(
            "() => window.jupyterapp.shell.currentWidget.context.sessionContext.ready.then(() => undefined)",
        )

    def run_all(self):
        """Run every cell and wait for the last; fails on a cell's error."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells').then(() => undefined)")
        self.check()

    def start(self, index):
        """Start one cell without waiting for its end."""
        self._select(index)
        self.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-cell'); }")
        expect(self._prompt(index)).to_contain_text("*")
        self.wait_for_status("busy")

    def run(self, index):
        """Run one cell and wait for it."""
        self._select(index)
        self.page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-cell').then(() => undefined)")
        self.check()

    def run_until(self, index, text):
        """Run one cell until it prints `text`: what was clicked may still be on its way to the kernel."""
        end = time.monotonic() + 60
        self.run(index)
        while self.text(index).strip() != text and time.monotonic() < end:
            self.page.wait_for_timeout(250)
            self.run(index)
        assert self.text(index).strip() == text

    def check(self):
        """Fail on any cell's error output."""
        errors = self.page.evaluate(
            """() => window.jupyterapp.shell.currentWidget.model.sharedModel.cells.flatMap(cell =>
              (cell.cell_type === "code" ? cell.toJSON().outputs : []).filter(output => output.output_type === "error")
                .map(output => output.ename + ": " + output.evalue + "\\n" + output.traceback.join("\\n")))"""
        )
        assert not errors, "\n".join(errors)

    def text(self, index):
        """Give what one cell printed."""
        return self.page.evaluate(
            """index => window.jupyterapp.shell.currentWidget.model.sharedModel.cells[index].toJSON().outputs
              .map(output => [].concat(output.text ?? []).join("")).join("")""",
            index,
        )

    def sources(self):
        """Give each cell's source."""
        return self.page.evaluate(
            "() => window.jupyterapp.shell.currentWidget.model.sharedModel.cells.map(cell => cell.source)"
        )

    def cells(self):
        """Give each cell's type, source and execution count: what a key that leaks would change."""
        return self.page.evaluate(
            """() => window.jupyterapp.shell.currentWidget.model.sharedModel.cells.map(cell =>
              [cell.cell_type, cell.source, cell.cell_type === "code" ? cell.execution_count : null])"""
        )

    def active_cell(self):
        return self.page.evaluate("() => window.jupyterapp.shell.currentWidget.content.activeCellIndex")

    def running(self, index):
        """Say whether a cell is still at work; the kernel's status will not do: comm messages change it too."""
        return "*" in self._prompt(index).inner_text()

    def wait_until_done(self, index):
        expect(self._prompt(index)).not_to_contain_text("*")

    def wait_for_status(self, status, timeout=60_000):
        self.page.wait_for_function(
            "status => jupyterapp.shell.currentWidget.context.sessionContext.session?.kernel?.status === status",
            arg=status,
            timeout=timeout,
        )

    def interrupt(self):
        self.page.evaluate(
            "() => window.jupyterapp.shell.currentWidget.context.sessionContext.session.kernel.interrupt()"
        )

    def restart(self):
        """Restart the kernel, without the question that the menu asks first."""
        self.page.evaluate(
            "() => window.jupyterapp.shell.currentWidget.context.sessionContext.session.kernel.restart()"
        )
        self.wait_for_status("idle")

    def output(self, index):
        """Locate one cell's output."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index).locator(".jp-Cell-outputWrapper")

    def scroll_to(self, index):
        self._select(index)
        self.page.evaluate(
            """async index => {
              const content = window.jupyterapp.shell.currentWidget.content;
              await content.scrollToItem(index, "start");
            }""",
            index,
        )

    def shut_down(self):
        """End this notebook's kernel, so that the next test has both cores."""
        if not self.page.is_closed():
            self.page.evaluate(
                "() => window.jupyterapp.shell.currentWidget?.context.sessionContext.shutdown().catch(() => undefined)"
            )

    def close(self):
        """Close it in a window that stays open, as if nothing had been there; say whether that could be done."""
        page = self.page
        if page.is_closed() or not page.url.startswith(self._address) or page.locator(".jp-Dialog").count():
            return False
        self.shut_down()
        page.evaluate(
            """async () => {
              for (const widget of [...jupyterapp.shell.widgets("main")]) {
                if (!widget.context) continue;
                widget.context.model.dirty = false;  // nobody is asked whether to save it
                const closed = new Promise(resolve => widget.disposed.connect(() => resolve()));
                widget.close();
                await closed;
              }
              localStorage.clear();
              sessionStorage.clear();
            }"""
        )
        page.mouse.move(0, 0)
        return True

    def _prompt(self, index):
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index).locator(".jp-InputPrompt")

    def _select(self, index):
        self.page.evaluate("index => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = index; }", index)


def document(cells):
    """Make a notebook of code cells."""
    made = [
        {
            "cell_type": "code",
            "id": f"cell-{number}",
            "execution_count": None,
            "metadata": {},
            "outputs": [],
            "source": source,
        }
        for number, source in enumerate(cells)
    ]
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {
            "kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"},
            "language_info": {"name": "python"},
        },
        "cells": made,
    }
