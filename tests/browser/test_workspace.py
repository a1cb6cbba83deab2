"""The Workspace in JupyterLab: panes that follow a round and each other, synonyms by mouse and by key, one guard."""

import random
import re
import shutil

import pytest
from comparison_view import ComparisonView
from examples import examples
from explorer_view import ExplorerView
from game_view import GameView
from lab import at_rest
from playwright.sync_api import expect

import inv_widgets as inv
from inv_widgets.play.seat import Seat

# Words of simulated players: nobody typed them.
WORDS = (
    "wave", "column", "pillar", "pilaster", "window", "fur", "pelt", "wheel", "big", "huge", "\U0001f98a", "البحر",
    "<b>edge</b>",
)  # fmt: skip
SETUP = """
import inv_widgets as inv
from inv_widgets.widgets.workspace import Workspace
from comparison_examples import result
from examples import examples

run, store = examples(), inv.LabelStore({store!r})
"""
SHOW = "w = Workspace(run, store=store, player='ada', synonyms={synonyms!r}, height=520{more})\nw"
SAY = "w.wait(60)\nprint(sorted(w.chart.summary.labels) if w.chart else [], w.state.label)"


class WorkspaceView:
    def __init__(self, scope):
        self.page = scope.page
        self.root = scope.locator(".inv-workspace")

    def ready(self):
        expect(self.root).to_be_visible(timeout=120_000)
        return self

    def tab(self, name, side=0):
        return self.root.get_by_role("tablist").nth(side).get_by_role("tab", name=name)

    def show(self, name, side=0):
        self.tab(name, side).click()
        return self.pane(name)

    def pane(self, name):
        return self.root.get_by_role("tabpanel", name=name)

    def status(self):
        return self.root.locator(".inv-workspace-status")

    def analysed(self, rounds):
        expect(self.status()).to_contain_text(f"{rounds} round", timeout=60_000)
        return self

    def word(self, word):
        return self.root.locator(f'[data-word="{word}"]')

    def group(self, name):
        return self.root.locator(f'.inv-group[data-name="{name}"]')

    def words_of(self, name):
        return self.group(name).locator("[data-word]").evaluate_all("all => all.map(one => one.dataset.word)")


def simulate(game, name, rounds):
    seat, chance = Seat(game, player=name), random.Random(name)
    for _ in range(rounds):
        token = seat.screen["round"]
        truth = game.maps[game.store.round(token).cluster_map].record.target
        said = {"kind": "answer", "round": token, "guess": truth, "resigned": False, "language": "en",
                "labels": chance.sample(WORDS, 3), "actions": [], "seconds": 1.0}  # fmt: skip
        assert seat.handle(said).get("saved")
        seat.handle({"kind": "next"})


@pytest.fixture(scope="module")
def store_of(tmp_path_factory):
    """Give a store after so many simulated players, and so many rounds of ada; each is played once."""
    folder = tmp_path_factory.mktemp("stores")

    def make(players, played):
        path = folder / f"{players}-{played}.db"
        if not path.exists():
            with inv.LabelStore(path) as store:
                game = inv.Game(examples(), store)
                for number in range(players):
                    simulate(game, f"simulated {number}", 36)
                simulate(game, "ada", played)
        return path

    return make


@pytest.fixture
def workspace(notebook_of, store_of, tmp_path):
    def open_it(name, *, players=2, played=36, more="", **viewport):
        store = shutil.copy(store_of(players, played), tmp_path / f"{name}.db")
        show = SHOW.format(synonyms=str(tmp_path / f"{name}.csv"), more=more)
        cells = [SETUP.format(store=str(store)), show, SAY]
        notebook = notebook_of(f"{name}.ipynb", cells, **{"height": 1200} | viewport)
        notebook.run(0)
        notebook.run(1)
        notebook.scroll_to(1)
        return notebook, WorkspaceView(notebook.output(1)).ready()

    return open_it


