"""What the browser benches share: Chromium, the moment when data are there, the time of frames, and a table."""

import os
import shutil
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))
from lab import FLAGS

# A frame is drawn as soon as the last one is shown, not every 1/60 s: what a frame really takes.
UNLIMITED = ["--disable-frame-rate-limit", "--disable-gpu-vsync"]

# Runs before a page's own scripts. In a page from disk "interactive" is the moment before its (deferred) script starts:
# its data are there as text. In JupyterLab data are there when the last big message from the kernel has come.
ARRIVED = """
document.addEventListener("readystatechange", () => {
  if (document.readyState === "interactive") window.benchArrived = performance.now();
});
window.benchReceived = 0;
window.WebSocket = class extends WebSocket {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", ({ data }) => {
      const size = data.byteLength ?? data.size ?? data.length;
      window.benchReceived += size;
      if (size > 20_000) window.benchArrived = performance.now();
    });
  }
};
"""

# Waits until `done` holds and what it saw is on screen: the next frame begins after that.
WHEN = """
(done) => new Promise((resolve) => {
  const holds = new Function(done);
  const look = () => {
    if (holds()) requestAnimationFrame(() => resolve(performance.now()));
    else requestAnimationFrame(look);
  };
  look();
})
"""

# Does a step each frame and gives the times between frames.
FRAMES = """
([step, count]) => new Promise((resolve) => {
  const act = new Function("i", step);
  const times = [];
  let [last, i] = [performance.now(), 0];
  const frame = (now) => {
    times.push(now - last);
    last = now;
    act(i++);
    if (i < count + 3) requestAnimationFrame(frame);
    else resolve(times.slice(3));
  };
  requestAnimationFrame(frame);
})
"""


def launch(playwright, *flags):
    """Start Chromium: taken from PATH, or from INV_CHROMIUM."""
    found = os.environ.get("INV_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        sys.exit("[inv-widgets] No Chromium was found: apt install chromium, or set INV_CHROMIUM=/path/to/chromium.")
    return playwright.chromium.launch(executable_path=found, args=[*FLAGS, *flags])


def open_page(browser, uri, **viewport):
    """Open a page that notes when its data have come; its height and width as in `viewport`."""
    page = browser.new_page(viewport=viewport)
    page.add_init_script(ARRIVED)
    page.goto(uri, wait_until="commit")
    return page


def since_arrival(page, done):
    """Milliseconds from the arrival of the data until `done`, a function's body, gives true and that is on screen."""
    shown = page.evaluate(WHEN, done)
    return shown - page.evaluate("window.benchArrived")


def frames(page, step, count=150):
    """Do `step` in each of `count` frames.

    Returns
    -------
    times, work
        Milliseconds between frames; and the main thread's CPU time a frame, a mean: scripts, styles, layout, paint.
    """
    session = page.context.new_cdp_session(page)
    # CPU time: what other processes do meanwhile does not count.
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    before = _task_seconds(session)
    times = np.array(page.evaluate(FRAMES, [step, count]))
    work = 1000 * (_task_seconds(session) - before) / (count + 3)
    session.detach()
    return times, work


def load():
    """How busy the machine is, in words."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


class Table:
    """Rows of what was measured, beside the goals."""

    def __init__(self, title):
        print(f"\n{title}   ({load()})")
        self.missed = 0

    def row(self, what, value, unit, goal=None, *, least=False, note=""):
        """Print a row; `goal` is the most that is allowed, or with `least` the least."""
        met = goal is None or (round(value, 1) >= goal if least else round(value, 1) <= goal)
        self.missed += not met
        sign = "" if goal is None else f"{'>=' if least else '<='} {goal:g}"
        text = f"  {what:<52} {value:8.1f} {unit:<3} {sign:>8}  {'' if met else 'MISSED '}{note}"
        print(text.rstrip(), flush=True)


def _task_seconds(session):
    metrics = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
    return metrics["TaskDuration"]
