"""Take the documentation's pictures (docs/images/*.png) in Chromium, light and dark.

    make screenshots

Explains the demo photos with the demo network, or reads ``demo/photos.parquet`` where it is. The Explorer is that of a
page exported to a temporary folder: what is shown is what a reader of such a page sees. The game is that of a workshop
which is opened for this: what is shown is what a player sees in the middle of a round. The chart's labels are
simulated, by the players of ``notebooks/03_global.ipynb``; its marks are those of a real TCAV test of them.
"""

from __future__ import annotations

import dataclasses
import io
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from playwright.sync_api import sync_playwright

import inv_widgets as inv
from inv_widgets import workshop
from inv_widgets.play.seat import Seat

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs" / "images"
RUN = ROOT / "demo" / "photos.parquet"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
SCHEMES = ("light", "dark")
PLAYED = "beagle.jpg"  # and what the game's picture shows of a round on it
SHARES = ("4.5\N{NO-BREAK SPACE}%", "8\N{NO-BREAK SPACE}%")
GUESS = "beagle"
COMPARED = ("chelsea.jpg", "coffee.jpg", "taxis.jpg")
CHARTED = "trouser"
WORDS = ("floppy ear", "brown and white fur")
SCALE = 1.25  # sharp on dense screens, and still a few hundred kB


def main() -> None:
    """Take all pictures anew."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    run = _run()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(), args=FLAGS)
        _explorer(browser, run, Path(folder))
        _game(browser, run, Path(folder))
        _chart(browser, Path(folder))
        _comparison(browser, Path(folder))
        browser.close()


def _view(browser: Browser, scheme: str, height: int) -> Page:
    size = {"width": 1320, "height": height}
    return browser.new_context(viewport=size, device_scale_factor=SCALE, color_scheme=scheme).new_page()


def _explorer(browser: Browser, run: inv.Run, folder: Path) -> None:
    page = inv.export.page(run, folder / "photos.html")
    for scheme in SCHEMES:
        view = _view(browser, scheme, 840)
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


def _game(browser: Browser, run: inv.Run, folder: Path) -> None:
    # The heaviest map of each picture's last layer.
    maps = inv.Run([_one_map(one) for one in run])
    truth = {sample.name: sample.category for sample in inv.datasets.photos()}
    rules = inv.Rules(truth=truth, categories=sorted(truth.values()))
    for scheme in SCHEMES:
        with inv.LabelStore(folder / f"{scheme}.db") as store:
            game = inv.Game(maps, store, rules)
            _play_the_others(game)
            with workshop.serve(game, host="127.0.0.1", port=0) as server:
                view = _view(browser, scheme, 720)
                view.goto(server.link)
                view.get_by_role("textbox", name="nickname").fill("ada")
                view.get_by_role("button", name="Play").click()
                guess = view.get_by_role("combobox", name="What is in the picture?")
                guess.wait_for()
                for share in SHARES:
                    view.get_by_role("button", name=f"Show more ({share})").click()
                guess.fill(GUESS)
                guess.press("Enter")
                for word in WORDS:
                    view.keyboard.type(word)
                    view.keyboard.press("Enter")
                _wait_until_drawn(view)
                _keep(view, f"game-{scheme}.png")


def _chart(browser: Browser, folder: Path) -> None:
    labelled, summary = _simulated(folder)
    tested = inv.tcav(inv.Classifier.demo("fashion"), summary, None)
    page = inv.export.page(labelled, folder / "chart.html", summary=summary, tcav=tested)
    for scheme in SCHEMES:
        view = _view(browser, scheme, 840)
        view.goto(Path(page).as_uri())
        view.locator(".inv-vega[data-state=drawn]").wait_for()
        view.get_by_label("class").select_option(CHARTED)
        view.get_by_role("option", name=_label_of_most_layers(labelled)).first.click()
        view.mouse.move(0, 0)
        _wait_until_drawn(view)
        _keep(view, f"chart-{scheme}.png")


def _comparison(browser: Browser, folder: Path) -> None:
    photos = [sample for sample in inv.datasets.photos() if sample.name in COMPARED]
    result = inv.compare(inv.Classifier.demo("photos"), photos, metrics=["drop", "increase"])
    page = inv.Comparison(result).save(folder / "compared.html")
    for scheme in SCHEMES:
        view = _view(browser, scheme, 720)
        view.goto(Path(page).as_uri())
        view.locator(".inv-cmp-row-head").first.wait_for()
        _wait_until_drawn(view)
        _keep(view, f"comparison-{scheme}.png")


def _simulated(folder: Path) -> tuple[inv.Run, inv.summary.summary.Summary]:
    """Run the notebook's cells up to its summary, where nobody else's files are."""
    document = json.loads((ROOT / "notebooks" / "03_global.ipynb").read_text("utf-8"))
    cells = ["".join(cell["source"]) for cell in document["cells"] if cell["cell_type"] == "code"]
    last = next(number for number, cell in enumerate(cells) if "inv.summarize(" in cell)
    (folder / "demo").mkdir()
    (folder / "notebooks").mkdir()
    names: dict[str, object] = {}
    before = Path.cwd()
    os.chdir(folder / "notebooks")
    try:
        for cell in cells[: last + 1]:
            exec(cell, names)
    finally:
        os.chdir(before)
    return names["labelled"], names["summary"]


def _label_of_most_layers(labelled: inv.Run) -> str:
    """Choose what most layers of the first picture show, of equals what scores most: few columns are empty then."""
    first = next(one for one in labelled if one.target_name == CHARTED)
    layers: dict[str, set[str]] = {}
    scores: dict[str, float] = {}
    for column, shown in first.cluster_maps():
        for label in shown.best_labels:
            layers.setdefault(label.name, set()).add(column.layer)
            scores[label.name] = scores.get(label.name, 0.0) + label.score
    return max(sorted(layers), key=lambda name: (len(layers[name]), scores[name]))


def _one_map(explanation: inv.Explanation) -> inv.Explanation:
    column = explanation.columns[-1]
    return dataclasses.replace(
        explanation, columns=(dataclasses.replace(column, cluster_maps=column.cluster_maps[:1]),)
    )


def _play_the_others(game: inv.Game) -> None:
    """Let somebody else play all maps but one: who comes next gets that one, since it has the fewest rounds."""
    seat = Seat(game, player="eve")
    given_up = {"guess": None, "resigned": True, "labels": [], "language": "en", "actions": [], "seconds": 1.0}
    for _ in range(game.n_maps):
        playing = {"round": seat.screen["round"]}
        seat.handle({"kind": "answer"} | given_up | playing)
        if seat.screen["picture"] == PLAYED:
            seat.handle({"kind": "withdraw", "withdrawn": True} | playing)
        seat.handle({"kind": "next"})


def _run() -> inv.Run:
    if RUN.exists():
        return inv.load(RUN)
    return inv.explain_many(inv.Classifier.demo("photos"), inv.datasets.photos())


def _wait_until_drawn(view: Page) -> None:
    view.wait_for_selector("canvas, img")
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