def test_a_round_moves_chart_explorer_and_words(workspace, screenshot):
    notebook, view = workspace("round", players=0, played=0)
    view.analysed(0)
    expect(view.show("Chart")).to_contain_text("No labels yet")
    expect(view.show("Explorer")).to_contain_text("Play to reveal")
    expect(view.show("Synonyms")).to_contain_text("No words yet")
    view.show("Game")
    game = GameView(notebook.output(1)).ready().on("round")
    before = notebook.cells()
    game.answer("category of harbour", ["striped fur", "wheel"])
    view.analysed(1)
    expect(view.show("Chart").locator(".inv-chart svg, .inv-chart canvas, svg.marks").first).to_be_visible()
    expect(view.pane("Chart")).to_contain_text("wheel")
    expect(view.show("Explorer").locator(".inv-columns, [data-id]").first).to_be_visible()
    expect(view.pane("Explorer").get_by_text("wheel").first).to_be_visible()
    view.show("Synonyms")
    expect(view.word("striped")).to_be_visible()
    screenshot(notebook.page, "workspace-words")
    assert notebook.cells() == before  # no cell was run, none was made


def test_words_are_moved_by_mouse_and_key_and_saved(workspace, screenshot, tmp_path):
    notebook, view = workspace("words")
    view.analysed(108)
    before = notebook.cells()
    active = notebook.active_cell()
    view.show("Synonyms")
    assert view.words_of("pillar")[0] == "pillar"
    # By mouse, in one drag.
    view.word("pilaster").scroll_into_view_if_needed()
    start, end = view.word("pilaster").bounding_box(), view.group("fur").bounding_box()
    mouse = notebook.page.mouse
    mouse.move(start["x"] + 10, start["y"] + 8)
    mouse.down()
    mouse.move(start["x"] + 30, start["y"] + 20, steps=3)
    mouse.move(end["x"] + 40, end["y"] + 20, steps=8)
    expect(view.group("fur")).to_have_attribute("data-over", "true")
    screenshot(notebook.page, "synonyms-dragging")
    mouse.up()
    expect(view.group("fur").locator('[data-word="pilaster"]')).to_be_visible()
    expect(view.root.get_by_role("dialog")).to_have_count(0)
    # By key: picked up, a letter, dropped; the focus goes with it.
    view.word("column").focus()
    keyboard = notebook.page.keyboard
    keyboard.press("Space")
    keyboard.press("b")
    expect(view.group("big")).to_have_attribute("data-over", "true")
    keyboard.press("Enter")
    expect(view.group("big").locator('[data-word="column"]')).to_be_focused()
    # By the menu.
    view.word("window").click()
    view.root.get_by_role("button", name="Unite with …").click()
    keyboard.type("whe")
    screenshot(notebook.page, "synonyms-menu")
    keyboard.press("Enter")
    expect(view.group("wheel").locator('[data-word="window"]')).to_be_visible()
    expect(view.tab("Synonyms")).to_contain_text("not saved")
    # Keys that do something elsewhere in JupyterLab stay here.
    for key in ("a", "b", "d", "d", "x", "Shift+Enter", "Control+z"):
        keyboard.press(key)
    expect(view.group("wheel")).to_have_count(0)
    keyboard.press("Control+Shift+z")
    expect(view.group("wheel").locator('[data-word="window"]')).to_be_visible()
    path = tmp_path / "words.csv"
    assert not path.exists()
    view.root.get_by_role("button", name="Save", exact=True).click()
    expect(view.root.locator(".inv-file")).to_have_text("Saved")
    assert "wheel,window" in path.read_text()
    expect(view.tab("Synonyms")).not_to_contain_text("not saved")
    assert (notebook.cells(), notebook.active_cell()) == (before, active)
    # The chart has followed: the cell waits until what was asked for is analysed.
    notebook.run(2)
    labels = notebook.text(2)
    assert "'window'" not in labels
    assert "'column'" not in labels


def test_a_file_that_somebody_else_changed(workspace, tmp_path, screenshot):
    notebook, view = workspace("conflict")
    view.analysed(108)
    view.show("Synonyms")
    view.word("pelt").click()
    view.root.get_by_role("button", name="Let it stand by itself").click()
    expect(view.group("fur")).to_have_count(0)
    path = tmp_path / "conflict.csv"
    path.write_text("label,synonyms\nwindow,wheel\n")
    view.root.get_by_role("button", name="Save", exact=True).click()
    alert = view.root.get_by_role("alert")
    expect(alert).to_contain_text("was changed by somebody else")
    screenshot(notebook.page, "synonyms-conflict")
    assert path.read_text() == "label,synonyms\nwindow,wheel\n"
    alert.get_by_role("button", name="Put both together").click()
    expect(view.group("window").locator('[data-word="wheel"]')).to_be_visible()
    expect(view.root.locator(".inv-file")).to_have_text("Saved")
    assert {"pelt,", "window,wheel"} < set(path.read_text().splitlines())


