"""How the tests drive a notebook in JupyterLab and watch what its page says."""

import re
from urllib.parse import urlsplit

from playwright.sync_api import expect

# What JupyterLab itself logs on a good day.
HARMLESS = re.compile(
    r"jlab_core\S*: (Could not restore the debugger state|Canceled future for \w+ message before replies)"
)


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
        return self._errors + [f"asked for {url}" for url in self._foreign]

    def _console(self, message):
        place = (message.location or {}).get("url", "")
        if message.type == "error" and not HARMLESS.search(f"{place}: {message.text}"):
            self._errors.append(f"{place}: {message.text}")

    def _asked(self, url):
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob", "about", "file") and parts.hostname not in ("localhost", "127.0.0.1"):
            self._foreign.append(url)


class Notebook:
    """One notebook in its own JupyterLab window."""

    def __init__(self, page, address, name):
        self.page = page
        self.name = name
        self._address = address
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

    def _prompt(self, index):
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index).locator(".jp-InputPrompt")

    def _select(self, index):
        self.page.evaluate("index => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = index; }", index)
