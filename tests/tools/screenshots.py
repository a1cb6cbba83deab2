"""Take the documentation's pictures (docs/images/*.png): the demo's exported page in Chromium, light and dark.

    make screenshots

Explains the demo photos with the demo network (or reads ``demo/photos.parquet`` where it is), writes the page to a
temporary folder and opens it there: what is shown is what a reader of an exported page sees.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from playwright.sync_api import sync_playwright

import inv_widgets as inv

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs" / "images"
RUN = ROOT / "demo" / "photos.parquet"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
SCALE = 1.25  # sharp on dense screens, and still a few hundred kB


def main() -> None:
    """Take all pictures anew."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page = inv.export.page(_run(), Path(folder) / "photos.html")
        browser = playwright.chromium.launch(executable_path=_chromium(), args=FLAGS)
        for scheme in ("light", "dark"):
            view = browser.new_context(
                viewport={"width": 1320, "height": 840}, device_scale_factor=SCALE, color_scheme=scheme
            ).new_page()
            view.goto(Path(page).as_uri())
            _wait_until_drawn(view)
            # Small cards: all columns are seen beside the detail.
            view.locator(".inv-menu button").first.click()
            view.get_by_role("slider", name="card size").fill("144")
            view.keyboard.press("Escape")
            view.locator(".inv-column").last.locator("[data-id]").first.click()
            view.mouse.move(0, 0)
            _wait_until_drawn(view)
            _keep(view, f"explorer-{scheme}.png")
        browser.close()


def _run() -> inv.Run:
    if RUN.exists():
        return inv.load(RUN)
    return inv.explain_many(inv.Classifier.demo("photos"), inv.datasets.photos())


def _wait_until_drawn(view: Page) -> None:
    view.wait_for_selector("canvas")
    view.wait_for_load_state("networkidle")
    view.wait_for_timeout(800)  # motion ends after 150 ms; cards that come into view draw in the next frames


def _keep(view: Page, name: str) -> None:
    with Image.open(io.BytesIO(view.screenshot())) as shot:
        shot.convert("RGB").save(IMAGES / name, optimize=True)


def _chromium() -> str:
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = [os.environ.get("INV_CHROMIUM"), *map(shutil.which, names)]
    path = next((path for path in found if path), None)
    if path is None:
        sys.exit("[inv-widgets] No Chromium was found: install it, or give its path as INV_CHROMIUM=/path/to/chromium.")
    return path


if __name__ == "__main__":
    main()