def test_panes_follow_each_other_side_by_side(workspace, screenshot):
    notebook, view = workspace("side", more=", layout='side by side'", width=1900, height=1100)
    view.analysed(108)
    view.show("Chart")
    chart, explorer = view.pane("Chart"), view.pane("Explorer")
    expect(chart).to_be_visible()
    expect(explorer).to_be_visible()
    chart.get_by_role("option", name=re.compile("^pillar")).click()
    at_rest(notebook.page)
    screenshot(notebook.page, "workspace-side-by-side")
    notebook.run(2)
    assert notebook.text(2).split()[-1] == "pillar"
    expect(explorer.locator("[data-id]").first).to_be_visible()
    # What is chosen on both sides changes places.
    view.tab("Chart", 1).click()
    expect(view.tab("Explorer", 0)).to_have_attribute("aria-selected", "true")


def test_other_methods_are_one_more_pane(workspace, screenshot):
    notebook, view = workspace("methods", more=", comparison=result(), layout='side by side'", width=1900, height=1100)
    view.analysed(108)
    before = notebook.cells()
    names = ["Game", "Explorer", "Chart", "Comparison", "Synonyms"]
    expect(view.root.get_by_role("tablist").first.get_by_role("tab")).to_have_text(names)
    # By keys, from the game's tab.
    view.tab("Game").focus()
    for _ in range(3):
        notebook.page.keyboard.press("ArrowRight")
    expect(view.tab("Comparison")).to_be_focused()
    compared = ComparisonView(view.pane("Comparison")).ready()
    explorer = ExplorerView(view.show("Explorer", 1))
    # A row that is chosen is the Explorer's picture; a cluster map that is chosen there is a column here.
    compared.row("meadow").get_by_role("button", name="meadow", exact=True).click()
    expect(explorer.heading()).to_contain_text("meadow")
    explorer.card(1).first.click()
    expect(compared.grid().get_by_role("columnheader")).to_have_count(7)
    expect(compared.grid().get_by_role("columnheader").last).to_contain_text("cluster map")
    # One opacity for all panes.
    canvas = compared.canvas("meadow", "Grad-CAM")
    compared.painted(canvas)
    pixels = compared.pixels(canvas)
    at_rest(notebook.page)
    screenshot(notebook.page, "workspace-comparison-side")
    explorer.colour_map().select_option("greys")
    compared.changes(canvas, pixels)
    # Keys of the grid stay in it.
    compared.cell("harbour", "Grad-CAM").focus()
    for key in ("ArrowRight", "Enter", "ArrowUp", "Escape", "a", "d", "d"):
        notebook.page.keyboard.press(key)
    expect(compared.cell("harbour", "Integrated gradients")).to_be_focused()
    assert notebook.cells() == before


def test_what_is_not_played_yet_is_withheld_among_the_methods_too(workspace):
    _, view = workspace("methods-game", players=0, played=0, more=", comparison=result()")
    pane = view.show("Comparison")
    expect(pane.get_by_text("Play to reveal")).to_have_count(3)
    expect(pane.locator("tr[data-key] canvas")).to_have_count(0)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_fits_each_width_and_theme(workspace, screenshot, dark):
    theme = "dark" if dark else "light"
    notebook, view = workspace(f"look-{theme}", dark=dark, width=360, height=1000, more=", comparison=result()")
    view.analysed(108)
    for width in (360, 1440):
        notebook.page.set_viewport_size({"width": width, "height": 1000})
        notebook.scroll_to(1)
        for name in ("Game", "Explorer", "Chart", "Comparison", "Synonyms"):
            pane = view.show(name)
            expect(pane.locator(".inv-child > .inv-root")).to_be_visible()
            at_rest(notebook.page)
            assert pane.bounding_box()["width"] > 200
            assert view.root.evaluate("root => root.scrollWidth - root.clientWidth") <= 0
            screenshot(notebook.page, f"workspace-{width}-{theme}-{name}")
